// SPDX-License-Identifier: MIT
/// How many threads the kernels use, and the one parallel loop they are written with. Next: nest.hpp.
#pragma once

#include "autodiff/shape.hpp"

namespace autodiff {
inline namespace v1 {
namespace kernels {

/// Threads that kernels may use at the moment; at first as many as the machine has.
int threads() noexcept;

/// Limits the kernels of this process to `count` threads: our own loops (oneTBB), and OpenBLAS when that is the BLAS linked.
///
/// Our loops cut their work into blocks whose bounds depend on the extents alone, and add the blocks up in one order: their
/// results are the same bits for every `count`. So do products of matrices and convolutions, which call BLAS from our loops, one
/// thread a call. Only the decompositions of a single matrix (lapack.hpp) give all threads to BLAS, which promises less.
/// throws   ValueError unless count >= 1
void set_threads(int count);

/// While one lives OpenBLAS uses one thread a call: for loops that are parallel themselves. May be nested and shared by threads.
class SerialBlas {
  public:
    SerialBlas();
    ~SerialBlas();
    SerialBlas(const SerialBlas&) = delete;
    SerialBlas& operator=(const SerialBlas&) = delete;
};

/// Calls body(context, begin, end) for [0, count) cut into blocks of `block`; use parallel_for.
void run_blocks(Index count, Index block, void (*body)(const void*, Index, Index), const void* context);

/// body(begin, end) for every block of [0, count), in parallel and in any order; the blocks do not depend on the number of threads.
/// An exception of a body reaches the caller. A thread that waits here takes no foreign task, so thread-local state stays its own.
template <class Body>
void parallel_for(Index count, Index block, const Body& body) {
    if (count <= 0) return;
    if (count <= block) return body(Index{0}, count);
    run_blocks(
        count, block, [](const void* context, Index begin, Index end) { (*static_cast<const Body*>(context))(begin, end); }, &body);
}

}  // namespace kernels
}  // namespace v1
}  // namespace autodiff

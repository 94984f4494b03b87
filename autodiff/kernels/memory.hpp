// SPDX-License-Identifier: MIT
/// The pool from which tensors, and what a tape keeps beside its columns, take their memory. What users see of it: autodiff/memory.hpp.
///
/// Blocks have one of eight sizes between a power of two and the next (so at most an eighth is wasted), are aligned to 64 bytes, and are
/// kept when they are given back: a training step finds the pages that the last one has touched. Small blocks pass through a list of the
/// calling thread, larger ones are handed out one by one under a lock, those from 2 MiB on lie on huge pages where the system has them.
/// Under the address sanitizer nothing is kept, so that it sees every use after the end.
#pragma once

#include <cstddef>
#include <cstdint>

namespace autodiff {
inline namespace v1 {
namespace kernels {

inline constexpr std::size_t block_alignment = 64;

/// Uninitialised memory, aligned to 64 bytes. throws MemoryError beyond the limit, std::bad_alloc
[[nodiscard]] void* take_memory(std::size_t bytes);
/// Takes back what take_memory gave for the same number of bytes, on any thread, at any time until the process ends.
void give_memory(void* block, std::size_t bytes) noexcept;

}  // namespace kernels
}  // namespace v1
}  // namespace autodiff

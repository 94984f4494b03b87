// SPDX-License-Identifier: MIT
/// Numbers next to 0 (below 2^-126 in float, 2^-1022 in double) cost a hundred times as much as others on many CPUs.
#pragma once

#include <cstdint>

#if defined(__SSE__)
#include <xmmintrin.h>
#endif

namespace autodiff {
inline namespace v1 {
namespace kernels {

/// While one lives, this thread takes such numbers for 0, as operands and as results; then as before. Does nothing where it is not known
/// how.
class FlushDenormals {
  public:
#if defined(__SSE__)
    explicit FlushDenormals(bool flush) : before_(_mm_getcsr()) {
        if (flush) _mm_setcsr(_mm_getcsr() | 0x8040u);  // flush to zero, denormals are zero
    }
    ~FlushDenormals() { _mm_setcsr(before_); }
#elif defined(__aarch64__)
    explicit FlushDenormals(bool flush) {
        asm volatile("mrs %0, fpcr" : "=r"(before_));
        if (flush) asm volatile("msr fpcr, %0" : : "r"(before_ | (std::uint64_t{1} << 24)));
    }
    ~FlushDenormals() { asm volatile("msr fpcr, %0" : : "r"(before_)); }
#else
    explicit FlushDenormals(bool) {}
#endif
    FlushDenormals(const FlushDenormals&) = delete;
    FlushDenormals& operator=(const FlushDenormals&) = delete;

  private:
#if defined(__SSE__)
    unsigned before_;
#elif defined(__aarch64__)
    std::uint64_t before_ = 0;
#endif
};

}  // namespace kernels
}  // namespace v1
}  // namespace autodiff

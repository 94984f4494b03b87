// SPDX-License-Identifier: MIT
/// The first numbers of a pack, for the ends of rows: read and written without touching what lies behind them. Only for sources that are
/// compiled for one instruction set, as pack.hpp.
#pragma once

#include "autodiff/kernels/lanes/pack.hpp"
#include "autodiff/shape.hpp"

#include <cstring>
#if defined(__AVX__)
#include <immintrin.h>
#endif

namespace autodiff {
inline namespace v1 {
namespace kernels {

/// P: a Pack. 0 < count < P::size.
template <class P>
class Part {
    using T = typename P::value_type;
    using Lanes = typename P::Lanes;
    static constexpr bool is_float = sizeof(T) == 4;

  public:
    [[gnu::always_inline]] explicit Part(Index count) : count_(count) {}

    /// zeros in the other lanes
    [[nodiscard, gnu::always_inline]] P load(const T* x) const {
#if defined(__AVX512F__)
        if constexpr (sizeof(Lanes) == 64 && is_float) return P(Lanes(_mm512_maskz_loadu_ps(static_cast<__mmask16>(bits()), x)));
        if constexpr (sizeof(Lanes) == 64 && !is_float) return P(Lanes(_mm512_maskz_loadu_pd(static_cast<__mmask8>(bits()), x)));
#endif
#if defined(__AVX__)
        if constexpr (sizeof(Lanes) == 32 && is_float) return P(Lanes(_mm256_maskload_ps(x, mask())));
        if constexpr (sizeof(Lanes) == 32 && !is_float) return P(Lanes(_mm256_maskload_pd(x, mask())));
#endif
        alignas(sizeof(P)) T lanes[P::size] = {};
        for (Index i = 0; i < count_; ++i) lanes[i] = x[i];
        return P::load(lanes);
    }
    /// Not by a masked store of AVX: AMD's CPUs take as long for one as for twenty plain ones.
    [[gnu::always_inline]] void store(const P& y, T* to) const {
#if defined(__AVX512F__)
        if constexpr (sizeof(Lanes) == 64 && is_float) return _mm512_mask_storeu_ps(to, static_cast<__mmask16>(bits()), y.lanes);
        if constexpr (sizeof(Lanes) == 64 && !is_float) return _mm512_mask_storeu_pd(to, static_cast<__mmask8>(bits()), y.lanes);
#endif
        alignas(sizeof(P)) T lanes[P::size];
        y.store(lanes);
        constexpr Index half = static_cast<Index>(P::size) / 2;
        Index i = 0;
        if (count_ >= half) std::memcpy(to, lanes, half * sizeof(T)), i = half;
        for (; i < count_; ++i) to[i] = lanes[i];
    }

  private:
    [[nodiscard, gnu::always_inline]] unsigned bits() const { return (1u << count_) - 1; }
#if defined(__AVX__)
    [[nodiscard, gnu::always_inline]] __m256i mask() const {
        alignas(64) static constexpr std::int32_t on_then_off[16] = {-1, -1, -1, -1, -1, -1, -1, -1};
        return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(on_then_off + 8 - (is_float ? count_ : 2 * count_)));
    }
#endif
    Index count_;
};

}  // namespace kernels
}  // namespace v1
}  // namespace autodiff

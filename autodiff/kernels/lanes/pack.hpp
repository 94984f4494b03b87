// SPDX-License-Identifier: MIT
/// Pack: several numbers that are computed at once, one in each lane of a register, and Mask, what comparing two of them gives. Only for
/// sources that are compiled for one instruction set (wengert_instruction_sets in build.cmake). Elementary functions: lanes.hpp.
///
/// A thin cover of xsimd, and where its version 8.1 departs from IEEE 754 (-x and floor of a zero, a != b for NaN) the cover does not.
#pragma once

#include "autodiff/rules/number.hpp"

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <type_traits>
#include <utility>
#include <xsimd/xsimd.hpp>

/// What build.cmake defines where it compiles a source once more; alone, a source is compiled for what the compiler's flags allow.
#if !defined(WENGERT_SET)
#define WENGERT_SET baseline
#endif
#if !defined(WENGERT_LANES)
#define WENGERT_LANES ::xsimd::default_arch
#endif

namespace autodiff {
inline namespace v1 {
namespace kernels {

/// One truth value in each lane.
template <class T, class Arch>
struct Mask {
    using Lanes = xsimd::batch_bool<T, Arch>;
    Lanes lanes;

    [[gnu::always_inline]] friend Mask operator&&(const Mask& a, const Mask& b) { return {a.lanes & b.lanes}; }
    [[gnu::always_inline]] friend Mask operator||(const Mask& a, const Mask& b) { return {a.lanes | b.lanes}; }
    [[gnu::always_inline]] friend Mask operator!(const Mask& a) { return {~a.lanes}; }
    [[gnu::always_inline]] friend bool any(const Mask& a) { return xsimd::any(a.lanes); }
    [[gnu::always_inline]] friend bool all(const Mask& a) { return xsimd::all(a.lanes); }
};

/// One T in each lane. T: float, double. Arch: an architecture of xsimd.
template <class T, class Arch>
struct Pack {
    using value_type = T;
    using Lanes = xsimd::batch<T, Arch>;
    using M = Mask<T, Arch>;
    static constexpr std::size_t size = Lanes::size;
    /// The bits of every lane. The compilers' own vectors know every integer operation that we need on every machine.
    using Word = std::conditional_t<sizeof(T) == 8, std::uint64_t, std::uint32_t>;
    typedef Word Bits __attribute__((vector_size(sizeof(Lanes))));
    static constexpr Word sign_bit = Word{1} << (8 * sizeof(T) - 1);

    Lanes lanes;

    Pack() = default;
    [[gnu::always_inline]] Pack(T c) : lanes(c) {}
    template <std::integral I>
    [[gnu::always_inline]] Pack(I c) : lanes(static_cast<T>(c)) {}
    [[gnu::always_inline]] explicit Pack(const Lanes& l) : lanes(l) {}

    /// From and to `size` numbers that lie one after the other; `load` and `store` want them aligned to the register.
    [[nodiscard, gnu::always_inline]] static Pack load(const T* x) { return Pack(Lanes::load_aligned(x)); }
    [[nodiscard, gnu::always_inline]] static Pack load_unaligned(const T* x) { return Pack(Lanes::load_unaligned(x)); }
    [[gnu::always_inline]] void store(T* x) const { lanes.store_aligned(x); }
    [[gnu::always_inline]] void store_unaligned(T* x) const { lanes.store_unaligned(x); }

    [[nodiscard, gnu::always_inline]] Bits bits() const { return reinterpret_cast<Bits>(lanes.data); }
    [[nodiscard, gnu::always_inline]] static Pack from_bits(Bits b) {
        return Pack(Lanes(reinterpret_cast<typename Lanes::register_type>(b)));
    }

    [[gnu::always_inline]] friend Pack operator+(const Pack& a, const Pack& b) { return Pack(a.lanes + b.lanes); }
    [[gnu::always_inline]] friend Pack operator-(const Pack& a, const Pack& b) { return Pack(a.lanes - b.lanes); }
    [[gnu::always_inline]] friend Pack operator*(const Pack& a, const Pack& b) { return Pack(a.lanes * b.lanes); }
    [[gnu::always_inline]] friend Pack operator/(const Pack& a, const Pack& b) { return Pack(a.lanes / b.lanes); }
    [[gnu::always_inline]] friend Pack operator-(const Pack& a) { return from_bits(a.bits() ^ sign_bit); }
    [[gnu::always_inline]] Pack& operator+=(const Pack& b) { return *this = *this + b; }
    [[gnu::always_inline]] Pack& operator-=(const Pack& b) { return *this = *this - b; }
    [[gnu::always_inline]] Pack& operator*=(const Pack& b) { return *this = *this * b; }
    [[gnu::always_inline]] Pack& operator/=(const Pack& b) { return *this = *this / b; }

    [[gnu::always_inline]] friend M operator==(const Pack& a, const Pack& b) { return {a.lanes == b.lanes}; }
    [[gnu::always_inline]] friend M operator!=(const Pack& a, const Pack& b) { return {~(a.lanes == b.lanes)}; }
    [[gnu::always_inline]] friend M operator<(const Pack& a, const Pack& b) { return {a.lanes < b.lanes}; }
    [[gnu::always_inline]] friend M operator<=(const Pack& a, const Pack& b) { return {a.lanes <= b.lanes}; }
    [[gnu::always_inline]] friend M operator>(const Pack& a, const Pack& b) { return {a.lanes > b.lanes}; }
    [[gnu::always_inline]] friend M operator>=(const Pack& a, const Pack& b) { return {a.lanes >= b.lanes}; }

    /// In each lane: condition ? a : b
    [[nodiscard, gnu::always_inline]] friend Pack select(const M& condition, const Pack& a, const Pack& b) {
        return Pack(xsimd::select(condition.lanes, a.lanes, b.lanes));
    }
    [[nodiscard, gnu::always_inline]] friend M isnan(const Pack& a) { return a != a; }
    [[nodiscard, gnu::always_inline]] friend M isinf(const Pack& a) { return abs(a) == std::numeric_limits<T>::infinity(); }
    [[nodiscard, gnu::always_inline]] friend Pack abs(const Pack& a) { return from_bits(a.bits() & ~sign_bit); }
    /// |a| with the sign of b
    [[nodiscard, gnu::always_inline]] friend Pack copysign(const Pack& a, const Pack& b) {
        return from_bits((a.bits() & ~sign_bit) | (b.bits() & sign_bit));
    }
    [[nodiscard, gnu::always_inline]] friend Pack sqrt(const Pack& a) { return Pack(xsimd::sqrt(a.lanes)); }
    /// The largest integer not above a. With SSE2 xsimd goes by way of integers, which have no room for large numbers; those are whole.
    [[nodiscard, gnu::always_inline]] friend Pack floor(const Pack& a) {
        const M small = abs(a) < Pack(static_cast<T>(Word{1} << (std::numeric_limits<T>::digits - 1)));
        return select(small, copysign(Pack(xsimd::floor(select(small, a, Pack(T{0})).lanes)), a), a);
    }
    /// b < a ? b : a, as std::min: a NaN on the right is lost.
    [[nodiscard, gnu::always_inline]] friend Pack min(const Pack& a, const Pack& b) { return select(b < a, b, a); }
    [[nodiscard, gnu::always_inline]] friend Pack max(const Pack& a, const Pack& b) { return select(a < b, b, a); }

    /// The sum of the lanes, by halves.
    [[nodiscard, gnu::always_inline]] friend T sum(const Pack& a) {
        typedef T Values __attribute__((vector_size(sizeof(Lanes))));
        return sum_of_halves(reinterpret_cast<Values>(a.lanes.data), std::make_integer_sequence<int, static_cast<int>(size) / 2>{});
    }

  private:
    // Registers get no narrower than 16 bytes: there the upper half is added where it lies.
    template <class Values, int... i>
    [[nodiscard, gnu::always_inline]] static T sum_of_halves(const Values& x, std::integer_sequence<int, i...>) {
        constexpr int half = sizeof...(i);
        if constexpr (sizeof(x) > 16) {
            typedef T Half __attribute__((vector_size(sizeof(Values) / 2)));
            const Half low = __builtin_shufflevector(x, x, i...), high = __builtin_shufflevector(x, x, (half + i)...);
            return sum_of_halves(low + high, std::make_integer_sequence<int, half / 2>{});
        } else if constexpr (half == 2) {
            const Values pairs = x + __builtin_shufflevector(x, x, 2, 3, 2, 3);
            return pairs[0] + pairs[1];
        } else {
            return x[0] + x[1];
        }
    }
};

}  // namespace kernels

template <class T, class Arch>
inline constexpr bool is_plain_number<kernels::Pack<T, Arch>> = true;

}  // namespace v1
}  // namespace autodiff

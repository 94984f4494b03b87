// SPDX-License-Identifier: MIT
// Compiled once for every instruction set, so without anything of the standard library that another source could share.
#include "tests/kernels/lanes_on_rules.hpp"

#include "autodiff/kernels/lanes.hpp"

#include <cmath>
#include <limits>

namespace lanes {

namespace {

template <class R, std::size_t Which, class P, class... X>
P evaluate(const X&... x) {
    const P y = R::value(x...);
    if constexpr (Which == 0)
        return y;
    else if constexpr (sizeof...(X) == 1)
        return R::partial(x..., y);
    else if constexpr (Which == 1)
        return R::partial_a(x..., y);
    else if constexpr (Which == 2)
        return R::partial_b(x..., y);
    else
        return R::partial_c(x..., y);
}

template <class R, std::size_t Which, class T>
void loop(std::size_t count, const T* const* x, T* y) {
    using P = autodiff::kernels::Pack<T, WENGERT_LANES>;
    constexpr std::size_t arity = autodiff::rules::UnaryRule<R> ? 1 : autodiff::rules::BinaryRule<R> ? 2 : 3;
    for (std::size_t i = 0; i < count; i += P::size) {
        const std::size_t full = count - i < P::size ? count - i : P::size;
        alignas(64) T in[arity][P::size], out[P::size];
        for (std::size_t k = 0; k < arity; ++k)
            for (std::size_t j = 0; j < P::size; ++j) in[k][j] = j < full ? x[k][i + j] : T(1);
        if constexpr (arity == 1)
            evaluate<R, Which, P>(P::load(in[0])).store(out);
        else if constexpr (arity == 2)
            evaluate<R, Which, P>(P::load(in[0]), P::load(in[1])).store(out);
        else
            evaluate<R, Which, P>(P::load(in[0]), P::load(in[1]), P::load(in[2])).store(out);
        for (std::size_t j = 0; j < full; ++j) y[i + j] = out[j];
    }
}

template <class T>
void dispatch(Operation code, std::size_t which, std::size_t count, const T* const* x, T* y) {
    using namespace autodiff::rules;
    for_each<All>([&]<class R>(R) {
        if (autodiff::code_of<R> != code) return;
        if (which == 0) loop<R, 0>(count, x, y);
        if (which == 1) loop<R, 1>(count, x, y);
        if constexpr (!UnaryRule<R>)
            if (which == 2) loop<R, 2>(count, x, y);
        if constexpr (TernaryRule<R>)
            if (which == 3) loop<R, 3>(count, x, y);
    });
}

template <class T>
void check_facts_of(Report report, void* to) {
    using P = autodiff::kernels::Pack<T, WENGERT_LANES>;
    constexpr std::size_t size = P::size;
    constexpr T nan = std::numeric_limits<T>::quiet_NaN(), inf = std::numeric_limits<T>::infinity();
    const auto fact = [&](const char* what, bool holds) {
        if (!holds) report(to, what);
    };
    const auto lane = [](const P& x, std::size_t i) {
        T y[size];
        x.store_unaligned(y);
        return y[i];
    };
    const auto every = [&](const P& x, const auto& expected) {
        bool same = true;
        for (std::size_t i = 0; i < size; ++i)
            same = same && lane(x, i) == expected(i) && std::signbit(lane(x, i)) == std::signbit(expected(i));
        return same;
    };
    // Lane i of x is i + 1, of its negative is where i is odd.
    T memory[size + 1];
    for (std::size_t i = 0; i < size; ++i) memory[i + 1] = static_cast<T>(i + 1);
    const P x = P::load_unaligned(memory + 1);
    alignas(64) T alternating[size];
    for (std::size_t i = 0; i < size; ++i) alternating[i] = i % 2 ? -memory[i + 1] : memory[i + 1];
    const P y = P::load(alternating);
    const auto number = [](std::size_t i) { return static_cast<T>(i + 1); };

    fact("a number fills every lane", every(P(T(3)), [](std::size_t) { return T(3); }));
    fact("integers mix with packs", every(2 * x - 1, [&](std::size_t i) { return 2 * number(i) - 1; }));
    fact("assignments", every(
                            [&] {
                                P z = x;
                                z += y;
                                z -= 1;
                                z *= x;
                                z /= x;
                                return z;
                            }(),
                            [&](std::size_t i) { return number(i) + alternating[i] - 1; }));
    fact("the negative of 0 is -0", every(-P(T(0)), [](std::size_t) { return -T(0); }));
    fact("abs", every(abs(y), number) && every(abs(P(-T(0))), [](std::size_t) { return T(0); }));
    fact("copysign", every(copysign(x, y), [&](std::size_t i) { return alternating[i]; }));
    fact("select takes its lanes", every(select(y < 0, -y, y), number));
    fact("the sum of the lanes", sum(x) == static_cast<T>(size * (size + 1) / 2) && sum(P(T(1))) == static_cast<T>(size));
    fact("min and max", every(max(x, y), number) && every(min(x, -x), [&](std::size_t i) { return -number(i); }));
    fact("bits come back", every(P::from_bits(y.bits()), [&](std::size_t i) { return alternating[i]; }));

    fact("any", any(y < 0) && !any(x < 0) && any(x == static_cast<T>(size)) && any(x == 1));
    fact("all", all(x > 0) && !all(y < 0) && !all(x < static_cast<T>(size)) && !all(x > 1));
    fact("not, and, or", all(!(x < 0)) && !any(x > 0 && x < 0) && all(y < 0 || y > 0) && !any(!(y < 0 || y > 0)));
    fact("comparisons", all(x >= 1) && all(x <= static_cast<T>(size)) && all(x == x) && !any(x != x));
    const P none(nan);
    fact("NaN differs from itself, and nothing is more or less",
         all(none != none) && !any(none == none) && !any(none < 1) && !any(none <= 1) && !any(none > 1) && !any(none >= 1));
    fact("isnan, isinf", all(isnan(none)) && !any(isnan(P(inf))) && all(isinf(P(-inf))) && !any(isinf(none)) && !any(isinf(x)));
}

}  // namespace

template <>
void check_facts<InstructionSet::WENGERT_SET>(Report report, void* to) {
    check_facts_of<float>(report, to);
    check_facts_of<double>(report, to);
}
template <>
void on_rule<InstructionSet::WENGERT_SET>(Operation code, std::size_t which, std::size_t count, const float* const* x, float* y) {
    dispatch(code, which, count, x, y);
}
template <>
void on_rule<InstructionSet::WENGERT_SET>(Operation code, std::size_t which, std::size_t count, const double* const* x, double* y) {
    dispatch(code, which, count, x, y);
}

}  // namespace lanes

// SPDX-License-Identifier: MIT
// Compiled once for every instruction set, so without anything of the standard library that another source could share.
#include "tests/kernels/pack_facts.hpp"

#include "autodiff/kernels/lanes/pack.hpp"

#include <cmath>
#include <limits>

namespace lanes {

namespace {

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
void check_facts<autodiff::kernels::InstructionSet::WENGERT_SET>(Report report, void* to) {
    check_facts_of<float>(report, to);
    check_facts_of<double>(report, to);
}

}  // namespace lanes

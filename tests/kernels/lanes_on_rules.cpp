// SPDX-License-Identifier: MIT
// Compiled once for every instruction set.
#include "tests/kernels/lanes_on_rules.hpp"

#include "autodiff/kernels/lanes.hpp"

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

}  // namespace

template <>
void on_rule<InstructionSet::WENGERT_SET>(Operation code, std::size_t which, std::size_t count, const float* const* x, float* y) {
    dispatch(code, which, count, x, y);
}
template <>
void on_rule<InstructionSet::WENGERT_SET>(Operation code, std::size_t which, std::size_t count, const double* const* x, double* y) {
    dispatch(code, which, count, x, y);
}

}  // namespace lanes

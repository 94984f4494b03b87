// SPDX-License-Identifier: MIT
/// Element-wise functions of your own, in one pass over memory.
///
///     auto h = elementwise([](auto x, auto w, auto b) { return tanh(x * w + b); }, x, w, b);
///
/// The function is called once in the life of the program, with Scalars on a tape of its own; what it recorded is the formula that runs over
/// the elements in SIMD lanes (AVX-512, AVX2 or the compiler's baseline, chosen at run time) and in threads, with broadcasting, and nothing
/// between its operands and its result is written to memory. Its derivatives are the sweep's, recorded in the same way, and take one pass,
/// too. Next: ops/formula.hpp.
#pragma once

#include "autodiff/ops/arithmetic.hpp"
#include "autodiff/ops/formula.hpp"
#include "autodiff/scalar.hpp"

#include <array>
#include <span>
#include <type_traits>

namespace autodiff {
inline namespace v1 {

namespace internal {

/// Records y = f(x); as many x as asked for, as many y as it fills.
[[nodiscard]] program::Program traced(std::string_view name, std::size_t operands, std::size_t results,
                                      void (*f)(const Scalar* x, Scalar* y));

template <class F, std::size_t... k>
auto call_with(const Scalar* x, std::index_sequence<k...>) {
    return F{}(x[k]...);
}
template <class F, std::size_t N>
const Formula& formula_of(std::string_view name) {
    static_assert(std::is_empty_v<F> && std::is_default_constructible_v<F>,
                  "a formula captures nothing: give what it needs as further operands, numbers too");
    // Never destroyed: what it records may be swept as long as the process runs.
    static const Formula& formula = *new Formula(
        std::string(name), traced(name, N, 1, [](const Scalar* x, Scalar* y) { *y = call_with<F>(x, std::make_index_sequence<N>{}); }));
    return formula;
}

[[noreturn]] void throw_lengths_differ(std::size_t expected, std::size_t got);

/// A program with several results, which take the place of as many of its operands.
class Update {
  public:
    Update(program::Program program, std::size_t results);
    ~Update();
    Update(const Update&) = delete;
    Update& operator=(const Update&) = delete;

    /// x: the operands, targets first; a step of 0 for a number
    template <class T>
    void run(std::size_t n, std::span<T* const> targets, std::span<const T* const> x, std::span<const Index> steps) const;

  private:
    struct Plans;
    std::unique_ptr<const Plans> plans_;
};

}  // namespace internal

/// y[i] = f(x[i]...)        each x a tensor, a Scalar or a number; y has the shape to which they broadcast
///
/// f takes that many arguments of any type (`auto`) and computes with them as with numbers: arithmetic, the functions of the rules, `where`
/// for choices. It captures nothing, and may not branch: every element goes the same way. Without a tensor among x, it is f(x...).
/// On a tape that keeps operations, each operation of f is a row of its own, so that it can be explained.
/// vjp      xbar[i] += ybar[i] df/dx_i, summed over broadcast axes; where ybar[i] is exactly 0, nothing flows
/// saves    the operands and the result as far as the derivatives are written in terms of them
/// throws   ShapeError unless the shapes broadcast together; ValueError if f branches on a comparison, naming it
template <class F, class... X>
requires TensorOperands<X...>
[[nodiscard]] auto elementwise(std::string_view name, F, const X&... x) {
    using T = internal::TensorTypeOf<X...>;
    const Formula& formula = internal::formula_of<F, sizeof...(X)>(name);
    const std::array<Tensor<T>, sizeof...(X)> operands{internal::as_tensor<T>(x)...};
    return formula.fused_or_recorded(std::span<const Tensor<T>>(operands));
}
template <class F, class... X>
requires TensorOperands<X...>
[[nodiscard]] auto elementwise(F f, const X&... x) { return elementwise("elementwise", f, x...); }
template <class F, class... X>
requires((AScalar<X> || Arithmetic<X>)&&...) [[nodiscard]] auto elementwise(F f, const X&... x) { return f(x...); }
template <class F, class... X>
requires((AScalar<X> || Arithmetic<X>)&&...) [[nodiscard]] auto elementwise(std::string_view, F f, const X&... x) { return f(x...); }

/// y[j] = sum over i of f(x[i]...), the elements summed back to a shape that broadcasts to theirs; nothing is written in between, nothing
/// recorded: for kernels that work by channel or by row.
template <class F, class T, class... X>
[[nodiscard]] Tensor<T> sum_of_elementwise(F, const Shape& shape, const Tensor<T>& x, const X&... more) {
    const Formula& formula = internal::formula_of<F, 1 + sizeof...(X)>("sum_of_elementwise");
    const std::array<Tensor<T>, 1 + sizeof...(X)> operands{x, internal::as_tensor<T>(more)...};
    return formula.summed(std::span<const Tensor<T>>(operands), shape);
}

/// targets[k][i] = f(targets[0][i], ..., x[i]...)[k], in place and in one pass: what optimizers do.        x: spans, or numbers
/// f returns a std::array of N results; the rest as for elementwise. Nothing is recorded.
/// throws   ShapeError unless all spans have the same length
template <class F, class T, std::size_t N, class... X>
void elementwise_update(F, const std::array<std::span<T>, N>& targets, const X&... x) {
    static_assert(std::is_empty_v<F>, "a formula captures nothing: give what it needs as further operands, numbers too");
    constexpr std::size_t operands = N + sizeof...(X);
    static const internal::Update& update =
        *new internal::Update(internal::traced("elementwise_update", operands, N,
                                               [](const Scalar* in, Scalar* out) {
                                                   const std::array<Scalar, N> y =
                                                       internal::call_with<F>(in, std::make_index_sequence<operands>{});
                                                   for (std::size_t k = 0; k < N; ++k) out[k] = y[k];
                                               }),
                              N);
    std::array<T*, N> to;
    std::array<const T*, operands> from;
    std::array<Index, operands> step;
    std::array<T, operands> number;
    std::size_t k = 0;
    const std::size_t n = targets[0].size();
    const auto check = [n](std::size_t size) {
        if (size != n) internal::throw_lengths_differ(n, size);
    };
    for (const std::span<T> target : targets) {
        check(target.size());
        to[k] = target.data(), from[k] = target.data(), step[k] = 1;
        ++k;
    }
    const auto add = [&]<class Y>(const Y& y) {
        if constexpr (std::is_arithmetic_v<Y>) {
            number[k] = static_cast<T>(y), from[k] = &number[k], step[k] = 0;
        } else {
            check(y.size());
            from[k] = y.data(), step[k] = 1;
        }
        ++k;
    };
    (add(x), ...);
    update.run<T>(n, to, from, step);
}

}  // namespace v1
}  // namespace autodiff

// SPDX-License-Identifier: MIT
// Every element-wise operation, generated from the list of rules: one class for all of them.
#include "autodiff/ops/arithmetic.hpp"

#include "autodiff/kernels/elementwise.hpp"
#include "autodiff/node.hpp"
#include "autodiff/ops/compare.hpp"
#include "autodiff/ops/layout.hpp"
#include "autodiff/ops/linear.hpp"

#include <algorithm>
#include <array>

namespace autodiff {
inline namespace v1 {

namespace {

/// The K-th partial of a rule, whatever its arity; `x` are the operands and, last, the result.
template <class R, std::size_t K, class... X>
auto partial_of(const X&... x) {
    if constexpr (sizeof...(X) == 2)
        return R::partial(x...);
    else if constexpr (K == 0)
        return R::partial_a(x...);
    else if constexpr (K == 1)
        return R::partial_b(x...);
    else
        return R::partial_c(x...);
}

bool any(const Tensor<bool>& mask) {
    const Tensor<bool> flat = mask.contiguous();
    return std::any_of(flat.data().begin(), flat.data().end(), [](bool b) { return b; });
}
template <class T>
Tensor<bool> infinite(const Tensor<T>& x) {
    return x - x != T{0};  // inf - inf and NaN - NaN are NaN
}

/// adjoint * partial or partial * tangent as recorded values, for a sweep that records itself. A first factor of 0 stays a function of
/// what it depends on, but it does not let through a second one that is not finite, as it does not in a plain sweep.
template <class T>
Tensor<T> product(const Tensor<T>& first, const Tensor<T>& second) {
    const auto is_one = [](const Tensor<T>& x) { return !x.recorded() && x.rank() == 0 && x.item() == T{1}; };
    if (is_one(second)) return first;
    if (is_one(first)) return second;
    const Tensor<T> y = first * second;
    const Tensor<bool> stopped = infinite(second.constant()) && first == T{0};
    return any(stopped) ? where(stopped, T{0}, y) : y;
}

template <class R, class T, std::size_t N>
class Elementwise final : public Primitive {
    using Operands = std::make_index_sequence<N>;

  public:
    template <class... X>
    explicit Elementwise(const X&... x) : x_{x...} {}
    [[nodiscard]] std::string_view name() const override { return R::name; }
    [[nodiscard]] bool saves_result() const override { return true; }

    void vjp(Pullback& pull) const override {
        const Tensor<T> ybar = pull.ybar<T>();
        [&]<std::size_t... K>(std::index_sequence<K...>) { (pull_to<K>(pull, ybar, Operands{}), ...); }
        (Operands{});
    }
    [[nodiscard]] AnyTensor jvp(const Pushforward& push) const override {
        AnyTensor ydot;
        [&]<std::size_t... K>(std::index_sequence<K...>) { (push_from<K>(push, ydot, Operands{}), ...); }
        (Operands{});
        return ydot;
    }

  private:
    template <std::size_t K, std::size_t... I>
    void pull_to(Pullback& pull, const Tensor<T>& ybar, std::index_sequence<I...>) const {
        if (!pull.wants(K)) return;
        const Tensor<T> y = pull.result<T>();
        if (pull.records())
            pull.add(K, sum_to(product(ybar, partial_of<R, K>(pull.saved(x_[I])..., y)), x_[K].shape()));
        else
            pull.add(K, sum_to(scaled<K>(ybar, y, x_[I]...), x_[K].shape()));
    }
    template <std::size_t K, std::size_t... I>
    void push_from(const Pushforward& push, AnyTensor& ydot, std::index_sequence<I...>) const {
        if (!push.has(K)) return;
        const Tensor<T> xdot = push.tangent<T>(K), y = push.result<T>();
        if (push.records())
            add_tangent(ydot, broadcast_to(product(partial_of<R, K>(push.saved(x_[I])..., y), xdot), y.shape()));
        else
            add_tangent(ydot, scaled<K, true>(xdot, y, x_[I]...));
    }
    /// flow * partial in one pass, in the shape of y; nothing flows where flow is exactly 0, nor, forward, through a partial of 0: the
    /// factor that lies nearer to the result decides.
    template <std::size_t K, bool forward = false, class... X>
    static Tensor<T> scaled(const Tensor<T>& flow, const Tensor<T>& y, const X&... x) {
        Tensor<T> result = Tensor<T>::uninitialised(y.shape());
        kernels::map(
            View<T>{result.fill_data(), result.shape(), result.strides()},
            [](T f, T value, auto... operand) {
                if constexpr (forward) {
                    const T partial = partial_of<R, K>(operand..., value);
                    return f == T{0} || partial == T{0} ? T{0} : f * partial;
                } else {
                    return f == T{0} ? T{0} : f * partial_of<R, K>(operand..., value);
                }
            },
            flow.view().broadcast_to(y.shape()), y.view(), x.view().broadcast_to(y.shape())...);
        return result;
    }
    std::array<Tensor<T>, N> x_;
};

template <class R, class T, class... X>
Tensor<T> apply_rule(const Shape& shape, const X&... x) {
    Tensor<T> y = Tensor<T>::uninitialised(shape);
    kernels::map(
        View<T>{y.fill_data(), y.shape(), y.strides()}, [](auto... operand) { return R::value(operand...); },
        x.view().broadcast_to(shape)...);
    return record<Elementwise<R, T, sizeof...(X)>>(std::move(y), sources(R::name, x...), x...);
}

}  // namespace

template <class T>
Tensor<T> apply_unary(Operation rule, const Tensor<T>& x) {
    return visit_unary(rule, [&]<class R>(R) { return apply_rule<R, T>(x.shape(), x); });
}
template <class T>
Tensor<T> apply_binary(Operation rule, const Tensor<T>& a, const Tensor<T>& b) {
    return visit_binary(rule, [&]<class R>(R) { return apply_rule<R, T>(broadcast(a.shape(), b.shape(), R::name), a, b); });
}
template <class T>
Tensor<T> apply_ternary(Operation rule, const Tensor<T>& a, const Tensor<T>& b, const Tensor<T>& c) {
    return visit_ternary(rule, [&]<class R>(R) {
        return apply_rule<R, T>(broadcast(broadcast(a.shape(), b.shape(), R::name), c.shape(), R::name), a, b, c);
    });
}

template <class T>
void add_tangent(AnyTensor& sum, Tensor<T> part) {
    if (const auto* so_far = std::get_if<Tensor<T>>(&sum))
        sum = *so_far + part;
    else
        sum = std::move(part);
}

template Tensor<float> apply_unary(Operation, const Tensor<float>&);
template Tensor<double> apply_unary(Operation, const Tensor<double>&);
template Tensor<float> apply_binary(Operation, const Tensor<float>&, const Tensor<float>&);
template Tensor<double> apply_binary(Operation, const Tensor<double>&, const Tensor<double>&);
template Tensor<float> apply_ternary(Operation, const Tensor<float>&, const Tensor<float>&, const Tensor<float>&);
template Tensor<double> apply_ternary(Operation, const Tensor<double>&, const Tensor<double>&, const Tensor<double>&);
template void add_tangent(AnyTensor&, Tensor<float>);
template void add_tangent(AnyTensor&, Tensor<double>);

}  // namespace v1
}  // namespace autodiff

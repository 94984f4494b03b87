// SPDX-License-Identifier: MIT
#include "autodiff/ops/compare.hpp"

#include "autodiff/kernels/elementwise.hpp"
#include "autodiff/node.hpp"
#include "autodiff/ops/layout.hpp"
#include "autodiff/ops/linear.hpp"

namespace autodiff {
inline namespace v1 {

namespace {

template <class Y, class F, class... X>
Tensor<Y> mapped(const Shape& shape, F f, const X&... x) {
    Tensor<Y> y = Tensor<Y>::uninitialised(shape);
    kernels::map(y.fill_view(), f, x.view().broadcast_to(shape)...);
    return y;
}

/// y = c ? a : b
template <class T>
class Where final : public Primitive {
  public:
    Where(const Tensor<bool>& c, const Shape& a, const Shape& b) : c_(c), a_(a), b_(b) {}
    [[nodiscard]] std::string_view name() const override { return "where"; }
    void vjp(Pullback& pull) const override {
        const Tensor<T> ybar = pull.ybar<T>();
        if (pull.wants(0)) pull.add(0, sum_to(where(c_, ybar, T{0}), a_));
        if (pull.wants(1)) pull.add(1, sum_to(where(c_, T{0}, ybar), b_));
    }
    [[nodiscard]] AnyTensor jvp(const Pushforward& push) const override {
        const Shape y = broadcast(broadcast(a_, b_), c_.shape());
        AnyTensor ydot;
        if (push.has(0)) add_tangent(ydot, broadcast_to(where(c_, push.tangent<T>(0), T{0}), y));
        if (push.has(1)) add_tangent(ydot, broadcast_to(where(c_, T{0}, push.tangent<T>(1)), y));
        return ydot;
    }

  private:
    Tensor<bool> c_;
    Shape a_, b_;
};

}  // namespace

template <class T>
Tensor<bool> compare(Relation relation, const Tensor<T>& a, const Tensor<T>& b) {
    const Shape shape = broadcast(a.shape(), b.shape(), "compare");
    switch (relation) {
    case Relation::equal:
        return mapped<bool>(
            shape, [](T x, T y) { return x == y; }, a, b);
    case Relation::not_equal:
        return mapped<bool>(
            shape, [](T x, T y) { return x != y; }, a, b);
    case Relation::less:
        return mapped<bool>(
            shape, [](T x, T y) { return x < y; }, a, b);
    case Relation::less_equal:
        return mapped<bool>(
            shape, [](T x, T y) { return x <= y; }, a, b);
    case Relation::greater:
        return mapped<bool>(
            shape, [](T x, T y) { return x > y; }, a, b);
    case Relation::greater_equal:
        return mapped<bool>(
            shape, [](T x, T y) { return x >= y; }, a, b);
    }
    throw ValueError("compare", "a comparison", "something else");
}
template Tensor<bool> compare(Relation, const Tensor<float>&, const Tensor<float>&);
template Tensor<bool> compare(Relation, const Tensor<double>&, const Tensor<double>&);
template Tensor<bool> compare(Relation, const Tensor<std::int32_t>&, const Tensor<std::int32_t>&);
template Tensor<bool> compare(Relation, const Tensor<std::int64_t>&, const Tensor<std::int64_t>&);
template Tensor<bool> compare(Relation, const Tensor<bool>&, const Tensor<bool>&);

Tensor<bool> operator&&(const Tensor<bool>& a, const Tensor<bool>& b) {
    return mapped<bool>(
        broadcast(a.shape(), b.shape(), "and"), [](bool x, bool y) { return x && y; }, a, b);
}
Tensor<bool> operator||(const Tensor<bool>& a, const Tensor<bool>& b) {
    return mapped<bool>(
        broadcast(a.shape(), b.shape(), "or"), [](bool x, bool y) { return x || y; }, a, b);
}
Tensor<bool> operator!(const Tensor<bool>& a) {
    return mapped<bool>(
        a.shape(), [](bool x) { return !x; }, a);
}

template <class T>
Tensor<T> where(const Tensor<bool>& c, const Tensor<T>& a, const Tensor<T>& b) {
    const Shape shape = broadcast(broadcast(a.shape(), b.shape(), "where"), c.shape(), "where");
    return record<Where<T>>(mapped<T>(
                                shape, [](bool choose, T x, T y) { return choose ? x : y; }, c, a, b),
                            sources("where", a, b), c, a.shape(), b.shape());
}
template Tensor<float> where(const Tensor<bool>&, const Tensor<float>&, const Tensor<float>&);
template Tensor<double> where(const Tensor<bool>&, const Tensor<double>&, const Tensor<double>&);

namespace {

template <class To, class From>
class Cast final : public Primitive {
  public:
    [[nodiscard]] std::string_view name() const override { return "cast"; }
    void vjp(Pullback& pull) const override { pull.add(0, cast<From>(pull.ybar<To>())); }
    [[nodiscard]] AnyTensor jvp(const Pushforward& push) const override { return cast<To>(push.tangent<From>(0)); }
};

}  // namespace

template <class To, class From>
Tensor<To> cast(const Tensor<From>& x) {
    if constexpr (std::same_as<To, From>) {
        return x;
    } else {
        Tensor<To> y = mapped<To>(
            x.shape(), [](From v) { return static_cast<To>(v); }, x);
        if constexpr (Tensor<To>::differentiable && Tensor<From>::differentiable)
            return record<Cast<To, From>>(std::move(y), sources("cast", x));
        else
            return y;
    }
}
#define WENGERT_CAST_FROM(From)                                                                                                            \
    template Tensor<float> cast(const Tensor<From>&);                                                                                      \
    template Tensor<double> cast(const Tensor<From>&);                                                                                     \
    template Tensor<std::int32_t> cast(const Tensor<From>&);                                                                               \
    template Tensor<std::int64_t> cast(const Tensor<From>&);                                                                               \
    template Tensor<bool> cast(const Tensor<From>&);
WENGERT_CAST_FROM(float)
WENGERT_CAST_FROM(double)
WENGERT_CAST_FROM(std::int32_t)
WENGERT_CAST_FROM(std::int64_t)
WENGERT_CAST_FROM(bool)
#undef WENGERT_CAST_FROM

}  // namespace v1
}  // namespace autodiff

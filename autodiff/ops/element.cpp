// SPDX-License-Identifier: MIT
#include "autodiff/ops/element.hpp"

#include "autodiff/ops/compare.hpp"
#include "autodiff/ops/layout.hpp"
#include "autodiff/ops/linear.hpp"
#include "autodiff/recorder.hpp"

namespace autodiff {
inline namespace v1 {

namespace {

/// y = x[flat], a Scalar
template <class T>
class Element final : public Primitive {
  public:
    explicit Element(Index flat) : flat_(flat) {}
    [[nodiscard]] std::string_view name() const override { return "element"; }
    void vjp(Pullback& pull) const override { pull.add_element(0, flat_, cast<T>(pull.ybar<double>())); }
    [[nodiscard]] AnyTensor jvp(const Pushforward& push) const override {
        return cast<double>(select(reshape(push.tangent<T>(0), {-1}), 0, flat_));
    }

  private:
    Index flat_;
};

/// y = s, a rank-0 tensor
template <class T>
class FromScalar final : public Primitive {
  public:
    [[nodiscard]] std::string_view name() const override { return "from_scalar"; }
    void vjp(Pullback& pull) const override { pull.add(0, cast<double>(pull.ybar<T>())); }
    [[nodiscard]] AnyTensor jvp(const Pushforward& push) const override { return push.tangent<T>(0); }
};

/// y[i] = s[i]
class StackScalars final : public Primitive {
  public:
    explicit StackScalars(std::size_t n) : n_(n) {}
    [[nodiscard]] std::string_view name() const override { return "stack"; }
    void vjp(Pullback& pull) const override {
        const Tensor<double> ybar = pull.ybar<double>();
        for (std::size_t i = 0; i < n_; ++i)
            if (pull.wants(i)) pull.add(i, autodiff::select(ybar, 0, static_cast<Index>(i)));
    }
    [[nodiscard]] AnyTensor jvp(const Pushforward& push) const override {
        std::vector<Scalar> ydot(n_);
        for (std::size_t i = 0; i < n_; ++i)
            if (push.has(i)) ydot[i] = push.tangent<double>(i)();
        return stack(ydot);
    }

  private:
    std::size_t n_;
};

}  // namespace

template <class T>
auto Tensor<T>::element(std::span<const Index> position) const -> std::conditional_t<std::is_floating_point_v<T>, Scalar, T> {
    const T value = begin_data()[offset_of(position)];
    if constexpr (std::is_floating_point_v<T>) {
        Sources operands = sources("element", *this);
        if (!any_recorded(operands)) return static_cast<double>(value);
        Index flat = 0;
        for (std::size_t axis = 0; axis < position.size(); ++axis) {
            const Index extent = shape().extents()[axis];
            flat = flat * extent + (position[axis] < 0 ? position[axis] + extent : position[axis]);
        }
        return append_scalar(static_cast<double>(value), std::move(operands), std::make_unique<Element<T>>(flat), place_.node, flat);
    } else {
        return value;
    }
}
template auto Tensor<float>::element(std::span<const Index>) const -> Scalar;
template auto Tensor<double>::element(std::span<const Index>) const -> Scalar;
template auto Tensor<std::int32_t>::element(std::span<const Index>) const -> std::int32_t;
template auto Tensor<std::int64_t>::element(std::span<const Index>) const -> std::int64_t;
template auto Tensor<bool>::element(std::span<const Index>) const -> bool;

Scalar to_scalar(const Tensor<double>& x) {
    if (x.rank() != 0) throw ShapeError("scalar", "a rank-0 tensor", "shape " + to_string(x.shape()), "sum it, or take one element");
    return x();
}

template <class T>
Tensor<T> from_scalar(const Scalar& s) {
    return record<FromScalar<T>>(Tensor<T>(static_cast<T>(s.value())), sources("from_scalar", s));
}
template Tensor<float> from_scalar(const Scalar&);
template Tensor<double> from_scalar(const Scalar&);

Tensor<double> stack(std::span<const Scalar> scalars) {
    Tensor<double> y = Tensor<double>::uninitialised({static_cast<Index>(scalars.size())});
    Sources operands;
    operands.reserve(scalars.size());
    for (std::size_t i = 0; i < scalars.size(); ++i) {
        y.fill_data()[i] = scalars[i].value();
        operands.push_back(source("stack", scalars[i]));
    }
    return record<StackScalars>(std::move(y), std::move(operands), scalars.size());
}

template <class T>
Tensor<T> place_element(const Tensor<T>& x, const Shape& shape, Index flat) {
    if (x.rank() != 0) throw ShapeError("place_element", "a rank-0 tensor", "shape " + to_string(x.shape()));
    if (flat < 0 || flat >= shape.size())
        throw IndexError("place_element", "a position inside shape " + to_string(shape), std::to_string(flat));
    Tensor<T> y = Tensor<T>::zeros(shape);
    y.fill_data()[flat] = x.item();
    return record_linear(
        "place_element", x, std::move(y), [shape, flat](const Tensor<T>& xdot) { return place_element(xdot, shape, flat); },
        [flat](const Tensor<T>& ybar) { return autodiff::select(reshape(ybar, {-1}), 0, flat); });
}
template Tensor<float> place_element(const Tensor<float>&, const Shape&, Index);
template Tensor<double> place_element(const Tensor<double>&, const Shape&, Index);

template <class T>
std::vector<Scalar> elements(const Tensor<T>& x) {
    std::vector<Scalar> result;
    result.reserve(static_cast<std::size_t>(x.size()));
    const Tensor<T> flat = reshape(x, {-1});
    for (Index i = 0; i < flat.size(); ++i) result.push_back(flat(i));
    return result;
}
template std::vector<Scalar> elements(const Tensor<float>&);
template std::vector<Scalar> elements(const Tensor<double>&);

}  // namespace v1
}  // namespace autodiff

// SPDX-License-Identifier: MIT
#include "autodiff/ops/conv.hpp"

#include "autodiff/kernels/storage.hpp"
#include "autodiff/node.hpp"
#include "autodiff/ops/linear.hpp"

#include <fmt/format.h>
#include <memory>

namespace autodiff {
inline namespace v1 {

namespace {

/// The three maps of a convolution are bilinear, and each one's derivatives are the two others.
template <class T>
class Conv2d final : public Primitive {
  public:
    Conv2d(const Tensor<T>& x, const Tensor<T>& w, const Conv2dGeometry& g) : x_(x), w_(w), g_(g) {}
    [[nodiscard]] std::string_view name() const override { return "conv2d"; }
    void vjp(Pullback& pull) const override {
        const Tensor<T> ybar = pull.ybar<T>();
        if (pull.wants(0)) pull.add(0, conv2d_input(ybar, pull.saved(w_), x_.shape(), g_));
        if (pull.wants(1)) pull.add(1, conv2d_weight(pull.saved(x_), ybar, w_.shape(), g_));
    }
    [[nodiscard]] AnyTensor jvp(const Pushforward& push) const override {
        AnyTensor ydot;
        if (push.has(0)) add_tangent(ydot, conv2d(push.tangent<T>(0), push.saved(w_), g_));
        if (push.has(1)) add_tangent(ydot, conv2d(push.saved(x_), push.tangent<T>(1), g_));
        return ydot;
    }

  private:
    Tensor<T> x_, w_;
    Conv2dGeometry g_;
};

template <class T>
class Conv2dInput final : public Primitive {
  public:
    Conv2dInput(const Tensor<T>& ybar, const Tensor<T>& w, const Shape& x_shape, const Conv2dGeometry& g)
        : ybar_(ybar), w_(w), x_shape_(x_shape), g_(g) {}
    [[nodiscard]] std::string_view name() const override { return "conv2d_input"; }
    void vjp(Pullback& pull) const override {
        const Tensor<T> u = pull.ybar<T>();
        if (pull.wants(0)) pull.add(0, conv2d(u, pull.saved(w_), g_));
        if (pull.wants(1)) pull.add(1, conv2d_weight(u, pull.saved(ybar_), w_.shape(), g_));
    }
    [[nodiscard]] AnyTensor jvp(const Pushforward& push) const override {
        AnyTensor ydot;
        if (push.has(0)) add_tangent(ydot, conv2d_input(push.tangent<T>(0), push.saved(w_), x_shape_, g_));
        if (push.has(1)) add_tangent(ydot, conv2d_input(push.saved(ybar_), push.tangent<T>(1), x_shape_, g_));
        return ydot;
    }

  private:
    Tensor<T> ybar_, w_;
    Shape x_shape_;
    Conv2dGeometry g_;
};

template <class T>
class Conv2dWeight final : public Primitive {
  public:
    Conv2dWeight(const Tensor<T>& x, const Tensor<T>& ybar, const Shape& w_shape, const Conv2dGeometry& g)
        : x_(x), ybar_(ybar), w_shape_(w_shape), g_(g) {}
    [[nodiscard]] std::string_view name() const override { return "conv2d_weight"; }
    void vjp(Pullback& pull) const override {
        const Tensor<T> u = pull.ybar<T>();
        if (pull.wants(0)) pull.add(0, conv2d_input(pull.saved(ybar_), u, x_.shape(), g_));
        if (pull.wants(1)) pull.add(1, conv2d(pull.saved(x_), u, g_));
    }
    [[nodiscard]] AnyTensor jvp(const Pushforward& push) const override {
        AnyTensor ydot;
        if (push.has(0)) add_tangent(ydot, conv2d_weight(push.tangent<T>(0), push.saved(ybar_), w_shape_, g_));
        if (push.has(1)) add_tangent(ydot, conv2d_weight(push.saved(x_), push.tangent<T>(1), w_shape_, g_));
        return ydot;
    }

  private:
    Tensor<T> x_, ybar_;
    Shape w_shape_;
    Conv2dGeometry g_;
};

void check_adjoint_shape(std::string_view name, const Shape& expected, const Shape& got) {
    if (expected != got) throw ShapeError(name, fmt::format("an adjoint of shape {}", to_string(expected)), to_string(got));
}

}  // namespace

template <class T>
Tensor<T> conv2d(const Tensor<T>& x, const Tensor<T>& w, const Conv2dGeometry& g) {
    Sources operands = sources("conv2d", x, w);
    Tensor<T> y = Tensor<T>::uninitialised(kernels::conv2d_shape(x.shape(), w.shape(), g));
    kernels::conv2d<T>(x.view(), w.view(), y.fill_view(), g);
    return record<Conv2d<T>>(std::move(y), std::move(operands), x, w, g);
}

template <class T>
Tensor<T> conv2d_input(const Tensor<T>& ybar, const Tensor<T>& w, const Shape& x_shape, const Conv2dGeometry& g) {
    Sources operands = sources("conv2d_input", ybar, w);
    check_adjoint_shape("conv2d_input", kernels::conv2d_shape(x_shape, w.shape(), g), ybar.shape());
    Tensor<T> x = Tensor<T>::uninitialised(x_shape);
    kernels::conv2d_input<T>(ybar.view(), w.view(), x.fill_view(), g);
    return record<Conv2dInput<T>>(std::move(x), std::move(operands), ybar, w, x_shape, g);
}

template <class T>
Tensor<T> conv2d_weight(const Tensor<T>& x, const Tensor<T>& ybar, const Shape& w_shape, const Conv2dGeometry& g) {
    Sources operands = sources("conv2d_weight", x, ybar);
    check_adjoint_shape("conv2d_weight", kernels::conv2d_shape(x.shape(), w_shape, g), ybar.shape());
    Tensor<T> w = Tensor<T>::uninitialised(w_shape);
    kernels::conv2d_weight<T>(x.view(), ybar.view(), w.fill_view(), g);
    return record<Conv2dWeight<T>>(std::move(w), std::move(operands), x, ybar, w_shape, g);
}

namespace {

/// The maxima of a pooling as a fixed linear map, and its transpose: which elements won.
template <class T>
struct Maxima {
    Pool2dGeometry g;
    Shape from, to;
    std::shared_ptr<const kernels::Storage> winners;
    [[nodiscard]] const kernels::Winner<T>* data() const { return reinterpret_cast<const kernels::Winner<T>*>(winners->bytes()); }
};

template <class T>
Tensor<T> max_pool2d_input(const Tensor<T>& ybar, const Maxima<T>& maxima);

template <class T>
Tensor<T> max_pool2d_pick(const Tensor<T>& x, const Maxima<T>& maxima) {
    Tensor<T> y = Tensor<T>::uninitialised(maxima.to);
    kernels::max_pool2d_pick<T>(x.view(), maxima.data(), y.fill_view(), maxima.g);
    return record_linear(
        "max_pool2d_pick", x, std::move(y), [maxima](const Tensor<T>& xdot) { return max_pool2d_pick(xdot, maxima); },
        [maxima](const Tensor<T>& ybar) { return max_pool2d_input(ybar, maxima); });
}

template <class T>
Tensor<T> max_pool2d_input(const Tensor<T>& ybar, const Maxima<T>& maxima) {
    Tensor<T> x = Tensor<T>::uninitialised(maxima.from);
    kernels::max_pool2d_input<T>(ybar.view(), maxima.data(), x.fill_view(), maxima.g);
    return record_linear(
        "max_pool2d_input", ybar, std::move(x), [maxima](const Tensor<T>& ydot) { return max_pool2d_input(ydot, maxima); },
        [maxima](const Tensor<T>& xbar) { return max_pool2d_pick(xbar, maxima); });
}

}  // namespace

template <class T>
Tensor<T> max_pool2d(const Tensor<T>& x, const Pool2dGeometry& g) {
    const Shape shape = kernels::pool2d_shape(x.shape(), g, "max_pool2d");
    Tensor<T> y = Tensor<T>::uninitialised(shape);
    kernels::Storage winners(shape.size(), sizeof(kernels::Winner<T>));
    kernels::max_pool2d<T>(x.view(), y.fill_view(), reinterpret_cast<kernels::Winner<T>*>(winners.bytes()), g);
    const Maxima<T> maxima{g, x.shape(), shape, std::make_shared<const kernels::Storage>(std::move(winners))};
    return record_linear(
        "max_pool2d", x, std::move(y), [maxima](const Tensor<T>& xdot) { return max_pool2d_pick(xdot, maxima); },
        [maxima](const Tensor<T>& ybar) { return max_pool2d_input(ybar, maxima); });
}

namespace {

/// The transpose of average pooling.
template <class T>
Tensor<T> avg_pool2d_input(const Tensor<T>& ybar, const Shape& x_shape, const Pool2dGeometry& g, bool count_include_pad) {
    Tensor<T> x = Tensor<T>::uninitialised(x_shape);
    kernels::avg_pool2d_input<T>(ybar.view(), x.fill_view(), g, count_include_pad);
    return record_linear(
        "avg_pool2d_input", ybar, std::move(x),
        [x_shape, g, count_include_pad](const Tensor<T>& ydot) { return avg_pool2d_input(ydot, x_shape, g, count_include_pad); },
        [g, count_include_pad](const Tensor<T>& xbar) { return avg_pool2d(xbar, g, count_include_pad); });
}

}  // namespace

template <class T>
Tensor<T> avg_pool2d(const Tensor<T>& x, const Pool2dGeometry& g, bool count_include_pad) {
    Tensor<T> y = Tensor<T>::uninitialised(kernels::pool2d_shape(x.shape(), g, "avg_pool2d"));
    kernels::avg_pool2d<T>(x.view(), y.fill_view(), g, count_include_pad);
    return record_linear(
        "avg_pool2d", x, std::move(y), [g, count_include_pad](const Tensor<T>& xdot) { return avg_pool2d(xdot, g, count_include_pad); },
        [from = x.shape(), g, count_include_pad](const Tensor<T>& ybar) { return avg_pool2d_input(ybar, from, g, count_include_pad); });
}

#define WENGERT_INSTANTIATE(T)                                                                                                             \
    template Tensor<T> conv2d(const Tensor<T>&, const Tensor<T>&, const Conv2dGeometry&);                                                  \
    template Tensor<T> conv2d_input(const Tensor<T>&, const Tensor<T>&, const Shape&, const Conv2dGeometry&);                              \
    template Tensor<T> conv2d_weight(const Tensor<T>&, const Tensor<T>&, const Shape&, const Conv2dGeometry&);                             \
    template Tensor<T> max_pool2d(const Tensor<T>&, const Pool2dGeometry&);                                                                \
    template Tensor<T> avg_pool2d(const Tensor<T>&, const Pool2dGeometry&, bool);
WENGERT_INSTANTIATE(float)
WENGERT_INSTANTIATE(double)
#undef WENGERT_INSTANTIATE

}  // namespace v1
}  // namespace autodiff

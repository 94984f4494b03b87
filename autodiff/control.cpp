// SPDX-License-Identifier: MIT
#include "autodiff/control.hpp"

#include "autodiff/node.hpp"
#include "autodiff/ops/arithmetic.hpp"

#include <fmt/format.h>

namespace autodiff {
inline namespace v1 {

namespace {

/// y = x with a factor on the way back
template <class T>
class ScaleGradient final : public Primitive {
  public:
    ScaleGradient(std::string_view name, double factor) : name_(name), factor_(factor) {}
    [[nodiscard]] std::string_view name() const override { return name_; }
    void vjp(Pullback& pull) const override { pull.add(0, pull.ybar<T>() * factor_); }
    [[nodiscard]] AnyTensor jvp(const Pushforward& push) const override { return push.tangent<T>(0) * factor_; }

  private:
    std::string_view name_;  // of a literal
    double factor_;
};

/// A Scalar's identity as a row.
template <class P, class... Saved>
Scalar record_identity(std::string_view operation, const Scalar& x, Saved&&... saved) {
    Sources operands = sources(operation, x);
    if (!any_recorded(operands)) return x.value();
    return append_scalar(x.value(), std::move(operands), std::make_unique<const P>(std::forward<Saved>(saved)...));
}

Scalar scaled(std::string_view name, const Scalar& x, double factor) {
    return record_identity<ScaleGradient<double>>(name, x, name, factor);
}
template <class T>
Tensor<T> scaled(std::string_view name, const Tensor<T>& x, double factor) {
    return record<ScaleGradient<T>>(x.constant(), sources(name, x), name, factor);
}

/// y = x with somebody looking. It knows what x was called when it was placed: the sweep has no tape to ask.
template <class T>
class TensorHook final : public Primitive {
  public:
    TensorHook(internal::AdjointHook<Tensor<T>> hook, std::string x) : hook_(std::move(hook)), x_(std::move(x)) {}
    [[nodiscard]] std::string_view name() const override { return "on_adjoint"; }
    void vjp(Pullback& pull) const override {
        const Tensor<T> ybar = pull.ybar<T>();
        const std::optional<Tensor<T>> changed = hook_(ybar);
        if (changed && changed->shape() != ybar.shape())
            throw ShapeError("on_adjoint", fmt::format("an adjoint of shape {} for {} from its hook", to_string(ybar.shape()), x_),
                             to_string(changed->shape()));
        pull.add(0, pull.saved(changed.value_or(ybar)));
    }
    [[nodiscard]] AnyTensor jvp(const Pushforward& push) const override { return push.tangent<T>(0); }

  private:
    internal::AdjointHook<Tensor<T>> hook_;
    std::string x_;
};

class ScalarHook final : public Primitive {
  public:
    explicit ScalarHook(internal::AdjointHook<Scalar> hook) : hook_(std::move(hook)) {}
    [[nodiscard]] std::string_view name() const override { return "on_adjoint"; }
    void vjp(Pullback& pull) const override {
        const Scalar ybar = pull.ybar_scalar();
        pull.add_scalar(0, hook_(ybar).value_or(ybar));
    }
    [[nodiscard]] AnyTensor jvp(const Pushforward& push) const override { return push.tangent<double>(0); }

  private:
    internal::AdjointHook<Scalar> hook_;
};

}  // namespace

Scalar scale_gradient(const Scalar& x, double factor) { return scaled("scale_gradient", x, factor); }
template <class T>
Tensor<T> scale_gradient(const Tensor<T>& x, double factor) {
    return scaled("scale_gradient", x, factor);
}
Scalar reverse_gradient(const Scalar& x, double lambda) { return scaled("reverse_gradient", x, -lambda); }
template <class T>
Tensor<T> reverse_gradient(const Tensor<T>& x, double lambda) {
    return scaled("reverse_gradient", x, -lambda);
}

namespace internal {

Scalar hooked(const Scalar& x, AdjointHook<Scalar> hook) { return record_identity<ScalarHook>("on_adjoint", x, std::move(hook)); }

template <class T>
Tensor<T> hooked(const Tensor<T>& x, AdjointHook<Tensor<T>> hook) {
    Sources operands = sources("on_adjoint", x);
    std::string name = any_recorded(operands) ? Tape::from(*current).name_of(x.place().row) : std::string();
    return record<TensorHook<T>>(x.constant(), std::move(operands), std::move(hook), std::move(name));
}
template Tensor<float> hooked(const Tensor<float>&, AdjointHook<Tensor<float>>);
template Tensor<double> hooked(const Tensor<double>&, AdjointHook<Tensor<double>>);

}  // namespace internal

template Tensor<float> scale_gradient(const Tensor<float>&, double);
template Tensor<double> scale_gradient(const Tensor<double>&, double);
template Tensor<float> reverse_gradient(const Tensor<float>&, double);
template Tensor<double> reverse_gradient(const Tensor<double>&, double);

}  // namespace v1
}  // namespace autodiff

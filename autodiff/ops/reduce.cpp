// SPDX-License-Identifier: MIT
#include "autodiff/ops/reduce.hpp"

#include "autodiff/kernels/elementwise.hpp"
#include "autodiff/kernels/reduce.hpp"
#include "autodiff/ops/arithmetic.hpp"
#include "autodiff/ops/compare.hpp"
#include "autodiff/ops/layout.hpp"
#include "autodiff/ops/linear.hpp"

#include <fmt/format.h>

namespace autodiff {
inline namespace v1 {

namespace {

/// Which axes went, and how a result of the reduced shape lines up with its operand again.
struct Reduction {
    Shape from;
    Extents axes;
    bool keep_axes;
    [[nodiscard]] Shape result() const { return reduced(from, axes, keep_axes); }
    [[nodiscard]] Shape aligned() const { return reduced(from, axes, true); }
    [[nodiscard]] Axes over() const { return Axes(std::span<const Index>(axes.data(), axes.size())); }
    [[nodiscard]] Index count() const {
        Index n = 1;
        for (const Index axis : axes) n *= from[axis];
        return n;
    }
    /// A result spread over the operand's shape again.
    template <class T>
    [[nodiscard]] Tensor<T> spread(const Tensor<T>& y) const {
        return broadcast_to(reshape(y, aligned()), from);
    }
    template <class T>
    [[nodiscard]] Tensor<T> total(const Tensor<T>& x) const {
        return sum(x, over(), keep_axes);
    }
};

template <class X>
Reduction reduction(std::string_view name, const X& x, const Axes& axes, bool keep_axes) {
    return {x.shape(), axes.resolve(x.shape(), name), keep_axes};
}

void check_not_empty(std::string_view name, const Reduction& r) {
    if (r.count() == 0 && r.result().size() > 0)
        throw ShapeError(name, "at least one element to reduce", fmt::format("none in shape {}", to_string(r.from)));
}

/// A new tensor of the reduced shape, filled by kernel(x, axes, y).
template <class Y, class T, class Kernel>
Tensor<Y> computed(const Tensor<T>& x, const Reduction& r, Kernel&& kernel) {
    Tensor<Y> y = Tensor<Y>::uninitialised(r.result());
    kernel(x.view(), r.axes, y.fill_data());
    return y;
}

/// y = max x (or min): the adjoint is shared by all elements that equal the result
template <class T>
class Extreme final : public Primitive {
  public:
    Extreme(std::string_view name, const Tensor<T>& x, const Tensor<T>& y, Reduction r)
        : name_(name), x_(x.constant()), y_(y), r_(std::move(r)) {}
    [[nodiscard]] std::string_view name() const override { return name_; }
    void vjp(Pullback& pull) const override { pull.add(0, r_.spread(pull.ybar<T>()) * shares()); }
    [[nodiscard]] AnyTensor jvp(const Pushforward& push) const override { return r_.total(push.tangent<T>(0) * shares()); }

  private:
    [[nodiscard]] Tensor<T> shares() const {
        const Tensor<T> y = r_.spread(y_);
        const Tensor<T> chosen = cast<T>(x_ == y || (x_ != x_ && y != y));
        return chosen / r_.spread(r_.total(chosen));
    }
    std::string_view name_;
    Tensor<T> x_, y_;
    Reduction r_;
};

template <class T>
Tensor<T> extreme(std::string_view name, const Tensor<T>& x, const Axes& axes, bool keep_axes,
                  void (*kernel)(View<const T>, const Extents&, T*)) {
    Reduction r = reduction(name, x, axes, keep_axes);
    check_not_empty(name, r);
    Tensor<T> y = computed<T>(x, r, kernel);
    const Tensor<T> value = y;
    return record<Extreme<T>>(std::move(y), sources(name, x), name, x, value, std::move(r));
}

/// y = product of x: the partial is the product of the others, formed without division
template <class T>
class Product final : public Primitive {
  public:
    Product(const Tensor<T>& x, Reduction r) : x_(x), r_(std::move(r)) {}
    [[nodiscard]] std::string_view name() const override { return "prod"; }
    void vjp(Pullback& pull) const override { pull.add(0, r_.spread(pull.ybar<T>()) * (pull.records() ? others_recorded() : others())); }
    [[nodiscard]] AnyTensor jvp(const Pushforward& push) const override {
        return r_.total(push.tangent<T>(0) * (push.records() ? others_recorded() : others()));
    }

  private:
    /// The reduced axes last and flattened: [kept..., n], and the way back.
    [[nodiscard]] std::pair<Tensor<T>, Extents> lined_up(const Tensor<T>& x) const {
        Extents order;
        std::size_t next = 0;
        for (Index axis = 0; axis < x.rank(); ++axis) {
            if (next < r_.axes.size() && r_.axes[next] == axis)
                ++next;
            else
                order.push_back(axis);
        }
        for (const Index axis : r_.axes) order.push_back(axis);
        return {reshape(transpose(x, std::span<const Index>(order.data(), order.size())), {-1, r_.count()}), order};
    }
    [[nodiscard]] Tensor<T> back(const Tensor<T>& lined, const Extents& order) const {
        Extents extents, inverse(order.size());
        for (std::size_t k = 0; k < order.size(); ++k) {
            extents.push_back(r_.from[order[k]]);
            inverse[static_cast<std::size_t>(order[k])] = static_cast<Index>(k);
        }
        return transpose(reshape(lined, Shape(std::span<const Index>(extents.data(), extents.size()))),
                         std::span<const Index>(inverse.data(), inverse.size()));
    }
    [[nodiscard]] Tensor<T> others() const {
        if (x_.size() == 0) return Tensor<T>::zeros(x_.shape());
        const auto [line, order] = lined_up(x_.constant());
        const Tensor<T> x = line.contiguous();
        Tensor<T> result = Tensor<T>::uninitialised(x.shape());
        const Index rows = x.shape()[0], n = x.shape()[1];
        for (Index row = 0; row < rows; ++row) {
            const T* in = x.begin_data() + row * n;
            T* out = result.fill_data() + row * n;
            T before = 1;
            for (Index i = 0; i < n; ++i) out[i] = before, before *= in[i];
            T after = 1;
            for (Index i = n; i-- > 0;) out[i] *= after, after *= in[i];
        }
        return back(result, order);
    }
    /// The same from recorded multiplications, for higher orders.
    [[nodiscard]] Tensor<T> others_recorded() const {
        if (x_.size() == 0) return Tensor<T>::zeros(x_.shape());
        const auto [x, order] = lined_up(x_);
        const Index n = x.shape()[1];
        std::vector<Tensor<T>> columns, result(static_cast<std::size_t>(n));
        for (Index i = 0; i < n; ++i) columns.push_back(autodiff::select(x, 1, i));
        Tensor<T> before = Tensor<T>::ones(columns[0].shape()), after = before;
        for (std::size_t i = 0; i < columns.size(); ++i) result[i] = before, before = before * columns[i];
        for (std::size_t i = columns.size(); i-- > 0;) result[i] = result[i] * after, after = after * columns[i];
        return back(stack(result, 1), order);
    }
    Tensor<T> x_;
    Reduction r_;
};

/// y = log sum exp x: the partial is the softmax
template <class T>
class LogSumExp final : public Primitive {
  public:
    LogSumExp(const Tensor<T>& x, Reduction r) : x_(x), r_(std::move(r)) {}
    [[nodiscard]] std::string_view name() const override { return "logsumexp"; }
    [[nodiscard]] bool saves_result() const override { return true; }
    void vjp(Pullback& pull) const override { pull.add(0, r_.spread(pull.ybar<T>()) * exp(pull.saved(x_) - r_.spread(pull.result<T>()))); }
    [[nodiscard]] AnyTensor jvp(const Pushforward& push) const override {
        return r_.total(push.tangent<T>(0) * exp(push.saved(x_) - r_.spread(push.result<T>())));
    }

  private:
    Tensor<T> x_;
    Reduction r_;
};

/// y = |x|: the partial is x / y, and 0 where y is 0
template <class T>
class Norm2 final : public Primitive {
  public:
    Norm2(const Tensor<T>& x, Reduction r) : x_(x), r_(std::move(r)) {}
    [[nodiscard]] std::string_view name() const override { return "norm2"; }
    [[nodiscard]] bool saves_result() const override { return true; }
    void vjp(Pullback& pull) const override { pull.add(0, r_.spread(pull.ybar<T>()) * direction(pull.saved(x_), pull.result<T>())); }
    [[nodiscard]] AnyTensor jvp(const Pushforward& push) const override {
        return r_.total(push.tangent<T>(0) * direction(push.saved(x_), push.result<T>()));
    }

  private:
    [[nodiscard]] Tensor<T> direction(const Tensor<T>& x, const Tensor<T>& y) const {
        return x / r_.spread(where(y.constant() == T{0}, T{1}, y));  // x is 0 where y is
    }
    Tensor<T> x_;
    Reduction r_;
};

}  // namespace

template <class T>
Tensor<T> sum(const Tensor<T>& x, const Axes& axes, bool keep_axes) {
    const Reduction r = reduction("sum", x, axes, keep_axes);
    Tensor<T> y = computed<T>(x, r, [](View<const T> v, const Extents& over, T* out) { kernels::sum<T>(v, over, out); });
    if constexpr (Tensor<T>::differentiable)
        return record_linear(
            "sum", x, std::move(y), [r](const Tensor<T>& xdot) { return r.total(xdot); },
            [r](const Tensor<T>& ybar) { return r.spread(ybar); });
    else
        return y;
}

Tensor<Index> count(const Tensor<bool>& x, const Axes& axes, bool keep_axes) {
    return computed<Index>(x, reduction("count", x, axes, keep_axes),
                           [](View<const bool> v, const Extents& over, Index* y) { kernels::count(v, over, y); });
}

template <class T>
Tensor<T> mean(const Tensor<T>& x, const Axes& axes, bool keep_axes) {
    const Reduction r = reduction("mean", x, axes, keep_axes);
    check_not_empty("mean", r);
    return r.total(x) / static_cast<T>(r.count());
}

template <class T>
Tensor<T> variance(const Tensor<T>& x, const Axes& axes, bool keep_axes, Index correction) {
    const Reduction r = reduction("variance", x, axes, keep_axes);
    check_not_empty("variance", r);
    if (r.count() <= correction)
        throw ShapeError("variance", fmt::format("more than {} elements", correction),
                         fmt::format("{} in shape {}", r.count(), to_string(r.from)));
    return r.total(square(x - mean(x, axes, true))) / static_cast<T>(r.count() - correction);
}

template <class T>
Tensor<T> amax(const Tensor<T>& x, const Axes& axes, bool keep_axes) {
    return extreme<T>("amax", x, axes, keep_axes, [](View<const T> v, const Extents& over, T* y) { kernels::amax<T>(v, over, y); });
}
template <class T>
Tensor<T> amin(const Tensor<T>& x, const Axes& axes, bool keep_axes) {
    return extreme<T>("amin", x, axes, keep_axes, [](View<const T> v, const Extents& over, T* y) { kernels::amin<T>(v, over, y); });
}

template <class T>
Tensor<Index> argmax(const Tensor<T>& x, Index axis) {
    axis = x.shape().normalise_axis(axis, "argmax");
    const Reduction r = reduction("argmax", x, axis, false);
    check_not_empty("argmax", r);
    return computed<Index>(x, r, [axis](View<const T> v, const Extents&, Index* y) { kernels::argmax<T>(v, axis, y); });
}

template <class T>
Tensor<T> prod(const Tensor<T>& x, const Axes& axes, bool keep_axes) {
    Reduction r = reduction("prod", x, axes, keep_axes);
    Tensor<T> y = computed<T>(x, r, [](View<const T> v, const Extents& over, T* out) { kernels::prod<T>(v, over, out); });
    return record<Product<T>>(std::move(y), sources("prod", x), x, std::move(r));
}

template <class T>
Tensor<T> logsumexp(const Tensor<T>& x, const Axes& axes, bool keep_axes) {
    Reduction r = reduction("logsumexp", x, axes, keep_axes);
    check_not_empty("logsumexp", r);
    Tensor<T> y = computed<T>(x, r, [](View<const T> v, const Extents& over, T* out) { kernels::logsumexp<T>(v, over, out); });
    return record<LogSumExp<T>>(std::move(y), sources("logsumexp", x), x, std::move(r));
}

template <class T>
Tensor<T> norm2(const Tensor<T>& x, const Axes& axes, bool keep_axes) {
    Reduction r = reduction("norm2", x, axes, keep_axes);
    const Tensor<T> y = sqrt(r.total(square(x.constant())));
    return record<Norm2<T>>(y, sources("norm2", x), x, std::move(r));
}

#define WENGERT_INSTANTIATE(T)                                                                                                             \
    template Tensor<T> mean(const Tensor<T>&, const Axes&, bool);                                                                          \
    template Tensor<T> variance(const Tensor<T>&, const Axes&, bool, Index);                                                               \
    template Tensor<T> amax(const Tensor<T>&, const Axes&, bool);                                                                          \
    template Tensor<T> amin(const Tensor<T>&, const Axes&, bool);                                                                          \
    template Tensor<Index> argmax(const Tensor<T>&, Index);                                                                                \
    template Tensor<T> prod(const Tensor<T>&, const Axes&, bool);                                                                          \
    template Tensor<T> logsumexp(const Tensor<T>&, const Axes&, bool);                                                                     \
    template Tensor<T> norm2(const Tensor<T>&, const Axes&, bool);                                                                         \
    template Tensor<T> sum(const Tensor<T>&, const Axes&, bool);
WENGERT_INSTANTIATE(float)
WENGERT_INSTANTIATE(double)
#undef WENGERT_INSTANTIATE
template Tensor<std::int64_t> sum(const Tensor<std::int64_t>&, const Axes&, bool);

}  // namespace v1
}  // namespace autodiff

// SPDX-License-Identifier: MIT
#include "autodiff/ops/softmax.hpp"

#include "autodiff/kernels/rows.hpp"
#include "autodiff/node.hpp"
#include "autodiff/ops/arithmetic.hpp"
#include "autodiff/ops/compare.hpp"
#include "autodiff/ops/index.hpp"
#include "autodiff/ops/layout.hpp"
#include "autodiff/ops/linear.hpp"
#include "autodiff/ops/reduce.hpp"
#include "autodiff/ops/rows.hpp"

#include <fmt/format.h>

namespace autodiff {
inline namespace v1 {

namespace {

/// softmax or its logarithm, along any axis
template <class T>
class Softmax final : public Primitive {
  public:
    Softmax(bool logarithm, Index axis) : logarithm_(logarithm), axis_(axis) {}
    [[nodiscard]] std::string_view name() const override { return logarithm_ ? "log_softmax" : "softmax"; }
    [[nodiscard]] bool saves_result() const override { return true; }

    void vjp(Pullback& pull) const override {
        const Tensor<T> ybar = pull.ybar<T>(), y = pull.result<T>();
        if (pull.records()) {
            if (logarithm_)
                pull.add(0, ybar - exp(y) * sum(ybar, axis_, true));
            else
                pull.add(0, y * (ybar - sum(ybar * y, axis_, true)));
            return;
        }
        const auto kernel = logarithm_ ? kernels::row_kernels<T>().log_softmax_vjp : kernels::row_kernels<T>().softmax_vjp;
        const Tensor<T> values = axis_last(y, axis_), flow = axis_last(ybar, axis_);
        const Index n = values.shape()[-1];
        const auto run = [&](T* xbar, bool add) {
            for_each_row(values,
                         [&](Index row) { kernel(values.begin_data() + row * n, flow.begin_data() + row * n, xbar + row * n, n, add); });
        };
        if (axis_ + 1 == y.rank()) {
            Pullback::Destination<T> to = pull.destination<T>(0);
            run(to.values(), to.adds());
            return pull.arrive(0, std::move(to));
        }
        Tensor<T> xbar = Tensor<T>::uninitialised(values.shape());
        run(xbar.fill_data(), false);
        pull.add(0, swap_axes(xbar, axis_, -1));
    }
    [[nodiscard]] AnyTensor jvp(const Pushforward& push) const override {
        const Tensor<T> xdot = push.tangent<T>(0), y = push.result<T>();
        if (logarithm_) return xdot - sum(exp(y) * xdot, axis_, true);
        return y * (xdot - sum(xdot * y, axis_, true));
    }

  private:
    bool logarithm_;
    Index axis_;
};

template <class T>
Tensor<T> softmax_along(const Tensor<T>& x, Index axis, bool logarithm) {
    const std::string_view name = logarithm ? "log_softmax" : "softmax";
    axis = x.shape().normalise_axis(axis, name);
    const auto kernel = logarithm ? kernels::row_kernels<T>().log_softmax : kernels::row_kernels<T>().softmax;
    Sources operands = sources(name, x);
    const Tensor<T> values = axis_last(x.constant(), axis);
    Tensor<T> y = Tensor<T>::uninitialised(values.shape());
    const Index n = values.shape()[-1];
    for_each_row(values, [&](Index row) { kernel(values.begin_data() + row * n, y.fill_data() + row * n, n); });
    if (axis + 1 != x.rank()) y = swap_axes(y, axis, -1);
    return record<Softmax<T>>(std::move(y), std::move(operands), logarithm, axis);
}

/// y = logsumexp(z) - z[label], along the last axis
template <class T>
class CrossEntropy final : public Primitive {
  public:
    CrossEntropy(const Tensor<T>& z, const Tensor<Index>& labels, const Tensor<T>& logsumexp)
        : z_(z), labels_(labels), logsumexp_(logsumexp) {}
    [[nodiscard]] std::string_view name() const override { return "softmax_cross_entropy"; }

    void vjp(Pullback& pull) const override {
        if (pull.records()) {
            const Tensor<T> ybar = unsqueeze(pull.ybar<T>(), -1);
            return pull.add(0, ybar * (softmax(pull.saved(z_), -1) - chosen()));
        }
        const Tensor<T> z = z_.constant().contiguous(), ybar = pull.ybar<T>().contiguous();
        const auto kernel = kernels::row_kernels<T>().scaled_softmax;
        const Index n = z.shape()[-1];
        Pullback::Destination<T> to = pull.destination<T>(0);
        for_each_row(z, [&](Index row) {
            const T flow = ybar.begin_data()[row];
            T* const zbar = to.values() + row * n;
            if (flow == 0 && to.adds()) return;
            if (flow == 0) return void(std::fill_n(zbar, n, T{0}));
            kernel(z.begin_data() + row * n, logsumexp_.begin_data()[row], flow, zbar, n, to.adds());
            zbar[labels_.begin_data()[row]] -= flow;
        });
        pull.arrive(0, std::move(to));
    }
    [[nodiscard]] AnyTensor jvp(const Pushforward& push) const override {
        const Tensor<T> zdot = push.tangent<T>(0);
        return sum((softmax(push.saved(z_), -1) - chosen()) * zdot, -1);
    }

  private:
    /// 1 at each row's label, 0 elsewhere.
    [[nodiscard]] Tensor<T> chosen() const { return cast<T>(unsqueeze(labels_, -1) == Tensor<Index>::arange(z_.shape()[-1])); }
    Tensor<T> z_;
    Tensor<Index> labels_;
    Tensor<T> logsumexp_;
};

}  // namespace

template <class T>
Tensor<T> softmax(const Tensor<T>& x, Index axis) {
    return softmax_along(x, axis, false);
}
template <class T>
Tensor<T> log_softmax(const Tensor<T>& x, Index axis) {
    return softmax_along(x, axis, true);
}

template <class T>
Tensor<T> softmax_cross_entropy(const Tensor<T>& z, const Tensor<Index>& labels) {
    Sources operands = sources("softmax_cross_entropy", z);
    if (z.rank() < 1 || z.shape()[-1] < 1 || labels.shape() != reduced(z.shape(), {z.rank() - 1}, false))
        throw ShapeError("softmax_cross_entropy", "scores [.., classes] and labels [..]",
                         fmt::format("{} and {}", to_string(z.shape()), to_string(labels.shape())));
    const Tensor<T> values = z.constant().contiguous();
    const Tensor<Index> at = labels.contiguous();
    const Index n = values.shape()[-1];
    for (Index row = 0; row < at.size(); ++row)
        if (const Index label = at.begin_data()[row]; label < 0 || label >= n)
            throw IndexError("softmax_cross_entropy", fmt::format("labels from 0 to {}", n - 1),
                             fmt::format("{} at position {}", label, row));
    Tensor<T> logsumexp = Tensor<T>::uninitialised(at.shape()), y = Tensor<T>::uninitialised(at.shape());
    const auto kernel = kernels::row_kernels<T>().logsumexp;
    for_each_row(values, [&](Index row) {
        const T* const x = values.begin_data() + row * n;
        logsumexp.fill_data()[row] = kernel(x, n);
        y.fill_data()[row] = logsumexp.begin_data()[row] - x[at.begin_data()[row]];
    });
    return record<CrossEntropy<T>>(std::move(y), std::move(operands), z, at, logsumexp);
}

#define WENGERT_INSTANTIATE(T)                                                                                                             \
    template Tensor<T> softmax(const Tensor<T>&, Index);                                                                                   \
    template Tensor<T> log_softmax(const Tensor<T>&, Index);                                                                               \
    template Tensor<T> softmax_cross_entropy(const Tensor<T>&, const Tensor<Index>&);
WENGERT_INSTANTIATE(float)
WENGERT_INSTANTIATE(double)
#undef WENGERT_INSTANTIATE

}  // namespace v1
}  // namespace autodiff

// SPDX-License-Identifier: MIT
// Losses of two tensors of one shape. Those of labels are in cross_entropy.cpp.
#include "nn/losses.hpp"

#include "autodiff/elementwise.hpp"
#include "autodiff/ops/reduce.hpp"

#include <cmath>
#include <fmt/format.h>

namespace nn {
inline namespace v1 {

namespace {

template <class T>
void check_shapes(std::string_view loss, const Tensor<T>& a, const Tensor<T>& t, std::string_view what = "target") {
    if (a.shape() != t.shape())
        throw autodiff::ShapeError(loss, fmt::format("a {} of the prediction's shape {}", what, to_string(a.shape())), to_string(t.shape()),
                                   "reshape one of them: losses do not broadcast");
}

template <class T>
Tensor<T> reduce(const Tensor<T>& losses, Reduction reduction) {
    switch (reduction) {
    case Reduction::mean:
        return mean(losses);
    case Reduction::sum:
        return sum(losses);
    case Reduction::none:
        break;
    }
    return losses;
}

}  // namespace

template <class T>
Tensor<T> mse(const Tensor<T>& a, const Tensor<T>& t, Reduction reduction) {
    check_shapes("mse", a, t);
    return reduce(elementwise(
                      "mse", [](auto p, auto q) { return square(p - q); }, a, t),
                  reduction);
}

template <class T>
Tensor<T> l1(const Tensor<T>& a, const Tensor<T>& t, Reduction reduction) {
    check_shapes("l1", a, t);
    return reduce(elementwise(
                      "l1", [](auto p, auto q) { return abs(p - q); }, a, t),
                  reduction);
}

template <class T>
Tensor<T> huber(const Tensor<T>& a, const Tensor<T>& t, double delta, Reduction reduction) {
    check_shapes("huber", a, t);
    if (!(delta > 0)) throw autodiff::ValueError("huber", "a positive delta", fmt::format("{}", delta));
    const auto loss = [](auto p, auto q, auto bound) {
        const auto d = p - q, size = abs(d);
        return where(size <= bound, 0.5 * square(d), bound * (size - bound / 2));
    };
    return reduce(elementwise("huber", loss, a, t, delta), reduction);
}

template <class T>
Tensor<T> hinge(const Tensor<T>& scores, const Tensor<T>& t, Reduction reduction) {
    check_shapes("hinge", scores, t);
    return reduce(elementwise(
                      "hinge", [](auto s, auto label) { return relu(1 - label * s); }, scores, t),
                  reduction);
}

template <class T>
Tensor<T> bce_with_logits(const Tensor<T>& z, const Tensor<T>& t, double pos_weight, Reduction reduction) {
    check_shapes("bce_with_logits", z, t);
    if (!(pos_weight >= 0)) throw autodiff::ValueError("bce_with_logits", "a pos_weight of at least 0", fmt::format("{}", pos_weight));
    const auto loss = [](auto x, auto q, auto weight) { return (1 - q) * x + (1 + (weight - 1) * q) * softplus(-x); };
    return reduce(elementwise("bce_with_logits", loss, z, t, pos_weight), reduction);
}

template <class T>
Tensor<T> kl_div(const Tensor<T>& log_probabilities, const Tensor<T>& t, Reduction reduction) {
    check_shapes("kl_div", log_probabilities, t);
    const auto term = [](auto a, auto q) { return where(q > 0, q * (log(where(q > 0, q, 1)) - a), 0); };
    const Tensor<T> terms = elementwise("kl_div", term, log_probabilities, t);
    if (reduction != Reduction::mean) return reduce(terms, reduction);
    if (t.rank() == 0) return terms;
    return sum(terms) / t.shape()[0];
}

template <class T>
Tensor<T> gaussian_nll(const Tensor<T>& m, const Tensor<T>& t, const Tensor<T>& log_variance, Reduction reduction) {
    check_shapes("gaussian_nll", m, t);
    check_shapes("gaussian_nll", m, log_variance, "log_variance");
    const auto loss = [](auto a, auto x, auto log_v) { return 0.5 * (log_v + square(x - a) * exp(-log_v)); };
    return reduce(elementwise("gaussian_nll", loss, m, t, log_variance), reduction);
}

#define WENGERT_INSTANTIATE(T)                                                                                                             \
    template Tensor<T> mse(const Tensor<T>&, const Tensor<T>&, Reduction);                                                                 \
    template Tensor<T> l1(const Tensor<T>&, const Tensor<T>&, Reduction);                                                                  \
    template Tensor<T> huber(const Tensor<T>&, const Tensor<T>&, double, Reduction);                                                       \
    template Tensor<T> hinge(const Tensor<T>&, const Tensor<T>&, Reduction);                                                               \
    template Tensor<T> bce_with_logits(const Tensor<T>&, const Tensor<T>&, double, Reduction);                                             \
    template Tensor<T> kl_div(const Tensor<T>&, const Tensor<T>&, Reduction);                                                              \
    template Tensor<T> gaussian_nll(const Tensor<T>&, const Tensor<T>&, const Tensor<T>&, Reduction);
WENGERT_INSTANTIATE(float)
WENGERT_INSTANTIATE(double)
#undef WENGERT_INSTANTIATE

}  // namespace v1
}  // namespace nn

// SPDX-License-Identifier: MIT
/// The functions between layers, and each of them as a layer for Sequential.
///
/// Those with a rule of their own (relu, sigmoid, tanh, softplus) come from the table of derivatives; the others are written here as their
/// formulas, each computed in one pass, and nobody wrote down their derivatives. All work on tensors and on Scalars.
#pragma once

#include "autodiff/elementwise.hpp"
#include "autodiff/ops/layout.hpp"
#include "autodiff/ops/reduce.hpp"
#include "autodiff/scalar.hpp"

#include <numbers>

namespace nn {
inline namespace v1 {

using autodiff::Index;
using autodiff::relu;
using autodiff::sigmoid;
using autodiff::softmax;
using autodiff::softplus;
using autodiff::tanh;
using autodiff::Tensor;

/// x where x > 0, else slope x
template <autodiff::Lifted X>
auto leaky_relu(const X& x, double slope = 0.01) {
    return elementwise(
        "leaky_relu", [](auto z, auto s) { return where(z > 0, z, s * z); }, x, slope);
}
/// x where x > 0, else alpha (e^x - 1)
/// source   Clevert, Unterthiner, Hochreiter (2016), "Fast and accurate deep network learning by exponential linear units"
template <autodiff::Lifted X>
auto elu(const X& x, double alpha = 1) {
    // The inner choice keeps e^x from overflowing where it is not wanted.
    return elementwise(
        "elu", [](auto z, auto a) { return where(z > 0, z, a * expm1(where(z > 0, 0, z))); }, x, alpha);
}
/// scale elu(x, alpha) with the two numbers for which mean 0 and variance 1 are a fixed point
/// source   Klambauer, Unterthiner, Mayr, Hochreiter (2017), "Self-normalizing neural networks"
template <autodiff::Lifted X>
auto selu(const X& x) {
    return elementwise(
        "selu",
        [](auto z) {
            const double scale = 1.0507009873554804934193349852946, alpha = 1.6732632423543772848170429916717;
            return scale * where(z > 0, z, alpha * expm1(where(z > 0, 0, z)));
        },
        x);
}
/// x where x > 0, else alpha (e^(x/alpha) - 1): continuously differentiable for every alpha
/// source   Barron (2017), "Continuously differentiable exponential linear units"
template <autodiff::Lifted X>
auto celu(const X& x, double alpha = 1) {
    return elementwise(
        "celu", [](auto z, auto a) { return where(z > 0, z, a * expm1(where(z > 0, 0, z) / a)); }, x, alpha);
}
/// x sigmoid(x)        source: Ramachandran, Zoph, Le (2017), "Searching for activation functions"
template <autodiff::Lifted X>
auto silu(const X& x) {
    return elementwise(
        "silu", [](auto z) { return z * sigmoid(z); }, x);
}
/// x Phi(x), Phi the distribution function of the standard normal; erfc keeps the left tail exact
/// source   Hendrycks and Gimpel (2016), "Gaussian error linear units"
template <autodiff::Lifted X>
auto gelu(const X& x) {
    return elementwise(
        "gelu", [](auto z) { return 0.5 * z * erfc(-std::numbers::sqrt2 / 2 * z); }, x);
}
/// x/2 (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3)))        source: Hendrycks and Gimpel (2016), section 2
template <autodiff::Lifted X>
auto gelu_tanh(const X& x) {
    return elementwise(
        "gelu_tanh",
        [](auto z) {
            const double c = std::numbers::sqrt2 * std::numbers::inv_sqrtpi;
            return 0.5 * z * (1 + tanh(c * (z + 0.044715 * (z * z * z))));
        },
        x);
}
/// x tanh(softplus(x))        source: Misra (2019), "Mish: a self regularized non-monotonic activation function"
template <autodiff::Lifted X>
auto mish(const X& x) {
    return elementwise(
        "mish", [](auto z) { return z * tanh(softplus(z)); }, x);
}
/// x / (1 + |x|)
template <autodiff::Lifted X>
auto softsign(const X& x) {
    return elementwise(
        "softsign", [](auto z) { return z / (1 + abs(z)); }, x);
}
/// ln sigmoid(x)
template <autodiff::Lifted X>
auto log_sigmoid(const X& x) {
    return elementwise(
        "log_sigmoid", [](auto z) { return -softplus(-z); }, x);
}
/// x kept between two bounds; at a bound the derivative is 0
template <autodiff::Lifted X>
auto hardtanh(const X& x, double low = -1, double high = 1) {
    return elementwise(
        "hardtanh", [](auto z, auto a, auto b) { return where(z <= a, a, where(z >= b, b, z)); }, x, low, high);
}
/// x kept between 0 and 6
template <autodiff::Lifted X>
auto relu6(const X& x) {
    return hardtanh(x, 0, 6);
}
/// x/6 + 1/2 kept between 0 and 1
template <autodiff::Lifted X>
auto hardsigmoid(const X& x) {
    return elementwise(
        "hardsigmoid",
        [](auto z) {
            const auto line = z / 6 + 0.5;
            return where(line <= 0, 0, where(line >= 1, 1, line));
        },
        x);
}
/// x hardsigmoid(x)
template <autodiff::Lifted X>
auto hardswish(const X& x) {
    return elementwise(
        "hardswish",
        [](auto z) {
            const auto line = z / 6 + 0.5;
            return z * where(line <= 0, 0, where(line >= 1, 1, line));
        },
        x);
}

// As layers ---------------------------------------------------------------------------------------------------------------------------

struct Relu {
    auto operator()(const auto& x) const { return relu(x); }
};
struct Sigmoid {
    auto operator()(const auto& x) const { return sigmoid(x); }
};
struct Tanh {
    auto operator()(const auto& x) const { return tanh(x); }
};
struct Softplus {
    auto operator()(const auto& x) const { return softplus(x); }
};
struct LeakyRelu {
    double slope = 0.01;
    auto operator()(const auto& x) const { return leaky_relu(x, slope); }
};
struct Elu {
    double alpha = 1;
    auto operator()(const auto& x) const { return elu(x, alpha); }
};
struct Selu {
    auto operator()(const auto& x) const { return selu(x); }
};
struct Silu {
    auto operator()(const auto& x) const { return silu(x); }
};
struct Gelu {
    auto operator()(const auto& x) const { return gelu(x); }
};
struct GeluTanh {
    auto operator()(const auto& x) const { return gelu_tanh(x); }
};
struct Mish {
    auto operator()(const auto& x) const { return mish(x); }
};
struct Hardtanh {
    double low = -1, high = 1;
    auto operator()(const auto& x) const { return hardtanh(x, low, high); }
};
struct Softmax {
    Index axis = -1;
    auto operator()(const auto& x) const { return softmax(x, axis); }
};
/// All axes from `first` on as one: [n, c, h, w] becomes [n, c h w].
struct Flatten {
    Index first = 1;
    auto operator()(const auto& x) const { return autodiff::flatten(x, first); }
};

}  // namespace v1
}  // namespace nn

// SPDX-License-Identifier: MIT
/// The second order of a function of tensors, or of a whole layer: Hessian times a direction by sweeping the recorded gradient, against
/// differences of first gradients, to 1e-6.
#pragma once

#include "autodiff/autodiff.hpp"
#include "nn/random.hpp"

#include <boost/test/unit_test.hpp>
#include <functional>

namespace test {

using Inputs = std::vector<autodiff::Tensor<double>>;
using Loss = std::function<autodiff::Tensor<double>(const Inputs&)>;

/// <dL/dx, v> as a function of x has the gradient H v. A direction that is random in every element, so that no symmetry hides a mistake.
inline void check_hessian_at(const Inputs& x, const Loss& loss, std::uint64_t seed) {
    using namespace autodiff;
    nn::Random rng{seed};
    Inputs v;
    for (const auto& xi : x) v.push_back(rng.normal_tensor<double>(xi.shape(), 0, 1));
    Tape tape;
    Inputs variables;
    for (const auto& xi : x) variables.push_back(tape.variable(xi));
    const RecordedGradient g = recorded_gradient(loss(variables));
    Tensor<double> directional(0.0);
    for (std::size_t k = 0; k < x.size(); ++k) directional = directional + sum(g[variables[k]] * v[k]);
    const Gradient hv = gradient(directional);

    const auto first_gradients = [&](double h) {
        Tape fresh(Detail::derivatives);
        Inputs moved, result;
        for (std::size_t k = 0; k < x.size(); ++k) moved.push_back(fresh.variable(x[k] + h * v[k]));
        const Gradient first = gradient(loss(moved));
        for (const auto& m : moved) result.push_back(first[m]);
        return result;
    };
    const double h = 1e-5;
    const auto up = first_gradients(h), down = first_gradients(-h);
    for (std::size_t k = 0; k < x.size(); ++k) {
        const Tensor<double> exact = hv[variables[k]], difference = (up[k] - down[k]) / (2 * h);
        const double scale = 1 + amax(abs(exact)).item();
        BOOST_TEST_CONTEXT("operand " << k) { BOOST_TEST(amax(abs(exact - difference)).item() / scale < 1e-6); }
    }
}
/// The same at normal random operands of these shapes.
inline void check_hessian(const Loss& loss, const std::vector<autodiff::Shape>& shapes, std::uint64_t seed) {
    nn::Random rng{seed};
    Inputs x;
    for (const autodiff::Shape& shape : shapes) x.push_back(rng.normal_tensor<double>(shape, 0, 1));
    check_hessian_at(x, loss, seed + 1000);
}

/// sum of C * y for a random cotangent C, squared so that the Hessian is not that of a linear map alone
inline autodiff::Tensor<double> weighed(const autodiff::Tensor<double>& y, std::uint64_t seed = 99) {
    nn::Random rng{seed};
    return sum(square(y) * rng.normal_tensor<double>(y.shape(), 0, 1));
}

/// The Hessian of weighed(f(layer, inputs)) in the inputs and all parameters of the layer.
template <class Layer, class F>
void check_hessian_of(const Layer& layer, const Inputs& inputs, std::uint64_t seed, const F& f) {
    Inputs x = inputs;
    autodiff::for_each_parameter(layer, [&x](std::string_view, const auto& p) {
        if (p.size() != 0) x.push_back(p);
    });
    const auto loss = [&](const Inputs& all) {
        Layer with = layer;
        auto next = all.begin() + static_cast<std::ptrdiff_t>(inputs.size());
        autodiff::for_each_parameter(with, [&next](std::string_view, auto& p) {
            if (p.size() != 0) p = *next++;
        });
        return weighed(f(with, all));
    };
    check_hessian_at(x, loss, seed);
}

}  // namespace test

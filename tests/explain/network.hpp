// SPDX-License-Identifier: MIT
/// A dense 2-3-2 network with sigmoids and L = 1/2 sum (a2 - t)^2, whose every number was computed independently with 50 digits;
/// written with tensors and neuron by neuron.
#pragma once

#include "autodiff/ops/element.hpp"
#include "autodiff/ops/matmul.hpp"
#include "autodiff/ops/reduce.hpp"
#include "autodiff/scalar.hpp"

#include <array>
#include <string>
#include <vector>

namespace network {

using namespace autodiff;

inline const std::vector<std::vector<double>> w1{{0.1, -0.2, 0.3}, {0.4, 0.5, -0.6}}, w2{{0.7, -0.8}, {0.9, 0.15}, {-0.25, 0.35}};
inline const std::vector<double> b1{0.01, 0.02, 0.03}, b2{0.04, -0.05}, x{0.5, -1}, t{1, 0};

// What the derivatives are.
inline constexpr double loss = 0.18696722154794609;
inline constexpr std::array<double, 2> dz2{-0.090056417949861411, 0.11921713971365849}, da2{-0.38161808057576577, 0.47780967306403554};
inline constexpr std::array<double, 3> da1{-0.15841320433582978, -0.063168205197826497, 0.064240103387245824},
    dz1{-0.038480461297343527, -0.014535003186619297, 0.013845213075611779},
    a1{0.41580947706459265, 0.35893259366518294, 0.68568011393825384};
inline constexpr double dw1[2][3]{{-0.019240230648671763, -0.0072675015933096485, 0.0069226065378058894},
                                  {0.038480461297343527, 0.014535003186619297, -0.013845213075611779}};
inline constexpr double dw2[3][2]{{-0.037446312054042268, 0.049571616521472816},
                                  {-0.032324183670939493, 0.042790917166767926},
                                  {-0.061749894920731981, 0.081744821942254079}};

template <class T>
Tensor<T> matrix(const std::vector<std::vector<double>>& rows) {
    std::vector<T> values;
    for (const auto& row : rows)
        for (const double v : row) values.push_back(static_cast<T>(v));
    return Tensor<T>({static_cast<Index>(rows.size()), static_cast<Index>(rows[0].size())}, values);
}

template <class T = double>
struct Tensors {
    Tape tape;
    Tensor<T> W1 = tape.variable(matrix<T>(w1), "W1"), B1 = tape.variable(matrix<T>({b1}), "b1"), W2 = tape.variable(matrix<T>(w2), "W2"),
              B2 = tape.variable(matrix<T>({b2}), "b2");
    Tensor<T> Z1 = named(matmul(matrix<T>({x}), W1) + B1, "z1"), A1 = named(sigmoid(Z1), "a1");
    Tensor<T> Z2 = named(matmul(A1, W2) + B2, "z2"), A2 = named(sigmoid(Z2), "a2");
    Tensor<T> L = sum(square(A2 - matrix<T>({t}))) * 0.5;

    Tensor<T> named(const Tensor<T>& y, const char* name) {
        tape.name(y, name);
        return y;
    }
};

/// One layer, product by product; the inputs may be numbers or Scalars.
template <class Input>
std::vector<Scalar> layer(Tape& tape, const std::string& number, const std::vector<std::vector<Scalar>>& w, const std::vector<double>& b,
                          const Input& input) {
    std::vector<Scalar> out;
    for (std::size_t j = 0; j < b.size(); ++j) {
        Scalar z = tape.variable(b[j], "b" + number + "[" + std::to_string(j) + "]");
        for (std::size_t i = 0; i < input.size(); ++i) z = z + w[i][j] * input[i];
        tape.name(z, "z" + number + "[" + std::to_string(j) + "]");
        out.push_back(sigmoid(z));
        tape.name(out.back(), "a" + number + "[" + std::to_string(j) + "]");
    }
    return out;
}

inline std::vector<std::vector<Scalar>> weights(Tape& tape, const std::string& name, const std::vector<std::vector<double>>& values) {
    std::vector<std::vector<Scalar>> w;
    for (std::size_t i = 0; i < values.size(); ++i) {
        w.emplace_back();
        for (std::size_t j = 0; j < values[i].size(); ++j)
            w[i].push_back(tape.variable(values[i][j], name + "[" + std::to_string(i) + ", " + std::to_string(j) + "]"));
    }
    return w;
}

struct Neurons {
    Tape tape;
    std::vector<std::vector<Scalar>> W1 = weights(tape, "W1", w1), W2 = weights(tape, "W2", w2);
    std::vector<Scalar> A1 = layer(tape, "1", W1, b1, x), A2 = layer(tape, "2", W2, b2, A1);
    Scalar L = 0.5 * (square(A2[0] - t[0]) + square(A2[1] - t[1]));
};

}  // namespace network

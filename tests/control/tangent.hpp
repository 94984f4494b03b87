// SPDX-License-Identifier: MIT
/// A tangent sweep over a tape, for the tests of this room: dy along given directions of the variables.
#pragma once

#include "autodiff/sweep.hpp"

#include <utility>
#include <vector>

namespace test {

struct Tangents {
    std::vector<double> scalar;
    std::vector<autodiff::AnyTensor> block;
};

inline Tangents tangents(const autodiff::Tape& tape, const std::vector<std::pair<autodiff::Scalar, double>>& scalars,
                         const std::vector<std::pair<autodiff::Tensor<double>, autodiff::Tensor<double>>>& tensors = {}) {
    const std::uint32_t last = tape.list().rows - 1;
    Tangents result{std::vector<double>(last + 1, 0.0), std::vector<autodiff::AnyTensor>(tape.nodes().size())};
    for (const auto& seed : scalars) result.scalar[seed.first.row()] = seed.second;
    autodiff::Adjoints<double> flowing{result.scalar.data(), std::move(result.block)};
    for (const auto& seed : tensors) flowing.block[seed.first.place().node] = seed.second;
    autodiff::tangent_sweep(tape.list(), tape.nodes(), flowing, last);
    result.block = std::move(flowing.block);
    return result;
}

inline double tangent(const autodiff::Tape& tape, const std::vector<std::pair<autodiff::Scalar, double>>& seeds,
                      const autodiff::Scalar& y) {
    return tangents(tape, seeds).scalar[y.row()];
}

inline autodiff::Tensor<double> tangent(const autodiff::Tape& tape,
                                        const std::vector<std::pair<autodiff::Tensor<double>, autodiff::Tensor<double>>>& seeds,
                                        const autodiff::Tensor<double>& y) {
    return std::get<autodiff::Tensor<double>>(tangents(tape, {}, seeds).block[y.place().node]);
}

}  // namespace test

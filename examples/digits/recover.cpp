// SPDX-License-Identifier: MIT
// The formulas, layer by layer, from the loss down. delta is dL/dz, abar is dL/da, both [n, units] or [n, channels, rows, columns].
#include "examples/digits/recover.hpp"

#include "examples/digits/sums.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace digits {

namespace {

using autodiff::Gradient;
using autodiff::Tape;

/// BP1 for softmax and cross-entropy: dL/dz_nj = (p_nj - y_nj) / N, p = softmax(z), y_nj = 1 for the label's class.
Sums loss_delta(const Numbers& logits, const Tensor<Index>& labels) {
    const Index images = logits.extent(0), outputs = logits.extent(1);
    Sums delta;
    for (Index n = 0; n < images; ++n) {
        double largest = logits(n, 0), total = 0;
        for (Index j = 1; j < outputs; ++j) largest = std::max(largest, logits(n, j));
        for (Index j = 0; j < outputs; ++j) total += std::exp(logits(n, j) - largest);
        for (Index j = 0; j < outputs; ++j) {
            const double p = std::exp(logits(n, j) - largest) / total, y = labels.at(n) == j ? 1 : 0;
            delta.push_back({(p - y) / static_cast<double>(images), (p + y) / static_cast<double>(images)});
        }
    }
    return delta;
}

/// BP4: dL/dW_ij = sum_n a_ni delta_nj
Sums dense_weight(const Numbers& a, const Sums& delta) {
    const Index images = a.extent(0), in = a.extent(1), out = static_cast<Index>(delta.size()) / images;
    Sums w(static_cast<std::size_t>(in * out));
    for (Index i = 0; i < in; ++i)
        for (Index j = 0; j < out; ++j)
            for (Index n = 0; n < images; ++n)
                w[static_cast<std::size_t>(i * out + j)].add(delta[static_cast<std::size_t>(n * out + j)], a(n, i));
    return w;
}

/// BP3: dL/db_j = sum_n delta_nj
Sums dense_bias(const Sums& delta, Index out) {
    Sums b(static_cast<std::size_t>(out));
    for (std::size_t k = 0; k < delta.size(); ++k) b[k % b.size()].add(delta[k], 1);
    return b;
}

/// The first half of BP2: dL/da_ni = sum_j delta_nj W_ij
Sums dense_input(const Sums& delta, const Numbers& w) {
    const Index in = w.extent(0), out = w.extent(1), images = static_cast<Index>(delta.size()) / out;
    Sums abar(static_cast<std::size_t>(images * in));
    for (Index n = 0; n < images; ++n)
        for (Index i = 0; i < in; ++i)
            for (Index j = 0; j < out; ++j)
                abar[static_cast<std::size_t>(n * in + i)].add(delta[static_cast<std::size_t>(n * out + j)], w(i, j));
    return abar;
}

/// The second half of BP2: delta = abar * activation'(z), element by element.
template <class Slope>
Sums through(const Sums& abar, Slope&& slope) {
    Sums delta(abar.size());
    for (std::size_t k = 0; k < abar.size(); ++k) delta[k].add(abar[k], slope(k));
    return delta;
}

/// f(o, c, u, v, flat position in z, n, i, j) for every product in z_noij = sum_cuv x_nc(i+u-1)(j+v-1) K_ocuv; zeros around x left out.
template <class F>
void for_each_product(const Numbers& x, const Numbers& kernel, F&& f) {
    const Index rows = x.extent(2), columns = x.extent(3);
    std::size_t z = 0;
    for (Index n = 0; n < x.extent(0); ++n)
        for (Index o = 0; o < kernel.extent(0); ++o)
            for (Index i = 0; i < rows; ++i)
                for (Index j = 0; j < columns; ++j, ++z)
                    for (Index c = 0; c < kernel.extent(1); ++c)
                        for (Index u = 0; u < 3; ++u)
                            for (Index v = 0; v < 3; ++v) {
                                const Index from_i = i + u - 1, from_j = j + v - 1;
                                if (from_i < 0 || from_j < 0 || from_i >= rows || from_j >= columns) continue;
                                const auto k = static_cast<std::size_t>(((o * kernel.extent(1) + c) * 3 + u) * 3 + v);
                                const auto p = static_cast<std::size_t>(((n * x.extent(1) + c) * rows + from_i) * columns + from_j);
                                f(z, k, p);
                            }
}

/// dL/dK_ocuv = sum_nij delta_noij x_nc(i+u-1)(j+v-1)
Sums conv_weight(const Numbers& x, const Numbers& kernel, const Sums& delta) {
    Sums k_sum(kernel.size());
    for_each_product(x, kernel, [&](std::size_t z, std::size_t k, std::size_t p) { k_sum[k].add(delta[z], x[p]); });
    return k_sum;
}

/// dL/dx: every product passes delta_noij K_ocuv back to the pixel that it read
Sums conv_input(const Numbers& x, const Numbers& kernel, const Sums& delta) {
    Sums xbar(x.size());
    for_each_product(x, kernel, [&](std::size_t z, std::size_t k, std::size_t p) { xbar[p].add(delta[z], kernel[k]); });
    return xbar;
}

/// dL/db_o = sum_nij delta_noij
Sums conv_bias(const Sums& delta, Index channels, Index pixels) {
    Sums b(static_cast<std::size_t>(channels));
    for (std::size_t k = 0; k < delta.size(); ++k) b[k / static_cast<std::size_t>(pixels) % b.size()].add(delta[k], 1);
    return b;
}

/// What arrives at a maximum goes to the first pixel of the 2x2 window that has it.
Sums max_pool_input(const Numbers& x, const Sums& ybar) {
    Sums xbar(x.size());
    std::size_t y = 0;
    for (Index n = 0; n < x.extent(0); ++n)
        for (Index c = 0; c < x.extent(1); ++c)
            for (Index i = 0; i + 1 < x.extent(2); i += 2)
                for (Index j = 0; j + 1 < x.extent(3); j += 2, ++y) {
                    Index winner_i = i, winner_j = j;
                    for (Index u = 0; u < 2; ++u)
                        for (Index v = 0; v < 2; ++v)
                            if (x(n, c, i + u, j + v) > x(n, c, winner_i, winner_j)) winner_i = i + u, winner_j = j + v;
                    xbar[static_cast<std::size_t>(((n * x.extent(1) + c) * x.extent(2) + winner_i) * x.extent(3) + winner_j)].add(ybar[y],
                                                                                                                                  1);
                }
    return xbar;
}

template <class Model>
Model recorded_on(Tape& tape, Model model) {
    autodiff::for_each_parameter(
        model, [&tape](std::string_view name, auto& parameter) { parameter = tape.variable(parameter.constant(), name); });
    return model;
}

Recovered compared(std::string layer, std::string parameter, std::string formula, const Tensor<double>& tape, const Sums& sums) {
    return {std::move(layer), std::move(parameter), tape.shape(), std::move(formula), max_relative_difference(Numbers(tape), sums)};
}

}  // namespace

std::vector<Recovered> recover(const Mlp<double>& model, const Batch& batch) {
    Tape tape;
    const Mlp<double> recorded = recorded_on(tape, model);
    const auto forward = recorded.forward(batch.features);
    const Gradient tape_says = gradient(nn::cross_entropy(forward.z.back(), batch.labels));

    std::vector<Recovered> found;
    Sums delta = loss_delta(Numbers(forward.z.back()), batch.labels);
    std::string delta_text = "(p_nj - y_nj) / N";
    for (std::size_t l = recorded.hidden.size() + 1; l-- > 0;) {
        const bool last = l == recorded.hidden.size();
        const auto& layer = last ? recorded.output : recorded.hidden[l];
        const std::string name = last ? "output" : recorded.hidden.size() == 1 ? "hidden" : fmt::format("hidden.{}", l);
        const Numbers a(forward.a[l]), w(layer.weight);
        found.push_back(compared(name, "bias", "dL/db_j = sum_n " + delta_text, tape_says[layer.bias], dense_bias(delta, w.extent(1))));
        found.push_back(
            compared(name, "weight", "dL/dW_ij = sum_n " + delta_text + " * a_ni", tape_says[layer.weight], dense_weight(a, delta)));
        if (l == 0) break;
        delta = through(dense_input(delta, w), [&a](std::size_t k) { return a[k] * (1 - a[k]); });
        delta_text = "dL/da_nj * sigma'(z_nj)";
    }
    std::reverse(found.begin(), found.end());
    return found;
}

std::vector<Recovered> recover(const Cnn<double>& model, const Batch& batch) {
    Tape tape;
    const Cnn<double> recorded = recorded_on(tape, model);
    const auto forward = recorded.forward(batch.features);
    const Gradient tape_says = gradient(nn::cross_entropy(forward.logits, batch.labels));
    const std::string kernel_formula = "dL/dW_ocuv = sum_nij dL/da_noij * relu'(z_noij) * a_nc(i+u-1)(j+v-1)";
    const std::string bias_formula = "dL/db_o = sum_nij dL/da_noij * relu'(z_noij)";

    const Numbers z1(forward.z1), z2(forward.z2), image(forward.image), pooled(forward.pooled), flat(forward.flat);
    const Numbers k1(recorded.first.weight), k2(recorded.second.weight), w(recorded.output.weight);
    const Sums delta = loss_delta(Numbers(forward.logits), batch.labels);
    const Sums delta2 = through(dense_input(delta, w), [&z2](std::size_t k) { return z2[k] > 0 ? 1.0 : 0.0; });
    const Sums delta1 = through(max_pool_input(Numbers(forward.a1), conv_input(pooled, k2, delta2)),
                                [&z1](std::size_t k) { return z1[k] > 0 ? 1.0 : 0.0; });
    return {
        compared("first", "weight", kernel_formula, tape_says[recorded.first.weight], conv_weight(image, k1, delta1)),
        compared("first", "bias", bias_formula, tape_says[recorded.first.bias],
                 conv_bias(delta1, z1.extent(1), z1.extent(2) * z1.extent(3))),
        compared("second", "weight", kernel_formula, tape_says[recorded.second.weight], conv_weight(pooled, k2, delta2)),
        compared("second", "bias", bias_formula, tape_says[recorded.second.bias],
                 conv_bias(delta2, z2.extent(1), z2.extent(2) * z2.extent(3))),
        compared("output", "weight", "dL/dW_ij = sum_n (p_nj - y_nj) / N * a_ni", tape_says[recorded.output.weight],
                 dense_weight(flat, delta)),
        compared("output", "bias", "dL/db_j = sum_n (p_nj - y_nj) / N", tape_says[recorded.output.bias], dense_bias(delta, w.extent(1))),
    };
}

}  // namespace digits

// SPDX-License-Identifier: MIT
/// Losses: what a prediction is worth, as one number. All are formulas over tensor operations; their gradients come out of the sweep.
///
/// Prediction first, truth second. Both have the same shape: a target [n] against a prediction [n, 1] is an error here, where broadcasting
/// would train a wrong model in silence. Options come last, by name: `cross_entropy(z, labels, {.label_smoothing = 0.1})`.
#pragma once

#include "autodiff/ops/compare.hpp"
#include "autodiff/tensor.hpp"

#include <optional>

namespace nn {
inline namespace v1 {

using autodiff::Index;
using autodiff::Tensor;

enum class Reduction : std::uint8_t {
    mean,  ///< over all elements, if a loss says nothing else
    sum,
    none,  ///< one loss per element or sample
};

/// (a - t)^2        throws: ShapeError unless the shapes are equal, for this and all losses of two tensors
template <class T>
[[nodiscard]] Tensor<T> mse(const Tensor<T>& a, const Tensor<T>& t, Reduction reduction = Reduction::mean);
/// |a - t|
template <class T>
[[nodiscard]] Tensor<T> l1(const Tensor<T>& a, const Tensor<T>& t, Reduction reduction = Reduction::mean);
/// d^2 / 2 where |d| <= delta, else delta (|d| - delta / 2), d = a - t        throws: ValueError unless delta > 0
/// source   Huber (1964), "Robust estimation of a location parameter"
template <class T>
[[nodiscard]] Tensor<T> huber(const Tensor<T>& a, const Tensor<T>& t, double delta = 1, Reduction reduction = Reduction::mean);
/// max(0, 1 - t s) for labels t of -1 and 1
template <class T>
[[nodiscard]] Tensor<T> hinge(const Tensor<T>& scores, const Tensor<T>& t, Reduction reduction = Reduction::mean);

/// For logits z, with q the true probabilities: sum_c -w_c q_c ln softmax(z)_c.
template <class T>
struct CrossEntropyOptions {
    std::optional<Tensor<T>> class_weights{};  ///< w: [classes]; without them 1
    double label_smoothing = 0;                ///< s: q is 1 - s + s/classes at the label and s/classes elsewhere
    std::optional<Index> ignore_index{};       ///< samples with this label count for nothing
    Reduction reduction = Reduction::mean;     ///< mean: divided by the sum of w[label] over the samples that count
};

/// The loss of a classifier: -ln of the probability that softmax(z) gives to the label.
/// logits: [.., classes]   labels: [..] integers
/// throws   ShapeError; IndexError naming position and value of a label outside [0, classes); ValueError for smoothing outside [0, 1],
///          and in a mean to which no sample counts
template <class T>
[[nodiscard]] Tensor<T> cross_entropy(const Tensor<T>& logits, const Tensor<Index>& labels,
                                      const CrossEntropyOptions<std::type_identity_t<T>>& options = {});
/// Labels of 32 bits.
template <class T>
[[nodiscard]] Tensor<T> cross_entropy(const Tensor<T>& logits, const Tensor<std::int32_t>& labels,
                                      const CrossEntropyOptions<std::type_identity_t<T>>& options = {}) {
    return cross_entropy(logits, autodiff::cast<Index>(labels), options);
}
/// The same from log-probabilities, as log_softmax gives them.
template <class T>
[[nodiscard]] Tensor<T> nll(const Tensor<T>& log_probabilities, const Tensor<Index>& labels,
                            const CrossEntropyOptions<std::type_identity_t<T>>& options = {});

/// -(w t ln sigmoid(z) + (1 - t) ln(1 - sigmoid(z))) = (1 - t) z + (1 + (w - 1) t) softplus(-z), which does not overflow
/// t: probabilities, same shape as z   w: `pos_weight`, how much more a positive counts
template <class T>
[[nodiscard]] Tensor<T> bce_with_logits(const Tensor<T>& z, const Tensor<T>& t, double pos_weight = 1,
                                        Reduction reduction = Reduction::mean);

/// KL(t || a) = sum_c t_c (ln t_c - a_c), for log-probabilities a and probabilities t: [n, .., classes]; where t is 0, so is its term.
/// mean     divided by n, the extent of axis 0: a divergence per sample, where a mean over classes would depend on their number
/// source   Kullback and Leibler (1951), "On information and sufficiency"
template <class T>
[[nodiscard]] Tensor<T> kl_div(const Tensor<T>& log_probabilities, const Tensor<T>& t, Reduction reduction = Reduction::mean);
/// (ln v + (t - m)^2 / v) / 2, v the variance, given as its logarithm; the constant ln(2 pi) / 2 is left out
template <class T>
[[nodiscard]] Tensor<T> gaussian_nll(const Tensor<T>& m, const Tensor<T>& t, const Tensor<T>& log_variance,
                                     Reduction reduction = Reduction::mean);

}  // namespace v1
}  // namespace nn

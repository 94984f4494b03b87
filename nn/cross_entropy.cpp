// SPDX-License-Identifier: MIT
// Losses of integer labels: which labels are right, what weight each sample has, and the formula.
#include "nn/losses.hpp"

#include "autodiff/ops/arithmetic.hpp"
#include "autodiff/ops/compare.hpp"
#include "autodiff/ops/index.hpp"
#include "autodiff/ops/layout.hpp"
#include "autodiff/ops/reduce.hpp"
#include "autodiff/ops/softmax.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace nn {
inline namespace v1 {

namespace {

/// Labels with 0 in place of the ignored ones; where they do not all count alike, the weight of every sample, 0 for the ignored ones.
template <class T>
struct Samples {
    Tensor<Index> labels;
    std::optional<Tensor<T>> weights;
    Tensor<bool> counted;
    double total = 0;
};

template <class T>
void check(std::string_view loss, const Tensor<T>& scores, const Tensor<Index>& labels, const CrossEntropyOptions<T>& options) {
    const auto extents = scores.shape().extents();
    if (extents.empty() || extents.back() < 1 || !std::ranges::equal(extents.first(extents.size() - 1), labels.shape().extents()))
        throw autodiff::ShapeError(loss, "scores [.., classes] and labels [..]",
                                   fmt::format("{} and {}", to_string(scores.shape()), to_string(labels.shape())));
    if (options.class_weights && options.class_weights->shape() != autodiff::Shape{extents.back()})
        throw autodiff::ShapeError(loss, fmt::format("class weights [{}]", extents.back()), to_string(options.class_weights->shape()));
    if (!(options.label_smoothing >= 0 && options.label_smoothing <= 1))
        throw autodiff::ValueError(loss, "a label smoothing between 0 and 1", fmt::format("{}", options.label_smoothing));
}

template <class T>
Samples<T> read(std::string_view loss, const Tensor<Index>& labels, Index classes, const CrossEntropyOptions<T>& options) {
    Samples<T> samples;
    samples.labels = labels.contiguous();
    const auto check_label = [&](Index label, std::size_t i) {
        if (label < 0 || label >= classes)
            throw autodiff::IndexError(loss, fmt::format("labels from 0 to {}", classes - 1), fmt::format("{} at position {}", label, i));
    };
    if (!options.class_weights && !options.ignore_index) {
        for (std::size_t i = 0; const Index label : samples.labels.data()) check_label(label, i++);
        samples.total = static_cast<double>(labels.size());
    } else {
        samples.weights = Tensor<T>::ones(labels.shape());
        samples.counted = Tensor<bool>::full(labels.shape(), true);
        std::vector<T> class_weights(static_cast<std::size_t>(classes), T{1});
        if (options.class_weights) std::ranges::copy(options.class_weights->contiguous().data(), class_weights.begin());
        const std::span<Index> label = in_place(samples.labels);
        const std::span<T> weight = in_place(*samples.weights);
        const std::span<bool> counted = in_place(samples.counted);
        for (std::size_t i = 0; i < label.size(); ++i) {
            if (label[i] == options.ignore_index) {
                label[i] = 0, weight[i] = 0, counted[i] = false;
                continue;
            }
            check_label(label[i], i);
            weight[i] = class_weights[static_cast<std::size_t>(label[i])];
            samples.total += static_cast<double>(weight[i]);
        }
    }
    if (options.reduction == Reduction::mean && !(samples.total > 0))
        throw autodiff::ValueError(loss, "at least one sample that counts, to take a mean",
                                   fmt::format("{} samples, of total weight {}", labels.size(), samples.total));
    return samples;
}

/// of_label(labels): the loss of each sample's own label;  log_p(): the logarithms of all probabilities, asked for if labels are smoothed
template <class T, class OfLabel, class LogP>
Tensor<T> loss_of_labels(std::string_view loss, const Tensor<T>& scores, const Tensor<Index>& labels, const CrossEntropyOptions<T>& options,
                         const OfLabel& of_label, const LogP& log_p) {
    check(loss, scores, labels, options);
    const Index classes = scores.shape()[-1];
    const Samples<T> samples = read(loss, labels, classes, options);
    const T smoothing = static_cast<T>(options.label_smoothing);
    Tensor<T> losses = of_label(samples.labels);
    if (samples.weights) losses = *samples.weights * losses;
    if (smoothing > 0) {
        const Tensor<T> all_classes = log_p();
        const Tensor<T> weighted = options.class_weights ? all_classes * options.class_weights->constant() : all_classes;
        losses = (1 - smoothing) * losses - smoothing / static_cast<T>(classes) * sum(weighted, -1);
    }
    // Chosen, not multiplied by 0: the score of an ignored sample may be infinite.
    if (options.ignore_index) losses = where(samples.counted, losses, 0);
    switch (options.reduction) {
    case Reduction::mean:
        return sum(losses) / samples.total;
    case Reduction::sum:
        return sum(losses);
    case Reduction::none:
        break;
    }
    return losses;
}

}  // namespace

template <class T>
Tensor<T> cross_entropy(const Tensor<T>& logits, const Tensor<Index>& labels, const CrossEntropyOptions<std::type_identity_t<T>>& options) {
    return loss_of_labels(
        "cross_entropy", logits, labels, options, [&](const Tensor<Index>& at) { return softmax_cross_entropy(logits, at); },
        [&] { return log_softmax(logits, -1); });
}

template <class T>
Tensor<T> nll(const Tensor<T>& log_probabilities, const Tensor<Index>& labels,
              const CrossEntropyOptions<std::type_identity_t<T>>& options) {
    return loss_of_labels(
        "nll", log_probabilities, labels, options,
        [&](const Tensor<Index>& at) { return -squeeze(gather(log_probabilities, unsqueeze(at, -1), -1), -1); },
        [&] { return log_probabilities; });
}

template Tensor<float> cross_entropy(const Tensor<float>&, const Tensor<Index>&, const CrossEntropyOptions<float>&);
template Tensor<double> cross_entropy(const Tensor<double>&, const Tensor<Index>&, const CrossEntropyOptions<double>&);
template Tensor<float> nll(const Tensor<float>&, const Tensor<Index>&, const CrossEntropyOptions<float>&);
template Tensor<double> nll(const Tensor<double>&, const Tensor<Index>&, const CrossEntropyOptions<double>&);

}  // namespace v1
}  // namespace nn

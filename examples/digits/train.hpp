// SPDX-License-Identifier: MIT
/// Training and testing, for any model that turns features into logits. Next: recover.hpp.
#pragma once

#include "autodiff/gradient.hpp"
#include "examples/digits/images.hpp"
#include "examples/digits/options.hpp"
#include "examples/digits/progress.hpp"
#include "nn/nn.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <numbers>
#include <numeric>
#include <vector>

namespace digits {

inline constexpr Index images_at_once = 1000;  ///< when testing, so that memory stays small

/// Confusion: how many images of class i (row) were taken for class j (column).
struct Tested {
    std::vector<Index> confusion = std::vector<Index>(static_cast<std::size_t>(classes * classes));
    Index right = 0, count = 0;
    [[nodiscard]] double accuracy() const { return static_cast<double>(right) / static_cast<double>(count); }
    void add(const Tensor<double>& logits, const Tensor<Index>& labels) {
        const Tensor<Index> guesses = argmax(logits.constant(), 1);
        for (Index n = 0; n < labels.size(); ++n, ++count) {
            const Index label = labels.at(n), guess = guesses.at(n);
            ++confusion[static_cast<std::size_t>(label * classes + guess)];
            right += label == guess;
        }
    }
};

template <class Model>
Tested test(const Model& model, const Images& images) {
    Tested tested;
    std::vector<Index> positions;
    for (Index begin = 0; begin < images.count(); begin += images_at_once) {
        positions.resize(static_cast<std::size_t>(std::min(images_at_once, images.count() - begin)));
        std::iota(positions.begin(), positions.end(), begin);
        const Batch batch = batch_of(images, positions);
        tested.add(model(batch.features), batch.labels);
    }
    return tested;
}

/// Half of the images stay where they are, the others move by one pixel.
inline Shift random_shift(nn::Random& rng) {
    if (rng.bernoulli(0.5)) return {};
    return {rng.below(3) - 1, rng.below(3) - 1};
}

struct Trained {
    std::vector<double> loss;  ///< of each epoch, the mean over its images
    double seconds = 0;
};

/// Adam with a learning rate that falls along a cosine, on images in a new order every epoch, each moved by up to one pixel now and then.
template <class Model>
Trained train(Model& model, const Images& images, const Options& options, nn::Random& rng) {
    const auto start = std::chrono::steady_clock::now();
    const auto n = static_cast<std::size_t>(images.count()), batch_size = static_cast<std::size_t>(options.batch);
    const double steps = static_cast<double>(options.epochs) * std::ceil(static_cast<double>(n) / static_cast<double>(batch_size));
    nn::Adam optimizer{{.lr = options.lr}};
    Progress progress(options.epochs, n);
    Trained trained;
    double step = 0;
    for (int epoch = 0; epoch < options.epochs; ++epoch) {
        const auto order = rng.permutation(images.count());
        double loss_sum = 0;
        Tested tested;
        for (std::size_t begin = 0; begin < n; begin += batch_size, ++step) {
            const auto positions = order.data().subspan(begin, std::min(batch_size, n - begin));
            std::vector<Shift> shifts(positions.size());
            for (Shift& shift : shifts) shift = random_shift(rng);
            const Batch batch = batch_of(images, positions, shifts);
            optimizer.options.lr = options.lr * 0.5 * (1 + std::cos(std::numbers::pi * step / steps));
            const auto [loss, gradients] = autodiff::value_and_gradient(
                [&](const Model& m) {
                    const auto logits = m(batch.features);
                    tested.add(logits, batch.labels);
                    return nn::cross_entropy(logits, batch.labels);
                },
                model);
            optimizer.step(model, gradients);
            loss_sum += loss * static_cast<double>(positions.size());
            progress.update(epoch, begin + positions.size(), loss_sum / static_cast<double>(tested.count), tested.accuracy());
        }
        trained.loss.push_back(loss_sum / static_cast<double>(n));
        progress.finish_epoch();
    }
    trained.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    return trained;
}

}  // namespace digits

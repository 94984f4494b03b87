// SPDX-License-Identifier: MIT
// Counting right answers, and one training from beginning to end.
#include "nn/nn.hpp"

#include "autodiff/gradient.hpp"
#include "tests/nn/says.hpp"

using namespace test;
using autodiff::value_and_gradient;
using nn::Index;
using nn::Tensor;

namespace {

struct Classifier {
    nn::Linear hidden{2, 16};
    nn::BatchNorm norm{16};
    nn::Dropout dropout{0.1};
    nn::Linear output{16, 2};
    auto operator()(const auto& x) const { return output(dropout(relu(norm(hidden(x))))); }
};

/// Points in the plane; those inside a circle are of class 1.
nn::Dataset<float> disc(Index n, std::uint64_t seed) {
    nn::Random random{seed};
    nn::Dataset<float> data{random.uniform_tensor<float>({n, 2}, -1, 1), Tensor<Index>::zeros({n})};
    for (Index i = 0; i < n; ++i) {
        const float x = data.features.at(i, 0), y = data.features.at(i, 1);
        data.labels.fill_data()[i] = x * x + y * y < 0.6f ? 1 : 0;
    }
    return data;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(nn_training)

BOOST_AUTO_TEST_CASE(accuracy_and_confusion_count) {
    const auto scores = Tensor<float>::from_rows({{1, 3, 2}, {5, 0, 0}, {0, 0, 1}, {2, 1, 0}});
    const auto labels = Tensor<Index>::of({1, 0, 1, 2});
    BOOST_TEST(nn::accuracy(scores, labels) == 0.5);
    const auto table = nn::confusion(scores, labels);
    const std::vector<Index> expected{1, 0, 0, 0, 1, 1, 1, 0, 0};
    BOOST_TEST(table.data() == expected, boost::test_tools::per_element());
    BOOST_CHECK_EXCEPTION(static_cast<void>(nn::accuracy(scores, Tensor<Index>::of({1}))), autodiff::ShapeError,
                          says("accuracy: expected scores [.., classes] and labels [..], got [4, 3] and [1]"));
    BOOST_CHECK_EXCEPTION(static_cast<void>(nn::accuracy(Tensor<float>::zeros({0, 3}), Tensor<Index>::zeros({0}))), autodiff::ValueError,
                          says("accuracy: expected at least one sample, got none"));
    BOOST_CHECK_EXCEPTION(static_cast<void>(nn::confusion(scores, Tensor<Index>::of({1, 0, 3, 2}))), autodiff::IndexError,
                          says("confusion: expected labels from 0 to 2, got 3 at position 2"));
}

Classifier trained() {
    Classifier model;
    nn::Random random{1};
    nn::initialise(model, nn::kaiming_uniform{}, random);
    nn::Adam optimizer{{.lr = 1e-2}};
    const auto data = disc(512, 2);
    for (int epoch = 0; epoch < 30; ++epoch)
        for (const auto& [x, labels] : data | nn::shuffle(random) | nn::batch(64)) {
            auto [loss, grads] =
                value_and_gradient([&x = x, &labels = labels](const Classifier& m) { return nn::cross_entropy(m(x), labels); }, model);
            nn::clip_gradient_norm(grads, 5);
            optimizer.step(model, grads);
        }
    nn::eval(model);
    return model;
}

BOOST_AUTO_TEST_CASE(a_network_learns_a_disc_and_does_so_again) {
    const Classifier model = trained(), again = trained();
    const auto test_data = disc(500, 3);
    BOOST_TEST(nn::accuracy(model(test_data.features), test_data.labels) > 0.95);
    BOOST_TEST(model.norm.batches == 30 * 8);
    const auto a = nn::parameters(model), b = nn::parameters(again);
    for (std::size_t i = 0; i < a.size(); ++i) BOOST_TEST(a[i].second.data() == b[i].second.data(), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_SUITE_END()

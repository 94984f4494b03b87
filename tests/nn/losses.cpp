// SPDX-License-Identifier: MIT
// What losses refuse, how they reduce, and that far logits do no harm. Their gradients: tests/formulas/losses.cpp.
#include "nn/losses.hpp"

#include "autodiff/gradient.hpp"
#include "autodiff/ops/reduce.hpp"
#include "nn/random.hpp"
#include "tests/nn/says.hpp"
#include "tests/support/compare.hpp"

#include <cmath>

using namespace test;
using autodiff::IndexError;
using autodiff::ShapeError;
using autodiff::ValueError;
using nn::Index;
using nn::Reduction;
using nn::Shape;
using nn::Tensor;

BOOST_AUTO_TEST_SUITE(nn_losses)

BOOST_AUTO_TEST_CASE(shapes_that_would_broadcast_are_refused) {
    const auto a = Tensor<float>::ones({4, 1}), t = Tensor<float>::ones({4});
    const auto text = [](std::string_view loss, std::string_view what = "target") {
        return fmt::format("{}: expected a {} of the prediction's shape [4, 1], got [4]; reshape one of them: losses do not broadcast",
                           loss, what);
    };
    BOOST_CHECK_EXCEPTION(static_cast<void>(nn::mse(a, t)), ShapeError, says(text("mse")));
    BOOST_CHECK_EXCEPTION(static_cast<void>(nn::l1(a, t)), ShapeError, says(text("l1")));
    BOOST_CHECK_EXCEPTION(static_cast<void>(nn::huber(a, t)), ShapeError, says(text("huber")));
    BOOST_CHECK_EXCEPTION(static_cast<void>(nn::hinge(a, t)), ShapeError, says(text("hinge")));
    BOOST_CHECK_EXCEPTION(static_cast<void>(nn::bce_with_logits(a, t)), ShapeError, says(text("bce_with_logits")));
    BOOST_CHECK_EXCEPTION(static_cast<void>(nn::kl_div(a, t)), ShapeError, says(text("kl_div")));
    BOOST_CHECK_EXCEPTION(static_cast<void>(nn::gaussian_nll(a, a, t)), ShapeError, says(text("gaussian_nll", "log_variance")));
}

BOOST_AUTO_TEST_CASE(labels_are_checked_one_by_one) {
    const auto z = Tensor<float>::zeros({3, 4});
    BOOST_CHECK_EXCEPTION(static_cast<void>(nn::cross_entropy(z, Tensor<Index>::of({0, 1}))), ShapeError,
                          says("cross_entropy: expected scores [.., classes] and labels [..], got [3, 4] and [2]"));
    BOOST_CHECK_EXCEPTION(static_cast<void>(nn::cross_entropy(z, Tensor<Index>::of({0, 1, 4}))), IndexError,
                          says("cross_entropy: expected labels from 0 to 3, got 4 at position 2"));
    BOOST_CHECK_EXCEPTION(static_cast<void>(nn::nll(z, Tensor<Index>::of({0, -1, 2}))), IndexError,
                          says("nll: expected labels from 0 to 3, got -1 at position 1"));
    BOOST_CHECK_EXCEPTION(
        static_cast<void>(nn::cross_entropy(z, Tensor<Index>::of({0, 1, 2}), {.class_weights = Tensor<float>::ones({3})})), ShapeError,
        says("cross_entropy: expected class weights [4], got [3]"));
    BOOST_CHECK_EXCEPTION(static_cast<void>(nn::cross_entropy(z, Tensor<Index>::of({0, 1, 2}), {.label_smoothing = 1.5})), ValueError,
                          says("cross_entropy: expected a label smoothing between 0 and 1, got 1.5"));
    BOOST_CHECK_EXCEPTION(
        static_cast<void>(nn::cross_entropy(z, Tensor<Index>::of({-1, -1, -1}), {.ignore_index = -1})), ValueError,
        says("cross_entropy: expected at least one sample that counts, to take a mean, got 3 samples, of total weight 0"));
    BOOST_CHECK_EXCEPTION(static_cast<void>(nn::huber(z, z, 0)), ValueError, says("huber: expected a positive delta, got 0"));
}

BOOST_AUTO_TEST_CASE(reductions_agree_with_each_other) {
    nn::Random random{1};
    const auto a = random.uniform_tensor<double>({3, 5}, -2, 2), t = random.uniform_tensor<double>({3, 5}, 0, 1);
    const auto check = [](const auto& loss, double count) {
        const auto none = loss(Reduction::none), total = loss(Reduction::sum), mean = loss(Reduction::mean);
        double expected = 0;
        for (const double v : none.contiguous().data()) expected += v;
        BOOST_TEST(close(total.item(), expected, {.relative = 1e-14}));
        BOOST_TEST(close(mean.item(), expected / count, {.relative = 1e-14}));
        return none.shape();
    };
    BOOST_TEST((check([&](Reduction r) { return nn::mse(a, t, r); }, 15) == Shape{3, 5}));
    check([&](Reduction r) { return nn::l1(a, t, r); }, 15);
    check([&](Reduction r) { return nn::huber(a, t, 0.5, r); }, 15);
    check([&](Reduction r) { return nn::bce_with_logits(a, t, 2, r); }, 15);
    check([&](Reduction r) { return nn::kl_div(a, t, r); }, 3);
    check([&](Reduction r) { return nn::gaussian_nll(a, t, a, r); }, 15);
    const auto labels = Tensor<Index>::of({4, 0, 2});
    BOOST_TEST((check([&](Reduction r) { return nn::cross_entropy(a, labels, {.reduction = r}); }, 3) == Shape{3}));
}

BOOST_AUTO_TEST_CASE(sequences_are_classified_position_by_position) {
    nn::Random random{2};
    const auto z = random.uniform_tensor<double>({2, 3, 4}, -2, 2);
    const Tensor<Index> labels({2, 3}, {0, 1, 2, 3, 0, 1});
    const auto losses = nn::cross_entropy(z, labels, {.reduction = Reduction::none});
    BOOST_TEST((losses.shape() == Shape{2, 3}));
    for (Index i = 0; i < 2; ++i)
        for (Index j = 0; j < 3; ++j) {
            double total = 0;
            for (Index c = 0; c < 4; ++c) total += std::exp(z.at(i, j, c));
            BOOST_TEST(close(losses.at(i, j), std::log(total) - z.at(i, j, labels.at(i, j)), {.relative = 1e-14}));
        }
}

BOOST_AUTO_TEST_CASE_TEMPLATE(far_logits_do_no_harm, T, decltype(std::tuple<float, double>{})) {
    const auto far = static_cast<T>(1e4);
    const auto z = Tensor<T>::from_rows({{far, -far, 0}, {-far, far, 0}});
    const auto [L, g] = autodiff::value_and_gradient([](const auto& x) { return nn::cross_entropy(x, Tensor<Index>::of({0, 0})); }, z);
    BOOST_TEST(L == far);  // 0 for the first sample, 2e4 for the second
    BOOST_TEST(g.at(0, 0) == 0);
    BOOST_TEST(g.at(1, 0) == T(-0.5));
    BOOST_TEST(g.at(1, 1) == T(0.5));

    const auto scores = Tensor<T>::of({far, -far, far, -far}), t = Tensor<T>::of({1, 0, 0, 1});
    const auto [B, b] = autodiff::value_and_gradient([&](const auto& x) { return nn::bce_with_logits(x, t); }, scores);
    BOOST_TEST(B == far / 2);
    BOOST_TEST(b.at(0) == 0);
    BOOST_TEST(b.at(1) == 0);
    BOOST_TEST(b.at(2) == T(0.25));
    BOOST_TEST(b.at(3) == T(-0.25));
}

BOOST_AUTO_TEST_CASE(an_ignored_sample_may_be_infinite) {
    const double inf = std::numeric_limits<double>::infinity();
    const auto log_p = Tensor<double>::from_rows({{std::log(0.25), std::log(0.75)}, {-inf, 0}});
    const auto [L, g] = autodiff::value_and_gradient(
        [](const auto& x) {
            return nn::nll(x, Tensor<Index>::of({1, 9}), {.ignore_index = 9});
        },
        log_p);
    BOOST_TEST(close(L, -std::log(0.75), {.relative = 1e-15}));
    BOOST_TEST(g.at(0, 1) == -1);
    BOOST_TEST(g.at(1, 0) == 0);
}

BOOST_AUTO_TEST_CASE(impossible_events_have_no_divergence) {
    const auto t = Tensor<double>::from_rows({{0, 1}}), log_p = Tensor<double>::from_rows({{-std::numeric_limits<double>::infinity(), 0}});
    const auto [L, g] = autodiff::value_and_gradient([&](const auto& x) { return nn::kl_div(x, t); }, log_p);
    BOOST_TEST(L == 0);
    BOOST_TEST(g.at(0, 0) == 0);
    BOOST_TEST(g.at(0, 1) == -1);
}

BOOST_AUTO_TEST_SUITE_END()

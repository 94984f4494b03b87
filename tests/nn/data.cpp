// SPDX-License-Identifier: MIT
#include "nn/data.hpp"

#include "tests/nn/says.hpp"

#include <algorithm>
#include <range/v3/view/enumerate.hpp>
#include <range/v3/view/take.hpp>
#include <vector>

using namespace test;
using nn::Index;
using nn::Random;
using nn::Shape;
using nn::Tensor;

namespace {

/// Sample i has features (i, 10 i) and label i.
nn::Dataset<float> counting(Index n) {
    nn::Dataset<float> data{Tensor<float>::uninitialised({n, 2}), Tensor<Index>::arange(n)};
    for (Index i = 0; i < n; ++i)
        data.features.fill_data()[2 * i] = static_cast<float>(i), data.features.fill_data()[2 * i + 1] = static_cast<float>(10 * i);
    return data;
}
std::vector<Index> labels_of(auto&& batches) {
    std::vector<Index> all;
    for (const auto& [x, labels] : batches) {
        const auto row = labels.contiguous();
        for (Index i = 0; i < row.size(); ++i) {
            all.push_back(row.at(i));
            BOOST_TEST(x.at(i, 0) == static_cast<float>(row.at(i)));
            BOOST_TEST(x.at(i, 1) == static_cast<float>(10 * row.at(i)));
        }
    }
    return all;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(nn_data)

BOOST_AUTO_TEST_CASE(batches_come_in_order_and_the_last_one_may_be_smaller) {
    const auto data = counting(10);
    std::vector<Shape> shapes;
    for (const auto& [x, labels] : data | nn::batch(4)) shapes.push_back(x.shape());
    BOOST_TEST((shapes == std::vector{Shape{4, 2}, Shape{4, 2}, Shape{2, 2}}));
    const auto all = labels_of(data | nn::batch(4));
    BOOST_TEST(all.size() == 10u);
    BOOST_TEST(std::ranges::is_sorted(all));
    BOOST_TEST(labels_of(data | nn::batch(4, true)).size() == 8u);
    BOOST_TEST(labels_of(data | nn::batch(100)).size() == 10u);
}

BOOST_AUTO_TEST_CASE(shuffling_meets_every_sample_once_and_differently_each_epoch) {
    const auto data = counting(50);
    Random random{1};
    auto first = labels_of(data | nn::shuffle(random) | nn::batch(8));
    const auto second = labels_of(data | nn::shuffle(random) | nn::batch(8));
    BOOST_TEST(first != second);
    Random again{1};
    BOOST_TEST(labels_of(data | nn::shuffle(again) | nn::batch(8)) == first, boost::test_tools::per_element());
    std::ranges::sort(first);
    for (std::size_t i = 0; i < first.size(); ++i) BOOST_TEST(first[i] == static_cast<Index>(i));
}

BOOST_AUTO_TEST_CASE(a_shuffled_dataset_can_be_shuffled_again) {
    Random random{2};
    auto twice = labels_of(counting(20) | nn::shuffle(random) | nn::shuffle(random) | nn::batch(3));
    std::ranges::sort(twice);
    for (std::size_t i = 0; i < twice.size(); ++i) BOOST_TEST(twice[i] == static_cast<Index>(i));
}

BOOST_AUTO_TEST_CASE(the_pipeline_goes_on_with_other_views) {
    const auto data = counting(10);
    const auto batches = data | nn::batch(3);
    BOOST_TEST(batches.size() == 4u);
    BOOST_TEST(batches[3].labels.at(0) == 9);
    Index count = 0;
    for (const auto& [i, batch] : batches | ranges::views::take(2) | ranges::views::enumerate) {
        BOOST_TEST(batch.labels.at(0) == 3 * static_cast<Index>(i));
        ++count;
    }
    BOOST_TEST(count == 2);
}

BOOST_AUTO_TEST_CASE(targets_may_be_numbers) {
    const nn::Dataset data{Tensor<double>::ones({4, 3}), Tensor<double>::ones({4, 1})};
    for (const auto& [x, t] : data | nn::batch(3)) BOOST_TEST(t.shape()[1] == 1);
}

BOOST_AUTO_TEST_CASE(data_that_cannot_be_cut_is_refused) {
    const nn::Dataset none{Tensor<float>::zeros({0, 2}), Tensor<Index>::zeros({0})};
    BOOST_CHECK_EXCEPTION(static_cast<void>(none | nn::batch(2)), autodiff::ValueError,
                          says("dataset: expected at least one sample, got none"));
    Random random{1};
    BOOST_CHECK_EXCEPTION(static_cast<void>(none | nn::shuffle(random)), autodiff::ValueError,
                          says("dataset: expected at least one sample, got none"));
    const nn::Dataset uneven{Tensor<float>::zeros({3, 2}), Tensor<Index>::zeros({4})};
    BOOST_CHECK_EXCEPTION(static_cast<void>(uneven | nn::batch(2)), autodiff::ShapeError,
                          says("dataset: expected as many rows of labels as of features, got features [3, 2] and labels [4]"));
    BOOST_CHECK_EXCEPTION(static_cast<void>(nn::batch(0)), autodiff::ValueError, says("batch: expected a size of at least 1, got 0"));
}

BOOST_AUTO_TEST_SUITE_END()

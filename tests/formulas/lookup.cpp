// SPDX-License-Identifier: MIT
// Embedding and dropout: layers whose gradient is chosen by data.
#include "autodiff/ops/compare.hpp"
#include "nn/dropout.hpp"
#include "nn/embedding.hpp"
#include "tests/formulas/recovered.hpp"
#include "tests/formulas/second_order.hpp"

using namespace test;

BOOST_AUTO_TEST_SUITE(formulas_lookup)

// dE[v] = sum over t with ids_t = v of dY_t
BOOST_AUTO_TEST_CASE(embedding_adds_up_repeated_words_and_leaves_others_at_0) {
    const nn::BasicEmbedding<double> layer(6, 3, 4, 1);
    const Tensor<Index> ids({2, 4}, {1, 0, 1, 4, 5, 1, 4, 0});
    const auto C = random_tensor({2, 4, 3}, 2);
    const auto loss = [&](const auto& l) { return sum(C * l(ids)); };
    const auto [L, g] = value_and_gradient(loss, layer);
    for (Index word = 0; word < 6; ++word)
        for (Index k = 0; k < 3; ++k) {
            Terms t;
            for (Index i = 0; i < 2; ++i)
                for (Index j = 0; j < 4; ++j)
                    if (ids.at(i, j) == word && word != 4) t.add(C.at(i, j, k));
            BOOST_TEST(recovers(g.weight.at(word, k), t));
        }
    auto all = layer;
    all.padding_id.reset();  // a difference would see what the padding's row adds
    check_all_differences(loss, all, autodiff::gradient(loss, all));
    check_hessian_of(layer, {}, 6, [&](const auto& l, const Inputs&) { return l(ids); });
}

BOOST_AUTO_TEST_CASE(the_worked_embedding_gives_integers) {
    const nn::BasicEmbedding<double> layer(2, 2);
    const auto C = Tensor<double>::from_rows({{1, 2}, {3, 4}, {5, 6}});
    const auto g = autodiff::gradient([&](const nn::BasicEmbedding<double>& l) { return sum(C * l(Tensor<Index>::of({1, 0, 1}))); }, layer);
    BOOST_TEST(g.weight.at(0, 0) == 3);
    BOOST_TEST(g.weight.at(0, 1) == 4);
    BOOST_TEST(g.weight.at(1, 0) == 6);
    BOOST_TEST(g.weight.at(1, 1) == 8);
}

// dx = mask dy / (1 - p)        source: Srivastava et al. (2014)
BOOST_AUTO_TEST_CASE(dropout_passes_the_gradient_where_it_passed_the_value) {
    const double p = 0.3;
    const auto x = random_tensor({20, 10}, 3, 0.5, 1.5), C = random_tensor({20, 10}, 4);
    const nn::Random seed{5};
    const auto loss = [&](const auto& input) {
        nn::Random random = seed;
        return sum(C * nn::dropout(input, p, random));
    };
    const auto dx = value_and_gradient(loss, x).second;
    nn::Random random = seed;
    const auto y = nn::dropout(x, p, random);
    int dropped = 0;
    for (Index i = 0; i < 20; ++i)
        for (Index j = 0; j < 10; ++j) {
            const bool kept = y.at(i, j) != 0;
            dropped += kept ? 0 : 1;
            if (kept) BOOST_TEST(close(y.at(i, j), x.at(i, j) / (1 - p), {.relative = 1e-15}));
            BOOST_TEST(recovers(dx.at(i, j), kept ? Terms{}.add(C.at(i, j) / (1 - p)) : Terms{}));
        }
    BOOST_TEST(dropped > 30);
    BOOST_TEST(dropped < 90);
    check_differences(loss, x, dx);

    nn::Dropout layer(p);
    layer.training = false;
    const auto identity = value_and_gradient([&](const auto& input) { return sum(C * layer(input)); }, x).second;
    for (Index i = 0; i < 20; ++i)
        for (Index j = 0; j < 10; ++j) BOOST_TEST(identity.at(i, j) == C.at(i, j));
}

BOOST_AUTO_TEST_SUITE_END()

// SPDX-License-Identifier: MIT
// Gradients of the losses, as their documentation prints them.
#include "nn/losses.hpp"
#include "autodiff/ops/compare.hpp"
#include "tests/formulas/recovered.hpp"

#include <functional>
#include <vector>

using namespace test;

namespace {

double sig(double z) { return 1 / (1 + std::exp(-z)); }

/// softmax of the rows of z by plain loops.
std::vector<std::vector<double>> softmax_rows(const Tensor<double>& z) {
    std::vector<std::vector<double>> p(static_cast<std::size_t>(z.shape()[0]), std::vector<double>(static_cast<std::size_t>(z.shape()[1])));
    for (std::size_t i = 0; i < p.size(); ++i) {
        double total = 0;
        for (std::size_t c = 0; c < p[i].size(); ++c) total += p[i][c] = std::exp(z.at(static_cast<Index>(i), static_cast<Index>(c)));
        for (double& v : p[i]) v /= total;
    }
    return p;
}

using Loss = std::function<Tensor<double>(const Tensor<double>&)>;

}  // namespace

BOOST_AUTO_TEST_SUITE(formulas_losses)

BOOST_AUTO_TEST_CASE(regression_losses_follow_the_difference) {
    const auto a = random_tensor({4, 3}, 1), t = random_tensor({4, 3}, 2);
    const double n = 12;
    const auto check = [&](const Loss& loss, const std::function<Terms(double, double)>& formula) {
        const auto [L, g] = value_and_gradient(loss, a);
        for (Index i = 0; i < 4; ++i)
            for (Index j = 0; j < 3; ++j) BOOST_TEST(recovers(g.at(i, j), formula(a.at(i, j), t.at(i, j))));
        check_differences(loss, a, g, 1e-3);
    };
    check([&](const auto& x) { return nn::mse(x, t); }, [&](double x, double y) { return Terms{}.add(2 * x / n).add(-2 * y / n); });
    check([&](const auto& x) { return nn::mse(x, t, nn::Reduction::sum); },
          [](double x, double y) { return Terms{}.add(2 * x).add(-2 * y); });
    check([&](const auto& x) { return nn::l1(x, t); }, [&](double x, double y) { return Terms{}.add((x > y ? 1 : -1) / n); });
    check([&](const auto& x) { return nn::huber(x, t, 0.7); },
          [&](double x, double y) {
              return std::abs(x - y) <= 0.7 ? Terms{}.add(x / n).add(-y / n) : Terms{}.add((x > y ? 0.7 : -0.7) / n);
          });
}

BOOST_AUTO_TEST_CASE(mse_meets_its_known_answer) {
    const auto x = Tensor<double>::of({1, 2, 4}), t = Tensor<double>::of({1.5, 2, 1});
    const auto [L, g] = value_and_gradient([&](const auto& a) { return nn::mse(a, t); }, x);
    BOOST_TEST(close(L, 3.0833333333333333, {.relative = 1e-15}));
    BOOST_TEST(close(g.at(0), -1.0 / 3, {.relative = 1e-15}));
    BOOST_TEST(g.at(1) == 0);
    BOOST_TEST(g.at(2) == 2);
}

BOOST_AUTO_TEST_CASE(hinge_counts_the_samples_inside_the_margin) {
    const auto s = Tensor<double>::of({0.3, -0.4, 1.7, -2.5}), y = Tensor<double>::of({1, 1, 1, -1});
    const auto [L, g] = value_and_gradient([&](const auto& x) { return nn::hinge(x, y); }, s);
    BOOST_TEST(close(L, (0.7 + 1.4) / 4, {.relative = 1e-15}));
    for (Index i = 0; i < 4; ++i) BOOST_TEST(g.at(i) == (1 - y.at(i) * s.at(i) > 0 ? -y.at(i) / 4 : 0));
}

// dZ = w_y (P - Q) / sum w        source: Bishop (2006), "Pattern recognition and machine learning", 4.3.4
BOOST_AUTO_TEST_CASE(cross_entropy_gives_probabilities_minus_labels) {
    const Index n = 5, classes = 4;
    const auto z = random_tensor({n, classes}, 3);
    const Tensor<Index> labels = Tensor<Index>::of({2, 0, 3, 3, 1});
    const auto p = softmax_rows(z);
    struct Case {
        const char* name;
        nn::CrossEntropyOptions<double> options;
    };
    const auto weights = Tensor<double>::of({0.5, 2, 1.25, 0.75});
    for (const Case& c : {Case{"plain", {}}, Case{"sum", {.reduction = nn::Reduction::sum}}, Case{"weights", {.class_weights = weights}},
                          Case{"smoothing", {.label_smoothing = 0.1}}, Case{"ignored", {.ignore_index = 3}},
                          Case{"all", {.class_weights = weights, .label_smoothing = 0.2, .ignore_index = 0}}}) {
        BOOST_TEST_CONTEXT(c.name) {
            const auto& options = c.options;
            const auto loss = [&](const auto& x) { return nn::cross_entropy(x, labels, options); };
            const auto [L, g] = value_and_gradient(loss, z);
            const auto weight = [&](Index k) { return options.class_weights ? options.class_weights->at(k) : 1.0; };
            double total = 0, expected = 0;
            for (Index i = 0; i < n; ++i)
                if (labels.at(i) != options.ignore_index) total += weight(labels.at(i));
            if (options.reduction == nn::Reduction::sum) total = 1;
            for (Index i = 0; i < n; ++i) {
                const auto& row = p[static_cast<std::size_t>(i)];
                const bool counts = labels.at(i) != options.ignore_index;
                // The loss is -sum_c r_c ln p_c with r_c = w_c q_c, so dz_j = p_j sum_c r_c - r_j.
                std::vector<double> r(row.size());
                double sum_r = 0;
                for (std::size_t k = 0; k < r.size(); ++k) {
                    const auto label = static_cast<Index>(k);
                    const double q =
                        options.label_smoothing / static_cast<double>(classes) + (label == labels.at(i) ? 1 - options.label_smoothing : 0);
                    r[k] = counts ? weight(label) * q : 0;
                    sum_r += r[k];
                    expected -= r[k] * std::log(row[k]) / total;
                }
                Terms rounding;
                for (std::size_t j = 0; j < r.size(); ++j) {
                    const double got = g.at(i, static_cast<Index>(j));
                    BOOST_TEST(recovers(got, Terms{}.add(row[j] * sum_r / total).add(-r[j] / total)));
                    rounding.add(got);
                }
                BOOST_TEST(recovers(rounding.value, {0, rounding.size}, 1e-15));
            }
            BOOST_TEST(close(L, expected, {.relative = 1e-14}));
            check_differences(loss, z, g);
        }
    }
}

BOOST_AUTO_TEST_CASE(cross_entropy_meets_its_known_answer) {
    const auto [L, g] = value_and_gradient([](const auto& z) { return nn::cross_entropy(z, Tensor<Index>::of({1})); },
                                           Tensor<double>::from_rows({{1, 2, 3}}));
    BOOST_TEST(close(L, 1.4076059644443803045, {.relative = 1e-15}));
    BOOST_TEST(close(g.at(0, 0), 0.090030573170380457998, {.relative = 1e-15}));
    BOOST_TEST(close(g.at(0, 1), -0.75527152894520234753, {.relative = 1e-15}));
    BOOST_TEST(close(g.at(0, 2), 0.66524095577482188953, {.relative = 1e-15}));
}

// P (G - sum G P);  log-softmax G - P sum G;  logsumexp g P
// source: Bridle (1990), "Probabilistic interpretation of feedforward networks"
BOOST_AUTO_TEST_CASE(softmax_and_its_relatives_follow_their_jacobians) {
    const auto z = random_tensor({3, 5}, 4), C = random_tensor({3, 5}, 5), c = random_tensor({3}, 6);
    const auto p = softmax_rows(z);
    const Loss by_softmax = [&](const auto&x) { return sum(C * softmax(x)); },
               by_log = [&](const auto&x) { return sum(C * log_softmax(x)); },
               by_lse = [&](const auto&x) { return sum(c * logsumexp(x, -1)); };
    const auto g1 = value_and_gradient(by_softmax, z).second, g2 = value_and_gradient(by_log, z).second,
               g3 = value_and_gradient(by_lse, z).second;
    for (Index i = 0; i < 3; ++i)
        for (Index j = 0; j < 5; ++j) {
            const auto& row = p[static_cast<std::size_t>(i)];
            const double pj = row[static_cast<std::size_t>(j)];
            Terms t1, t2;
            t1.add(pj * C.at(i, j));
            t2.add(C.at(i, j));
            for (Index k = 0; k < 5; ++k) {
                t1.add(-pj * C.at(i, k) * row[static_cast<std::size_t>(k)]);
                t2.add(-pj * C.at(i, k));
            }
            BOOST_TEST(recovers(g1.at(i, j), t1));
            BOOST_TEST(recovers(g2.at(i, j), t2));
            BOOST_TEST(recovers(g3.at(i, j), Terms{}.add(c.at(i) * pj)));
        }
    check_differences(by_softmax, z, g1);
    check_differences(by_log, z, g2);
    check_differences(by_lse, z, g3);
}

// dz = ((1 + (w - 1) t) sigma(z) - w t) / n
BOOST_AUTO_TEST_CASE(binary_cross_entropy_gives_probability_minus_target) {
    const auto z = random_tensor({6, 2}, 7, -3, 3), t = random_tensor({6, 2}, 8, 0, 1);
    for (const double w : {1.0, 2.5, 0.4}) {
        const auto loss = [&](const auto& x) { return nn::bce_with_logits(x, t, w); };
        const auto [L, g] = value_and_gradient(loss, z);
        for (Index i = 0; i < 6; ++i)
            for (Index j = 0; j < 2; ++j) {
                const double s = sig(z.at(i, j)), tt = t.at(i, j);
                BOOST_TEST(recovers(g.at(i, j), Terms{}.add(s / 12).add((w - 1) * tt * s / 12).add(-w * tt / 12)));
            }
        check_differences(loss, z, g);
    }
}

BOOST_AUTO_TEST_CASE(divergence_and_gaussian_likelihood_follow_their_formulas) {
    const auto logits = random_tensor({3, 4}, 9);
    const auto a = log_softmax(logits, -1), t = softmax(random_tensor({3, 4}, 10), -1);
    const auto kl = value_and_gradient([&](const auto& x) { return nn::kl_div(x, t); }, a).second;
    for (Index i = 0; i < 3; ++i)
        for (Index j = 0; j < 4; ++j) BOOST_TEST(recovers(kl.at(i, j), Terms{}.add(-t.at(i, j) / 3)));

    const auto m = random_tensor({5}, 11), x = random_tensor({5}, 12), v = random_tensor({5}, 13);
    const auto loss = [&](const auto& mean, const auto& log_variance) {
        return nn::gaussian_nll(mean, x, log_variance, nn::Reduction::sum);
    };
    const auto [L, parts] = value_and_gradient(loss, m, v);
    for (Index i = 0; i < 5; ++i) {
        const double variance = std::exp(v.at(i)), d = m.at(i) - x.at(i);
        BOOST_TEST(recovers(std::get<0>(parts).at(i), Terms{}.add(m.at(i) / variance).add(-x.at(i) / variance)));
        BOOST_TEST(recovers(std::get<1>(parts).at(i), Terms{}.add(0.5).add(-0.5 * d * d / variance)));
    }
    check_differences([&](const auto& mean) { return loss(mean, v); }, m, std::get<0>(parts));
    check_differences([&](const auto& log_variance) { return loss(m, log_variance); }, v, std::get<1>(parts));
}

BOOST_AUTO_TEST_SUITE_END()

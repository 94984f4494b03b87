// SPDX-License-Identifier: MIT
// The three steps of a dense layer's weight, with tensors.
#include "autodiff/explain/explain.hpp"
#include "autodiff/explain/outputs.hpp"

#include "network.hpp"

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <limits>

using namespace autodiff;

namespace {

const auto tolerance = boost::test_tools::tolerance(1e-14);

const DenseWeight& dense(const Explanation& e) {
    BOOST_REQUIRE(std::holds_alternative<DenseWeight>(e.form));
    return std::get<DenseWeight>(e.form);
}

double added_up(const DenseWeight& w) {
    double sum = w.rest;
    for (const DenseSample& s : w.shown) sum += s.product;
    return sum;
}

/// Four samples through one layer.
template <class Activation>
struct Batch {
    Tape tape;
    Tensor<double> W = tape.variable(Tensor<double>::from_rows({{0.1, -0.2}, {0.4, 0.5}}), "W");
    Tensor<double> X = Tensor<double>::from_rows({{0.5, -1}, {1, 2}, {3, -1}, {0.25, 0.125}}),
                   T = Tensor<double>::from_rows({{1, 0}, {1, 0}, {0, 1}, {0, 1}});
    Tensor<double> Z = matmul(X, W), L;
    explicit Batch(Activation activation) {
        tape.name(Z, "z");
        const Tensor<double> A = activation(Z);
        if (A.place().row != Z.place().row) tape.name(A, "a");
        L = sum(square(A - T));
    }
};
const auto identity = [](const auto& z) { return z; };
const auto tanh_of = [](const auto& z) { return tanh(z); };

}  // namespace

BOOST_AUTO_TEST_SUITE(explain_dense)

BOOST_AUTO_TEST_CASE(an_output_weight_is_three_factors) {
    network::Tensors n;
    BOOST_TEST(to_string(explain(n.L, n.W2(1, 0))) == R"(dL/dW2[1, 0] = dL/da2[0, 0] * sigmoid'(z2[0, 0]) * a1[0, 1] = -0.0323242

 step 1   dL/da2[0, 0]         1 path                                            = -0.381618
                               -0.381618 * 1 = -0.381618   sub t11[0, 0]
 step 2   da2[0, 0]/dz2[0, 0]  sigmoid' = y (1 - y), x = 0.482686, y = 0.618382  =  0.235986
          dL/dz2[0, 0]         step 1 * step 2                                   = -0.0900564 ~
 step 3   dz2[0, 0]/dW2[1, 0]  a1[0, 1]                                          =  0.358933
 product  dL/dW2[1, 0]         dL/dz2[0, 0] * step 3                             = -0.0323242
gradient of neuron 0, column over i:  [-0.0374463  -0.0323242  -0.0617499]^T
~ the factors are rounded for print, the product is not their product to the last digit
)");
}

BOOST_AUTO_TEST_CASE(a_hidden_weight_names_both_paths_and_counts_from_one_if_asked) {
    network::Tensors n;
    BOOST_TEST(to_string(explain(n.L, n.W1(0, 1), {.first_index = 1})) ==
               R"(dL/dW1[1, 2] = dL/da1[1, 2] * sigmoid'(z1[1, 2]) * input[1, 1] = -0.0072675

 step 1   dL/da1[1, 2]         2 paths                                          = -0.0631682
                               -0.0900564 * 0.9 = -0.0810508   matmul t8[1, 1]
                               0.119217 * 0.15 = 0.0178826   matmul t8[1, 2]
 step 2   da1[1, 2]/dz1[1, 2]  sigmoid' = y (1 - y), x = -0.58, y = 0.358933    =  0.2301
          dL/dz1[1, 2]         step 1 * step 2                                  = -0.014535
 step 3   dz1[1, 2]/dW1[1, 2]  input[1, 1]                                      =  0.5
 product  dL/dW1[1, 2]         dL/dz1[1, 2] * step 3                            = -0.0072675
gradient of neuron 2, column over i:  [-0.0072675  0.014535]^T
)");
}

BOOST_AUTO_TEST_CASE(every_factor_of_every_weight_is_the_documented_number) {
    network::Tensors n;
    for (std::size_t i = 0; i < 3; ++i)
        for (std::size_t j = 0; j < 2; ++j) {
            const Explanation e = explain(n.L, n.W2(i, j));
            const DenseWeight& w = dense(e);
            const DenseSample& s = w.shown.at(0);
            BOOST_TEST_CONTEXT("W2 " << i << " " << j) {
                BOOST_TEST(e.loss_value == network::loss, tolerance);
                BOOST_TEST(s.abar.total == network::da2[j], tolerance);
                BOOST_TEST(s.delta == network::dz2[j], tolerance);
                BOOST_TEST(s.delta == s.abar.total * s.slope);
                BOOST_TEST(s.input == network::a1[i], tolerance);
                BOOST_TEST(s.product == s.delta * s.input);
                BOOST_TEST(w.total == network::dw2[i][j], tolerance);
                BOOST_TEST(s.product == w.total, tolerance);
                BOOST_TEST(w.selected == i);
                for (std::size_t k = 0; k < 3; ++k) BOOST_TEST(w.column.at(k) == network::dw2[k][j], tolerance);
            }
        }
    for (std::size_t i = 0; i < 2; ++i)
        for (std::size_t j = 0; j < 3; ++j) {
            const Explanation e = explain(n.L, n.W1(i, j));
            const DenseWeight& w = dense(e);
            const DenseSample& s = w.shown.at(0);
            BOOST_TEST_CONTEXT("W1 " << i << " " << j) {
                BOOST_TEST(s.abar.total == network::da1[j], tolerance);
                BOOST_REQUIRE(s.abar.shown.size() == 2u);
                for (std::size_t k = 0; k < 2; ++k) {  // the layer above, one path for each of its neurons
                    BOOST_TEST(s.abar.shown[k].incoming == network::dz2[k], tolerance);
                    BOOST_TEST(s.abar.shown[k].local == network::w2[j][k]);
                    BOOST_TEST(s.abar.shown[k].product == s.abar.shown[k].incoming * s.abar.shown[k].local);
                }
                BOOST_TEST(s.abar.shown[0].product + s.abar.shown[1].product == s.abar.total, tolerance);
                BOOST_TEST(s.delta == network::dz1[j], tolerance);
                BOOST_TEST(s.input == network::x[i]);
                BOOST_TEST(w.total == network::dw1[i][j], tolerance);
                BOOST_TEST(s.product == w.total, tolerance);
            }
        }
}

BOOST_AUTO_TEST_CASE(a_float_network_says_the_same_to_float_precision) {
    network::Tensors<float> n;
    const Explanation e = explain(n.L, n.W1(0, 1));
    BOOST_TEST(dense(e).total == network::dw1[0][1], boost::test_tools::tolerance(1e-5));
    BOOST_TEST(added_up(dense(e)) == network::dw1[0][1], boost::test_tools::tolerance(1e-5));
}

BOOST_AUTO_TEST_CASE(a_batch_is_a_sum_over_samples_whose_shown_part_and_rest_add_up) {
    Batch b(tanh_of);
    const Explanation e = explain(b.L, b.W(1, 0), {.terms = 2});
    BOOST_TEST(to_string(e) == R"(dL/dW[1, 0] = sum over 4 samples of dL/da * tanh'(z) * input = 2.03374

 sample  dL/da      tanh'(z)     dL/dz        input  product
 0       -2.67275   *  0.886851  = -2.37033   * -1   =  2.37033
 1       -0.567404  *  0.486917  = -0.276279  *  2   = -0.552558
 2 more samples, their products add up to 0.215966
shown + rest = 1.81778 + 0.215966 = 2.03374

sample 0, the largest product: dL/da[0, 0] * tanh'(z[0, 0]) * input[0, 1]

 step 1   dL/da[0, 0]        1 path                                     = -2.67275
                             -2.67275 * 1 = -2.67275   sub t4[0, 0]
 step 2   da[0, 0]/dz[0, 0]  tanh' = 1 - y^2, x = -0.35, y = -0.336376  =  0.886851
          dL/dz[0, 0]        step 1 * step 2                            = -2.37033
 step 3   dz[0, 0]/dW[1, 0]  input[0, 1]                                = -1
 product                     dL/dz[0, 0] * step 3                       =  2.37033
gradient of neuron 0, column over i:  [-2.01629  2.03374]^T
)");
    BOOST_TEST(dense(e).samples == 4u);
    BOOST_TEST(dense(e).total == gradient(b.L)[b.W].at(1, 0));
    BOOST_TEST(added_up(dense(e)) == dense(e).total, tolerance);
    BOOST_TEST(added_up(dense(explain(b.L, b.W(1, 0)))) == dense(e).total, tolerance);
}

BOOST_AUTO_TEST_CASE(a_layer_without_activation_has_slope_1) {
    Batch b(identity);
    const Explanation e = explain(b.L, b.W(0, 1));
    const std::string text = to_string(e);
    BOOST_TEST(dense(e).activation.empty());
    BOOST_TEST(text.find("no activation follows") != std::string::npos);
    BOOST_TEST(text.find("step 1 * step 2") == std::string::npos);
    BOOST_TEST(text.starts_with("dL/dW[0, 1] = sum over 4 samples of dL/da * input = "));
    double sum = 0;
    for (const DenseSample& s : dense(e).shown) {
        BOOST_TEST(s.slope == 1);
        BOOST_TEST(s.delta == 2 * (b.Z.at(s.sample, 1) - b.T.at(s.sample, 1)), tolerance);
        BOOST_TEST(s.input == b.X.at(s.sample, 0));
        sum += s.product;
    }
    BOOST_TEST(sum == dense(e).total, tolerance);
}

BOOST_AUTO_TEST_CASE(softmax_is_no_activation_of_one_neuron) {
    Batch b([](const auto& z) { return softmax(z); });
    const DenseWeight w = dense(explain(b.L, b.W(0, 1)));
    BOOST_TEST(w.activation.empty());
    BOOST_TEST(w.shown[0].a == w.shown[0].z);
    BOOST_TEST(added_up(w) == gradient(b.L)[b.W].at(0, 1), tolerance);
}

BOOST_AUTO_TEST_CASE(weights_left_of_the_input_are_rows_of_neurons) {
    Tape tape;
    const auto W = tape.variable(network::matrix<double>({{0.1, -0.2, 0.3}, {0.4, 0.5, -0.6}}), "W");
    const auto x = network::matrix<double>({{1, 2}, {3, 4}, {5, 6}});
    const auto L = sum(square(sigmoid(matmul(W, x))));
    const DenseWeight w = dense(explain(L, W(1, 2)));
    BOOST_TEST(w.neuron == "neuron 1, row over j");
    BOOST_TEST(w.samples == 2u);
    BOOST_TEST(w.column.size() == 3u);
    BOOST_TEST(w.column[w.selected] == w.total);
    BOOST_TEST(added_up(w) == gradient(L)[W].at(1, 2), tolerance);
    for (const DenseSample& s : w.shown) BOOST_TEST(s.input == x.at(2, s.sample));
}

BOOST_AUTO_TEST_CASE(a_weight_that_is_used_twice_is_a_sum_of_paths) {
    Tape tape;
    const auto W = tape.variable(network::matrix<double>({{0.1, -0.2}, {0.4, 0.5}}), "W");
    const auto L = sum(matmul(tanh(matmul(network::matrix<double>({{1, 2}}), W)), W));
    const Explanation e = explain(L, W(0, 1));
    BOOST_REQUIRE(std::holds_alternative<Contributions>(e.form));
    const auto& sum = std::get<Contributions>(e.form);
    double running = 0;
    for (const Contribution& c : sum.shown) {
        BOOST_TEST(c.product == c.incoming * c.local);
        running += c.product;
    }
    BOOST_TEST(sum.shown.size() == 2u);
    BOOST_TEST(running == gradient(L)[W].at(0, 1), tolerance);
}

BOOST_AUTO_TEST_CASE(an_input_and_a_computed_tensor_are_not_taken_for_weights) {
    network::Tensors n;
    for (const Scalar& s : {n.A1(0, 1), n.Z1(0, 1)}) BOOST_TEST(std::holds_alternative<Contributions>(explain(n.L, s).form));
    const Explanation e = explain(n.L, n.A1(0, 1));
    const auto& sum = std::get<Contributions>(e.form);
    BOOST_TEST(sum.total == network::da1[1], tolerance);
}

BOOST_AUTO_TEST_CASE(long_sums_show_the_largest_terms_and_one_rest) {
    Tape tape;
    std::vector<double> weights(100);
    for (std::size_t k = 0; k < weights.size(); ++k) weights[k] = k == 70 ? -50 : static_cast<double>(k % 7);
    const auto s = tape.variable(2.0, "s");
    const auto L = sum(Tensor<double>({100}, weights) * s);
    const Explanation e = explain(L, s, {.terms = 3});
    const auto& paths = std::get<Contributions>(e.form);
    BOOST_TEST(paths.total == gradient(L)[s]);
    const auto x = tape.variable(Tensor<double>({1}, {2.0}), "x");
    const auto M = sum(Tensor<double>({100}, weights) * x);
    const Explanation f = explain(M, x(0), {.terms = 3});
    const auto& sum = std::get<Contributions>(f.form);
    BOOST_REQUIRE(sum.shown.size() == 3u);
    BOOST_TEST(sum.shown[0].product == -50);
    BOOST_TEST(sum.shown[1].product == 6);
    BOOST_TEST(sum.others + 3 == 100u - 14u);  // a weight of 0 is no path
    double shown = sum.rest;
    for (const Contribution& c : sum.shown) shown += c.product;
    BOOST_TEST(shown == sum.total, tolerance);
    BOOST_TEST(to_string(f).find("shown + rest = -38 + 283 = 245\n") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(an_infinite_input_is_shown_as_it_is) {
    Tape tape;
    const auto A = tape.variable(Tensor<double>::from_rows({{std::numeric_limits<double>::infinity(), 3}}), "A");
    const auto W = tape.variable(Tensor<double>::from_rows({{1}, {2}}), "W");
    const auto L = sum(matmul(A, W));
    const Explanation e = explain(L, W(1, 0)), f = explain(L, W(0, 0));
    BOOST_TEST(dense(e).shown[0].input == 3);
    BOOST_TEST(std::isinf(dense(f).total));
    BOOST_TEST(to_string(f).find("=  inf\n") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(where_an_activation_stops_the_gradient_its_factor_is_zero) {
    const auto floor_of = [](const auto& z) { return floor(z); };
    Batch b(floor_of);
    const Explanation e = explain(b.L, b.W(1, 0));
    const DenseWeight& w = dense(e);
    BOOST_TEST(w.activation == "floor");
    BOOST_TEST(w.total == 0);
    BOOST_TEST(w.column == std::vector<double>({0, 0}), boost::test_tools::per_element());
    for (const DenseSample& s : w.shown) {
        BOOST_TEST(s.slope == 0);
        BOOST_TEST(s.product == 0);
    }
    BOOST_TEST(dense(explain(b.L, b.W(1, 0))).shown.front().abar.total != 0);
    BOOST_TEST(to_string(e).find("floor'(z)") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_tape_on_which_nothing_arrives_at_a_weight_is_explained_in_every_form) {
    Tape tape;
    const auto W1 = tape.variable(Tensor<double>::from_rows({{0.1, -0.2}, {0.4, 0.5}}), "W1"),
               W2 = tape.variable(Tensor<double>::from_rows({{0.7}, {0.9}}), "W2");
    const auto X = Tensor<double>::from_rows({{0.5, -1}});
    for (const Tensor<double>& out :
         {matmul(floor(matmul(X, W1)), W2), floor(matmul(matmul(X, W1), W2)), sign(matmul(sign(matmul(X, W1)), W2))}) {
        const Tensor<double> L = sum(square(out));
        BOOST_TEST(to_string(explain(L, W1(0, 1))).starts_with("dL/dW1[0, 1] = "));
        BOOST_TEST(to_string(explain(L, W2(0, 0))).starts_with("dL/dW2[0, 0] = "));
        for (const ExplainOptions& options : {ExplainOptions{}, ExplainOptions{.elements = {W1(0, 1), W2(0, 0)}}}) {
            const Trace t = trace(L, options);
            BOOST_TEST(to_text(t).find("W1") != std::string::npos);
            for (const std::string& text : {to_markdown(t), to_html(t), to_dot(t), to_mermaid(t)}) BOOST_TEST(!text.empty());
        }
    }
}

BOOST_AUTO_TEST_SUITE_END()

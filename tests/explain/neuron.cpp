// SPDX-License-Identifier: MIT
// The same network neuron by neuron, and everything that is no layer: paths to a Scalar.
#include "autodiff/explain/explain.hpp"

#include "network.hpp"

#include <boost/test/unit_test.hpp>

#include <limits>

using namespace autodiff;

namespace {

const auto tolerance = boost::test_tools::tolerance(1e-14);

}  // namespace

BOOST_AUTO_TEST_SUITE(explain_neuron)

BOOST_AUTO_TEST_CASE(a_hidden_weight_is_the_same_three_factors) {
    network::Neurons n;
    BOOST_TEST(to_string(explain(n.L, n.W1[0][1])) == R"(dL/dW1[0, 1] = dL/da1[1] * sigmoid'(z1[1]) * input = -0.0072675

 step 1   dL/da1[1]         2 paths                                        = -0.0631682
                            0.119217 * 0.15 = 0.0178826   mul t42
                            -0.0900564 * 0.9 = -0.0810508   mul t34
 step 2   da1[1]/dz1[1]     sigmoid' = y (1 - y), x = -0.58, y = 0.358933  =  0.2301
          dL/dz1[1]         step 1 * step 2                                = -0.014535
 step 3   dz1[1]/dW1[0, 1]  input                                          =  0.5
 product  dL/dW1[0, 1]      dL/dz1[1] * step 3                             = -0.0072675
gradient of neuron z1[1], in the order of its sum:  [-0.0072675  0.014535]^T
)");
}

BOOST_AUTO_TEST_CASE(every_factor_of_every_weight_is_the_documented_number) {
    network::Neurons n;
    const auto check = [&](const Scalar& weight, double abar, double delta, double input, double total) {
        const Explanation e = explain(n.L, weight);
        BOOST_REQUIRE(std::holds_alternative<DenseWeight>(e.form));
        const auto& w = std::get<DenseWeight>(e.form);
        const DenseSample& s = w.shown.at(0);
        BOOST_TEST(w.samples == 1u);
        BOOST_TEST(w.activation == "sigmoid");
        BOOST_TEST(s.abar.total == abar, tolerance);
        BOOST_TEST(s.delta == delta, tolerance);
        BOOST_TEST(s.delta == s.abar.total * s.slope);
        BOOST_TEST(s.input == input, tolerance);
        BOOST_TEST(s.product == s.delta * s.input);
        BOOST_TEST(w.total == total, tolerance);
        BOOST_TEST(w.column.at(w.selected) == w.total);
    };
    for (std::size_t i = 0; i < 3; ++i)
        for (std::size_t j = 0; j < 2; ++j) check(n.W2[i][j], network::da2[j], network::dz2[j], network::a1[i], network::dw2[i][j]);
    for (std::size_t i = 0; i < 2; ++i)
        for (std::size_t j = 0; j < 3; ++j) check(n.W1[i][j], network::da1[j], network::dz1[j], network::x[i], network::dw1[i][j]);
}

BOOST_AUTO_TEST_CASE(the_column_holds_all_weights_of_the_neuron) {
    network::Neurons n;
    const Explanation e = explain(n.L, n.W2[2][1]);
    const auto& w = std::get<DenseWeight>(e.form);
    BOOST_REQUIRE(w.column.size() == 3u);
    BOOST_TEST(w.selected == 2u);
    for (std::size_t i = 0; i < 3; ++i) BOOST_TEST(w.column[i] == network::dw2[i][1], tolerance);
}

BOOST_AUTO_TEST_CASE(elements_of_a_tensor_may_be_the_weights_of_a_neuron) {
    Tape tape;
    const auto W = tape.variable(Tensor<double>::from_rows({{0.3}, {-0.7}}), "W");
    Scalar z = 0;
    const std::vector<double> x{2, 5};
    for (std::size_t i = 0; i < 2; ++i) z = z + W(i, 0) * x[i];
    const Scalar L = square(tanh(z) - 1);
    const Explanation e = explain(L, W(1, 0));
    BOOST_REQUIRE(std::holds_alternative<DenseWeight>(e.form));
    const auto& w = std::get<DenseWeight>(e.form);
    BOOST_TEST(w.weight == "W[1, 0]");
    BOOST_TEST(w.shown[0].input == 5);
    BOOST_TEST(w.column.size() == 2u);
    BOOST_TEST(w.total == gradient(L)[W].at(1, 0));
    BOOST_TEST(w.shown[0].product == w.total, tolerance);
}

BOOST_AUTO_TEST_CASE(a_product_that_is_no_neuron_is_a_sum_of_paths) {
    Tape tape;
    const auto a = tape.variable(2.0, "a"), b = tape.variable(-3.0, "b"), c = tape.variable(10.0, "c"), f = tape.variable(-2.0, "f");
    const Scalar L = (a * b + c) * f;
    BOOST_TEST(to_string(explain(L, a)) == R"(dL/da = 6

 through  operation  incoming  local  product  running sum
 t5       mul        -2        * -3   =  6      6
)");
}

BOOST_AUTO_TEST_CASE(a_value_that_is_used_twice_has_a_path_for_each_use) {
    Tape tape;
    const auto x = tape.variable(3.0, "x");
    const Scalar y = x * x + x;
    BOOST_TEST(to_string(explain(y, x)) == R"(dL/dx = 7

 through  operation  incoming  local  product  running sum
 L        add         1        *  1   =  1      1
 t2       mul         1        *  3   =  3      4
 t2       mul         1        *  3   =  3      7
)");
}

BOOST_AUTO_TEST_CASE(not_connected_is_a_dash_and_a_derivative_of_0_is_a_number) {
    Tape tape;
    const auto x = tape.variable(1.0, "x"), unused = tape.variable(1.0, "unused");
    const Scalar L = x * 0.0;
    BOOST_TEST(to_string(explain(L, unused)) == "dL/dunused = -   L does not depend on unused\n");
    BOOST_TEST(to_string(explain(L, x)).starts_with("dL/dx = 0\n"));
    BOOST_TEST(to_string(explain(L, L)) == "dL/dL = 1, the seed of the sweep\n");
}

BOOST_AUTO_TEST_CASE(what_was_computed_after_the_loss_is_not_connected) {
    Tape tape;
    const auto x = tape.variable(1.0, "x");
    const Scalar L = exp(x), later = L * 2;
    BOOST_TEST(to_string(explain(L, later)).ends_with("L does not depend on t3\n"));
    const auto W = tape.variable(Tensor<double>::ones({2}), "W");
    BOOST_TEST(to_string(explain(L, W(1))) == "dL/dW[1] = -   L does not depend on W[1]\n");
}

BOOST_AUTO_TEST_CASE(small_numbers_nan_and_inf_are_visible) {
    Tape tape;
    const auto x = tape.variable(0.0, "x"), tiny = tape.variable(3e-200, "tiny");
    BOOST_TEST(to_string(explain(sqrt(x), x)).find("*  inf  =  inf") != std::string::npos);
    BOOST_TEST(to_string(explain(log(x - 1.0) * x, x)).find("nan") != std::string::npos);
    BOOST_TEST(to_string(explain(tiny * tiny, tiny)).starts_with("dL/dtiny = 6e-200\n"));
    BOOST_TEST(to_string(explain(x * -0.0, x)).find("* -0   = -0") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(nothing_flows_where_nothing_arrives) {
    Tape tape;
    const auto x = tape.variable(0.0, "x");
    const Scalar y = sqrt(x) * 0.0 + x;
    const auto sum = std::get<Contributions>(explain(y, x).form);
    BOOST_TEST(sum.total == 1);
    BOOST_TEST(sum.shown.back().local == std::numeric_limits<double>::infinity());
    BOOST_TEST(sum.shown.back().product == 0);
}

BOOST_AUTO_TEST_CASE(digits_are_as_many_as_asked_for) {
    Tape tape;
    const auto x = tape.variable(3.0, "x");
    const Scalar y = 1.0 / x;
    BOOST_TEST(to_string(explain(y, x, {.digits = 3})).starts_with("dL/dx = -0.111\n"));
    BOOST_TEST(to_string(explain(y, x, {.digits = 17})).starts_with("dL/dx = -0.1111111111111111"));
}

BOOST_AUTO_TEST_CASE(explaining_changes_neither_tape_nor_gradient) {
    network::Neurons n;
    const auto rows = n.tape.stats().rows;
    const double before = gradient(n.L)[n.W1[0][1]];
    const std::string once = to_string(explain(n.L, n.W1[0][1]));
    BOOST_TEST(to_string(explain(n.L, n.W1[0][1])) == once);
    BOOST_TEST(n.tape.stats().rows == rows);
    BOOST_TEST(gradient(n.L)[n.W1[0][1]] == before);
}

BOOST_AUTO_TEST_SUITE_END()

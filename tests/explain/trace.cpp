// SPDX-License-Identifier: MIT
// The one model of a step: every number in it is the tape's.
#include "autodiff/explain/trace.hpp"

#include "autodiff/control.hpp"
#include "autodiff/explain/notation.hpp"
#include "autodiff/explain/outputs.hpp"
#include "autodiff/explain/phrases.hpp"
#include "lookup.hpp"
#include "network.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <limits>
#include <map>

using namespace autodiff;
using lookup::back, lookup::there;

namespace {

const auto tolerance = boost::test_tools::tolerance(1e-14);

}  // namespace

BOOST_AUTO_TEST_SUITE(explain_trace)

BOOST_AUTO_TEST_CASE(a_row_has_the_same_number_forward_and_backward) {
    network::Tensors n;
    const Trace t = trace(n.L);
    BOOST_REQUIRE(t.forward.size() == t.reverse.size());
    for (std::size_t k = 0; k < t.forward.size(); ++k) {
        const auto& there_and_back = t.reverse[t.reverse.size() - 1 - k];
        BOOST_TEST(t.forward[k].number == k + 1);
        BOOST_TEST(there_and_back.row == t.forward[k].number);
        BOOST_TEST(there_and_back.number + there_and_back.row == t.reverse.size() + 1);
        BOOST_TEST(there_and_back.name == t.forward[k].name);
    }
}

BOOST_AUTO_TEST_CASE(the_walkthrough_has_the_documented_numbers) {
    network::Tensors n;
    const Trace t = trace(n.L);
    BOOST_TEST(t.loss_value == network::loss, tolerance);
    const auto check = [&](std::string_view name, const auto& expected) {
        const auto& values = back(t, name).adjoint.tensor->values;
        BOOST_REQUIRE(values.size() == std::size(expected));
        for (std::size_t k = 0; k < values.size(); ++k) BOOST_TEST(values[k] == expected[k], tolerance);
    };
    check("a2", network::da2), check("z2", network::dz2), check("a1", network::da1), check("z1", network::dz1);
    check("b2", network::dz2), check("b1", network::dz1);
    check("W1", std::vector<double>{network::dw1[0][0], network::dw1[0][1], network::dw1[0][2], network::dw1[1][0], network::dw1[1][1],
                                    network::dw1[1][2]});
    check("W2", std::vector<double>{network::dw2[0][0], network::dw2[0][1], network::dw2[1][0], network::dw2[1][1], network::dw2[2][0],
                                    network::dw2[2][1]});
}

BOOST_AUTO_TEST_CASE(every_adjoint_is_bitwise_the_gradient) {
    network::Neurons n;
    const Gradient g = gradient(n.L);
    const Trace t = trace(n.L);
    for (std::size_t i = 0; i < 2; ++i)
        for (std::size_t j = 0; j < 3; ++j) BOOST_TEST(back(t, fmt::format("W1[{}, {}]", i, j)).adjoint.number == g[n.W1[i][j]]);
    network::Tensors m;
    const Gradient h = gradient(m.L);
    const Trace u = trace(m.L);
    const auto& adjoint = back(u, "W1").adjoint.tensor->values;
    const auto expected = h[m.W1].contiguous();
    BOOST_TEST(adjoint == std::vector<double>(expected.data().begin(), expected.data().end()), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_term_is_incoming_times_local_and_the_last_running_sum_is_the_adjoint) {
    network::Neurons n;
    const Trace t = trace(n.L);
    std::size_t several = 0;
    for (const auto& step : t.reverse) {
        if (step.number == 1) continue;
        BOOST_REQUIRE(!step.terms.empty());
        double running = 0;
        for (const Trace::Term& term : step.terms) {
            BOOST_TEST(term.product == term.incoming * term.local);
            BOOST_TEST(term.running == (running += term.product));
        }
        BOOST_TEST(running == step.adjoint.number);
        several += step.terms.size() > 1;
        for (const Trace::Push& push : step.pushes) BOOST_TEST(push.arrived <= push.expected);
    }
    BOOST_TEST(several == 3u);  // each hidden neuron is used by both outputs
    const auto& hidden = back(t, "a1[1]");
    BOOST_TEST(hidden.why == "used 2 times: 2 terms, added up");
}

BOOST_AUTO_TEST_CASE(the_last_push_to_a_value_is_said_to_be_the_last) {
    network::Neurons n;
    std::map<std::uint32_t, std::pair<std::size_t, std::size_t>> seen;
    for (const auto& step : trace(n.L).reverse)
        for (const Trace::Push& push : step.pushes) {
            BOOST_TEST(push.arrived == ++seen[push.row].first);
            seen[push.row].second = push.expected;
        }
    for (const auto& [row, counts] : seen) BOOST_TEST(counts.first == counts.second, "row " << row);
}

BOOST_AUTO_TEST_CASE(the_local_derivative_is_the_rules_own_text_with_numbers_in_it) {
    Tape tape;
    const auto a = tape.variable(2.0, "a"), b = tape.variable(-3.0, "b");
    const Scalar L = sigmoid(pow(a, 3.0) * b);
    const Trace t = trace(L);
    const auto& sigmoid_step = t.reverse[0];
    BOOST_TEST(sigmoid_step.pushes[0].rule == derivative(code_of<rules::Sigmoid>, 0));
    BOOST_TEST(sigmoid_step.pushes[0].derivative == "L (1 - L)");
    BOOST_TEST(sigmoid_step.pushes[0].with_numbers.ends_with(")"));
    const auto& power = t.reverse[2];
    BOOST_TEST(power.pushes[0].rule == "b a^(b-1)");
    BOOST_TEST(power.pushes[0].derivative == "3 a^(3-1)");
    BOOST_TEST(power.pushes[0].with_numbers == "3 * 2^(3 - 1)");
    BOOST_TEST(power.pushes[0].local == 12);
    BOOST_TEST(t.reverse[1].pushes[0].with_numbers.empty());  // "b" is -3, there is nothing to put in
}

BOOST_AUTO_TEST_CASE(a_rule_is_written_in_the_names_of_the_program) {
    const RuleVariables names{{"W1[0, 1]", "-2", "u*v"}, "t4"};
    BOOST_TEST(with_names("y (1 - y)", names) == "t4 (1 - t4)");
    BOOST_TEST(with_names("b a^(b-1)", names) == "(-2) W1[0, 1]^((-2)-1)");
    BOOST_TEST(with_names("b", names) == "-2");
    BOOST_TEST(with_names("a b + c", names) == "W1[0, 1] (-2) + (u*v)");
    BOOST_TEST(with_names("1 if x > 0 else 0", names) == "1 if W1[0, 1] > 0 else 0");
    BOOST_TEST(with_names("x^T ybar w", names) == "W1[0, 1]^T ybar (-2)");  // w is the second operand of a tensor operation
    BOOST_TEST(with_names("ybar (softmax(z) - onehot)", {{"scores"}, "L"}) == "ybar (softmax(scores) - onehot)");
    BOOST_TEST(with_names("c", {{"p"}, "q"}) == "c");  // of an operand that is not there
    BOOST_TEST(with_names("polygamma(1, x)", {{"n"}, "q"}) == "polygamma(1, n)");
    BOOST_TEST(mathml_formula("2 x", {{"W1"}, "q"}, Notations({"1"})) ==
               "<mn>2</mn><mo>&#8290;</mo><msup><mi>W</mi><mrow><mo>(</mo><mn>1</mn>"
               "<mo>)</mo></mrow></msup>");
    BOOST_TEST((mathml_formula("a", {{"<b>"}, "q"}, Notations({})).find("<b>") == std::string::npos));
}

BOOST_AUTO_TEST_CASE(a_loss_without_a_name_is_called_what_nothing_else_is) {
    Tape tape;
    const auto l = tape.variable(2.0, "L");
    BOOST_TEST(trace(square(l)).loss == "loss");
    const auto loss = tape.variable(3.0, "loss");
    BOOST_TEST(trace(l * loss).loss == "result");
    const auto result = tape.variable(3.0, "result");
    BOOST_TEST(trace(l * result).loss == "t6");  // the row, as of every value without a name
}

BOOST_AUTO_TEST_CASE(every_rule_has_a_meaning) {
    for (const internal::Entry& rule : internal::entries)
        for (std::size_t k = 0; k < static_cast<std::size_t>(rule.arity); ++k)
            for (const double local : {1.0, -1.0, 0.25, -3.0, 0.0, std::nan(""), std::numeric_limits<double>::infinity()})
                BOOST_TEST(meaning_of_factor(rule.derivative[k], local).size() > 8, rule.name << " " << k << " " << local);
    Tape tape;
    const auto x = tape.variable(0.5, "x"), y = tape.variable(2.0, "y");
    const auto meaning = [](const Scalar& L) { return trace(L).reverse[0].pushes[0].meaning; };
    BOOST_TEST(meaning(x + y) == "copies what arrives");
    BOOST_TEST(meaning(y - x) == "copies what arrives");
    BOOST_TEST(trace(y - x).reverse[0].pushes[1].meaning == "copies what arrives, with its sign turned");
    BOOST_TEST(meaning(x * y) == "swaps: multiplies by the other operand");
    BOOST_TEST(meaning(maximum(x, y)) == "routes: lets nothing through");
    BOOST_TEST(meaning(maximum(y, x)) == "routes: lets everything through");
    BOOST_TEST(meaning(sigmoid(x)) == "shrinks it to 23.5 %");
    BOOST_TEST(meaning(square(y)) == "makes it 4 times as large");
}

// Tensors -----------------------------------------------------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(a_tensor_that_is_read_twice_has_two_arrivals) {
    Tape tape;
    const auto x = tape.variable(Tensor<double>({2}, {3, 4}), "x");
    const Tensor<double> p = x * 2.0, q = square(x), L = sum(p) + sum(q);
    const Trace t = trace(L);
    const auto& step = back(t, "x");
    BOOST_REQUIRE(step.terms.size() == 2u);
    BOOST_TEST(step.terms[0].product == std::sqrt(36.0 + 64.0), tolerance);  // q = x^2 is newer: 2 x
    BOOST_TEST(step.terms[1].product == std::sqrt(8.0), tolerance);
    BOOST_TEST(step.terms[1].running == step.adjoint.tensor->norm);
    BOOST_TEST(step.adjoint.tensor->values == (std::vector<double>{8, 10}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(shown_and_rest_of_an_element_add_up_to_its_derivative) {
    Tape tape;
    std::vector<double> values(40);
    for (std::size_t k = 0; k < values.size(); ++k) values[k] = std::sin(static_cast<double>(3 * k + 1));
    const auto W = tape.variable(Tensor<double>({8, 5}, values), "W");
    const auto v = tape.variable(Tensor<double>({1, 8}, std::span(values).first(8)), "v");
    const auto L = sum(square(tanh(matmul(v, W))));
    const Gradient g = gradient(L);
    const Trace t = trace(L, {.terms = 2});
    const auto& step = back(t, "v");
    BOOST_REQUIRE(step.elements.size() == 8u);
    for (const Trace::Element& e : step.elements) {
        double sum = e.sum.rest;
        for (const Contribution& c : e.sum.shown) sum += c.product;
        BOOST_TEST(e.sum.shown.size() == 2u);
        BOOST_TEST(e.sum.others == 3u);
        BOOST_TEST(sum == g[v].at(0, e.flat), tolerance);
        BOOST_TEST(e.value == values[static_cast<std::size_t>(e.flat)]);
    }
}

BOOST_AUTO_TEST_CASE(the_factors_of_a_layer_multiply_to_the_gradient_of_every_weight) {
    network::Tensors n;
    const Trace t = trace(n.L);
    BOOST_REQUIRE(t.layers.size() == 2u);
    const Gradient g = gradient(n.L);
    for (const DenseLayer& layer : t.layers) {
        const Tensor<double> expected = layer.weight == "W1" ? g[n.W1] : g[n.W2];
        BOOST_TEST(layer.samples == 1);
        BOOST_TEST(layer.activation == "sigmoid");
        for (Index i = 0; i < layer.inputs; ++i)
            for (Index j = 0; j < layer.outputs; ++j) {
                const auto a = static_cast<std::size_t>(i), b = static_cast<std::size_t>(j);
                BOOST_TEST(layer.abar[b] * layer.slope[b] * layer.input[a] == expected.at(i, j), tolerance);
            }
    }
}

BOOST_AUTO_TEST_CASE(a_summary_counts_what_is_odd) {
    Tape tape;
    std::vector<double> values(100, 1.0);
    values[3] = 0, values[7] = std::nan(""), values[9] = -std::numeric_limits<double>::infinity(), values[50] = -4;
    const auto x = tape.variable(Tensor<double>({4, 25}, values), "x");
    const TensorSummary s = *there(trace(sum(x)), "x").value.tensor;
    BOOST_TEST(s.zeros == 1u);
    BOOST_TEST(s.not_finite == 2u);
    BOOST_TEST(s.min == -4);
    BOOST_TEST(s.max == 1);
    BOOST_TEST(s.mean == 92.0 / 98.0, tolerance);
    BOOST_TEST((s.rows == 4 && s.columns == 8));
    BOOST_TEST(s.sampled);
    BOOST_TEST(s.thumbnail.size() == 32u);
}

// What deserves attention -----------------------------------------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(kinks_saturation_and_births_are_flagged_where_they_are) {
    Tape tape;
    const auto zero = tape.variable(0.0, "zero"), big = tape.variable(20.0, "big"), small = tape.variable(0.3, "small");
    const auto flags = [](const Scalar& L) { return trace(L).forward.back().flags; };
    BOOST_TEST(flags(relu(zero)).kink);
    BOOST_TEST(flags(abs(zero)).kink);
    BOOST_TEST(flags(maximum(small, small * 1.0)).kink);
    BOOST_TEST(!flags(relu(small)).kink);
    BOOST_TEST(!flags(square(zero)).kink);
    BOOST_TEST(flags(sigmoid(big)).saturated);
    BOOST_TEST(flags(tanh(big)).saturated);
    BOOST_TEST(!flags(tanh(small)).saturated);
    BOOST_TEST(!flags(sin(zero + std::acos(-1.0) / 2)).saturated);
    BOOST_TEST(!flags(exp(small * -100.0)).saturated);
    BOOST_TEST(flags(log(zero)).inf_born);
    BOOST_TEST(flags(log(small - 1.0)).nan_born);
    BOOST_TEST(!flags(log(small - 1.0) * 2.0).nan_born);
    BOOST_TEST(trace(sqrt(zero)).reverse[0].flags.inf_born);
    const auto unused = tape.variable(1.0, "unused");
    const Trace t = trace(square(small));
    BOOST_TEST(there(t, "unused").flags.unused);
    BOOST_TEST(!back(t, "unused").adjoint.known);
    BOOST_TEST(unused.recorded());
}

BOOST_AUTO_TEST_CASE(a_tensor_row_is_flagged_too) {
    Tape tape;
    const auto x = tape.variable(Tensor<double>({3}, {-1, 0, 2}), "x");
    const Trace t = trace(sum(log(relu(x))));
    BOOST_TEST(there(t, "t2").flags.kink);
    BOOST_TEST(there(t, "t3").flags.inf_born);
    BOOST_TEST(!there(t, "t3").flags.kink);
    BOOST_TEST(!there(t, "t3").flags.constant);
    const Trace with_nan = trace(sum(x * Tensor<double>({3}, {1, std::nan(""), 2})));
    BOOST_TEST(there(with_nan, "t5").flags.nan_born);
    BOOST_TEST((to_text(with_nan).find("a NaN is born here, or comes with the constant") != std::string::npos));
}

BOOST_AUTO_TEST_CASE(a_trace_outlives_its_tape_and_changes_nothing) {
    Trace t;
    {
        network::Tensors n;
        const auto rows = n.tape.stats().rows;
        t = trace(n.L);
        BOOST_TEST(n.tape.stats().rows == rows);
    }
    BOOST_TEST(t.forward.size() == 14u);
    BOOST_TEST(t.loss_value == network::loss, tolerance);
}

BOOST_AUTO_TEST_CASE(a_hook_is_called_as_often_as_by_the_gradient) {
    Tape tape;
    int calls = 0;
    const auto x = tape.variable(Tensor<double>({2}, {1, 2}), "x");
    const auto hooked = on_adjoint(x, [&calls](const Tensor<double>& adjoint) {
        ++calls;
        return adjoint;
    });
    const auto L = sum(square(hooked) + x);
    static_cast<void>(gradient(L));
    const int once = calls;
    const Trace t = trace(L);
    BOOST_TEST(calls == 2 * once);
    BOOST_TEST(back(t, "x").terms.size() == 2u);
}

BOOST_AUTO_TEST_SUITE_END()

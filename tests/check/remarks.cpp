// SPDX-License-Identifier: MIT
// A comparison inside an explanation; and gradients that were added to those of the step before.
#include "autodiff/check/remarks.hpp"
#include "../explain/network.hpp"
#include "autodiff/autodiff.hpp"

#include <boost/test/unit_test.hpp>
#include <nlohmann/json.hpp>

using namespace autodiff;
using Kind = Trace::Remark::Kind;
using T = Tensor<double>;

namespace {

T row(const std::array<double, 3>& values) { return T({1, 3}, std::vector<double>(values.begin(), values.end())); }

struct Swept {
    network::Tensors<double> n;
    Gradient g = gradient(n.L);
    T dW1 = g[n.W1].constant(), dz2 = g[n.Z2].constant(), da1 = g[n.A1].constant(), dz1 = g[n.Z1].constant();
};

}  // namespace

BOOST_AUTO_TEST_SUITE(compare_remarks)

BOOST_AUTO_TEST_CASE(each_adjoint_has_its_verdict_at_the_step_of_the_table) {
    const Swept a;
    const T forgotten = row(network::da1);
    ManualGradients manual;
    manual.set("dz2", a.dz2).set("dz1", forgotten).set("dW1", matmul(transpose(network::matrix<double>({network::x})), forgotten));
    const Comparison c = compare(manual, a.n.L);
    const auto all = remarks(c);
    BOOST_REQUIRE(all.size() == 3u);
    for (std::size_t k = 0; k < 3; ++k) BOOST_TEST(all[k].step == c.steps[k].number);
    BOOST_TEST((all[0].kind == Kind::right && all[1].kind == Kind::wrong && all[2].kind == Kind::inherited));
    BOOST_TEST(all[0].text == "your dz2 is right");
    BOOST_TEST(all[1].text.starts_with("your dz1 is wrong from here on: "));
    BOOST_TEST((all[1].text.find(c.steps[1].mistakes.front().text) != std::string::npos));
    BOOST_TEST(all[2].text == "your dW1 inherits a mistake from dz1: the step itself is right");

    Trace t = trace(a.n.L);
    t.remarks = all;
    const std::string text = to_text(t), markdown = to_markdown(t), page = to_html(t);
    BOOST_TEST((text.find(fmt::format("✗ R{}  your dz1 is wrong", all[1].step)) != std::string::npos));
    BOOST_TEST((markdown.find("↯ your dW1 inherits") != std::string::npos));
    BOOST_TEST((page.find("<p class=\"remark wrong\">✗ your dz1 is wrong") != std::string::npos));
    BOOST_TEST((page.find("<p class=\"remark\">↯ your dW1") != std::string::npos));
}

BOOST_AUTO_TEST_CASE(what_has_another_shape_or_no_part_in_the_loss) {
    Tape tape;
    const auto x = tape.variable(T({2}, {1, 2}), "x"), unused = tape.variable(T({2}, {1, 2}), "unused");
    const auto L = sum(square(x));
    ManualGradients manual;
    manual.set("x", T::ones({3})).set("unused", T::zeros({2}));
    const auto all = remarks(compare(manual, L));
    BOOST_REQUIRE(all.size() == 1u);  // there is no step at which to speak of the other one
    BOOST_TEST((all[0].kind == Kind::wrong));
    BOOST_TEST(unused.size() == 2);
}

BOOST_AUTO_TEST_CASE(a_gradient_that_was_added_to_the_one_before) {
    const Swept a;
    const T before({2, 3}, {0.5, -0.25, 3, 1, 2, -7});
    ManualGradients manual, previous;
    manual.set("dz1", a.dz1).set("dW1", a.dW1 + before);
    previous.set("W1", before).set("dz1", T::ones({1, 3}));
    const Comparison without = compare(manual, a.n.L);
    BOOST_TEST((without.steps[1].mistakes.empty() || !without.steps[1].exact));
    const Comparison c = compare(manual, a.n.L, {.previous = previous});
    BOOST_REQUIRE(c.steps[1].exact);
    BOOST_TEST(c.steps[1].mistakes.front().kind == "not_cleared");
    BOOST_TEST((c.steps[0].verdict == Comparison::Verdict::right));

    ManualGradients unknown, wrong_shape;
    unknown.set("dW7", before);
    BOOST_CHECK_THROW(static_cast<void>(compare(manual, a.n.L, {.previous = unknown})), ValueError);
    wrong_shape.set("dW1", T::ones({3}));
    BOOST_CHECK_EXCEPTION(static_cast<void>(compare(manual, a.n.L, {.previous = wrong_shape})), ValueError, [](const ValueError& e) {
        return std::string(e.what()) == "compare: expected a previous dW1 of shape [2, 3], got [3]";
    });
}

BOOST_AUTO_TEST_CASE(a_search_that_was_cut_short_says_so) {
    Tape tape;
    const auto x = tape.variable(0.3, "x");
    Scalar y = x;
    for (int i = 0; i < 200; ++i) y = sin(y) + x;
    ManualGradients manual;
    manual.set("x", gradient(y)[x] * 1.2345678);
    const Comparison c = compare(manual, y);
    BOOST_TEST(c.steps[0].limited);
    BOOST_TEST((to_string(c).find("not all that lies between it and what you gave was searched") != std::string::npos));
    BOOST_TEST(nlohmann::json::parse(to_json(c))["steps"][0]["limited"] == true);
}

BOOST_AUTO_TEST_SUITE_END()

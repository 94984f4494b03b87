// SPDX-License-Identifier: MIT
// A whole tape, forward and backward.
#include "autodiff/explain/explain.hpp"

#include "network.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>

using namespace autodiff;

BOOST_AUTO_TEST_SUITE(explain_ledger)

BOOST_AUTO_TEST_CASE(a_small_expression_is_listed_row_by_row) {
    Tape tape;
    const auto a = tape.variable(2.0, "a"), b = tape.variable(-3.0, "b"), c = tape.variable(10.0, "c"), f = tape.variable(-2.0, "f");
    const Scalar e = a * b, d = e + c, L = d * f;
    tape.name(e, "e"), tape.name(d, "d");
    BOOST_TEST(fmt::format("{}", explain(L)) == R"(L = -8   7 rows, 4 variables   seed: dL/dL = 1

F1  a  variable   = 2
)");
}

BOOST_AUTO_TEST_CASE(two_uses_are_two_terms_of_one_adjoint) {
    Tape tape;
    const auto x1 = tape.variable(2.0, "x1"), x2 = tape.variable(5.0, "x2");
    const Scalar y = log(x1) + x1 * x2 - sin(x2);
    BOOST_TEST(to_string(explain(y)) == R"(L = 11.6521
)");
}

BOOST_AUTO_TEST_CASE(what_is_pushed_to_a_row_is_what_arrives_there) {
    network::Neurons n;
    const Gradient g = gradient(n.L);
    const auto ledger = std::get<Ledger>(explain(n.L).form);
    BOOST_TEST(ledger.forward.size() == ledger.reverse.size());
    BOOST_TEST(ledger.variables == 17u);
    for (const auto& step : ledger.reverse) {
        double sum = 0;
        for (const auto& [from, term] : step.terms) sum += term;
        BOOST_TEST(sum == step.adjoint);
        for (const auto& push : step.pushes) BOOST_TEST(push.product == step.adjoint * push.local);
        const auto last = std::find_if(ledger.reverse.rbegin(), ledger.reverse.rend(), [&](const auto& earlier) {
            return std::any_of(earlier.pushes.begin(), earlier.pushes.end(), [&](const auto& push) { return push.to == step.name; });
        });
        if (last == ledger.reverse.rend()) continue;
        for (const auto& push : last->pushes)
            if (push.to == step.name && &push == &last->pushes.back()) BOOST_TEST(push.running == step.adjoint);
    }
    const auto weight = std::find_if(ledger.reverse.begin(), ledger.reverse.end(), [](const auto& step) { return step.name == "W1[0, 1]"; });
    BOOST_REQUIRE(weight != ledger.reverse.end());
    BOOST_TEST(weight->adjoint == g[n.W1[0][1]]);
}

BOOST_AUTO_TEST_CASE(tensors_are_listed_with_their_elements_or_their_norm) {
    Tape tape;
    const auto w = tape.variable(Tensor<double>({2}, {3, 4}), "w"), big = tape.variable(Tensor<double>::ones({10, 10}), "big");
    const auto s = tape.variable(2.0, "s");
    const auto L = sum(w * s) + sum(big);
    const std::string text = to_string(explain(L));
    BOOST_TEST(text == R"(L)");
}

BOOST_AUTO_TEST_CASE(what_does_not_reach_the_loss_is_a_dash) {
    Tape tape;
    const auto x = tape.variable(1.0, "x"), unused = tape.variable(0.0, "unused");
    const Scalar aside = exp(unused), L = x * 0.0;
    const auto ledger = std::get<Ledger>(explain(L).form);
    for (const auto& step : ledger.reverse) {
        const bool connected = step.name == "L" || step.name == "x";
        BOOST_TEST(step.reached == connected);
        BOOST_TEST(step.incoming == (connected ? (step.name == "L" ? "1" : "0") : "-"));
    }
}

BOOST_AUTO_TEST_CASE(a_long_tape_is_cut_and_says_so) {
    Tape tape;
    Scalar x = tape.variable(1.0, "x");
    for (int k = 0; k < 1000; ++k) x = sin(x);
    const Explanation e = explain(x, {.rows = 3});
    BOOST_TEST(std::get<Ledger>(e.form).reverse.size() == 3u);
    const std::string text = to_string(e);
    BOOST_TEST(text.find("... 998 more rows; options.rows sets how many are shown\n") != std::string::npos);
    BOOST_TEST(std::count(text.begin(), text.end(), '\n') < 15);
}

BOOST_AUTO_TEST_CASE(a_mark_leaves_no_trace) {
    Tape tape;
    const auto x = tape.variable(1.0, "x");
    const Scalar y = exp(x);
    static_cast<void>(tape.mark());
    const Scalar L = y * 2;
    BOOST_TEST(std::get<Ledger>(explain(L).form).rows == 3u);
    BOOST_TEST(std::get<Ledger>(explain(L).form).variables == 1u);
}

BOOST_AUTO_TEST_CASE(a_name_is_data_and_stays_on_its_line) {
    const std::vector<std::pair<std::string, std::string>> names{
        {"a\nb", "a\\x0ab"},
        {"{} {:d} %s", "{} {:d} %s"},
        {std::string("nul\0l", 5), "nul\\x00l"},
        {"\x1b[31mred", "\\x1b[31mred"},
        {"σ′(z)", "σ′(z)"},
        {"line\xe2\x80\xa8separator", "line\\xe2\\x80\\xa8separator"},
        {"\xe2\x80\xaeright to left", "\\xe2\\x80\\xaeright to left"},
        {"\xff\xc0\xaf", "\\xff\\xc0\\xaf"},
        {"cut \xe2\x80", "cut \\xe2\\x80"},
        {"\xed\xa0\x80", "\\xed\\xa0\\x80"},
        {std::string(65, 'x'), std::string(64, 'x') + "..."},
        {std::string(63, 'x') + "σ", std::string(63, 'x') + "..."},
        {"<b>&\"\\", "<b>&\"\\"},
    };
    for (const auto& [name, shown] : names) {
        Tape tape;
        const auto x = tape.variable(2.0, name);
        const Scalar L = square(x);
        const std::string ledger = to_string(explain(L)), paths = to_string(explain(L, x));
        BOOST_TEST(ledger.find(fmt::format("F1  {}", shown)) != std::string::npos);
        BOOST_TEST(std::count(ledger.begin(), ledger.end(), '\n') == 8);
        BOOST_TEST(paths.starts_with(fmt::format("dL/d{} = 4\n", shown)));
    }
}

BOOST_AUTO_TEST_SUITE_END()

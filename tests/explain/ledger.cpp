// SPDX-License-Identifier: MIT
// A whole tape, forward and backward.
#include "autodiff/explain/explain.hpp"

#include "network.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <map>

using namespace autodiff;

BOOST_AUTO_TEST_SUITE(explain_ledger)

BOOST_AUTO_TEST_CASE(a_small_expression_is_listed_row_by_row) {
    Tape tape;
    const auto a = tape.variable(2.0, "a"), b = tape.variable(-3.0, "b"), c = tape.variable(10.0, "c"), f = tape.variable(-2.0, "f");
    const Scalar e = a * b, d = e + c, L = d * f;
    tape.name(e, "e"), tape.name(d, "d");
    BOOST_TEST(fmt::format("{}", explain(L)) == R"(L = -8   7 rows, 4 variables   seed: dL/dL = 1

F1  a  variable   = 2
F2  b  variable   = -3
F3  c  variable   = 10
F4  f  variable   = -2
F5  e  mul(a, b)  = -6
F6  d  add(e, c)  = 4
F7  L  mul(d, f)  = -8

R   row  operation  incoming   local   pushes   running
R1  L    mul        1 (seed)   f = -2  d += -2  -2
                               d = 4   f += 4    4
R2  d    add        -2 (R1 L)  1       e += -2  -2
                               1       c += -2  -2
R3  e    mul        -2 (R2 d)  b = -3  a += 6    6
                               a = 2   b += -4  -4
R4  f    variable   4 (R1 L)   -       -
R5  c    variable   -2 (R2 d)  -       -
R6  b    variable   -4 (R3 e)  -       -
R7  a    variable   6 (R3 e)   -       -
)");
}

BOOST_AUTO_TEST_CASE(two_uses_are_two_terms_of_one_adjoint) {
    Tape tape;
    const auto x1 = tape.variable(2.0, "x1"), x2 = tape.variable(5.0, "x2");
    const Scalar a = log(x1), b = x1 * x2, c = a + b, d = sin(x2), y = c - d;  // Baydin et al. (2018), table 2; in a fixed order
    BOOST_TEST(y.value() == 11.652071455223083778, boost::test_tools::tolerance(1e-15));
    BOOST_TEST(gradient(y)[x2] == 1.7163378145367737355, boost::test_tools::tolerance(1e-15));
    BOOST_TEST(to_string(explain(y)) == R"(L = 11.6521   7 rows, 2 variables   seed: dL/dL = 1

F1  x1  variable     = 2
F2  x2  variable     = 5
F3  t3  log(x1)      = 0.693147
F4  t4  mul(x1, x2)  = 10
F5  t5  add(t3, t4)  = 10.6931
F6  t6  sin(x2)      = -0.958924
F7  L   sub(t5, t6)  = 11.6521

R   row  operation  incoming                                 local              pushes           running
R1  L    sub        1 (seed)                                 1                  t5 += 1           1
                                                             -1                 t6 += -1         -1
R2  t6   sin        -1 (R1 L)                                cos x2 = 0.283662  x2 += -0.283662  -0.283662
R3  t5   add        1 (R1 L)                                 1                  t3 += 1           1
                                                             1                  t4 += 1           1
R4  t4   mul        1 (R3 t5)                                x2 = 5             x1 += 5           5
                                                             x1 = 2             x2 += 2           1.71634
R5  t3   log        1 (R3 t5)                                1 / x1 = 0.5       x1 += 0.5         5.5
R6  x2   variable   1.71634 = -0.283662 (R2 t6) + 2 (R4 t4)  -                  -
R7  x1   variable   5.5 = 5 (R4 t4) + 0.5 (R5 t3)            -                  -
)");
}

BOOST_AUTO_TEST_CASE(what_is_pushed_to_a_row_is_what_arrives_there) {
    network::Neurons n;
    const Gradient g = gradient(n.L);
    const auto ledger = std::get<Trace>(explain(n.L).form);
    BOOST_TEST(ledger.forward.size() == ledger.reverse.size());
    BOOST_TEST(ledger.variables == 17u);
    std::map<std::string, double> running;
    for (const auto& step : ledger.reverse) {
        double sum = 0;
        for (const auto& term : step.terms) sum += term.product;
        BOOST_TEST(sum == step.adjoint.number);
        for (const auto& push : step.pushes) BOOST_TEST(push.product == step.adjoint.number * push.local);
        if (const auto pushed = running.find(step.name); pushed != running.end()) BOOST_TEST(pushed->second == step.adjoint.number);
        for (const auto& push : step.pushes) running[push.to] = push.running;
    }
    BOOST_TEST(running.size() == ledger.reverse.size() - 1);  // all but the loss
    const auto weight =
        std::find_if(ledger.reverse.begin(), ledger.reverse.end(), [](const auto& step) { return step.name == "W1[0, 1]"; });
    BOOST_REQUIRE(weight != ledger.reverse.end());
    BOOST_TEST(weight->adjoint.number == g[n.W1[0][1]]);
}

BOOST_AUTO_TEST_CASE(tensors_are_listed_with_their_elements_or_their_norm) {
    Tape tape;
    const auto w = tape.variable(Tensor<double>({2}, {3, 4}), "w"), big = tape.variable(Tensor<double>::ones({10, 10}), "big");
    const auto s = tape.variable(2.0, "s");
    const auto product = w * s, first = sum(product), second = sum(big), L = first + second;
    BOOST_TEST(to_string(explain(L)) == R"(L = 114   8 rows, 3 variables   seed: dL/dL = 1

F1  w    variable        = [3 4]
F2  big  variable        = [10, 10], norm 10
F3  s    variable        = 2
F4  t4   from_scalar(s)  = [2]
F5  t5   mul(w, t4)      = [6 8]
F6  t6   sum(t5)         = [14]
F7  t7   sum(big)        = [100]
F8  L    add(t6, t7)     = [114]

R   row  operation    incoming           local         pushes  running
R1  L    add          [1] (seed)         1             t6
                                         1             t7
R2  t7   sum          [1]                ybar, spread  big
R3  t6   sum          [1]                ybar, spread  t5
R4  t5   mul          [1 1]              t4            w
                                         w             t4
R5  t4   from_scalar  [7]                1             s += 7   7
R6  s    variable     7 (R5 t4)          -             -
R7  big  variable     [10, 10], norm 10  -             -
R8  w    variable     [2 2]              -             -
)");
}

BOOST_AUTO_TEST_CASE(what_does_not_reach_the_loss_is_a_dash) {
    Tape tape;
    const auto x = tape.variable(1.0, "x"), unused = tape.variable(0.0, "unused");
    [[maybe_unused]] const Scalar aside = exp(unused);
    const Scalar L = x * 0.0;
    const auto ledger = std::get<Trace>(explain(L).form);
    for (const auto& step : ledger.reverse) {
        const bool connected = step.name == "L" || step.name == "x";
        BOOST_TEST(step.reached == connected);
        BOOST_TEST(step.adjoint.known == connected);
        BOOST_TEST(step.adjoint.number == (step.name == "L" ? 1 : 0));
    }
}

BOOST_AUTO_TEST_CASE(a_long_tape_is_cut_and_says_so) {
    Tape tape;
    Scalar x = tape.variable(1.0, "x");
    for (int k = 0; k < 1000; ++k) x = sin(x);
    const Explanation e = explain(x, {.rows = 3});
    BOOST_TEST(std::get<Trace>(e.form).reverse.size() == 3u);
    const std::string text = to_string(e);
    BOOST_TEST(text.find("... 998 more rows are not shown\n") != std::string::npos);
    BOOST_TEST(std::count(text.begin(), text.end(), '\n') < 15);
}

BOOST_AUTO_TEST_CASE(a_mark_leaves_no_trace) {
    Tape tape;
    const auto x = tape.variable(1.0, "x");
    const Scalar y = exp(x);
    static_cast<void>(tape.mark());
    const Scalar L = y * 2;
    BOOST_TEST(std::get<Trace>(explain(L).form).rows == 3u);
    BOOST_TEST(std::get<Trace>(explain(L).form).variables == 1u);
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

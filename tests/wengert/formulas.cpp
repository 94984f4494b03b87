// SPDX-License-Identifier: MIT
// Formulas on the command line: every rule can be called, operators bind as in mathematics, and a mistake is pointed at.
#include "autodiff/rules/list.hpp"
#include "tests/support/compare.hpp"
#include "tests/wengert/run_wengert.hpp"

#include <boost/test/data/test_case.hpp>
#include <fmt/format.h>

using namespace wengert_test;

namespace {

/// L of the formula at x = 2.
double value_at_2(const std::string& formula) {
    const Ended ended = run_well({"explain", "--at", "x=2", "--digits", "17", "--", formula});
    return std::strtod(ended.output.c_str() + ended.output.find(" = ") + 3, nullptr);  // L, or x if it is that
}

struct Value {
    const char* formula;
    double at_2;
};
std::ostream& operator<<(std::ostream& stream, const Value& v) { return stream << v.formula; }
const Value values[] = {{"x", 2},
                        {"x+3*4", 14},
                        {"3*4+x", 14},
                        {"x-3-4", -5},
                        {"x/4/2", 0.25},
                        {"x*3/4", 1.5},
                        {"-x^2", -4},
                        {"(-x)^2", 4},
                        {"x^3^2", 512},
                        {"2^-x", 0.25},
                        {"--x", 2},
                        {"x*-3", -6},
                        {"+x", 2},
                        {"x - -1", 3},
                        {"1e2*x+.5", 200.5},
                        {"1.5E-1*x", 0.3},
                        {"2.*x", 4},
                        {"sin(pi/x)", 1},
                        {"log(e)*x", 2},
                        {"exp(-inf)*nan^0 + x", 2},
                        {" ( ( x ) ) ", 2},
                        {"maximum(x, 3)", 3},
                        {"where(x - 2, 5*x, 7*x)", 14},
                        {"z = x^2; y1 = z + 1; z*y1", 20},
                        {"L = x + 1", 3},
                        {"z = x; z*z", 4}};

struct Refused {
    const char* formula;
    const char* text;
};
std::ostream& operator<<(std::ostream& stream, const Refused& r) { return stream << r.formula; }
const std::string operand = "expected a number, a name, a function or '(':\n  ";
const Refused mistakes[] = {
    {"(", "expected a number, a name, a function or '(':\n  (\n   ^"},
    {"x+", "expected a number, a name, a function or '(':\n  x+\n    ^"},
    {"sin()", "expected a number, a name, a function or '(':\n  sin()\n      ^"},
    {"(x+1", "expected an operator or ')':\n  (x+1\n      ^"},
    {"sin(2x)", "expected an operator, ',' or ')'; a product is written 2*x:\n  sin(2x)\n       ^"},
    {"2.5 sin(x)", "expected an operator or the end; a product is written 2.5*sin(...):\n  2.5 sin(x)\n      ^"},
    {"(x+1)(x-1)", "expected an operator or the end; a product is written (...)*(...):\n  (x+1)(x-1)\n       ^"},
    {"x y", "expected an operator or the end; a product is written x*y:\n  x y\n    ^"},
    {"sin x", "expected an operator or the end; the function is written sin(x):\n  sin x\n      ^"},
    {"x**2", "expected a number, a name, a function or '('; a power is written a^b:\n  x**2\n    ^"},
    {"x<1", "expected an operator or the end; a < b is written less(a, b):\n  x<1\n   ^"},
    {"where(x >= 1, x, 2)", "expected an operator, ',' or ')'; a >= b is written less_equal(b, a):\n  where(x >= 1, x, 2)\n          ^"},
    {" x == 1", "expected a number, a name, a function or '('; a == b is written equal(a, b):\n   x == 1\n      ^"},
    {"x+1 != 2", "expected an operator or the end; a != b is written not_equal(a, b):\n  x+1 != 2\n      ^"},
    {"3 = x", "expected an operator or the end:\n  3 = x\n    ^"},
    {"ln(x)", "expected a function, got 'ln'; did you mean 'log'?\n  ln(x)\n  ^"},
    {"softmax(x)", "expected a function, got 'softmax'; it is one of a whole layer, not of a number: use --net with --loss "
                   "cross_entropy:\n  softmax(x)\n  "
                   "^"},
    {"x^2)", "expected an operator or the end:\n  x^2)\n     ^"},
    {"2.5.1*x", "expected an operator or the end:\n  2.5.1*x\n     ^"},
    {"1e999*x", "expected a number that a double can hold:\n  1e999*x\n  ^"},
    {"sin(x, 2)", "expected 1 argument of sin, got 2:\n  sin(x, 2)\n  ^"},
    {"1 + hypot(x)", "expected 2 arguments of hypot, got 1:\n  1 + hypot(x)\n      ^"},
    {"sigmiod(x)", "expected a function, got 'sigmiod'; did you mean 'sigmoid'?\n  sigmiod(x)\n  ^"},
    {"max(x, 1)", "expected a function, got 'max'; did you mean 'maximum'?\n  max(x, 1)\n  ^"},
    {"y*x", "expected a value for 'y', as in --at y=1; did you mean 'x'?\n  y*x\n  ^"},
    {"x*tanh", "expected a value for 'tanh', as in --at tanh=1; the function is tanh(...):\n  x*tanh\n    ^"},
    {"x^2; x", "expected the end after a formula without a name:\n  x^2; x\n       ^"},
    {"x^2;", "expected the end after a formula without a name:\n  x^2;\n      ^"},
    {"z = x; z = 1; z", "expected a new name, 'z' has a value:\n  z = x; z = 1; z\n         ^"},
    {"y = x; x = 1; y", "expected a new name, 'x' has a value:\n  y = x; x = 1; y\n         ^"},
    {"x*\xce\xb1", "expected a number, a name, a function or '(':\n  x*\xce\xb1\n    ^"},
    {"\xc3\xa9 + x", "expected a number, a name, a function or '(':\n  \xc3\xa9 + x\n  ^"},
    {"x\n + \t)", "expected a number, a name, a function or '(':\n  x  +  )\n        ^"},
    {"x + 1.5 + 2.5 + 3.5 + 4.5 + 5.5 + 6.5 + 7.5 + 8.5 + 9.5 + * + 1.5 + 2.5 + 3.5 + 4.5 + 5.5 + 6.5 + 7.5 + 8.5 + 9.5 + 10.5",
     "expected a number, a name, a function or '(':\n"
     "  ...+ 2.5 + 3.5 + 4.5 + 5.5 + 6.5 + 7.5 + 8.5 + 9.5 + * + 1.5 + 2.5 + 3.5 + 4.5 + 5.5 + 6.5 + 7.5 + 8.5 ...\n"
     "                                                       ^"},
};

double middle(autodiff::Interval domain) { return domain.low + 0.625 * (domain.high - domain.low); }

/// The derivative that the text of the tool gives for a variable: the number after `name += `.
double derivative(const Ended& ended, const std::string& name) {
    const std::size_t at = ended.output.find(name + " += ");
    return at == std::string::npos ? NAN : std::strtod(ended.output.c_str() + at + name.size() + 4, nullptr);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(formulas)

BOOST_AUTO_TEST_CASE(every_rule_is_a_function_with_its_value_and_its_derivatives) {
    const Ended help = run_well({"explain", "--help"});
    int rules = 0;
    autodiff::rules::for_each<autodiff::rules::All>([&]<class R>(R) {
        ++rules;
        const std::string name(R::name);
        BOOST_TEST_CONTEXT(name) {
            BOOST_TEST(help.says(name));
            const auto ask = [&](const std::string& formula, const std::string& at) {
                return run_well({"explain", formula, "--at", at, "--digits", "17"});
            };
            const test::Tolerance same{.relative = 1e-15};
            const auto check = [&](const Ended& ended, double y, std::initializer_list<std::pair<const char*, double>> partials) {
                BOOST_TEST(test::close(std::strtod(ended.after("L = ").c_str(), nullptr), y, same));
                for (const auto& [operand_name, partial] : partials)
                    if (partial != 0) BOOST_TEST(test::close(derivative(ended, operand_name), partial, same));
            };
            if constexpr (autodiff::rules::UnaryRule<R>) {
                const double x = middle(R::domain), y = R::value(x);
                check(ask(name + "(x)", fmt::format("x={}", x)), y, {{"x", R::partial(x, y)}});
            } else if constexpr (autodiff::rules::BinaryRule<R>) {
                // polygamma's order is a whole number, and comparisons have derivative 0: numbers of either kind will do
                const double a = std::ceil(middle(R::domain_a)), b = middle(R::domain_b), y = R::value(a, b);
                check(ask(name + "(p, q)", fmt::format("p={},q={}", a, b)), y,
                      {{"p", name == "polygamma" ? 0 : R::partial_a(a, b, y)}, {"q", R::partial_b(a, b, y)}});
            } else {
                const double a = middle(R::domain_a), b = middle(R::domain_b) / 2, c = middle(R::domain_c) / 3, y = R::value(a, b, c);
                check(ask(name + "(p, q, r)", fmt::format("p={},q={},r={}", a, b, c)), y,
                      {{"p", R::partial_a(a, b, c, y)}, {"q", R::partial_b(a, b, c, y)}, {"r", R::partial_c(a, b, c, y)}});
            }
        }
    });
    BOOST_TEST(rules == static_cast<int>(autodiff::rules::All::size));
}

BOOST_DATA_TEST_CASE(operators_bind_as_in_mathematics, boost::unit_test::data::make(values), expected) {
    BOOST_TEST(test::close(value_at_2(expected.formula), expected.at_2, {.relative = 1e-15}));
}

BOOST_DATA_TEST_CASE(a_mistake_is_pointed_at, boost::unit_test::data::make(mistakes), mistake) {
    check_refused({"explain", "--at", "x=2", "--", mistake.formula}, mistake.text);
}

BOOST_AUTO_TEST_CASE(long_formulas_are_read_and_deep_ones_are_refused) {
    std::string sum = "x";
    for (int k = 0; k < 20000; ++k) sum += "+x";
    BOOST_TEST(run_well({"explain", sum, "--at", "x=2"}).after("L = ").starts_with("40002 "));
    for (const std::string& deep : {std::string(100'000, '('), std::string(100'000, '-'), [] {
                                        std::string towers = "x";
                                        for (int k = 0; k < 50'000; ++k) towers += "^x";
                                        return towers;
                                    }()}) {
        const Ended ended = run({"explain", "--at", "x=2", "--", deep});
        BOOST_TEST(ended.status == 2);
        BOOST_TEST(ended.complaint.starts_with("wengert: expected at most 100 levels of parentheses, powers and signs:\n"));
    }
}

BOOST_AUTO_TEST_CASE(values_are_formulas_without_variables) {
    BOOST_TEST(run_well({"explain", "x*y", "--at", "x=pi/2, y=atan2(0, 1) - 2"}).after("L = ").starts_with("-3.14159 "));
    BOOST_TEST(run_well({"explain", "x*y", "--at", "x=3", "--at", "y=-1e3"}).after("L = ").starts_with("-3000 "));
    BOOST_TEST(run_well({"explain", "-2*x", "--at", "x=3"}).after("L = ").starts_with("-6 "));
    BOOST_TEST(run_well({"explain", "--at", "x=3", "--at", "y=2", "x*y"}).after("L = ").starts_with("6 "));
    BOOST_TEST(run_well({"explain", "x*y", "--at", "x=-inf,y=2"}).after("L = ").starts_with("-inf "));
    BOOST_TEST(run_well({"explain", "x*y", "--at", "x=nan,y=2"}).after("L = ").starts_with("nan "));
    const std::string commas = "; values are separated by commas, as in --at x=1,y=2", end = "explain: expected an option or the end, got ";
    check_refused({"explain", "x*y", "--at", "x=1", "y=2"}, end + "'y=2'" + commas);
    check_refused({"explain", "--at", "x=1", "y=2", "x*y"}, end + "'x*y'" + commas);
    check_refused({"explain", "-x", "--at", "x=1"}, end + "'-x'; a formula that begins with a minus comes last, after --");
    check_refused({"explain", "--", "-x", "--at", "x=1"}, end + "'--at'; options come before --");
    check_refused({"explain", "x", "--att", "x=1"}, end + "'--att'; did you mean '--at', '--net' or '--to'?");
    check_refused({"explain", "x", "--at", "x"}, "--at: expected names with values such as w=0.5,a=2, got 'x'");
    check_refused({"explain", "x", "--at", "2=x"}, "--at: expected names with values such as w=0.5,a=2, got '2=x'");
    check_refused({"explain", "x", "--at", "x=1,x=2"}, "--at: expected every name once, got 'x' again");
    check_refused({"explain", "width", "--at", "widht=1"},
                  "--at: expected the variables of the formula, got 'widht'; did you mean 'width'?");
    check_refused({"explain", "x", "--at", "x=y"}, "expected a value for 'y', as in --at y=1:\n  y\n  ^");
    check_refused({"explain", "x", "--at", "x="}, "expected a number, a name, a function or '(':\n  \n  ^");
    check_refused({"explain", "2*pi"}, "expected a formula of variables, with --at for their values, got a constant:\n  2*pi\n  ^");
}

BOOST_AUTO_TEST_SUITE_END()

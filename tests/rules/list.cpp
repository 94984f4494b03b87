// SPDX-License-Identifier: MIT
#include "autodiff/rules/list.hpp"

#include "autodiff/dual.hpp"
#include "autodiff/error.hpp"

#include <boost/test/unit_test.hpp>
#include <set>
#include <string>
#include <tuple>

using namespace autodiff;

namespace {

/// How users write each rule.
template <class R, class F>
struct Spelled {
    using Rule = R;
    F f;
};
template <class R, class F>
Spelled<R, F> spelled(F f) {
    return {f};
}
template <class... Row>
rules::List<typename Row::Rule...> rules_of(const std::tuple<Row...>&);

const auto unary = std::tuple{
    spelled<rules::Neg>([](auto x) { return -x; }),
    spelled<rules::Square>([](auto x) { return square(x); }),
    spelled<rules::Reciprocal>([](auto x) { return reciprocal(x); }),
    spelled<rules::Sqrt>([](auto x) { return sqrt(x); }),
    spelled<rules::Cbrt>([](auto x) { return cbrt(x); }),
    spelled<rules::Rsqrt>([](auto x) { return rsqrt(x); }),
    spelled<rules::Exp>([](auto x) { return exp(x); }),
    spelled<rules::Exp2>([](auto x) { return exp2(x); }),
    spelled<rules::Expm1>([](auto x) { return expm1(x); }),
    spelled<rules::Log>([](auto x) { return log(x); }),
    spelled<rules::Log2>([](auto x) { return log2(x); }),
    spelled<rules::Log10>([](auto x) { return log10(x); }),
    spelled<rules::Log1p>([](auto x) { return log1p(x); }),
    spelled<rules::Sin>([](auto x) { return sin(x); }),
    spelled<rules::Cos>([](auto x) { return cos(x); }),
    spelled<rules::Tan>([](auto x) { return tan(x); }),
    spelled<rules::Asin>([](auto x) { return asin(x); }),
    spelled<rules::Acos>([](auto x) { return acos(x); }),
    spelled<rules::Atan>([](auto x) { return atan(x); }),
    spelled<rules::Sinh>([](auto x) { return sinh(x); }),
    spelled<rules::Cosh>([](auto x) { return cosh(x); }),
    spelled<rules::Tanh>([](auto x) { return tanh(x); }),
    spelled<rules::Asinh>([](auto x) { return asinh(x); }),
    spelled<rules::Acosh>([](auto x) { return acosh(x); }),
    spelled<rules::Atanh>([](auto x) { return atanh(x); }),
    spelled<rules::Sigmoid>([](auto x) { return sigmoid(x); }),
    spelled<rules::Softplus>([](auto x) { return softplus(x); }),
    spelled<rules::Relu>([](auto x) { return relu(x); }),
    spelled<rules::Abs>([](auto x) { return abs(x); }),
    spelled<rules::Sign>([](auto x) { return sign(x); }),
    spelled<rules::Floor>([](auto x) { return floor(x); }),
    spelled<rules::Erf>([](auto x) { return erf(x); }),
    spelled<rules::Erfc>([](auto x) { return erfc(x); }),
    spelled<rules::Lgamma>([](auto x) { return lgamma(x); }),
    spelled<rules::Digamma>([](auto x) { return digamma(x); }),
};
const auto binary = std::tuple{
    spelled<rules::Add>([](auto a, auto b) { return a + b; }),
    spelled<rules::Sub>([](auto a, auto b) { return a - b; }),
    spelled<rules::Mul>([](auto a, auto b) { return a * b; }),
    spelled<rules::Div>([](auto a, auto b) { return a / b; }),
    spelled<rules::Pow>([](auto a, auto b) { return pow(a, b); }),
    spelled<rules::Maximum>([](auto a, auto b) { return maximum(a, b); }),
    spelled<rules::Minimum>([](auto a, auto b) { return minimum(a, b); }),
    spelled<rules::Hypot>([](auto a, auto b) { return hypot(a, b); }),
    spelled<rules::Atan2>([](auto a, auto b) { return atan2(a, b); }),
    spelled<rules::Polygamma>([](auto a, auto b) { return polygamma(a, b); }),
    spelled<rules::Less>([](auto a, auto b) { return rules::less(a, b); }),
    spelled<rules::LessEqual>([](auto a, auto b) { return rules::less_equal(a, b); }),
    spelled<rules::Equal>([](auto a, auto b) { return rules::equal(a, b); }),
    spelled<rules::NotEqual>([](auto a, auto b) { return rules::not_equal(a, b); }),
    spelled<rules::Through>([](auto a, auto b) { return rules::through(a, b); }),
    spelled<rules::ChainProduct>([](auto a, auto b) { return rules::chain_product(a, b); }),
};
const auto ternary = std::tuple{
    spelled<rules::Fma>([](auto a, auto b, auto c) { return fma(a, b, c); }),
    spelled<rules::Where>([](auto a, auto b, auto c) { return where(Dual<double>(a), b, c); }),  // a plain number decides by itself
    spelled<rules::ChainSum>([](auto a, auto b, auto c) { return rules::chain_sum(a, b, c); }),
};
static_assert(std::same_as<decltype(rules_of(unary)), rules::Unary>, "every rule is spelled by a function");
static_assert(std::same_as<decltype(rules_of(binary)), rules::Binary>, "every rule is spelled by a function");
static_assert(std::same_as<decltype(rules_of(ternary)), rules::Ternary>, "every rule is spelled by a function");

template <class Table, class F>
void for_each_row(const Table& table, const F& f) {
    std::apply([&f](const auto&... row) { (f(row), ...); }, table);
}

/// Whether an error's text is exactly this.
auto says(std::string text) {
    return [text](const Error& error) {
        BOOST_TEST(error.what() == text);
        return error.what() == text;
    };
}

}  // namespace

BOOST_AUTO_TEST_SUITE(list)

BOOST_AUTO_TEST_CASE(codes_are_consecutive_and_lead_back_to_their_rules) {
    unsigned expected = 1;
    rules::for_each<rules::All>([&]<class R>(R) {
        BOOST_TEST(static_cast<unsigned>(code_of<R>) == expected++);
        BOOST_TEST(name(code_of<R>) == R::name);
        const bool same = visit(code_of<R>, []<class Found>(Found) { return std::same_as<Found, R>; });
        BOOST_TEST(same, R::name);
    });
    BOOST_TEST(expected == rules::All::size + 1);
}

BOOST_AUTO_TEST_CASE(the_dispatch_of_each_arity_finds_its_rules_and_no_others) {
    rules::for_each<rules::All>([]<class R>(R) {
        const Operation code = code_of<R>;
        const auto found = []<class Found>(Found) { return std::same_as<Found, R>; };
        BOOST_TEST_CONTEXT(R::name) {
            if (arity(code) == 1)
                BOOST_TEST(visit_unary(code, found));
            else
                BOOST_CHECK_THROW(visit_unary(code, found), ValueError);
            if (arity(code) == 2)
                BOOST_TEST(visit_binary(code, found));
            else
                BOOST_CHECK_THROW(visit_binary(code, found), ValueError);
            if (arity(code) == 3)
                BOOST_TEST(visit_ternary(code, found));
            else
                BOOST_CHECK_THROW(visit_ternary(code, found), ValueError);
        }
    });
}

BOOST_AUTO_TEST_CASE(a_number_that_is_no_code_is_named) {
    const auto nothing = [](auto) {};
    const std::string last = std::to_string(rules::All::size), beyond = std::to_string(rules::All::size + 1);
    BOOST_CHECK_EXCEPTION(visit(static_cast<Operation>(0), nothing), ValueError,
                          says("visit: expected the code of an operation in [1, " + last + "], got 0"));
    BOOST_CHECK_EXCEPTION(visit(static_cast<Operation>(rules::All::size + 1), nothing), ValueError,
                          says("visit: expected the code of an operation in [1, " + last + "], got " + beyond));
    BOOST_CHECK_EXCEPTION(static_cast<void>(name(static_cast<Operation>(65535))), ValueError,
                          says("visit: expected the code of an operation in [0, " + last + "], got 65535"));
}

BOOST_AUTO_TEST_CASE(names_are_unique) {
    std::set<std::string_view> names{name(Operation::variable)};
    rules::for_each<rules::All>([&]<class R>(R) { BOOST_TEST(names.insert(R::name).second, R::name); });
    BOOST_TEST(names.size() == rules::All::size + 1);
}

BOOST_AUTO_TEST_CASE(every_operand_has_the_text_of_its_derivative) {
    rules::for_each<rules::All>([]<class R>(R) {
        for (std::size_t operand = 0; operand < 4; ++operand)
            BOOST_TEST(derivative(code_of<R>, operand).empty() == (operand >= static_cast<std::size_t>(arity(code_of<R>))), R::name);
    });
    BOOST_TEST(derivative(code_of<rules::Tanh>) == "1 - y^2");
    BOOST_TEST(derivative(code_of<rules::Div>, 1) == "-y / b");
    BOOST_TEST(arity(Operation::variable) == 0);
    BOOST_TEST(derivative(Operation::variable).empty());
}

BOOST_AUTO_TEST_CASE(every_rule_is_spelled_by_its_function) {
    const auto same = [](auto found, auto expected) { return found.value == expected.value && found.tangent == expected.tangent; };
    using D = Dual<double>;
    for_each_row(unary, [&]<class R, class F>(const Spelled<R, F>& row) {
        const D x{(R::domain.low + 2 * R::domain.high) / 3, 1};
        BOOST_TEST(same(row.f(x), apply(R{}, x)), R::name);
    });
    for_each_row(binary, [&]<class R, class F>(const Spelled<R, F>& row) {
        const D a{R::domain_a.high, R::derivative_a == "not defined" ? 0.0 : 1.0}, b{R::domain_b.high / 2, 0.5};
        BOOST_TEST(same(row.f(a, b), apply(R{}, a, b)), R::name);
        BOOST_TEST(same(row.f(a.value, b), apply(R{}, a.value, b)), R::name);
        BOOST_TEST(same(row.f(a, b.value), apply(R{}, a, b.value)), R::name);
    });
    for_each_row(ternary, [&]<class R, class F>(const Spelled<R, F>& row) {
        const D a{R::domain_a.high, 1}, b{R::domain_b.high / 2, 0.5}, c{R::domain_c.low, 2};
        BOOST_TEST(same(row.f(a, b, c), apply(R{}, a, b, c)), R::name);
        BOOST_TEST(same(row.f(a, 2, c), apply(R{}, a, D(2), c)), R::name);
        BOOST_TEST(same(row.f(1.0, b, 3.0f), apply(R{}, D(1), b, D(3))), R::name);
    });
}

BOOST_AUTO_TEST_CASE(what_the_standard_library_lacks_works_on_numbers) {
    BOOST_TEST(sigmoid(0.0) == 0.5);
    BOOST_TEST(sigmoid(0.0f) == 0.5f);
    BOOST_TEST(softplus(-12000.0L) == 0.0L);
    BOOST_TEST(relu(-2.0) == 0);
    BOOST_TEST(sign(-2.0f) == -1);
    BOOST_TEST(square(3.0) == 9);
    BOOST_TEST(reciprocal(4.0) == 0.25);
    BOOST_TEST(rsqrt(4.0) == 0.5);
    BOOST_TEST(maximum(1.0, 2.0) == 2);
    BOOST_TEST(minimum(1.0f, 2.0f) == 1);
    static_assert(std::same_as<decltype(sigmoid(0.0f)), float>);
    static_assert(std::same_as<decltype(polygamma(1, 1.0f)), float>);
    static_assert(constant<float>(0.5) == 0.5f);
}

BOOST_AUTO_TEST_SUITE_END()

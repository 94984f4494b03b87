// SPDX-License-Identifier: MIT
// Every rule can be called on tensors by its name, by its struct and by its code, and all three are one operation.
#include "tests/ops/registry.hpp"

#include <map>

namespace {

using namespace registry;
using T = Tensor<double>;

const std::map<std::string_view, T (*)(const T&)> unary{{"neg", [](const T& x) { return -x; }},
                                                        {"square", [](const T& x) { return square(x); }},
                                                        {"reciprocal", [](const T& x) { return reciprocal(x); }},
                                                        {"sqrt", [](const T& x) { return sqrt(x); }},
                                                        {"cbrt", [](const T& x) { return cbrt(x); }},
                                                        {"rsqrt", [](const T& x) { return rsqrt(x); }},
                                                        {"exp", [](const T& x) { return exp(x); }},
                                                        {"exp2", [](const T& x) { return exp2(x); }},
                                                        {"expm1", [](const T& x) { return expm1(x); }},
                                                        {"log", [](const T& x) { return log(x); }},
                                                        {"log2", [](const T& x) { return log2(x); }},
                                                        {"log10", [](const T& x) { return log10(x); }},
                                                        {"log1p", [](const T& x) { return log1p(x); }},
                                                        {"sin", [](const T& x) { return sin(x); }},
                                                        {"cos", [](const T& x) { return cos(x); }},
                                                        {"tan", [](const T& x) { return tan(x); }},
                                                        {"asin", [](const T& x) { return asin(x); }},
                                                        {"acos", [](const T& x) { return acos(x); }},
                                                        {"atan", [](const T& x) { return atan(x); }},
                                                        {"sinh", [](const T& x) { return sinh(x); }},
                                                        {"cosh", [](const T& x) { return cosh(x); }},
                                                        {"tanh", [](const T& x) { return tanh(x); }},
                                                        {"asinh", [](const T& x) { return asinh(x); }},
                                                        {"acosh", [](const T& x) { return acosh(x); }},
                                                        {"atanh", [](const T& x) { return atanh(x); }},
                                                        {"sigmoid", [](const T& x) { return sigmoid(x); }},
                                                        {"softplus", [](const T& x) { return softplus(x); }},
                                                        {"relu", [](const T& x) { return relu(x); }},
                                                        {"abs", [](const T& x) { return abs(x); }},
                                                        {"sign", [](const T& x) { return sign(x); }},
                                                        {"floor", [](const T& x) { return floor(x); }},
                                                        {"erf", [](const T& x) { return erf(x); }},
                                                        {"erfc", [](const T& x) { return erfc(x); }},
                                                        {"lgamma", [](const T& x) { return lgamma(x); }},
                                                        {"digamma", [](const T& x) { return digamma(x); }}};
const std::map<std::string_view, T (*)(const T&, const T&)> binary{
    {"add", [](const T& a, const T& b) { return a + b; }},
    {"sub", [](const T& a, const T& b) { return a - b; }},
    {"mul", [](const T& a, const T& b) { return a * b; }},
    {"div", [](const T& a, const T& b) { return a / b; }},
    {"pow", [](const T& a, const T& b) { return pow(a, b); }},
    {"maximum", [](const T& a, const T& b) { return maximum(a, b); }},
    {"minimum", [](const T& a, const T& b) { return minimum(a, b); }},
    {"hypot", [](const T& a, const T& b) { return hypot(a, b); }},
    {"atan2", [](const T& a, const T& b) { return atan2(a, b); }},
    {"polygamma", [](const T& a, const T& b) { return polygamma(a, b); }},
    {"less", [](const T& a, const T& b) { return rules::less(a, b); }},
    {"less_equal", [](const T& a, const T& b) { return rules::less_equal(a, b); }},
    {"equal", [](const T& a, const T& b) { return rules::equal(a, b); }},
    {"not_equal", [](const T& a, const T& b) { return rules::not_equal(a, b); }},
    {"through", [](const T& a, const T& b) { return rules::through(a, b); }},
    {"chain_product", [](const T& a, const T& b) { return rules::chain_product(a, b); }}};
const std::map<std::string_view, T (*)(const T&, const T&, const T&)> ternary{
    {"fma", [](const T& a, const T& b, const T& c) { return fma(a, b, c); }},
    {"where", [](const T& a, const T& b, const T& c) { return where(a, b, c); }},
    {"chain_sum", [](const T& a, const T& b, const T& c) { return rules::chain_sum(a, b, c); }}};

template <class A, class B>
constexpr bool adds = requires(const A& a, const B& b) {
    a + b;
};

/// The row that f records, and its bits.
template <class F>
void check_same(const std::string& name, const T& expected, const F& f) {
    Tape tape;
    const T y = f(tape);
    BOOST_TEST(tape.nodes().back().primitive->name() == name);
    BOOST_TEST(bit_difference(y.constant(), expected) == "", name);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(spelling)

BOOST_AUTO_TEST_CASE(unary_rules) {
    rules::for_each<rules::Unary>([]<class R>(R) {
        BOOST_TEST_REQUIRE(unary.contains(R::name), R::name << " has no line above");
        const T x = Draw(1).uniform({2, 3}, R::domain.low, R::domain.high);
        const T expected = apply_unary(code_of<R>, x);
        check_same(std::string(R::name), expected, [&](Tape& tape) { return unary.at(R::name)(tape.variable(x)); });
        check_same(std::string(R::name), expected, [&](Tape& tape) { return apply(R{}, tape.variable(x)); });
    });
}

BOOST_AUTO_TEST_CASE(binary_rules) {
    rules::for_each<rules::Binary>([]<class R>(R) {
        BOOST_TEST_REQUIRE(binary.contains(R::name), R::name << " has no line above");
        const T a = Draw(1).uniform({2, 1}, R::domain_a.low, R::domain_a.high), b = Draw(2).uniform({3}, R::domain_b.low, R::domain_b.high);
        const T expected = apply_binary(code_of<R>, a, b);
        check_same(std::string(R::name), expected, [&](Tape& tape) { return binary.at(R::name)(tape.variable(a), b); });
        check_same(std::string(R::name), expected, [&](Tape& tape) { return apply(R{}, a, tape.variable(b)); });
    });
}

BOOST_AUTO_TEST_CASE(ternary_rules) {
    rules::for_each<rules::Ternary>([]<class R>(R) {
        BOOST_TEST_REQUIRE(ternary.contains(R::name), R::name << " has no line above");
        const T a = Draw(1).uniform({2, 1}), b = Draw(2).uniform({3}), c = Draw(3).uniform({});
        const T expected = apply_ternary(code_of<R>, a, b, c);
        check_same(std::string(R::name), expected, [&](Tape& tape) { return ternary.at(R::name)(tape.variable(a), b, c); });
        check_same(std::string(R::name), expected, [&](Tape& tape) { return apply(R{}, a, b, tape.variable(c)); });
    });
}

BOOST_AUTO_TEST_CASE(a_number_and_a_scalar_take_the_type_of_the_tensor) {
    const Tensor<float> x = Tensor<float>::of({1, 2});
    static_assert(std::same_as<decltype(x * 2), Tensor<float>>);
    static_assert(std::same_as<decltype(2.5 * x), Tensor<float>>);
    static_assert(std::same_as<decltype(x * Scalar(2)), Tensor<float>>);
    static_assert(std::same_as<decltype(T() / 2), T>);
    BOOST_TEST((0.1 * x)(0).value() == static_cast<double>(0.1f));
}

BOOST_AUTO_TEST_CASE(tensors_of_two_types_do_not_mix_silently) {
    BOOST_TEST((adds<Tensor<float>, Tensor<float>>));
    BOOST_TEST((!adds<Tensor<float>, T>));
    BOOST_TEST((!adds<Tensor<Index>, T>));
    BOOST_TEST((!adds<Tensor<Index>, Tensor<Index>>));
    BOOST_TEST((!adds<Tensor<bool>, int>));
    BOOST_TEST((!adds<T, std::string>));
}

BOOST_AUTO_TEST_SUITE_END()

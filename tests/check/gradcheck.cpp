// SPDX-License-Identifier: MIT
// What gradcheck takes, what it says, and what it refuses.
#include "autodiff/check/testing.hpp"

#include "autodiff/custom.hpp"
#include "autodiff/ops/arithmetic.hpp"
#include "autodiff/ops/element.hpp"
#include "autodiff/ops/layout.hpp"
#include "autodiff/ops/matmul.hpp"
#include "autodiff/ops/reduce.hpp"
#include "nn/linear.hpp"

#include <boost/test/unit_test.hpp>
#include <cmath>
#include <string>

using namespace autodiff;

namespace {

Tensor<double> ramp(Shape shape, double from = -0.7, double step = 0.13) {
    Tensor<double> x = Tensor<double>::uninitialised(shape);
    for (Index i = 0; i < x.size(); ++i) x.fill_data()[i] = from + step * static_cast<double>(i);
    return x;
}
struct Dense {
    Tensor<double> weight, bias;
};
const auto two_numbers = [](const auto& a, const auto& b) { return a * b + sin(a); };
bool has(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }
}  // namespace

BOOST_AUTO_TEST_SUITE(gradcheck_takes)

BOOST_AUTO_TEST_CASE(numbers_containers_tensors_and_structs_pass) {
    BOOST_TEST(test::gradcheck_passes([](const auto& x) { return x * exp(x); }, 0.3));
    BOOST_TEST(test::gradcheck_passes(two_numbers, std::tuple{1.3, 5.2}));
    BOOST_TEST(test::gradcheck_passes([](const std::vector<Scalar>& v) { return v[0] * v[1] / v[2]; }, std::vector{1.0, 2.0, 3.0}));
    BOOST_TEST(test::gradcheck_passes([](const Tensor<double>& w) { return sum(sigmoid(matmul(w, w))); }, ramp({3, 3})));
    const auto f = [](const Dense& d, const Tensor<double>& x) { return sum(square(tanh(matmul(x, d.weight) + d.bias))); };
    BOOST_TEST(test::gradcheck_passes(f, std::tuple{Dense{ramp({2, 3}), ramp({3})}, ramp({4, 2}, -1.1, 0.31)}, {.order = 2}));
}

BOOST_AUTO_TEST_CASE(a_model_is_checked_under_the_names_of_its_members) {
    struct Net {
        nn::BasicLinear<double> hidden{3, 4}, output{4, 2};
    };
    const Tensor<double> inputs = ramp({5, 3}, -1.3, 0.17);
    const auto f = [&](const Net& net) { return sum(square(net.output(relu(net.hidden(inputs))))); };
    const Net net;
    BOOST_TEST(test::gradcheck_passes(f, net, {.order = 2}));
    const auto doubled_bias = [&](const Net& at) {
        Net g = value_and_gradient(f, at).second;
        g.output.bias = 2.0 * g.output.bias;
        return g;
    };
    const GradReport report = gradcheck(f, doubled_bias, net);
    BOOST_TEST((report.verdict == Verdict::fail));
    BOOST_TEST_REQUIRE(report.worst.size() == 2u);
    BOOST_TEST(report.worst[0].name.starts_with("output.bias["));
    BOOST_TEST(has(report.worst[0].cause, "twice the derivative"));
}

BOOST_AUTO_TEST_CASE(several_results_are_checked_as_a_jacobian) {
    const auto f = [](const std::vector<Scalar>& v) { return std::array{v[0] * v[1], sin(v[1]), v[0] / v[1]}; };
    const GradReport report = gradcheck(f, std::vector{0.4, 1.7}, {.order = 2});
    BOOST_TEST(test::passes(report));
    BOOST_TEST(report.stats.results == 3u);
    BOOST_TEST(report.elements[0].name == "dy0/dx[0]");
}

BOOST_AUTO_TEST_CASE(every_method_agrees_on_a_smooth_function) {
    const auto f = takes_complex([](const auto& a, const auto& b) { return exp(a) * sin(b) / (a * a + b); });
    for (const Method method : {Method::automatic, Method::forward, Method::central, Method::ridders, Method::complex, Method::dual_jvp}) {
        const GradReport report = gradcheck(f, 0.3, 0.8, {.method = method});
        BOOST_TEST_CONTEXT(to_string(method)) { BOOST_TEST(test::passes(report)); }
    }
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(gradcheck_mistakes)

BOOST_AUTO_TEST_CASE(a_wrong_custom_operation_is_found_and_its_factor_named) {
    const auto cube = custom(
        "cube", [](double x) { return x * x * x; }, [](double ybar, double, double x) { return 1.5 * x * x * ybar; }, {.check = false});
    const GradReport report = gradcheck([&](const Scalar& x) { return cube(x) + x; }, 2.0, {.names = {"x"}});
    BOOST_TEST((report.verdict == Verdict::fail));
    BOOST_TEST_REQUIRE(report.worst.size() == 1u);
    BOOST_TEST(report.worst[0].name == "x");
    BOOST_TEST(test::close(1e-9)(report.worst[0].difference, 13.0));
    BOOST_TEST(has(report.text(), "gradcheck: fail"));
}

BOOST_AUTO_TEST_CASE(a_gradient_written_by_hand_is_checked_element_by_element) {
    const auto f = [](const Tensor<double>& w) { return sum(square(w)); };
    const auto right = [](const Tensor<double>& w) { return 2.0 * w; };
    const auto wrong = [](const Tensor<double>& w) {
        Tensor<double> g = 2.0 * w;
        in_place(g)[5] *= -1;
        return g;
    };
    const Tensor<double> w = ramp({3, 4});
    BOOST_TEST(test::gradcheck_passes(f, right, w, {.names = {"W"}}));
    const GradReport report = gradcheck(f, wrong, w, {.names = {"W"}});
    BOOST_TEST((report.verdict == Verdict::fail));
    BOOST_TEST_REQUIRE(report.worst.size() == 1u);
    BOOST_TEST(report.worst[0].name == "W[1, 1]");
    BOOST_TEST(report.worst[0].cause == "the sign is flipped");
}

BOOST_AUTO_TEST_CASE(what_a_mistake_looks_like_is_named) {
    const Tensor<double> w = ramp({3, 3}), a = ramp({3, 3}, 0.4, -0.21);
    const auto f = [&](const Tensor<double>& x) { return sum(a * x * square(x)); };  // gradient 3 a x^2
    const Tensor<double> right = value_and_gradient(f, w).second;
    const auto cause = [&](const Tensor<double>& claimed) {
        const GradReport report = gradcheck(f, [&](const Tensor<double>&) { return claimed; }, w, {.names = {"W"}});
        BOOST_TEST((report.verdict == Verdict::fail));
        return report.worst.at(0).cause;
    };
    BOOST_TEST(cause(-right) == "the sign is flipped");
    BOOST_TEST(has(cause(2.0 * right), "twice the derivative"));
    BOOST_TEST(has(cause(0.5 * right), "half the derivative"));
    BOOST_TEST(has(cause(16.0 * right), "16 times the derivative: a sum in place of a mean over 16?"));
    BOOST_TEST(has(cause(right / 9.0), "1/9 times the derivative: divided by 9 once too often"));
    BOOST_TEST(has(cause(right * std::log(2.0)), "ln 2 times the derivative"));
    BOOST_TEST(has(cause(right * 1.37), "all by one factor, 1.37"));
    BOOST_TEST(cause(transpose(right)) == "the transpose of the derivative");
    BOOST_TEST(cause(Tensor<double>::zeros({3, 3})) == "nothing arrives here: a derivative is missing, or a value was detached");
    BOOST_TEST(cause(right * w) == "a factor too many: the element itself");
    BOOST_TEST(cause(3.0 * a * w) == "a factor is missing: the element itself");
}

BOOST_AUTO_TEST_CASE(the_report_is_a_table_of_what_did_not_pass) {
    const auto f = [](const Scalar& a, const Scalar& b) { return a * a + b; };
    const GradReport report = gradcheck(f,
                                        [](double a, double) {
                                            return std::tuple{4 * a, 1.0};
                                        },
                                        std::tuple{1.5, 2.0}, {.names = {"a", "b"}});
    const std::string text = report.text();
    BOOST_TEST(text.substr(0, text.find(';')) == "gradcheck: fail   2 inputs, 1 result");
    BOOST_TEST(has(text, "  element  gradient  difference  error  allowed  step"));
    BOOST_TEST(has(text, "  a        6         3           3"));
    BOOST_TEST(has(text, "twice the derivative: counted twice, or the 2 of a square that 1/2 should cancel"));
    BOOST_TEST(!has(text, "  b "));
}

BOOST_AUTO_TEST_SUITE_END()

// SPDX-License-Identifier: MIT
// Known answers of scalar programs, from the literature and from 60-digit arithmetic, on both kinds of tape. Relative error 1e-12,
// integers exactly. Next: known_network.cpp.
#include "autodiff/gradient.hpp"

#include <boost/test/unit_test.hpp>
#include <cmath>
#include <functional>
#include <ostream>
#include <string>
#include <vector>

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>

namespace {

using autodiff::Detail;
using autodiff::Gradient;
using autodiff::Scalar;
using autodiff::Tape;

using Point = std::vector<Scalar>;

struct KnownAnswer {
    std::string source;
    std::vector<double> point;
    std::function<Scalar(const Point&)> program;
    double value;
    std::vector<double> gradient;
    double tolerance = 1e-12;
};
std::ostream& operator<<(std::ostream& out, const KnownAnswer& known) { return out << known.source; }

constexpr double exactly = 0;

Scalar logsumexp(const Point& x) {
    Scalar total = 0;
    for (const Scalar& each : x) total += exp(each - 3.0);
    return log(total) + 3.0;
}
Scalar rosenbrock(const Point& x) {
    const Scalar a = 1 - x[0], b = x[1] - x[0] * x[0];
    return a * a + 100 * b * b;
}
Scalar product(const Point& x) {
    Scalar p = 1;
    for (const Scalar& each : x) p *= each;
    return p;
}
Scalar nielsen_quadratic(const Point& x) {
    const Scalar a = sigmoid(x[0] + x[1]);
    return a * a / 2;
}
Scalar nielsen_entropy(const Point& x) { return -log(1 - sigmoid(x[0] + x[1])); }
Scalar micrograd_sanity(const Point& x) {
    const Scalar z = 2 * x[0] + 2 + x[0], q = relu(z) + z * x[0], h = relu(z * z);
    return h + q + q * x[0];
}
Scalar neuron(const Point& x) { return sigmoid(x[0] * x[3] + x[1] * x[4] + x[2]); }
Scalar tanh_neuron(const Point& x) {
    const Scalar n = x[0] * x[2] + x[1] * x[3] + x[4];
    return tanh(n);
}

const std::vector<KnownAnswer>& table() {
    static const std::vector<KnownAnswer> answers{
        {"Baydin et al. (2018), Griewank and Walther (2008)",
         {2, 5},
         [](const Point& x) { return log(x[0]) + x[0] * x[1] - sin(x[1]); },
         11.652071455223083778,
         {5.5, 1.7163378145367737355}},
        {"Speelpenning (1980)", {1, 2, 3, 4, 5}, product, 120, {120, 60, 40, 30, 24}, exactly},
        {"Speelpenning, a factor of 0", {1, 2, 0, 4, 5}, product, 0, {0, 0, 40, 0, 0}, exactly},
        {"Speelpenning, two factors of 0", {1, 0, 0, 4, 5}, product, 0, {0, 0, 0, 0, 0}, exactly},
        {"Olah, Calculus on computational graphs", {2, 1}, [](const Point& x) { return (x[0] + x[1]) * (x[1] + 1); }, 6, {2, 5}, exactly},
        {"CS231n, circuit", {-2, 5, -4}, [](const Point& x) { return (x[0] + x[1]) * x[2]; }, -12, {-4, -4, 3}, exactly},
        {"CS231n, neuron",
         {2, -3, -3, -1, -2},
         neuron,
         0.73105857863000487925,
         {-0.19661193324148185254, -0.39322386648296370507, 0.19661193324148185254, 0.39322386648296370507, -0.58983579972444555761}},
        {"micrograd, sanity check", {-4}, micrograd_sanity, -20, {46}, exactly},
        {"micrograd lecture, expression",
         {2, -3, 10, -2},
         [](const Point& x) { return (x[0] * x[1] + x[2]) * x[3]; },
         -8,
         {6, -4, -2, 4},
         exactly},
        {"micrograd lecture, tanh neuron",
         {2, 0, -3, 1, 6.8813735870195432},
         tanh_neuron,
         0.70710678118654761178,
         {-1.4999999999999996293, 0.49999999999999987642, 0.99999999999999975284, 0, 0.49999999999999987642}},
        {"fan-out of 24 a + 3",
         {1.7},
         [](const Point& x) {
             const Scalar b = x[0] * 4 + 1, c = b + b, d = c + b;
             return d + d;
         },
         46.8,
         {24}},
        {"Rosenbrock", {-1.2, 1}, rosenbrock, 24.2, {-215.6, -88}},
        {"Rosenbrock, the minimum", {1, 1}, rosenbrock, 0, {0, 0}, exactly},
        {"x x", {3}, [](const Point& x) { return x[0] * x[0]; }, 9, {6}, exactly},
        {"x x x + x + x", {3}, [](const Point& x) { return x[0] * x[0] * x[0] + x[0] + x[0]; }, 33, {29}, exactly},
        {"log-sum-exp",
         {1, 2, 3},
         logsumexp,
         3.4076059644443803045,
         {0.090030573170380457998, 0.24472847105479765247, 0.66524095577482188953}},
        {"softmax cross-entropy, second class",
         {1, 2, 3},
         [](const Point& x) { return logsumexp(x) - x[1]; },
         1.4076059644443803045,
         {0.090030573170380457998, -0.75527152894520234753, 0.66524095577482188953}},
        {"Nielsen, quadratic cost",
         {0.6, 0.9},
         nielsen_quadratic,
         0.33421401206165540155,
         {0.12193833242754276510, 0.12193833242754276510}},
        {"Nielsen, quadratic cost, saturated",
         {2, 2},
         nielsen_quadratic,
         0.48217554191230866278,
         {0.017345021070840123284, 0.017345021070840123284}},
        {"Nielsen, cross-entropy", {0.6, 0.9}, nielsen_entropy, 1.7014132779827524095, {0.81757447619364365961, 0.81757447619364365961}},
        {"cancellation: plain accumulation loses the 1",
         {1},
         [](const Point& x) {
             const Scalar large = 1e20 * x[0], sum = x[0] + large, again = 1e20 * x[0];
             return sum - again;
         },
         0,
         {0},
         exactly},
        {"softplus(1)", {1}, [](const Point& x) { return softplus(x[0]); }, 1.3132616875182228, {0.73105857863000488}},
        {"softplus(-2)", {-2}, [](const Point& x) { return softplus(x[0]); }, 0.12692801104297250, {0.11920292202211756}},
        {"silu(1)", {1}, [](const Point& x) { return x[0] * sigmoid(x[0]); }, 0.73105857863000488, {0.92767051187148673}},
        {"silu(-2)", {-2}, [](const Point& x) { return x[0] * sigmoid(x[0]); }, -0.23840584404423511, {-0.090784248784895479}},
        {"gelu_tanh(1)",
         {1},
         [](const Point& x) { return 0.5 * x[0] * (1 + tanh(std::sqrt(2 / M_PI) * (x[0] + 0.044715 * x[0] * x[0] * x[0]))); },
         0.84119199060827670,
         {1.0829640838457826}},
        {"gelu_tanh(0.5)",
         {0.5},
         [](const Point& x) { return 0.5 * x[0] * (1 + tanh(std::sqrt(2 / M_PI) * (x[0] + 0.044715 * x[0] * x[0] * x[0]))); },
         0.34571400982514392,
         {0.86736990353464231}},
        {"tanh(-2)", {-2}, [](const Point& x) { return tanh(x[0]); }, -0.96402758007581688, {0.070650824853164466}},
        {"tanh(190)", {190}, [](const Point& x) { return tanh(x[0]); }, 1, {0}, exactly},
        {"sigmoid(-2)", {-2}, [](const Point& x) { return sigmoid(x[0]); }, 0.11920292202211756, {0.10499358540350652}},
    };
    return answers;
}

void check_answer(double got, double expected, double tolerance, const std::string& what) {
    BOOST_CHECK_MESSAGE(std::abs(got - expected) <= tolerance * std::abs(expected), what << ": " << got << ", not " << expected);
}

struct Answer {
    double value;
    std::vector<double> gradient;
};
Answer ask(const std::function<Scalar(const Point&)>& program, const std::vector<double>& at, Detail detail) {
    Tape tape(detail);
    Point x;
    for (const double each : at) x.push_back(tape.variable(each));
    const Scalar y = program(x);
    const Gradient g = gradient(y);
    Answer answer{y.value(), {}};
    for (const Scalar& each : x) answer.gradient.push_back(g[each]);
    return answer;
}

constexpr Detail both[] = {Detail::derivatives, Detail::operations};

}  // namespace

BOOST_AUTO_TEST_SUITE(known_answers)

BOOST_DATA_TEST_CASE(of_the_literature, boost::unit_test::data::make(table())) {
    for (const Detail detail : both) {
        const Answer answer = ask(sample.program, sample.point, detail);
        check_answer(answer.value, sample.value, sample.tolerance, "value");
        for (std::size_t i = 0; i < sample.gradient.size(); ++i)
            check_answer(answer.gradient[i], sample.gradient[i], sample.tolerance, "d/dx" + std::to_string(i));
    }
}

// Structure that needs no stored numbers.

BOOST_AUTO_TEST_CASE(the_gradient_of_a_sum_is_ones_and_of_a_mean_of_2_to_the_k_exactly_its_inverse) {
    const std::vector<double> at(64, 0.3);
    const auto sum = [](const Point& x) {
        Scalar s = 0;
        for (const Scalar& each : x) s += each;
        return s;
    };
    for (const Detail detail : both) {
        for (const double d : ask(sum, at, detail).gradient) BOOST_TEST(d == 1.0);
        for (const double d : ask([&sum](const Point& x) { return sum(x) / 64; }, at, detail).gradient) BOOST_TEST(d == 0.015625);
    }
}

BOOST_AUTO_TEST_CASE(the_gradient_of_a_linear_function_is_the_same_everywhere_and_differences_are_exact) {
    const auto linear = [](const Point& x) { return 3 * x[0] - x[1] / 4 + (x[0] - 2 * x[1]) * 8; };
    for (const Detail detail : both) {
        BOOST_TEST(ask(linear, {1, 2}, detail).gradient == ask(linear, {-512, 0.125}, detail).gradient, boost::test_tools::per_element());
        constexpr double h = 1.0 / 1024;
        const auto value = [&](double a, double b) { return ask(linear, {a, b}, detail).value; };
        BOOST_TEST((value(1 + h, 2) - value(1 - h, 2)) / (2 * h) == ask(linear, {1, 2}, detail).gradient[0]);
        BOOST_TEST((value(1, 2 + h) - value(1, 2 - h)) / (2 * h) == ask(linear, {1, 2}, detail).gradient[1]);
    }
}

BOOST_AUTO_TEST_CASE(scaling_by_a_power_of_two_scales_the_gradient_bit_for_bit) {
    const auto f = [](const Point& x) { return sin(x[0] * x[1]) / (x[1] + exp(x[0])) - tanh(x[1]); };
    for (const Detail detail : both) {
        const Answer plain = ask(f, {0.7, 1.3}, detail);
        for (const int k : {-40, -3, 1, 5, 60}) {
            const double scale = std::ldexp(1.0, k);
            const Answer scaled = ask([&](const Point& x) { return f(x) * scale; }, {0.7, 1.3}, detail);
            for (std::size_t i = 0; i < 2; ++i) BOOST_TEST(scaled.gradient[i] == scale * plain.gradient[i]);
        }
    }
}

BOOST_AUTO_TEST_CASE(euler_a_homogeneous_function_of_degree_k) {
    const auto cubic = [](const Point& x) { return x[0] * x[1] * x[2] + x[0] * x[0] * x[1] - pow(x[2], 3); };
    const auto root = [](const Point& x) { return sqrt(x[0] * x[0] + x[1] * x[1] * 2) + x[2]; };
    const std::vector<double> at{0.7, 1.3, -0.4};
    for (const Detail detail : both) {
        const auto inner = [&](const Answer& a) { return a.gradient[0] * at[0] + a.gradient[1] * at[1] + a.gradient[2] * at[2]; };
        const Answer three = ask(cubic, at, detail), one = ask(root, at, detail);
        check_answer(inner(three), 3 * three.value, 1e-14, "degree 3");
        check_answer(inner(one), one.value, 1e-14, "degree 1");
    }
}

BOOST_AUTO_TEST_CASE(the_gradient_of_softmax_cross_entropy_sums_to_nothing) {
    for (const Detail detail : both) {
        const Answer a = ask([](const Point& x) { return logsumexp(x) - x[2]; }, {0.3, 1.9, -0.6}, detail);
        BOOST_TEST(std::abs(a.gradient[0] + a.gradient[1] + a.gradient[2]) < 1e-15);
    }
}

BOOST_AUTO_TEST_SUITE_END()

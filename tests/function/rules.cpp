// SPDX-License-Identifier: MIT
// Every rule of the list, recorded and replayed: value, gradient, Jacobian and Hessian-vector product, at one point and over batches
// in lanes, against the tape and against nested dual numbers. A new rule is tested by being listed.
#include "autodiff/dual.hpp"
#include "autodiff/function.hpp"
#include "autodiff/program/derivative.hpp"
#include "autodiff/gradient.hpp"
#include "autodiff/recorded_gradient.hpp"
#include "tests/function/near.hpp"

#include <boost/test/unit_test.hpp>
#include <random>
#include <vector>

namespace {

using namespace autodiff;
using test::Near;
using test::numbers;
using test::scale_of;

constexpr unsigned seed = 8128;
constexpr std::size_t most_points = 1000;
constexpr std::size_t batches[] = {1, 7, 63, 64, 65, most_points};

template <class T>
T evaluate(Operation code, const std::vector<T>& x) {
    return visit(code, [&x]<class R>(R rule) -> T {
        if constexpr (rules::UnaryRule<R>)
            return apply(rule, x[0]);
        else if constexpr (rules::BinaryRule<R>)
            return apply(rule, x[0], x[1]);
        else
            return apply(rule, x[0], x[1], x[2]);
    });
}

/// y = R(x...)
struct One {
    Operation code;
    Scalar operator()(const std::vector<Scalar>& x) const { return evaluate(code, x); }
};
/// R(x...), its product with an operand, an operand, and a constant.
struct Several {
    Operation code;
    std::vector<Scalar> operator()(const std::vector<Scalar>& x) const {
        const Scalar y = evaluate(code, x);
        return {y, y * x[0], x.back(), 3.0};
    }
};

std::vector<Interval> domains(Operation code) {
    return visit(code, []<class R>(R) -> std::vector<Interval> {
        if constexpr (rules::UnaryRule<R>)
            return {R::domain};
        else if constexpr (rules::BinaryRule<R>)
            return {R::domain_a, R::domain_b};
        else
            return {R::domain_a, R::domain_b, R::domain_c};
    });
}

bool differentiable(Operation code, std::size_t operand) { return derivative(code, operand) != "not defined"; }

/// Points of the domain that a float holds exactly; every fourth has whole numbers: ties, kinks and steps. v moves what can move.
struct Sample {
    std::vector<std::vector<double>> x, v;  // by operand

    explicit Sample(Operation code) : x(domains(code).size()), v(x.size()) {
        std::mt19937_64 random(seed);
        const std::vector<Interval> domain = domains(code);
        std::uniform_real_distribution<double> direction(-1, 1);
        for (std::size_t i = 0; i < most_points; ++i)
            for (std::size_t k = 0; k < x.size(); ++k) {
                double at = std::uniform_real_distribution<double>(domain[k].low, domain[k].high)(random);
                if (i % 4 == 3 && std::round(at) > domain[k].low && std::round(at) < domain[k].high) at = std::round(at);
                x[k].push_back(static_cast<double>(static_cast<float>(at)));
                v[k].push_back(differentiable(code, k) ? static_cast<double>(static_cast<float>(direction(random))) : 0);
            }
    }
    [[nodiscard]] std::vector<double> at(std::size_t i) const { return row(x, i); }
    [[nodiscard]] std::vector<double> along(std::size_t i) const { return row(v, i); }

  private:
    static std::vector<double> row(const std::vector<std::vector<double>>& columns, std::size_t i) {
        std::vector<double> numbers;
        for (const auto& column : columns) numbers.push_back(column[i]);
        return numbers;
    }
};

/// What all replays have to give, point by point.
struct Answers {
    std::vector<double> y;
    std::vector<std::vector<double>> dy, hv;  // by operand
};

Answers by_the_tape(Operation code, const Sample& sample) {
    Answers answers{{}, std::vector<std::vector<double>>(sample.x.size()), std::vector<std::vector<double>>(sample.x.size())};
    Tape tape;
    const Mark start = tape.mark();
    for (std::size_t i = 0; i < most_points; ++i) {
        tape.rewind(start);
        std::vector<Scalar> x;
        for (const double xk : sample.at(i)) x.push_back(tape.variable(xk));
        const Scalar y = evaluate(code, x);
        answers.y.push_back(y.value());
        const Gradient dy = gradient(y);
        for (std::size_t k = 0; k < x.size(); ++k) answers.dy[k].push_back(dy[x[k]]);
        const RecordedGradient g = recorded_gradient(y);
        Scalar slope = 0;
        for (std::size_t k = 0; k < x.size(); ++k)
            if (g[x[k]].recorded()) slope += g[x[k]] * sample.v[k][i];
        for (std::size_t k = 0; k < x.size(); ++k) answers.hv[k].push_back(slope.recorded() ? gradient(slope)[x[k]] : 0);
    }
    return answers;
}

Answers by_duals(Operation code, const Sample& sample) {
    using D = Dual<double>;
    const std::size_t n = sample.x.size();
    Answers answers{{}, std::vector<std::vector<double>>(n), std::vector<std::vector<double>>(n)};
    for (std::size_t i = 0; i < most_points; ++i)
        for (std::size_t k = 0; k < n; ++k) {
            std::vector<Dual<D>> x;
            for (std::size_t j = 0; j < n; ++j) x.emplace_back(D{sample.x[j][i], sample.v[j][i]}, D{j == k ? 1.0 : 0.0, 0.0});
            const Dual<D> y = evaluate(code, x);
            if (k == 0) answers.y.push_back(y.value.value);
            answers.dy[k].push_back(y.tangent.value);
            answers.hv[k].push_back(y.tangent.tangent);
        }
    return answers;
}

/// Lanes compute some functions otherwise than libm, to a few ulps; a second derivative adds terms that cancel in part, and so may
/// lose digits where it is small compared with its size at other points. Hence a part relative to that size.
template <class T>
constexpr double relative = std::same_as<T, double> ? 1e-12 : 1e-5;
template <class T>
constexpr double of_scale = std::same_as<T, double> ? 1e-14 : 2e-6;

template <class T>
void check_batches(Operation code, const Sample& sample, const Answers& expected) {
    const auto f = record(One{code}, sample.at(0));
    Near near(fmt::format("{} in {}", name(code), std::same_as<T, double> ? "double" : "float"), relative<T>, of_scale<T>);
    const std::size_t k = sample.x.size();
    for (const std::size_t n : batches) {
        const Tensor<T> x = test::points<T>(sample.x, n), v = test::points<T>(sample.v, n);
        const std::vector<T> y = numbers(f(x)), dy = numbers(f.gradient(x)), hv = numbers(f.hvp(x, v));
        BOOST_REQUIRE(y.size() == n && dy.size() == n * k && hv.size() == n * k);
        for (std::size_t i = 0; i < n; ++i) {
            near(y[i], expected.y[i], scale_of(expected.y), "value at point {} of {}", i, n);
            for (std::size_t j = 0; j < k; ++j) {
                near(dy[i * k + j], expected.dy[j][i], scale_of(expected.dy[j]), "dy/dx{} at point {} of {}", j, i, n);
                near(hv[i * k + j], expected.hv[j][i], scale_of(expected.hv[j]), "(H v){} at point {} of {}", j, i, n);
            }
        }
    }
}

template <class F>
void for_each_rule(const F& f) {
    for (std::size_t code = 1; code <= rules::All::size; ++code) {
        BOOST_TEST_CONTEXT(name(static_cast<Operation>(code)) << ", seed " << seed) f(static_cast<Operation>(code));
    }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(function_rules)

BOOST_AUTO_TEST_CASE(a_batch_in_double_agrees_with_the_tape) {
    for_each_rule([](Operation code) {
        const Sample sample(code);
        check_batches<double>(code, sample, by_the_tape(code, sample));
    });
}

BOOST_AUTO_TEST_CASE(a_batch_in_float_agrees_with_the_tape) {
    for_each_rule([](Operation code) {
        const Sample sample(code);
        check_batches<float>(code, sample, by_the_tape(code, sample));
    });
}

BOOST_AUTO_TEST_CASE(the_tape_agrees_with_nested_dual_numbers) {
    for_each_rule([](Operation code) {
        const Sample sample(code);
        const Answers tape = by_the_tape(code, sample), duals = by_duals(code, sample);
        Near near(fmt::format("{}", name(code)), 1e-12, 1e-14);
        for (std::size_t i = 0; i < most_points; ++i) {
            near(duals.y[i], tape.y[i], 0, "value at point {}", i);
            for (std::size_t k = 0; k < sample.x.size(); ++k) {
                near(duals.dy[k][i], tape.dy[k][i], scale_of(tape.dy[k]), "dy/dx{} at point {}", k, i);
                if (differentiable(code, k)) near(duals.hv[k][i], tape.hv[k][i], scale_of(tape.hv[k]), "(H v){} at point {}", k, i);
            }
        }
    });
}

BOOST_AUTO_TEST_CASE(one_point_agrees_with_the_tape) {
    for_each_rule([](Operation code) {
        const Sample sample(code);
        const Answers expected = by_the_tape(code, sample);
        const auto f = record(One{code}, sample.at(0));
        Near near(fmt::format("{}", name(code)), 1e-12, 1e-14);
        for (std::size_t i = 0; i < 100; ++i) {
            const std::vector<double> x = sample.at(i), dy = f.gradient(x), hv = f.hvp(x, sample.along(i));
            near(f(x), expected.y[i], 0, "value at point {}", i);
            for (std::size_t k = 0; k < x.size(); ++k) {
                near(dy[k], expected.dy[k][i], scale_of(expected.dy[k]), "dy/dx{} at point {}", k, i);
                near(hv[k], expected.hv[k][i], scale_of(expected.hv[k]), "(H v){} at point {}", k, i);
            }
        }
    });
}

BOOST_AUTO_TEST_CASE(the_jacobian_of_several_results_agrees_with_the_tape) {
    for_each_rule([](Operation code) {
        const Sample sample(code);
        const Answers expected = by_the_tape(code, sample);
        const auto f = record(Several{code}, sample.at(0));
        Near near(fmt::format("{}", name(code)), 1e-12, 1e-14);
        const std::size_t k = sample.x.size();
        const auto check = [&](const double* jacobian, std::size_t i) {
            const double y = expected.y[i], x0 = sample.x[0][i];
            for (std::size_t j = 0; j < k; ++j) {
                const double dy = expected.dy[j][i], scale = scale_of(expected.dy[j]);
                near(jacobian[j], dy, scale, "dy0/dx{} at point {}", j, i);
                near(jacobian[k + j], dy * x0 + (j == 0 ? y : 0), 10 * scale + std::abs(y), "dy1/dx{} at point {}", j, i);
                near(jacobian[2 * k + j], j + 1 == k ? 1 : 0, 0, "dy2/dx{} at point {}", j, i);
                near(jacobian[3 * k + j], 0, 0, "dy3/dx{} at point {}", j, i);
            }
        };
        for (const std::size_t n : batches) {
            const Tensor<double> jacobian = f.jacobian(test::points<double>(sample.x, n));
            BOOST_TEST((jacobian.shape() == Shape{static_cast<Index>(n), 4, static_cast<Index>(k)}));
            const std::vector<double> all = numbers(jacobian);
            for (std::size_t i = 0; i < n; ++i) check(all.data() + i * 4 * k, i);
        }
        for (std::size_t i = 0; i < 20; ++i) check(numbers(f.jacobian(sample.at(i))).data(), i);
    });
}

// A rule that decided something by an `if` would bind its derivatives to the point where they were first asked for.
BOOST_AUTO_TEST_CASE(derivatives_of_rules_decide_nothing) {
    for_each_rule([](Operation code) {
        const Sample sample(code);
        const auto f = record(One{code}, sample.at(0));
        const std::vector<bool> active(sample.x.size(), true);
        BOOST_TEST(f.program().guards.empty());
        BOOST_TEST(function::with_jacobian(f.program(), sample.at(1), active).guards.empty());
        BOOST_TEST(function::hessian_times_vector(f.program(), sample.at(2), active).guards.empty());
    });
}

BOOST_AUTO_TEST_SUITE_END()

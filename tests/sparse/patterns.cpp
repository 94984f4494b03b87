// SPDX-License-Identifier: MIT
// Patterns: what rules say of themselves, known functions, and random programs against dense derivatives.
#include "autodiff/dual.hpp"
#include "autodiff/rules/dependence.hpp"
#include "tests/sparse/functions.hpp"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>

using namespace sparse;

BOOST_AUTO_TEST_SUITE(rules_say_what_vanishes)

namespace {

using DD = Dual<double>;

/// Second derivatives of a rule at a point of its domain, by dual numbers in its partials: [of partial j][by operand k].
template <class R>
std::array<std::array<double, 3>, 3> second_derivatives(const std::array<double, 3>& at, std::array<double, 3>& first) {
    std::array<std::array<double, 3>, 3> second{};
    for (std::size_t k = 0; k < 3; ++k) {
        const DD a(at[0], k == 0), b(at[1], k == 1), c(at[2], k == 2);
        const auto take = [&](std::size_t j, const DD& partial) { second[j][k] = partial.tangent, first[j] = partial.value; };
        if constexpr (rules::UnaryRule<R>) {
            take(0, R::template partial<DD>(a, evaluate<R>(a)));
        } else if constexpr (rules::BinaryRule<R>) {
            take(0, R::template partial_a<DD>(a, b, evaluate<R>(a, b)));
            take(1, R::template partial_b<DD>(a, b, evaluate<R>(a, b)));
        } else {
            take(0, R::template partial_a<DD>(a, b, c, evaluate<R>(a, b, c)));
            take(1, R::template partial_b<DD>(a, b, c, evaluate<R>(a, b, c)));
            take(2, R::template partial_c<DD>(a, b, c, evaluate<R>(a, b, c)));
        }
    }
    return second;
}
template <class R>
std::array<Interval, 3> domains() {
    if constexpr (rules::UnaryRule<R>)
        return {R::domain, R::domain, R::domain};
    else if constexpr (rules::BinaryRule<R>)
        return {R::domain_a, R::domain_b, R::domain_b};
    else
        return {R::domain_a, R::domain_b, R::domain_c};
}

}  // namespace

BOOST_AUTO_TEST_CASE(every_rule_has_just_the_derivatives_that_its_facts_allow) {
    std::mt19937 generator(7);
    rules::for_each<rules::All>([&]<class R>(R) {
        const Dependence& facts = dependence(code_of<R>);
        const auto arity_of_rule = static_cast<std::size_t>(arity(code_of<R>));
        std::array<bool, 3> first_seen{};
        std::array<std::array<bool, 3>, 3> second_seen{};
        for (int sample = 0; sample < 40; ++sample) {
            std::array<double, 3> at{}, first{};
            for (std::size_t k = 0; k < 3; ++k) {
                at[k] = std::uniform_real_distribution<double>(domains<R>()[k].low, domains<R>()[k].high)(generator);
                if (at[k] < domains<R>()[k].low / 2) at[k] = 0;  // where the domain has a 0: some rules choose by it
            }
            const auto second = second_derivatives<R>(at, first);
            for (std::size_t j = 0; j < arity_of_rule; ++j) {
                first_seen[j] = first_seen[j] || first[j] != 0;
                for (std::size_t k = 0; k < arity_of_rule; ++k) second_seen[j][k] = second_seen[j][k] || second[j][k] != 0;
            }
        }
        if (std::same_as<R, rules::Polygamma>) return;  // has no derivative by its order, and says NaN
        for (std::size_t j = 0; j < arity_of_rule; ++j) {
            BOOST_TEST_CONTEXT(R::name << ", operand " << j) {
                BOOST_TEST(facts.flows_from(j) == first_seen[j]);
                for (std::size_t k = 0; k < arity_of_rule; ++k)
                    BOOST_TEST(facts.interact(j, k) == (second_seen[j][k] || second_seen[k][j]), "second derivative by operand " << k);
            }
        }
    });
}

BOOST_AUTO_TEST_CASE(what_is_linear_wherever_it_is_smooth_needs_no_list) {
    std::set<std::string_view> straight;
    rules::for_each<rules::All>([&]<class R>(R) {
        const Dependence& facts = dependence(code_of<R>);
        if (facts.interacts == std::array<std::uint8_t, 3>{}) straight.insert(R::name);
    });
    const std::set<std::string_view> expected{"abs", "add",       "equal", "floor", "less", "less_equal", "maximum", "minimum",
                                              "neg", "not_equal", "relu",  "sign",  "sub",  "through",    "where"};
    BOOST_TEST(straight == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(division_is_linear_in_its_numerator_and_a_product_in_each_factor) {
    const Dependence& div = dependence(code_of<rules::Div>);
    BOOST_TEST(!div.interact(0, 0));
    BOOST_TEST(div.interact(0, 1));
    BOOST_TEST(div.interact(1, 1));
    const Dependence& mul = dependence(code_of<rules::Mul>);
    BOOST_TEST(!mul.interact(0, 0));
    BOOST_TEST(mul.interact(0, 1));
    BOOST_TEST(!mul.interact(1, 1));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(jacobian_patterns)

BOOST_DATA_TEST_CASE(have_just_the_entries_that_are_not_zero, boost::unit_test::data::make(vector_cases()), each) {
    Tape tape;
    const Vector x = variables(tape, point(each.variables)), y = each.f(x);
    const Pattern pattern = jacobian_pattern(y, x);
    check_well_formed(pattern, y.size(), x.size());
    BOOST_TEST(is_pattern_of(pattern, dense_jacobian(y, x)));
}

BOOST_AUTO_TEST_CASE(leave_out_what_is_flat) {
    Tape tape;
    const Vector x = variables(tape, point(3));
    const Vector y{floor(x[0]) * x[1], sign(x[2]), x[2] + floor(x[2])};
    BOOST_TEST((jacobian_pattern(y, x) == pattern_of(3, {{1}, {}, {2}})));
}

BOOST_AUTO_TEST_CASE(keep_what_cancels_or_happens_to_be_zero) {
    Tape tape;
    const Vector x{tape.variable(0), tape.variable(2)};
    const Vector y{x[1] - x[1], x[0] * x[1], 0.0 * x[0]};
    BOOST_TEST((jacobian_pattern(y, x) == pattern_of(2, {{1}, {0, 1}, {0}})));
}

BOOST_AUTO_TEST_CASE(see_only_the_variables_asked_for) {
    Tape tape;
    const Vector x = variables(tape, point(4));
    const Vector y{x[0] * x[1], x[2] * x[3]}, some{x[3], x[0]};
    BOOST_TEST((jacobian_pattern(y, some) == pattern_of(2, {{1}, {0}})));
    const Scalar later = tape.variable(1);
    BOOST_TEST((jacobian_pattern(y, {{later}}) == pattern_of(1, {{}, {}})));
}

BOOST_AUTO_TEST_CASE(of_nothing_are_empty) {
    Tape tape;
    const Vector x = variables(tape, point(3));
    BOOST_TEST((jacobian_pattern({}, {}) == Pattern{}));
    BOOST_TEST((jacobian_pattern({}, x) == pattern_of(3, {})));
    BOOST_TEST((jacobian_pattern({{x[0]}}, {}) == pattern_of(0, {{}})));
    BOOST_TEST((jacobian_pattern(Vector{1, 2}, x) == pattern_of(3, {{}, {}})));
}

BOOST_AUTO_TEST_CASE(take_tensors_in_between_for_dense) {
    Tape tape;
    const Vector x = variables(tape, point(4));
    const Tensor<double> t = x[0] * Tensor<double>::from_rows({{1, 2}}) + x[1];
    const Vector y{t(0, 0), Scalar(sum(t)) * x[2], x[3]};
    BOOST_TEST((jacobian_pattern(y, x) == pattern_of(4, {{0, 1}, {0, 1, 2}, {3}})));
}

BOOST_AUTO_TEST_CASE(are_the_same_whether_sets_flow_forwards_or_backwards) {
    // One long chain that all outputs share makes the backward passes dear; without it they are cheap.
    const auto f = [](const Vector& x, int links) {
        Scalar chain = x[0];
        for (int i = 0; i < links; ++i) chain = sin(chain);
        Vector y;
        for (std::size_t i = 0; i < 500; ++i) y.push_back(chain * x[i % x.size()]);
        return y;
    };
    for (const std::size_t n : {1u, 64u, 65u, 200u}) {
        Tape tape;
        const Vector x = variables(tape, point(n));
        BOOST_TEST((jacobian_pattern(f(x, 10000), x) == jacobian_pattern(f(x, 1), x)));
    }
}

namespace {

/// A program of sums, products and smooth functions without cancellation, drawn at random.
Vector random_program(const Vector& x, unsigned seed, bool steps) {
    std::mt19937 generator(seed);
    const auto below = [&](std::size_t n) { return std::uniform_int_distribution<std::size_t>(0, n - 1)(generator); };
    Vector values = x;
    for (int step = 0; step < 60; ++step) {
        // Mostly recent values, so that sets stay small and different.
        const Scalar a = values[below(values.size())], b = values[values.size() - 1 - below(std::min<std::size_t>(6, values.size()))];
        switch (below(7)) {
        case 0:
            values.push_back(a + 0.3 * b);
            break;
        case 1:
            values.push_back(a * b);
            break;
        case 2:
            values.push_back(a / (2.0 + square(b)));
            break;
        case 3:
            values.push_back(exp(-square(a)));
            break;
        case 4:
            values.push_back(tanh(a));
            break;
        case 5:
            values.push_back(steps ? floor(a) + b : sqrt(1.0 + a * a));
            break;
        default:
            values.push_back(1.0 + 0.5 * a);
            break;
        }
    }
    Vector y;
    for (int i = 0; i < 9; ++i) y.push_back(values[below(values.size())]);
    return y;
}

}  // namespace

BOOST_DATA_TEST_CASE(of_random_programs_are_the_union_over_points, boost::unit_test::data::xrange(40u), seed) {
    Pattern seen;
    Pattern derived;
    for (unsigned at = 0; at < 4; ++at) {
        Tape tape;
        const Vector x = variables(tape, point(12, 100 * seed + at)), y = random_program(x, seed, true);
        const Matrix dense = dense_jacobian(y, x);
        std::vector<std::set<std::uint32_t>> rows(y.size());
        for (std::size_t i = 0; i < y.size(); ++i)
            for (std::uint32_t j = 0; j < x.size(); ++j)
                if (dense[i][j] != 0) rows[i].insert(j);
        const Pattern now = pattern_of(x.size(), rows);
        seen = at == 0 ? now : united(seen, now);
        const Pattern pattern = jacobian_pattern(y, x);
        BOOST_TEST(contains(pattern, now));
        if (at > 0) BOOST_TEST((pattern == derived));  // of the recording, not of the point
        derived = pattern;
    }
    BOOST_TEST((derived == seen));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(hessian_patterns)

BOOST_DATA_TEST_CASE(have_just_the_entries_that_are_not_zero, boost::unit_test::data::make(scalar_cases()), each) {
    Tape tape;
    const Vector x = variables(tape, point(each.variables));
    const Scalar y = each.f(x);
    const Pattern pattern = hessian_pattern(y, x);
    check_well_formed(pattern, x.size(), x.size());
    BOOST_TEST((transposed(pattern) == pattern));
    BOOST_TEST(is_pattern_of(pattern, dense_hessian(y, x)));
}

BOOST_AUTO_TEST_CASE(of_linear_functions_are_empty) {
    Tape tape;
    const Vector x = variables(tape, point(4));
    BOOST_TEST((hessian_pattern(3.0 * x[0] - x[1] / 2.0 + abs(x[2]) + maximum(x[3], x[0]), x) == pattern_of(4, {{}, {}, {}, {}})));
}

BOOST_AUTO_TEST_CASE(meet_along_different_paths) {
    // (x0 + x1) meets x2 twice, through a value that both factors use.
    Tape tape;
    const Vector x = variables(tape, point(4));
    const Scalar s = x[0] + x[1], y = s * (s - x[2]) + x[3];
    BOOST_TEST((hessian_pattern(y, x) == pattern_of(4, {{0, 1, 2}, {0, 1, 2}, {0, 1}, {}})));
}

BOOST_AUTO_TEST_CASE(see_only_the_variables_asked_for) {
    Tape tape;
    const Vector x = variables(tape, point(3));
    const Scalar y = x[0] * x[1] * x[2];
    BOOST_TEST((hessian_pattern(y, Vector{x[2], x[0]}) == pattern_of(2, {{1}, {0}})));
    BOOST_TEST((hessian_pattern(y, {}) == Pattern{}));
    BOOST_TEST((hessian_pattern(y, {{tape.variable(1)}}) == pattern_of(1, {{}})));
}

BOOST_AUTO_TEST_CASE(take_tensors_in_between_for_dense) {
    Tape tape;
    const Vector x = variables(tape, point(4));
    const Tensor<double> t = x[0] * Tensor<double>::from_rows({{1, 2}}) + x[1];
    const Pattern pattern = hessian_pattern(Scalar(sum(t * t)) + x[2] * x[3], x);
    BOOST_TEST((pattern == pattern_of(4, {{0, 1}, {0, 1}, {3}, {2}})));
}

BOOST_DATA_TEST_CASE(are_the_patterns_of_recorded_gradients, boost::unit_test::data::xrange(80u), seed) {
    // Two independent ways to a pattern: pairs pushed through the function, and sets flowing through its recorded gradient.
    const bool steps = seed % 2 == 0;
    Tape tape;
    const Vector x = variables(tape, point(12, seed));
    Scalar y = 0;
    for (const Scalar& each : jacobian_patterns::random_program(x, seed, steps)) y += each;
    const Pattern pushed = hessian_pattern(y, x);
    const RecordedGradient g = recorded_gradient(y);
    Vector first;
    for (const Scalar& each : x) first.push_back(g[each]);
    const Pattern flown = jacobian_pattern(first, x);
    BOOST_TEST(contains(flown, pushed));
    if (!steps) BOOST_TEST(contains(pushed, flown));  // a recorded gradient multiplies by the derivative 0 of a step
    const Matrix dense = dense_jacobian(first, x);
    for (std::size_t i = 0; i < x.size(); ++i)
        for (std::size_t j = 0; j < x.size(); ++j) BOOST_TEST((dense[i][j] == 0 || pushed.has(i, j)));
}

BOOST_AUTO_TEST_SUITE_END()

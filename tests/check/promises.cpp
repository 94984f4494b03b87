// SPDX-License-Identifier: MIT
// Checks that could not have failed, functions that cannot be checked, broken promises of a sweep, and what gradcheck refuses.
#include "autodiff/check/testing.hpp"

#include "autodiff/control.hpp"
#include "autodiff/custom.hpp"
#include "autodiff/ops/arithmetic.hpp"
#include "autodiff/ops/matmul.hpp"
#include "autodiff/ops/reduce.hpp"

#include <boost/test/unit_test.hpp>
#include <cstdlib>
#include <string>

using namespace autodiff;

namespace {

bool has(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }
bool says(const GradReport& report, Verdict verdict, std::string_view part) {
    if (report.verdict == verdict && has(report.text(), part)) return true;
    BOOST_TEST_MESSAGE(report.text());
    return false;
}
template <class F>
std::string refusal(const F& f) {
    try {
        static_cast<void>(f());
    } catch (const Error& e) {
        return e.what();
    }
    return "nothing was thrown";
}
Tensor<double> ramp(Shape shape) {
    Tensor<double> x = Tensor<double>::uninitialised(std::move(shape));
    for (Index i = 0; i < x.size(); ++i) x.fill_data()[i] = std::sin(static_cast<double>(7 * i + 1));
    return x;
}
const auto square_of = [](const auto& x) { return x * x; };

}  // namespace

BOOST_AUTO_TEST_SUITE(gradcheck_vacuous)

BOOST_AUTO_TEST_CASE(gradients_that_are_all_zero_prove_nothing) {
    BOOST_TEST(says(gradcheck([](const Scalar& x) { return floor(x) + 0.0 * x; }, 0.4), Verdict::vacuous, "all gradients are zero"));
    BOOST_TEST(says(gradcheck([](const Scalar& x) { return stop_gradient(x) * 0.0; }, 0.4), Verdict::vacuous, "all gradients are zero"));
    BOOST_TEST(says(gradcheck(square_of, 0.0), Verdict::vacuous, "all gradients are zero"));
}

BOOST_AUTO_TEST_CASE(a_tolerance_that_would_not_see_a_tenth_of_a_per_cent_is_too_loose) {
    BOOST_TEST(says(gradcheck(square_of, 1.5, {.rtol = 0.01}), Verdict::vacuous,
                    "the tolerance is too loose to see an error of 0.1 % in x: 0.03 is allowed, the gradient is 3"));
    BOOST_TEST(says(gradcheck(square_of, 1.5, {.atol = 1.0}), Verdict::vacuous, "too loose"));
    BOOST_TEST(test::gradcheck_passes(square_of, 1.5, {.rtol = 0.01, .negative_control = false}));
}

BOOST_AUTO_TEST_CASE(noise_that_drowns_the_gradient_is_said_to) {
    const auto f = [](const Scalar& x) { return 1e-12 * x + 1.0; };
    BOOST_TEST(says(gradcheck(f, 1.0), Verdict::vacuous, "too loose"));
}

BOOST_AUTO_TEST_CASE(no_elements_and_no_results_are_vacuous) {
    const auto f = [](const Tensor<double>& x) { return sum(x); };
    BOOST_TEST(says(gradcheck(f, Tensor<double>::zeros({0})), Verdict::vacuous, "the arguments have no elements"));
    const auto none = [](const Tensor<double>& x) { return x * Tensor<double>::zeros({0}); };
    BOOST_TEST(says(gradcheck(none, Tensor<double>::ones({1})), Verdict::vacuous, "f returned no elements"));
}

BOOST_AUTO_TEST_CASE(where_every_element_stands_on_a_kink_nothing_was_judged) {
    const auto f = [](const Scalar& x) { return relu(x) + x; };
    BOOST_TEST(says(gradcheck(f, 0.0, {.kinks = KinkPolicy::skip}), Verdict::vacuous, "no element was judged"));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(gradcheck_preconditions)

BOOST_AUTO_TEST_CASE(a_value_that_is_not_finite_cannot_be_checked) {
    BOOST_TEST(says(gradcheck([](const Scalar& x) { return log(x); }, -1.0), Verdict::unresolved, "f(x) is not finite: y = "));
}

BOOST_AUTO_TEST_CASE(a_function_that_is_not_deterministic_is_named_so) {
    int calls = 0;
    const auto f = [&calls](const Scalar& x) { return x * static_cast<double>(++calls); };
    BOOST_TEST(says(gradcheck(f, 1.0), Verdict::unresolved, "f is not deterministic: y was "));
}

BOOST_AUTO_TEST_CASE(a_function_that_is_another_one_on_a_tape_fails) {
    const auto f = [](const Scalar& x) { return x.recorded() ? 2.0 * x : 3.0 * x; };
    BOOST_TEST(says(gradcheck(f, 1.0), Verdict::fail, "f is another function when it is recorded: y = 3 plainly, 2 on the tape"));
}

BOOST_AUTO_TEST_CASE(a_gradient_that_is_not_finite_where_f_is_fails) {
    const auto f = [](const Scalar& x) { return sqrt(x); };
    BOOST_TEST(says(gradcheck(f, 0.0), Verdict::fail, "the gradient is not finite where f is: by x it is inf"));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(gradcheck_promises)

BOOST_AUTO_TEST_CASE(a_sweep_that_does_not_repeat_itself_fails) {
    int calls = 0;
    const auto f = [&calls](const Scalar& x) {
        return custom(
            "moody", [](double a) { return a * a; }, [&calls](double ybar, double, double a) { return 2 * a * ybar + 1e-12 * ++calls; },
            {.check = false})(x);
    };
    BOOST_TEST(says(gradcheck(f, 1.5), Verdict::fail, "the sweep does not repeat itself"));
}

BOOST_AUTO_TEST_CASE(a_vjp_that_is_not_linear_fails_although_its_gradient_is_right) {
    const auto f = [](const Scalar& x) {
        return custom(
            "clipped", [](double a) { return a * a; }, [](double ybar, double, double a) { return 2 * a * std::min(ybar, 1.0); },
            {.check = false})(x);
    };
    const GradReport report = gradcheck(f, 1.5);
    BOOST_TEST(says(report, Verdict::fail, "the sweep is not linear"));
    BOOST_TEST(report.worst.empty());
}

BOOST_AUTO_TEST_CASE(a_jvp_that_is_not_the_transpose_of_the_vjp_fails) {
    const auto f = [](const Scalar& x) {
        return custom(
                   "square", [](double a) { return a * a; }, [](double ybar, double, double a) { return 2 * a * ybar; }, {.check = false})
            .jvp([](double adot, double, double a) { return 3 * a * adot; })(x);
    };
    BOOST_TEST(says(gradcheck(f, 1.5), Verdict::fail, "reverse mode is not the transpose of forward mode"));
}

BOOST_AUTO_TEST_CASE(without_a_jvp_the_report_says_what_was_not_checked) {
    const auto f = [](const Scalar& x) {
        return custom(
            "square", [](double a) { return a * a; }, [](double ybar, double, double a) { return 2 * a * ybar; }, {.check = false})(x);
    };
    BOOST_TEST(says(gradcheck(f, 1.5), Verdict::pass, "forward mode was not checked: square: expected"));
}

BOOST_AUTO_TEST_CASE(a_wrong_second_derivative_is_found_where_the_first_is_right) {
    const auto f = [](const Scalar& x) {
        return custom(
                   "cube", [](double a) { return a * a * a; }, [](double ybar, double, double a) { return 3 * a * a * ybar; },
                   {.check = false})
            .definition([](const auto& a) { return a * a * stop_gradient(a) * 1.5; })(x);
    };
    BOOST_TEST(test::gradcheck_passes(f, 1.5, {.forward_mode = false}));
    BOOST_TEST(says(gradcheck(f, 1.5, {.order = 2, .forward_mode = false}), Verdict::fail, "dy/dx/dx"));
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(gradcheck_options)

BOOST_AUTO_TEST_CASE(floats_need_tolerances_and_then_pass) {
    const auto f = [](const Tensor<float>& x) { return sum(square(x)); };
    const Tensor<float> x({3}, {0.5f, -1.5f, 2.0f});
    BOOST_TEST(refusal([&] { return gradcheck(f, x); }) ==
               "gradcheck: expected double, or rtol and atol, got float without them; check a model in double (a template on its element "
               "type), or say how far differences of floats may be off");
    BOOST_TEST(test::gradcheck_passes(f, x, {.rtol = 1e-4, .atol = 1e-4}));
    const auto wrong = [](const Tensor<float>& w) { return 2.02f * w; };
    BOOST_TEST((gradcheck(f, wrong, x, {.rtol = 1e-4, .atol = 1e-4}).verdict == Verdict::fail));
}

BOOST_AUTO_TEST_CASE(options_outside_their_range_are_refused) {
    const auto refused = [](const GradcheckOptions& options) { return refusal([&] { return gradcheck(square_of, 1.0, options); }); };
    BOOST_TEST(refused({.rtol = -1.0}) == "gradcheck: expected rtol >= 0, got -1");
    BOOST_TEST(refused({.h = -1e-5}) == "gradcheck: expected a finite h >= 0, got -1e-05");
    BOOST_TEST(refused({.directions = -1}) == "gradcheck: expected directions >= 0, got -1");
    BOOST_TEST(refused({.order = 3}) == "gradcheck: expected order 1 or 2, got 3");
    BOOST_TEST(refused({.names = {"a", "b"}}) == "gradcheck: expected 1 names, one for each argument, got 2");
    BOOST_TEST(
        refused({.method = Method::complex}) ==
        "gradcheck: expected a function of numbers that takes complex ones, got another one; say so: gradcheck(takes_complex(f), x)");
}

BOOST_AUTO_TEST_CASE(a_gradient_of_another_shape_is_refused_before_any_number) {
    const auto f = [](const Tensor<double>& w) { return sum(square(w)); };
    BOOST_TEST(refusal([&] {
                   return gradcheck(f, [](const Tensor<double>&) { return Tensor<double>::zeros({3, 2}); }, ramp({2, 3}), {.names = {"W"}});
               }) == "gradcheck: expected a gradient of shape [2, 3] by W, got [3, 2]");
}

BOOST_AUTO_TEST_CASE(of_many_elements_a_sample_is_checked_and_directions_find_what_it_misses) {
    const auto f = [](const Tensor<double>& w) { return sum(w * square(w)); };
    const Tensor<double> w = ramp({50, 100});
    const GradReport right = gradcheck(f, w);
    BOOST_TEST(test::passes(right));
    BOOST_TEST(right.stats.checked < 400u);
    BOOST_TEST(right.elements.front().index == 0u);
    BOOST_TEST(right.elements.back().index == 4999u);
    std::size_t sampled_by_chance = 0;
    for (const std::size_t k : {17u, 1234u, 2500u, 4321u}) {
        for (const GradcheckElement& e : right.elements) sampled_by_chance += e.index == k ? 1 : 0;
        const GradReport report = gradcheck(f,
                                            [k](const Tensor<double>& x) {
                                                Tensor<double> g = 3.0 * square(x);
                                                in_place(g)[k] *= 1.01;
                                                return g;
                                            },
                                            w, {.names = {"W"}});
        BOOST_TEST((report.verdict == Verdict::fail));
        BOOST_TEST_REQUIRE(!report.worst.empty());
        BOOST_TEST(report.worst[0].index == k);
        BOOST_TEST(report.stats.evaluations < 3000u);
    }
    BOOST_TEST(sampled_by_chance < 4u);
}

BOOST_AUTO_TEST_CASE(a_budget_that_is_spent_leaves_the_rest_unresolved) {
    const auto f = [](const Tensor<double>& w) { return sum(square(w)); };
    BOOST_TEST(says(gradcheck(f, ramp({200}), {.max_evals = 100}), Verdict::unresolved, "the budget of 100 evaluations was spent after"));
}

BOOST_AUTO_TEST_CASE(large_jacobians_are_checked_by_random_combinations_of_their_rows) {
    const auto f = [](const Tensor<double>& w) { return matmul(w, w); };
    const GradReport report = gradcheck(f, ramp({18, 18}));
    BOOST_TEST(test::passes(report));
    BOOST_TEST(report.stats.checked == 2u * 324u);
    BOOST_TEST(report.elements[0].name == "d<v0, y0>/dx[0, 0]");
}

BOOST_AUTO_TEST_CASE(the_seed_decides_the_directions_and_the_environment_overrides_it) {
    const auto wrong = [](double x) { return x; };
    const GradReport first = gradcheck(square_of, wrong, 1.5);
    BOOST_TEST(has(first.text(), "seed 0x5eed (AD_SEED=0x5eed repeats it)"));
    BOOST_TEST(first.text() == gradcheck(square_of, wrong, 1.5).text());
    ::setenv("AD_SEED", "0x123", 1);
    const GradReport other = gradcheck(square_of, wrong, 1.5);
    ::setenv("AD_SEED", "much", 1);
    const std::string text = refusal([&] { return gradcheck(square_of, 1.5); });
    ::unsetenv("AD_SEED");
    BOOST_TEST(other.stats.seed == 0x123u);
    BOOST_TEST(has(other.text(), "AD_SEED=0x123"));
    BOOST_TEST(text == "gradcheck: expected a number in AD_SEED, got much");
}

BOOST_AUTO_TEST_CASE(hostile_names_stay_on_their_line) {
    const GradReport report = gradcheck(square_of, [](double x) { return x; }, 1.5, {.names = {"w\n\x1b[31m"}});
    BOOST_TEST(report.worst.at(0).name == "w\\x0a\\x1b[31m");
}

BOOST_AUTO_TEST_SUITE_END()

// SPDX-License-Identifier: MIT
// Where f has a kink: recognised from what the recording decided, named, and held against the slopes on both sides.
#include "autodiff/check/testing.hpp"

#include "autodiff/custom.hpp"
#include "autodiff/ops/arithmetic.hpp"
#include "autodiff/ops/compare.hpp"
#include "autodiff/ops/conv.hpp"
#include "autodiff/ops/index.hpp"
#include "autodiff/ops/layout.hpp"
#include "autodiff/ops/matmul.hpp"
#include "autodiff/ops/reduce.hpp"

#include <boost/test/unit_test.hpp>
#include <string>

using namespace autodiff;
using Elements = std::vector<GradcheckElement>;

namespace {

bool has(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }
Tensor<double> column(std::initializer_list<double> values) { return Tensor<double>({static_cast<Index>(values.size())}, values); }
/// A gradient that nobody would call a subgradient of a relu.
template <class G>
auto claims(G g) {
    return [g](const auto&) { return g; };
}

}  // namespace

BOOST_AUTO_TEST_SUITE(gradcheck_kinks)

BOOST_AUTO_TEST_CASE(a_side_that_is_flat_is_a_slope_however_noisy_the_rest_of_the_sum) {
    const auto f = [](const Tensor<double>& x) { return sum(relu(x)); };
    const GradReport report = gradcheck(f, Tensor<double>({3}, {-1, 0, 2e5}), {.names = {"x"}});
    BOOST_TEST(test::passes(report));
    BOOST_TEST(report.elements[1].on_kink);
}

BOOST_AUTO_TEST_CASE(the_relu_at_zero_is_named_and_its_subgradient_passes) {
    const auto f = [](const Scalar& x) { return x + 3.0 * relu(x); };
    const GradReport report = gradcheck(f, 0.0, {.names = {"z"}, .negative_control = false});
    BOOST_TEST(test::passes(report));
    BOOST_TEST_REQUIRE(report.elements.size() == 1u);
    BOOST_TEST(report.elements[0].on_kink);
    BOOST_TEST(report.elements[0].note == "kink at step F2 relu(z), z = 0; slopes 1 on the left, 4 on the right");
    BOOST_TEST(report.stats.on_kinks == 1u);
}

BOOST_AUTO_TEST_CASE(what_lies_outside_the_slopes_of_both_sides_fails) {
    const auto f = [](const Scalar& x) { return x + 3.0 * relu(x); };
    for (const double inside : {1.0, 2.5, 4.0}) BOOST_TEST(!!gradcheck(f, claims(inside), 0.0, {.negative_control = false}));
    for (const double outside : {0.9, 4.1, -1.0}) {
        const GradReport report = gradcheck(f, claims(outside), 0.0);
        BOOST_TEST((report.verdict == Verdict::fail));
        BOOST_TEST(has(report.text(), "kink at step F2 relu"));
    }
}

BOOST_AUTO_TEST_CASE(other_policies_list_kinks_or_pass_them_by) {
    const auto f = [](const Scalar& x, const Scalar& y) { return x + 3.0 * relu(x) + y * y; };
    const auto wrong = [](double, double y) { return std::tuple{-7.0, 2 * y}; };
    const std::tuple x{0.0, 0.5};
    BOOST_TEST((gradcheck(f, wrong, x).verdict == Verdict::fail));
    const GradReport reported = gradcheck(f, wrong, x, {.kinks = KinkPolicy::report});
    BOOST_TEST(test::passes(reported));
    BOOST_TEST(has(reported.text(), "x0: kink at step F"));
    const GradReport skipped = gradcheck(f, wrong, x, {.kinks = KinkPolicy::skip});
    BOOST_TEST(test::passes(skipped));
    BOOST_TEST(skipped.stats.skipped == 1u);
    BOOST_TEST(!has(skipped.text(), "x0: kink"));
}

BOOST_AUTO_TEST_CASE(conventions_that_add_up_to_no_derivative_fail) {
    // relu(x) - relu(-x) is x, and the sum of both conventions is 0.
    const GradReport report = gradcheck([](const Scalar& x) { return relu(x) - relu(-x); }, 0.0);
    BOOST_TEST((report.verdict == Verdict::fail));
    BOOST_TEST(has(report.text(), "relu"));
}

BOOST_AUTO_TEST_CASE(a_step_of_a_difference_that_crosses_a_kink_shrinks) {
    for (const double away : {1e-6, -1e-6, 1e-9, -1e-9}) {
        const GradReport report = gradcheck([away](const Scalar& x) { return abs(x - (1.0 - away)) + x * x; }, 1.0);
        BOOST_TEST_CONTEXT("kink " << away << " beside x") { BOOST_TEST(test::passes(report)); }
        BOOST_TEST((report.elements[0].method == Method::ridders));
        BOOST_TEST(report.stats.on_kinks == 0u);
    }
}

BOOST_AUTO_TEST_CASE(a_wrong_gradient_beside_a_kink_is_no_subgradient) {
    const auto f = [](const Scalar& x) { return abs(x - (1.0 - 1e-8)) + x * x; };
    BOOST_TEST((gradcheck(f, claims(2.0), 1.0).verdict == Verdict::fail));  // between both slopes, 1 and 3
    BOOST_TEST((gradcheck(f, claims(3.0), 1.0).verdict != Verdict::fail));
}

BOOST_AUTO_TEST_CASE(elements_of_tensors_are_named_where_they_stand) {
    const auto f = [](const Tensor<double>& w) {
        const auto a = relu(w);
        return sum(a + 0.5 * w);
    };
    const GradReport report = gradcheck(f, Tensor<double>({2, 2}, {0.4, -0.3, 0.0, 0.7}), {.names = {"W"}});
    BOOST_TEST(test::passes(report));
    BOOST_TEST(has(report.text(), "W[1, 0]: kink at step F2 relu(W[1, 0]), W[1, 0] = 0; slopes 0.5 on the left, 1.5 on the right"));
}

BOOST_AUTO_TEST_CASE(every_operation_that_chooses_is_recognised) {
    const Tensor<double> tied = column({1.25, 1.25, 1.25, -2.0});
    const auto check = [&](std::string_view what, const auto& f, const Tensor<double>& x) {
        const GradReport report = gradcheck(f, x, {.names = {"v"}});
        BOOST_TEST_CONTEXT(what << "\n" << report.text()) {
            BOOST_TEST(has(report.text(), what));
            BOOST_TEST((report.verdict == Verdict::pass || report.verdict == Verdict::vacuous));
        }
    };
    check(
        "amax(v)", [](const Tensor<double>& v) { return amax(v) + sum(square(v)); }, tied);
    check(
        "amin(", [](const Tensor<double>& v) { return amin(-v) + sum(square(v)); }, tied);
    check(
        "maximum(", [](const Tensor<double>& v) { return sum(maximum(v, 1.25 * Tensor<double>::ones({4}))); }, tied);
    check(
        "max_pool2d",
        [](const Tensor<double>& v) {
            return sum(max_pool2d(reshape(v, {1, 1, 2, 2}), {})) + sum(square(v));
        },
        tied);
    check(
        "where", [](const Tensor<double>& v) { return sum(where(v > 1.25, 3.0 * (v - 1.25), v - 1.25)); }, tied);
    check(
        "take",
        [](const Tensor<double>& v) {
            return sum(take(v, argmax(reshape(v, {1, 4}), 1))) + sum(square(v));
        },
        tied);
}

BOOST_AUTO_TEST_CASE(a_branch_of_the_program_is_named_by_what_was_compared) {
    const auto f = [](const Scalar& x) {
        if (x < 2.0) return 3.0 * x;
        return 6.0 + (x - 2.0) * 5.0;
    };
    const GradReport report = gradcheck(f, 2.0, {.names = {"x"}, .negative_control = false});
    BOOST_TEST(test::passes(report));
    BOOST_TEST(has(report.text(), "kink at step F2 less(x, 2), x = 2; slopes 3 on the left, 5 on the right"));
}

BOOST_AUTO_TEST_CASE(beside_a_jump_the_side_without_one_counts) {
    const auto f = [](const Scalar& x) { return floor(x) + x * x; };
    BOOST_TEST(test::gradcheck_passes(f, 2.0, {.negative_control = false}));
    BOOST_TEST((gradcheck(f, claims(1.0), 2.0).verdict == Verdict::fail));
}

BOOST_AUTO_TEST_CASE(a_kink_that_no_operation_shows_is_seen_in_the_slopes) {
    const GradReport report = gradcheck([](const Scalar& x) { return hypot(x, 0.0) + 0.25 * x; }, 0.0, {.negative_control = false});
    BOOST_TEST(test::passes(report));
    const GradReport wrong = gradcheck([](const Scalar& x) { return hypot(x, 0.0) + 0.25 * x; }, claims(1.5), 0.0);
    BOOST_TEST((wrong.verdict == Verdict::fail));
    BOOST_TEST(has(wrong.text(), "a kink at x that no recorded operation shows"));
}

BOOST_AUTO_TEST_CASE(rows_that_lead_nowhere_have_no_kinks) {
    const auto f = [](const Scalar& x) {
        const Scalar nobody_reads = relu(x - 0.3);
        static_cast<void>(nobody_reads);
        return x * x * x;
    };
    const GradReport report = gradcheck(f, 0.3);
    BOOST_TEST(test::passes(report));
    BOOST_TEST(report.notes.empty());
}

BOOST_AUTO_TEST_SUITE_END()

// SPDX-License-Identifier: MIT
// Right gradients of ten thousand random functions, smooth ones and ones with kinks: no false alarm.
#include "autodiff/check/gradcheck.hpp"

#include "programs.hpp"

#include <boost/test/unit_test.hpp>
#include <cmath>
#include <map>

using namespace autodiff;

namespace {

constexpr std::uint64_t seed = 20240607;

/// Everything but digamma and polygamma, whose arguments have to lie right of poles, and the products of sweeps.
std::vector<Operation> operations() {
    std::vector<Operation> all;
    rules::for_each<rules::All>([&]<class R>(R) {
        const std::string_view name = R::name;
        if (name != "polygamma" && name != "digamma" && name != "lgamma") all.push_back(code_of<R>);
    });
    return all;
}

bool usable(const programs::RandomProgram& f, const std::vector<double>& x) {
    const Tape tape;
    std::vector<Scalar> constants(x.begin(), x.end());
    const Scalar y = f(constants);
    if (!std::isfinite(y.value()) || std::abs(y.value()) > 1e12) return false;
    try {
        const auto [value, g] = value_and_gradient(f, x);
        bool all_zero = true;
        for (const double each : g) {
            if (!std::isfinite(each) || std::abs(each) > 1e12) return false;
            all_zero = all_zero && each == 0;
        }
        return !all_zero;
    } catch (const TapeError&) {
        return false;  // nothing depends on x
    }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(gradcheck_random_programs)

BOOST_AUTO_TEST_CASE(right_gradients_of_ten_thousand_functions_raise_no_alarm) {
    BOOST_TEST_MESSAGE("seed " << seed);
    const std::vector<Operation> from = operations();
    std::mt19937_64 random(seed);
    std::map<Verdict, int> verdicts;
    std::size_t doubtful = 0, kinks = 0, evaluations = 0, made = 0;
    for (int trial = 0; trial < 10'000;) {
        ++made;
        const std::size_t inputs = 1 + random() % 4, steps = 1 + random() % 12;
        const programs::RandomProgram f = programs::random_program(random, inputs, steps, from);
        std::vector<double> x(inputs);
        for (double& each : x) each = std::uniform_real_distribution<double>(-2, 2)(random);
        if (!usable(f, x)) continue;
        ++trial;
        const GradReport report = gradcheck(f, x);
        ++verdicts[report.verdict];
        doubtful += report.stats.doubtful, kinks += report.stats.on_kinks, evaluations += report.stats.evaluations;
        BOOST_TEST_CONTEXT("trial " << trial << ", " << f.text()) { BOOST_CHECK_MESSAGE(report.verdict != Verdict::fail, report.text()); }
        if (report.verdict == Verdict::unresolved || report.verdict == Verdict::vacuous) BOOST_TEST_MESSAGE(trial << " " << f.text() << report.text());
    }
    BOOST_TEST_MESSAGE("made " << made << "; passed " << verdicts[Verdict::pass] << ", unresolved " << verdicts[Verdict::unresolved]
                               << ", vacuous " << verdicts[Verdict::vacuous] << "; doubtful " << doubtful << ", on kinks " << kinks
                               << "; evaluations " << evaluations);
    BOOST_TEST(verdicts[Verdict::pass] > 9'900);
}

BOOST_AUTO_TEST_SUITE_END()

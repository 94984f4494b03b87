// SPDX-License-Identifier: MIT
// Right gradients of ten thousand random functions, smooth ones and ones with kinks: no false alarm.
#include "autodiff/check/gradcheck.hpp"

#include "programs.hpp"

#include <boost/test/unit_test.hpp>
#include <cmath>
#include <functional>
#include <map>

using namespace autodiff;

namespace {

constexpr std::uint64_t seed = 20240607;

/// Everything but the gamma functions, whose arguments have to lie right of poles.
std::vector<Operation> smooth_and_kinked() {
    std::vector<Operation> all;
    rules::for_each<rules::All>([&]<class R>(R) {
        const std::string_view name = R::name;
        if (name != "polygamma" && name != "digamma" && name != "lgamma") all.push_back(code_of<R>);
    });
    return all;
}

/// Kinks and steps, and what is smooth everywhere, so that kinks are all there is beside x.
std::vector<Operation> kinked() {
    using namespace rules;
    return {code_of<Relu>,     code_of<Abs>,     code_of<Sign>,      code_of<Floor>, code_of<Maximum>,  code_of<Minimum>,
            code_of<Where>,    code_of<Less>,    code_of<LessEqual>, code_of<Equal>, code_of<NotEqual>, code_of<Relu>,
            code_of<Abs>,      code_of<Maximum>, code_of<Add>,       code_of<Sub>,   code_of<Mul>,      code_of<Fma>,
            code_of<Neg>,      code_of<Square>,  code_of<Sin>,       code_of<Cos>,   code_of<Tanh>,     code_of<Sigmoid>,
            code_of<Softplus>, code_of<Atan>,    code_of<Asinh>,     code_of<Exp>,   code_of<Erf>};
}

/// Multiples of 1/2, each moved by 2^-14 to 2^-37: where kinks and steps of the list above meet, and a step of a difference crosses them.
double beside_a_kink(std::mt19937_64& random) {
    const double place = static_cast<double>(random() % 5) / 2 - 1, away = std::exp2(-14 - static_cast<double>(random() % 24));
    return place + ((random() & 1) != 0 ? away : -away);
}

bool usable(const programs::RandomProgram& f, const std::vector<double>& x) {
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

struct Outcome {
    std::map<Verdict, int> verdicts;
    std::size_t doubtful = 0, evaluations = 0, made = 0;
};

/// Checks the right gradients of so many random functions; each alarm is an error.
Outcome check(int functions, const std::vector<Operation>& from, const std::function<double(std::mt19937_64&)>& point,
              const GradcheckOptions& options = {}) {
    BOOST_TEST_MESSAGE("seed " << seed);
    std::mt19937_64 random(seed);
    Outcome outcome;
    for (int trial = 0; trial < functions;) {
        ++outcome.made;
        const std::size_t inputs = 1 + random() % 4, steps = 1 + random() % 12;
        const programs::RandomProgram f = programs::random_program(random, inputs, steps, from);
        std::vector<double> x(inputs);
        for (double& each : x) each = point(random);
        if (!usable(f, x)) continue;
        ++trial;
        const GradReport report = gradcheck(f, x, options);
        ++outcome.verdicts[report.verdict];
        outcome.doubtful += report.stats.doubtful, outcome.evaluations += report.stats.evaluations;
        if (report.verdict == Verdict::fail) BOOST_TEST_ERROR("trial " << trial << ", " << f.text() << report.text());
        if (report.verdict == Verdict::unresolved) BOOST_TEST_MESSAGE("trial " << trial << ", " << f.text() << report.text());
    }
    BOOST_TEST_MESSAGE("made " << outcome.made << "; passed " << outcome.verdicts[Verdict::pass] << ", unresolved "
                               << outcome.verdicts[Verdict::unresolved] << ", vacuous " << outcome.verdicts[Verdict::vacuous]
                               << "; elements looked at more than once " << outcome.doubtful << "; evaluations " << outcome.evaluations);
    return outcome;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(gradcheck_random_programs)

BOOST_AUTO_TEST_CASE(right_gradients_of_ten_thousand_functions_raise_no_alarm) {
    const Outcome outcome =
        check(10'000, smooth_and_kinked(), [](auto& random) { return std::uniform_real_distribution<double>(-2, 2)(random); });
    BOOST_TEST(outcome.verdicts.at(Verdict::pass) > 9'900);
}

BOOST_AUTO_TEST_CASE(nor_do_those_of_ten_thousand_functions_a_hair_beside_their_kinks) {
    const Outcome outcome = check(10'000, kinked(), beside_a_kink);
    // Beside a kink only steps too small for a sharp look are left: some checks say that they could not have seen 0.1 %.
    BOOST_TEST(outcome.verdicts.at(Verdict::pass) > 9'500);
    BOOST_TEST(outcome.doubtful > 100u);
}

BOOST_AUTO_TEST_CASE(nor_do_those_of_ten_thousand_functions_a_hair_beside_their_singular_points) {
    const Outcome outcome = check(10'000, smooth_and_kinked(), beside_a_kink);
    BOOST_TEST(outcome.verdicts.at(Verdict::pass) > 9'000);
    BOOST_TEST(outcome.doubtful > 100u);
}

BOOST_AUTO_TEST_CASE(nor_do_the_hessians_of_a_thousand) {
    const Outcome outcome =
        check(1'000, smooth_and_kinked(), [](auto& random) { return std::uniform_real_distribution<double>(-2, 2)(random); }, {.order = 2});
    BOOST_TEST(outcome.verdicts.at(Verdict::pass) > 950);
}

BOOST_AUTO_TEST_SUITE_END()

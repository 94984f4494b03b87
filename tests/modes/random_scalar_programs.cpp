// SPDX-License-Identifier: MIT
// Random scalar programs: first and second derivatives by every sweep, at both levels of detail, against nested dual numbers. Errors are
// measured against the sum of the absolute values of all products that add up to a derivative, so that cancellation is no excuse
// and no reproach. A failure prints the seed and the program as code.
#include "tests/modes/modes.hpp"
#include "tests/modes/scalar_program.hpp"

#include <boost/test/unit_test.hpp>
#include <cmath>
#include <cstring>
#include <fmt/format.h>
#include <set>

namespace {

using namespace autodiff;
using namespace modes;

constexpr unsigned first_seed = 4000, programs = 300;
constexpr double tolerance = 1e-12;  // of the sum of |terms|

std::size_t operations_of(unsigned seed) { return 1 + (seed * 7919u) % 200; }

/// Everything that duals say about a program, and how large the terms are.
struct Reference {
    double value = 0;
    std::vector<double> direction;                 ///< w
    std::vector<double> gradient, gradient_terms;  ///< dy/dx_i
    std::vector<double> hvp, hvp_terms;            ///< (H w)_i
};

Reference reference_of(const ScalarProgram& program) {
    std::mt19937_64 random(program.seed + 1);
    const std::size_t n = program.inputs.size();
    Reference result;
    for (std::size_t i = 0; i < n; ++i) result.direction.push_back(std::uniform_real_distribution<double>(-1, 1)(random));
    for (std::size_t i = 0; i < n; ++i) {
        std::vector<double> unit(n, 0);
        unit[i] = 1;
        std::vector<Dual2> x;
        for (std::size_t j = 0; j < n; ++j) x.push_back({Dual<double>{program.inputs[j], result.direction[j]}, Dual<double>{unit[j], 0}});
        const Dual2 y = program.run(x);
        const Bound terms = bound_of(program, unit, result.direction);
        result.value = y.value.value;
        result.gradient.push_back(y.tangent.value), result.gradient_terms.push_back(terms.along_v);
        result.hvp.push_back(y.tangent.tangent), result.hvp_terms.push_back(terms.mixed);
    }
    return result;
}

void compare(std::string& failures, const char* what, const std::vector<double>& got, const std::vector<double>& expected,
             const std::vector<double>& terms) {
    for (std::size_t i = 0; i < expected.size(); ++i)
        if (!(std::abs(got[i] - expected[i]) <= tolerance * terms[i]))
            failures += fmt::format("{}, component {}: got {:.17g}, expected {:.17g}, sum of |terms| {:.3g}\n", what, i, got[i],
                                    expected[i], terms[i]);
}

std::vector<Scalar> variables(Tape& tape, const std::vector<double>& values) {
    std::vector<Scalar> x;
    for (const double value : values) x.push_back(tape.variable(value));
    return x;
}
std::vector<double> read(const Gradient& g, const std::vector<Scalar>& x) {
    std::vector<double> result;
    for (const Scalar& each : x) result.push_back(g[each]);
    return result;
}

/// check(program, reference) gives what is wrong, or nothing.
template <class Check>
void for_each_program(const Check& check) {
    std::size_t wrong = 0;
    for (unsigned seed = first_seed; seed < first_seed + programs; ++seed) {
        const ScalarProgram program = random_scalar_program(seed, operations_of(seed));
        const std::string failures = check(program, reference_of(program));
        if (!failures.empty() && ++wrong <= 3) BOOST_TEST(failures.empty(), failures << program.text());
    }
    BOOST_TEST(wrong == 0u, wrong << " of " << programs << " programs");
}

}  // namespace

BOOST_AUTO_TEST_SUITE(random_scalar_programs)

// A generator that has run dry would make every other case here pass.
BOOST_AUTO_TEST_CASE(use_every_rule_and_have_curvature) {
    std::set<std::string_view> used;
    std::size_t operations = 0, moved = 0, constants = 0, curved = 0;
    for (unsigned seed = first_seed; seed < first_seed + programs; ++seed) {
        const ScalarProgram program = random_scalar_program(seed, operations_of(seed));
        operations += program.instructions.size();
        for (const Instruction& instruction : program.instructions) {
            used.insert(instruction.rule->name);
            for (std::size_t k = 0; k < instruction.rule->arity; ++k)
                moved += instruction.operands[k].last_use, constants += instruction.operands[k].slot < 0;
        }
        const Reference reference = reference_of(program);
        curved += std::any_of(reference.hvp.begin(), reference.hvp.end(), [](double h) { return std::abs(h) > 1e-6; });
    }
    for (const Rule& rule : rule_table()) BOOST_TEST(used.contains(rule.name), rule.name);
    BOOST_TEST(operations > 80 * programs);
    BOOST_TEST(moved > operations / 5);
    BOOST_TEST(constants > operations / 20);
    BOOST_TEST(curved > programs / 2);
}

BOOST_AUTO_TEST_CASE(have_the_gradient_of_dual_numbers_at_both_levels_of_detail) {
    for_each_program([](const ScalarProgram& program, const Reference& expected) {
        std::string failures;
        for (const Detail detail : {Detail::operations, Detail::derivatives}) {
            Tape tape(detail);
            const std::vector<Scalar> x = variables(tape, program.inputs);
            const Scalar y = program.run(x);
            const double value = y.value();
            if (std::memcmp(&value, &expected.value, sizeof value) != 0)
                failures += fmt::format("value {:.17g}, duals {:.17g}\n", value, expected.value);
            compare(failures, detail == Detail::operations ? "operations" : "derivatives", read(tape.gradient(y), x), expected.gradient,
                    expected.gradient_terms);
        }
        return failures;
    });
}

BOOST_AUTO_TEST_CASE(have_the_second_derivatives_of_dual_numbers_by_recording_the_reverse_sweep) {
    for_each_program([](const ScalarProgram& program, const Reference& expected) {
        std::string failures;
        Tape tape;
        const std::vector<Scalar> x = variables(tape, program.inputs);
        const RecordedGradient recorded = tape.recorded_gradient(program.run(x));
        std::vector<double> first;
        Scalar along = 0;
        for (std::size_t i = 0; i < x.size(); ++i) {
            const Scalar adjoint = recorded[x[i]];
            first.push_back(adjoint.value());
            along += expected.direction[i] * adjoint;
        }
        compare(failures, "recorded gradient", first, expected.gradient, expected.gradient_terms);
        const std::vector<double> second = along.recorded() ? read(tape.gradient(along), x) : std::vector<double>(x.size(), 0);
        compare(failures, "its gradient", second, expected.hvp, expected.hvp_terms);
        return failures;
    });
}

BOOST_AUTO_TEST_CASE(have_both_derivatives_of_dual_numbers_in_every_mode) {
    using Scalars = std::vector<Scalar>;
    for_each_program([](const ScalarProgram& program, const Reference& expected) {
        std::string failures;
        const Map<Scalars> f = [&program](const Scalars& x) { return Scalars{program.run(x)}; };
        const Scalars x(program.inputs.begin(), program.inputs.end()), w(expected.direction.begin(), expected.direction.end()), one{1};
        const std::vector<Scalars> both{w, w};
        for (const Word& word : words_up_to(2)) {
            std::vector<double> got;
            for (const Scalar& each : differentiated<Scalars>(f, word, one, both)(x)) got.push_back(each.value());
            const bool first_order = word.size() == 1;
            const auto& reference = first_order ? expected.gradient : expected.hvp;
            const auto& terms = first_order ? expected.gradient_terms : expected.hvp_terms;
            if (has_vjp(word)) {
                compare(failures, to_string(word).c_str(), got, reference, terms);
                continue;
            }
            double along = 0, size = 0;
            for (std::size_t i = 0; i < reference.size(); ++i)
                along += expected.direction[i] * reference[i], size += std::abs(expected.direction[i]) * terms[i];
            compare(failures, to_string(word).c_str(), got, {along}, {size});
        }
        const auto loss = [&program](const Scalars& at) { return program.run(at); };
        compare(failures, "gradient", gradient(loss, program.inputs), expected.gradient, expected.gradient_terms);
        compare(failures, "hvp", hvp(loss, program.inputs, expected.direction), expected.hvp, expected.hvp_terms);
        return failures;
    });
}

BOOST_AUTO_TEST_SUITE_END()

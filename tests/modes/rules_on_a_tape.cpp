// SPDX-License-Identifier: MIT
// Every rule on a tape that the program holds: its gradient at both levels of detail however it is spelled, its tangents, and the second
// derivatives by recording one sweep and sweeping again.
#include "autodiff/autodiff.hpp"
#include "tests/modes/rule_at.hpp"

namespace {

using namespace autodiff;
using namespace modes;

}  // namespace

BOOST_AUTO_TEST_SUITE(every_rule_on_a_tape)

// The tape itself, at both levels of detail, with operands that are temporaries and operands that are plain numbers.
BOOST_AUTO_TEST_CASE(has_its_gradient_at_both_levels_of_detail_however_it_is_spelled) {
    for_each_rule(6, [](const At& at, Failures& failures) {
        for (const Detail detail : {Detail::operations, Detail::derivatives})
            for (const Temporary temporary : {Temporary::none, Temporary::first, Temporary::all}) {
                Tape tape(detail);
                std::array<Scalar, 3> x{at.x[0], at.x[1], at.x[2]}, operand = x;
                for (const std::size_t k : at.active) x[k] = tape.variable(at.x[k]), operand[k] = 1 * x[k];
                const Gradient g = tape.gradient(at.rule.on_scalars({&operand[0], &operand[1], &operand[2]}, temporary));
                for (const std::size_t k : at.active) {
                    Operands e{};
                    e[k] = 1;
                    const auto dual = static_cast<double>(at.rule.accurate_derivative(at.x, std::span(&e, 1)));
                    if (!(std::abs(g[x[k]] - dual) <= dual_tolerance * std::max(1.0, std::abs(dual))))
                        failures.note(fmt::format("{}: operand {} gives {:.17g}, duals {:.17g}", at.where(), k, g[x[k]], dual));
                }
            }
        if (at.rule.arity != 2) return;
        for (const Detail detail : {Detail::operations, Detail::derivatives})
            for (const std::size_t k : at.active) {
                Tape tape(detail);
                const Scalar x = tape.variable(at.x[k]);
                Operands e{};
                e[k] = 1;
                const auto dual = static_cast<double>(at.rule.accurate_derivative(at.x, std::span(&e, 1)));
                const double got = tape.gradient(k == 0 ? at.rule.with_number(x, at.x[1]) : at.rule.number_with(at.x[0], x))[x];
                if (!(std::abs(got - dual) <= dual_tolerance * std::max(1.0, std::abs(dual))))
                    failures.note(fmt::format("{}: operand {} beside a number gives {:.17g}, duals {:.17g}", at.where(), k, got, dual));
            }
    });
}

// The sweeps on a tape that the program holds, forwards: over both levels of detail, and recorded, to be swept again in either direction.
BOOST_AUTO_TEST_CASE(has_its_tangents_on_a_tape_in_hand) {
    for_each_rule(4, [](const At& at, Failures& failures) {
        const auto compare = [&](const char* what, double got, std::span<const Operands> along) {
            const auto dual = static_cast<double>(at.rule.accurate_derivative(at.x, along));
            if (!(std::abs(got - dual) <= dual_tolerance * std::max(1.0, terms(at.rule, at.x, along))))
                failures.note(fmt::format("{}: {} gives {:.17g}, duals {:.17g}", at.where(), what, got, dual));
        };
        const std::array<Operands, 2> both{at.v[0], at.v[1]};
        for (const Detail detail : {Detail::operations, Detail::derivatives}) {
            Tape tape(detail);
            std::array<Scalar, 3> x{at.x[0], at.x[1], at.x[2]};
            std::vector<Seed> along_v, along_w;
            for (const std::size_t k : at.active) {
                x[k] = tape.variable(at.x[k]);
                along_v.emplace_back(x[k], at.v[0][k]), along_w.emplace_back(x[k], at.v[1][k]);
            }
            const Scalar y = at.rule.on_scalars({&x[0], &x[1], &x[2]}, Temporary::none);
            compare("tangent", tangent(tape, along_v)[y], std::span(both).first(1));
            if (detail == Detail::derivatives) continue;
            const Scalar ydot = recorded_tangent(tape, along_v)[y];
            compare("recorded tangent", ydot.value(), std::span(both).first(1));
            const RecordedGradient g = tape.recorded_gradient(y);
            double reverse = 0, forward = 0, reverse_of_forward = 0;
            const Tangent again = tangent(tape, along_w);
            for (const std::size_t k : at.active) {
                const Scalar adjoint = g[x[k]];
                if (adjoint.recorded()) forward += at.v[0][k] * again[adjoint];
                if (ydot.recorded()) reverse_of_forward += at.v[1][k] * tape.gradient(ydot)[x[k]];
                if (adjoint.recorded())
                    for (const std::size_t l : at.active) reverse += at.v[0][k] * at.v[1][l] * tape.gradient(adjoint)[x[l]];
            }
            compare("tangent of the recorded gradient", forward, both);
            compare("gradient of the recorded gradient", reverse, both);
            compare("gradient of the recorded tangent", reverse_of_forward, both);
            compare("tangent of the recorded tangent", ydot.recorded() ? again[ydot] : 0, both);
        }
    });
}

BOOST_AUTO_TEST_SUITE_END()

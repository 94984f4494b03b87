// SPDX-License-Identifier: MIT
/// An ordinary user program: code that is generic in its number, a name and a point. Run with double it gives a value and, by
/// differences, a gradient; run with Scalars on either kind of tape it must give the same. The tables are tests/tape/programs_*.cpp.
#pragma once

#include "autodiff/gradient.hpp"

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <functional>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

namespace programs {

using autodiff::Detail;
using autodiff::Gradient;
using autodiff::Scalar;
using autodiff::Tape;
using autodiff::TapeError;

template <class T>
using Point = std::vector<T>;

// Programs are written as users write them, `sin(x)` for doubles and Scalars alike.
using std::abs, std::atan, std::cos, std::exp, std::log, std::pow, std::sin, std::sqrt, std::tanh;

/// Restricts differences to half a step, so that no program crosses a kink or another branch while it is measured.
inline constexpr double widest_step = 0.02;
/// Difference quotients, extrapolated, are good to about 1e-10; the rest is room for programs with large third derivatives.
inline constexpr double difference_tolerance = 1e-7;
/// Both details evaluate the same partials, multiplied in another order.
inline constexpr double detail_tolerance = 1e-12;

struct Program {
    template <class F>
    Program(std::string its_name, Point<double> where, F f) : name(std::move(its_name)), point(std::move(where)), plain(f), recorded(f) {}
    std::string name;
    Point<double> point;
    std::function<double(const Point<double>&)> plain;
    std::function<Scalar(const Point<Scalar>&)> recorded;
};
inline std::ostream& operator<<(std::ostream& out, const Program& program) { return out << program.name; }

struct Outcome {
    double value;
    Point<double> gradient;
};

inline Outcome run_on_tape(const Program& program, Detail detail) {
    Tape tape(detail);
    Point<Scalar> x;
    for (const double value : program.point) x.push_back(tape.variable(value));
    const Scalar y = program.recorded(x);
    const Gradient g = gradient(y);
    Outcome outcome{y.value(), {}};
    for (const Scalar& each : x) outcome.gradient.push_back(g[each]);
    return outcome;
}

/// Central differences at h, h/1.4, h/1.96 ..., extrapolated to 0 (Ridders 1982); keeps the entry of the tableau whose neighbours agree best.
inline double ridders(const std::function<double(double)>& f, double h) {
    constexpr int levels = 10;
    constexpr double shrink = 1.4;
    double tableau[levels][levels], best = 0, best_error = std::numeric_limits<double>::infinity();
    for (int i = 0; i < levels; ++i, h /= shrink) {
        tableau[0][i] = (f(h) - f(-h)) / (2 * h);
        double factor = shrink * shrink;
        for (int j = 1; j <= i; ++j, factor *= shrink * shrink) {
            tableau[j][i] = (tableau[j - 1][i] * factor - tableau[j - 1][i - 1]) / (factor - 1);
            const double error = std::max(std::abs(tableau[j][i] - tableau[j - 1][i]), std::abs(tableau[j][i] - tableau[j - 1][i - 1]));
            if (error < best_error) best_error = error, best = tableau[j][i];
        }
    }
    return best;
}

inline Point<double> differences(const Program& program) {
    Point<double> gradient;
    for (std::size_t i = 0; i < program.point.size(); ++i)
        gradient.push_back(ridders(
            [&](double h) {
                Point<double> at = program.point;
                at[i] += h;
                return program.plain(at);
            },
            widest_step));
    return gradient;
}

inline void check_close(double got, double expected, double scale, double tolerance, const std::string& what) {
    BOOST_CHECK_MESSAGE(std::abs(got - expected) <= tolerance * scale, what << ": " << got << " differs from " << expected << " by "
                                                                            << std::abs(got - expected) / scale << ", relative to "
                                                                            << scale);
}

/// The claim of every table: both details agree with differences, and with each other much more closely.
inline void check(const Program& program) {
    const Point<double> expected = differences(program);
    const Outcome fast = run_on_tape(program, Detail::derivatives), full = run_on_tape(program, Detail::operations);
    double scale = 1e-3;  // gradients smaller than that are compared absolutely
    for (const double d : expected) scale = std::max(scale, std::abs(d));
    BOOST_CHECK_MESSAGE(scale > 1e-3, program.name << ": the point is flat, so the test would prove nothing");
    const double value = program.plain(program.point);
    check_close(fast.value, value, std::max(1.0, std::abs(value)), 1e-14, program.name + ", value, derivatives");
    check_close(full.value, value, std::max(1.0, std::abs(value)), 1e-14, program.name + ", value, operations");
    for (std::size_t i = 0; i < expected.size(); ++i) {
        const std::string component = program.name + ", d/dx" + std::to_string(i);
        check_close(fast.gradient[i], expected[i], scale, difference_tolerance, component + ", derivatives against differences");
        check_close(full.gradient[i], expected[i], scale, difference_tolerance, component + ", operations against differences");
        check_close(fast.gradient[i], full.gradient[i], scale, detail_tolerance, component + ", derivatives against operations");
    }
}

}  // namespace programs

// SPDX-License-Identifier: MIT
// The order of things: preconditions, promises of the sweep, directions, elements, the negative control, second order, the verdict.
#include "autodiff/check/gradcheck.hpp"

#include "autodiff/check/gradcheck_elements.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdlib>
#include <fmt/format.h>

namespace autodiff {
inline namespace v1 {
namespace internal {

namespace {

bool same_bits(const std::vector<double>& a, const std::vector<double>& b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                      [](double x, double y) { return std::bit_cast<std::uint64_t>(x) == std::bit_cast<std::uint64_t>(y); });
}
double dot(const std::vector<double>& a, const std::vector<double>& b) {
    double sum = 0;
    for (std::size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
    return sum;
}
double dot_of_sizes(const std::vector<double>& a, const std::vector<double>& b) {
    double sum = 0;
    for (std::size_t i = 0; i < a.size(); ++i) sum += std::abs(a[i] * b[i]);
    return sum;
}
std::vector<double> scaled(double factor, std::vector<double> v) {
    for (double& each : v) each *= factor;
    return v;
}

void check_options(const GradcheckProblem& problem, const GradcheckOptions& o) {
    const auto refuse = [](std::string_view expected, const auto& got) { throw ValueError("gradcheck", expected, fmt::format("{}", got)); };
    if (!(o.rtol.value_or(0) >= 0)) refuse("rtol >= 0", *o.rtol);
    if (!(o.atol.value_or(0) >= 0)) refuse("atol >= 0", *o.atol);
    if (!(o.h >= 0 && std::isfinite(o.h))) refuse("a finite h >= 0", o.h);
    if (o.directions < 0) refuse("directions >= 0", o.directions);
    if (o.order != 1 && o.order != 2) refuse("order 1 or 2", o.order);
    if (o.method == Method::complex && !problem.complex_f)
        throw ValueError("gradcheck", "a function of numbers that takes complex ones", "another one",
                         "say so: gradcheck(takes_complex(f), x)");
    if (o.order == 2 && problem.gradient)
        throw ValueError("gradcheck", "order 1 for a gradient written by hand", "order 2",
                         "check its Hessian as the gradient of its gradient");
    if (o.order == 2 && o.method == Method::complex) throw ValueError("gradcheck", "another method for order 2", "the complex step");
}

std::uint64_t seed_of(const GradcheckOptions& options) {
    if (const char* const text = std::getenv("AD_SEED"); text != nullptr && *text != '\0') {
        char* end = nullptr;
        const unsigned long long seed = std::strtoull(text, &end, 0);
        if (*end != '\0') throw ValueError("gradcheck", "a number in AD_SEED", text);
        return seed;
    }
    return options.seed;
}

/// What must hold before differences mean anything. Each has its own message.
bool preconditions(const GradcheckFunction& f, GradReport& report) {
    const auto refuse = [&report](Verdict verdict, std::string note) {
        report.verdict = verdict;
        report.notes.push_back(std::move(note));
        return false;
    };
    const std::vector<double>& y = f.value_at_x();
    if (f.x().empty()) return refuse(Verdict::vacuous, "there is nothing to differentiate by: the arguments have no elements");
    if (y.empty()) return refuse(Verdict::vacuous, "there is nothing to differentiate: f returned no elements");
    for (std::size_t i = 0; i < y.size(); ++i)
        if (!std::isfinite(y[i])) return refuse(Verdict::unresolved, fmt::format("f(x) is not finite: {} = {}", f.result(i), y[i]));
    const std::vector<double> again = f.value(f.x());
    for (std::size_t i = 0; i < y.size(); ++i)
        if (std::bit_cast<std::uint64_t>(again[i]) != std::bit_cast<std::uint64_t>(y[i]))
            return refuse(Verdict::unresolved,
                          fmt::format("f is not deterministic: {} was {:.17g}, and then {:.17g}; give its random numbers "
                                      "a fixed key",
                                      f.result(i), y[i], again[i]));
    const std::vector<double> recorded = f.recorded_value();
    for (std::size_t i = 0; i < y.size(); ++i)
        if (!(std::abs(recorded[i] - y[i]) <= 1e5 * f.eps() * std::abs(y[i])))
            return refuse(Verdict::fail, fmt::format("f is another function when it is recorded: {} = {:.17g} plainly, {:.17g} on the tape",
                                                     f.result(i), y[i], recorded[i]));
    return true;
}

/// The sweep's own promises, bit by bit where they are exact.
void check_sweep(const GradcheckRun& run) {
    const GradcheckFunction& f = run.f;
    GradReport& report = run.report;
    const auto broken = [&report](std::string note) {
        report.verdict = Verdict::fail;
        report.notes.push_back(std::move(note));
    };
    const Functional& of = run.functionals[run.bits.below(run.functionals.size())];
    if (run.options.reentrant) {
        if (!same_bits(f.pull(of.weights), of.gradient)) broken("the sweep does not repeat itself: a second one gives another gradient");
        if (!same_bits(f.pull_at(f.x(), of.weights), of.gradient)) broken("recorded again, f has another gradient at the same x");
    }
    if (run.options.zero_cotangent) {
        // A power of two is exact but among the smallest numbers, so what fails there is asked again far above them.
        const auto linear = [&](double scale, const std::vector<double>& gradient) {
            return same_bits(f.pull(scaled(2 * scale, of.weights)), scaled(2, gradient));
        };
        constexpr double far_above = 0x1p300;
        if (!linear(1, of.gradient) && !linear(far_above, f.pull(scaled(far_above, of.weights))))
            broken("the sweep is not linear: twice the cotangent does not give twice the gradient");
        const std::vector<double> none = f.pull(scaled(0, of.weights));
        if (std::any_of(none.begin(), none.end(), [](double g) { return g != 0; }))
            broken("a cotangent of 0 gives a gradient that is not 0");
    }
    if (!run.options.forward_mode) return;
    for (int twice = 0; twice < 2; ++twice) {
        std::vector<double> u(f.x().size());
        for (double& each : u) each = run.bits.sign();
        std::string why;
        const auto ydot = f.push(u, why);
        if (!ydot) {
            report.notes.push_back("forward mode was not checked: " + why);
            return;
        }
        for (const Functional& each : run.functionals) {
            const double reverse = dot(each.gradient, u), forward = dot(each.weights, *ydot);
            const double size = dot_of_sizes(each.gradient, u) + dot_of_sizes(each.weights, *ydot);
            const double allowed = 1e-9 * (f.eps() / 2.3e-16) * size;
            if (!(std::abs(reverse - forward) <= allowed) &&
                !(std::abs(reverse - forward) <= allowed + 100 * f.rounding_of_slope(each.weights, u)))
                return broken(fmt::format("reverse mode is not the transpose of forward mode: <u, J^T v> = {:.17g}, <J u, v> = {:.17g}",
                                          reverse, forward));
        }
    }
}

void check_symmetry(const GradcheckRun& run) {
    const GradcheckFunction& f = run.f;
    const std::size_t n = f.x().size();
    constexpr std::size_t few = 64;
    std::vector<std::vector<double>> directions, products;
    std::string why;
    for (std::size_t j = 0; j < std::min(n, few); ++j) {
        std::vector<double> u(n, 0.0);
        if (n <= few)
            u[j] = 1;
        else
            for (double& each : u) each = run.bits.sign();
        const auto hu = f.push(u, why);
        if (!hu) return run.report.notes.push_back("the symmetry of the Hessian was not checked: " + why);
        directions.push_back(std::move(u)), products.push_back(*hu);
    }
    double size = 0;
    for (std::size_t i = 0; i < directions.size(); ++i)
        for (std::size_t j = 0; j < directions.size(); ++j) size = std::fmax(size, std::abs(dot(directions[i], products[j])));
    for (std::size_t i = 0; i < directions.size(); ++i)
        for (std::size_t j = 0; j < i; ++j) {
            const double a = dot(directions[i], products[j]), b = dot(directions[j], products[i]);
            if (std::abs(a - b) <= 1e-9 * (f.eps() / 2.3e-16) * size) continue;
            // Contributions that cancel leave their rounding behind.
            if (std::abs(a - b) <=
                100 * (f.rounding_of_slope(directions[i], directions[j]) + f.rounding_of_slope(directions[j], directions[i])))
                continue;
            run.report.verdict = Verdict::fail;
            return run.report.notes.push_back(
                n <= few ? fmt::format("the Hessian is not symmetric: d2y/d{} d{} = {:.17g}, but {:.17g} the other way", f.name(i),
                                       f.name(j), a, b)
                         : fmt::format("the Hessian is not symmetric: u^T H w = {:.17g}, but w^T H u = {:.17g}", a, b));
        }
}

bool any(const std::vector<GradcheckElement>& all, Verdict verdict) {
    return std::any_of(all.begin(), all.end(), [verdict](const GradcheckElement& e) { return e.verdict == verdict; });
}

/// The comparisons that did not pass, the worst first.
void choose_worst(GradReport& report) {
    constexpr std::size_t most = 10;
    const auto take = [&report](const std::vector<GradcheckElement>& from) {
        for (const GradcheckElement& e : from)
            if (e.verdict != Verdict::pass) report.worst.push_back(e);
    };
    report.worst.clear();
    take(report.elements);
    if (report.worst.empty() && report.verdict != Verdict::pass) take(report.directions);
    const auto badness = [](const GradcheckElement& e) {
        const double excess = std::abs(e.gradient - e.difference) / e.allowed;
        return e.verdict == Verdict::fail ? (std::isnan(excess) ? HUGE_VAL : excess) : -1;
    };
    std::stable_sort(report.worst.begin(), report.worst.end(),
                     [&](const GradcheckElement& a, const GradcheckElement& b) { return badness(a) > badness(b); });
    if (report.worst.size() > most) report.worst.resize(most);
}

void take_manual_gradient(const GradcheckFunction& f, std::vector<Functional>& functionals, GradReport& report) {
    const GradcheckProblem& problem = f.problem();
    const Values gradient = problem.gradient();
    if (f.value_at_x().size() != 1)
        throw ShapeError("gradcheck", "a function with one result for a gradient", fmt::format("{} results", f.value_at_x().size()));
    if (gradient.size() != problem.x.size())
        throw ShapeError("gradcheck", fmt::format("a gradient of {} values, one for each of x", problem.x.size()),
                         fmt::format("{}", gradient.size()));
    for (std::size_t v = 0; v < gradient.size(); ++v)
        if (shape_of(gradient[v]) != shape_of(problem.x[v]))
            throw ShapeError("gradcheck",
                             fmt::format("a gradient of shape {} by {}", to_string(shape_of(problem.x[v])), f.leaves()[v].name),
                             to_string(shape_of(gradient[v])));
    functionals[0].gradient = numbers_of(gradient);
    if (!same_bits(numbers_of(problem.gradient()), functionals[0].gradient)) {
        report.verdict = Verdict::fail;
        report.notes.push_back("the gradient does not repeat itself: a second call gives another one");
    }
}

/// One function, of first or second order.
void check(const GradcheckFunction& f, const GradcheckOptions& options, Bits& bits, GradReport& report) {
    if (!preconditions(f, report)) return;
    std::vector<Functional> functionals = functionals_of(f, bits);
    const GradcheckRun run{f, options, functionals, bits, report};
    if (f.problem().gradient)
        take_manual_gradient(f, functionals, report);
    else
        check_sweep(run);
    for (const Functional& of : functionals)
        for (std::size_t k = 0; k < of.gradient.size(); ++k)
            if (!std::isfinite(of.gradient[k])) {
                report.verdict = Verdict::fail;
                return report.notes.push_back(
                    fmt::format("the gradient is not finite where f is: by {} it is {}", f.name(k), of.gradient[k]));
            }
    check_directions(run);
    check_elements(run);
    find_causes(f, report.elements);
    const bool sampled = f.x().size() > options.all_up_to;
    // Where each element agrees there is nothing left for a direction to find: its steps are coarser, by rounding in every element.
    if (!sampled && report.verdict == Verdict::pass && !any(report.elements, Verdict::fail))
        for (GradcheckElement& e : report.directions)
            if (e.verdict == Verdict::fail) e.verdict = Verdict::unresolved, e.note = "each element agrees";
    if (any(report.elements, Verdict::fail) || any(report.directions, Verdict::fail)) report.verdict = Verdict::fail;
    if (report.verdict == Verdict::pass &&
        (any(report.elements, Verdict::unresolved) || (sampled && any(report.directions, Verdict::unresolved))))
        report.verdict = Verdict::unresolved;
    if (report.verdict == Verdict::pass && options.negative_control && vacuous(run)) report.verdict = Verdict::vacuous;
}

/// second joins first.
void join(GradReport& first, GradReport second) {
    for (std::string& note : second.notes) first.notes.push_back("second order: " + note);
    for (GradcheckElement& e : second.elements) first.elements.push_back(std::move(e));
    for (GradcheckElement& e : second.directions) first.directions.push_back(std::move(e));
    first.stats.checked += second.stats.checked, first.stats.directions += second.stats.directions;
    first.stats.doubtful += second.stats.doubtful, first.stats.on_kinks += second.stats.on_kinks;
    first.stats.skipped += second.stats.skipped;
    first.stats.worst_ratio = std::fmax(first.stats.worst_ratio, second.stats.worst_ratio);
    // A function without curvature has a Hessian of zeros, which is no reason to doubt its gradient.
    if (second.verdict == Verdict::vacuous && first.verdict == Verdict::pass) return;
    const auto weight = [](Verdict v) { return v == Verdict::fail ? 3 : v == Verdict::unresolved ? 2 : v == Verdict::vacuous ? 1 : 0; };
    if (weight(second.verdict) > weight(first.verdict)) first.verdict = second.verdict;
}

}  // namespace

std::string argument_name(const GradcheckOptions& options, std::size_t number, std::size_t count) {
    if (options.names.empty()) return count == 1 ? "x" : fmt::format("x{}", number);
    if (options.names.size() != count)
        throw ValueError("gradcheck", fmt::format("{} names, one for each argument", count), fmt::format("{}", options.names.size()));
    return options.names[number];
}

GradReport gradcheck(const GradcheckProblem& problem, const GradcheckOptions& options) {
    check_options(problem, options);
    GradReport report;
    report.stats.seed = seed_of(options);
    Bits bits(report.stats.seed);
    GradcheckCounts counts;
    const auto f = function_of(problem, counts);
    if (f->eps() > 1e-10 && !(options.rtol && options.atol))
        throw ValueError("gradcheck", "double, or rtol and atol", "float without them",
                         "check a model in double (a template on its element type), or say how far differences of floats may be off");
    report.stats.inputs = f->x().size(), report.stats.results = f->value_at_x().size();
    check(*f, options, bits, report);
    if (options.order == 2 && report.verdict != Verdict::fail && !f->x().empty() && !f->value_at_x().empty()) {
        std::vector<double> v(f->value_at_x().size(), 1.0);
        if (v.size() > 1)
            for (double& each : v) each = bits.sign();
        const auto gradient = gradient_of(problem, v, counts);
        GradReport second;
        check(*gradient, options, bits, second);
        std::vector<Functional> none;
        if (second.verdict != Verdict::fail) check_symmetry({*gradient, options, none, bits, second});
        join(report, std::move(second));
    }
    report.stats.evaluations = counts.evaluations, report.stats.sweeps = counts.sweeps;
    choose_worst(report);
    return report;
}

}  // namespace internal
}  // namespace v1
}  // namespace autodiff

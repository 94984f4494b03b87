// SPDX-License-Identifier: MIT
#include "autodiff/check/gradcheck_elements.hpp"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <numeric>

namespace autodiff {
inline namespace v1 {
namespace internal {

namespace {

constexpr std::size_t whole_jacobian = 100'000;  // elements; of a larger one, random combinations of rows are checked
constexpr std::size_t kept_passing = 10'000;     // comparisons that passed and are reported one by one
constexpr std::size_t most_culprits = 16;        // that are searched for where elements are not checked one by one

std::vector<std::size_t> all_of(std::size_t n) {
    std::vector<std::size_t> all(n);
    std::iota(all.begin(), all.end(), std::size_t{0});
    return all;
}

/// From each parameter the first, the last, the largest gradient, zeros; the rest at random.
std::vector<std::size_t> sample(const GradcheckRun& run) {
    const std::size_t n = run.f.x().size(), wanted = std::min(run.options.sampled, n);
    const std::vector<double>& g = run.functionals[0].gradient;
    std::vector<std::size_t> chosen;
    for (const GradcheckFunction::Leaf& leaf : run.f.leaves()) {
        if (leaf.first == leaf.end) continue;
        chosen.push_back(leaf.first), chosen.push_back(leaf.end - 1);
        std::size_t largest = leaf.first;
        for (std::size_t k = leaf.first; k < leaf.end; ++k)
            if (std::abs(g[k]) > std::abs(g[largest])) largest = k;
        chosen.push_back(largest);
        for (std::size_t k = leaf.first, zeros = 0; k < leaf.end && zeros < 2; ++k)
            if (g[k] == 0) chosen.push_back(k), ++zeros;
    }
    // By parameter in proportion to its size, at least one each.
    for (const GradcheckFunction::Leaf& leaf : run.f.leaves()) {
        const std::size_t size = leaf.end - leaf.first, share = size == 0 ? 0 : 1 + wanted * size / n;
        for (std::size_t i = 0; i < share; ++i) chosen.push_back(leaf.first + run.bits.below(size));
    }
    std::sort(chosen.begin(), chosen.end());
    chosen.erase(std::unique(chosen.begin(), chosen.end()), chosen.end());
    return chosen;
}

void count(const GradcheckRun& run, const GradcheckElement& e) {
    GradcheckStats& stats = run.report.stats;
    if (e.method != Method::central && run.options.method == Method::automatic) ++stats.doubtful;
    if (e.on_kink) ++stats.on_kinks;
    const double ratio = std::abs(e.gradient - e.difference) / e.allowed;
    if (ratio > stats.worst_ratio && e.allowed > 0 && !e.on_kink) stats.worst_ratio = ratio;
}

void check_element(const GradcheckRun& run, const Judge& judge, std::size_t k) {
    GradReport& report = run.report;
    const Line line(run.f, k, run.options.h);
    for (const Functional& of : run.functionals) {
        GradcheckElement e = judge(line, of);
        ++report.stats.checked;
        count(run, e);
        if (e.on_kink && run.options.kinks == KinkPolicy::skip) {
            ++report.stats.skipped;
            continue;
        }
        if (e.on_kink && e.verdict == Verdict::pass) report.notes.push_back(fmt::format("{}: {}", e.name, e.note));
        if (e.verdict != Verdict::pass || report.elements.size() < kept_passing) report.elements.push_back(std::move(e));
    }
}

std::vector<double> restricted(const std::vector<double>& direction, const std::vector<std::size_t>& to) {
    std::vector<double> part(direction.size(), 0.0);
    for (const std::size_t k : to) part[k] = direction[k];
    return part;
}

bool belongs_to(const Functional& of, const GradcheckElement& e) { return of.name.empty() || e.name.starts_with("d" + of.name + "/d"); }
bool is_checked(const GradReport& report, std::size_t k) {
    return std::any_of(report.elements.begin(), report.elements.end(), [k](const GradcheckElement& e) { return e.index == k; });
}

/// Whether the culprits that are known already explain why a direction fails.
bool explained(const GradcheckRun& run, const Line& line, const Functional& of, const GradcheckElement& direction) {
    double rest = direction.gradient - direction.difference;
    for (const GradcheckElement& e : run.report.elements)
        if (e.verdict == Verdict::fail && belongs_to(of, e)) rest -= (e.gradient - e.difference) * line.scale(e.index);
    return std::abs(rest) <= 2 * direction.allowed;
}

/// Halves the support of a direction that fails until single elements are left, which are judged as elements.
void find_culprits(const GradcheckRun& run, const Judge& judge, const Functional& of, const std::vector<double>& direction) {
    std::vector<std::vector<std::size_t>> open{all_of(direction.size())};
    std::size_t found = 0;
    while (!open.empty() && found < most_culprits && !judge.spent()) {
        const std::vector<std::size_t> part = std::move(open.back());
        open.pop_back();
        if (part.size() == 1) {
            if (is_checked(run.report, part[0])) continue;
            check_element(run, judge, part[0]);
            ++found;
            continue;
        }
        const auto middle = part.begin() + static_cast<std::ptrdiff_t>(part.size() / 2);
        for (const auto& half : {std::vector(part.begin(), middle), std::vector(middle, part.end())})
            if (!judge.agrees_at_first(Line(run.f, restricted(direction, half), run.options.h), of)) open.push_back(half);
    }
}

}  // namespace

std::vector<Functional> functionals_of(const GradcheckFunction& f, Bits& bits) {
    const std::size_t n = f.x().size(), m = f.value_at_x().size();
    std::vector<Functional> all;
    const auto add = [&](std::vector<double> weights, std::string name) {
        std::vector<double> gradient = f.pull(weights);
        const double rounding = f.rounding(weights);
        all.push_back({std::move(weights), std::move(gradient), std::move(name), rounding});
    };
    if (m * n <= whole_jacobian) {
        for (std::size_t i = 0; i < m; ++i) {
            std::vector<double> unit(m, 0.0);
            unit[i] = 1;
            add(std::move(unit), m == 1 && f.result(0) == "y" ? "" : f.result(i));
        }
        return all;
    }
    std::size_t group = 0;
    for (const auto& [first, end] : f.groups()) {
        for (int twice = 0; twice < 2; ++twice) {
            std::vector<double> v(m, 0.0);
            for (std::size_t i = first; i < end; ++i) v[i] = bits.sign();
            add(std::move(v), fmt::format("<v{}, y{}>", twice, group));
        }
        ++group;
    }
    return all;
}

void check_directions(const GradcheckRun& run) {
    const std::size_t n = run.f.x().size();
    const Judge judge(run.f, run.options);
    for (int d = 0; d < run.options.directions; ++d) {
        std::vector<double> u(n);
        for (double& each : u) each = run.bits.sign();
        const Line line(run.f, u, run.options.h);
        if (d == 0) {
            for (Functional& of : run.functionals) of.noise = judge.noise(line, of);
            if (const auto kink = judge.kink(line)) run.report.notes.push_back("x stands on a " + kink->text);
        }
        for (const Functional& of : run.functionals) {
            if (judge.spent()) return;
            GradcheckElement e = judge(line, of);
            e.name = of.name.empty() ? fmt::format("direction {}", d) : fmt::format("d{} along direction {}", of.name, d);
            e.index = static_cast<std::size_t>(d);
            ++run.report.stats.directions;
            // What stands on a kink by some element is for the elements to say: a sum of one-sided slopes proves nothing.
            if (e.on_kink) e.verdict = Verdict::pass;
            if (e.verdict == Verdict::fail && n > run.options.all_up_to && !explained(run, line, of, e)) find_culprits(run, judge, of, u);
            run.report.directions.push_back(std::move(e));
        }
    }
}

void check_elements(const GradcheckRun& run) {
    const Judge judge(run.f, run.options);
    const std::size_t n = run.f.x().size();
    const std::vector<std::size_t> chosen = n <= run.options.all_up_to ? all_of(n) : sample(run);
    const GradReport culprits = run.report;  // that directions have led to
    std::size_t done = 0;
    for (const std::size_t k : chosen) {
        if (judge.spent()) break;
        if (!is_checked(culprits, k)) check_element(run, judge, k);
        ++done;
    }
    if (done < chosen.size()) {
        run.report.verdict = Verdict::unresolved;
        run.report.notes.push_back(fmt::format("the budget of {} evaluations was spent after {} of {} elements; see max_evals",
                                               run.options.max_evals, done, chosen.size()));
    }
}

bool vacuous(const GradcheckRun& run) {
    GradReport& report = run.report;
    const GradcheckElement* largest = nullptr;
    for (const GradcheckElement& e : report.elements)
        if (e.verdict == Verdict::pass && !e.on_kink && e.gradient != 0 &&
            (largest == nullptr || std::abs(e.gradient) > std::abs(largest->gradient)))
            largest = &e;
    if (largest == nullptr) {
        const bool zero = std::all_of(run.functionals.begin(), run.functionals.end(), [](const Functional& of) {
            return std::all_of(of.gradient.begin(), of.gradient.end(), [](double g) { return g == 0; });
        });
        report.notes.push_back(zero ? "all gradients are zero: a missing derivative would look the same"
                                    : "no element was judged: all of them stand on kinks, or have a gradient of 0");
        return true;
    }
    const Judge judge(run.f, run.options);
    const Line line(run.f, largest->index, run.options.h);
    for (const Functional& of : run.functionals) {
        if (!belongs_to(of, *largest)) continue;
        const GradcheckElement wrong = judge(line, of, 1.001);
        if (wrong.verdict != Verdict::pass) return false;
        report.notes.push_back(
            fmt::format("the tolerance is too loose to see an error of 0.1 % in {}: {:.3g} is allowed, the gradient is {:.6g}", wrong.name,
                        wrong.allowed, largest->gradient));
        return true;
    }
    return false;
}

}  // namespace internal
}  // namespace v1
}  // namespace autodiff

// SPDX-License-Identifier: MIT
// Entries of the reductions: every one over all axes, one, several and none, kept and removed.
#include "tests/ops/registry.hpp"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <map>
#include <numeric>
#include <optional>

namespace registry {

namespace {

using Line = std::vector<long double>;

/// Shape, axes (every axis when there is no list), whether they stay.
struct Over {
    Shape shape;
    std::optional<Indices> axes;
    bool keep = false;
    [[nodiscard]] Axes given() const { return axes ? Axes(std::span<const Index>(*axes)) : Axes(); }
    [[nodiscard]] std::string text() const {
        return fmt::format("{} over {}{}", to_string(shape), axes ? fmt::format("{}", *axes) : "all", keep ? ", kept" : "");
    }
};

const std::vector<Over> full{{{2, 3}, {}},
                             {{2, 3}, {}, true},
                             {{2, 3}, Indices{0}},
                             {{2, 3}, Indices{1}, true},
                             {{2, 3, 4}, Indices{0, 2}},
                             {{2, 3, 4}, Indices{-2}, true},
                             {{2, 2, 3, 2}, Indices{3, 1}},
                             {{5}, Indices{0}, true},
                             {{2, 3, 4}, Indices{-1, 0}, true}};
const std::vector<Over> single{
    {{}, {}}, {{1}, {}}, {{1, 1}, Indices{0}, true}, {{3, 1}, Indices{1}}, {{2, 3}, Indices{}}};  // one element each
const std::vector<Over> empty_results{
    {{0, 3}, Indices{1}}, {{2, 0}, Indices{0}, true}, {{0}, Indices{}}};  // there is no element to compute
const std::vector<Over> nothing_to_reduce{{{0}, {}}, {{2, 0}, Indices{1}}, {{0, 3}, Indices{0}, true}, {{0, 0}, {}}};

/// y = f(the values of each line), lines gathered position by position.
template <class F>
Tensor<double> reduced_by(const Tensor<double>& x, const Over& over, const F& f) {
    std::vector<bool> goes(static_cast<std::size_t>(x.rank()), !over.axes.has_value());
    if (over.axes)
        for (const Index axis : *over.axes) goes[static_cast<std::size_t>(axis < 0 ? axis + x.rank() : axis)] = true;
    const auto place = [&](const Position& p, Index gone) {
        Position result;
        for (std::size_t axis = 0; axis < p.size(); ++axis)
            if (!goes[axis])
                result.push_back(p[axis]);
            else if (over.keep)
                result.push_back(gone);
        return result;
    };
    const Shape shape = shape_of(place(extents_of(x.shape()), 1));
    std::map<Position, Line> lines;
    for_each_position(x.shape(), [&](const Position& p) { lines[place(p, 0)].push_back(read(x, p)); });
    return built(shape, [&](const Position& p) { return f(lines[p]); });
}

template <class F, class R>
Entry reduction(std::string name, const std::vector<const std::vector<Over>*>& groups,
                const std::function<Tensor<double>(const Shape&)>& operand, F f, R reference) {
    Entry entry{std::move(name), {}};
    for (const auto* group : groups)
        for (const Over& over : *group)
            entry.add(
                over.text(), {operand(over.shape)}, [f, over](const auto& x) { return f(x[0], over.given(), over.keep); },
                [reference, over](const Operands<double>& x) { return reduced_by(x[0], over, reference); });
    return entry;
}

long double total(const Line& x) { return std::accumulate(x.begin(), x.end(), 0.0L); }
long double average(const Line& x) { return total(x) / static_cast<long double>(x.size()); }
long double scatter(const Line& x, std::size_t correction) {
    const long double middle = average(x);
    long double sum = 0;
    for (const long double value : x) sum += (value - middle) * (value - middle);
    return sum / static_cast<long double>(x.size() - correction);
}
long double log_sum(const Line& x) {
    long double sum = 0;
    for (const long double value : x) sum += std::exp(value);
    return std::log(sum);
}
long double length(const Line& x) {
    long double sum = 0;
    for (const long double value : x) sum += value * value;
    return std::sqrt(sum);
}

void add_softmax(std::vector<Entry>& to, Draw& draw) {
    Entry plain{"softmax", {}}, logarithm{"log_softmax", {}};
    for (const auto& [shape, axis] : std::vector<std::pair<Shape, Index>>{
             {{3}, -1}, {{2, 3}, -1}, {{2, 3}, 0}, {{2, 3, 2}, 1}, {{1}, 0}, {{0, 3}, 1}, {{2, 2, 1, 3}, -3}}) {
        const Tensor<double> x = draw.uniform(shape, -4, 4);
        const auto reference = [axis = axis](const Tensor<double>& v, bool log) {
            const Over over{v.shape(), Indices{axis}, true};
            const Tensor<double> normaliser = reduced_by(v, over, log_sum);
            return built(v.shape(), [&](const Position& p) {
                const double y = read(v, p) - read_broadcast(normaliser, p);
                return log ? y : std::exp(y);
            });
        };
        const std::string what = fmt::format("{} along {}", to_string(shape), axis);
        plain.add(
            what, {x}, [axis = axis](const auto& v) { return softmax(v[0], axis); },
            [reference](const Operands<double>& v) { return reference(v[0], false); });
        logarithm.add(
            what, {x}, [axis = axis](const auto& v) { return log_softmax(v[0], axis); },
            [reference](const Operands<double>& v) { return reference(v[0], true); });
    }
    to.push_back(std::move(plain));
    to.push_back(std::move(logarithm));
}

void add_cross_entropy(std::vector<Entry>& to, Draw& draw) {
    Entry entry{"softmax_cross_entropy", {}};
    for (const auto& [shape, labels] : std::vector<std::pair<Shape, Tensor<Index>>>{{{3}, Tensor<Index>(1)},
                                                                                    {{2, 3}, Tensor<Index>::of({2, 0})},
                                                                                    {{2, 2, 1}, Tensor<Index>({2, 2}, {0, 0, 0, 0})},
                                                                                    {{0, 4}, Tensor<Index>::zeros({0})},
                                                                                    {{3, 20}, Tensor<Index>::of({19, 7, 16})}})
        entry.add(
            to_string(shape), {draw.uniform(shape, -4, 4)},
            [labels = labels](const auto& v) { return softmax_cross_entropy(v[0], labels); },
            [labels = labels](const Operands<double>& v) {
                const Index last = v[0].rank() - 1;
                const Tensor<double> normaliser = reduced_by(v[0], Over{v[0].shape(), Indices{last}, false}, log_sum);
                return built(labels.shape(), [&](Position p) {
                    const double total = read(normaliser, p);
                    p.push_back(read(labels, p));
                    return total - read(v[0], p);
                });
            });
    to.push_back(std::move(entry));
}

}  // namespace

void add_reductions(std::vector<Entry>& to) {
    Draw draw(202);
    const auto any = [&draw](const Shape& shape) { return draw.uniform(shape, -2, 2); };
    const auto apart = [&draw](const Shape& shape) { return draw.distinct(shape); };
    const std::vector<const std::vector<Over>*> needs_one{&full, &single, &empty_results},
        takes_none{&full, &single, &empty_results, &nothing_to_reduce};

    to.push_back(reduction(
        "sum", takes_none, any, [](const auto& x, const Axes& axes, bool keep) { return sum(x, axes, keep); }, total));
    to.push_back(reduction(
        "mean", needs_one, any, [](const auto& x, const Axes& axes, bool keep) { return mean(x, axes, keep); }, average));
    to.push_back(reduction(
        "variance", needs_one, any, [](const auto& x, const Axes& axes, bool keep) { return variance(x, axes, keep); },
        [](const Line& x) { return scatter(x, 0); }));
    to.push_back(reduction(
        "variance, n - 1", {&full}, any, [](const auto& x, const Axes& axes, bool keep) { return variance(x, axes, keep, 1); },
        [](const Line& x) { return scatter(x, 1); }));
    to.push_back(reduction(
        "amax", needs_one, apart, [](const auto& x, const Axes& axes, bool keep) { return amax(x, axes, keep); },
        [](const Line& x) { return *std::max_element(x.begin(), x.end()); }));
    to.push_back(reduction(
        "amin", needs_one, apart, [](const auto& x, const Axes& axes, bool keep) { return amin(x, axes, keep); },
        [](const Line& x) { return *std::min_element(x.begin(), x.end()); }));
    to.push_back(reduction(
        "prod", takes_none, any, [](const auto& x, const Axes& axes, bool keep) { return prod(x, axes, keep); },
        [](const Line& x) { return std::accumulate(x.begin(), x.end(), 1.0L, std::multiplies<>()); }));
    to.push_back(reduction(
        "logsumexp", needs_one, any, [](const auto& x, const Axes& axes, bool keep) { return logsumexp(x, axes, keep); }, log_sum));
    to.push_back(reduction(
        "norm2", takes_none, any, [](const auto& x, const Axes& axes, bool keep) { return norm2(x, axes, keep); }, length));
    add_softmax(to, draw);
    add_cross_entropy(to, draw);
}

}  // namespace registry

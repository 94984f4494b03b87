// SPDX-License-Identifier: MIT
#include "autodiff/check/compare_names.hpp"

#include "autodiff/explain/words.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <set>

namespace autodiff {
inline namespace v1 {
namespace check {

// Names -----------------------------------------------------------------------------------------------------------------------------------

namespace {

constexpr std::size_t nearest = 3;            // names that a message proposes
constexpr std::size_t longest_compared = 64;  // bytes of a name that count for that

/// What a name may stand for, the literal meaning first.
std::vector<std::string> meanings(const CheckedTape& tape, const std::string& name) {
    std::vector<std::string> all{name};
    const std::string with_loss = "d" + std::string(tape.named(tape.root()) ? tape.tape().given_name(tape.root()) : "L") + "/d";
    for (const std::string& prefix : {with_loss, std::string("dL/d"), std::string("d")})
        if (name.size() > prefix.size() && name.starts_with(prefix)) all.push_back(name.substr(prefix.size()));
    return all;
}

/// How many insertions, deletions and replacements make one from the other.
std::size_t edits(std::string_view a, std::string_view b) {
    a = a.substr(0, longest_compared), b = b.substr(0, longest_compared);
    std::vector<std::size_t> before(b.size() + 1), now(b.size() + 1);
    std::iota(before.begin(), before.end(), std::size_t{0});
    for (std::size_t i = 0; i < a.size(); ++i) {
        now[0] = i + 1;
        for (std::size_t j = 0; j < b.size(); ++j)
            now[j + 1] = std::min({before[j] + (a[i] == b[j] ? 0u : 1u), before[j + 1] + 1, now[j] + 1});
        std::swap(before, now);
    }
    return before.back();
}

std::string lower_case(std::string text) {
    for (char& c : text)
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    return text;
}

/// How far a name that was given is from one of the tape: the case of letters does not count, nor what else stands around the name, and
/// a neuron's delta is dz.
std::size_t apart(const std::vector<std::string>& meanings, const std::string& own) {
    const std::string wanted = lower_case(own);
    std::size_t least = std::numeric_limits<std::size_t>::max();
    for (const std::string& meaning : meanings) {
        std::string given = lower_case(meaning);
        for (const std::string_view delta : {"delta", "\xce\xb4"})
            if (given.starts_with(delta)) given.replace(0, delta.size(), "z");
        const bool inside = wanted.size() > 1 && given != wanted && given.find(wanted) != std::string::npos;
        least = std::min(least, inside ? 1 : edits(given, wanted));
    }
    return least;
}

/// "the nearest names are dW1, dW2": those that are equally near, written as gradients are. Without any, how to give names.
std::string nearest_names(const std::vector<std::string>& meanings, const std::set<std::string>& known) {
    std::size_t least = std::numeric_limits<std::size_t>::max();
    for (const std::string& own : known) least = std::min(least, apart(meanings, own));
    std::vector<std::string> near;
    for (const std::string& own : known)
        if (near.size() < nearest && apart(meanings, own) == least) near.push_back("d" + printable(own));
    if (near.empty()) return "name values with tape.variable(x, name) and tape.name(y, name)";
    return fmt::format("the nearest name{} {}", near.size() == 1 ? " is" : "s are", fmt::join(near, ", "));
}

}  // namespace

std::uint32_t resolved(const CheckedTape& tape, const std::string& name) {
    const std::vector<std::string> wanted = meanings(tape, name);
    std::vector<std::vector<std::uint32_t>> found(wanted.size());
    std::set<std::string> known;
    const std::uint32_t rows = tape.tape().list().rows;
    for (std::uint32_t row = 1; row < rows; ++row) {
        const std::string_view own = tape.tape().given_name(row);
        if (own.empty()) continue;
        known.emplace(own);
        for (std::size_t k = 0; k < wanted.size(); ++k)
            if (own == wanted[k]) found[k].push_back(row);
    }
    for (std::size_t k = 0; k < wanted.size(); ++k) {
        if (!tape.named(tape.root()) && wanted[k] == "L" && found[k].empty()) found[k].push_back(tape.root());
        if (found[k].size() > 1)
            throw ValueError("compare", fmt::format("a name of one value, for {}", printable(name)),
                             fmt::format("one of {} values of the tape", found[k].size()), "give each a name of its own");
        if (found[k].size() == 1) {
            if (found[k][0] > tape.root())
                throw ValueError("compare", "the name of a value from before the loss",
                                 fmt::format("{}, which was recorded after it", printable(name)));
            return found[k][0];
        }
    }
    if (tape.named(tape.root())) known.erase(std::string(tape.tape().given_name(tape.root())));
    throw ValueError("compare", "the name of a value on the tape", printable(name), nearest_names(wanted, known));
}

// Shapes ----------------------------------------------------------------------------------------------------------------------------------

std::string about_shapes(const CheckedTape& tape, std::uint32_t row, const Shape& given) {
    const Shape expected = tape.shape(row);
    std::string text = fmt::format("expected shape {}, got {}", to_string(expected), to_string(given));
    const auto want = expected.extents(), got = given.extents();
    if (want.size() >= 2 && want.size() == got.size() && std::equal(want.begin(), want.end(), got.rbegin()))
        return text + ": it equals the transpose of the expected shape";
    if (want.size() >= 2 && want.size() == got.size() && std::is_permutation(want.begin(), want.end(), got.begin()))
        return text + ": its axes are in another order";
    for (const std::uint32_t reader : tape.consumers(row))
        if (tape.shape(reader) == given && broadcasts_to(expected, given))
            return text + fmt::format(": the shape of {}, it was not summed over the axes along which {} was broadcast", tape.label(reader),
                                      tape.label(row));
    if (expected.size() == given.size()) return text + ": as many elements, reshape it";
    return text;
}

// Elements --------------------------------------------------------------------------------------------------------------------------------

std::string position_of(const Shape& shape, Index flat, Index first_index) {
    if (shape.rank() == 0) return "";
    std::string text;
    for (Index axis = shape.rank(); axis-- > 0;) {
        const Index extent = shape[axis];
        text = fmt::format("{}{}{}", flat % extent + first_index, text.empty() ? "" : ", ", text);
        flat /= extent;
    }
    return "[" + text + "]";
}

namespace {

/// NaN is NaN, an infinity is itself only.
double error(double yours, double expected) {
    if (yours == expected || (std::isnan(yours) && std::isnan(expected))) return 0;
    const double e = std::abs(yours - expected);
    return std::isnan(e) ? std::numeric_limits<double>::infinity() : e;
}

std::string in_common(const Shape& shape, const std::vector<Index>& differing, Index first_index) {
    if (differing.size() < 2 || static_cast<Index>(differing.size()) == shape.size()) return "";
    Index inner = shape.size();
    for (Index axis = 0; axis < shape.rank(); ++axis) {
        const Index extent = shape[axis];
        inner /= extent;
        const auto index = [&](Index flat) { return flat / inner % extent; };
        const Index common = index(differing[0]);
        if (extent < 2 || !std::all_of(differing.begin(), differing.end(), [&](Index flat) { return index(flat) == common; })) continue;
        if (shape.rank() == 2) return fmt::format("all in {} = {}", axis == 0 ? "row i" : "column j", common + first_index);
        return fmt::format("all at index {} of axis {}", common + first_index, axis);
    }
    return "";
}

}  // namespace

Comparison::Difference difference(const Flat& yours, const Flat& expected, const Flat& allowed, const Shape& shape,
                                  const CompareOptions& options) {
    Comparison::Difference result;
    std::vector<Index> differing, all(yours.size());
    std::iota(all.begin(), all.end(), Index{0});
    Flat errors(yours.size()), relative(yours.size());
    for (std::size_t k = 0; k < yours.size(); ++k) {
        errors[k] = error(yours[k], expected[k]);
        relative[k] = errors[k] == 0 ? 0 : errors[k] / std::abs(expected[k]);
        if (!(errors[k] <= allowed[k]) || std::isinf(errors[k])) differing.push_back(static_cast<Index>(k));
    }
    result.elements = differing.size();
    result.where = in_common(shape, differing, options.first_index);
    const auto worst_by = [&](const Flat& size) {
        std::vector<Index> order = differing.empty() ? all : differing;
        const std::size_t count = std::min(order.size(), differing.empty() ? std::size_t{1} : options.worst);
        const auto at = [&size](Index k) { return size[static_cast<std::size_t>(k)]; };
        std::partial_sort(order.begin(), order.begin() + static_cast<std::ptrdiff_t>(count), order.end(),
                          [&](Index a, Index b) { return at(a) != at(b) ? at(a) > at(b) : a < b; });
        std::vector<Comparison::Element> elements;
        for (std::size_t k = 0; k < count; ++k) {
            const auto i = static_cast<std::size_t>(order[k]);
            elements.push_back({order[k], position_of(shape, order[k], options.first_index), yours[i], expected[i]});
        }
        return elements;
    };
    result.worst_relative = worst_by(relative);
    result.worst_absolute = worst_by(errors);
    return result;
}

// Quotients -------------------------------------------------------------------------------------------------------------------------------

QuotientPattern quotient_pattern(const Flat& yours, const Flat& expected, const Shape& shape) {
    constexpr double spread = 1e-4;
    const Index columns = shape.rank() == 0 ? 1 : shape[-1], rows = shape.size() / std::max<Index>(columns, 1);
    const auto constant = [&](Index lines, Index length, Index line_step, Index step) {
        for (Index line = 0; line < lines; ++line) {
            double quotient = std::nan("");
            for (Index k = 0; k < length; ++k) {
                const auto at = static_cast<std::size_t>(line * line_step + k * step);
                if (expected[at] == 0 && yours[at] == 0) continue;
                const double here = yours[at] / expected[at];
                if (std::isnan(quotient)) quotient = here;
                if (!(std::abs(here - quotient) <= spread * std::abs(quotient))) return false;
            }
        }
        return true;
    };
    const bool along_columns = constant(columns, rows, 1, columns), along_rows = constant(rows, columns, columns, 1);
    if (along_columns && (along_rows || rows * columns == 1)) return QuotientPattern::scalar;
    return along_columns ? QuotientPattern::columns : along_rows ? QuotientPattern::rows : QuotientPattern::both;
}

std::string described(QuotientPattern pattern, const std::vector<std::string>& names, const std::vector<std::string>& ask) {
    std::string who = names[0];
    for (std::size_t k = 1; k < names.size(); ++k) who += (k + 1 == names.size() ? " and " : ", ") + names[k];
    const char* const verb = names.size() == 1 ? "is" : "are";
    const std::string more = ask.empty() ? "" : fmt::format("; give {} to find the step", fmt::join(ask, " or "));
    switch (pattern) {
    case QuotientPattern::scalar:
        return fmt::format("{} {} off by one factor: it is a constant that is wrong{}\n", who, verb, more);
    case QuotientPattern::columns:
        return fmt::format(
            "{} {} off by a factor that depends on j only: the error is in the adjoint of the neurons' sums, or above it{}\n", who, verb,
            more);
    case QuotientPattern::rows:
        return fmt::format("{} {} off by a factor that depends on i only: the error is in what the weights multiply{}\n", who, verb, more);
    case QuotientPattern::both:
        break;
    }
    if (ask.empty()) return "";
    return fmt::format("{} {} off by factors that depend on i and j: indices or transposes, or an error above a product{}\n", who, verb,
                       more);
}

}  // namespace check
}  // namespace v1
}  // namespace autodiff

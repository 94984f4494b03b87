// SPDX-License-Identifier: MIT
// The comparison itself: names are found, two sweeps say what is expected, and every step gets its verdict.
#include "autodiff/check/compare.hpp"

#include "autodiff/check/compare_names.hpp"
#include "autodiff/check/compare_tape.hpp"
#include "autodiff/check/mistakes.hpp"
#include "autodiff/explain/words.hpp"

#include <algorithm>
#include <cmath>
#include <set>

namespace autodiff {
inline namespace v1 {

ManualGradients& ManualGradients::set(std::string name, AnyTensor value) {
    if (name.empty()) throw ValueError("ManualGradients", "the name of a value", "an empty one");
    if (std::holds_alternative<std::monostate>(value)) throw ValueError("ManualGradients", "a tensor for " + printable(name), "none");
    const auto at = std::find_if(entries_.begin(), entries_.end(), [&name](const auto& entry) { return entry.first == name; });
    if (at != entries_.end())
        at->second = std::move(value);
    else
        entries_.emplace_back(std::move(name), std::move(value));
    return *this;
}

std::vector<std::size_t> Comparison::wrong() const {
    std::vector<std::size_t> positions;
    for (std::size_t k = 0; k < steps.size(); ++k)
        if (steps[k].verdict == Comparison::Verdict::wrong || steps[k].verdict == Comparison::Verdict::shape) positions.push_back(k);
    return positions;
}

namespace {

using namespace check;

constexpr std::size_t most_asked = 3;  // named values that are proposed to be given

const CompareOptions& checked(const CompareOptions& options) {
    if (options.digits < 1 || options.digits > 17) throw ValueError("compare", "digits from 1 to 17", fmt::format("{}", options.digits));
    if (!(options.rtol >= 0)) throw ValueError("compare", "a tolerance of 0 or more", fmt::format("{}", options.rtol));
    return options;
}

/// One adjoint under comparison.
struct Asked {
    const std::string* name;
    std::uint32_t row;
    const AnyTensor* manual;
    bool single;  // a float takes part
    bool fits = true;
    Flat allowed_global, allowed_local;
    Comparison::Step step;
};

const Shape& shape_of(const AnyTensor& x) {
    static const Shape none;
    return std::visit(
        []<class X>(const X& tensor) -> const Shape& {
            if constexpr (std::same_as<X, std::monostate>)
                return none;
            else
                return tensor.shape();
        },
        x);
}

class Work {
  public:
    Work(const ManualGradients& manual, Tape& tape, std::uint32_t root, const CompareOptions& options)
        : tape_(tape, root), options_(options), backward_(tape_) {
        if (manual.entries().empty()) throw ValueError("compare", "adjoints that were computed by hand", "none");
        for (const auto& [name, value] : manual.entries()) ask(name, value);
        for (const auto& [name, value] : options.previous.entries()) remember(name, value);
        // In the order in which the sweep completes them; what one step completes, in the order of the tape.
        std::stable_sort(asked_.begin(), asked_.end(), [this](const Asked& a, const Asked& b) {
            const std::uint32_t by_a = tape_.completed_by(a.row), by_b = tape_.completed_by(b.row);
            return by_a != by_b ? by_a > by_b : a.row < b.row;
        });
        if (!given_.contains(root)) given_[root] = Flat(static_cast<std::size_t>(tape_.shape(root).size()), 1);
        expect();
        for (const std::size_t k : newest_first()) judge(asked_[k]);
    }

    Comparison result() {
        Comparison c;
        c.digits = options_.digits, c.first_index = options_.first_index;
        c.loss = tape_.label(tape_.root());
        c.loss_value = tape_.value(tape_.root())[0];
        for (std::uint32_t row = 1; row <= tape_.root(); ++row) c.named += tape_.reached(row) && tape_.named(row) ? 1 : 0;
        merge_same_mistakes();
        for (Asked& a : asked_) {
            for (const std::uint32_t row : sources_[a.row]) a.step.inherited_from.push_back(position(row));
            std::sort(a.step.inherited_from.begin(), a.step.inherited_from.end());
            if (a.step.verdict != Comparison::Verdict::right) c.agrees = false;
        }
        c.pattern = pattern();
        for (Asked& a : asked_) c.steps.push_back(std::move(a.step));
        return c;
    }

  private:
    void ask(const std::string& name, const AnyTensor& value) {
        const std::uint32_t row = resolved(tape_, name);
        for (const Asked& other : asked_)
            if (other.row == row)
                throw ValueError("compare", fmt::format("one adjoint of {}", tape_.label(row)),
                                 fmt::format("{} and {}", printable(*other.name), printable(name)));
        Asked a{&name, row, &value, tape_.is_float(row) || std::holds_alternative<Tensor<float>>(value), true, {}, {}, {}};
        a.step.name = printable(name), a.step.value = tape_.label(row);
        a.step.shape = tape_.shape(row), a.step.given_shape = shape_of(value);
        a.step.size = static_cast<std::size_t>(a.step.shape.size());
        if (tape_.reached(row)) {
            const std::uint32_t by = tape_.completed_by(row);
            a.step.number = tape_.step_number(by), a.step.operation = tape_.operation(by);
        } else {
            a.step.note = fmt::format("{} does not depend on {}", tape_.label(tape_.root()), a.step.value);
        }
        a.fits = a.step.shape == a.step.given_shape;
        if (!a.fits) {
            a.step.verdict = Comparison::Verdict::shape;
            a.step.note = about_shapes(tape_, row, a.step.given_shape);
        } else {
            given_[row] = flattened(value);
            names_[row] = a.step.name;
        }
        asked_.push_back(std::move(a));
    }

    void remember(const std::string& name, const AnyTensor& value) {
        const std::uint32_t row = resolved(tape_, name);
        if (tape_.shape(row) != shape_of(value))
            throw ValueError("compare", fmt::format("a previous {} of shape {}", printable(name), to_string(tape_.shape(row))),
                             to_string(shape_of(value)));
        previous_[row] = flattened(value);
    }

    void expect() {
        global_ = swept_at_once(tape_, given_, false), local_ = swept_at_once(tape_, given_, true);
        global_size_ = magnitudes(tape_, given_, false, global_), local_size_ = magnitudes(tape_, given_, true, local_);
        // The root's own adjoint is 1, whatever was given for it.
        global_[tape_.root()].assign(given_[tape_.root()].size(), 1);
        local_[tape_.root()] = global_[tape_.root()];
    }

    [[nodiscard]] std::vector<std::size_t> newest_first() const {
        std::vector<std::size_t> order;
        for (std::size_t k = 0; k < asked_.size(); ++k) order.push_back(k);
        std::sort(order.begin(), order.end(), [this](std::size_t a, std::size_t b) { return asked_[a].row > asked_[b].row; });
        return order;
    }
    [[nodiscard]] std::size_t position(std::uint32_t row) const {
        return static_cast<std::size_t>(std::find_if(asked_.begin(), asked_.end(), [row](const Asked& a) { return a.row == row; }) -
                                        asked_.begin());
    }

    [[nodiscard]] Flat allowed(const Asked& a, const Flat& expected, const Flat& magnitude) const {
        const double eps = a.single ? static_cast<double>(std::numeric_limits<float>::epsilon()) : std::numeric_limits<double>::epsilon();
        const double rtol = options_.rtol > 0 ? options_.rtol : a.single ? 1e-4 : 1e-9;
        Flat bound(expected.size());
        for (std::size_t k = 0; k < bound.size(); ++k) bound[k] = rtol * std::abs(expected[k]) + 8 * eps * magnitude[k];
        return bound;
    }

    void judge(Asked& a) {
        if (!a.fits) {
            sources_[a.row].clear();
            return;
        }
        const Flat& yours = given_.at(a.row);
        const Flat &tape = global_.at(a.row), &step = local_.at(a.row);
        const Flat bound = allowed(a, tape, global_size_.at(a.row)), bound_of_step = allowed(a, step, local_size_.at(a.row));
        a.step.from_tape = difference(yours, tape, bound, a.step.shape, options_);
        a.step.from_step = difference(yours, step, bound_of_step, a.step.shape, options_);
        if (a.step.from_step.elements == 0 && a.step.from_tape.elements == 0) return;
        const Segment part = segment(tape_, a.row, given_);
        std::set<std::uint32_t> sources;
        for (const std::uint32_t row : part.frontier) {
            const auto it = sources_.find(row);
            if (it != sources_.end()) sources.insert(it->second.begin(), it->second.end());
        }
        if (a.step.from_step.elements == 0) {
            if (a.step.from_tape.elements > 0 && !sources.empty()) {
                a.step.verdict = Comparison::Verdict::inherited;
                sources_[a.row] = sources;
            }
            return;
        }
        const auto previous = previous_.find(a.row);
        const WrongStep wrong{tape_,
                              backward_,
                              part,
                              given_,
                              names_,
                              yours,
                              step,
                              local_size_.at(a.row),
                              a.single,
                              options_,
                              previous == previous_.end() ? nullptr : &previous->second};
        diagnose(wrong, a.step);
        if (a.step.from_tape.elements == 0) {
            a.step.cancels = true;
            a.step.note = "equals the tape, though it does not follow from what you give above it";
            if (a.step.exact) a.step.note += fmt::format("; from there it is: {}", a.step.mistakes.front().text);
            return;
        }
        a.step.verdict = Comparison::Verdict::wrong;
        sources_[a.row] = {a.row};
        for (auto row = part.rows.rbegin(); row != part.rows.rend(); ++row)  // the nearest first
            if (part.inner(*row) && tape_.named(*row) && a.step.undecided.size() < most_asked)
                a.step.undecided.push_back(tape_.label(*row));
        if (!a.step.exact && a.step.size > 1) patterns_[a.row] = quotient_pattern(yours, step, a.step.shape);
    }

    /// Whether two mistakes are one, made where neither value is an operand yet.
    [[nodiscard]] bool above_both(const Mistake& a, const Mistake& b, std::uint32_t x, std::uint32_t y) const {
        if (a.text != b.text || a.row != b.row || a.operand != b.operand) return false;
        const std::vector<std::uint32_t> read = a.operand != 0 ? std::vector{a.operand} : tape_.operands(a.row);
        return std::find(read.begin(), read.end(), x) == read.end() && std::find(read.begin(), read.end(), y) == read.end();
    }
    /// One mistake above several gradients is one mistake, even if nothing between was given.
    void merge_same_mistakes() {
        for (std::size_t k = 0; k < asked_.size(); ++k) {
            Comparison::Step& later = asked_[k].step;
            if (later.verdict != Comparison::Verdict::wrong || !later.exact || later.mistakes.front().row == 0) continue;
            for (std::size_t i = 0; i < k; ++i) {
                const Comparison::Step& first = asked_[i].step;
                if (first.verdict != Comparison::Verdict::wrong || !first.exact) continue;
                if (!above_both(first.mistakes.front(), later.mistakes.front(), asked_[i].row, asked_[k].row)) continue;
                later.verdict = Comparison::Verdict::inherited;
                later.note = "the same mistake";
                for (auto& [row, sources] : sources_)
                    if (sources.erase(asked_[k].row) > 0) sources.insert(asked_[i].row);
                break;
            }
        }
    }

    /// What wrong gradients without a name have in common.
    [[nodiscard]] std::string pattern() const {
        std::string text;
        for (const QuotientPattern p : {QuotientPattern::columns, QuotientPattern::rows, QuotientPattern::scalar, QuotientPattern::both}) {
            std::vector<std::string> names, ask;
            for (const Asked& a : asked_) {
                const auto it = patterns_.find(a.row);
                if (it == patterns_.end() || it->second != p || a.step.verdict != Comparison::Verdict::wrong) continue;
                names.push_back(a.step.name);
                for (const std::string& value : a.step.undecided)
                    if (std::find(ask.begin(), ask.end(), "d" + value) == ask.end()) ask.push_back("d" + value);
            }
            if (!names.empty()) text += described(p, names, ask);
        }
        return text;
    }

    CheckedTape tape_;
    const CompareOptions& options_;
    Backward backward_;
    std::vector<Asked> asked_;
    Given given_, previous_, global_, local_, global_size_, local_size_;
    std::map<std::uint32_t, std::string> names_;
    std::map<std::uint32_t, std::set<std::uint32_t>> sources_;  // of each adjoint that is not right: where the mistakes are
    std::map<std::uint32_t, QuotientPattern> patterns_;
};

}  // namespace

namespace internal {

Comparison compare_row(const ManualGradients& manual, std::uint32_t root, RecordingId id, const CompareOptions& options) {
    return Work(manual, Tape::of(root, id, "compare"), root, checked(options)).result();
}

void throw_not_one_element(const Shape& shape) {
    throw ShapeError("compare", "a loss with one element", fmt::format("shape {}", to_string(shape)), "sum it, or take one element");
}

}  // namespace internal
}  // namespace v1
}  // namespace autodiff

// SPDX-License-Identifier: MIT
#include "autodiff/check/remarks.hpp"

#include "autodiff/explain/words.hpp"

#include <fmt/format.h>

namespace autodiff {
inline namespace v1 {

namespace {

using Verdict = Comparison::Verdict;
using Kind = Trace::Remark::Kind;

std::string worst_of(const Comparison::Difference& difference, const Numbers& number) {
    if (difference.worst_relative.empty()) return "";
    const Comparison::Element& worst = difference.worst_relative.front();
    return fmt::format("; yours{} {}, expected {}", worst.position, number(worst.yours), number(worst.expected));
}

std::string text_of(const Comparison& c, const Comparison::Step& step) {
    const Numbers number(c.digits);
    switch (step.verdict) {
    case Verdict::right:
        return fmt::format("your {} is right{}{}", step.name, step.note.empty() ? "" : ": ", step.note);
    case Verdict::shape:
        return fmt::format("your {}: {}", step.name, step.note);
    case Verdict::inherited: {
        std::string from;
        for (const std::size_t k : step.inherited_from) from += (from.empty() ? "" : ", ") + c.steps[k].name;
        return fmt::format("your {} inherits a mistake from {}: {}", step.name, from,
                           step.note.empty() ? "the step itself is right" : step.note);
    }
    case Verdict::wrong:
        break;
    }
    std::string what = "none of the usual mistakes gives these numbers";
    if (!step.mistakes.empty()) {
        const Mistake& mistake = step.mistakes.front();
        what = fmt::format("{}{}{}{}", step.exact ? "" : "close to, but not exactly: ", mistake.text, mistake.evidence.empty() ? "" : "; ",
                           mistake.evidence);
    }
    return fmt::format("your {} is wrong from here on: {}{}", step.name, what, worst_of(step.from_step, number));
}

Kind kind_of(Verdict verdict) {
    return verdict == Verdict::right ? Kind::right : verdict == Verdict::inherited ? Kind::inherited : Kind::wrong;
}

}  // namespace

std::vector<Trace::Remark> remarks(const Comparison& comparison) {
    std::vector<Trace::Remark> all;
    for (const Comparison::Step& step : comparison.steps)
        if (step.number != 0) all.push_back({step.number, kind_of(step.verdict), text_of(comparison, step)});
    return all;
}

}  // namespace v1
}  // namespace autodiff

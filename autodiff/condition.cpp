// SPDX-License-Identifier: MIT
#include "autodiff/condition.hpp"

#include "autodiff/scalar.hpp"

namespace autodiff {
inline namespace v1 {

namespace {

/// The row of x on the recording tape, 0 for what is a constant there.
std::uint32_t row_on(const Tape& tape, const Scalar& x) { return tape.holds(x.row(), x.recording()) ? x.row() : 0; }

}  // namespace

void Condition::note(Operation relation, const Scalar& a, const Scalar& b) {
    const Tape& tape = Tape::from(*current);
    branch_ = {tape.list().rows, tape.list().id, relation, holds_, row_on(tape, a), row_on(tape, b), a.value(), b.value()};
    noted_ = branch_.a != 0 || branch_.b != 0;
}

void Condition::decide() const {
    if (current->operation == nullptr) return;
    Tape& tape = Tape::from(*current);
    if (branch_.id == tape.list().id) return tape.note_branch(branch_);
    // Made before a rewind, which began a new recording: what was below the mark then stands.
    const std::span<const Tape::Segment> segments = tape.segments();
    for (std::size_t s = 0; s + 1 < segments.size(); ++s)
        if (segments[s].id == branch_.id && branch_.a < segments[s + 1].first && branch_.b < segments[s + 1].first)
            tape.note_branch(branch_);
}

Scalar Condition::record_choice(const Scalar& a, const Scalar& b) const {
    const auto handle = [this](std::uint32_t row, double value) {
        return row == 0 ? Scalar(value) : Recorder::settled(value, row, branch_.id);
    };
    const Scalar left = handle(branch_.a, branch_.a_value), right = handle(branch_.b, branch_.b_value);
    const Scalar mask = visit_binary(branch_.relation, [&]<class R>(R rule) -> Scalar { return apply(rule, left, right); });
    return apply(rules::Where{}, mask, a, b);
}

}  // namespace v1
}  // namespace autodiff

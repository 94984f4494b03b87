// SPDX-License-Identifier: MIT
// Whose row is it? Handles name a row and a recording; here they are believed or refused.
#include "autodiff/node.hpp"
#include "autodiff/recorder.hpp"
#include "autodiff/tape.hpp"

#include <fmt/format.h>

namespace autodiff {
inline namespace v1 {

std::uint32_t Tape::end_of_segment(std::size_t index) const noexcept {
    return index + 1 < segments_.size() ? segments_[index + 1].first : rows;
}

bool Tape::holds(std::uint32_t row, RecordingId recording) const noexcept {
    for (std::size_t s = segments_.size(); s-- > 0;)
        if (segments_[s].id == recording) return row >= segments_[s].first && row < end_of_segment(s);
    return false;
}

RecordingId Tape::id_of(std::uint32_t row) const noexcept {
    std::size_t s = segments_.size() - 1;
    while (s > 0 && segments_[s].first > row) --s;
    return segments_[s].id;
}

namespace {

const Tape* holder(std::uint32_t row, RecordingId id) {
    for (WengertList* list = current; list != &no_tape; list = list->previous)
        if (const Tape& tape = Tape::from(*list); tape.holds(row, id)) return &tape;
    return nullptr;
}

[[noreturn]] void throw_not_held(std::uint32_t row, RecordingId id, std::string_view operation, const Tape* elsewhere) {
    using Kind = TapeError::Kind;
    if (row == 0)
        throw TapeError(Kind::not_recorded, operation, "a recorded value", "a constant",
                        "make variables with tape.variable() and compute while the tape lives");
    if (id == moved_from_id)
        throw TapeError(Kind::moved_from, operation, "a value", "one that was moved from", "copy it if it is needed twice");
    if (elsewhere != nullptr)
        throw TapeError(Kind::wrong_tape, operation, "values of the newest live tape, which records",
                        fmt::format("{} of another tape", elsewhere->name_of(row)),
                        Tape::from(*current).held_by() == HeldBy::function
                            ? "to differentiate through an inner derivative, give it a Scalar or a recorded tensor, not a plain number"
                            : "");
    throw TapeError(Kind::stale_handle, operation, "values of a live tape of this thread",
                    fmt::format("a value of row {} of a recording that was cleared, rewound or destroyed, or of another thread", row));
}

}  // namespace

Tape& Tape::of(std::uint32_t row, RecordingId id, std::string_view operation) {
    if (row != 0)
        if (const Tape* tape = holder(row, id)) return const_cast<Tape&>(*tape);
    throw_not_held(row, id, operation, nullptr);
}

void Tape::check_holds(std::uint32_t row, RecordingId recording, std::string_view asker) const {
    if (holds(row, recording)) return;
    const Tape& other = of(row, recording, asker);
    throw TapeError(TapeError::Kind::wrong_tape, asker, "a value of this tape", fmt::format("{} of another tape", other.name_of(row)));
}

void Recorder::check_kept(const WengertList& t, std::uint32_t row, RecordingId id, Operation operation) {
    const Tape* const tape = holder(row, id);
    if (tape == nullptr || &tape->list() != &t) throw_not_held(row, id, name(operation), tape);
}

void Scalar::throw_moved_from(std::string_view operation) { throw_not_held(moved_from, moved_from_id, operation, nullptr); }

Source source(std::string_view operation, const Scalar& x) {
    if (x.row() == 0) return {};
    if (x.recording() != current->id) {
        const Tape* const tape = holder(x.row(), x.recording());
        if (tape == nullptr || &tape->list() != current) throw_not_held(x.row(), x.recording(), operation, tape);
    }
    return {x.row(), no_node};
}

Source source(std::string_view operation, const Place& place) {
    if (place.row == 0) return {};
    if (place.id != current->id) {
        const Tape* const tape = holder(place.row, place.id);
        if (tape == nullptr || &tape->list() != current) throw_not_held(place.row, place.id, operation, tape);
    }
    return {place.row, place.node};
}

}  // namespace v1
}  // namespace autodiff

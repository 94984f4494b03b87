// SPDX-License-Identifier: MIT
#include "autodiff/tape_scopes.hpp"

#include "autodiff/tape.hpp"

#include <algorithm>

namespace autodiff {
inline namespace v1 {

std::uint64_t TapeScopes::open(std::string_view name, std::uint32_t row, const char* file, std::uint32_t line) {
    if (name.empty()) throw ValueError("scope", "the name of a part of the program", "an empty one");
    parts_.push_back({std::string(name), row, still_open, file, line, opened_ + 1});
    return ++opened_;
}

void TapeScopes::close(std::uint64_t number, std::uint32_t row) noexcept {
    const auto part = std::find_if(parts_.rbegin(), parts_.rend(), [number](const Part& p) { return p.number == number; });
    if (part == parts_.rend()) return;
    part->end = row;
    while (!parts_.empty() && parts_.back().first == parts_.back().end) parts_.pop_back();  // nothing was recorded in it
}

void TapeScopes::rewind(std::uint32_t rows) noexcept {
    std::erase_if(parts_, [rows](const Part& p) { return p.end != still_open && p.first >= rows; });
    for (Part& part : parts_) {
        part.first = std::min(part.first, rows);
        if (part.end != still_open) part.end = std::min(part.end, rows);
    }
}

TapeScope Tape::scope(std::string_view name, const char* file, std::uint32_t line) {
    return {*this, detail_ == Detail::operations ? scopes_.open(name, rows, file, line) : 0};
}

TapeScope::~TapeScope() {
    if (number_ != 0) tape_.scopes_.close(number_, tape_.rows);
}

}  // namespace v1
}  // namespace autodiff

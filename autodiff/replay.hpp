// SPDX-License-Identifier: MIT
/// Partial derivatives as recorded functions of the operands and the result: the rules, evaluated on the list's own values.
/// What a sweep that records itself takes in place of the partials that the list holds (sweep.hpp).
#pragma once

#include "autodiff/recorder.hpp"
#include "autodiff/scalar.hpp"
#include "autodiff/sweep.hpp"

#include <array>

namespace autodiff {
inline namespace v1 {

class ReplayedPartials {
  public:
    explicit ReplayedPartials(const Tape& tape, const Passage* passage = nullptr) : tape_(tape), list_(tape.list()), passage_(passage) {}

    /// Partials of operands to or from which nothing can flow stay 0.
    std::array<Scalar, 3> operator()(std::uint32_t row, std::uint32_t first) const {
        std::array<Scalar, 3> x, partial;
        std::array<bool, 3> wanted{};
        if (list_.count[row] == 0) return partial;
        const Scalar y = handle(row);
        for (std::uint32_t k = 0; k < list_.count[row]; ++k) {
            const auto operand = static_cast<std::uint32_t>(list_.operand[first + k]);
            x[k] = operand == 0 ? Scalar(list_.partial[first + k]) : handle(operand);
            wanted[k] = operand != 0 && (passage_ == nullptr || passage_->has(operand));
        }
        visit(list_.operation[row], [&]<class R>(R) {
            if constexpr (rules::UnaryRule<R>) {
                if (wanted[0]) partial[0] = R::template partial<Scalar>(x[0], y);
            } else if constexpr (rules::BinaryRule<R>) {
                if (wanted[0]) partial[0] = R::template partial_a<Scalar>(x[0], x[1], y);
                if (wanted[1]) partial[1] = R::template partial_b<Scalar>(x[0], x[1], y);
            } else {
                if (wanted[0]) partial[0] = R::template partial_a<Scalar>(x[0], x[1], x[2], y);
                if (wanted[1]) partial[1] = R::template partial_b<Scalar>(x[0], x[1], x[2], y);
                if (wanted[2]) partial[2] = R::template partial_c<Scalar>(x[0], x[1], x[2], y);
            }
        });
        return partial;
    }

  private:
    [[nodiscard]] Scalar handle(std::uint32_t row) const { return Recorder::settled(list_.value[row], row, tape_.id_of(row)); }
    const Tape& tape_;
    const WengertList& list_;
    const Passage* passage_;
};

}  // namespace v1
}  // namespace autodiff

// SPDX-License-Identifier: MIT
/// Terms joined pairwise while they arrive, so that the rounding error grows with the logarithm of their number. Two parts of equal
/// size are joined as soon as both are there, as a binary counter carries: one part a level is all that is kept.
/// `Fold` gives `identity` and `join(earlier, later)`. Next: reduce.cpp, which feeds them.
#pragma once

#include "autodiff/shape.hpp"

#include <array>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

namespace autodiff {
inline namespace v1 {
namespace kernels {

/// One term at a time.
template <class A, class Fold>
class Pairwise {
  public:
    void push(A term) {
        std::size_t level = 0;
        for (; (terms_ >> level) & 1; ++level) term = Fold::join(parts_[level], term);
        parts_[level] = term;
        ++terms_;
    }
    [[nodiscard]] A result() const {
        A value = Fold::identity;
        for (std::size_t level = 0; level < 63; ++level)
            if ((terms_ >> level) & 1) value = Fold::join(parts_[level], value);
        return value;
    }

  private:
    std::uint64_t terms_ = 0;
    std::array<A, 63> parts_;
};

/// `width` terms side by side at a time.
template <class A, class Fold>
class PairwiseRows {
  public:
    explicit PairwiseRows(Index width) : width_(static_cast<std::size_t>(width)) {}
    /// a row of identities to fold into before `push`
    A* fresh() {
        term_.assign(width_, Fold::identity);
        return term_.data();
    }
    void push() {
        std::size_t level = 0;
        for (; (terms_ >> level) & 1; ++level) join(term_, parts_[level]);
        if (level == parts_.size()) parts_.emplace_back();
        std::swap(term_, parts_[level]);
        ++terms_;
    }
    [[nodiscard]] std::span<const A> result() {
        fresh();
        for (std::size_t level = 0; level < parts_.size(); ++level)
            if ((terms_ >> level) & 1) join(term_, parts_[level]);
        return term_;
    }

  private:
    static void join(std::vector<A>& later, const std::vector<A>& earlier) {
        for (std::size_t j = 0; j < later.size(); ++j) later[j] = Fold::join(earlier[j], later[j]);
    }
    std::size_t width_;
    std::uint64_t terms_ = 0;
    std::vector<A> term_;
    std::vector<std::vector<A>> parts_;
};

}  // namespace kernels
}  // namespace v1
}  // namespace autodiff

// SPDX-License-Identifier: MIT
/// What a recorded function is behind its types: programs for the branches met so far, and the plans that answer each question.
///
/// Programs of derivatives and plans are made when they are first needed, once; asking is const and may be done by several threads.
#pragma once

#include "autodiff/program/program.hpp"
#include "autodiff/tensor.hpp"

#include <functional>
#include <memory>
#include <vector>

namespace autodiff {
inline namespace v1 {

/// What a replay does at a point where a recorded comparison comes out differently.
enum class OnBranch : std::uint8_t {
    report,     ///< throws BranchChanged
    re_record,  ///< records the function once more there, and keeps that recording too
};

namespace function {

using namespace program;

enum class Question : std::uint8_t {
    values,        ///< y at each point
    gradient,      ///< y at each point, dy/dx at each point; of shared inputs, summed
    sum_gradient,  ///< the same with the sum of y
    jacobian,      ///< y and dy/dx at each point
    curvature,     ///< H v; of shared inputs, summed. Takes x and v
};
inline constexpr std::size_t questions = 5;

/// An input of a batch: its number at point i is first[i * step]; step 0 for one that all points share.
template <class T>
struct Column {
    const T* first;
    Index step;
};

/// What a batch gives: outputs at each point as columns, one after the other, and sums.
template <class T>
struct Batch {
    Index n = 0;
    Tensor<T> columns;  ///< [outputs at each point, pitch >= n]
    std::vector<T> sums;

    /// [n]: one column.        [n, count]: several, as a view
    [[nodiscard]] Tensor<T> column(Index k) const;
    [[nodiscard]] Tensor<T> columns_from(Index k, Index count) const;
    /// [n, m, count] of an m by `all` Jacobian whose entry [j, i] is column first + j * all + i; an extent of -1 is left out.
    [[nodiscard]] Tensor<T> jacobian(Index first, Index all, Index m, Index count) const;
};

class Variant;
struct Means;

/// What an input is. An active one is differentiated by.
struct Role {
    bool shared = false, active = true;
};

class Recording {
  public:
    using Record = std::function<Program(std::span<const double> point)>;
    /// Records at the example. throws ValueError if there are no inputs
    Recording(Record record, std::vector<double> example, const std::vector<Role>& roles);
    ~Recording();
    Recording(const Recording&) = delete;
    Recording& operator=(const Recording&) = delete;

    /// The program of the values, as recorded at the example.
    [[nodiscard]] const Program& program() const noexcept;
    [[nodiscard]] std::uint32_t inputs() const noexcept { return static_cast<std::uint32_t>(example_.size()); }
    [[nodiscard]] std::size_t active_inputs() const noexcept;
    [[nodiscard]] std::uint32_t outputs() const noexcept { return static_cast<std::uint32_t>(program().outputs.size()); }
    /// How many recordings there are by now, of different branches.
    [[nodiscard]] std::size_t variants() const;

    /// The answer at one point, into as many numbers as it has.
    void at(Question question, std::span<const double> inputs, OnBranch on_branch, std::span<double> answer) const;
    /// The answer at n points.
    template <class T>
    [[nodiscard]] Batch<T> over(Question question, Index n, std::span<const Column<T>> inputs, OnBranch on_branch,
                                bool flush_denormals) const;
    [[nodiscard]] std::size_t answers(Question question) const;

  private:
    [[nodiscard]] const Variant& record_at(std::span<const double> point) const;
    template <class T>
    void spread_over_variants(Question question, std::span<const Column<T>> inputs, std::vector<Index> points, const Means& means,
                              Batch<T>& into) const;

    Record record_;
    std::vector<double> example_;
    struct Variants;
    std::unique_ptr<Variants> variants_;
};

}  // namespace function
}  // namespace v1
}  // namespace autodiff

// SPDX-License-Identifier: MIT
/// What the kernels of recurrent layers share: the order of the steps is `Steps`, everything else is the same for both directions of time.
/// For lstm.cpp and gru.cpp.
#pragma once

#include "autodiff/error.hpp"
#include "autodiff/kernels/gemm.hpp"
#include "autodiff/kernels/storage.hpp"
#include "autodiff/program/run.hpp"
#include "autodiff/short_list.hpp"
#include "autodiff/tensor.hpp"

#include <array>
#include <fmt/format.h>
#include <vector>

namespace autodiff {
inline namespace v1 {
namespace recurrent {

/// Which steps there are, in the order in which they are made.
struct Steps {
    Index count, n, hidden;
    bool backwards;
    [[nodiscard]] Index at(Index k) const { return backwards ? count - 1 - k : k; }
    [[nodiscard]] Index plane() const { return n * hidden; }  ///< numbers of one step in [steps, n, hidden]
};

template <class T>
View<T> matrix(T* data, Index rows, Index columns) {
    return {data, Shape{rows, columns}, {columns, 1}};
}
template <class T>
View<const T> transposed(const T* data, Index rows, Index columns) {  // of what lies as [rows, columns]
    return {data, Shape{columns, rows}, {1, columns}};
}

/// One step of x: [n, width]
template <class T>
View<const T> step_of(const Tensor<T>& x, Index t) {
    return {x.begin_data() + t * x.strides()[0], Shape{x.shape()[1], x.shape()[2]}, {x.strides()[1], x.strides()[2]}};
}

/// A program at every element of [n, hidden], the operands and results of which lie in rows of different lengths.
template <class T>
class Elements {
  public:
    explicit Elements(const Steps& steps) : extents_{steps.n, steps.hidden} {}
    void in(const T* first, Index row) { strides_.push_back(row), inputs_.push_back({first, nullptr}); }
    /// An input that the program does not read.
    void skip() { in(nullptr, 0); }
    void out(T* first) { outputs_.push_back({first}); }
    void out(T* first, Index row) { outputs_.push_back({first}), rows_.push_back({outputs_.size() - 1, row}); }
    void run(const program::Plan<T>& plan) {
        ShortList<Index, 32> strides;
        for (const Index row : strides_) strides.push_back(row), strides.push_back(1);
        for (std::size_t k = 0; k < inputs_.size(); ++k) inputs_[k].strides = strides.data() + 2 * k;
        ShortList<Index, 12> to;
        for (const auto& [output, row] : rows_) to.push_back(row), to.push_back(1);
        for (std::size_t k = 0; k < rows_.size(); ++k) outputs_[rows_[k].first].strides = to.data() + 2 * k;
        program::run<T>(plan, extents_, std::span<const program::Input<T>>(inputs_), std::span<const program::Output<T>>(outputs_));
    }

  private:
    std::array<Index, 2> extents_;
    std::vector<program::Input<T>> inputs_;
    std::vector<Index> strides_;
    std::vector<program::Output<T>> outputs_;
    std::vector<std::pair<std::size_t, Index>> rows_;
};

/// y = what lies in all steps, saved between a forward pass and its pullback.
template <class T>
T* values(const kernels::Storage& storage) {
    return reinterpret_cast<T*>(storage.bytes());
}

/// Wbar += sum over the steps of h[t-1]^T zbar[t], for states that lie one step after the other.
template <class T>
void add_weight_products(const Steps& steps, const T* initial, const T* h, const T* zbar, Index width, const View<T>& wbar, bool add) {
    const Index first = steps.at(0);
    kernels::matmul<T>(transposed(initial, steps.n, steps.hidden), matrix(zbar + first * steps.n * width, steps.n, width), wbar, add);
    if (steps.count == 1) return;
    const Index rows = (steps.count - 1) * steps.n;  // of the states after all steps but the last one made
    kernels::matmul<T>(transposed(h + (steps.backwards ? steps.plane() : 0), rows, steps.hidden),
                       matrix(zbar + (steps.backwards ? 0 : steps.n * width), rows, width), wbar, true);
}

template <class T>
void check_sequence(std::string_view name, Index gates, const Tensor<T>& x, const Tensor<T>& h, const Tensor<T>& weight) {
    const bool fits = x.rank() == 3 && h.rank() == 2 && x.shape()[0] >= 1 && x.shape()[1] == h.shape()[0] &&
                      x.shape()[2] == gates * h.shape()[1] && weight.shape() == Shape{h.shape()[1], x.shape()[2]};
    if (!fits)
        throw ShapeError(
            name, fmt::format("x [steps, n, {0} hidden] of at least one step, states [n, hidden], a weight [hidden, {0} hidden]", gates),
            fmt::format("{}, {} and {}", to_string(x.shape()), to_string(h.shape()), to_string(weight.shape())));
}

}  // namespace recurrent
}  // namespace v1
}  // namespace autodiff

// SPDX-License-Identifier: MIT
// Each piece is a row; the first one has the VJP of all.
#include "autodiff/ops/split.hpp"

#include "autodiff/node.hpp"
#include "autodiff/ops/layout.hpp"
#include "autodiff/tape.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <numeric>

namespace autodiff {
inline namespace v1 {

namespace {

/// Where the pieces of one tensor lie.
struct Cuts {
    Index axis;
    std::vector<Index> ends;  ///< of the pieces along the axis
    bool drops_axis;          ///< pieces of extent 1, without the axis

    [[nodiscard]] Index start(std::size_t k) const { return k == 0 ? 0 : ends[k - 1]; }
    template <class T>
    [[nodiscard]] Tensor<T> piece(const Tensor<T>& x, std::size_t k) const {
        if (drops_axis) return autodiff::select(x, axis, start(k));
        std::vector<Slice> slices(static_cast<std::size_t>(axis) + 1);
        slices.back() = {start(k), ends[k]};
        return slice(x, std::span<const Slice>(slices));
    }
    template <class T>
    [[nodiscard]] Tensor<T> joined(const std::vector<Tensor<T>>& pieces) const {
        return drops_axis ? stack(pieces, axis) : concat(pieces, axis);
    }
};

template <class T>
class Split final : public Primitive {
  public:
    Split(std::shared_ptr<const Cuts> cuts, std::size_t piece, Shape from)
        : cuts_(std::move(cuts)), piece_(piece), from_(std::move(from)) {}
    [[nodiscard]] std::string_view name() const override { return "split"; }
    [[nodiscard]] std::size_t further_results() const override { return piece_ == 0 ? cuts_->ends.size() - 1 : 0; }
    [[nodiscard]] bool is_further_result() const override { return piece_ != 0; }
    void vjp(Pullback& pull) const override {
        if (piece_ != 0) return;
        const Tensor<T> zeros = broadcast_to(Tensor<T>::zeros({}), from_);  // one number, seen many times
        std::vector<Tensor<T>> pieces;
        for (std::size_t k = 0; k < cuts_->ends.size(); ++k) {
            const AnyTensor ybar = pull.ybar_of(k);
            const auto* arrived = std::get_if<Tensor<T>>(&ybar);
            pieces.push_back(arrived != nullptr ? *arrived : cuts_->piece(zeros, k));
        }
        pull.add(0, cuts_->joined(pieces));
    }
    [[nodiscard]] AnyTensor jvp(const Pushforward& push) const override { return cuts_->piece(push.tangent<T>(0), piece_); }

  private:
    std::shared_ptr<const Cuts> cuts_;
    std::size_t piece_;
    Shape from_;
};

template <class T>
std::vector<Tensor<T>> cut(const Tensor<T>& x, Cuts where) {
    const Sources operands = sources("split", x);
    const auto cuts = std::make_shared<const Cuts>(std::move(where));
    std::vector<Tensor<T>> pieces;
    for (std::size_t k = 0; k < cuts->ends.size(); ++k) pieces.push_back(cuts->piece(x.constant(), k));
    if (pieces.empty() || !any_recorded(operands)) return pieces;
    Tape& tape = Tape::from(*current);
    const Mark before = tape.mark();
    try {
        for (std::size_t k = 0; k < pieces.size(); ++k) pieces[k] = record<Split<T>>(pieces[k], operands, cuts, k, x.shape());
    } catch (...) {
        tape.rewind(before);
        throw;
    }
    return pieces;
}

}  // namespace

template <class T>
std::vector<Tensor<T>> split(const Tensor<T>& x, std::span<const Index> extents, Index axis) {
    axis = x.shape().normalise_axis(axis, "split");
    Cuts cuts{axis, std::vector<Index>(extents.size()), false};
    Index left = x.shape()[axis];
    for (std::size_t k = 0; k < extents.size(); ++k) {
        if (extents[k] < 0 || extents[k] > left) {
            left = -1;
            break;
        }
        left -= extents[k];
        cuts.ends[k] = x.shape()[axis] - left;
    }
    if (left != 0)
        throw ShapeError("split",
                         fmt::format("extents that add up to {}, that of axis {} of {}", x.shape()[axis], axis, to_string(x.shape())),
                         fmt::format("[{}]", fmt::join(extents, ", ")));
    return cut(x, std::move(cuts));
}

template <class T>
std::vector<Tensor<T>> split(const Tensor<T>& x, Index parts, Index axis) {
    axis = x.shape().normalise_axis(axis, "split");
    const Index n = x.shape()[axis];
    if (parts < 1 || n % parts != 0)
        throw ShapeError("split",
                         fmt::format("a number of parts that divides {}, the extent of axis {} of {}", n, axis, to_string(x.shape())),
                         fmt::format("{}", parts));
    return split(x, std::vector<Index>(static_cast<std::size_t>(parts), n / parts), axis);
}

template <class T>
std::vector<Tensor<T>> unstack(const Tensor<T>& x, Index axis) {
    axis = x.shape().normalise_axis(axis, "unstack");
    Cuts cuts{axis, std::vector<Index>(static_cast<std::size_t>(x.shape()[axis])), true};
    std::iota(cuts.ends.begin(), cuts.ends.end(), Index{1});
    return cut(x, std::move(cuts));
}

#define WENGERT_INSTANTIATE(T)                                                                                                             \
    template std::vector<Tensor<T>> split(const Tensor<T>&, std::span<const Index>, Index);                                                \
    template std::vector<Tensor<T>> split(const Tensor<T>&, Index, Index);                                                                 \
    template std::vector<Tensor<T>> unstack(const Tensor<T>&, Index);
WENGERT_INSTANTIATE(float)
WENGERT_INSTANTIATE(double)
#undef WENGERT_INSTANTIATE

}  // namespace v1
}  // namespace autodiff

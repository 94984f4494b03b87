// SPDX-License-Identifier: MIT
// Tensors one after the other: concat and stack.
#include "autodiff/kernels/elementwise.hpp"
#include "autodiff/ops/layout.hpp"
#include "autodiff/ops/linear.hpp"

#include <fmt/format.h>

namespace autodiff {
inline namespace v1 {

namespace {

/// start:stop along one axis, everything else whole
std::vector<Slice> along(Index axis, Index start, Index stop) {
    std::vector<Slice> slices(static_cast<std::size_t>(axis) + 1);
    slices.back() = {start, stop};
    return slices;
}

/// y = the parts one after the other along an axis
template <class T>
class Concat final : public Primitive {
  public:
    Concat(std::vector<Index> ends, Index axis, Shape shape) : ends_(std::move(ends)), axis_(axis), shape_(std::move(shape)) {}
    [[nodiscard]] std::string_view name() const override { return "concat"; }
    void vjp(Pullback& pull) const override {
        const Tensor<T> ybar = pull.ybar<T>();
        for (std::size_t k = 0; k < ends_.size(); ++k)
            if (pull.wants(k)) pull.add(k, slice(ybar, std::span<const Slice>(along(axis_, start(k), ends_[k]))));
    }
    [[nodiscard]] AnyTensor jvp(const Pushforward& push) const override {
        AnyTensor ydot;
        for (std::size_t k = 0; k < ends_.size(); ++k)
            if (push.has(k))
                add_tangent(ydot, unslice(push.tangent<T>(k), shape_, std::span<const Slice>(along(axis_, start(k), ends_[k]))));
        return ydot;
    }

  private:
    [[nodiscard]] Index start(std::size_t k) const { return k == 0 ? 0 : ends_[k - 1]; }
    std::vector<Index> ends_;
    Index axis_;
    Shape shape_;
};

}  // namespace

template <class T>
Tensor<T> concat(std::span<const Tensor<T>> parts, Index axis) {
    if (parts.empty()) throw ShapeError("concat", "at least one tensor", "none");
    const Shape& first = parts[0].shape();
    axis = first.normalise_axis(axis, "concat");
    std::vector<Index> ends;
    Index total = 0;
    for (const Tensor<T>& part : parts) {
        bool fits = part.rank() == first.rank();
        for (Index k = 0; fits && k < first.rank(); ++k) fits = k == axis || part.shape()[k] == first[k];
        if (!fits)
            throw ShapeError("concat", fmt::format("shapes that agree with {} except along axis {}", to_string(first), axis),
                             to_string(part.shape()));
        ends.push_back(total += part.shape()[axis]);
    }
    Extents extents(first.begin(), first.end());
    extents[static_cast<std::size_t>(axis)] = total;
    const Shape shape(std::span<const Index>(extents.data(), extents.size()));
    Tensor<T> y = Tensor<T>::uninitialised(shape);
    for (std::size_t k = 0; k < parts.size(); ++k) {
        Tensor<T> place = slice(y, std::span<const Slice>(along(axis, k == 0 ? 0 : ends[k - 1], ends[k])));
        if (parts[k].size() > 0) kernels::copy(place.fill_view(), parts[k].view());
    }
    if constexpr (Tensor<T>::differentiable) {
        Sources operands;
        for (const Tensor<T>& part : parts) operands.push_back(source("concat", part));
        return record<Concat<T>>(std::move(y), std::move(operands), std::move(ends), axis, shape);
    } else {
        return y;
    }
}

template <class T>
Tensor<T> stack(std::span<const Tensor<T>> parts, Index axis) {
    if (parts.empty()) throw ShapeError("stack", "at least one tensor", "none");
    axis = new_axis(parts[0].shape(), axis, "stack");
    std::vector<Tensor<T>> raised;
    for (const Tensor<T>& part : parts) {
        if (part.shape() != parts[0].shape())
            throw ShapeError("stack", fmt::format("tensors of one shape, {}", to_string(parts[0].shape())), to_string(part.shape()));
        raised.push_back(unsqueeze(part, axis));
    }
    return concat(std::span<const Tensor<T>>(raised), axis);
}

#define WENGERT_INSTANTIATE(T)                                                                                                             \
    template Tensor<T> concat(std::span<const Tensor<T>>, Index);                                                                          \
    template Tensor<T> stack(std::span<const Tensor<T>>, Index);
WENGERT_INSTANTIATE(float)
WENGERT_INSTANTIATE(double)
WENGERT_INSTANTIATE(std::int32_t)
WENGERT_INSTANTIATE(std::int64_t)
WENGERT_INSTANTIATE(bool)
#undef WENGERT_INSTANTIATE

}  // namespace v1
}  // namespace autodiff

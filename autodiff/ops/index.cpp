// SPDX-License-Identifier: MIT
#include "autodiff/ops/index.hpp"

#include "autodiff/kernels/index.hpp"
#include "autodiff/ops/linear.hpp"

#include <fmt/format.h>

namespace autodiff {
inline namespace v1 {

namespace {

/// Positions checked against the extent, negative ones counted from the end, in row-major order.
Tensor<Index> resolved(const Tensor<Index>& indices, Index extent, std::string_view operation) {
    const Tensor<Index> given = indices.contiguous();
    Tensor<Index> result = Tensor<Index>::uninitialised(indices.shape());
    for (Index n = 0; n < given.size(); ++n) {
        const Index index = given.begin_data()[n];
        if (index < -extent || index >= extent)
            throw IndexError(operation,
                             extent == 0 ? "no index into an axis of extent 0" : fmt::format("an index from {} to {}", -extent, extent - 1),
                             fmt::format("{} at position {}", index, n));
        result.fill_data()[n] = index < 0 ? index + extent : index;
    }
    return result;
}

/// The shape with one axis replaced by several.
Shape spliced(const Shape& shape, Index axis, const Shape& in_its_place, Index axes_replaced = 1) {
    Extents extents;
    for (Index k = 0; k < axis; ++k) extents.push_back(shape[k]);
    for (const Index extent : in_its_place) extents.push_back(extent);
    for (Index k = axis + axes_replaced; k < shape.rank(); ++k) extents.push_back(shape[k]);
    return Shape(std::span<const Index>(extents.data(), extents.size()));
}

}  // namespace

template <class T>
Tensor<T> take(const Tensor<T>& x, const Tensor<Index>& indices, Index axis) {
    axis = x.shape().normalise_axis(axis, "take");
    const Index extent = x.shape()[axis];
    const Tensor<Index> at = resolved(indices, extent, "take");
    Tensor<T> y = Tensor<T>::uninitialised(spliced(x.shape(), axis, at.shape()));
    kernels::take<T>(x.view(), at.view(), axis, y.fill_view());
    if constexpr (Tensor<T>::differentiable)
        return record_linear(
            "take", x, std::move(y), [at, axis](const Tensor<T>& xdot) { return take(xdot, at, axis); },
            [at, extent, axis](const Tensor<T>& ybar) { return scatter_add(ybar, at, extent, axis); },
            [at, axis](const View<T>& xbar, const Tensor<T>& ybar) { kernels::scatter_add<T>(xbar, at.view(), axis, ybar.view()); });
    else
        return y;
}

template <class T>
Tensor<T> scatter_add(const Tensor<T>& updates, const Tensor<Index>& indices, Index extent, Index axis) {
    const Index rank = updates.rank() - indices.rank() + 1;
    if (rank < 1)
        throw ShapeError("scatter_add", "updates with the axes of the indices",
                         fmt::format("updates {} and indices {}", to_string(updates.shape()), to_string(indices.shape())));
    if (axis < 0) axis += rank;
    const bool axis_fits = axis >= 0 && axis < rank;
    bool fits = axis_fits;
    for (Index k = 0; fits && k < indices.rank(); ++k) fits = updates.shape()[axis + k] == indices.shape()[k];
    if (!fits)
        throw ShapeError("scatter_add",
                         fmt::format("updates with the axes of the indices, {}, at axis {}", to_string(indices.shape()), axis),
                         to_string(updates.shape()));
    const Shape shape = spliced(updates.shape(), axis, Shape{extent}, indices.rank());
    const Tensor<Index> at = resolved(indices, extent, "scatter_add");
    Tensor<T> y = Tensor<T>::zeros(shape);
    kernels::scatter_add<T>(y.fill_view(), at.view(), axis, updates.view());
    return record_linear(
        "scatter_add", updates, std::move(y), [at, extent, axis](const Tensor<T>& xdot) { return scatter_add(xdot, at, extent, axis); },
        [at, axis](const Tensor<T>& ybar) { return take(ybar, at, axis); });
}

namespace {

void check_along(std::string_view operation, const Shape& x, const Shape& indices, Index axis) {
    bool fits = x.rank() == indices.rank();
    for (Index k = 0; fits && k < x.rank(); ++k) fits = k == axis || x[k] == indices[k];
    if (!fits)
        throw ShapeError(operation, fmt::format("indices that agree with {} except along axis {}", to_string(x), axis), to_string(indices));
}

}  // namespace

template <class T>
Tensor<T> gather(const Tensor<T>& x, const Tensor<Index>& indices, Index axis) {
    axis = x.shape().normalise_axis(axis, "gather");
    check_along("gather", x.shape(), indices.shape(), axis);
    const Index extent = x.shape()[axis];
    const Tensor<Index> at = resolved(indices, extent, "gather");
    Tensor<T> y = Tensor<T>::uninitialised(at.shape());
    kernels::take_along_axis<T>(x.view(), at.view(), axis, y.fill_view());
    if constexpr (Tensor<T>::differentiable)
        return record_linear(
            "gather", x, std::move(y), [at, axis](const Tensor<T>& xdot) { return gather(xdot, at, axis); },
            [at, extent, axis](const Tensor<T>& ybar) { return gather_transpose(ybar, at, extent, axis); },
            [at, axis](const View<T>& xbar, const Tensor<T>& ybar) {
                kernels::scatter_add_along_axis<T>(xbar, at.view(), axis, ybar.view());
            });
    else
        return y;
}

template <class T>
Tensor<T> gather_transpose(const Tensor<T>& updates, const Tensor<Index>& indices, Index extent, Index axis) {
    axis = updates.shape().normalise_axis(axis, "gather_transpose");
    if (updates.shape() != indices.shape())
        throw ShapeError("gather_transpose", fmt::format("updates of the indices' shape {}", to_string(indices.shape())),
                         to_string(updates.shape()));
    const Shape shape = spliced(updates.shape(), axis, Shape{extent});
    const Tensor<Index> at = resolved(indices, extent, "gather_transpose");
    Tensor<T> y = Tensor<T>::zeros(shape);
    kernels::scatter_add_along_axis<T>(y.fill_view(), at.view(), axis, updates.view());
    return record_linear(
        "gather_transpose", updates, std::move(y),
        [at, extent, axis](const Tensor<T>& xdot) { return gather_transpose(xdot, at, extent, axis); },
        [at, axis](const Tensor<T>& ybar) { return gather(ybar, at, axis); });
}

#define WENGERT_INSTANTIATE(T)                                                                                                             \
    template Tensor<T> take(const Tensor<T>&, const Tensor<Index>&, Index);                                                                \
    template Tensor<T> gather(const Tensor<T>&, const Tensor<Index>&, Index);
WENGERT_INSTANTIATE(float)
WENGERT_INSTANTIATE(double)
WENGERT_INSTANTIATE(std::int64_t)
#undef WENGERT_INSTANTIATE
template Tensor<float> scatter_add(const Tensor<float>&, const Tensor<Index>&, Index, Index);
template Tensor<double> scatter_add(const Tensor<double>&, const Tensor<Index>&, Index, Index);
template Tensor<float> gather_transpose(const Tensor<float>&, const Tensor<Index>&, Index, Index);
template Tensor<double> gather_transpose(const Tensor<double>&, const Tensor<Index>&, Index, Index);

}  // namespace v1
}  // namespace autodiff

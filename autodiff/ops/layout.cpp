// SPDX-License-Identifier: MIT
#include "autodiff/ops/layout.hpp"

#include "autodiff/kernels/elementwise.hpp"
#include "autodiff/ops/linear.hpp"
#include "autodiff/ops/reduce.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>

namespace autodiff {
inline namespace v1 {

namespace {

Shape shape_of(const Extents& extents) { return Shape(std::span<const Index>(extents.data(), extents.size())); }
std::size_t at(Index axis) { return static_cast<std::size_t>(axis); }

/// A row if x can be on a tape; integer and boolean tensors only change their layout.
template <class T, class Forward, class Transpose>
Tensor<T> moved(std::string_view name, const Tensor<T>& x, Tensor<T> y, Forward forward, Transpose transpose) {
    if constexpr (Tensor<T>::differentiable)
        return record_linear(name, x, std::move(y), std::move(forward), std::move(transpose));
    else
        return y;
}

}  // namespace

template <class T>
Tensor<T> identity(const Tensor<T>& x) {
    return record_linear(
        "identity", x, x.constant(), [](const Tensor<T>& xdot) { return xdot; }, [](const Tensor<T>& ybar) { return ybar; });
}
template Tensor<float> identity(const Tensor<float>&);
template Tensor<double> identity(const Tensor<double>&);

// Reshape -----------------------------------------------------------------------------------------------------------------------------

namespace {

/// The strides of a view under another shape, if only axes of extent 1 come or go.
std::optional<Strides> strides_beside_ones(const Shape& from, const Strides& strides, const Shape& to) {
    Strides result;
    std::size_t axis = 0;
    const auto skip_ones = [&] {
        while (axis < strides.size() && from.extents()[axis] == 1) ++axis;
    };
    for (const Index extent : to) {
        if (extent == 1) {
            result.push_back(1);
            continue;
        }
        skip_ones();
        if (axis == strides.size() || from.extents()[axis] != extent) return std::nullopt;
        result.push_back(strides[axis++]);
    }
    skip_ones();
    if (axis != strides.size()) return std::nullopt;
    return result;
}

}  // namespace

template <class T>
Tensor<T> reshape(const Tensor<T>& x, const Shape& shape) {
    if (shape.size() != x.size())
        throw ShapeError("reshape", fmt::format("a shape of {} elements for {}", x.size(), to_string(x.shape())), to_string(shape));
    if (shape == x.shape()) return x;
    const Tensor<T> plain = x.constant();
    const std::optional<Strides> strides = plain.is_contiguous() ? row_major(shape) : strides_beside_ones(x.shape(), x.strides(), shape);
    return moved(
        "reshape", x, strides ? plain.with_layout(shape, *strides, 0) : plain.contiguous().with_layout(shape, row_major(shape), 0),
        [shape](const Tensor<T>& xdot) { return reshape(xdot, shape); },
        [from = x.shape()](const Tensor<T>& ybar) { return reshape(ybar, from); });
}

template <class T>
Tensor<T> reshape(const Tensor<T>& x, std::initializer_list<Index> extents) {
    Extents resolved(extents.begin(), extents.end());
    const auto open = std::find(resolved.begin(), resolved.end(), -1);
    if (open != resolved.end()) {
        *open = 1;
        const bool one_open = std::none_of(resolved.begin(), resolved.end(), [](Index extent) { return extent < 0; });
        const Index known = one_open ? shape_of(resolved).size() : 0;
        if (known == 0 || x.size() % known != 0)
            throw ShapeError("reshape", fmt::format("at most one -1 and extents that divide {} elements", x.size()),
                             fmt::format("[{}]", fmt::join(extents, ", ")));
        *open = x.size() / known;
    }
    return reshape(x, shape_of(resolved));
}

template <class T>
Tensor<T> flatten(const Tensor<T>& x, Index first) {
    if (x.rank() == 0) return reshape(x, {1});
    first = x.shape().normalise_axis(first, "flatten");
    Extents extents(x.shape().begin(), x.shape().begin() + first);
    Index rest = 1;
    for (Index axis = first; axis < x.rank(); ++axis) rest *= x.shape()[axis];
    extents.push_back(rest);
    return reshape(x, shape_of(extents));
}

template <class T>
Tensor<T> unsqueeze(const Tensor<T>& x, Index axis) {
    axis = new_axis(x.shape(), axis, "unsqueeze");
    Extents extents(x.shape().begin(), x.shape().end());
    extents.insert(extents.begin() + axis, 1);
    return reshape(x, shape_of(extents));
}

template <class T>
Tensor<T> squeeze(const Tensor<T>& x, Index axis) {
    axis = x.shape().normalise_axis(axis, "squeeze");
    if (x.shape()[axis] != 1) throw ShapeError("squeeze", "an axis of extent 1", fmt::format("axis {} of {}", axis, to_string(x.shape())));
    Extents extents(x.shape().begin(), x.shape().end());
    extents.erase(extents.begin() + axis);
    return reshape(x, shape_of(extents));
}

// Transpose ---------------------------------------------------------------------------------------------------------------------------

template <class T>
Tensor<T> transpose(const Tensor<T>& x, std::span<const Index> order) {
    Extents resolved;
    for (const Index axis : order) resolved.push_back(x.shape().normalise_axis(axis, "transpose"));
    Extents inverse(at(x.rank()), -1), extents;
    Strides strides;
    for (std::size_t k = 0; k < resolved.size(); ++k) {
        inverse[at(resolved[k])] = static_cast<Index>(k);
        extents.push_back(x.shape()[resolved[k]]);
        strides.push_back(x.strides()[at(resolved[k])]);
    }
    if (static_cast<Index>(order.size()) != x.rank() || std::find(inverse.begin(), inverse.end(), -1) != inverse.end())
        throw ShapeError("transpose", fmt::format("every axis of {} once", to_string(x.shape())),
                         fmt::format("[{}]", fmt::join(order, ", ")));
    return moved(
        "transpose", x, x.constant().with_layout(shape_of(extents), strides, 0),
        [resolved](const Tensor<T>& xdot) { return transpose(xdot, std::span<const Index>(resolved.data(), resolved.size())); },
        [inverse](const Tensor<T>& ybar) { return transpose(ybar, std::span<const Index>(inverse.data(), inverse.size())); });
}
template <class T>
Tensor<T> transpose(const Tensor<T>& x, std::initializer_list<Index> order) {
    return transpose(x, std::span<const Index>(order.begin(), order.size()));
}
template <class T>
Tensor<T> transpose(const Tensor<T>& x) {
    Extents order;
    for (Index axis = x.rank(); axis-- > 0;) order.push_back(axis);
    return transpose(x, std::span<const Index>(order.data(), order.size()));
}
template <class T>
Tensor<T> swap_axes(const Tensor<T>& x, Index a, Index b) {
    a = x.shape().normalise_axis(a, "swap_axes"), b = x.shape().normalise_axis(b, "swap_axes");
    Extents order;
    for (Index axis = 0; axis < x.rank(); ++axis) order.push_back(axis == a ? b : axis == b ? a : axis);
    return transpose(x, std::span<const Index>(order.data(), order.size()));
}

// Broadcasting and its transpose ------------------------------------------------------------------------------------------------------

template <class T>
Tensor<T> broadcast_to(const Tensor<T>& x, const Shape& shape) {
    if (shape == x.shape()) return x;
    if (!broadcasts_to(x.shape(), shape))
        throw ShapeError("broadcast_to", fmt::format("a shape that broadcasts to {}", to_string(shape)), to_string(x.shape()));
    return moved(
        "broadcast_to", x, x.constant().with_layout(shape, broadcast_strides(x.shape(), x.strides(), shape), 0),
        [shape](const Tensor<T>& xdot) { return broadcast_to(xdot, shape); },
        [from = x.shape()](const Tensor<T>& ybar) { return sum_to(ybar, from); });
}

template <class T>
Tensor<T> sum_to(const Tensor<T>& x, const Shape& shape) {
    if (shape == x.shape()) return x;
    if (!broadcasts_to(shape, x.shape()))
        throw ShapeError("sum_to", fmt::format("a shape that broadcasts to {}", to_string(x.shape())), to_string(shape));
    const Extents axes = broadcast_axes(shape, x.shape());
    return reshape(sum(x, Axes(std::span<const Index>(axes.data(), axes.size()))), shape);
}

// Slices ------------------------------------------------------------------------------------------------------------------------------

namespace {

struct Cut {
    Shape shape;
    Strides strides;
    Index offset = 0;
};

/// Where the slices' elements lie in a tensor of this shape and these strides, by NumPy's rules.
Cut cut(const Shape& shape, const Strides& strides, std::span<const Slice> slices) {
    if (static_cast<Index>(slices.size()) > shape.rank())
        throw ShapeError("slice", fmt::format("at most {} slices for shape {}", shape.rank(), to_string(shape)),
                         fmt::format("{}", slices.size()));
    Cut result;
    Extents extents;
    for (std::size_t axis = 0; axis < strides.size(); ++axis) {
        const Slice s = axis < slices.size() ? slices[axis] : all;
        if (s.step == 0) throw ValueError("slice", "a step that is not 0", fmt::format("0 for axis {}", axis));
        const Index n = shape.extents()[axis];
        // Forward slices live in [0, n], backward ones in [-1, n - 1].
        const Index low = s.step > 0 ? 0 : -1, high = s.step > 0 ? n : n - 1;
        const auto clip = [&](Index position) { return std::clamp(position < 0 ? position + n : position, low, high); };
        const Index start = s.start ? clip(*s.start) : (s.step > 0 ? low : high);
        const Index stop = s.stop ? clip(*s.stop) : (s.step > 0 ? high : low);
        const Index longest = std::max<Index>(n, 1),
                    by = std::clamp(s.step, -longest, longest);  // a longer step finds no second element either
        const Index distance = by > 0 ? stop - start : start - stop, step = by > 0 ? by : -by;
        const Index extent = distance <= 0 ? 0 : (distance + step - 1) / step;
        extents.push_back(extent);
        result.strides.push_back(strides[axis] * by);
        if (extent > 0) result.offset += start * strides[axis];
    }
    result.shape = shape_of(extents);
    if (result.shape.size() == 0) result.offset = 0;
    return result;
}

}  // namespace

template <class T>
Tensor<T> slice(const Tensor<T>& x, std::span<const Slice> slices) {
    const Cut c = cut(x.shape(), x.strides(), slices);
    Tensor<T> y = x.constant().with_layout(c.shape, c.strides, c.offset);
    if constexpr (Tensor<T>::differentiable) {
        if (!x.recorded()) return y;
        const std::vector<Slice> kept(slices.begin(), slices.end());
        return record_linear(
            "slice", x, std::move(y), [kept](const Tensor<T>& xdot) { return slice(xdot, std::span<const Slice>(kept)); },
            [kept, from = x.shape()](const Tensor<T>& ybar) { return unslice(ybar, from, std::span<const Slice>(kept)); },
            [place = cut(x.shape(), row_major(x.shape()), slices)](const View<T>& xbar, const Tensor<T>& ybar) {
                kernels::accumulate(View<T>{xbar.data + place.offset, place.shape, place.strides}, ybar.view());
            });
    } else {
        return y;
    }
}
template <class T>
Tensor<T> slice(const Tensor<T>& x, std::initializer_list<Slice> slices) {
    return slice(x, std::span<const Slice>(slices.begin(), slices.size()));
}

template <class T>
Tensor<T> unslice(const Tensor<T>& y, const Shape& shape, std::span<const Slice> slices) {
    Tensor<T> x = Tensor<T>::zeros(shape);
    const Cut c = cut(shape, x.strides(), slices);
    if (c.shape != y.shape())
        throw ShapeError("unslice", fmt::format("a tensor of the slices' shape {}", to_string(c.shape)), to_string(y.shape()));
    if (y.size() > 0) kernels::copy(View<T>{x.fill_data() + c.offset, c.shape, c.strides}, y.view());
    const std::vector<Slice> kept(slices.begin(), slices.end());
    return moved(
        "unslice", y, std::move(x), [kept, shape](const Tensor<T>& ydot) { return unslice(ydot, shape, std::span<const Slice>(kept)); },
        [kept](const Tensor<T>& xbar) { return slice(xbar, std::span<const Slice>(kept)); });
}

template <class T>
Tensor<T> select(const Tensor<T>& x, Index axis, Index index) {
    axis = x.shape().normalise_axis(axis, "select");
    const Index n = x.shape()[axis], position = index < 0 ? index + n : index;
    if (position < 0 || position >= n)
        throw IndexError("select", fmt::format("an index from {} to {}", -n, n - 1), fmt::format("{}", index));
    std::vector<Slice> slices(at(axis) + 1);
    slices.back() = {position, position + 1};
    return squeeze(slice(x, std::span<const Slice>(slices)), axis);
}

template <class T>
Tensor<T> flip(const Tensor<T>& x, const Axes& axes) {
    std::vector<Slice> slices(at(x.rank()));
    for (const Index axis : axes.resolve(x.shape(), "flip")) slices[at(axis)].step = -1;
    return slice(x, std::span<const Slice>(slices));
}

// Padding -----------------------------------------------------------------------------------------------------------------------------

template <class T>
Tensor<T> pad(const Tensor<T>& x, std::span<const std::pair<Index, Index>> widths, T value) {
    if (static_cast<Index>(widths.size()) != x.rank())
        throw ShapeError("pad", fmt::format("a pair of widths for each axis of {}", to_string(x.shape())),
                         fmt::format("{}", widths.size()));
    Extents extents;
    std::vector<Slice> inside;
    for (std::size_t axis = 0; axis < widths.size(); ++axis) {
        const auto [before, after] = widths[axis];
        if (before < 0 || after < 0)
            throw ValueError("pad", "widths that are not negative", fmt::format("({}, {}) for axis {}", before, after, axis));
        const Index n = x.shape().extents()[axis];
        Index extent = 0;
        if (__builtin_add_overflow(before, n, &extent) || __builtin_add_overflow(extent, after, &extent))
            extent = std::numeric_limits<Index>::max();
        extents.push_back(extent);
        inside.push_back({before, extent - after});
    }
    const Shape shape = shape_of(extents);
    Tensor<T> y = Tensor<T>::full(shape, value);
    const Cut c = cut(shape, y.strides(), inside);
    if (x.size() > 0) kernels::copy(View<T>{y.fill_data() + c.offset, c.shape, c.strides}, x.view());
    return moved(
        "pad", x, std::move(y),
        [widths = std::vector<std::pair<Index, Index>>(widths.begin(), widths.end())](const Tensor<T>& xdot) {
            return pad(xdot, std::span<const std::pair<Index, Index>>(widths), T{});
        },
        [inside](const Tensor<T>& ybar) { return slice(ybar, std::span<const Slice>(inside)); });
}

#define WENGERT_INSTANTIATE(T)                                                                                                             \
    template Tensor<T> reshape(const Tensor<T>&, std::initializer_list<Index>);                                                            \
    template Tensor<T> reshape(const Tensor<T>&, const Shape&);                                                                            \
    template Tensor<T> flatten(const Tensor<T>&, Index);                                                                                   \
    template Tensor<T> transpose(const Tensor<T>&);                                                                                        \
    template Tensor<T> transpose(const Tensor<T>&, std::initializer_list<Index>);                                                          \
    template Tensor<T> transpose(const Tensor<T>&, std::span<const Index>);                                                                \
    template Tensor<T> swap_axes(const Tensor<T>&, Index, Index);                                                                          \
    template Tensor<T> unsqueeze(const Tensor<T>&, Index);                                                                                 \
    template Tensor<T> squeeze(const Tensor<T>&, Index);                                                                                   \
    template Tensor<T> slice(const Tensor<T>&, std::initializer_list<Slice>);                                                              \
    template Tensor<T> slice(const Tensor<T>&, std::span<const Slice>);                                                                    \
    template Tensor<T> select(const Tensor<T>&, Index, Index);                                                                             \
    template Tensor<T> flip(const Tensor<T>&, const Axes&);                                                                                \
    template Tensor<T> pad(const Tensor<T>&, std::span<const std::pair<Index, Index>>, T);
WENGERT_INSTANTIATE(float)
WENGERT_INSTANTIATE(double)
WENGERT_INSTANTIATE(std::int32_t)
WENGERT_INSTANTIATE(std::int64_t)
WENGERT_INSTANTIATE(bool)
#undef WENGERT_INSTANTIATE
template Tensor<float> broadcast_to(const Tensor<float>&, const Shape&);
template Tensor<double> broadcast_to(const Tensor<double>&, const Shape&);
template Tensor<float> sum_to(const Tensor<float>&, const Shape&);
template Tensor<double> sum_to(const Tensor<double>&, const Shape&);
template Tensor<float> unslice(const Tensor<float>&, const Shape&, std::span<const Slice>);
template Tensor<double> unslice(const Tensor<double>&, const Shape&, std::span<const Slice>);

}  // namespace v1
}  // namespace autodiff

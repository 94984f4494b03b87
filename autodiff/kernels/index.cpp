// SPDX-License-Identifier: MIT
// A lookup is a walk over (before, index, after) in which the index axis of one side is data. What is done with each pair of elements,
// to assign or to add, is the only difference between a kernel and its transpose.
#include "autodiff/kernels/index.hpp"

#include "autodiff/kernels/nest.hpp"

#include <fmt/format.h>

namespace autodiff {
inline namespace v1 {
namespace kernels {

namespace {

/// visit(looked up, listed): `whole` has the axis that indices point into, `part` has the axes of the indices in its place.
template <class W, class P, class Visit>
void for_lookups(const View<W>& whole, const View<const Index>& indices, Index axis, const View<P>& part, std::string_view operation,
                 const Visit& visit) {
    const std::size_t at = static_cast<std::size_t>(whole.shape.normalise_axis(axis, operation)), width = indices.strides.size();
    Extents expected(whole.shape.begin(), whole.shape.end());
    expected.erase(expected.begin() + static_cast<std::ptrdiff_t>(at));
    expected.insert(expected.begin() + static_cast<std::ptrdiff_t>(at), indices.shape.begin(), indices.shape.end());
    const Shape shape(std::span<const Index>(expected.data(), expected.size()));
    if (part.shape != shape) throw ShapeError(operation, "elements of shape " + to_string(shape), to_string(part.shape));
    if (shape.size() == 0) return;

    const auto extents = shape.extents();
    Nest<2> before = make_nest<2>(extents.first(at), {whole.strides.data(), part.strides.data()});
    Nest<2> list = make_nest<2>(extents.subspan(at, width), {indices.strides.data(), part.strides.data() + at});
    const Nest<2> after = make_nest<2>(extents.subspan(at + width), {whole.strides.data() + at + 1, part.strides.data() + at + width});
    const Index step = whole.strides[at], n = after.inner(), ws = after.inner_stride(0), ps = after.inner_stride(1);
    before.extents.push_back(1);  // so that every position before the axis is a row
    for (auto& strides : before.strides) strides.push_back(0);
    for_rows(before, 0, before.rows(), [&](const std::array<Index, 2>& b) {
        for_rows(list, 0, list.rows(), [&](const std::array<Index, 2>& l) {
            for (Index i = 0; i < list.inner(); ++i) {
                W* const w = whole.data + b[0] + indices.data[l[0] + i * list.inner_stride(0)] * step;
                P* const p = part.data + b[1] + l[1] + i * list.inner_stride(1);
                if (after.rank() < 2 && ws == 1 && ps == 1)
                    for (Index j = 0; j < n; ++j) visit(w[j], p[j]);
                else if (after.rank() < 2)
                    for (Index j = 0; j < n; ++j) visit(w[j * ws], p[j * ps]);
                else
                    for_rows(after, 0, after.rows(), [&](const std::array<Index, 2>& a) {
                        for (Index j = 0; j < n; ++j) visit(w[a[0] + j * ws], p[a[1] + j * ps]);
                    });
            }
        });
    });
}

/// visit(looked up, listed) where each element of `part` has an index of its own.
template <class W, class P, class Visit>
void for_lookups_along(const View<W>& whole, const View<const Index>& indices, Index axis, const View<P>& part, std::string_view operation,
                       const Visit& visit) {
    const std::size_t at = static_cast<std::size_t>(whole.shape.normalise_axis(axis, operation));
    Extents expected(whole.shape.begin(), whole.shape.end());
    if (indices.shape.rank() == whole.shape.rank()) expected[at] = indices.shape.extents()[at];
    const Shape shape(std::span<const Index>(expected.data(), expected.size()));
    if (indices.shape != shape || part.shape != shape)
        throw ShapeError(operation, "indices and elements of shape " + to_string(shape),
                         fmt::format("{} and {}", to_string(indices.shape), to_string(part.shape)));
    if (shape.size() == 0) return;
    const Index step = whole.strides[at];
    Strides fixed = whole.strides;  // the index says where along the axis, the loop does not
    fixed[at] = 0;
    const Nest<3> nest = make_nest<3>(shape.extents(), {fixed.data(), indices.strides.data(), part.strides.data()});
    const Index n = nest.inner(), ws = nest.inner_stride(0), is = nest.inner_stride(1), ps = nest.inner_stride(2);
    for_rows(nest, 0, nest.rows(), [&](const std::array<Index, 3>& offset) {
        for (Index j = 0; j < n; ++j)
            visit(whole.data[offset[0] + j * ws + indices.data[offset[1] + j * is] * step], part.data[offset[2] + j * ps]);
    });
}

struct Assign {
    template <class T>
    void operator()(const T& looked_up, T& listed) const {
        listed = looked_up;
    }
};
struct Add {
    template <class T>
    void operator()(T& looked_up, const T& listed) const {
        looked_up += listed;
    }
};

}  // namespace

template <class T>
void take(const View<const T>& x, const View<const Index>& indices, Index axis, const View<T>& y) {
    for_lookups(x, indices, axis, y, "take", Assign{});
}

template <class T>
void scatter_add(const View<T>& y, const View<const Index>& indices, Index axis, const View<const T>& updates) {
    for_lookups(y, indices, axis, updates, "scatter_add", Add{});
}

template <class T>
void take_along_axis(const View<const T>& x, const View<const Index>& indices, Index axis, const View<T>& y) {
    for_lookups_along(x, indices, axis, y, "take_along_axis", Assign{});
}

template <class T>
void scatter_add_along_axis(const View<T>& y, const View<const Index>& indices, Index axis, const View<const T>& updates) {
    for_lookups_along(y, indices, axis, updates, "scatter_add_along_axis", Add{});
}

#define WENGERT_INSTANTIATE_TAKE(T)                                                                                                        \
    template void take(const View<const T>&, const View<const Index>&, Index, const View<T>&);                                             \
    template void take_along_axis(const View<const T>&, const View<const Index>&, Index, const View<T>&);
#define WENGERT_INSTANTIATE_ADD(T)                                                                                                         \
    template void scatter_add(const View<T>&, const View<const Index>&, Index, const View<const T>&);                                      \
    template void scatter_add_along_axis(const View<T>&, const View<const Index>&, Index, const View<const T>&);
WENGERT_INSTANTIATE_TAKE(float)
WENGERT_INSTANTIATE_TAKE(double)
WENGERT_INSTANTIATE_TAKE(Index)
WENGERT_INSTANTIATE_TAKE(bool)
WENGERT_INSTANTIATE_ADD(float)
WENGERT_INSTANTIATE_ADD(double)
#undef WENGERT_INSTANTIATE

}  // namespace kernels
}  // namespace v1
}  // namespace autodiff

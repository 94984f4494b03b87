// SPDX-License-Identifier: MIT
// The element-wise kernels that need no function: filling, copying, adding.
#include "autodiff/kernels/elementwise.hpp"

namespace autodiff {
inline namespace v1 {
namespace kernels {

namespace {

// A transposed copy reads or writes one element of each cache line it touches, unless it stays within a square of lines.
constexpr Index tile = 32;

template <class T>
void copy_tiled(T* y, const T* x, Index m, Index n, const std::array<Index, 2>& outer, const std::array<Index, 2>& inner) {
    for (Index i0 = 0; i0 < m; i0 += tile)
        for (Index j0 = 0; j0 < n; j0 += tile)
            for (Index i = i0; i < std::min(m, i0 + tile); ++i)
                for (Index j = j0; j < std::min(n, j0 + tile); ++j) y[i * outer[0] + j * inner[0]] = x[i * outer[1] + j * inner[1]];
}

// The axis along which x moves in smaller steps than along the innermost one, or the innermost one itself.
std::size_t axis_of_smallest_read(const Nest<2>& nest) {
    std::size_t best = nest.rank() - 1;
    for (std::size_t axis = 0; axis < nest.rank(); ++axis)
        if (std::abs(nest.strides[1][axis]) < std::abs(nest.strides[1][best]) && nest.extents[axis] > 1) best = axis;
    return best;
}

}  // namespace

template <class T>
void fill(const View<T>& y, T value) {
    map(y, [value] { return value; });
}

template <class T>
void copy(const View<T>& y, const View<const T>& x) {
    const auto identity = [](const T& value) { return value; };
    if (y.shape.size() <= 1 || (y.contiguous() && x.contiguous())) return map(y, identity, x);
    const Nest<2> nest = ordered_by_stride(make_nest<2>(y.shape.extents(), {y.strides.data(), x.strides.data()}));
    const std::size_t last = nest.rank() - 1, across = axis_of_smallest_read(nest);
    if (across == last || nest.strides[1][across] == 0) return map(y, identity, x);
    Nest<2> rest;  // every axis but the two of the tiles, and one of extent 1 for them
    for (std::size_t axis = 0; axis <= nest.rank(); ++axis) {
        if (axis == across || axis == last) continue;
        rest.extents.push_back(axis < last ? nest.extents[axis] : 1);
        for (std::size_t k = 0; k < 2; ++k) rest.strides[k].push_back(axis < last ? nest.strides[k][axis] : 0);
    }
    const std::array<Index, 2> outer{nest.strides[0][across], nest.strides[1][across]}, inner{nest.strides[0][last], nest.strides[1][last]};
    const Index m = nest.extents[across], n = nest.extents[last];
    const Index block = std::max(tile, elements_a_block / n / tile * tile);
    for_rows(rest, 0, rest.rows(), [&](const std::array<Index, 2>& offsets) {
        parallel_for(m, block, [&](Index begin, Index end) {
            copy_tiled(y.data + offsets[0] + begin * outer[0], x.data + offsets[1] + begin * outer[1], end - begin, n, outer, inner);
        });
    });
}

template <class T>
void accumulate(const View<T>& y, const View<const T>& x) {
    map(
        y, [](const T& sum, const T& term) { return sum + term; }, View<const T>(y), x);
}

template <std::size_t N>
void run_rows(std::span<const Index> extents, const RowLoop<N>& loop) {
    const Nest<N> nest = make_nest<N>(extents, loop.strides);
    const Index inner = nest.inner(), rows = nest.rows();
    std::array<Index, N> stride;
    for (std::size_t k = 0; k < N; ++k) stride[k] = nest.inner_stride(k);
    const auto part = [&](Index first_row, Index last_row, Index begin, Index end) {
        for_rows(nest, first_row, last_row, [&](const std::array<Index, N>& offsets) {
            std::array<std::byte*, N> data;
            for (std::size_t k = 0; k < N; ++k) data[k] = loop.data[k] + (offsets[k] + begin * stride[k]) * loop.element_size[k];
            loop.row(loop.f, end - begin, data, stride);
        });
    };
    if (inner >= 2 * elements_a_block) {
        for (Index row = 0; row < rows; ++row)
            parallel_for(inner, elements_a_block, [&](Index begin, Index end) { part(row, row + 1, begin, end); });
    } else {
        parallel_for(rows, std::max<Index>(elements_a_block / inner, 1), [&](Index begin, Index end) { part(begin, end, 0, inner); });
    }
}
template void run_rows(std::span<const Index>, const RowLoop<1>&);
template void run_rows(std::span<const Index>, const RowLoop<2>&);
template void run_rows(std::span<const Index>, const RowLoop<3>&);
template void run_rows(std::span<const Index>, const RowLoop<4>&);
template void run_rows(std::span<const Index>, const RowLoop<5>&);
template void run_rows(std::span<const Index>, const RowLoop<6>&);

#define WENGERT_INSTANTIATE(T)                                                                                                             \
    template void fill(const View<T>&, T);                                                                                                 \
    template void copy(const View<T>&, const View<const T>&);
WENGERT_INSTANTIATE(float)
WENGERT_INSTANTIATE(double)
WENGERT_INSTANTIATE(std::int32_t)
WENGERT_INSTANTIATE(Index)
WENGERT_INSTANTIATE(bool)
#undef WENGERT_INSTANTIATE
template void accumulate(const View<float>&, const View<const float>&);
template void accumulate(const View<double>&, const View<const double>&);
template void accumulate(const View<Index>&, const View<const Index>&);

}  // namespace kernels
}  // namespace v1
}  // namespace autodiff

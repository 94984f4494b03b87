// SPDX-License-Identifier: MIT
#include "autodiff/ops/matrices.hpp"

#include "autodiff/kernels/elementwise.hpp"
#include "autodiff/ops/arithmetic.hpp"
#include "autodiff/ops/layout.hpp"
#include "autodiff/ops/reduce.hpp"

#include <cmath>
#include <fmt/format.h>

namespace autodiff {
inline namespace v1 {

Shape batch_of(const Shape& shape) { return Shape(shape.extents().first(static_cast<std::size_t>(shape.rank() - 2))); }

Shape with_matrix(const Shape& batch, Index rows, Index columns) {
    Extents extents(batch.begin(), batch.end());
    extents.push_back(rows);
    extents.push_back(columns);
    return Shape(std::span<const Index>(extents.data(), extents.size()));
}

std::vector<Index> broadcast_positions(const Shape& from, const Shape& to) {
    const Strides strides = broadcast_strides(from, row_major(from), to);
    std::vector<Index> result(static_cast<std::size_t>(to.size()));
    Extents position(strides.size(), 0);
    Index at = 0;
    for (Index& entry : result) {
        entry = at;
        for (std::size_t axis = position.size(); axis-- > 0;) {
            at += strides[axis];
            if (++position[axis] < to.extents()[axis]) break;
            at -= strides[axis] * position[axis];
            position[axis] = 0;
        }
    }
    return result;
}

template <class T>
std::string described(const Tensor<T>& x) {
    const std::string_view name = x.recorded() ? Tape::from(*current).given_name(x.place().row) : std::string_view();
    return name.empty() ? to_string(x.shape()) : fmt::format("{} {}", name, to_string(x.shape()));
}

template <class T>
std::string described(const Tensor<T>& x, Index matrix) {
    return x.rank() == 2 ? described(x) : fmt::format("matrix {} of {}", matrix, described(x));
}

template <class T>
void check_square(std::string_view operation, const Tensor<T>& x) {
    if (x.rank() < 2 || x.shape()[-1] != x.shape()[-2]) throw ShapeError(operation, "square matrices [.., n, n]", described(x));
}

template <class T>
void check_finite(std::string_view operation, const Tensor<T>& x) {
    const Tensor<T> values = x.constant().contiguous();
    const Index columns = x.shape()[-1], size = x.shape()[-2] * columns;
    for (Index flat = 0; flat < values.size(); ++flat) {
        const T value = values.begin_data()[flat];
        if (std::isfinite(value)) [[likely]]
            continue;
        throw ValueError(operation, "finite elements",
                         fmt::format("{} with {} at row {}, column {}", described(x, flat / size),
                                     std::isnan(value) ? "nan" : (value > 0 ? "inf" : "-inf"), flat % size / columns, flat % columns));
    }
}

template <class T>
Tensor<T> copied(const Tensor<T>& x, const Shape& broadcast_to) {
    Tensor<T> y = Tensor<T>::uninitialised(broadcast_to);
    kernels::copy<T>(y.fill_view(), x.view().broadcast_to(broadcast_to));
    return y;
}

template <class T>
Tensor<T> symmetrised_copy(const Tensor<T>& x) {
    Tensor<T> y = copied(x, x.shape());
    const Index n = x.shape()[-1];
    for (T* a = y.fill_data(); a != y.fill_data() + y.size(); a += n * n)
        for (Index i = 0; i < n; ++i)
            for (Index j = 0; j < i; ++j) a[i * n + j] = a[j * n + i] = a[i * n + j] / 2 + a[j * n + i] / 2;
    return y;
}

template <class T>
Tensor<T> transposed(const Tensor<T>& x) {
    return swap_axes(x, -2, -1);
}

template <class T>
Tensor<T> symmetrised(const Tensor<T>& x) {
    return (x + transposed(x)) * T(0.5);
}

template <class T>
Tensor<T> rows(const Tensor<T>& x, Index start, Index stop) {
    std::vector<Slice> slices(static_cast<std::size_t>(x.rank() - 1), all);
    slices.back() = {start, stop};
    return slice(x, std::span<const Slice>(slices));
}

template <class T>
Tensor<T> as_matrices(const Tensor<T>& x) {
    return reshape(x, with_matrix(x.shape(), 1, 1));
}

template <class T>
Tensor<T> diagonal_matrix(const Tensor<T>& x) {
    return unsqueeze(x, -1) * Tensor<T>::eye(x.shape()[-1]);
}

template <class T>
Tensor<T> diagonal_of(const Tensor<T>& x) {
    return sum(x * Tensor<T>::eye(x.shape()[-1]), -1);
}

template <class T>
Tensor<T> triangle(Index n, bool lower, T diagonal) {
    Tensor<T> y = Tensor<T>::zeros({n, n});
    for (Index i = 0; i < n; ++i) {
        T* const row = y.fill_data() + i * n;
        if (lower)
            std::fill(row, row + i, T(1));
        else
            std::fill(row + i + 1, row + n, T(1));
        row[i] = diagonal;
    }
    return y;
}

#define WENGERT_INSTANTIATE(T)                                                                                                             \
    template std::string described(const Tensor<T>&);                                                                                      \
    template std::string described(const Tensor<T>&, Index);                                                                               \
    template void check_square(std::string_view, const Tensor<T>&);                                                                        \
    template void check_finite(std::string_view, const Tensor<T>&);                                                                        \
    template Tensor<T> copied(const Tensor<T>&, const Shape&);                                                                             \
    template Tensor<T> symmetrised_copy(const Tensor<T>&);                                                                                 \
    template Tensor<T> transposed(const Tensor<T>&);                                                                                       \
    template Tensor<T> symmetrised(const Tensor<T>&);                                                                                      \
    template Tensor<T> rows(const Tensor<T>&, Index, Index);                                                                               \
    template Tensor<T> as_matrices(const Tensor<T>&);                                                                                      \
    template Tensor<T> diagonal_matrix(const Tensor<T>&);                                                                                  \
    template Tensor<T> diagonal_of(const Tensor<T>&);                                                                                      \
    template Tensor<T> triangle(Index, bool, T);
WENGERT_INSTANTIATE(float)
WENGERT_INSTANTIATE(double)
#undef WENGERT_INSTANTIATE

}  // namespace v1
}  // namespace autodiff

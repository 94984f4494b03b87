// SPDX-License-Identifier: MIT
#include "autodiff/tensor.hpp"

#include "autodiff/kernels/elementwise.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>

namespace autodiff {
inline namespace v1 {

namespace internal {

const Shape& no_elements() noexcept {
    static const Shape shape{0};
    return shape;
}
const Strides& one_step() noexcept {
    static const Strides strides{1};
    return strides;
}

}  // namespace internal

template <class T>
Tensor<T> Tensor<T>::uninitialised(Shape shape) {
    return Tensor(kernels::Shared(kernels::Body::make(std::move(shape), sizeof(T))), {});
}

template <class T>
Tensor<T>::Tensor(Shape shape, std::span<const T> values) {
    if (static_cast<std::size_t>(shape.size()) != values.size())
        throw ShapeError("tensor", fmt::format("{} values for shape {}", shape.size(), to_string(shape)), fmt::format("{}", values.size()));
    *this = uninitialised(std::move(shape));
    std::copy(values.begin(), values.end(), fill_data());
}

template <class T>
Tensor<T> Tensor<T>::full(Shape shape, T value) {
    Tensor x = uninitialised(std::move(shape));
    std::fill_n(x.fill_data(), x.size(), value);
    return x;
}

template <class T>
Tensor<T> Tensor<T>::eye(Index n) {
    Tensor x = zeros({n, n});
    for (Index i = 0; i < n; ++i) x.fill_data()[i * (n + 1)] = static_cast<T>(1);
    return x;
}

template <class T>
Tensor<T> Tensor<T>::arange(Index n) {
    Tensor x = uninitialised({n});
    for (Index i = 0; i < n; ++i) x.fill_data()[i] = static_cast<T>(i);
    return x;
}

template <class T>
Tensor<T> Tensor<T>::from_rows(std::initializer_list<std::initializer_list<T>> rows) {
    const Index columns = rows.size() == 0 ? 0 : static_cast<Index>(rows.begin()->size());
    Tensor x = uninitialised({static_cast<Index>(rows.size()), columns});
    T* next = x.fill_data();
    for (const auto& row : rows) {
        if (static_cast<Index>(row.size()) != columns)
            throw ShapeError("from_rows", fmt::format("rows of equal length {}", columns), fmt::format("a row of {}", row.size()));
        next = std::copy(row.begin(), row.end(), next);
    }
    return x;
}

template <class T>
Tensor<T> Tensor<T>::contiguous() const {
    if (is_contiguous()) return *this;
    Tensor x = uninitialised(shape());
    kernels::copy(x.fill_view(), view());
    x.place_ = place_;
    return x;
}

template <class T>
std::span<const T> Tensor<T>::data() const {
    if (!is_contiguous())
        throw ShapeError("data", "values in row-major order",
                         fmt::format("a view of shape {} with strides [{}]", to_string(shape()), fmt::join(strides(), ", ")),
                         "take contiguous() first");
    return {begin_data(), static_cast<std::size_t>(size())};
}

template <class T>
T Tensor<T>::item() const {
    if (size() != 1) throw ShapeError("item", "a tensor with one element", fmt::format("shape {}", to_string(shape())));
    return *begin_data();
}

template <class T>
Index Tensor<T>::offset_of(std::span<const Index> position) const {
    if (static_cast<Index>(position.size()) != rank())
        throw ShapeError("element", fmt::format("{} indices for shape {}", rank(), to_string(shape())), fmt::format("{}", position.size()));
    Index offset = 0;
    for (std::size_t axis = 0; axis < position.size(); ++axis) {
        const Index extent = shape().extents()[axis], index = position[axis] < 0 ? position[axis] + extent : position[axis];
        if (index < 0 || index >= extent)
            throw IndexError("element", fmt::format("indices inside shape {}", to_string(shape())),
                             fmt::format("({})", fmt::join(position, ", ")));
        offset += index * strides()[axis];
    }
    return offset;
}

template <class T>
Tensor<T> Tensor<T>::with_layout(Shape shape, Strides strides, Index offset) const {
    if (!body_) return uninitialised(std::move(shape));
    const std::ptrdiff_t bytes = offset * static_cast<std::ptrdiff_t>(sizeof(T));
    return Tensor(kernels::Shared(kernels::Body::view(body_.get(), std::move(shape), std::move(strides), bytes)), {});
}

template <class T>
void Tensor<T>::own() {
    if (recorded())
        throw TapeError(TapeError::Kind::wrong_tape, "in_place", "a tensor that is on no tape",
                        fmt::format("a recorded tensor of shape {}", to_string(shape())),
                        "values on a tape never change; update the constant from which the variable was made");
    if (unique() && is_contiguous()) return;
    Tensor x = uninitialised(shape());
    kernels::copy(x.fill_view(), view());
    *this = std::move(x);
}

template <class T>
std::span<T> in_place(Tensor<T>& x) {
    x.own();
    return {x.fill_data(), static_cast<std::size_t>(x.size())};
}

template class Tensor<float>;
template class Tensor<double>;
template class Tensor<std::int32_t>;
template class Tensor<std::int64_t>;
template class Tensor<bool>;
template std::span<float> in_place(Tensor<float>&);
template std::span<double> in_place(Tensor<double>&);
template std::span<std::int32_t> in_place(Tensor<std::int32_t>&);
template std::span<std::int64_t> in_place(Tensor<std::int64_t>&);
template std::span<bool> in_place(Tensor<bool>&);

}  // namespace v1
}  // namespace autodiff

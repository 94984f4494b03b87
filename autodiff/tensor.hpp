// SPDX-License-Identifier: MIT
/// Values, a shape, and a place on a tape. Operations on tensors are in ops/, one header each; this file is what a tensor is.
#pragma once

#include "autodiff/handle.hpp"
#include "autodiff/kernels/storage.hpp"
#include "autodiff/shape.hpp"

#include <array>
#include <initializer_list>
#include <span>
#include <type_traits>
#include <vector>

namespace autodiff {
inline namespace v1 {

/// Where a tensor stands: its row, its recording, and its node beside the list. Row 0 is a constant.
struct Place {
    std::uint32_t row = 0;
    RecordingId id = constant_id;
    std::uint32_t node = 0;
};

/// A Scalar as a rank-0 tensor on the same tape.        vjp: sbar += ybar
template <class T>
Tensor<T> from_scalar(const Scalar& s);
/// A rank-0 tensor as a Scalar on the same tape. throws ShapeError for any other rank
Scalar to_scalar(const Tensor<double>& x);

namespace internal {

/// What a tensor without a body has: shape [0].
const Shape& no_elements() noexcept;
const Strides& one_step() noexcept;

}  // namespace internal

/// An n-dimensional array, row-major, of float, double, std::int32_t, std::int64_t or bool. Only the floating ones can be on a tape.
///
/// A value type of 24 bytes: copies share memory, and memory that is shared never changes (assignment rebinds). Reshape, transpose and
/// slice are views: they share the memory with other strides. `in_place(x)` is the one door for updates, and copies first if others look.
template <class T>
class Tensor {
  public:
    using value_type = T;
    static constexpr bool differentiable = std::is_floating_point_v<T>;

    /// Empty: shape [0].
    Tensor() noexcept = default;
    /// throws ShapeError unless there is one value per element
    Tensor(Shape shape, std::span<const T> values);
    Tensor(Shape shape, std::initializer_list<T> values) : Tensor(std::move(shape), std::span<const T>(values.begin(), values.size())) {}
    template <std::same_as<T> U>
        requires(!std::same_as<U, bool>)
    Tensor(Shape shape, const std::vector<U>& values) : Tensor(std::move(shape), std::span<const T>(values)) {}
    /// Rank 0.
    explicit Tensor(T value) : Tensor(full({}, value)) {}
    /// Rank 0, on the tape where the scalar is; see also `stack` and `from_scalar`.
    template <AScalar S>
        requires std::is_floating_point_v<T>
    explicit Tensor(const S& value) {
        *this = from_scalar<T>(value);
    }

    [[nodiscard]] static Tensor uninitialised(Shape shape);
    [[nodiscard]] static Tensor full(Shape shape, T value);
    [[nodiscard]] static Tensor zeros(Shape shape) { return full(std::move(shape), T{}); }
    [[nodiscard]] static Tensor ones(Shape shape) { return full(std::move(shape), static_cast<T>(1)); }
    [[nodiscard]] static Tensor eye(Index n);
    /// 0, 1, ..., n - 1
    [[nodiscard]] static Tensor arange(Index n);
    /// Rank 1 from a list of values.
    [[nodiscard]] static Tensor of(std::initializer_list<T> values) { return Tensor(Shape{static_cast<Index>(values.size())}, values); }
    /// throws ShapeError unless all rows have the same length
    [[nodiscard]] static Tensor from_rows(std::initializer_list<std::initializer_list<T>> rows);

    [[nodiscard]] const Shape& shape() const noexcept { return body_ ? body_->shape : internal::no_elements(); }
    [[nodiscard]] Index rank() const noexcept { return shape().rank(); }
    [[nodiscard]] Index size() const noexcept { return body_ ? body_->shape.size() : 0; }
    [[nodiscard]] const Strides& strides() const noexcept { return body_ ? body_->strides : internal::one_step(); }
    [[nodiscard]] bool is_contiguous() const noexcept { return !body_ || body_->contiguous; }
    /// The same values in row-major order; x itself if they are already.
    [[nodiscard]] Tensor contiguous() const;
    /// The values in row-major order. throws ShapeError for a strided view (take `contiguous()` first)
    [[nodiscard]] std::span<const T> data() const;
    /// The one element. throws ShapeError unless there is exactly one
    [[nodiscard]] T item() const;
    /// The element at a position, one index per axis, negative ones from the end: a Scalar on the tensor's tape for floating tensors.
    /// throws IndexError outside the extents, ShapeError for a wrong number of indices
    template <std::integral... I>
    [[nodiscard]] auto operator()(I... indices) const {
        const std::array<Index, sizeof...(I)> position{static_cast<Index>(indices)...};
        return element(std::span<const Index>(position));
    }
    [[nodiscard]] auto element(std::span<const Index> position) const -> std::conditional_t<std::is_floating_point_v<T>, Scalar, T>;
    /// The number at a position, without a derivative.
    template <std::integral... I>
    [[nodiscard]] T at(I... indices) const {
        const std::array<Index, sizeof...(I)> position{static_cast<Index>(indices)...};
        return begin_data()[offset_of(std::span<const Index>(position))];
    }

    /// A rank-0 tensor is a Scalar. throws ShapeError for any other rank
    template <std::same_as<double> U = T>
    operator Scalar() const {
        return to_scalar(*this);
    }

    [[nodiscard]] bool recorded() const noexcept { return place_.row != 0; }
    /// The same values as a constant: the derivative ends here.
    [[nodiscard]] Tensor constant() const& { return with_place({}); }
    [[nodiscard]] Tensor constant() && noexcept { return std::move(*this).with_place({}); }

    // For operations: layouts that share memory, places, borrowed values.
    [[nodiscard]] Tensor with_layout(Shape shape, Strides strides, Index offset) const;
    [[nodiscard]] Tensor with_place(Place place) const& noexcept { return Tensor(body_, place); }
    [[nodiscard]] Tensor with_place(Place place) && noexcept { return Tensor(std::move(body_), place); }
    [[nodiscard]] const Place& place() const noexcept { return place_; }
    [[nodiscard]] View<const T> view() const { return {begin_data(), shape(), strides()}; }
    /// For filling a tensor that has just been made uninitialised.
    [[nodiscard]] T* fill_data() noexcept { return body_ ? reinterpret_cast<T*>(body_->data) : nullptr; }
    [[nodiscard]] View<T> fill_view() { return {fill_data(), shape(), strides()}; }
    [[nodiscard]] const T* begin_data() const noexcept { return body_ ? reinterpret_cast<const T*>(body_->data) : nullptr; }
    [[nodiscard]] bool unique() const noexcept { return body_ && body_->unique(); }
    [[nodiscard]] Index offset_of(std::span<const Index> position) const;

    template <class U>
    friend std::span<U> in_place(Tensor<U>& x);

  private:
    Tensor(kernels::Shared body, Place place) noexcept : body_(std::move(body)), place_(place) {}
    void own();

    kernels::Shared body_;  // none: no elements
    Place place_;
};

/// The values of x for writing: the one door for in-place updates, made for optimizers and running statistics. If memory is shared
/// (with a view, a copy, a tape) x gets its own first, so nobody else sees the change. throws TapeError if x is on a tape
template <class T>
std::span<T> in_place(Tensor<T>& x);

template <class X>
inline constexpr bool is_tensor = false;
template <class T>
inline constexpr bool is_tensor<Tensor<T>> = true;
template <class X>
concept ATensor = is_tensor<std::remove_cvref_t<X>>;
/// Tensors that can be on a tape.
template <class X>
concept ADifferentiableTensor = ATensor<X> && std::remove_cvref_t<X>::differentiable;

template <class T>
inline constexpr bool is_lifted<Tensor<T>> = Tensor<T>::differentiable;

extern template class Tensor<float>;
extern template class Tensor<double>;
extern template class Tensor<std::int32_t>;
extern template class Tensor<std::int64_t>;
extern template class Tensor<bool>;

}  // namespace v1
}  // namespace autodiff

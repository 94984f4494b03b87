// SPDX-License-Identifier: MIT
/// What the two ways to convolve share: extents, and the parts in which a weight gradient is summed. The ways: conv_direct.hpp,
/// conv_columns.hpp. All operands are row-major here.
#pragma once

#include "autodiff/kernels/conv.hpp"
#include "autodiff/kernels/storage.hpp"

#include <algorithm>

namespace autodiff {
inline namespace v1 {
namespace kernels {

/// Every extent and what follows from them, for one group of one image.
struct ConvPlan {
    Conv2dGeometry g;
    Index images, channels, h, w;  // channels of a group of x
    Index filters, kh, kw;         // channels of a group of y
    Index oh, ow, taps;            // taps = channels kh kw: weights of a filter

    /// throws ShapeError unless y is the shape of the result
    ConvPlan(const Shape& x, const Shape& kernel, const Shape& y, const Conv2dGeometry& geometry) : g(geometry) {
        const Shape expected = conv2d_shape(x, kernel, g);
        if (y != expected) throw ShapeError("conv2d", "a result of shape " + to_string(expected), to_string(y));
        images = x[0], channels = x[1] / g.groups, h = x[2], w = x[3];
        filters = kernel[0] / g.groups, kh = kernel[2], kw = kernel[3];
        oh = y[2], ow = y[3], taps = channels * kh * kw;
    }
    /// A 1x1 kernel that visits every pixel.
    [[nodiscard]] bool pointwise() const {
        return kh == 1 && kw == 1 && g.stride == std::array<Index, 2>{1, 1} && g.padding == std::array<Index, 2>{0, 0};
    }
    // where the part of a group begins
    [[nodiscard]] Index input(Index image, Index group) const { return (image * g.groups + group) * channels * h * w; }
    [[nodiscard]] Index output(Index image, Index group) const { return (image * g.groups + group) * filters * oh * ow; }
    [[nodiscard]] Index kernel(Index group) const { return group * filters * taps; }
    [[nodiscard]] Index weights() const { return g.groups * filters * taps; }
};

template <class T>
T* values(const Storage& storage) {
    return reinterpret_cast<T*>(storage.bytes());
}

/// Sums of a weight gradient that may run in parallel. How many there are depends on the extents alone.
template <class T>
class WeightParts {
  public:
    /// `units` of work, at least one.
    WeightParts(T* wbar, Index size, Index units)
        : wbar_(wbar), size_(size), units_(units), count_(std::min<Index>(units, 8)), others_((count_ - 1) * size, sizeof(T)) {}
    [[nodiscard]] Index count() const { return count_; }
    [[nodiscard]] Index begin(Index part) const { return units_ * part / count_; }  ///< of its units
    [[nodiscard]] T* sum(Index part) const { return part == 0 ? wbar_ : values<T>(others_) + (part - 1) * size_; }
    /// Pairwise, always in this order.
    void add_up() const {
        for (Index step = 1; step < count_; step *= 2)
            for (Index part = 0; part + step < count_; part += 2 * step) {
                T* const into = sum(part);
                const T* const from = sum(part + step);
                for (Index i = 0; i < size_; ++i) into[i] += from[i];
            }
    }

  private:
    T* wbar_;
    Index size_, units_, count_;
    Storage others_;  // part 0 is wbar itself
};

}  // namespace kernels
}  // namespace v1
}  // namespace autodiff

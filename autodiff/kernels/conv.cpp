// SPDX-License-Identifier: MIT
#include "autodiff/kernels/conv.hpp"

#include "autodiff/kernels/conv_columns.hpp"
#include "autodiff/kernels/conv_direct.hpp"
#include "autodiff/kernels/elementwise.hpp"

#include <fmt/format.h>
#include <limits>

namespace autodiff {
inline namespace v1 {
namespace kernels {

namespace {

constexpr Index largest_step = std::numeric_limits<std::int32_t>::max();  // so that positions do not overflow

std::string listed(const std::array<Index, 2>& pair) { return fmt::format("({}, {})", pair[0], pair[1]); }

/// A view whose elements lie in row-major order: the given one or a copy.
template <class T>
struct Dense {
    Storage storage;
    const T* data;
    explicit Dense(const View<const T>& x) : data(x.data) {
        if (x.contiguous()) return;
        storage = Storage(x.shape.size(), sizeof(T));
        T* const target = values<T>(storage);
        copy(View<T>{target, x.shape, row_major(x.shape)}, x);
        data = target;
    }
};

template <class T>
void clear(const View<T>& y) {
    fill(y, T(0));
}

constexpr Index many_channels = 64;        // of a 1x1 kernel that visits every pixel: BLAS reads the image as it lies
constexpr Index cached_weights = 4 << 20;  // bytes; more do not stay near while images pass, but those of a matrix product do, in blocks

/// Measured with OpenBLAS, float, AVX2: elsewhere direct convolution takes 0.3 to 1.0 of the time of the columns' way.
bool direct(const ConvPlan& plan, std::size_t size) {
    if (plan.pointwise() && plan.channels >= many_channels) return false;
    return plan.filters * plan.taps * static_cast<Index>(size) <= cached_weights;
}

}  // namespace

Shape conv2d_shape(const Shape& x, const Shape& w, const Conv2dGeometry& g) {
    if (x.rank() != 4 || w.rank() != 4)
        throw ShapeError("conv2d", "an input [n, in, h, w] and a kernel [out, in / groups, kh, kw]",
                         fmt::format("{} and {}", to_string(x), to_string(w)));
    const auto [least, most] = std::minmax({g.stride[0], g.stride[1], g.dilation[0], g.dilation[1], g.groups});
    if (least < 1 || most > largest_step)
        throw ValueError("conv2d", fmt::format("stride, dilation and groups from 1 to {}", largest_step),
                         fmt::format("stride {}, dilation {}, groups {}", listed(g.stride), listed(g.dilation), g.groups));
    if (std::min(g.padding[0], g.padding[1]) < 0 || std::max(g.padding[0], g.padding[1]) > largest_step)
        throw ValueError("conv2d", fmt::format("a padding from 0 to {}", largest_step), listed(g.padding));
    if (x[1] % g.groups != 0 || w[1] != x[1] / g.groups || w[0] % g.groups != 0 || w[2] < 1 || w[3] < 1)
        throw ShapeError("conv2d", fmt::format("a kernel [out, in / groups, kh, kw] for {} in {} groups", to_string(x), g.groups),
                         to_string(w));
    std::array<Index, 2> out;
    for (std::size_t k = 0; k < 2; ++k) {
        const Index axis = 2 + static_cast<Index>(k), padded = x[axis] + 2 * g.padding[k];
        if (padded < 1 || w[axis] - 1 > (padded - 1) / g.dilation[k])
            throw ShapeError("conv2d", fmt::format("a kernel that spans at most {} along axis {}, the padded input", padded, axis),
                             fmt::format("{} with dilation {}", to_string(w), listed(g.dilation)));
        out[k] = (padded - 1 - g.dilation[k] * (w[axis] - 1)) / g.stride[k] + 1;
    }
    return {x[0], w[0], out[0], out[1]};
}

template <class T>
void conv2d(const View<const T>& x, const View<const T>& w, const View<T>& y, const Conv2dGeometry& geometry) {
    const ConvPlan plan(x.shape, w.shape, y.shape, geometry);
    if (y.shape.size() == 0) return;
    if (plan.taps == 0) return clear(y);
    const Dense<T> image(x), kernel(w);
    (direct(plan, sizeof(T)) ? direct_conv2d<T> : columns_conv2d<T>)(plan, image.data, kernel.data, y.data);
}

template <class T>
void conv2d_input(const View<const T>& ybar, const View<const T>& w, const View<T>& xbar, const Conv2dGeometry& geometry) {
    const ConvPlan plan(xbar.shape, w.shape, ybar.shape, geometry);
    if (xbar.shape.size() == 0) return;
    if (ybar.shape.size() == 0) return clear(xbar);
    const Dense<T> upstream(ybar), kernel(w);
    (direct(plan, sizeof(T)) ? direct_conv2d_input<T> : columns_conv2d_input<T>)(plan, upstream.data, kernel.data, xbar.data);
}

template <class T>
void conv2d_weight(const View<const T>& x, const View<const T>& ybar, const View<T>& wbar, const Conv2dGeometry& geometry) {
    const ConvPlan plan(x.shape, wbar.shape, ybar.shape, geometry);
    if (wbar.shape.size() == 0) return;
    if (ybar.shape.size() == 0) return clear(wbar);
    const Dense<T> image(x), upstream(ybar);
    (direct(plan, sizeof(T)) ? direct_conv2d_weight<T> : columns_conv2d_weight<T>)(plan, image.data, upstream.data, wbar.data);
}

#define WENGERT_INSTANTIATE(T)                                                                                                             \
    template void conv2d(const View<const T>&, const View<const T>&, const View<T>&, const Conv2dGeometry&);                               \
    template void conv2d_input(const View<const T>&, const View<const T>&, const View<T>&, const Conv2dGeometry&);                         \
    template void conv2d_weight(const View<const T>&, const View<const T>&, const View<T>&, const Conv2dGeometry&);
WENGERT_INSTANTIATE(float)
WENGERT_INSTANTIATE(double)
#undef WENGERT_INSTANTIATE

}  // namespace kernels
}  // namespace v1
}  // namespace autodiff

// SPDX-License-Identifier: MIT
// An image is worked on in bands of output rows. `unfold` lays out what the kernel sees there as a matrix "columns", one row for each
// weight of a filter (channel, u, v) and one column for each output pixel of the band; `fold` adds such a matrix back into the image.
// Then, for each group:  y = w columns(x),  columns(xbar) = w^T ybar,  wbar = ybar columns(x)^T.
#include "autodiff/kernels/conv.hpp"

#include "autodiff/kernels/elementwise.hpp"
#include "autodiff/kernels/gemm.hpp"
#include "autodiff/kernels/storage.hpp"
#include "autodiff/kernels/threads.hpp"

#include <fmt/format.h>
#include <limits>
#include <memory>
#include <new>

namespace autodiff {
inline namespace v1 {
namespace kernels {

namespace {

constexpr Index workspace_bytes = 1 << 20;  // for the columns of a band: about a second-level cache
constexpr Index band_pixels = 256;          // narrower products run below the speed of BLAS, whatever the cache says
constexpr Index largest_step = std::numeric_limits<std::int32_t>::max();  // so that positions do not overflow
constexpr Index weight_parts = 8;                                         // sums of the weight gradient that may run in parallel

std::string listed(const std::array<Index, 2>& pair) { return fmt::format("({}, {})", pair[0], pair[1]); }

/// Memory for the columns of a band. A thread keeps the largest it has needed: fresh pages would cost more than filling them.
class Workspace {
  public:
    template <class T>
    static T* of(Index elements) {
        thread_local Workspace mine;
        const std::size_t size = static_cast<std::size_t>(elements) * sizeof(T);
        if (mine.size_ < size) {
            mine.bytes_.reset();  // first, so that both are never held at once
            mine.size_ = 0;
            mine.bytes_.reset(static_cast<std::byte*>(::operator new(size, alignment)));
            mine.size_ = size;
        }
        return reinterpret_cast<T*>(mine.bytes_.get());
    }

  private:
    static constexpr std::align_val_t alignment{64};
    struct Release {
        void operator()(std::byte* bytes) const { ::operator delete(bytes, alignment); }
    };
    std::unique_ptr<std::byte, Release> bytes_;
    std::size_t size_ = 0;
};

/// A view whose elements lie in row-major order: the given one or a copy.
template <class T>
struct Dense {
    Storage storage;
    const T* data;
    explicit Dense(const View<const T>& x) : data(x.data) {
        if (x.contiguous()) return;
        storage = Storage(x.shape.size(), sizeof(T));
        T* const target = reinterpret_cast<T*>(storage.bytes());
        copy(View<T>{target, x.shape, row_major(x.shape)}, x);
        data = target;
    }
};

template <class T>
View<T> matrix(T* data, Index rows, Index columns, Index leading) {
    return {data, Shape{rows, columns}, {leading, 1}};
}
template <class T>
View<const T> transposed(const View<const T>& a) {
    return {a.data, Shape{a.shape[1], a.shape[0]}, {a.strides[1], a.strides[0]}};
}

/// Every extent and what follows from them, for one group of one image.
template <class T>
struct Plan {
    Conv2dGeometry g;
    Index images, channels, h, w;  // channels of a group of x
    Index filters, kh, kw;         // channels of a group of y
    Index oh, ow, taps;            // taps = channels kh kw: weights of a filter
    Index rows_a_band, bands;
    bool pointwise;  // a 1x1 kernel that visits every pixel: the image is its own matrix of columns

    Plan(const Shape& x, const Shape& kernel, const Shape& y, const Conv2dGeometry& geometry) : g(geometry) {
        const Shape expected = conv2d_shape(x, kernel, g);
        if (y != expected) throw ShapeError("conv2d", "a result of shape " + to_string(expected), to_string(y));
        images = x[0], channels = x[1] / g.groups, h = x[2], w = x[3];
        filters = kernel[0] / g.groups, kh = kernel[2], kw = kernel[3];
        oh = y[2], ow = y[3], taps = channels * kh * kw;
        const Index cached = workspace_bytes / static_cast<Index>(sizeof(T)) / std::max<Index>(1, taps);
        rows_a_band = std::clamp<Index>(std::max(cached, band_pixels) / std::max<Index>(1, ow), 1, std::max<Index>(1, oh));
        bands = (oh + rows_a_band - 1) / rows_a_band;
        pointwise = kh == 1 && kw == 1 && g.stride == std::array<Index, 2>{1, 1} && g.padding == std::array<Index, 2>{0, 0};
    }
    [[nodiscard]] Index first_row(Index band) const { return band * rows_a_band; }
    [[nodiscard]] Index band_width(Index band) const { return (std::min(oh, first_row(band) + rows_a_band) - first_row(band)) * ow; }
    [[nodiscard]] T* workspace() const { return pointwise ? nullptr : Workspace::of<T>(taps * rows_a_band * ow); }
    // where the part of a group begins
    [[nodiscard]] Index input(Index image, Index group) const { return (image * g.groups + group) * channels * h * w; }
    [[nodiscard]] Index output(Index image, Index group) const { return (image * g.groups + group) * filters * oh * ow; }
    [[nodiscard]] Index kernel(Index group) const { return group * filters * taps; }

    /// visit(row of columns as pointer, row of the image as pointer or null, begin, end, first source): output pixels [begin, end) of
    /// one output row lie in the image, at first source, first source + stride, ...
    template <class Image, class Visit>
    void for_taps(T* columns, Image* image, Index band, const Visit& visit) const {
        const Index first = first_row(band), last = first + band_width(band) / ow;
        for (Index c = 0; c < channels; ++c)
            for (Index u = 0; u < kh; ++u)
                for (Index v = 0; v < kw; ++v) {
                    const Index shift = v * g.dilation[1] - g.padding[1];  // of the source of output pixel 0
                    const Index begin = std::clamp<Index>(shift >= 0 ? 0 : (-shift + g.stride[1] - 1) / g.stride[1], 0, ow);
                    const Index end = std::clamp<Index>(w - shift <= 0 ? 0 : (w - shift + g.stride[1] - 1) / g.stride[1], begin, ow);
                    for (Index i = first; i < last; ++i, columns += ow) {
                        const Index a = i * g.stride[0] + u * g.dilation[0] - g.padding[0];
                        const bool inside = a >= 0 && a < h && begin < end;
                        visit(columns, inside ? image + (c * h + a) * w + (begin * g.stride[1] + shift) : nullptr, begin, end);
                    }
                }
    }
    void unfold(T* columns, const T* image, Index band) const {
        for_taps(columns, image, band, [this](T* to, const T* from, Index begin, Index end) {
            if (from == nullptr) return void(std::fill(to, to + ow, T(0)));
            std::fill(to, to + begin, T(0));
            if (g.stride[1] == 1)
                std::copy(from, from + (end - begin), to + begin);
            else
                for (Index j = begin; j < end; ++j) to[j] = from[(j - begin) * g.stride[1]];
            std::fill(to + end, to + ow, T(0));
        });
    }
    void fold(T* columns, T* image, Index band) const {
        for_taps(columns, image, band, [this](const T* from, T* to, Index begin, Index end) {
            if (to == nullptr) return;
            if (g.stride[1] == 1)
                for (Index j = begin; j < end; ++j) to[j - begin] += from[j];
            else
                for (Index j = begin; j < end; ++j) to[(j - begin) * g.stride[1]] += from[j];
        });
    }
    /// columns of a band: computed, or where they lie in the image already
    View<const T> columns(T* workspace, const T* image, Index band) const {
        const Index width = band_width(band);
        if (pointwise) return matrix(image + first_row(band) * ow, taps, width, h * w);
        unfold(workspace, image, band);
        return matrix<const T>(workspace, taps, width, width);
    }
};

template <class T>
T* values(const Storage& storage) {
    return reinterpret_cast<T*>(storage.bytes());
}

template <class T>
void clear(const View<T>& y) {
    fill(y, T(0));
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
    const Plan<T> plan(x.shape, w.shape, y.shape, geometry);
    if (y.shape.size() == 0) return;
    if (plan.taps == 0) return clear(y);
    const Dense<T> image(x), kernel(w);
    const SerialBlas serial;
    const Index units = plan.images * plan.g.groups * plan.bands;
    parallel_for(units, 1, [&](Index begin, Index end) {
        T* const workspace = plan.workspace();
        for (Index unit = begin; unit < end; ++unit) {
            const Index band = unit % plan.bands, group = unit / plan.bands % plan.g.groups, n = unit / plan.bands / plan.g.groups;
            const View<const T> columns = plan.columns(workspace, image.data + plan.input(n, group), band);
            T* const target = y.data + plan.output(n, group) + plan.first_row(band) * plan.ow;
            matmul(matrix(kernel.data + plan.kernel(group), plan.filters, plan.taps, plan.taps), columns,
                   matrix(target, plan.filters, plan.band_width(band), plan.oh * plan.ow), false);
        }
    });
}

template <class T>
void conv2d_input(const View<const T>& ybar, const View<const T>& w, const View<T>& xbar, const Conv2dGeometry& geometry) {
    const Plan<T> plan(xbar.shape, w.shape, ybar.shape, geometry);
    if (!plan.pointwise || ybar.shape.size() == 0 || w.shape.size() == 0) clear(xbar);
    if (xbar.shape.size() == 0 || ybar.shape.size() == 0) return;
    const Dense<T> upstream(ybar), kernel(w);
    const SerialBlas serial;
    parallel_for(plan.images * plan.g.groups, 1, [&](Index begin, Index end) {  // bands overlap in xbar: one after the other
        T* const workspace = plan.workspace();
        for (Index unit = begin; unit < end; ++unit) {
            const Index group = unit % plan.g.groups, n = unit / plan.g.groups;
            T* const target = xbar.data + plan.input(n, group);
            const View<const T> wt = transposed(matrix(kernel.data + plan.kernel(group), plan.filters, plan.taps, plan.taps));
            for (Index band = 0; band < plan.bands; ++band) {
                const Index width = plan.band_width(band);
                const T* const source = upstream.data + plan.output(n, group) + plan.first_row(band) * plan.ow;
                const View<const T> rows = matrix(source, plan.filters, width, plan.oh * plan.ow);
                if (plan.pointwise) {
                    matmul(wt, rows, matrix(target + plan.first_row(band) * plan.ow, plan.taps, width, plan.h * plan.w), false);
                } else {
                    matmul(wt, rows, matrix(workspace, plan.taps, width, width), false);
                    plan.fold(workspace, target, band);
                }
            }
        }
    });
}

template <class T>
void conv2d_weight(const View<const T>& x, const View<const T>& ybar, const View<T>& wbar, const Conv2dGeometry& geometry) {
    const Plan<T> plan(x.shape, wbar.shape, ybar.shape, geometry);
    clear(wbar);
    if (wbar.shape.size() == 0 || ybar.shape.size() == 0) return;
    const Dense<T> image(x), upstream(ybar);
    const Index size = wbar.shape.size(), parts = std::min(plan.images, weight_parts);
    const Storage sums((parts - 1) * size, sizeof(T));  // part 0 adds into wbar itself
    if (parts > 1) std::fill(values<T>(sums), values<T>(sums) + (parts - 1) * size, T(0));
    const auto sum_of = [&](Index part) { return part == 0 ? wbar.data : values<T>(sums) + (part - 1) * size; };
    const SerialBlas serial;
    parallel_for(parts * plan.g.groups, 1, [&](Index begin, Index end) {
        T* const workspace = plan.workspace();
        for (Index unit = begin; unit < end; ++unit) {
            const Index group = unit % plan.g.groups, part = unit / plan.g.groups;
            const View<T> target = matrix(sum_of(part) + plan.kernel(group), plan.filters, plan.taps, plan.taps);
            for (Index n = plan.images * part / parts; n < plan.images * (part + 1) / parts; ++n)
                for (Index band = 0; band < plan.bands; ++band) {
                    const View<const T> columns = plan.columns(workspace, image.data + plan.input(n, group), band);
                    const T* const source = upstream.data + plan.output(n, group) + plan.first_row(band) * plan.ow;
                    matmul(matrix(source, plan.filters, plan.band_width(band), plan.oh * plan.ow), transposed(columns), target, true);
                }
        }
    });
    for (Index step = 1; step < parts; step *= 2)  // pairwise, always in this order
        for (Index part = 0; part + step < parts; part += 2 * step) {
            T* const into = sum_of(part);
            const T* const from = sum_of(part + step);
            for (Index i = 0; i < size; ++i) into[i] += from[i];
        }
}

#define WENGERT_INSTANTIATE(T)                                                                                                             \
    template void conv2d(const View<const T>&, const View<const T>&, const View<T>&, const Conv2dGeometry&);                               \
    template void conv2d_input(const View<const T>&, const View<const T>&, const View<T>&, const Conv2dGeometry&);                         \
    template void conv2d_weight(const View<const T>&, const View<const T>&, const View<T>&, const Conv2dGeometry&);
WENGERT_INSTANTIATE(float)
WENGERT_INSTANTIATE(double)

}  // namespace kernels
}  // namespace v1
}  // namespace autodiff

// SPDX-License-Identifier: MIT
// An image is worked on in bands of output rows. `unfold` lays out what the kernel sees there as a matrix "columns", one row for each
// weight of a filter (channel, u, v) and one column for each output pixel of the band; `fold` adds such a matrix back into the image.
// Then, for each group:  y = w columns(x),  columns(xbar) = w^T ybar,  wbar = ybar columns(x)^T.
#include "autodiff/kernels/conv_columns.hpp"

#include "autodiff/kernels/gemm.hpp"
#include "autodiff/kernels/threads.hpp"

namespace autodiff {
inline namespace v1 {
namespace kernels {

namespace {

constexpr Index workspace_bytes = 1 << 20;  // for the columns of a band: about a second-level cache
constexpr Index band_pixels = 256;          // narrower products run below the speed of BLAS, whatever the cache says

template <class T>
View<T> matrix_at(T* data, Index rows, Index columns, Index leading) {
    return {data, Shape{rows, columns}, {leading, 1}};
}
template <class T>
View<const T> transposed(const View<const T>& a) {
    return {a.data, Shape{a.shape[1], a.shape[0]}, {a.strides[1], a.strides[0]}};
}

/// The bands of an image, and their columns.
template <class T>
struct Columns : ConvPlan {
    Index rows_a_band, bands;

    explicit Columns(const ConvPlan& plan) : ConvPlan(plan) {
        const Index cached = workspace_bytes / static_cast<Index>(sizeof(T)) / std::max<Index>(1, taps);
        rows_a_band = std::clamp<Index>(std::max(cached, band_pixels) / std::max<Index>(1, ow), 1, std::max<Index>(1, oh));
        bands = (oh + rows_a_band - 1) / rows_a_band;
    }
    [[nodiscard]] Index first_row(Index band) const { return band * rows_a_band; }
    [[nodiscard]] Index band_width(Index band) const { return (std::min(oh, first_row(band) + rows_a_band) - first_row(band)) * ow; }
    [[nodiscard]] Storage workspace() const { return Storage(pointwise() ? 0 : taps * rows_a_band * ow, sizeof(T)); }

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
        if (pointwise()) return matrix_at(image + first_row(band) * ow, taps, width, h * w);
        unfold(workspace, image, band);
        return matrix_at<const T>(workspace, taps, width, width);
    }
};

}  // namespace

template <class T>
void columns_conv2d(const ConvPlan& extents, const T* x, const T* w, T* y) {
    const Columns<T> plan(extents);
    const SerialBlas serial;
    parallel_for(plan.images * plan.g.groups * plan.bands, 1, [&](Index begin, Index end) {
        const Storage workspace = plan.workspace();
        for (Index unit = begin; unit < end; ++unit) {
            const Index band = unit % plan.bands, group = unit / plan.bands % plan.g.groups, n = unit / plan.bands / plan.g.groups;
            const View<const T> columns = plan.columns(values<T>(workspace), x + plan.input(n, group), band);
            T* const target = y + plan.output(n, group) + plan.first_row(band) * plan.ow;
            matmul(matrix_at(w + plan.kernel(group), plan.filters, plan.taps, plan.taps), columns,
                   matrix_at(target, plan.filters, plan.band_width(band), plan.oh * plan.ow), false);
        }
    });
}

template <class T>
void columns_conv2d_input(const ConvPlan& extents, const T* ybar, const T* w, T* xbar) {
    const Columns<T> plan(extents);
    const SerialBlas serial;
    parallel_for(plan.images * plan.g.groups, 1, [&](Index begin, Index end) {  // bands overlap in xbar: one after the other
        const Storage workspace = plan.workspace();
        for (Index unit = begin; unit < end; ++unit) {
            const Index group = unit % plan.g.groups, n = unit / plan.g.groups, size = plan.channels * plan.h * plan.w;
            T* const target = xbar + plan.input(n, group);
            if (!plan.pointwise()) std::fill(target, target + size, T(0));
            const View<const T> wt = transposed(matrix_at(w + plan.kernel(group), plan.filters, plan.taps, plan.taps));
            for (Index band = 0; band < plan.bands; ++band) {
                const Index width = plan.band_width(band);
                const T* const source = ybar + plan.output(n, group) + plan.first_row(band) * plan.ow;
                const View<const T> rows = matrix_at(source, plan.filters, width, plan.oh * plan.ow);
                if (plan.pointwise()) {
                    matmul(wt, rows, matrix_at(target + plan.first_row(band) * plan.ow, plan.taps, width, plan.h * plan.w), false);
                } else {
                    matmul(wt, rows, matrix_at(values<T>(workspace), plan.taps, width, width), false);
                    plan.fold(values<T>(workspace), target, band);
                }
            }
        }
    });
}

template <class T>
void columns_conv2d_weight(const ConvPlan& extents, const T* x, const T* ybar, T* wbar) {
    const Columns<T> plan(extents);
    const WeightParts<T> parts(wbar, plan.weights(), plan.images);
    const SerialBlas serial;
    parallel_for(parts.count() * plan.g.groups, 1, [&](Index begin, Index end) {
        const Storage workspace = plan.workspace();
        for (Index unit = begin; unit < end; ++unit) {
            const Index group = unit % plan.g.groups, part = unit / plan.g.groups;
            const View<T> target = matrix_at(parts.sum(part) + plan.kernel(group), plan.filters, plan.taps, plan.taps);
            for (Index n = parts.begin(part); n < parts.begin(part + 1); ++n)
                for (Index band = 0; band < plan.bands; ++band) {
                    const View<const T> columns = plan.columns(values<T>(workspace), x + plan.input(n, group), band);
                    const T* const source = ybar + plan.output(n, group) + plan.first_row(band) * plan.ow;
                    const bool add = n > parts.begin(part) || band > 0;
                    matmul(matrix_at(source, plan.filters, plan.band_width(band), plan.oh * plan.ow), transposed(columns), target, add);
                }
        }
    });
    parts.add_up();
}

#define WENGERT_INSTANTIATE(T)                                                                                                             \
    template void columns_conv2d(const ConvPlan&, const T*, const T*, T*);                                                                 \
    template void columns_conv2d_input(const ConvPlan&, const T*, const T*, T*);                                                           \
    template void columns_conv2d_weight(const ConvPlan&, const T*, const T*, T*);
WENGERT_INSTANTIATE(float)
WENGERT_INSTANTIATE(double)
#undef WENGERT_INSTANTIATE

}  // namespace kernels
}  // namespace v1
}  // namespace autodiff

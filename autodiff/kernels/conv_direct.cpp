// SPDX-License-Identifier: MIT
// All three maps are correlations  y[f,i,j] = sum_t w[f,t] x[channel_t, i s + row_t, j s + column_t]  or the adjoint of one in w. A band of
// output rows of an image is laid out so that the loops see no edges: zeros around it, and with a stride s the columns that are s apart
// side by side, so that neighbours in y read neighbours. An image that needs none of this is read where it lies.
#include "autodiff/kernels/conv_direct.hpp"

#include "autodiff/kernels/conv_lanes.hpp"
#include "autodiff/kernels/threads.hpp"
#include "autodiff/short_list.hpp"

namespace autodiff {
inline namespace v1 {
namespace kernels {

namespace {

constexpr Index layout_bytes = 1 << 18;  // of a band: half a second-level cache
constexpr Index sums_bytes = 1 << 15;    // of a weight gradient with a sum for each lane: a first-level cache
constexpr Index least_rows = 4;          // of a band, so that not most of it is read for its neighbours

Index divided_up(Index a, Index b) { return (a + b - 1) / b; }

/// One product of each output: where it reads relative to (i s, j s), and the place of its weight.
struct Tap {
    Index channel, row, column, weight;
};
using Taps = ShortList<Tap, 32>;  // by rows

/// What is read, in which order, and with which lanes.
template <class T>
class Scene {
  public:
    Index rows, columns, filters;  // of y
    Index bands, band_rows;
    ShortList<Index, 32> weights;  // the place of each tap's weight

    /// image: channels, rows, columns; result: filters, rows, columns, and whether its rows follow each other without gaps
    Scene(std::array<Index, 3> image, std::array<Index, 2> stride, const Taps& taps, std::array<Index, 3> result, bool dense)
        : rows(result[1]), columns(result[2]), filters(result[0]), channels_(image[0]), h_(image[1]), w_(image[2]), stride_(stride) {
        Index last_row = 0, last_column = 0;
        if (!taps.empty()) first_row_ = taps.front().row, last_row = taps.back().row, first_column_ = last_column = taps.front().column;
        for (const Tap& tap : taps) first_column_ = std::min(first_column_, tap.column), last_column = std::max(last_column, tap.column);
        halo_ = last_row - first_row_;
        const Index width = (columns - 1) * stride[1] + last_column - first_column_ + 1;
        phase_ = divided_up(width, stride[1]);
        in_place_ = stride[1] == 1 && columns >= lanes() && std::min(first_row_, first_column_) >= 0 && first_column_ + width <= w_ &&
                    (rows - 1) * stride[0] + last_row < h_;
        flat_ = dense && in_place_ && width == w_ && columns == w_ && stride[0] == 1;
        pitch_ = in_place_ ? w_ : stride[1] * phase_;
        const Index kept = layout_bytes / (static_cast<Index>(sizeof(T)) * std::max<Index>(1, channels_ * pitch_));
        band_rows = std::clamp<Index>((kept - halo_) / stride[0], std::min(rows, least_rows), rows);
        bands = divided_up(rows, band_rows), band_rows = divided_up(rows, bands);
        plane_ = in_place_ ? h_ * w_ : ((band_rows - 1) * stride[0] + halo_ + 1) * pitch_;
        for (const Tap& tap : taps) {
            const Index column = tap.column - first_column_;
            offsets_.push_back(tap.channel * plane_ + (tap.row - first_row_) * pitch_ + column % stride[1] * phase_ + column / stride[1]);
            weights.push_back(tap.weight);
        }
        const auto taps_above = [&taps](Index row) {
            const auto at = std::lower_bound(taps.begin(), taps.end(), row, [](const Tap& tap, Index limit) { return tap.row < limit; });
            return static_cast<Index>(at - taps.begin());
        };
        for (Index i = 0; i < rows; ++i) {
            first_tap_.push_back(taps_above(-i * stride[0]));
            last_tap_.push_back(std::max(first_tap_.back(), taps_above(h_ - i * stride[0])));
        }
    }
    [[nodiscard]] Index taps() const { return static_cast<Index>(offsets_.size()); }
    [[nodiscard]] Index first(Index band) const { return band * band_rows; }
    [[nodiscard]] Index height(Index band) const { return std::min(rows, first(band) + band_rows) - first(band); }
    [[nodiscard]] Index layout_size() const { return in_place_ ? 0 : channels_ * plane_ + lanes(); }

    /// A band of an image, in place or laid out in `layout`.
    [[nodiscard]] Correlation<T> correlation(const T* image, Index band, T* layout) const {
        if (!in_place_) lay_out(image, band, layout);
        const T* const x = in_place_ ? image + (first(band) * stride_[0] + first_row_) * w_ + first_column_ : layout;
        const Index lines = flat_ ? 1 : height(band);
        return {x,
                stride_[0] * pitch_,
                offsets_.data(),
                taps(),
                filters,
                lines,
                flat_ ? height(band) * columns : columns,
                first_tap_.data() + first(band),
                last_tap_.data() + first(band)};
    }
    /// The quicker lanes by the number of registers they fill; those of filters also transpose y.
    [[nodiscard]] const ConvLanes<T>& best_lanes(bool adjoint, Index result_step = 1) const {
        const Index one = lanes(), line = flat_ ? rows * columns : columns;
        const Index by_filters = divided_up(filters, one) * line * taps() + filters * line;
        const Index scalar_stores = result_step == 1 && line >= one ? 0 : filters * line;
        const Index by_pixels = divided_up(line, one) * filters * taps() + scalar_stores;
        const bool fits = !adjoint || (columns >= one && filters * taps() * one <= sums_bytes / static_cast<Index>(sizeof(T)));
        return fits && by_pixels <= by_filters ? conv_kernels<T>().pixels : conv_kernels<T>().filters;
    }
    /// Of `filters` rounded up to whole registers.
    [[nodiscard]] Index padded_filters() const { return divided_up(filters, lanes()) * lanes(); }
    [[nodiscard]] static Index lanes() { return conv_kernels<T>().pixels.lanes; }

  private:
    void lay_out(const T* image, Index band, T* to) const {
        const Index top = first(band) * stride_[0] + first_row_, height_in = (height(band) - 1) * stride_[0] + halo_ + 1;
        std::fill(to + channels_ * plane_, to + channels_ * plane_ + lanes(), T(0));  // what the last pack of a narrow image reads
        for (Index c = 0; c < channels_; ++c)
            for (Index a = 0; a < height_in; ++a) {
                T* const row = to + c * plane_ + a * pitch_;
                if (top + a < 0 || top + a >= h_) {
                    std::fill(row, row + pitch_, T(0));
                    continue;
                }
                for (Index p = 0; p < stride_[1]; ++p) lay_out_row(image + (c * h_ + top + a) * w_, first_column_ + p, row + p * phase_);
            }
    }
    /// Columns `column`, `column` + s, ... of a row.
    void lay_out_row(const T* from, Index column, T* to) const {
        const Index s = stride_[1], begin = std::clamp<Index>(column >= 0 ? 0 : divided_up(-column, s), 0, phase_);
        const Index end = std::clamp<Index>(column >= w_ ? 0 : divided_up(w_ - column, s), begin, phase_);
        std::fill(to, to + begin, T(0));
        if (s == 1)
            std::copy(from + (column + begin), from + (column + end), to + begin);
        else
            for (Index j = begin; j < end; ++j) to[j] = from[column + j * s];
        std::fill(to + end, to + phase_, T(0));
    }

    Index channels_, h_, w_;
    std::array<Index, 2> stride_;
    Index first_row_ = 0, first_column_ = 0, halo_, phase_, pitch_, plane_;
    bool in_place_, flat_;  // flat: all rows are one
    ShortList<Index, 32> offsets_, first_tap_, last_tap_;
};

/// The scene of conv2d and of its adjoint in w.
template <class T>
Scene<T> scene_of(const ConvPlan& plan) {
    Taps taps;
    for (Index u = 0; u < plan.kh; ++u)
        for (Index c = 0; c < plan.channels; ++c)
            for (Index v = 0; v < plan.kw; ++v)
                taps.push_back({c, u * plan.g.dilation[0] - plan.g.padding[0], v * plan.g.dilation[1] - plan.g.padding[1],
                                (c * plan.kh + u) * plan.kw + v});
    return {{plan.channels, plan.h, plan.w}, plan.g.stride, taps, {plan.filters, plan.oh, plan.ow}, true};
}

/// result(n, group) = the correlation of the image at x + image(n, group) with the weights of the group.
template <class T, class Image, class Result>
void correlate(const ConvPlan& plan, const Scene<T>& scene, const T* x, const Image& image, const T* w, Index filter_stride, Index step,
               const Result& result) {
    const ConvLanes<T>& lanes = scene.best_lanes(false, step);
    const Index packed_size = scene.padded_filters() * scene.taps();
    const Storage packed(plan.g.groups * packed_size, sizeof(T));
    for (Index group = 0; group < plan.g.groups; ++group)
        lanes.pack(w + plan.kernel(group), filter_stride, scene.weights.data(), scene.taps(), scene.filters,
                   values<T>(packed) + group * packed_size);
    parallel_for(plan.images * plan.g.groups * scene.bands, 1, [&](Index begin, Index end) {
        const Storage layout(scene.layout_size(), sizeof(T));
        for (Index unit = begin; unit < end; ++unit) {
            const Index band = unit % scene.bands, group = unit / scene.bands % plan.g.groups, n = unit / scene.bands / plan.g.groups;
            CorrelationResult<T> to = result(n, group);
            to.y += scene.first(band) * to.row;
            lanes.correlate(scene.correlation(x + image(n, group), band, values<T>(layout)), values<T>(packed) + group * packed_size, to);
        }
    });
}

}  // namespace

template <class T>
void direct_conv2d(const ConvPlan& plan, const T* x, const T* w, T* y) {
    correlate(
        plan, scene_of<T>(plan), x, [&](Index n, Index group) { return plan.input(n, group); }, w, plan.taps, 1,
        [&](Index n, Index group) {
            return CorrelationResult<T>{y + plan.output(n, group), plan.oh * plan.ow, plan.ow, 1};
        });
}

template <class T>
void direct_conv2d_input(const ConvPlan& plan, const T* ybar, const T* w, T* xbar) {
    const auto &stride = plan.g.stride, &padding = plan.g.padding, &dilation = plan.g.dilation;
    // Pixels of x that lie a stride apart see the same weights: each such set is a correlation of ybar with some of them.
    for (Index a = 0; a < std::min(stride[0], plan.h); ++a)
        for (Index b = 0; b < std::min(stride[1], plan.w); ++b) {
            Taps taps;
            for (Index u = plan.kh; u-- > 0;)
                for (Index o = 0; o < plan.filters; ++o)
                    for (Index v = plan.kw; v-- > 0;) {
                        const Index row = a + padding[0] - u * dilation[0], column = b + padding[1] - v * dilation[1];
                        if (row % stride[0] == 0 && column % stride[1] == 0)
                            taps.push_back({o, row / stride[0], column / stride[1], o * plan.taps + u * plan.kw + v});
                    }
            const Scene<T> scene({plan.filters, plan.oh, plan.ow}, {1, 1}, taps,
                                 {plan.channels, divided_up(plan.h - a, stride[0]), divided_up(plan.w - b, stride[1])},
                                 stride == std::array<Index, 2>{1, 1});
            correlate(
                plan, scene, ybar, [&](Index n, Index group) { return plan.output(n, group); }, w, plan.kh * plan.kw, stride[1],
                [&](Index n, Index group) {
                    return CorrelationResult<T>{xbar + plan.input(n, group) + a * plan.w + b, plan.h * plan.w, stride[0] * plan.w,
                                                stride[1]};
                });
        }
}

template <class T>
void direct_conv2d_weight(const ConvPlan& plan, const T* x, const T* ybar, T* wbar) {
    const Scene<T> scene = scene_of<T>(plan);
    const ConvLanes<T>& lanes = scene.best_lanes(true);
    const bool by_pixels = lanes.arrange == nullptr;
    const Index sums_size = by_pixels ? plan.filters * plan.taps * lanes.lanes : scene.padded_filters() * plan.taps;
    const Index arranged_size = by_pixels ? 0 : scene.padded_filters() * scene.band_rows * plan.ow, plane = plan.oh * plan.ow;
    const WeightParts<T> parts(wbar, plan.weights(), plan.images * scene.bands);
    parallel_for(parts.count() * plan.g.groups, 1, [&](Index begin, Index end) {
        const Storage layout(scene.layout_size(), sizeof(T)), arranged(arranged_size, sizeof(T)), sums(sums_size, sizeof(T));
        for (Index task = begin; task < end; ++task) {
            const Index group = task % plan.g.groups, part = task / plan.g.groups;
            std::fill(values<T>(sums), values<T>(sums) + sums_size, T(0));
            for (Index unit = parts.begin(part); unit < parts.begin(part + 1); ++unit) {
                const Index band = unit % scene.bands, n = unit / scene.bands;
                const Correlation<T> c = scene.correlation(x + plan.input(n, group), band, values<T>(layout));
                const T* const upstream = ybar + plan.output(n, group) + scene.first(band) * plan.ow;
                if (!by_pixels) lanes.arrange(upstream, plane, plan.filters, c.height * c.width, values<T>(arranged));
                lanes.accumulate(c, by_pixels ? upstream : values<T>(arranged), plane, values<T>(sums));
            }
            lanes.finish(values<T>(sums), scene.weights.data(), plan.taps, plan.filters, parts.sum(part) + plan.kernel(group));
        }
    });
    parts.add_up();
}

#define WENGERT_INSTANTIATE(T)                                                                                                             \
    template void direct_conv2d(const ConvPlan&, const T*, const T*, T*);                                                                  \
    template void direct_conv2d_input(const ConvPlan&, const T*, const T*, T*);                                                            \
    template void direct_conv2d_weight(const ConvPlan&, const T*, const T*, T*);
WENGERT_INSTANTIATE(float)
WENGERT_INSTANTIATE(double)
#undef WENGERT_INSTANTIATE

}  // namespace kernels
}  // namespace v1
}  // namespace autodiff

// SPDX-License-Identifier: MIT
#include "autodiff/ops/normalise.hpp"

#include "autodiff/elementwise.hpp"
#include "autodiff/kernels/rows.hpp"
#include "autodiff/ops/composed.hpp"
#include "autodiff/ops/layout.hpp"
#include "autodiff/ops/reduce.hpp"
#include "autodiff/ops/rows.hpp"

#include <fmt/format.h>

namespace autodiff {
inline namespace v1 {

namespace {

using internal::Values;

// Layer normalisation -----------------------------------------------------------------------------------------------------------------

template <class T>
Axes last_axes(const Tensor<T>& x, Index count) {
    std::vector<Index> last;
    for (Index axis = x.rank() - count; axis < x.rank(); ++axis) last.push_back(axis);
    return Axes(std::span<const Index>(last));
}

/// The definition.
template <class T>
Tensor<T> composed_layer_norm(const Tensor<T>& x, const Tensor<T>& weight, const Tensor<T>& bias, double eps) {
    const Axes axes = last_axes(x, weight.rank());
    const Tensor<T> centred = x - mean(x, axes, true);
    return centred * rsqrt(mean(square(centred), axes, true) + eps) * weight + bias;
}

/// Sums over rows are collected in so many parts, each with memory of its own.
constexpr Index most_parts = 32;

template <class T>
class LayerNorm final : public Composed {
  public:
    LayerNorm(std::shared_ptr<const Shared> shared, kernels::Storage moments) : Composed(std::move(shared)), moments_(std::move(moments)) {}

  private:
    void pull_numbers(Pullback& pull) const override {
        const Tensor<T> x = operand<T>(0).contiguous(), weight = operand<T>(1).contiguous(), ybar = pull.ybar<T>().contiguous();
        const Index n = weight.size(), rows = row_count(x, n);
        const auto* const moments = reinterpret_cast<const kernels::Moments<T>*>(moments_.bytes());
        Pullback::Destination<T> xbar, wbar, bbar;
        if (pull.wants(0)) xbar = pull.destination<T>(0);
        if (pull.wants(1)) wbar = pull.sum_destination<T>(1);
        if (pull.wants(2)) bbar = pull.sum_destination<T>(2);
        const Index parts = std::clamp<Index>(rows * n / row_elements_a_block, 1, most_parts);
        const kernels::Storage sums((parts - 1) * 2 * n, sizeof(T));  // part 0 adds to the adjoints themselves
        T* const own = reinterpret_cast<T*>(sums.bytes());
        std::fill_n(own, (parts - 1) * 2 * n, T{0});
        const auto sum_of = [&](Index part, Pullback::Destination<T>& to, Index which) {
            return to.values() == nullptr || part == 0 ? to.values() : own + ((part - 1) * 2 + which) * n;
        };
        const auto kernel = kernels::row_kernels<T>().normalise_vjp;
        kernels::parallel_for(parts, 1, [&](Index first, Index last) {
            for (Index part = first; part < last; ++part)
                for (Index r = rows * part / parts; r < rows * (part + 1) / parts; ++r)
                    kernel(x.begin_data() + r * n, moments[r], weight.begin_data(), ybar.begin_data() + r * n,
                           xbar.values() == nullptr ? nullptr : xbar.values() + r * n, sum_of(part, wbar, 0), sum_of(part, bbar, 1), n,
                           xbar.adds());
        });
        for (Index part = 1; part < parts; ++part) {
            if (wbar.values() != nullptr) kernels::row_kernels<T>().add(sum_of(part, wbar, 0), wbar.values(), n);
            if (bbar.values() != nullptr) kernels::row_kernels<T>().add(sum_of(part, bbar, 1), bbar.values(), n);
        }
        if (pull.wants(0)) pull.arrive(0, std::move(xbar));
        if (pull.wants(1)) pull.arrive(1, std::move(wbar));
        if (pull.wants(2)) pull.arrive(2, std::move(bbar));
    }
    kernels::Storage moments_;  // of each row
};

}  // namespace

template <class T>
Tensor<T> layer_norm(const Tensor<T>& x, const Tensor<T>& weight, const Tensor<T>& bias, double eps) {
    Sources operands = sources("layer_norm", x, weight, bias);
    const auto given = x.shape().extents(), own = weight.shape().extents();
    if (own.empty() || given.size() < own.size() || !std::equal(own.begin(), own.end(), given.last(own.size()).begin()) ||
        bias.shape() != weight.shape())
        throw ShapeError("layer_norm", "x [.., extents of weight], weight and bias of one shape",
                         fmt::format("{}, {} and {}", to_string(x.shape()), to_string(weight.shape()), to_string(bias.shape())));
    if (!internal::fast_path() || x.size() == 0) return composed_layer_norm(x, weight, bias, eps);
    const Tensor<T> values = x.constant().contiguous(), w = weight.contiguous(), b = bias.contiguous();
    const Index n = weight.size(), rows = row_count(x, n);
    Tensor<T> y = Tensor<T>::uninitialised(x.shape());
    kernels::Storage storage(rows, sizeof(kernels::Moments<T>));
    auto* const moments = reinterpret_cast<kernels::Moments<T>*>(storage.bytes());
    const auto kernel = kernels::row_kernels<T>().normalise;
    kernels::parallel_for(rows, std::max<Index>(1, row_elements_a_block / n), [&](Index begin, Index end) {
        for (Index r = begin; r < end; ++r)
            moments[r] = kernel(values.begin_data() + r * n, w.begin_data(), b.begin_data(), static_cast<T>(eps), y.fill_data() + r * n, n);
    });
    if (!any_recorded(operands)) return y;
    const auto definition = [eps](const Values& v) -> Values {
        return {composed_layer_norm(std::get<Tensor<T>>(v[0]), std::get<Tensor<T>>(v[1]), std::get<Tensor<T>>(v[2]), eps)};
    };
    return append(std::move(y), std::move(operands),
                  std::make_unique<const LayerNorm<T>>(composed("layer_norm", definition, x, weight, bias), std::move(storage)));
}

// Batch normalisation -----------------------------------------------------------------------------------------------------------------

namespace {

/// [channels] as it lines up with x.
template <class T>
Tensor<T> by_channel(const Tensor<T>& v, Index rank) {
    std::vector<Index> extents(static_cast<std::size_t>(rank), 1);
    extents[1] = v.size();
    return reshape(v, Shape(std::span<const Index>(extents)));
}
Axes all_but_channels(Index rank) {
    std::vector<Index> axes{0};
    for (Index axis = 2; axis < rank; ++axis) axes.push_back(axis);
    return Axes(std::span<const Index>(axes));
}

/// The definition; mean and variance come out as constants.
template <class T>
BatchNormalised<T> composed_batch_norm(const Tensor<T>& x, const Tensor<T>& weight, const Tensor<T>& bias, double eps) {
    const Axes axes = all_but_channels(x.rank());
    const Tensor<T> average = mean(x, axes, true), centred = x - average, variance = mean(square(centred), axes, true);
    const Tensor<T> y = centred * (rsqrt(variance + eps) * by_channel(weight, x.rank())) + by_channel(bias, x.rank());
    const Shape channels = weight.shape();
    return {y, reshape(average.constant(), channels), reshape(variance.constant(), channels)};
}

template <class T>
class BatchNorm final : public Composed {
  public:
    /// mean, rstd: as they line up with x
    BatchNorm(std::shared_ptr<const Shared> shared, const Tensor<T>& mean, const Tensor<T>& rstd)
        : Composed(std::move(shared)), mean_(mean), rstd_(rstd) {}

  private:
    void pull_numbers(Pullback& pull) const override {
        const Tensor<T> x = operand<T>(0), ybar = pull.ybar<T>(), weight = by_channel(operand<T>(1), x.rank());
        const Shape channels = operand<T>(1).shape();
        const Tensor<T> sum_ybar = sum_to(ybar, mean_.shape());
        const Tensor<T> sum_of_product =
            sum_of_elementwise([](auto g, auto z, auto m, auto s) { return g * ((z - m) * s); }, mean_.shape(), ybar, x, mean_, rstd_);
        if (pull.wants(0)) {
            const T m = static_cast<T>(x.size() / channels.size());
            pull.add(0, elementwise(
                            [](auto g, auto z, auto mean, auto s, auto w, auto sum_g, auto sum_gh, auto count) {
                                const auto h = (z - mean) * s;
                                return w * s / count * (count * g - sum_g - h * sum_gh);
                            },
                            ybar, x, mean_, rstd_, weight, sum_ybar, sum_of_product, m));
        }
        if (pull.wants(1)) pull.add(1, reshape(sum_of_product, channels));
        if (pull.wants(2)) pull.add(2, reshape(sum_ybar, channels));
    }
    Tensor<T> mean_, rstd_;
};

}  // namespace

template <class T>
BatchNormalised<T> batch_norm(const Tensor<T>& x, const Tensor<T>& weight, const Tensor<T>& bias, double eps) {
    Sources operands = sources("batch_norm", x, weight, bias);
    if (x.rank() < 2 || weight.shape() != Shape{x.shape()[1]} || bias.shape() != weight.shape())
        throw ShapeError("batch_norm", "x [n, channels, ..], weight and bias [channels]",
                         fmt::format("{}, {} and {}", to_string(x.shape()), to_string(weight.shape()), to_string(bias.shape())));
    if (!internal::fast_path() || x.size() == 0) return composed_batch_norm(x, weight, bias, eps);
    const Tensor<T> values = x.constant(), w = by_channel(weight.constant(), x.rank()), b = by_channel(bias.constant(), x.rank());
    const Tensor<T> average = mean(values, all_but_channels(x.rank()), true);
    const Tensor<T> variance = sum_of_elementwise([](auto z, auto m) { return square(z - m); }, average.shape(), values, average) /
                               static_cast<T>(x.size() / weight.size());
    const Tensor<T> rstd = rsqrt(variance + eps);
    Tensor<T> y = elementwise([](auto z, auto m, auto s, auto scale, auto shift) { return (z - m) * (s * scale) + shift; }, values, average,
                              rstd, w, b);
    if (any_recorded(operands)) {
        const auto definition = [eps](const Values& v) -> Values {
            return {composed_batch_norm(std::get<Tensor<T>>(v[0]), std::get<Tensor<T>>(v[1]), std::get<Tensor<T>>(v[2]), eps).y};
        };
        y = append(std::move(y), std::move(operands),
                   std::make_unique<const BatchNorm<T>>(composed("batch_norm", definition, x, weight, bias), average, rstd));
    }
    return {y, reshape(average, weight.shape()), reshape(variance, weight.shape())};
}

#define WENGERT_INSTANTIATE(T)                                                                                                             \
    template Tensor<T> layer_norm(const Tensor<T>&, const Tensor<T>&, const Tensor<T>&, double);                                           \
    template BatchNormalised<T> batch_norm(const Tensor<T>&, const Tensor<T>&, const Tensor<T>&, double);
WENGERT_INSTANTIATE(float)
WENGERT_INSTANTIATE(double)
#undef WENGERT_INSTANTIATE

}  // namespace v1
}  // namespace autodiff

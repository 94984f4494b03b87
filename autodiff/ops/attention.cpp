// SPDX-License-Identifier: MIT
// The fast path goes matrix by matrix, so that the scores of one head stay in the cache between the products.
#include "autodiff/ops/attention.hpp"

#include "autodiff/kernels/gemm.hpp"
#include "autodiff/kernels/rows.hpp"
#include "autodiff/kernels/threads.hpp"
#include "autodiff/ops/arithmetic.hpp"
#include "autodiff/ops/compare.hpp"
#include "autodiff/ops/composed.hpp"
#include "autodiff/ops/layout.hpp"
#include "autodiff/ops/matmul.hpp"
#include "autodiff/ops/matrices.hpp"
#include "autodiff/ops/softmax.hpp"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <limits>

namespace autodiff {
inline namespace v1 {

namespace {

using internal::Values;

template <class T>
void check_keys(const Tensor<T>& q, const Tensor<T>& k) {
    if (q.rank() < 2 || k.rank() < 2 || q.shape()[-1] != k.shape()[-1] || q.shape()[-1] < 1 || k.shape()[-2] < 1)
        throw ShapeError("attention", "queries [.., queries, width] and keys [.., keys, width], at least one of them",
                         fmt::format("{} and {}", to_string(q.shape()), to_string(k.shape())));
}
void check_mask(const AttentionOptions& options, const Shape& scores) {
    if (options.mask && !broadcasts_to(options.mask->shape(), scores))
        throw ShapeError("attention", fmt::format("a mask that broadcasts to {}", to_string(scores)), to_string(options.mask->shape()));
}

double scale_of(const Shape& q, const AttentionOptions& options) {
    return options.scale.value_or(1 / std::sqrt(static_cast<double>(q[-1])));
}

/// What may be looked at, if there is anything that may not. [queries, keys] of a causal mask: true on and below the diagonal.
std::optional<Tensor<bool>> visible(const AttentionOptions& options, Index queries, Index keys) {
    if (!options.causal) return options.mask;
    const Tensor<bool> earlier = unsqueeze(Tensor<Index>::arange(queries), 1) >= Tensor<Index>::arange(keys);
    return options.mask ? *options.mask && earlier : earlier;
}

}  // namespace

template <class T>
Tensor<T> attention_weights(const Tensor<T>& q, const Tensor<T>& k, const AttentionOptions& options) {
    check_keys(q, k);
    const Tensor<T> scores = matmul(scale_of(q.shape(), options) * q, swap_axes(k, -1, -2));
    check_mask(options, scores.shape());
    const std::optional<Tensor<bool>> seen = visible(options, scores.shape()[-2], scores.shape()[-1]);
    if (!seen) return softmax(scores, -1);
    // Hidden scores are finite: a query without a visible key comes to its weights of 0 by way of numbers, not of NaN, in every derivative.
    // A causal mask leaves each query its first key.
    const Tensor<T> weights = softmax(where(*seen, scores, std::numeric_limits<T>::lowest()), -1);
    return options.mask ? where(*seen, weights, 0) : weights;
}

namespace {

/// The matrices of a tensor [.., rows, columns], and where they lie.
template <class T>
struct Matrices {
    T* data;
    Index rows, columns, down, across;
    Extents leading;
    Strides strides;

    static Matrices of(T* data, const Shape& shape, const Strides& strides) {
        const std::size_t rank = strides.size();
        Matrices m{data, shape[-2], shape[-1], strides[rank - 2], strides[rank - 1], {}, {}};
        for (std::size_t axis = 0; axis + 2 < rank; ++axis) m.leading.push_back(shape.extents()[axis]), m.strides.push_back(strides[axis]);
        return m;
    }
    [[nodiscard]] View<T> at(Index matrix) const {
        T* first = data;
        for (std::size_t axis = leading.size(); axis-- > 0;) {
            first += matrix % leading[axis] * strides[axis];
            matrix /= leading[axis];
        }
        return {first, Shape{rows, columns}, {down, across}};
    }
};
template <class T>
Matrices<const T> matrices(const Tensor<T>& x) {
    return Matrices<const T>::of(x.begin_data(), x.shape(), x.strides());
}
template <class T>
View<const T> transposed(const View<const T>& a) {
    return {a.data, Shape{a.shape[1], a.shape[0]}, {a.strides[1], a.strides[0]}};
}

/// Fresh memory for [.., heads, tokens, width] in which the heads of a token lie side by side, as whoever joins the heads wants them.
template <class T>
Tensor<T> by_tokens(const Shape& shape) {
    if (shape.rank() < 3) return Tensor<T>::uninitialised(shape);
    Extents extents(shape.begin(), shape.end());
    std::swap(extents[extents.size() - 3], extents[extents.size() - 2]);
    return swap_axes(Tensor<T>::uninitialised(Shape(std::span<const Index>(extents.data(), extents.size()))), -3, -2);
}

/// Matrices that a thread takes at once, each so many multiply-adds.
Index block_of(Index work) { return std::max<Index>(1, (Index{1} << 18) / std::max<Index>(1, work)); }

template <class T>
class Attention final : public Composed {
  public:
    Attention(std::shared_ptr<const Shared> shared, const Tensor<T>& weights, T scale)
        : Composed(std::move(shared)), weights_(weights), scale_(scale) {}

  private:
    void pull_numbers(Pullback& pull) const override {
        const Tensor<T> q = operand<T>(0), k = operand<T>(1), v = operand<T>(2), ybar = pull.ybar<T>();
        const bool wants_scores = pull.wants(0) || pull.wants(1);
        Tensor<T> qbar = by_tokens<T>(q.shape()), kbar = by_tokens<T>(k.shape()), vbar = by_tokens<T>(v.shape());
        const auto qs = matrices(q), ks = matrices(k), vs = matrices(v), ys = matrices(ybar), ps = matrices(weights_);
        const auto qbars = Matrices<T>::of(qbar.fill_data(), qbar.shape(), qbar.strides()),
                   kbars = Matrices<T>::of(kbar.fill_data(), kbar.shape(), kbar.strides()),
                   vbars = Matrices<T>::of(vbar.fill_data(), vbar.shape(), vbar.strides());
        const Index queries = ps.rows, keys = ps.columns, count = weights_.size() / (queries * keys);
        const auto kernel = kernels::row_kernels<T>().softmax_vjp;
        kernels::parallel_for(count, block_of(queries * keys * (q.shape()[-1] + v.shape()[-1])), [&](Index begin, Index end) {
            const kernels::Storage storage(queries * keys, sizeof(T));
            T* const s = reinterpret_cast<T*>(storage.bytes());
            const View<T> sbar{s, Shape{queries, keys}, {keys, 1}};
            for (Index m = begin; m < end; ++m) {
                const View<const T> p = ps.at(m), y = ys.at(m);
                if (pull.wants(2)) kernels::matmul<T>(transposed(p), y, vbars.at(m), false);
                if (!wants_scores) continue;
                kernels::matmul<T>(y, transposed(vs.at(m)), sbar, false);
                for (Index row = 0; row < queries; ++row) {
                    kernel(p.data + row * keys, s + row * keys, s + row * keys, keys, false);
                    for (Index j = 0; j < keys; ++j) s[row * keys + j] *= scale_;
                }
                if (pull.wants(0)) kernels::matmul<T>(sbar, ks.at(m), qbars.at(m), false);
                if (pull.wants(1)) kernels::matmul<T>(transposed(View<const T>(sbar)), qs.at(m), kbars.at(m), false);
            }
        });
        if (pull.wants(0)) pull.add(0, std::move(qbar));
        if (pull.wants(1)) pull.add(1, std::move(kbar));
        if (pull.wants(2)) pull.add(2, std::move(vbar));
    }
    Tensor<T> weights_;  // P
    T scale_;
};

}  // namespace

template <class T>
Tensor<T> attention(const Tensor<T>& q, const Tensor<T>& k, const Tensor<T>& v, const AttentionOptions& options) {
    check_keys(q, k);
    if (v.rank() < 2 || v.shape()[-2] != k.shape()[-2])
        throw ShapeError("attention", fmt::format("values [.., {}, values] for keys {}", k.shape()[-2], to_string(k.shape())),
                         to_string(v.shape()));
    const bool one_shape = batch_of(q.shape()) == batch_of(k.shape()) && batch_of(q.shape()) == batch_of(v.shape());
    if (!internal::fast_path() || !one_shape || q.size() == 0 || v.size() == 0) return matmul(attention_weights(q, k, options), v);

    Sources operands = sources("attention", q, k, v);
    const Index queries = q.shape()[-2], keys = k.shape()[-2];
    const Shape scores = with_matrix(batch_of(q.shape()), queries, keys);
    check_mask(options, scores);
    std::optional<Matrices<const bool>> masks;
    if (options.mask)
        masks = Matrices<const bool>::of(options.mask->begin_data(), scores,
                                         broadcast_strides(options.mask->shape(), options.mask->strides(), scores));
    const T scale = static_cast<T>(scale_of(q.shape(), options));
    Tensor<T> weights = Tensor<T>::uninitialised(scores), y = by_tokens<T>(with_matrix(batch_of(q.shape()), queries, v.shape()[-1]));
    const auto qs = matrices(q), ks = matrices(k), vs = matrices(v);
    const auto ys = Matrices<T>::of(y.fill_data(), y.shape(), y.strides());
    const auto kernel = kernels::row_kernels<T>().softmax;
    const Index count = weights.size() / (queries * keys);
    kernels::parallel_for(count, block_of(queries * keys * (q.shape()[-1] + v.shape()[-1])), [&](Index begin, Index end) {
        for (Index m = begin; m < end; ++m) {
            T* const p = weights.fill_data() + m * queries * keys;
            const View<T> view{p, Shape{queries, keys}, {keys, 1}};
            kernels::matmul<T>(qs.at(m), transposed(ks.at(m)), view, false);
            for (Index row = 0; row < queries; ++row) {
                T* const s = p + row * keys;
                const Index last = options.causal ? std::min(row + 1, keys) : keys;  // keys from here on are hidden
                for (Index j = 0; j < last; ++j) s[j] *= scale;
                if (masks) {
                    const View<const bool> mask = masks->at(m);
                    const bool* const seen = mask.data + row * mask.strides[0];
                    for (Index j = 0; j < last; ++j)
                        if (!seen[j * mask.strides[1]]) s[j] = std::numeric_limits<T>::lowest();
                    kernel(s, s, last);
                    for (Index j = 0; j < last; ++j)
                        if (!seen[j * mask.strides[1]]) s[j] = 0;
                } else {
                    kernel(s, s, last);
                }
                std::fill(s + last, s + keys, T{0});
            }
            kernels::matmul<T>(View<const T>(view), vs.at(m), ys.at(m), false);
        }
    });
    if (!any_recorded(operands)) return y;
    const auto definition = [options](const Values& x) -> Values {
        return {matmul(attention_weights(std::get<Tensor<T>>(x[0]), std::get<Tensor<T>>(x[1]), options), std::get<Tensor<T>>(x[2]))};
    };
    auto primitive = std::make_unique<const Attention<T>>(composed("attention", definition, q, k, v), weights, scale);
    return append(std::move(y), std::move(operands), std::move(primitive));
}

#define WENGERT_INSTANTIATE(T)                                                                                                             \
    template Tensor<T> attention_weights(const Tensor<T>&, const Tensor<T>&, const AttentionOptions&);                                     \
    template Tensor<T> attention(const Tensor<T>&, const Tensor<T>&, const Tensor<T>&, const AttentionOptions&);
WENGERT_INSTANTIATE(float)
WENGERT_INSTANTIATE(double)
#undef WENGERT_INSTANTIATE

}  // namespace v1
}  // namespace autodiff

// SPDX-License-Identifier: MIT
// Blocks of a compensated sweep: plain loops over row-major values, element by element what compensated.hpp does to a number.
#include "autodiff/compensated.hpp"

namespace autodiff {
inline namespace v1 {

namespace {

/// x with memory of its own in row-major order, so that its elements can be changed.
template <class T>
T* writable(Tensor<T>& x) {
    x = x.constant();
    return in_place(x).data();
}

template <class T>
Tensor<T>& error_of(AnyTensor& error, const Shape& shape) {
    if (!std::holds_alternative<Tensor<T>>(error)) error = Tensor<T>::zeros(shape);
    return std::get<Tensor<T>>(error);
}

template <class T>
void add_to(T& sum, T& error, T contribution) {
    T lost{};
    two_sum(sum, contribution, sum, lost);
    error = std::isfinite(sum) ? error + lost : T{};
}

}  // namespace

template <class T>
void add_compensated(Tensor<T>& sum, AnyTensor& error, const Tensor<T>& contribution) {
    T* const s = writable(sum);
    T* const e = writable(error_of<T>(error, sum.shape()));
    const Tensor<T> part = contribution.contiguous();
    const std::span<const T> c = part.data();
    for (std::size_t i = 0; i < c.size(); ++i) add_to(s[i], e[i], c[i]);
}

template <class T>
void add_compensated(AnyTensor& sum, AnyTensor& error, const Shape& shape, Index flat, T contribution) {
    if (!std::holds_alternative<Tensor<T>>(sum)) sum = Tensor<T>::zeros(shape);
    add_to(writable(std::get<Tensor<T>>(sum))[flat], writable(error_of<T>(error, shape))[flat], contribution);
}

void settle(AnyTensor& block, const AnyTensor& error) {
    std::visit(
        [&]<class X>(X& x) {
            if constexpr (!std::same_as<X, std::monostate>) {
                const auto* lost = std::get_if<X>(&error);
                if (lost == nullptr) return;
                auto* const values = writable(x);
                const auto e = lost->data();
                for (std::size_t i = 0; i < e.size(); ++i) values[i] += e[i];
            }
        },
        block);
}

template void add_compensated(Tensor<float>&, AnyTensor&, const Tensor<float>&);
template void add_compensated(Tensor<double>&, AnyTensor&, const Tensor<double>&);
template void add_compensated(AnyTensor&, AnyTensor&, const Shape&, Index, float);
template void add_compensated(AnyTensor&, AnyTensor&, const Shape&, Index, double);

}  // namespace v1
}  // namespace autodiff

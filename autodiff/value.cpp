// SPDX-License-Identifier: MIT
#include "autodiff/value.hpp"

#include "autodiff/ops/compare.hpp"

namespace autodiff {
inline namespace v1 {
namespace internal {

Place place_of(const Value& x) {
    return std::visit(
        []<class X>(const X& v) -> Place {
            if constexpr (AScalar<X>)
                return {v.row(), v.recording(), no_node};
            else
                return v.place();
        },
        x);
}

Value constant_of(const Value& x) {
    return std::visit(
        []<class X>(const X& v) -> Value {
            if constexpr (AScalar<X>)
                return Scalar(v.value());
            else
                return v.constant();
        },
        x);
}

Values constants(const Values& x) {
    Values result;
    result.reserve(x.size());
    for (const Value& v : x) result.push_back(constant_of(v));
    return result;
}

bool recorded(const Value& x) { return place_of(x).row != 0; }

Value zero_like(const Value& x) {
    return std::visit(
        []<class X>(const X& v) -> Value {
            if constexpr (AScalar<X>)
                return Scalar(0);
            else
                return X::zeros(v.shape());
        },
        x);
}

Scalar as_scalar(const Value& x) {
    return std::visit(
        []<class X>(const X& v) -> Scalar {
            if constexpr (AScalar<X>)
                return v;
            else
                return to_scalar(cast<double>(v));
        },
        x);
}

template <class T>
Tensor<T> as_tensor(const Value& x) {
    return std::visit(
        []<class X>(const X& v) -> Tensor<T> {
            if constexpr (AScalar<X>)
                return from_scalar<T>(v);
            else
                return cast<T>(v);
        },
        x);
}
template Tensor<float> as_tensor(const Value&);
template Tensor<double> as_tensor(const Value&);

Shape shape_of(const Value& x) {
    return std::visit(
        []<class X>(const X& v) -> Shape {
            if constexpr (AScalar<X>)
                return {};
            else
                return v.shape();
        },
        x);
}

Value unit(const Value& like, Index flat) {
    return std::visit(
        [flat]<class X>(const X& v) -> Value {
            if constexpr (AScalar<X>) {
                return Scalar(1);
            } else {
                X result = X::zeros(v.shape());
                result.fill_data()[flat] = 1;
                return result;
            }
        },
        like);
}

}  // namespace internal
}  // namespace v1
}  // namespace autodiff

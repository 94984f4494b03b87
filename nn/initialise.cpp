// SPDX-License-Identifier: MIT
// The schemes, for float and double.
#include "nn/initialise.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace nn {
inline namespace v1 {

namespace {

double chosen(const Fans& fans, Fan fan) { return static_cast<double>(std::max<Index>(1, fan == Fan::in ? fans.in : fans.out)); }
double both(const Fans& fans) { return static_cast<double>(std::max<Index>(1, fans.in + fans.out)); }

}  // namespace

Fans dense_fans(const Shape& shape) {
    if (shape.rank() != 2) throw autodiff::ShapeError("dense_fans", "a weight [in, out]", to_string(shape));
    return {shape[0], shape[1]};
}

Fans kernel_fans(const Shape& shape) {
    if (shape.rank() < 3) throw autodiff::ShapeError("kernel_fans", "a kernel [out, in, ...]", to_string(shape));
    Index window = 1;
    for (Index axis = 2; axis < shape.rank(); ++axis) window *= shape[axis];
    return {shape[1] * window, shape[0] * window};
}

template <class T>
Tensor<T> kaiming_uniform::draw(const Fans& fans, const Shape& shape, Random& random) const {
    const double bound = std::sqrt(6 / ((1 + slope * slope) * chosen(fans, fan)));
    return random.uniform_tensor<T>(shape, -bound, bound);
}
template <class T>
Tensor<T> kaiming_normal::draw(const Fans& fans, const Shape& shape, Random& random) const {
    return random.normal_tensor<T>(shape, 0, std::sqrt(2 / ((1 + slope * slope) * chosen(fans, fan))));
}
template <class T>
Tensor<T> xavier_uniform::draw(const Fans& fans, const Shape& shape, Random& random) const {
    const double bound = gain * std::sqrt(6 / both(fans));
    return random.uniform_tensor<T>(shape, -bound, bound);
}
template <class T>
Tensor<T> xavier_normal::draw(const Fans& fans, const Shape& shape, Random& random) const {
    return random.normal_tensor<T>(shape, 0, gain * std::sqrt(2 / both(fans)));
}
template <class T>
Tensor<T> uniform::draw(const Fans&, const Shape& shape, Random& random) const {
    return random.uniform_tensor<T>(shape, low, high);
}
template <class T>
Tensor<T> normal::draw(const Fans&, const Shape& shape, Random& random) const {
    return random.normal_tensor<T>(shape, mean, deviation);
}
template <class T>
Tensor<T> constant::draw(const Fans&, const Shape& shape, Random&) const {
    return Tensor<T>::full(shape, static_cast<T>(value));
}

template Tensor<float> kaiming_uniform::draw(const Fans&, const Shape&, Random&) const;
template Tensor<double> kaiming_uniform::draw(const Fans&, const Shape&, Random&) const;
template Tensor<float> kaiming_normal::draw(const Fans&, const Shape&, Random&) const;
template Tensor<double> kaiming_normal::draw(const Fans&, const Shape&, Random&) const;
template Tensor<float> xavier_uniform::draw(const Fans&, const Shape&, Random&) const;
template Tensor<double> xavier_uniform::draw(const Fans&, const Shape&, Random&) const;
template Tensor<float> xavier_normal::draw(const Fans&, const Shape&, Random&) const;
template Tensor<double> xavier_normal::draw(const Fans&, const Shape&, Random&) const;
template Tensor<float> uniform::draw(const Fans&, const Shape&, Random&) const;
template Tensor<double> uniform::draw(const Fans&, const Shape&, Random&) const;
template Tensor<float> normal::draw(const Fans&, const Shape&, Random&) const;
template Tensor<double> normal::draw(const Fans&, const Shape&, Random&) const;
template Tensor<float> constant::draw(const Fans&, const Shape&, Random&) const;
template Tensor<double> constant::draw(const Fans&, const Shape&, Random&) const;

}  // namespace v1
}  // namespace nn

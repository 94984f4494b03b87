// SPDX-License-Identifier: MIT
/// Random shapes and random layouts of the same values, for tests that compare a kernel with plain loops.
#pragma once

#include "autodiff/shape.hpp"

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <memory>
#include <random>
#include <string>
#include <tuple>

namespace views {

using namespace autodiff;

using Floats = std::tuple<float, double>;

class Random {
  public:
    explicit Random(unsigned seed) : engine_(seed) { BOOST_TEST_MESSAGE("seed " << seed); }
    Index integer(Index low, Index high) { return std::uniform_int_distribution<Index>(low, high)(engine_); }
    bool chance(double p) { return std::bernoulli_distribution(p)(engine_); }
    template <class T>
    T value() {
        if constexpr (std::is_same_v<T, bool>)
            return chance(0.5);
        else if constexpr (std::is_integral_v<T>)
            return static_cast<T>(integer(-9, 9));
        else
            return std::uniform_real_distribution<T>(T(-1), T(1))(engine_);
    }
    Shape shape(Index least_rank, Index most_rank, Index largest = 6, double empty = 0.05) {
        Extents extents;
        for (Index rank = integer(least_rank, most_rank); rank > 0; --rank) extents.push_back(chance(empty) ? 0 : integer(1, largest));
        return Shape(std::span<const Index>(extents.data(), extents.size()));
    }
    Extents axes(Index rank) {
        Extents result;
        for (Index axis = 0; axis < rank; ++axis)
            if (chance(0.5)) result.push_back(axis);
        return result;
    }
    std::mt19937& engine() { return engine_; }

  private:
    std::mt19937 engine_;
};

/// Memory and a view of it. What lies between the elements is `gap`.
template <class T>
struct Array {
    std::unique_ptr<T[]> memory;
    Index size = 0;
    View<T> view;
    [[nodiscard]] View<const T> read() const { return view; }
};

/// Where element number `flat` (row-major) of a view lies.
template <class T>
Index offset(const View<T>& view, Index flat) {
    Index result = 0;
    for (std::size_t axis = view.strides.size(); axis-- > 0;) {
        result += flat % view.shape.extents()[axis] * view.strides[axis];
        flat /= view.shape.extents()[axis];
    }
    return result;
}
template <class T>
T& at(const View<T>& view, Index flat) {
    return view.data[offset(view, flat)];
}

template <class T>
T gap() {
    if constexpr (std::is_floating_point_v<T>)
        return std::numeric_limits<T>::quiet_NaN();
    else
        return static_cast<T>(77);
}

template <class T>
Array<T> contiguous(const Shape& shape, T value = gap<T>()) {
    Array<T> a{std::make_unique<T[]>(static_cast<std::size_t>(std::max<Index>(1, shape.size()))), shape.size(), {}};
    std::fill_n(a.memory.get(), std::max<Index>(1, shape.size()), value);
    a.view = {a.memory.get(), shape, row_major(shape)};
    return a;
}

enum class Repeats { no, yes };

/// Random values in a random layout: axes in any order, with gaps, backwards and, if asked, repeated (stride 0).
template <class T>
Array<T> arranged(Random& random, const Shape& shape, Repeats repeats = Repeats::yes) {
    const std::size_t rank = static_cast<std::size_t>(shape.rank());
    std::vector<std::size_t> order(rank);
    for (std::size_t k = 0; k < rank; ++k) order[k] = k;
    if (random.chance(0.6)) std::shuffle(order.begin(), order.end(), random.engine());
    const bool plain = random.chance(0.3);
    Array<T> a;
    a.view.shape = shape;
    a.view.strides.resize(rank);
    Index size = 1, first = 0;
    for (std::size_t k = rank; k-- > 0;) {
        const std::size_t axis = order[k];
        const Index extent = std::max<Index>(1, shape.extents()[axis]);
        if (!plain && repeats == Repeats::yes && random.chance(0.15)) continue;  // stride 0
        const Index step = plain || random.chance(0.7) ? 1 : random.integer(2, 3);
        a.view.strides[axis] = size * step;
        if (!plain && random.chance(0.2)) {
            first += (extent - 1) * size * step;
            a.view.strides[axis] = -size * step;
        }
        size *= extent * step;
    }
    a.size = size;
    a.memory = std::make_unique<T[]>(static_cast<std::size_t>(size));
    std::fill_n(a.memory.get(), size, gap<T>());
    a.view.data = a.memory.get() + first;
    for (Index i = 0; i < shape.size(); ++i) at(a.view, i) = random.value<T>();
    return a;
}

/// Whether a is b to within `ulps` units of the larger of |b| and `scale`; NaN equals NaN.
template <class T>
bool near(T a, long double b, long double scale, long double ulps) {
    const long double x = static_cast<long double>(a);
    if (std::isnan(b) || std::isinf(b)) return std::isnan(b) ? std::isnan(x) : x == b;
    return std::abs(x - b) <= ulps * static_cast<long double>(std::numeric_limits<T>::epsilon()) * std::max(std::abs(b), scale);
}

/// For BOOST_CHECK_EXCEPTION: whether the whole text of an error is `expected`.
inline auto says(std::string expected) {
    return [expected = std::move(expected)](const Error& error) {
        BOOST_TEST(error.what() == expected);
        return error.what() == expected;
    };
}

}  // namespace views

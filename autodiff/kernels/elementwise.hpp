// SPDX-License-Identifier: MIT
/// y[i] = f(x[i]...) over views of one shape. A template: include it in .cpp files only. The loops are plain, compilers vectorise
/// them (g++ from -O3 on) where `f` allows it. Next: reduce.hpp.
#pragma once

#include "autodiff/kernels/nest.hpp"
#include "autodiff/kernels/threads.hpp"

#include <tuple>
#include <utility>

#if defined(__GNUC__) && !defined(__clang__)
#define WENGERT_INDEPENDENT _Pragma("GCC ivdep")  // an element is read before it is written, never after: in place is fine
#else
#define WENGERT_INDEPENDENT
#endif

namespace autodiff {
inline namespace v1 {
namespace kernels {

/// Elements in a block that a thread takes at once; smaller views stay on one thread.
inline constexpr Index elements_a_block = 32768;

/// y[i] = value. T: float, double, Index, bool.
template <class T>
void fill(const View<T>& y, T value);
/// y[i] = x[i], of one shape, strides on both sides; a transposed copy goes by tiles. T: float, double, Index, bool.
template <class T>
void copy(const View<T>& y, const View<const T>& x);
/// y[i] += x[i], of one shape; y must not repeat elements. T: float, double, Index.
template <class T>
void accumulate(const View<T>& y, const View<const T>& x);

// How an operand moves along the innermost loop, as a type: what lets the loop vectorise.
struct UnitStep {
    static constexpr Index at(Index i) { return i; }
};
struct NoStep {
    static constexpr Index at(Index) { return 0; }
};
struct AnyStep {
    Index stride;
    [[nodiscard]] constexpr Index at(Index i) const { return i * stride; }
};

/// One operand along one row.
template <class T, class Step>
struct Row {
    T* data;
    Step step;
    T& operator[](Index i) const { return data[step.at(i)]; }
};

template <class F, class Y, class YStep, class... X, class... Steps>
void map_row(Index n, const F& f, Row<Y, YStep> y, Row<const X, Steps>... x) {
    if constexpr (sizeof...(X) > 0 && (std::is_same_v<Steps, NoStep> && ...)) {
        const Y value = static_cast<Y>(f(x[0]...));  // the same for the whole row
        for (Index i = 0; i < n; ++i) y[i] = value;
    } else {
        WENGERT_INDEPENDENT
        for (Index i = 0; i < n; ++i) y[i] = static_cast<Y>(f(x[i]...));
    }
}

// Turns strides of 1 and 0 into step types, one operand at a time: from the last arguments into the tuple.
template <class F, class Y, class... Typed>
void choose_steps(Index n, const F& f, Y* y, const std::tuple<Typed...>& typed) {
    std::apply([&](const auto&... x) { map_row(n, f, Row<Y, UnitStep>{y, {}}, x...); }, typed);
}
template <class F, class Y, class... Typed, class X, class... Rest>
void choose_steps(Index n, const F& f, Y* y, const std::tuple<Typed...>& typed, Row<const X, AnyStep> x, Rest... rest) {
    if (x.step.stride == 1)
        choose_steps(n, f, y, std::tuple_cat(typed, std::make_tuple(Row<const X, UnitStep>{x.data, {}})), rest...);
    else
        choose_steps(n, f, y, std::tuple_cat(typed, std::make_tuple(Row<const X, NoStep>{x.data, {}})), rest...);
}

/// One row of any strides. Up to two operands, each contiguous or repeated, get a loop of their own, and so does contiguous everything.
template <class F, class Y, class... X>
void map_strided_row(Index n, const F& f, Row<Y, AnyStep> y, Row<const X, AnyStep>... x) {
    if constexpr (sizeof...(X) <= 2) {
        if (y.step.stride == 1 && ((x.step.stride == 1 || x.step.stride == 0) && ...))
            return choose_steps(n, f, y.data, std::tuple<>(), x...);
    } else {
        if (y.step.stride == 1 && ((x.step.stride == 1) && ...))
            return map_row(n, f, Row<Y, UnitStep>{y.data, {}}, Row<const X, UnitStep>{x.data, {}}...);
    }
    map_row(n, f, y, x...);
}

/// What the loops over rows need to know of N operands, the result first: so that they are compiled once, not once for every f.
template <std::size_t N>
struct RowLoop {
    std::array<std::byte*, N> data;
    std::array<Index, N> element_size;
    std::array<const Index*, N> strides;
    /// One row of n elements from the given addresses.
    void (*row)(const void* f, Index n, const std::array<std::byte*, N>& data, const std::array<Index, N>& stride);
    const void* f;
};
/// Runs all rows; large views are cut among threads. N: 1 to 6.
template <std::size_t N>
void run_rows(std::span<const Index> extents, const RowLoop<N>& loop);

/// y[i] = f(x[i]...)        every x broadcast to y's shape by the caller (stride 0 repeats); y may be one of the x
///
/// Axes that lie one after the other in all operands become one.
/// f must be a pure function of the elements; its result is converted to Y.
template <class F, class Y, class... X>
void map(const View<Y>& y, const F& f, const View<const X>&... x) {
    constexpr std::size_t n = 1 + sizeof...(X);
    const Index size = y.shape.size();
    if (size == 0) return;
    if (size == 1) {
        *y.data = static_cast<Y>(f(*x.data...));
        return;
    }
    const bool contiguous = y.contiguous() && (x.contiguous() && ...);
    if (contiguous && size < 2 * elements_a_block)
        return map_row(size, f, Row<Y, UnitStep>{y.data, {}}, Row<const X, UnitStep>{x.data, {}}...);
    RowLoop<n> loop;
    loop.data = {reinterpret_cast<std::byte*>(y.data), reinterpret_cast<std::byte*>(const_cast<X*>(x.data))...};
    loop.element_size = {sizeof(Y), sizeof(X)...};
    loop.strides = {y.strides.data(), x.strides.data()...};
    loop.f = &f;
    loop.row = [](const void* g, Index count, const std::array<std::byte*, n>& data, const std::array<Index, n>& stride) {
        [&]<std::size_t... k>(std::index_sequence<k...>) {
            map_strided_row(count, *static_cast<const F*>(g), Row<Y, AnyStep>{reinterpret_cast<Y*>(data[0]), {stride[0]}},
                            Row<const X, AnyStep>{reinterpret_cast<const X*>(data[1 + k]), {stride[1 + k]}}...);
        }
        (std::make_index_sequence<sizeof...(X)>());
    };
    run_rows<n>(y.shape.extents(), loop);
}

}  // namespace kernels
}  // namespace v1
}  // namespace autodiff

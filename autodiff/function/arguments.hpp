// SPDX-License-Identifier: MIT
/// The arguments of a recorded function: numbers and containers of them, shared or passive, for one point or for many.
#pragma once

#include "autodiff/function/recording.hpp"
#include "autodiff/scalar.hpp"

#include <array>
#include <span>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

namespace autodiff {
inline namespace v1 {

/// Marks an argument of `record` that all points of a batch have in common: a parameter. Its gradient is summed over the points.
template <class X>
struct Shared {
    X value;
};
template <class X>
[[nodiscard]] Shared<X> shared(X x) {
    return {std::move(x)};
}

/// Marks an argument of `record` that nothing is differentiated by: data, which differ from point to point.
template <class X>
struct Passive {
    X value;
};
template <class X>
[[nodiscard]] Passive<X> passive(X x) {
    return {std::move(x)};
}

namespace internal {

template <class X>
concept Numbers = !ATensor<X> && requires(const X& x) {
    { x.data() } -> std::convertible_to<const void*>;
    x.size();
    typename X::value_type;
} && std::is_arithmetic_v<typename X::value_type>;
template <class X>
inline constexpr bool is_array = false;
template <class T, std::size_t N>
inline constexpr bool is_array<std::array<T, N>> = true;

/// What an argument of `record` is for the recorded function, and what its derivatives are. A number:
template <class X>
struct Parameter {
    static_assert(std::is_arithmetic_v<X>, "record takes numbers, std::vector or std::array of numbers, and shared(...) of them");
    static constexpr bool is_shared = false, is_passive = false, is_number = true;
    using Example = X;
    using Variable = Scalar;
    template <class T>
    using Of = T;
    static std::size_t count(const X&) { return 1; }
    static const X& example(const X& x) { return x; }
    static Variable variable(std::span<const Scalar> x) { return x[0]; }
    template <class T>
    static T gather(std::size_t, const T* x) {
        return *x;
    }
};
/// Several.
template <Numbers X>
struct Parameter<X> {
    static constexpr bool is_shared = false, is_passive = false, is_number = false;
    using Example = X;
    template <class T, bool = is_array<X>>
    struct Container {
        using type = std::vector<T>;
    };
    template <class T>
    struct Container<T, true> {
        using type = std::array<T, std::tuple_size<X>::value>;
    };
    template <class T>
    using Of = typename Container<T>::type;
    using Variable = Of<Scalar>;
    static std::size_t count(const X& x) { return x.size(); }
    static const X& example(const X& x) { return x; }
    template <class T, class Y>
    static Of<Y> copied(std::size_t n, const T* from) {
        Of<Y> to;
        if constexpr (!is_array<X>) to.resize(n);
        for (std::size_t k = 0; k < n; ++k) to[k] = from[k];
        return to;
    }
    static Variable variable(std::span<const Scalar> x) { return copied<Scalar, Scalar>(x.size(), x.data()); }
    template <class T>
    static Of<T> gather(std::size_t n, const T* x) {
        return copied<T, T>(n, x);
    }
};
template <class X>
struct Parameter<Shared<X>> : Parameter<X> {
    static constexpr bool is_shared = true;
    static std::size_t count(const Shared<X>& x) { return Parameter<X>::count(x.value); }
    static const X& example(const Shared<X>& x) { return x.value; }
};

template <class X>
struct Parameter<Passive<X>> : Parameter<X> {
    static constexpr bool is_passive = true;
    static std::size_t count(const Passive<X>& x) { return Parameter<X>::count(x.value); }
    static const X& example(const Passive<X>& x) { return x.value; }
};
template <class P>
using OnlyActive = std::conditional_t<P::is_passive, std::tuple<>, std::tuple<P>>;

/// Numbers of one argument, whatever holds them.
template <class X, class F>
void for_each_number(const X& x, const F& f) {
    if constexpr (std::is_arithmetic_v<X>)
        f(x);
    else
        for (const auto& number : x) f(number);
}

/// The Scalars that a recorded function has returned.
template <class Y>
void append_outputs(const Y& y, std::vector<Scalar>& to) {
    if constexpr (std::is_convertible_v<const Y&, Scalar>)
        to.push_back(y);
    else if constexpr (requires { std::tuple_size<Y>::value; } && !requires { y.begin(); })
        std::apply([&to](const auto&... part) { (append_outputs(part, to), ...); }, y);
    else
        for (const auto& part : y) append_outputs(part, to);
}

/// Whether an argument means one point (its parameter's own kind) or many.
template <class P, class A>
inline constexpr bool is_one_point = P::is_number ? std::is_arithmetic_v<A> : Numbers<A>;
template <class A>
struct BatchElement {
    using type = typename A::value_type;
};
template <class T>
struct BatchElement<Tensor<T>> {
    using type = T;
};
template <class A>
    requires std::is_arithmetic_v<A>
struct BatchElement<A> {
    using type = double;
};

[[noreturn]] void throw_wrong_points(std::size_t argument, std::string_view expected, std::string_view got);
[[noreturn]] void throw_wrong_count(std::size_t argument, std::size_t expected, std::size_t got);

/// The columns of a batch: of each argument, where its numbers are.
template <class T>
class Columns {
  public:
    /// The same at all points.
    template <class A>
    void add_shared(std::size_t argument, std::size_t count, const A& a) {
        std::vector<T>& numbers = kept_.emplace_back();
        for_each_number(a, [&](auto x) { numbers.push_back(static_cast<T>(x)); });
        if (numbers.size() != count) throw_wrong_count(argument, count, numbers.size());
        for (const T& x : numbers) columns.push_back({&x, 0});
    }
    void add(std::size_t argument, const Tensor<T>& x, bool is_number, std::size_t count);
    void add(std::size_t argument, std::span<const T> x);

    std::vector<function::Column<T>> columns;
    Index n = -1;

  private:
    void agree(std::size_t argument, Index points);
    std::vector<std::vector<T>> kept_;
};

}  // namespace internal

}  // namespace v1
}  // namespace autodiff

// SPDX-License-Identifier: MIT
/// Models are plain structs: this walks over their members, with names, without a base class and without macros.
///
/// A plain struct (an aggregate, its default member initialisers included) is read as it stands: `struct Mlp { nn::Linear hidden, output; }`
/// has members "hidden" and "output". A type with constructors or private members says what it has:
///     static constexpr auto fields = std::tuple{autodiff::field("weight", &Linear::weight), autodiff::field("bias", &Linear::bias)};
/// Tensors of float or double and Scalars are parameters; containers and nested structs are walked through ("layers.0.weight");
/// anything else (sizes, rates, autodiff::Buffer) is configuration, carried along and left alone.
#pragma once

#include "autodiff/tensor.hpp"

#include <algorithm>
#include <array>
#include <cstdarg>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

namespace autodiff {
inline namespace v1 {

/// A tensor that belongs to a layer but is no parameter (a running mean): walks over parameters pass it by.
template <class T>
struct Buffer {
    Tensor<T> tensor;
};

/// A member and its name, for the `fields` of a type that is not an aggregate.
template <class C, class M>
struct Field {
    std::string_view name;
    M C::* member;
};
template <class C, class M>
constexpr Field<C, M> field(std::string_view name, M C::* member) {
    return {name, member};
}

namespace internal {

template <class T>
concept SaysFields = requires { T::fields; };

struct Anything {
    template <class T>
    operator T() const noexcept;
};
template <class T, std::size_t... I>
consteval bool takes(std::index_sequence<I...>) {
    return requires { T{(static_cast<void>(I), Anything{})...}; };
}
/// How many members an aggregate has: as many as it takes initialisers.
template <class T, std::size_t N = 24>
consteval std::size_t member_count() {
    if constexpr (N == 0 || takes<T>(std::make_index_sequence<N>{}))
        return N;
    else
        return member_count<T, N - 1>();
}

template <class T>
constexpr auto tie_members(T& x) {
    constexpr std::size_t n = member_count<std::remove_const_t<T>>();
    static_assert(n > 0, "a plain struct of at most 24 members is needed; give it `fields` otherwise");
    if constexpr (n == 1) {
        auto& [m1] = x;
        return std::tie(m1);
    } else if constexpr (n == 2) {
        auto& [m1, m2] = x;
        return std::tie(m1, m2);
    } else if constexpr (n == 3) {
        auto& [m1, m2, m3] = x;
        return std::tie(m1, m2, m3);
    } else if constexpr (n == 4) {
        auto& [m1, m2, m3, m4] = x;
        return std::tie(m1, m2, m3, m4);
    } else if constexpr (n == 5) {
        auto& [m1, m2, m3, m4, m5] = x;
        return std::tie(m1, m2, m3, m4, m5);
    } else if constexpr (n == 6) {
        auto& [m1, m2, m3, m4, m5, m6] = x;
        return std::tie(m1, m2, m3, m4, m5, m6);
    } else if constexpr (n == 7) {
        auto& [m1, m2, m3, m4, m5, m6, m7] = x;
        return std::tie(m1, m2, m3, m4, m5, m6, m7);
    } else if constexpr (n == 8) {
        auto& [m1, m2, m3, m4, m5, m6, m7, m8] = x;
        return std::tie(m1, m2, m3, m4, m5, m6, m7, m8);
    } else if constexpr (n == 9) {
        auto& [m1, m2, m3, m4, m5, m6, m7, m8, m9] = x;
        return std::tie(m1, m2, m3, m4, m5, m6, m7, m8, m9);
    } else if constexpr (n == 10) {
        auto& [m1, m2, m3, m4, m5, m6, m7, m8, m9, m10] = x;
        return std::tie(m1, m2, m3, m4, m5, m6, m7, m8, m9, m10);
    } else if constexpr (n == 11) {
        auto& [m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11] = x;
        return std::tie(m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11);
    } else if constexpr (n == 12) {
        auto& [m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12] = x;
        return std::tie(m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12);
    } else if constexpr (n == 13) {
        auto& [m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13] = x;
        return std::tie(m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13);
    } else if constexpr (n == 14) {
        auto& [m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14] = x;
        return std::tie(m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14);
    } else if constexpr (n == 15) {
        auto& [m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15] = x;
        return std::tie(m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15);
    } else if constexpr (n == 16) {
        auto& [m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15, m16] = x;
        return std::tie(m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15, m16);
    } else if constexpr (n == 17) {
        auto& [m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15, m16, m17] = x;
        return std::tie(m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15, m16, m17);
    } else if constexpr (n == 18) {
        auto& [m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15, m16, m17, m18] = x;
        return std::tie(m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15, m16, m17, m18);
    } else if constexpr (n == 19) {
        auto& [m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15, m16, m17, m18, m19] = x;
        return std::tie(m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15, m16, m17, m18, m19);
    } else if constexpr (n == 20) {
        auto& [m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15, m16, m17, m18, m19, m20] = x;
        return std::tie(m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15, m16, m17, m18, m19, m20);
    } else if constexpr (n == 21) {
        auto& [m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15, m16, m17, m18, m19, m20, m21] = x;
        return std::tie(m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15, m16, m17, m18, m19, m20, m21);
    } else if constexpr (n == 22) {
        auto& [m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15, m16, m17, m18, m19, m20, m21, m22] = x;
        return std::tie(m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15, m16, m17, m18, m19, m20, m21, m22);
    } else if constexpr (n == 23) {
        auto& [m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15, m16, m17, m18, m19, m20, m21, m22, m23] = x;
        return std::tie(m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15, m16, m17, m18, m19, m20, m21, m22, m23);
    } else if constexpr (n == 24) {
        auto& [m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15, m16, m17, m18, m19, m20, m21, m22, m23, m24] = x;
        return std::tie(m1, m2, m3, m4, m5, m6, m7, m8, m9, m10, m11, m12, m13, m14, m15, m16, m17, m18, m19, m20, m21, m22, m23, m24);
    }
}

#if defined(__clang__) && __clang_major__ < 18
/// Older clang cannot name a member through a template argument; its structure dump can.
class MemberNames {
  public:
    template <class T>
    static std::vector<std::string> of(const T& x) {
        MemberNames names;
        active() = &names;
        __builtin_dump_struct(&x, &MemberNames::take);
        return std::move(names.found_);
    }

  private:
    static MemberNames*& active() {
        static thread_local MemberNames* names = nullptr;
        return names;
    }
    static int take(const char* format, ...) {
        MemberNames& names = *active();
        const std::string_view line = format;
        // Lines read `type name : `; the dump opens a brace for every struct inside.
        if (names.depth_ == 1 && line.ends_with(" : ")) {
            const std::string_view declaration = line.substr(0, line.size() - 3);
            names.found_.emplace_back(declaration.substr(declaration.rfind(' ') + 1));
        }
        if (line.ends_with("{\n")) ++names.depth_;
        if (line.ends_with("}\n")) --names.depth_;
        return 0;
    }
    int depth_ = 0;
    std::vector<std::string> found_;
};
template <class T, std::size_t I>
std::string_view member_name(const T& x) {
    static const std::vector<std::string> names = MemberNames::of(x);
    return names[I];
}
#else
template <class T>
struct Holder {
    T value;
};
template <class T>
extern const Holder<T> nowhere;
template <auto Pointer>
consteval std::string_view spelled() {
    constexpr std::string_view text = __PRETTY_FUNCTION__;  // ... Pointer = (& nowhere<Mlp>.Holder<Mlp>::value.Mlp::output) ...
    // A struct inside a function brings parentheses of its own, `nowhere<main()::Mlp>`: only the last one closes.
    constexpr std::size_t closed = std::min(text.find(");"), text.rfind(")]"));
    constexpr std::size_t end = closed == std::string_view::npos ? text.rfind(']') : closed;
    constexpr std::size_t member = text.find_last_of(":.", end) + 1;
    return text.substr(member, end - member);
}
template <class T, std::size_t I>
consteval auto member_pointer() {
    return &std::get<I>(tie_members(nowhere<T>.value));
}
template <class T, std::size_t I>
constexpr std::string_view member_name(const T&) {
    constexpr std::string_view name = spelled<member_pointer<T, I>()>();
    return name;
}
#endif

}  // namespace internal

/// f(name, member) for every direct member of a struct.
template <class X, class F>
void for_each_field(X& x, F&& f) {
    using T = std::remove_const_t<X>;
    if constexpr (internal::SaysFields<T>) {
        std::apply([&](const auto&... field) { (f(field.name, x.*(field.member)), ...); }, T::fields);
    } else {
        const auto members = internal::tie_members(x);
        [&]<std::size_t... I>(std::index_sequence<I...>) {
            (f(internal::member_name<T, I>(x), std::get<I>(members)), ...);
        }(std::make_index_sequence<std::tuple_size_v<decltype(internal::tie_members(x))>>{});
    }
}

namespace internal {

template <class X>
inline constexpr bool is_buffer = false;
template <class T>
inline constexpr bool is_buffer<Buffer<T>> = true;

template <class X>
concept TupleLike = requires { std::tuple_size<X>::value; } && !requires(X x) { x.begin(); };
template <class X>
concept Range = requires(X& x) {
    x.begin();
    x.end();
    typename X::value_type;
} && !std::same_as<X, std::string>;

template <class X>
consteval bool has_parameters();
template <class... M>
consteval bool any_has_parameters(std::type_identity<std::tuple<M...>>) {
    return (has_parameters<std::remove_cvref_t<M>>() || ...);
}
template <class X, std::size_t... I>
consteval bool any_element_has_parameters(std::index_sequence<I...>) {
    return (has_parameters<std::tuple_element_t<I, X>>() || ...);
}
template <class X>
consteval bool says_parameters() {
    return std::apply([](const auto&... field) { return (has_parameters<std::remove_cvref_t<decltype(std::declval<X&>().*(field.member))>>() || ...); },
                      X::fields);
}
/// Whether walking over an X can meet a parameter.
template <class X>
consteval bool has_parameters() {
    if constexpr (AScalar<X> || ADifferentiableTensor<X>)
        return true;
    else if constexpr (is_buffer<X> || ATensor<X> || !std::is_class_v<X> || std::is_empty_v<X>)
        return false;
    else if constexpr (SaysFields<X>)
        return says_parameters<X>();
    else if constexpr (TupleLike<X>)
        return any_element_has_parameters<X>(std::make_index_sequence<std::tuple_size_v<X>>{});
    else if constexpr (Range<X>)
        return has_parameters<typename X::value_type>();
    else if constexpr (std::is_aggregate_v<X>)
        return any_has_parameters(std::type_identity<decltype(tie_members(std::declval<X&>()))>{});
    else
        return false;
}

template <bool WithBuffers, class X, class F>
void walk(const std::string& name, X& x, F& f) {
    using T = std::remove_const_t<X>;
    // A member without a name (the tuple inside a Sequential) adds nothing to the path.
    const auto below = [&name](std::string_view member) {
        if (member.empty()) return name;
        return name.empty() ? std::string(member) : name + "." + std::string(member);
    };
    if constexpr (AScalar<T> || ADifferentiableTensor<T>) {
        f(std::string_view(name), x);
    } else if constexpr (is_buffer<T>) {
        if constexpr (WithBuffers) f(std::string_view(name), x.tensor);
    } else if constexpr (!has_parameters<T>()) {
        return;
    } else if constexpr (SaysFields<T>) {
        for_each_field(x, [&](std::string_view member, auto& value) { walk<WithBuffers>(below(member), value, f); });
    } else if constexpr (TupleLike<T>) {
        std::size_t i = 0;
        std::apply([&](auto&... element) { (walk<WithBuffers>(below(std::to_string(i++)), element, f), ...); }, x);
    } else if constexpr (Range<T>) {
        std::size_t i = 0;
        for (auto& element : x) walk<WithBuffers>(below(std::to_string(i++)), element, f);
    } else {
        for_each_field(x, [&](std::string_view member, auto& value) { walk<WithBuffers>(below(member), value, f); });
    }
}

}  // namespace internal

/// A struct or container with parameters inside: a model.
template <class X>
concept Structure = std::is_class_v<X> && !AScalar<X> && !ATensor<X> && internal::has_parameters<X>();

/// f(name, parameter) for every Scalar and floating Tensor inside, in the order of declaration, names joined by dots.
template <class X, class F>
    requires Structure<std::remove_const_t<X>>
void for_each_parameter(X& model, F&& f) {
    internal::walk<false>(std::string(), model, f);
}

/// The same, and the buffers of the layers too: everything that a saved model consists of.
template <class X, class F>
    requires Structure<std::remove_const_t<X>>
void for_each_parameter_and_buffer(X& model, F&& f) {
    internal::walk<true>(std::string(), model, f);
}

}  // namespace v1
}  // namespace autodiff

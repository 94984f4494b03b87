// SPDX-License-Identifier: MIT
/// The parameters of a model as a list: for counting, printing, and loops that treat all of them alike.
/// How a struct is walked through is autodiff/structure.hpp; layers instead of parameters: walk.hpp.
#pragma once

#include "autodiff/structure.hpp"

#include <string>
#include <utility>
#include <vector>

namespace nn {
inline namespace v1 {

using autodiff::Index;

namespace internal {

/// The element type of the first tensor parameter of a model; void if it has Scalars only.
template <class X>
consteval auto element_type();
template <class... M>
consteval auto first_element_type(std::type_identity<std::tuple<M...>>) {
    if constexpr (sizeof...(M) == 0) {
        return std::type_identity<void>{};
    } else {
        return []<class First, class... Rest>(std::type_identity<std::tuple<First, Rest...>>) {
            using Found = decltype(element_type<std::remove_cvref_t<First>>());
            if constexpr (std::same_as<Found, std::type_identity<void>>)
                return first_element_type(std::type_identity<std::tuple<Rest...>>{});
            else
                return Found{};
        }(std::type_identity<std::tuple<M...>>{});
    }
}
template <class X>
consteval auto element_type() {
    using namespace autodiff::internal;
    if constexpr (autodiff::ADifferentiableTensor<X>)
        return std::type_identity<typename X::value_type>{};
    else if constexpr (!has_parameters<X>() || autodiff::AScalar<X>)
        return std::type_identity<void>{};
    else if constexpr (SaysFields<X>)
        return std::apply(
            [](const auto&... field) {
                return first_element_type(
                    std::type_identity<std::tuple<std::remove_cvref_t<decltype(std::declval<X&>().*(field.member))>...>>{});
            },
            X::fields);
    else if constexpr (TupleLike<X>)
        return []<std::size_t... I>(std::index_sequence<I...>) {
            return first_element_type(std::type_identity<std::tuple<std::tuple_element_t<I, X>...>>{});
        }
    (std::make_index_sequence<std::tuple_size_v<X>>{});
    else if constexpr (Range<X>) return element_type<typename X::value_type>();
    else return first_element_type(std::type_identity<decltype(tie_members(std::declval<X&>()))>{});
}

}  // namespace internal

/// What the tensors of a model are made of: float or double.
template <class M>
using ElementType = typename decltype(internal::element_type<std::remove_const_t<M>>())::type;

/// {name, tensor} for every tensor parameter, in the order of declaration; the tensors are the model's own, not copies.
/// A model of float and double tensors is asked for one of them: `parameters<double>(model)`.
template <class Wanted = void, class M>
requires autodiff::Structure<std::remove_const_t<M>>
[[nodiscard]] auto parameters(M& model) {
    using T = std::conditional_t<std::is_void_v<Wanted>, ElementType<M>, Wanted>;
    using Reference = std::conditional_t<std::is_const_v<M>, const autodiff::Tensor<T>&, autodiff::Tensor<T>&>;
    std::vector<std::pair<std::string, Reference>> found;
    autodiff::for_each_parameter(model, [&found]<class P>(std::string_view name, P& parameter) {
        if constexpr (std::same_as<std::remove_const_t<P>, autodiff::Tensor<T>>)
            found.emplace_back(std::piecewise_construct, std::forward_as_tuple(name), std::forward_as_tuple(parameter));
        else
            static_assert(!std::is_void_v<Wanted> || autodiff::AScalar<P>,
                          "the model has float and double tensors: name one, parameters<double>(model)");
    });
    return found;
}

/// How many numbers there are to train.
template <class M>
requires autodiff::Structure<std::remove_const_t<M>>
[[nodiscard]] Index count_parameters(const M& model) {
    Index count = 0;
    autodiff::for_each_parameter(model, [&count]<class P>(std::string_view, const P& parameter) {
        if constexpr (autodiff::AScalar<P>)
            ++count;
        else
            count += parameter.size();
    });
    return count;
}

}  // namespace v1
}  // namespace nn

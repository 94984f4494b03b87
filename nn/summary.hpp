// SPDX-License-Identifier: MIT
/// What a model consists of, as a table to print.
#pragma once

#include "nn/parameters.hpp"

namespace nn {
inline namespace v1 {

namespace internal {

struct SummaryRow {
    std::string name;
    autodiff::Shape shape;
};
std::string summary_table(const std::vector<SummaryRow>& rows);

}  // namespace internal

/// One line per parameter (name, shape, how many numbers) and the total:
///
///     name           shape       parameters
///     hidden.weight  [784, 128]     100,352
///     hidden.bias    [128]              128
///     total                         100,480
template <class M>
requires autodiff::Structure<std::remove_const_t<M>>
[[nodiscard]] std::string summary(const M& model) {
    std::vector<internal::SummaryRow> rows;
    autodiff::for_each_parameter(model, [&rows]<class P>(std::string_view name, const P& parameter) {
        if constexpr (autodiff::AScalar<P>)
            rows.push_back({std::string(name), {}});
        else
            rows.push_back({std::string(name), parameter.shape()});
    });
    return internal::summary_table(rows);
}

}  // namespace v1
}  // namespace nn

// SPDX-License-Identifier: MIT
#include "nn/checkpoint.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace nn {
inline namespace v1 {
namespace internal {

template <class T>
const autodiff::Tensor<T>& stored(const autodiff::io::NamedTensors& tensors, std::string_view name, const autodiff::Shape& shape) {
    const auto found = std::find_if(tensors.begin(), tensors.end(), [name](const auto& entry) { return entry.first == name; });
    if (found == tensors.end()) throw autodiff::ValueError("load", fmt::format("a tensor \"{}\"", name), "a file without it");
    const auto* tensor = std::get_if<autodiff::Tensor<T>>(&found->second);
    if (tensor == nullptr)
        throw autodiff::ValueError("load", fmt::format("{} values for \"{}\"", sizeof(T) == 8 ? "double" : "float", name),
                                   sizeof(T) == 8 ? "float" : "double");
    if (tensor->shape() != shape)
        throw autodiff::ShapeError("load", fmt::format("shape {} for \"{}\"", to_string(shape), name), to_string(tensor->shape()));
    return *tensor;
}
template const autodiff::Tensor<float>& stored(const autodiff::io::NamedTensors&, std::string_view, const autodiff::Shape&);
template const autodiff::Tensor<double>& stored(const autodiff::io::NamedTensors&, std::string_view, const autodiff::Shape&);

void check_all_used(const autodiff::io::NamedTensors& tensors, const std::vector<std::string>& used) {
    for (const auto& [name, tensor] : tensors)
        if (std::find(used.begin(), used.end(), name) == used.end())
            throw autodiff::ValueError("load", "a file with the model's tensors only", fmt::format("\"{}\" too", name));
}

}  // namespace internal
}  // namespace v1
}  // namespace nn

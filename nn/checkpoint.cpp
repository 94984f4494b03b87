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

InPytorch PytorchPlaces::at(const void* tensor, std::string_view name) const {
    const auto found = std::find_if(places_.begin(), places_.end(), [tensor](const Place& place) { return place.tensor == tensor; });
    if (found == places_.end()) return {false, std::string(name)};
    InPytorch there = found->there;
    const std::string& below = there.name.empty() ? found->ours : there.name;
    there.name = std::string(name.substr(0, name.size() - found->ours.size())) + below;
    return there;
}

void rename_parametrizations(autodiff::io::NamedTensors& tensors) {
    for (const auto& [newer, older] : {std::pair<std::string_view, std::string_view>{"parametrizations.weight.original0", "weight_g"},
                                       {"parametrizations.weight.original1", "weight_v"}})
        for (auto& [name, tensor] : tensors)
            if (name.ends_with(newer)) name.replace(name.size() - newer.size(), newer.size(), older);
}

void check_all_used(const autodiff::io::NamedTensors& tensors, const std::vector<std::string>& used, Layout layout) {
    constexpr std::string_view counter = "num_batches_tracked";  // of batch normalisation, which counts for nothing at a fixed momentum
    for (const auto& [name, tensor] : tensors)
        if (std::find(used.begin(), used.end(), name) == used.end() && !(layout == Layout::pytorch && name.ends_with(counter)))
            throw autodiff::ValueError("load", "a file with the model's tensors only", fmt::format("\"{}\" too", name));
}

}  // namespace internal
}  // namespace v1
}  // namespace nn

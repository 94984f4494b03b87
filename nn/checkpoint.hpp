// SPDX-License-Identifier: MIT
/// A model's parameters and running statistics in a file. Names are those of `nn::parameters` ("hidden.weight"), the format is safetensors.
#pragma once

#include "autodiff/io/safetensors.hpp"
#include "autodiff/structure.hpp"

namespace nn {
inline namespace v1 {

namespace internal {

/// The tensor of this name and shape. throws ShapeError or ValueError naming the parameter; removes nothing from the list
template <class T>
const autodiff::Tensor<T>& stored(const autodiff::io::NamedTensors& tensors, std::string_view name, const autodiff::Shape& shape);
/// throws ValueError if the file holds tensors that the model has not
void check_all_used(const autodiff::io::NamedTensors& tensors, const std::vector<std::string>& used);

}  // namespace internal

/// Writes every parameter and buffer. throws std::system_error if writing fails; an older file then stays as it was
template <class M>
requires autodiff::Structure<M>
void save(const M& model, const std::filesystem::path& path) {
    autodiff::io::NamedTensors tensors;
    autodiff::for_each_parameter_and_buffer(model, [&tensors]<class P>(std::string_view name, const P& p) {
        if constexpr (autodiff::AScalar<P>)
            tensors.emplace_back(name, autodiff::Tensor<double>(p.value()));
        else
            tensors.emplace_back(name, p.constant());
    });
    autodiff::io::write_safetensors(path, tensors);
}

/// Reads what `save` wrote into a model of the same structure: names, shapes and element types must agree, and nothing may be missing or
/// left over. The model changes only if everything fits.
/// throws autodiff::LoadError for a damaged file, ShapeError and ValueError naming the parameter, std::system_error
template <class M>
requires autodiff::Structure<M>
void load(M& model, const std::filesystem::path& path) {
    const autodiff::io::NamedTensors tensors = autodiff::io::read_safetensors(path);
    std::vector<std::string> used;
    M loaded = model;
    autodiff::for_each_parameter_and_buffer(loaded, [&]<class P>(std::string_view name, P& p) {
        if constexpr (autodiff::AScalar<P>)
            p = internal::stored<double>(tensors, name, {}).item();
        else
            p = internal::stored<typename P::value_type>(tensors, name, p.shape());
        used.emplace_back(name);
    });
    internal::check_all_used(tensors, used);
    model = std::move(loaded);
}

}  // namespace v1
}  // namespace nn

// SPDX-License-Identifier: MIT
/// A model's parameters and running statistics in a file. Names are those of `nn::parameters` ("hidden.weight"), the format is safetensors.
///
///     nn::save(model, "mlp.safetensors", nn::Layout::pytorch);   // torch_model.load_state_dict(safetensors.torch.load_file(...))
///
/// Most names are PyTorch's own. Where its state_dict differs, the layer says so in a member `pytorch(say)`, which calls
/// say(tensor, name below the layer, {transposed, name there}); no list of layers is kept here.
#pragma once

#include "autodiff/io/safetensors.hpp"
#include "autodiff/ops/layout.hpp"
#include "autodiff/structure.hpp"
#include "nn/walk.hpp"

namespace nn {
inline namespace v1 {

/// Whose names and whose order of axes a file has.
enum class Layout : std::uint8_t {
    own,      ///< the members' names, a weight [in, out]; every tensor, also those without elements
    pytorch,  ///< as in a PyTorch state_dict: a Linear's weight is [out, in], an LSTM's weight_ih_l0; what a layer does without is left out
};

/// How PyTorch keeps a tensor.
struct InPytorch {
    bool transposed = true;
    std::string name{};  ///< empty: ours
};

namespace internal {

/// The places at which PyTorch differs, found by the tensors' addresses: outer layers before those inside them.
class PytorchPlaces {
  public:
    template <class M>
    explicit PytorchPlaces(const M& model) {
        const auto say = [this](const auto& tensor, std::string_view ours, InPytorch there) {
            places_.push_back({&tensor, std::string(ours), std::move(there)});
        };
        for_each_layer(model, [&say](const auto& layer) {
            if constexpr (requires { layer.pytorch(say); }) layer.pytorch(say);
        });
    }
    /// For the tensor that we call `name`.
    [[nodiscard]] InPytorch at(const void* tensor, std::string_view name) const;

  private:
    struct Place {
        const void* tensor;
        std::string ours;
        InPytorch there;
    };
    std::vector<Place> places_;
};

/// The tensor of this name and shape. throws ShapeError or ValueError naming the parameter; removes nothing from the list
template <class T>
const autodiff::Tensor<T>& stored(const autodiff::io::NamedTensors& tensors, std::string_view name, const autodiff::Shape& shape);
/// PyTorch has two names for the parts of weight normalisation, by the function that was called: the newer becomes the older.
void rename_parametrizations(autodiff::io::NamedTensors& tensors);
/// throws ValueError if the file holds tensors that the model has not (for PyTorch's layout, but its counters of batches)
void check_all_used(const autodiff::io::NamedTensors& tensors, const std::vector<std::string>& used, Layout layout);

}  // namespace internal

/// Writes every parameter and buffer. throws std::system_error if writing fails; an older file then stays as it was
template <class M>
requires autodiff::Structure<M>
void save(const M& model, const std::filesystem::path& path, Layout layout = Layout::own) {
    autodiff::io::NamedTensors tensors;
    const internal::PytorchPlaces places(model);
    autodiff::for_each_parameter_and_buffer(model, [&]<class P>(std::string_view name, const P& p) {
        if constexpr (autodiff::AScalar<P>) {
            tensors.emplace_back(name, autodiff::Tensor<double>(p.value()));
        } else if (layout == Layout::own) {
            tensors.emplace_back(name, p.constant());
        } else if (p.size() != 0) {
            const InPytorch there = places.at(&p, name);
            tensors.emplace_back(there.name, there.transposed ? transpose(p.constant()) : p.constant());
        }
    });
    autodiff::io::write_safetensors(path, tensors);
}

/// Reads what `save` wrote, or with Layout::pytorch what PyTorch did, into a model of the same structure: names, shapes and element types
/// must agree, and nothing may be missing or left over. The model changes only if everything fits.
/// throws autodiff::LoadError for a damaged file, ShapeError and ValueError naming the parameter, std::system_error
template <class M>
requires autodiff::Structure<M>
void load(M& model, const std::filesystem::path& path, Layout layout = Layout::own) {
    autodiff::io::NamedTensors tensors = autodiff::io::read_safetensors(path);
    if (layout == Layout::pytorch) internal::rename_parametrizations(tensors);
    std::vector<std::string> used;
    M loaded = model;
    const internal::PytorchPlaces places(loaded);
    autodiff::for_each_parameter_and_buffer(loaded, [&]<class P>(std::string_view name, P& p) {
        if constexpr (autodiff::AScalar<P>) {
            p = internal::stored<double>(tensors, name, {}).item();
            used.emplace_back(name);
        } else if (layout == Layout::own) {
            p = internal::stored<typename P::value_type>(tensors, name, p.shape());
            used.emplace_back(name);
        } else if (p.size() != 0) {
            const InPytorch there = places.at(&p, name);
            const autodiff::Shape shape = there.transposed ? transpose(p).shape() : p.shape();
            const P& found = internal::stored<typename P::value_type>(tensors, there.name, shape);
            p = there.transposed ? transpose(found).contiguous() : found;
            used.push_back(there.name);
        }
    });
    internal::check_all_used(tensors, used, layout);
    model = std::move(loaded);
}

}  // namespace v1
}  // namespace nn

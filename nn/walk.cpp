// SPDX-License-Identifier: MIT
// Pairing the layers of two models, and what is said when they do not fit.
#include "nn/walk.hpp"

namespace nn {
inline namespace v1 {
namespace internal {

const void* LayerList::take(std::type_index type) {
    if (next == entries.size() || entries[next].type != type)
        throw autodiff::ValueError("take_state", "two models with the same layers",
                                   next == entries.size() ? "one with fewer of them" : "other layers at the same place");
    return entries[next++].layer;
}

}  // namespace internal
}  // namespace v1
}  // namespace nn

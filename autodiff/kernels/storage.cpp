// SPDX-License-Identifier: MIT
#include "autodiff/kernels/storage.hpp"

#include <fmt/format.h>
#include <new>

namespace autodiff {
inline namespace v1 {
namespace kernels {

Storage::Storage(Index elements, std::size_t element_size) {
    if (elements == 0) return;
    std::size_t size = 0;
    if (__builtin_mul_overflow(static_cast<std::size_t>(elements), element_size, &size) || size > (std::size_t{1} << 62))
        throw ShapeError("tensor", "a size in bytes below 2^62", fmt::format("{} elements of {} bytes", elements, element_size));
    static_assert(sizeof(Block) <= alignment);
    void* const memory = ::operator new (alignment + size, std::align_val_t{alignment});
    block_ = new (memory) Block{{1}};
}

void Storage::release(Block* block) noexcept {
    block->~Block();
    ::operator delete (static_cast<void*>(block), std::align_val_t{alignment});
}

}  // namespace kernels
}  // namespace v1
}  // namespace autodiff

// SPDX-License-Identifier: MIT
#include "autodiff/kernels/storage.hpp"

#include <fmt/format.h>
#include <new>

namespace autodiff {
inline namespace v1 {
namespace kernels {

namespace {

constexpr std::size_t header = (sizeof(Body) + block_alignment - 1) / block_alignment * block_alignment;

}  // namespace

std::size_t checked_bytes(Index elements, std::size_t element_size) {
    std::size_t size = 0;
    if (__builtin_mul_overflow(static_cast<std::size_t>(elements), element_size, &size) || size > (std::size_t{1} << 61))
        throw ShapeError("tensor", "a size in bytes of at most 2^61", fmt::format("{} elements of {} bytes", elements, element_size));
    return size;
}

Body* Body::make(Shape shape, std::size_t element_size) {
    const std::size_t block = header + checked_bytes(shape.size(), element_size);
    void* const memory = take_memory(block);
    Body* const body = new (memory) Body;
    body->data = static_cast<std::byte*>(memory) + header;
    body->block = block;
    body->strides = row_major(shape);
    body->shape = std::move(shape);
    return body;
}

Body* Body::view(Body* of, Shape shape, Strides strides, std::ptrdiff_t offset) {
    Body* const owner = of->base == nullptr ? of : of->base;
    Body* const body = new (take_memory(sizeof(Body))) Body;
    owner->owners.fetch_add(1, std::memory_order_relaxed);
    body->data = of->data + offset;
    body->base = owner;
    body->block = sizeof(Body);
    body->contiguous = is_row_major(shape, strides);
    body->shape = std::move(shape);
    body->strides = std::move(strides);
    return body;
}

void Body::release(Body* body) noexcept {
    const Shared base(body->base);
    const std::size_t block = body->block;
    body->~Body();
    give_memory(body, block);
}

}  // namespace kernels
}  // namespace v1
}  // namespace autodiff

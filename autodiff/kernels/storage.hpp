// SPDX-License-Identifier: MIT
/// Where the values of tensors lie. A Body is values and the layout in which they are seen, with a count of those who look; a Storage is
/// memory for one kernel's use. Both come from the pool (memory.hpp).
#pragma once

#include "autodiff/kernels/memory.hpp"
#include "autodiff/shape.hpp"

#include <atomic>
#include <cstddef>
#include <utility>

namespace autodiff {
inline namespace v1 {
namespace kernels {

/// The number of bytes that so many elements take. throws ShapeError if it is above 2^61
[[nodiscard]] std::size_t checked_bytes(Index elements, std::size_t element_size);

/// Values and a layout. The values of an owner lie behind it in the same block; a view shares those of another body, its base.
struct Body {
    std::atomic<std::uint32_t> owners{1};
    bool contiguous = true;  ///< row-major without gaps
    std::byte* data = nullptr;
    Body* base = nullptr;   ///< whose values they are; null for an owner
    std::size_t block = 0;  ///< bytes of the block, this header included
    Shape shape;
    Strides strides;

    /// Uninitialised values in row-major order. throws ShapeError, MemoryError, std::bad_alloc
    [[nodiscard]] static Body* make(Shape shape, std::size_t element_size);
    /// The values of `of`, `offset` bytes on, in another layout.
    [[nodiscard]] static Body* view(Body* of, Shape shape, Strides strides, std::ptrdiff_t offset);
    static void release(Body* body) noexcept;

    /// Whether nobody else sees the values: neither through this body, nor through its base, nor through a view of it.
    [[nodiscard]] bool unique() const noexcept {
        return owners.load(std::memory_order_acquire) == 1 && (base == nullptr || base->owners.load(std::memory_order_acquire) == 1);
    }
};

/// One share in a body, or none.
class Shared {
  public:
    Shared() noexcept = default;
    explicit Shared(Body* taken_over) noexcept : body_(taken_over) {}
    Shared(const Shared& other) noexcept : body_(other.body_) {
        if (body_ != nullptr) body_->owners.fetch_add(1, std::memory_order_relaxed);
    }
    Shared(Shared&& other) noexcept : body_(std::exchange(other.body_, nullptr)) {}
    Shared& operator=(const Shared& other) noexcept {
        Shared copy(other);
        std::swap(body_, copy.body_);
        return *this;
    }
    Shared& operator=(Shared&& other) noexcept {
        Shared taken(std::move(other));
        std::swap(body_, taken.body_);
        return *this;
    }
    ~Shared() {
        if (body_ != nullptr &&
            (body_->owners.load(std::memory_order_acquire) == 1 || body_->owners.fetch_sub(1, std::memory_order_acq_rel) == 1))
            Body::release(body_);
    }
    [[nodiscard]] Body* get() const noexcept { return body_; }
    Body* operator->() const noexcept { return body_; }
    explicit operator bool() const noexcept { return body_ != nullptr; }

  private:
    Body* body_ = nullptr;
};

/// Memory for the time of a computation. Uninitialised.
class Storage {
  public:
    Storage() noexcept = default;
    /// throws ShapeError, MemoryError, std::bad_alloc
    Storage(Index elements, std::size_t element_size) : size_(checked_bytes(elements, element_size)) {
        if (size_ > 0) bytes_ = static_cast<std::byte*>(take_memory(size_));
    }
    Storage(Storage&& other) noexcept : bytes_(std::exchange(other.bytes_, nullptr)), size_(other.size_) {}
    Storage& operator=(Storage&& other) noexcept {
        Storage taken(std::move(other));
        std::swap(bytes_, taken.bytes_), std::swap(size_, taken.size_);
        return *this;
    }
    ~Storage() {
        if (bytes_ != nullptr) give_memory(bytes_, size_);
    }
    [[nodiscard]] std::byte* bytes() const noexcept { return bytes_; }

  private:
    std::byte* bytes_ = nullptr;
    std::size_t size_ = 0;
};

}  // namespace kernels
}  // namespace v1
}  // namespace autodiff

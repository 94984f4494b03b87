// SPDX-License-Identifier: MIT
/// Shared, 64-byte aligned memory for the values of tensors. One allocation holds the count of owners and the values.
#pragma once

#include "autodiff/shape.hpp"

#include <atomic>
#include <cstddef>

namespace autodiff {
inline namespace v1 {
namespace kernels {

/// A reference to a block of values. Copying shares the block; whoever wants to write asks `unique()` first.
class Storage {
  public:
    Storage() noexcept = default;
    /// Uninitialised. throws ShapeError if the size in bytes overflows, std::bad_alloc
    Storage(Index elements, std::size_t element_size);
    Storage(const Storage& other) noexcept : block_(other.block_) {
        if (block_ != nullptr) block_->owners.fetch_add(1, std::memory_order_relaxed);
    }
    Storage(Storage&& other) noexcept : block_(other.block_) { other.block_ = nullptr; }
    Storage& operator=(Storage other) noexcept {
        Block* const mine = block_;
        block_ = other.block_, other.block_ = mine;
        return *this;
    }
    ~Storage() {
        if (block_ != nullptr && block_->owners.fetch_sub(1, std::memory_order_acq_rel) == 1) release(block_);
    }

    [[nodiscard]] std::byte* bytes() const noexcept {
        return block_ == nullptr ? nullptr : reinterpret_cast<std::byte*>(block_) + alignment;
    }
    [[nodiscard]] bool unique() const noexcept { return block_ != nullptr && block_->owners.load(std::memory_order_acquire) == 1; }

  private:
    static constexpr std::size_t alignment = 64;
    struct Block {
        std::atomic<std::uint32_t> owners;
    };
    static void release(Block* block) noexcept;
    Block* block_ = nullptr;
};

}  // namespace kernels
}  // namespace v1
}  // namespace autodiff

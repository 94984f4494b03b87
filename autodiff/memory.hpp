// SPDX-License-Identifier: MIT
/// The memory of tensors: how much there is, how much there may be, and how to give it back. How the pool works: kernels/memory.hpp.
#pragma once

#include <cstddef>

namespace autodiff {
inline namespace v1 {
namespace memory {

/// All sizes in bytes.
struct Statistics {
    std::size_t in_use = 0;        ///< in tensors and saved values; what a thread has at hand for small ones counts too
    std::size_t cached = 0;        ///< given back, kept for the next tensors
    std::size_t peak_in_use = 0;   ///< since the program began or reset_peak()
    std::size_t limit = 0;         ///< on in_use + cached; 0 for none
    std::size_t system_calls = 0;  ///< how often the system was asked: a number that stands still in a loop of equal steps
};

[[nodiscard]] Statistics stats() noexcept;
void reset_peak() noexcept;

/// Gives cached blocks back to the system; small ones (up to 8 KiB) stay.
void trim() noexcept;

/// From now on tensors may take so many bytes in all, cached ones included; 0 lifts the limit. What is in use already stays.
/// A tensor beyond it throws MemoryError, which names both sizes; nothing else changes then.
void set_limit(std::size_t bytes) noexcept;

}  // namespace memory
}  // namespace v1
}  // namespace autodiff

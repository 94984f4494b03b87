// SPDX-License-Identifier: MIT
// Free blocks of one size are a list through their first bytes. There is one such list a size for the process, and one a small size for
// each thread. The process's lists are never destroyed: tensors may outlive everything else.
#include "autodiff/kernels/memory.hpp"

#include "autodiff/error.hpp"
#include "autodiff/memory.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <fmt/format.h>
#include <mutex>
#include <new>

#if defined(__linux__)
#include <sys/mman.h>
#endif

#if defined(__SANITIZE_ADDRESS__)
#define WENGERT_KEEPS_NOTHING 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define WENGERT_KEEPS_NOTHING 1
#endif
#endif

namespace autodiff {
inline namespace v1 {
namespace kernels {

namespace {

#if defined(WENGERT_KEEPS_NOTHING)
constexpr bool keeps = false;
#else
constexpr bool keeps = true;
#endif

// Sizes ---------------------------------------------------------------------------------------------------------------------------------
// In units of 64 bytes: 1 to 8, then 9 to 16 times every power of two.

constexpr std::size_t huge_page = std::size_t{2} << 20;
constexpr std::size_t classes = 8 * 56;                  // up to 2^62 bytes
constexpr std::size_t small_classes = 40;                // up to 8 KiB
constexpr std::size_t slab = std::size_t{64} << 10;      // small blocks are cut from slabs
constexpr std::size_t at_hand = std::size_t{128} << 10;  // bytes of one small size that a thread keeps

constexpr std::size_t class_of(std::size_t bytes) {
    const std::size_t last = bytes <= block_alignment ? 0 : (bytes - 1) / block_alignment;
    if (last < 8) return last;
    const auto doublings = static_cast<std::size_t>(std::bit_width(last)) - 4;
    return 8 * doublings + (last >> doublings);
}
constexpr std::size_t size_of(std::size_t size_class) {
    if (size_class < 8) return (size_class + 1) * block_alignment;
    const std::size_t doublings = size_class / 8 - 1;
    return (size_class % 8 + 9) * block_alignment << doublings;
}
static_assert(size_of(class_of(1)) == 64 && size_of(class_of(512)) == 512 && size_of(class_of(513)) == 576 &&
              size_of(class_of(1025)) == 1152 && size_of(class_of(8192)) == 8192 && class_of(8192) == small_classes - 1);

// The process ---------------------------------------------------------------------------------------------------------------------------

struct FreeBlock {
    FreeBlock* next;
};

struct Central {
    std::mutex mutex;
    std::array<FreeBlock*, classes> free{};
    std::byte* slab_begin = nullptr;  // what is left of the newest slab
    std::byte* slab_end = nullptr;
    std::size_t in_use = 0, cached = 0, peak_in_use = 0, limit = 0, system_calls = 0;
};
constinit Central central;

std::byte* take_from_system(std::size_t bytes) {
    ++central.system_calls;
#if defined(__linux__)
    if (keeps && bytes >= huge_page) {
        // Some more than asked for, so that a part of it begins at a huge page; what lies around that part goes back at once.
        const std::size_t more = bytes + huge_page;
        void* const got = ::mmap(nullptr, more, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (got == MAP_FAILED) throw std::bad_alloc();
        auto* const begin = static_cast<std::byte*>(got);
        const std::size_t before = (huge_page - reinterpret_cast<std::uintptr_t>(begin) % huge_page) % huge_page;
        if (before > 0) ::munmap(begin, before);
        if (before < huge_page) ::munmap(begin + before + bytes, huge_page - before);
        ::madvise(begin + before, bytes, MADV_HUGEPAGE);  // an advice: without huge pages all is as it was
        return begin + before;
    }
#endif
    return static_cast<std::byte*>(::operator new (bytes, std::align_val_t{block_alignment}));
}
void give_to_system(void* block, std::size_t bytes) noexcept {
#if defined(__linux__)
    if (keeps && bytes >= huge_page) {
        ::munmap(block, bytes);
        return;
    }
#endif
    ::operator delete (block, std::align_val_t{block_alignment});
}

void give_cached_to_system() noexcept {
    for (std::size_t k = small_classes; k < classes; ++k)
        while (FreeBlock* const block = central.free[k]) {
            central.free[k] = block->next;
            central.cached -= size_of(k);
            give_to_system(block, size_of(k));
        }
}

/// Whether the limit has room for so much more from the system, after giving back what is cached if need be.
void make_room(std::size_t bytes) {
    const auto fits = [bytes] { return central.limit == 0 || central.in_use + central.cached + bytes <= central.limit; };
    if (fits()) [[likely]]
        return;
    give_cached_to_system();
    if (!fits())
        throw MemoryError("tensor", fmt::format("at most {} bytes in all, the limit", central.limit),
                          fmt::format("{} more beside {}", bytes, central.in_use + central.cached),
                          "let tensors go, or raise the limit with memory::set_limit");
}

void count_taken(std::size_t bytes) noexcept {
    central.in_use += bytes;
    central.peak_in_use = std::max(central.peak_in_use, central.in_use);
}

void* take_small(std::size_t k) {
    const std::size_t bytes = size_of(k);
    if (FreeBlock* const block = central.free[k]) {
        central.free[k] = block->next;
        central.cached -= bytes;
        return block;
    }
    if (static_cast<std::size_t>(central.slab_end - central.slab_begin) < bytes) {
        make_room(slab);
        std::byte* const fresh = take_from_system(slab);
        while (central.slab_begin < central.slab_end) {  // what is left of the old one
            const auto rest = static_cast<std::size_t>(central.slab_end - central.slab_begin);
            const std::size_t fits = class_of(rest) - (size_of(class_of(rest)) > rest ? 1 : 0);
            central.free[fits] = new (central.slab_begin) FreeBlock{central.free[fits]};
            central.slab_begin += size_of(fits);
        }
        central.slab_begin = fresh, central.slab_end = fresh + slab;
        central.cached += slab;
    }
    void* const block = central.slab_begin;
    central.slab_begin += bytes;
    central.cached -= bytes;
    return block;
}

void* take_large(std::size_t k) {
    const std::lock_guard lock(central.mutex);
    const std::size_t bytes = size_of(k);
    if (FreeBlock* const block = central.free[k]) {
        central.free[k] = block->next;
        central.cached -= bytes;
        count_taken(bytes);
        return block;
    }
    make_room(bytes);
    void* const block = take_from_system(bytes);
    count_taken(bytes);
    return block;
}

// The thread ----------------------------------------------------------------------------------------------------------------------------

struct AtHand {
    std::array<FreeBlock*, small_classes> free{};
    std::array<std::uint32_t, small_classes> count{};
    enum class State : std::uint8_t { fresh, here, gone } state = State::fresh;  ///< here: something gives the blocks back at the end
};
constinit thread_local AtHand mine;

/// Blocks of one size that go back and forth at once.
std::uint32_t batch_of(std::size_t k) { return static_cast<std::uint32_t>(std::clamp<std::size_t>(at_hand / 2 / size_of(k), 4, 256)); }

/// Gives blocks back until so many are left.
void leave(std::size_t k, std::uint32_t kept) noexcept {
    const std::lock_guard lock(central.mutex);
    while (mine.count[k] > kept) {
        FreeBlock* const block = mine.free[k];
        mine.free[k] = block->next, --mine.count[k];
        block->next = central.free[k], central.free[k] = block;
        central.cached += size_of(k), central.in_use -= size_of(k);
    }
}

/// Gives everything back when the thread ends. What is freed later, by destructors that run after this one, goes to the process at once.
struct Leaver {
    Leaver() { mine.state = AtHand::State::here; }
    ~Leaver() {
        mine.state = AtHand::State::gone;
        for (std::size_t k = 0; k < small_classes; ++k) leave(k, 0);
    }
};
/// Before a thread keeps its first block, taken by itself or not.
[[gnu::always_inline]] inline void come() {
    if (mine.state != AtHand::State::fresh) [[likely]]
        return;
    thread_local const Leaver leaver;
    static_cast<void>(leaver);
}

[[gnu::noinline]] void* fetch(std::size_t k) {
    come();
    const std::lock_guard lock(central.mutex);
    void* const first = take_small(k);
    count_taken(size_of(k));
    // More for the next times, but only what lies at hand: nothing is asked of the system in advance.
    for (std::uint32_t n = mine.state == AtHand::State::gone ? 0 : batch_of(k); n > 1 && central.free[k] != nullptr; --n) {
        FreeBlock* const block = central.free[k];
        central.free[k] = block->next, central.cached -= size_of(k);
        count_taken(size_of(k));
        block->next = mine.free[k], mine.free[k] = block, ++mine.count[k];
    }
    return first;
}

}  // namespace

void* take_memory(std::size_t bytes) {
    const std::size_t k = class_of(bytes);
    if constexpr (!keeps) {
        const std::lock_guard lock(central.mutex);
        make_room(size_of(k));
        void* const block = take_from_system(bytes);
        count_taken(size_of(k));
        return block;
    }
    if (k >= small_classes) [[unlikely]]
        return take_large(k);
    FreeBlock* const block = mine.free[k];
    if (block == nullptr) [[unlikely]]
        return fetch(k);
    mine.free[k] = block->next, --mine.count[k];
    return block;
}

void give_memory(void* memory, std::size_t bytes) noexcept {
    const std::size_t k = class_of(bytes);
    if (keeps && k < small_classes) come();
    if (!keeps || k >= small_classes || mine.state == AtHand::State::gone) [[unlikely]] {
        const std::lock_guard lock(central.mutex);
        central.in_use -= size_of(k);
        if constexpr (!keeps) {
            give_to_system(memory, bytes);
            return;
        }
        auto* const block = new (memory) FreeBlock{central.free[k]};
        central.free[k] = block;
        central.cached += size_of(k);
        return;
    }
    mine.free[k] = new (memory) FreeBlock{mine.free[k]};
    if (++mine.count[k] > 2 * batch_of(k)) [[unlikely]]
        leave(k, batch_of(k));
}

}  // namespace kernels

namespace memory {

using kernels::central;

Statistics stats() noexcept {
    const std::lock_guard lock(central.mutex);
    return {central.in_use, central.cached, central.peak_in_use, central.limit, central.system_calls};
}

void reset_peak() noexcept {
    const std::lock_guard lock(central.mutex);
    central.peak_in_use = central.in_use;
}

void trim() noexcept {
    const std::lock_guard lock(central.mutex);
    kernels::give_cached_to_system();
}

void set_limit(std::size_t bytes) noexcept {
    const std::lock_guard lock(central.mutex);
    central.limit = bytes;
}

}  // namespace memory
}  // namespace v1
}  // namespace autodiff

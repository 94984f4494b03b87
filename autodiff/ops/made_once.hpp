// SPDX-License-Identifier: MIT
/// What is made when it is first needed and stays: a few objects, each under a number, found without a lock. For formula.hpp.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <utility>

namespace autodiff {
inline namespace v1 {

template <class V>
class MadeOnce {
  public:
    MadeOnce() = default;
    MadeOnce(const MadeOnce&) = delete;
    MadeOnce& operator=(const MadeOnce&) = delete;
    ~MadeOnce() {
        for (const Entry* e = newest_; e != nullptr;) delete std::exchange(e, e->next);
    }

    /// The object under this number; `make` returns it in a unique_ptr if there is none. If it throws, nothing has changed.
    template <class Make>
    [[nodiscard]] const V& get(unsigned number, const Make& make) const {
        if (const Entry* const e = find(number)) [[likely]]
            return *e->value;
        const std::lock_guard lock(making_);
        if (const Entry* const e = find(number)) return *e->value;
        newest_.store(new Entry{number, make(), newest_.load()}, std::memory_order_release);
        return *newest_.load()->value;
    }

  private:
    struct Entry {
        unsigned number;
        std::unique_ptr<const V> value;
        const Entry* next;
    };
    [[nodiscard]] const Entry* find(unsigned number) const {
        const Entry* e = newest_.load(std::memory_order_acquire);
        while (e != nullptr && e->number != number) e = e->next;
        return e;
    }

    mutable std::atomic<const Entry*> newest_ = nullptr;
    mutable std::mutex making_;
};

}  // namespace v1
}  // namespace autodiff

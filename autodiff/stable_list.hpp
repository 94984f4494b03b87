// SPDX-License-Identifier: MIT
/// A list that grows at its end without moving what it holds: references stay valid while operations are recorded.
#pragma once

#include "autodiff/kernels/memory.hpp"

#include <compare>
#include <cstddef>
#include <iterator>
#include <new>
#include <type_traits>
#include <utility>
#include <vector>

namespace autodiff {
inline namespace v1 {

/// Elements lie in chunks from the pool of tensors; those that become free are kept. T may be incomplete until its members are used.
template <class T>
class StableList {
    template <class Element>
    class Iterator {
      public:
        using value_type = T;
        using reference = Element&;
        using pointer = Element*;
        using difference_type = std::ptrdiff_t;
        using iterator_category = std::random_access_iterator_tag;
        using List = std::conditional_t<std::is_const_v<Element>, const StableList, StableList>;

        Iterator() = default;
        Iterator(List* list, std::size_t at) : list_(list), at_(at) {}
        reference operator*() const { return (*list_)[at_]; }
        pointer operator->() const { return &(*list_)[at_]; }
        reference operator[](difference_type n) const { return *(*this + n); }
        Iterator& operator+=(difference_type n) {
            at_ = static_cast<std::size_t>(static_cast<difference_type>(at_) + n);
            return *this;
        }
        Iterator& operator-=(difference_type n) { return *this += -n; }
        Iterator& operator++() { return *this += 1; }
        Iterator& operator--() { return *this += -1; }
        Iterator operator++(int) { return std::exchange(*this, *this + 1); }
        Iterator operator--(int) { return std::exchange(*this, *this - 1); }
        friend Iterator operator+(Iterator i, difference_type n) { return i += n; }
        friend Iterator operator+(difference_type n, Iterator i) { return i += n; }
        friend Iterator operator-(Iterator i, difference_type n) { return i -= n; }
        friend difference_type operator-(const Iterator& a, const Iterator& b) {
            return static_cast<difference_type>(a.at_) - static_cast<difference_type>(b.at_);
        }
        friend bool operator==(const Iterator& a, const Iterator& b) { return a.at_ == b.at_; }
        friend auto operator<=>(const Iterator& a, const Iterator& b) { return a.at_ <=> b.at_; }

      private:
        List* list_ = nullptr;
        std::size_t at_ = 0;
    };

  public:
    StableList() = default;
    StableList(const StableList&) = delete;
    StableList& operator=(const StableList&) = delete;
    ~StableList() {
        clear();
        for (T* const chunk : chunks_) kernels::give_memory(chunk, a_chunk * sizeof(T));
    }

    [[nodiscard]] std::size_t size() const noexcept { return size_; }
    [[nodiscard]] bool empty() const noexcept { return size_ == 0; }
    [[nodiscard]] std::size_t capacity() const noexcept { return chunks_.size() * a_chunk; }
    [[nodiscard]] T& operator[](std::size_t i) noexcept { return chunks_[i / a_chunk][i % a_chunk]; }
    [[nodiscard]] const T& operator[](std::size_t i) const noexcept { return chunks_[i / a_chunk][i % a_chunk]; }
    [[nodiscard]] const T& back() const noexcept { return (*this)[size_ - 1]; }
    [[nodiscard]] auto begin() noexcept { return Iterator<T>(this, 0); }
    [[nodiscard]] auto end() noexcept { return Iterator<T>(this, size_); }
    [[nodiscard]] auto begin() const noexcept { return Iterator<const T>(this, 0); }
    [[nodiscard]] auto end() const noexcept { return Iterator<const T>(this, size_); }

    /// So that the next push_back cannot throw.
    void prepare() {
        if (size_ < capacity()) [[likely]]
            return;
        chunks_.reserve(chunks_.size() + 1);
        chunks_.push_back(static_cast<T*>(kernels::take_memory(a_chunk * sizeof(T))));
    }
    T& push_back(T&& element) {
        prepare();
        T* const place = &(*this)[size_];
        new (place) T(std::move(element));
        ++size_;
        return *place;
    }
    void pop_back() noexcept { (*this)[--size_].~T(); }
    void clear() noexcept {
        while (size_ > 0) pop_back();
    }

  private:
    static constexpr std::size_t a_chunk = 32;
    std::vector<T*> chunks_;
    std::size_t size_ = 0;
};

}  // namespace v1
}  // namespace autodiff

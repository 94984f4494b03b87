// SPDX-License-Identifier: MIT
/// A short list of numbers, or of other things that are copied byte by byte: the extents of a shape, the operands of a row.
///
/// Up to N of them need no allocation, and then a copy is a few register moves, whatever their number: every tensor operation copies some of
/// these lists, and where copies are loops (boost::container::small_vector) that was a quarter of its time.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <iterator>
#include <type_traits>
#include <utility>

namespace autodiff {
inline namespace v1 {

template <class T, std::size_t N>
class ShortList {
    static_assert(std::is_trivially_copyable_v<T>);

  public:
    using value_type = T;
    using size_type = std::size_t;
    using difference_type = std::ptrdiff_t;
    using reference = T&;
    using const_reference = const T&;
    using iterator = T*;
    using const_iterator = const T*;

    ShortList() noexcept = default;
    explicit ShortList(std::size_t n, const T& value = T{}) { resize(n, value); }
    template <std::input_iterator I>
    ShortList(I first, I last) {
        if constexpr (std::forward_iterator<I>) reserve(static_cast<std::size_t>(std::distance(first, last)));
        for (; first != last; ++first) push_back(*first);
    }
    ShortList(std::initializer_list<T> values) : ShortList(values.begin(), values.end()) {}
    ShortList(const ShortList& other) : size_(other.size_) {
        if (other.heap_ == nullptr) [[likely]]
            std::memcpy(static_cast<void*>(inside_), other.inside_, sizeof(inside_));
        else
            copy_heap(other);
    }
    ShortList(ShortList&& other) noexcept : heap_(other.heap_), size_(other.size_), capacity_(other.capacity_) {
        std::memcpy(static_cast<void*>(inside_), other.inside_, sizeof(inside_));
        other.heap_ = nullptr, other.size_ = 0, other.capacity_ = N;
    }
    ShortList& operator=(const ShortList& other) {
        if (heap_ == nullptr && other.heap_ == nullptr) [[likely]] {
            size_ = other.size_;
            std::memmove(static_cast<void*>(inside_), other.inside_, sizeof(inside_));
            return *this;
        }
        ShortList copy(other);
        swap(copy);
        return *this;
    }
    ShortList& operator=(ShortList&& other) noexcept {
        ShortList taken(std::move(other));
        swap(taken);
        return *this;
    }
    ~ShortList() {
        if (heap_ != nullptr) [[unlikely]]
            delete[] heap_;
    }

    [[nodiscard]] std::size_t size() const noexcept { return size_; }
    [[nodiscard]] bool empty() const noexcept { return size_ == 0; }
    [[nodiscard]] T* data() noexcept { return heap_ == nullptr ? inside_ : heap_; }
    [[nodiscard]] const T* data() const noexcept { return heap_ == nullptr ? inside_ : heap_; }
    [[nodiscard]] T* begin() noexcept { return data(); }
    [[nodiscard]] T* end() noexcept { return data() + size_; }
    [[nodiscard]] const T* begin() const noexcept { return data(); }
    [[nodiscard]] const T* end() const noexcept { return data() + size_; }
    [[nodiscard]] T& operator[](std::size_t i) noexcept { return data()[i]; }
    [[nodiscard]] const T& operator[](std::size_t i) const noexcept { return data()[i]; }
    [[nodiscard]] T& front() noexcept { return data()[0]; }
    [[nodiscard]] const T& front() const noexcept { return data()[0]; }
    [[nodiscard]] T& back() noexcept { return data()[size_ - 1]; }
    [[nodiscard]] const T& back() const noexcept { return data()[size_ - 1]; }

    void reserve(std::size_t n) {
        if (n > capacity_) [[unlikely]]
            grow(n);
    }
    void push_back(const T& value) {
        const T kept = value;  // it may be one of ours
        if (size_ == capacity_) [[unlikely]]
            grow(2 * std::size_t{capacity_});
        data()[size_++] = kept;
    }
    void pop_back() noexcept { --size_; }
    void clear() noexcept { size_ = 0; }
    void resize(std::size_t n, const T& value = T{}) {
        const T kept = value;
        reserve(n);
        if (n > size_) std::fill_n(data() + size_, n - size_, kept);
        size_ = static_cast<std::uint32_t>(n);
    }
    iterator insert(const_iterator position, const T& value) {
        const std::ptrdiff_t at = position - begin();
        push_back(value);
        std::rotate(begin() + at, end() - 1, end());
        return begin() + at;
    }
    template <std::forward_iterator I>
    iterator insert(const_iterator position, I first, I last) {
        const std::ptrdiff_t at = position - begin(), more = std::distance(first, last);
        reserve(size_ + static_cast<std::size_t>(more));
        for (; first != last; ++first) push_back(*first);
        std::rotate(begin() + at, end() - more, end());
        return begin() + at;
    }
    iterator erase(const_iterator position) {
        const std::ptrdiff_t at = position - begin();
        std::copy(begin() + at + 1, end(), begin() + at);
        --size_;
        return begin() + at;
    }
    void swap(ShortList& other) noexcept {
        std::swap(heap_, other.heap_), std::swap(size_, other.size_), std::swap(capacity_, other.capacity_);
        std::swap(inside_, other.inside_);
    }
    friend bool operator==(const ShortList& a, const ShortList& b) noexcept {
        if (a.size_ != b.size_) return false;
        const T *const x = a.data(), *const y = b.data();
        for (std::uint32_t i = 0; i < a.size_; ++i)  // of few: a call of memcmp would take longer
            if (!(x[i] == y[i])) return false;
        return true;
    }

  private:
    [[gnu::noinline]] void grow(std::size_t n) {
        T* const more = new T[n];
        std::copy(begin(), end(), more);
        delete[] heap_;
        heap_ = more, capacity_ = static_cast<std::uint32_t>(n);
    }
    [[gnu::noinline]] void copy_heap(const ShortList& other) {
        heap_ = new T[other.capacity_];
        capacity_ = other.capacity_;
        std::copy(other.begin(), other.end(), heap_);
    }

    T* heap_ = nullptr;  ///< where they are if N was not enough
    std::uint32_t size_ = 0, capacity_ = N;
    T inside_[N]{};
};

}  // namespace v1
}  // namespace autodiff

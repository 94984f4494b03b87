// SPDX-License-Identifier: MIT
/// What the readers and writers share: whole files, and errors that say where. For the .cpp files of io/.
#pragma once

#include "autodiff/io/named_tensors.hpp"

#include <filesystem>
#include <span>
#include <string_view>

namespace autodiff {
inline namespace v1 {
namespace io {
namespace internal {

/// throws std::system_error with what errno says
[[noreturn]] void throw_system(const char* what, const std::filesystem::path& path);

/// Where a reader is: in a file, or inside a member of an archive.
struct Origin {
    std::string_view operation;
    std::string inside{};      ///< added to what was expected: ` in "dW1.npy"`
    std::uint64_t offset = 0;  ///< of the first byte
    /// throws LoadError
    [[noreturn]] void fail(std::uint64_t at, std::string_view expected, std::string_view got, std::string_view remedy = {}) const;
};

/// All bytes of a regular file, whose size is known before anything is allocated.
/// throws LoadError if it has more than limits.bytes, std::system_error if it cannot be read
[[nodiscard]] std::string read_file(const std::filesystem::path& path, std::string_view operation, const LoadLimits& limits);

/// Blocks one after another, through a temporary file beside `path`, so that a failure leaves an older file as it was.
/// throws std::system_error if writing fails
void write_file(const std::filesystem::path& path, std::span<const std::string_view> blocks);

[[nodiscard]] bool is_utf8(std::string_view text);

/// A number of an integral type from its little-endian bytes at `at`, which must be inside.
template <class T>
[[nodiscard]] T little_endian(std::string_view bytes, std::size_t at) {
    T value = 0;
    for (std::size_t k = 0; k < sizeof(T); ++k)
        value = static_cast<T>(value | static_cast<T>(static_cast<unsigned char>(bytes[at + k])) << (8 * k));
    return value;
}
template <class T>
void put_little_endian(std::string& bytes, T value) {
    for (std::size_t k = 0; k < sizeof(T); ++k) bytes += static_cast<char>(static_cast<unsigned char>(value >> (8 * k)));
}

}  // namespace internal
}  // namespace io
}  // namespace v1
}  // namespace autodiff

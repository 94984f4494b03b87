// SPDX-License-Identifier: MIT
/// The npy format in memory, for npy.cpp and for the members of an archive (npz.cpp).
#pragma once

#include "autodiff/io/file.hpp"

namespace autodiff {
inline namespace v1 {
namespace io {
namespace internal {

inline constexpr std::uint64_t longest_npy_header = 65536;
inline constexpr std::uint64_t longest_npy_preamble = 12 + longest_npy_header;  ///< magic, version, length, header

/// How the values lie in the file.
enum class NpyType : std::uint8_t { f4, f8, i4, i8, b1, u1 };

struct NpyHeader {
    NpyType type = NpyType::f8;
    bool fortran = false;
    Shape shape;
    std::uint64_t begin = 0;  ///< of the values
};

/// Reads the header at the beginning of `bytes`, of which there will be `total` in the end; begin plus the size of the values is `total`.
/// `bytes` holds all of them, or at least longest_npy_preamble. throws LoadError
[[nodiscard]] NpyHeader read_npy_header(std::string_view bytes, std::uint64_t total, const Origin& origin);
/// Takes what the tensor will need from the bytes that are left: a boolean becomes a double. throws LoadError if they are too few
void take_tensor_bytes(const NpyHeader& header, std::uint64_t& left, const Origin& origin);
/// The values behind a header. throws LoadError
[[nodiscard]] AnyTensor read_npy_values(const NpyHeader& header, std::string_view bytes, const Origin& origin);

/// A tensor made ready for writing: everything before the values, and the values.
struct NpyBlocks {
    std::string preamble;
    AnyTensor row_major;
    [[nodiscard]] std::string_view values() const;
};
/// throws ValueError for a tensor that is absent
[[nodiscard]] NpyBlocks npy_blocks(const AnyTensor& tensor, std::string_view operation);

}  // namespace internal
}  // namespace io
}  // namespace v1
}  // namespace autodiff

// SPDX-License-Identifier: MIT
/// The archive around the tensors of an npz file: a zip file as NumPy writes it, read strictly. One reading of the bytes is possible or the
/// file is refused: members and directory lie one after another without gap or overlap, what is said twice agrees, and nothing is unpacked
/// that was not announced.
#pragma once

#include "autodiff/io/file.hpp"

#include <memory>

namespace autodiff {
inline namespace v1 {
namespace io {
namespace internal {

struct ZipMember {
    std::string name;
    bool deflated = false;
    std::uint32_t checksum = 0;
    std::uint64_t packed = 0, size = 0;  ///< bytes in the file, and unpacked
    std::uint64_t begin = 0;             ///< of the packed bytes
};

/// What is wrong with the name of a member, in words; nothing if it is a relative path in UTF-8 that stays in its folder.
[[nodiscard]] std::string_view zip_name_mistake(std::string_view name);

/// The members in the order of the directory.
/// throws LoadError: for an encrypted member, a method other than stored and deflated, a name twice, absolute, with "..", "." or a
///        backslash, or not UTF-8; for sizes that are contradicted (also by zip64 fields) or beyond the limits; for gaps and overlaps
[[nodiscard]] std::vector<ZipMember> zip_members(std::string_view file, std::string_view operation, const LoadLimits& limits);

[[nodiscard]] std::uint32_t checksum_of(std::string_view bytes);

/// Unpacks a deflated member piece by piece.
class Inflation {
  public:
    /// `origin` is that of the file.
    Inflation(std::string_view file, const ZipMember& member, const Origin& origin);
    ~Inflation();
    Inflation(const Inflation&) = delete;
    Inflation& operator=(const Inflation&) = delete;
    /// Goes on until `bytes` has as many bytes as asked for, at most member.size. throws LoadError if there are fewer or they are damaged
    void up_to(std::uint64_t size);
    /// Unpacks the rest. throws LoadError also if the size or the checksum is not the announced one
    void finish();
    [[nodiscard]] const std::string& bytes() const noexcept { return bytes_; }

  private:
    struct Stream;
    const ZipMember& member_;
    const Origin& origin_;
    std::unique_ptr<Stream> stream_;
    std::string bytes_;
};

/// A zip file of stored members, without dates, so that equal members give equal bytes.
class ZipWriter {
  public:
    /// Both views must live until the end. throws ValueError for a name that zip_members would refuse, or beyond 4 GiB
    void add(const std::string& name, std::string_view head, std::string_view body, std::string_view operation);
    /// throws std::system_error if writing fails
    void write(const std::filesystem::path& path);

  private:
    std::vector<std::unique_ptr<std::string>> headers_;
    std::vector<std::string_view> blocks_;
    std::vector<std::string> names_;
    std::string directory_;
    std::uint64_t at_ = 0;
};

}  // namespace internal
}  // namespace io
}  // namespace v1
}  // namespace autodiff

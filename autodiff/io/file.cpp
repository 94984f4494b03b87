// SPDX-License-Identifier: MIT
#include "autodiff/io/file.hpp"

#include <cerrno>
#include <fmt/format.h>
#include <fstream>
#include <nlohmann/json.hpp>
#include <system_error>

namespace autodiff {
inline namespace v1 {
namespace io {
namespace internal {

void throw_system(const char* what, const std::filesystem::path& path) {
    throw std::system_error(errno != 0 ? errno : EIO, std::generic_category(), fmt::format("{} {}", what, path.string()));
}

void Origin::fail(std::uint64_t at, std::string_view expected, std::string_view got, std::string_view remedy) const {
    throw LoadError(offset + at, operation, fmt::format("{}{}", expected, inside), got, remedy);
}

std::string read_file(const std::filesystem::path& path, std::string_view operation, const LoadLimits& limits) {
    std::error_code ignored;
    errno = 0;
    std::ifstream file(path, std::ios::binary);
    if (!file) throw_system("cannot read", path);
    // A folder opens, too; a pipe or a device has no size that could be known first.
    if (!std::filesystem::is_regular_file(path, ignored)) {
        errno = std::filesystem::is_directory(path, ignored) ? EISDIR : EINVAL;
        throw_system("cannot read", path);
    }
    file.seekg(0, std::ios::end);
    const auto size = static_cast<std::uint64_t>(file.tellg());
    if (!file) throw_system("cannot read", path);
    if (size > limits.bytes)
        throw LoadError(0, operation, fmt::format("a file of at most {} bytes", limits.bytes), fmt::format("{}", size));
    std::string bytes(static_cast<std::size_t>(size), '\0');
    file.seekg(0);
    file.read(bytes.data(), static_cast<std::streamsize>(size));
    if (!file) throw_system("cannot read", path);
    return bytes;
}

void write_file(const std::filesystem::path& path, std::span<const std::string_view> blocks) {
    std::filesystem::path temporary = path;
    temporary += ".partial";
    errno = 0;
    {
        std::ofstream file(temporary, std::ios::binary | std::ios::trunc);
        for (const std::string_view block : blocks) file.write(block.data(), static_cast<std::streamsize>(block.size()));
        file.close();
        if (!file) {
            std::error_code ignored;
            const int reason = errno;
            std::filesystem::remove(temporary, ignored);
            errno = reason;
            throw_system("cannot write", path);
        }
    }
    std::filesystem::rename(temporary, path);
}

bool is_utf8(std::string_view text) {
    try {
        static_cast<void>(nlohmann::json(text).dump());
        return true;
    } catch (const nlohmann::json::type_error&) {
        return false;
    }
}

}  // namespace internal
}  // namespace io
}  // namespace v1
}  // namespace autodiff

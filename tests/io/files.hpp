// SPDX-License-Identifier: MIT
/// Files made by hand, byte by byte, without the writers under test.
#pragma once

#include "autodiff/error.hpp"
#include "autodiff/node.hpp"

#include <boost/test/unit_test.hpp>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>
#include <zlib.h>

namespace files {

/// A file that goes with its name.
struct TemporaryFile {
    std::filesystem::path path;
    explicit TemporaryFile(const std::string& extension)
        : path(std::filesystem::temp_directory_path() /
               ("wengert_" + boost::unit_test::framework::current_test_case().p_name.get() + extension)) {}
    TemporaryFile(const TemporaryFile&) = delete;
    TemporaryFile& operator=(const TemporaryFile&) = delete;
    ~TemporaryFile() {
        std::error_code ignored;
        std::filesystem::remove(path, ignored);
    }
    /// As a new file: truncating an old one makes some file systems wait for the disk.
    void write(std::string_view bytes) const {
        std::filesystem::remove(path);
        std::ofstream(path, std::ios::binary) << bytes;
    }
    [[nodiscard]] std::string read() const {
        std::ifstream in(path, std::ios::binary);
        return {std::istreambuf_iterator<char>(in), {}};
    }
};

/// The claim for every damaged file: a LoadError with exactly this text.
template <class Call>
void check_refused(const Call& call, const std::string& text) {
    BOOST_CHECK_EXCEPTION(static_cast<void>(call()), autodiff::LoadError, [&](const autodiff::LoadError& e) {
        BOOST_TEST(e.what() == text);
        return true;
    });
}

inline std::string from_hex(std::string_view hex) {
    std::string bytes;
    for (std::size_t k = 0; k + 1 < hex.size(); k += 2) bytes += static_cast<char>(std::stoi(std::string(hex.substr(k, 2)), nullptr, 16));
    return bytes;
}

template <class T>
std::string bytes_of(T value) {
    std::string bytes(sizeof(T), '\0');
    std::memcpy(bytes.data(), &value, sizeof(T));
    return bytes;
}
template <class T>
std::string bytes_of_all(std::initializer_list<T> values) {
    std::string bytes;
    for (const T value : values) bytes += bytes_of(value);
    return bytes;
}

/// An npy file of version 1.0 with this dictionary, not padded.
inline std::string npy(std::string_view dictionary, std::string_view values) {
    std::string bytes = "\x93NUMPY";
    bytes += std::string_view("\1\0", 2);
    bytes += bytes_of(static_cast<std::uint16_t>(dictionary.size() + 1));
    bytes += dictionary;
    bytes += '\n';
    bytes += values;
    return bytes;
}
inline std::string npy_of(std::string_view type, std::string_view shape, std::string_view values, std::string_view fortran = "False") {
    return npy("{'descr': '" + std::string(type) + "', 'fortran_order': " + std::string(fortran) + ", 'shape': " + std::string(shape) +
                   ", }",
               values);
}

/// A member of a zip file, with whatever its headers are to say; what is not given is the truth.
struct Member {
    std::string name, data;  // as they stand in the file
    std::uint32_t size = 0, checksum = 0;
    std::uint16_t method = 0, flags = 0;
    std::string local_extra{}, entry_extra{}, after{};
    std::optional<std::string> local_name{};
    std::optional<std::uint32_t> local_size{}, local_packed{}, local_checksum{}, entry_size{}, entry_packed{}, entry_offset{};
};

inline std::uint32_t checksum(std::string_view bytes) {
    return static_cast<std::uint32_t>(crc32(0, reinterpret_cast<const Bytef*>(bytes.data()), static_cast<uInt>(bytes.size())));
}
inline Member stored(std::string name, const std::string& bytes) {
    return {std::move(name), bytes, static_cast<std::uint32_t>(bytes.size()), checksum(bytes)};
}
inline Member deflated(std::string name, const std::string& bytes) {
    z_stream stream{};
    deflateInit2(&stream, 9, Z_DEFLATED, -15, 9, Z_DEFAULT_STRATEGY);
    std::string packed(deflateBound(&stream, bytes.size()), '\0');
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data())), stream.avail_in = static_cast<uInt>(bytes.size());
    stream.next_out = reinterpret_cast<Bytef*>(packed.data()), stream.avail_out = static_cast<uInt>(packed.size());
    deflate(&stream, Z_FINISH);
    packed.resize(stream.total_out);
    deflateEnd(&stream);
    return {std::move(name), packed, static_cast<std::uint32_t>(bytes.size()), checksum(bytes), 8};
}

/// Numbers of the end record that are not to be the truth.
struct End {
    std::optional<std::uint16_t> count{};
    std::optional<std::uint32_t> size{}, begin{};
    std::string before{}, comment{};
    std::uint16_t disk = 0;
};

inline std::string zip(const std::vector<Member>& members, const End& end = {}) {
    std::string file, directory;
    for (const Member& m : members) {
        const auto u16 = [](std::size_t n) { return bytes_of(static_cast<std::uint16_t>(n)); };
        const auto packed = static_cast<std::uint32_t>(m.data.size());
        const auto at = static_cast<std::uint32_t>(file.size());
        const std::string local_name = m.local_name.value_or(m.name);
        file += "PK\3\4" + u16(20) + bytes_of(m.flags) + bytes_of(m.method) + u16(0) + u16(0x21);
        file += bytes_of(m.local_checksum.value_or(m.checksum)) + bytes_of(m.local_packed.value_or(packed)) +
                bytes_of(m.local_size.value_or(m.size));
        file += u16(local_name.size()) + u16(m.local_extra.size()) + local_name + m.local_extra + m.data + m.after;
        directory += "PK\1\2" + u16(20) + u16(20) + bytes_of(m.flags) + bytes_of(m.method) + u16(0) + u16(0x21) + bytes_of(m.checksum);
        directory += bytes_of(m.entry_packed.value_or(packed)) + bytes_of(m.entry_size.value_or(m.size));
        directory += u16(m.name.size()) + u16(m.entry_extra.size()) + u16(0) + u16(0) + u16(0) + u16(0) + u16(0);
        directory += bytes_of(m.entry_offset.value_or(at)) + m.name + m.entry_extra;
    }
    const auto count = end.count.value_or(static_cast<std::uint16_t>(members.size()));
    const auto begin = static_cast<std::uint32_t>(file.size()), size = static_cast<std::uint32_t>(directory.size());
    return file + directory + end.before + "PK\5\6" + bytes_of(end.disk) + bytes_of(end.disk) + bytes_of(count) + bytes_of(count) +
           bytes_of(end.size.value_or(size)) + bytes_of(end.begin.value_or(begin)) +
           bytes_of(static_cast<std::uint16_t>(end.comment.size())) + end.comment;
}

}  // namespace files

// SPDX-License-Identifier: MIT
#include "autodiff/io/npz.hpp"

#include "autodiff/explain/words.hpp"
#include "autodiff/io/npy_format.hpp"
#include "autodiff/io/zip.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace autodiff {
inline namespace v1 {
namespace io {

namespace {

constexpr std::string_view suffix = ".npy";

AnyTensor read_member(std::string_view file, const internal::ZipMember& member, std::uint64_t& left, const internal::Origin& origin) {
    using namespace internal;
    const std::string where = fmt::format(" in \"{}\"", printable(member.name));
    if (!member.deflated) {
        const std::string_view bytes = file.substr(static_cast<std::size_t>(member.begin), static_cast<std::size_t>(member.size));
        const Origin inside{origin.operation, where, member.begin};
        if (checksum_of(bytes) != member.checksum) inside.fail(0, "the bytes that the checksum was made of", "others");
        const NpyHeader header = read_npy_header(bytes, member.size, inside);
        take_tensor_bytes(header, left, inside);
        return read_npy_values(header, bytes, inside);
    }
    const Origin inside{origin.operation, where + ", unpacked"};
    Inflation inflation(file, member, origin);
    inflation.up_to(std::min(member.size, longest_npy_preamble));
    const NpyHeader header = read_npy_header(inflation.bytes(), member.size, inside);  // which ends at member.size, or is refused
    take_tensor_bytes(header, left, inside);
    inflation.finish();
    return read_npy_values(header, inflation.bytes(), inside);
}

}  // namespace

NamedTensors read_npz(const std::filesystem::path& path, const LoadLimits& limits) {
    const std::string file = internal::read_file(path, "read_npz", limits);
    const internal::Origin origin{"read_npz"};
    NamedTensors tensors;
    std::uint64_t left = limits.bytes;
    for (const internal::ZipMember& member : internal::zip_members(file, origin.operation, limits)) {
        if (!std::string_view(member.name).ends_with(suffix))
            origin.fail(member.begin, "members called .npy", fmt::format("\"{}\"", printable(member.name)));
        tensors.emplace_back(member.name.substr(0, member.name.size() - suffix.size()), read_member(file, member, left, origin));
    }
    return tensors;
}

void write_npz(const std::filesystem::path& path, const NamedTensors& tensors) {
    std::vector<internal::NpyBlocks> blocks;
    blocks.reserve(tensors.size());  // the archive refers to them
    internal::ZipWriter archive;
    for (const auto& [name, tensor] : tensors) {
        const internal::NpyBlocks& block = blocks.emplace_back(internal::npy_blocks(tensor, "write_npz"));
        archive.add(name + std::string(suffix), block.preamble, block.values(), "write_npz");
    }
    archive.write(path);
}

}  // namespace io
}  // namespace v1
}  // namespace autodiff

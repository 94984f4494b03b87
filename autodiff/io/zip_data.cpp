// SPDX-License-Identifier: MIT
// Unpacking members of a zip file, and writing one.
#include "autodiff/explain/words.hpp"
#include "autodiff/io/zip.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <new>
#include <zlib.h>

namespace autodiff {
inline namespace v1 {
namespace io {
namespace internal {

std::uint32_t checksum_of(std::string_view bytes) {
    return static_cast<std::uint32_t>(crc32_z(0, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size()));
}

struct Inflation::Stream : z_stream {};

Inflation::Inflation(std::string_view file, const ZipMember& member, const Origin& origin)
    : member_(member), origin_(origin), stream_(std::make_unique<Stream>()) {
    // zlib counts in 32 bits; what does not fit is given later.
    const std::string_view packed = file.substr(static_cast<std::size_t>(member.begin), static_cast<std::size_t>(member.packed));
    stream_->next_in = reinterpret_cast<Bytef*>(const_cast<char*>(packed.data()));
    if (inflateInit2(stream_.get(), -MAX_WBITS) != Z_OK) throw std::bad_alloc();
}

Inflation::~Inflation() { inflateEnd(stream_.get()); }

void Inflation::up_to(std::uint64_t size) {
    constexpr std::uint64_t piece = std::uint64_t{1} << 20;
    const auto fail = [this](std::string_view got) {
        origin_.fail(member_.begin + stream_->total_in,
                     fmt::format("{} bytes of \"{}\" packed by deflate", member_.size, printable(member_.name)), got);
    };
    while (bytes_.size() < size) {
        const std::size_t had = bytes_.size();
        const std::uint64_t wanted = std::min(size - had, piece);
        bytes_.resize(static_cast<std::size_t>(had + wanted));
        stream_->next_out = reinterpret_cast<Bytef*>(bytes_.data() + had);
        stream_->avail_out = static_cast<uInt>(wanted);
        stream_->avail_in = static_cast<uInt>(std::min(member_.packed - stream_->total_in, piece));
        const int result = inflate(stream_.get(), Z_NO_FLUSH);
        bytes_.resize(bytes_.size() - stream_->avail_out);
        if (result == Z_MEM_ERROR) throw std::bad_alloc();
        if (result == Z_STREAM_END && bytes_.size() < size) fail(fmt::format("{}", bytes_.size()));
        if (result != Z_OK && result != Z_STREAM_END) fail(result == Z_BUF_ERROR ? "the end of the packed bytes" : "other bytes");
    }
}

void Inflation::finish() {
    up_to(member_.size);
    // Room for one byte more: a stream that would go on shows it.
    Bytef more = 0;
    int result = Z_OK;
    do {
        stream_->next_out = &more, stream_->avail_out = 1;
        stream_->avail_in = static_cast<uInt>(std::min<std::uint64_t>(member_.packed - stream_->total_in, std::uint64_t{1} << 20));
        result = stream_->total_out > member_.size ? Z_DATA_ERROR : inflate(stream_.get(), Z_NO_FLUSH);
    } while (result == Z_OK);
    if (result != Z_STREAM_END || stream_->total_out != member_.size || stream_->total_in != member_.packed)
        origin_.fail(member_.begin + stream_->total_in,
                     fmt::format("\"{}\" to unpack from {} to {} bytes", printable(member_.name), member_.packed, member_.size), "others");
    if (checksum_of(bytes_) != member_.checksum)
        origin_.fail(member_.begin, fmt::format("the bytes of \"{}\" that its checksum was made of", printable(member_.name)), "others");
}

namespace {

constexpr std::uint64_t most_bytes = 0xfffffffe;  // so that nothing needs zip64
constexpr std::uint16_t first_of_january_1980 = 0x21;

}  // namespace

void ZipWriter::add(const std::string& name, std::string_view head, std::string_view body, std::string_view operation) {
    const std::string_view mistake = zip_name_mistake(name);
    if (!mistake.empty() || name.size() > 0xffff)
        throw ValueError(operation, "a relative name in UTF-8",
                         fmt::format("\"{}\", {}", printable(name), mistake.empty() ? "too long" : mistake));
    if (std::find(names_.begin(), names_.end(), name) != names_.end())
        throw ValueError(operation, "every name once", fmt::format("\"{}\" again", printable(name)));
    const std::uint64_t size = std::uint64_t{head.size()} + body.size();
    if (size > most_bytes || at_ + directory_.size() + size + 2 * name.size() + 98 > most_bytes || names_.size() == 0xfffe)
        throw ValueError(operation, "an archive of less than 4 GiB and 65535 tensors", "more", "write_safetensors has no such limit");
    names_.push_back(name);
    const auto checksum = static_cast<std::uint32_t>(crc32_z(checksum_of(head), reinterpret_cast<const Bytef*>(body.data()), body.size()));
    const bool ascii = std::all_of(name.begin(), name.end(), [](char c) { return static_cast<unsigned char>(c) < 0x80; });
    const auto describe = [&](std::string& into) {
        for (const std::uint16_t field :
             {std::uint16_t{20}, static_cast<std::uint16_t>(ascii ? 0 : 0x0800), std::uint16_t{0}, std::uint16_t{0}, first_of_january_1980})
            put_little_endian(into, field);
        for (const std::uint64_t field : {std::uint64_t{checksum}, size, size, std::uint64_t{name.size()}})
            put_little_endian(into, static_cast<std::uint32_t>(field));  // the length of the name with that of no extra fields
    };
    auto& header = *headers_.emplace_back(std::make_unique<std::string>());
    put_little_endian(header, std::uint32_t{0x04034b50});
    describe(header);
    header += name;
    put_little_endian(directory_, std::uint32_t{0x02014b50});
    put_little_endian(directory_, std::uint16_t{20});
    describe(directory_);
    directory_.append(2 + 2 + 2 + 4, '\0');  // comment, part, attributes
    put_little_endian(directory_, static_cast<std::uint32_t>(at_));
    directory_ += name;
    blocks_.insert(blocks_.end(), {header, head, body});
    at_ += header.size() + size;
}

void ZipWriter::write(const std::filesystem::path& path) {
    const auto count = static_cast<std::uint16_t>(names_.size());
    const auto size = static_cast<std::uint32_t>(directory_.size());
    put_little_endian(directory_, std::uint32_t{0x06054b50});
    put_little_endian(directory_, std::uint32_t{0});  // parts
    put_little_endian(directory_, count);
    put_little_endian(directory_, count);
    put_little_endian(directory_, size);
    put_little_endian(directory_, static_cast<std::uint32_t>(at_));
    put_little_endian(directory_, std::uint16_t{0});
    blocks_.emplace_back(directory_);
    write_file(path, blocks_);
}

}  // namespace internal
}  // namespace io
}  // namespace v1
}  // namespace autodiff

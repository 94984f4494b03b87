// SPDX-License-Identifier: MIT
// The directory of a zip file, checked. Unpacking and writing: zip_data.cpp.
#include "autodiff/io/zip.hpp"

#include "autodiff/explain/words.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <set>

namespace autodiff {
inline namespace v1 {
namespace io {
namespace internal {

namespace {

constexpr std::uint32_t local_signature = 0x04034b50, entry_signature = 0x02014b50, end_signature = 0x06054b50,
                        end64_signature = 0x06064b50, locator_signature = 0x07064b50, descriptor_signature = 0x08074b50;
constexpr std::uint64_t local_bytes = 30, entry_bytes = 46, end_bytes = 22, end64_bytes = 56, locator_bytes = 20;
constexpr std::uint32_t full = 0xffffffff;  // "look in the zip64 field"
constexpr std::uint16_t encrypted = 0x0001, described_later = 0x0008, utf8_name = 0x0800, deflate_hints = 0x0006;
constexpr std::uint16_t deflated = 8;
// A megabyte of zeros may be packed as tightly as deflate can; what unpacks to much more than that is a bomb.
constexpr std::uint64_t most_ratio = 1000, any_ratio_up_to = std::uint64_t{16} << 20;

class Directory {
  public:
    Directory(std::string_view file, std::string_view operation, const LoadLimits& limits)
        : file_(file), limits_(limits), origin_{operation} {}

    std::vector<ZipMember> members() {
        read_end();
        std::uint64_t at = begin_, unpacked = 0;
        std::vector<Local> locals;
        std::set<std::string> names;
        for (std::uint64_t k = 0; k < count_; ++k) {
            const std::uint64_t start = at;
            Local local;
            at = read_entry(at, local);
            const ZipMember& member = local.member;
            if (!names.insert(member.name).second) fail(start, "every name once", fmt::format("\"{}\" again", printable(member.name)));
            if (member.size > limits_.bytes - unpacked) fail(start, fmt::format("at most {} bytes unpacked", limits_.bytes), "more");
            unpacked += member.size;
            locals.push_back(std::move(local));
        }
        if (at != end_) fail(at, fmt::format("the end of a directory of {} members", count_), fmt::format("{} more bytes", end_ - at));
        return check_locals(locals);
    }

  private:
    struct Local {
        ZipMember member;
        std::uint16_t flags = 0;
        std::uint64_t header = 0;     ///< where it begins
        std::uint64_t directory = 0;  ///< where the directory speaks of it
        std::size_t order = 0;
    };

    [[noreturn]] void fail(std::uint64_t at, std::string_view expected, std::string_view got, std::string_view remedy = {}) const {
        origin_.fail(at, expected, got, remedy);
    }
    template <class T>
    [[nodiscard]] T number(std::uint64_t at) const {
        return little_endian<T>(file_, static_cast<std::size_t>(at));
    }
    /// Whether `size` bytes from `at` on are below `end`; nothing wraps round.
    [[nodiscard]] static bool fits(std::uint64_t at, std::uint64_t size, std::uint64_t end) { return at <= end && size <= end - at; }
    void demand(std::uint64_t at, std::uint64_t size, std::uint64_t end, std::string_view what) const {
        if (!fits(at, size, end)) fail(at, what, "the end");
    }

    /// The record at the end of the file: where the directory begins and ends, and how many members it has.
    void read_end() {
        if (file_.size() < end_bytes) fail(0, fmt::format("a zip file of at least {} bytes", end_bytes), fmt::format("{}", file_.size()));
        const std::uint64_t at = file_.size() - end_bytes;
        if (number<std::uint32_t>(at) != end_signature || number<std::uint16_t>(at + 20) != 0)
            fail(at, "the end record of a zip file without a comment", "something else");
        std::uint64_t size = number<std::uint32_t>(at + 12);
        count_ = number<std::uint16_t>(at + 10), begin_ = number<std::uint32_t>(at + 16), end_ = at;
        bool one_disk = number<std::uint16_t>(at + 4) == 0 && number<std::uint16_t>(at + 6) == 0 && number<std::uint16_t>(at + 8) == count_;
        if (count_ == 0xffff || size == full || begin_ == full) read_end64(at, size, one_disk);
        if (!one_disk) fail(at, "a zip file in one part", "a part of one");
        if (begin_ > end_ || size != end_ - begin_)
            fail(at, "a directory that ends where its end record begins", fmt::format("{} bytes from {} on", size, begin_));
        if (count_ > limits_.tensors) fail(at, fmt::format("at most {} tensors", limits_.tensors), fmt::format("{}", count_));
        if (count_ > (end_ - begin_) / entry_bytes) fail(at, "a directory with room for its members", fmt::format("{} members", count_));
    }
    void read_end64(std::uint64_t end, std::uint64_t& size, bool& one_disk) {
        if (end < locator_bytes + end64_bytes || number<std::uint32_t>(end - locator_bytes) != locator_signature)
            fail(end, "a zip64 end record", "none");
        const std::uint64_t locator = end - locator_bytes, at = locator - end64_bytes;
        if (number<std::uint64_t>(locator + 8) != at || number<std::uint32_t>(at) != end64_signature ||
            number<std::uint64_t>(at + 4) != end64_bytes - 12)
            fail(locator, "a zip64 end record directly before its locator", "something else");
        const auto agree = [&](std::uint64_t there, std::uint64_t here, std::uint64_t limit) {
            if (here != limit && here != there) fail(at, "a zip64 end record that agrees with the plain one", "a contradiction");
        };
        const std::uint64_t count64 = number<std::uint64_t>(at + 32), size64 = number<std::uint64_t>(at + 40),
                            begin64 = number<std::uint64_t>(at + 48);
        agree(count64, count_, 0xffff), agree(size64, size, full), agree(begin64, begin_, full);
        one_disk = number<std::uint32_t>(locator + 4) == 0 && number<std::uint32_t>(locator + 16) <= 1 &&
                   number<std::uint32_t>(at + 16) == 0 && number<std::uint32_t>(at + 20) == 0 && number<std::uint64_t>(at + 24) == count64;
        count_ = count64, size = size64, begin_ = begin64, end_ = at;
    }

    /// Takes 64-bit numbers from the zip64 field among the extra fields for those of `fields` that are full; it has these and no others.
    void read_zip64(std::uint64_t at, std::uint64_t end, std::initializer_list<std::uint64_t*> fields, bool all_or_none) const {
        bool found = false;
        while (at < end) {
            demand(at, 4, end, "the head of an extra field");
            const std::uint16_t id = number<std::uint16_t>(at), size = number<std::uint16_t>(at + 2);
            demand(at + 4, size, end, "an extra field that ends in its header");
            if (id == 1) {
                if (std::exchange(found, true)) fail(at, "one zip64 field", "two");
                std::uint64_t from = at + 4;
                for (std::uint64_t* field : fields)
                    if (*field == full) {
                        demand(from, 8, at + 4 + size, "a zip64 field with a number for every full one");
                        *field = number<std::uint64_t>(from);
                        from += 8;
                    }
                if (from != at + 4 + size) fail(at, "a zip64 field with a number for every full one", "more numbers");
                if (all_or_none && from != at + 4 && from != at + 4 + 8 * fields.size()) fail(at, "a zip64 field with both sizes", "one");
            }
            at += 4 + std::uint64_t{size};
        }
        if (found) return;
        for (const std::uint64_t* field : fields)
            if (*field == full) fail(at, "a zip64 field for a number that is full", "none");
    }

    std::uint64_t read_entry(std::uint64_t at, Local& local) const {
        demand(at, entry_bytes, end_, "a member in the directory");
        if (number<std::uint32_t>(at) != entry_signature) fail(at, "a member in the directory", "something else");
        const std::uint64_t name = number<std::uint16_t>(at + 28), extra = number<std::uint16_t>(at + 30),
                            comment = number<std::uint16_t>(at + 32);
        demand(at + entry_bytes, name + extra + comment, end_, "a member in the directory");
        ZipMember& member = local.member;
        member.name = file_.substr(static_cast<std::size_t>(at + entry_bytes), static_cast<std::size_t>(name));
        check_name(at + entry_bytes, member.name);
        local.flags = number<std::uint16_t>(at + 8), local.directory = at;
        const std::uint16_t method = number<std::uint16_t>(at + 10);
        const std::string quoted = fmt::format("\"{}\"", printable(member.name));
        if ((local.flags & encrypted) != 0) fail(at + 8, "no encryption", quoted + " encrypted");
        if ((local.flags & ~(described_later | utf8_name | deflate_hints)) != 0)
            fail(at + 8, "flags of a plain member", fmt::format("{:#06x} for {}", local.flags, quoted));
        if (method != 0 && method != deflated)
            fail(at + 10, "a member stored or deflated", fmt::format("method {} for {}", method, quoted));
        member.deflated = method == deflated;
        member.checksum = number<std::uint32_t>(at + 16);
        member.packed = number<std::uint32_t>(at + 20), member.size = number<std::uint32_t>(at + 24);
        local.header = number<std::uint32_t>(at + 42);
        const std::uint64_t extras = at + entry_bytes + name;
        read_zip64(extras, extras + extra, {&member.size, &member.packed, &local.header}, false);
        if (number<std::uint16_t>(at + 34) != 0) fail(at + 34, "a zip file in one part", "a part of one");
        if (!member.deflated && member.packed != member.size)
            fail(at + 20, fmt::format("{} bytes for {}, as stored", member.size, quoted), fmt::format("{}", member.packed));
        if (member.size > any_ratio_up_to && member.size / most_ratio > member.packed)
            fail(at + 24, fmt::format("{} to unpack to at most {} times its size", quoted, most_ratio),
                 fmt::format("{} bytes from {}", member.size, member.packed), "numpy.savez stores without packing");
        return extras + extra + comment;
    }

    void check_name(std::uint64_t at, const std::string& name) const {
        const std::string_view wrong = zip_name_mistake(name);
        if (!wrong.empty()) fail(at, "a relative name in UTF-8", fmt::format("\"{}\", {}", printable(name), wrong));
    }

    /// Headers beside the data say what the directory says, and the parts of the file follow each other.
    std::vector<ZipMember> check_locals(std::vector<Local>& locals) const {
        for (std::size_t k = 0; k < locals.size(); ++k) locals[k].order = k;
        std::sort(locals.begin(), locals.end(), [](const Local& a, const Local& b) { return a.header < b.header; });
        std::uint64_t at = 0;
        for (Local& local : locals) {
            if (local.header != at)
                fail(local.directory + 42, fmt::format("members without gaps or overlaps, the next from {} on", at),
                     fmt::format("\"{}\" from {} on", printable(local.member.name), local.header));
            at = read_local(local);
        }
        if (at != begin_) fail(at, "the directory directly after the last member", fmt::format("it from {} on", begin_));
        std::sort(locals.begin(), locals.end(), [](const Local& a, const Local& b) { return a.order < b.order; });
        std::vector<ZipMember> members;
        for (Local& local : locals) members.push_back(std::move(local.member));
        return members;
    }
    /// Returns where the member ends.
    std::uint64_t read_local(Local& local) const {
        const std::uint64_t at = local.header;
        ZipMember& member = local.member;
        demand(at, local_bytes, begin_, "the header of a member");
        const std::uint64_t name = number<std::uint16_t>(at + 26), extra = number<std::uint16_t>(at + 28);
        demand(at + local_bytes, name + extra, begin_, "the header of a member");
        const std::uint16_t method = number<std::uint16_t>(at + 8);
        if (number<std::uint32_t>(at) != local_signature || number<std::uint16_t>(at + 6) != local.flags ||
            method != (member.deflated ? deflated : 0) ||
            file_.substr(static_cast<std::size_t>(at + local_bytes), static_cast<std::size_t>(name)) != member.name)
            fail(at, fmt::format("the header of \"{}\" as in the directory", printable(member.name)), "something else");
        const std::uint64_t extras = at + local_bytes + name;
        std::uint64_t size = number<std::uint32_t>(at + 22), packed = number<std::uint32_t>(at + 18);
        read_zip64(extras, extras + extra, {&size, &packed}, true);
        const std::uint32_t checksum = number<std::uint32_t>(at + 14);
        const bool later = (local.flags & described_later) != 0;
        const bool agrees = size == member.size && packed == member.packed && checksum == member.checksum;
        const bool silent = later && size == 0 && packed == 0 && checksum == 0;
        if (!agrees && !silent)
            fail(at + 14, fmt::format("sizes and checksum of \"{}\" as in the directory", printable(member.name)), "others");
        member.begin = extras + extra;
        if (!fits(member.begin, member.packed, begin_))
            fail(at, fmt::format("{} bytes of \"{}\"", member.packed, printable(member.name)),
                 fmt::format("{} up to the directory", begin_ - member.begin));
        const std::uint64_t end = member.begin + member.packed;
        return later ? skip_descriptor(end, member) : end;
    }
    /// What follows a member whose header came before its sizes were known: they and the checksum, with or without a signature.
    [[nodiscard]] std::uint64_t skip_descriptor(std::uint64_t at, const ZipMember& member) const {
        for (const bool signature : {true, false})
            for (const std::uint64_t width : {4u, 8u}) {
                const std::uint64_t start = at + (signature ? 4 : 0), size = 4 + 2 * width;
                if (!fits(at, start - at + size, begin_) || (signature && number<std::uint32_t>(at) != descriptor_signature)) continue;
                const auto field = [&](std::uint64_t k) {
                    return width == 4 ? number<std::uint32_t>(start + 4 + 4 * k) : number<std::uint64_t>(start + 4 + 8 * k);
                };
                if (number<std::uint32_t>(start) != member.checksum || field(0) != member.packed || field(1) != member.size) continue;
                // Where sizes are below 2^32 the wide form begins like the narrow one only if packed and size are 0.
                const std::uint64_t end = start + size;
                if (end == begin_ || (fits(end, 4, begin_) && number<std::uint32_t>(end) == local_signature)) return end;
            }
        fail(at, fmt::format("sizes and checksum after \"{}\" as in the directory", printable(member.name)), "something else");
    }

    std::string_view file_;
    const LoadLimits& limits_;
    Origin origin_;
    std::uint64_t count_ = 0, begin_ = 0, end_ = 0;  // of the directory
};

}  // namespace

std::string_view zip_name_mistake(std::string_view name) {
    if (name.empty()) return "which is empty";
    if (!is_utf8(name)) return "which is not UTF-8";
    if (name.find_first_of(std::string_view("\\\0", 2)) != std::string_view::npos) return "with a backslash or a zero";
    if (name[0] == '/' || (name.size() > 1 && name[1] == ':')) return "which is absolute";
    for (std::size_t start = 0; start <= name.size();) {
        const std::size_t end = std::min(name.find('/', start), name.size());
        const std::string_view part = name.substr(start, end - start);
        if (part.empty() || part == "." || part == "..") return "which leaves its folder or names one";
        start = end + 1;
    }
    return {};
}

std::vector<ZipMember> zip_members(std::string_view file, std::string_view operation, const LoadLimits& limits) {
    return Directory(file, operation, limits).members();
}

}  // namespace internal
}  // namespace io
}  // namespace v1
}  // namespace autodiff

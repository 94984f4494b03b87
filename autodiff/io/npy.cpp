// SPDX-License-Identifier: MIT
#include "autodiff/io/npy.hpp"

#include "autodiff/explain/words.hpp"
#include "autodiff/io/npy_format.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <cstring>
#include <fmt/format.h>
#include <optional>

namespace autodiff {
inline namespace v1 {
namespace io {
namespace internal {

namespace {

static_assert(std::endian::native == std::endian::little, "values are copied as they lie; a big-endian machine would have to swap bytes");

constexpr std::string_view magic = "\x93NUMPY";
constexpr std::size_t most_axes = 64;

struct TypeName {
    std::string_view name;
    NpyType type;
    std::uint64_t width;
};
constexpr std::array<TypeName, 6> types{{{"<f4", NpyType::f4, 4},
                                         {"<f8", NpyType::f8, 8},
                                         {"<i4", NpyType::i4, 4},
                                         {"<i8", NpyType::i8, 8},
                                         {"|b1", NpyType::b1, 1},
                                         {"|u1", NpyType::u1, 1}}};

/// Whether a dtype such as '>f8' or '<u2' is one of real numbers: not complex ones, text or objects.
bool is_real(std::string_view name) {
    return name.size() > 2 && std::string_view("<>=|").find(name[0]) != std::string_view::npos &&
           std::string_view("fiu").find(name[1]) != std::string_view::npos &&
           name.find_first_not_of("0123456789", 2) == std::string_view::npos;
}

std::uint64_t width(NpyType type) { return types[static_cast<std::size_t>(type)].width; }

/// The dictionary {'descr': '<f8', 'fortran_order': False, 'shape': (2, 3)}: these three keys once each, in any order.
class Dictionary {
  public:
    Dictionary(std::string_view text, std::uint64_t begin, const Origin& origin) : text_(text), begin_(begin), origin_(origin) {}

    void read(NpyHeader& header) {
        std::array<bool, 3> seen{};
        demand('{');
        while (!accept('}')) {
            const std::size_t start = at_;
            const std::string_view key = string();
            const std::size_t which = key == "descr" ? 0 : key == "fortran_order" ? 1 : key == "shape" ? 2 : 3;
            if (which == 3) fail(start, "the keys 'descr', 'fortran_order' and 'shape'", fmt::format("'{}'", printable(key)));
            if (std::exchange(seen[which], true)) fail(start, "every key once", fmt::format("'{}' again", key));
            demand(':');
            if (which == 0) header.type = type();
            if (which == 1) header.fortran = boolean();
            if (which == 2) header.shape = shape();
            if (!accept(',')) {
                demand('}');
                break;
            }
        }
        for (std::size_t k = 0; k < 3; ++k)
            if (!seen[k]) fail(at_, "the keys 'descr', 'fortran_order' and 'shape'", "a dictionary without one of them");
        skip_blanks();
        if (at_ != text_.size()) fail(at_, "blanks up to the values", "something else");
    }

  private:
    [[noreturn]] void fail(std::size_t at, std::string_view expected, std::string_view got, std::string_view remedy = {}) const {
        origin_.fail(begin_ + at, expected, got, remedy);
    }
    void skip_blanks() {
        while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\n')) ++at_;
    }
    bool accept(char c) {
        skip_blanks();
        if (at_ == text_.size() || text_[at_] != c) return false;
        ++at_;
        return true;
    }
    [[nodiscard]] std::string next() const {
        return at_ == text_.size() ? "the end of the header" : fmt::format("'{}'", printable(text_.substr(at_, 8)));
    }
    void demand(char c) {
        if (!accept(c)) fail(at_, fmt::format("'{}'", c), next());
    }
    std::string_view string() {
        skip_blanks();
        const char quote = accept('"') ? '"' : '\'';
        if (quote == '\'') demand('\'');
        const std::size_t end = text_.find(quote, at_);
        if (end == std::string_view::npos) fail(at_, "the end of a string", "the end of the header");
        const std::string_view content = text_.substr(at_, end - at_);
        at_ = end + 1;
        return content;
    }
    bool boolean() {
        skip_blanks();
        for (const std::string_view word : {"True", "False"})
            if (text_.substr(at_, word.size()) == word) {
                at_ += word.size();
                return word == "True";
            }
        fail(at_, "True or False", next());
    }
    NpyType type() {
        skip_blanks();
        const std::size_t start = at_;
        constexpr std::string_view expected = "a dtype of '<f4', '<f8', '<i4', '<i8', '|b1', '|u1'";
        if (at_ < text_.size() && text_[at_] == '[') fail(start, expected, "a list of fields", "save one array for each field");
        const std::string_view name = string();
        const auto found = std::find_if(types.begin(), types.end(), [name](const TypeName& t) { return t.name == name; });
        if (found == types.end())
            fail(start, expected, fmt::format("'{}'", printable(name)), is_real(name) ? "convert with .astype(numpy.float64)" : "");
        return found->type;
    }
    Index extent() {
        std::uint64_t value = 0;
        const auto [end, error] = std::from_chars(text_.data() + at_, text_.data() + text_.size(), value);
        if (error != std::errc{} || value > (std::uint64_t{1} << 62)) fail(at_, "an extent from 0 to 2^62", next());
        at_ = static_cast<std::size_t>(end - text_.data());
        return static_cast<Index>(value);
    }
    Shape shape() {
        demand('(');
        const std::size_t start = at_;
        Extents extents;
        bool comma = true;
        while (!accept(')')) {
            if (!comma) fail(at_, "',' or ')'", next());
            if (extents.size() == most_axes) fail(at_, fmt::format("at most {} axes", most_axes), "more");
            skip_blanks();
            extents.push_back(extent());
            comma = accept(',');
        }
        if (extents.size() == 1 && !comma) fail(at_ - 1, "','", "')'");  // (3) is a number in Python, no tuple
        try {
            return Shape(std::span<const Index>(extents.data(), extents.size()));
        } catch (const ShapeError&) {
            fail(start, "a shape of at most 2^62 elements", "more");
        }
    }

    std::string_view text_;
    std::uint64_t begin_;
    const Origin& origin_;
    std::size_t at_ = 0;
};

template <class To, class From, class Check>
Tensor<To> copied(const NpyHeader& header, std::string_view values, const Check& check) {
    if (header.shape.size() == 0) return Tensor<To>::zeros(header.shape);
    // Column-major values are the row-major ones of the transpose.
    std::vector<Index> extents(header.shape.begin(), header.shape.end());
    if (header.fortran) std::reverse(extents.begin(), extents.end());
    Tensor<To> x = Tensor<To>::uninitialised(Shape(std::span<const Index>(extents)));
    To* to = x.fill_data();
    for (std::size_t k = 0; k < static_cast<std::size_t>(x.size()); ++k) {
        From value;
        std::memcpy(&value, values.data() + k * sizeof(From), sizeof(From));
        check(value, k);
        to[k] = static_cast<To>(value);
    }
    if (!header.fortran || extents.size() < 2) return x;
    Strides strides;
    Index step = 1;
    for (const Index extent : header.shape) strides.push_back(std::exchange(step, step * extent));
    return x.with_layout(header.shape, strides, 0).contiguous();
}

}  // namespace

NpyHeader read_npy_header(std::string_view bytes, std::uint64_t total, const Origin& origin) {
    if (bytes.substr(0, magic.size()) != magic)
        origin.fail(0, "the magic number of an npy file", bytes.empty() ? "no bytes" : "other bytes");
    if (total < 10) origin.fail(magic.size(), "a version and the length of a header", "the end");
    const auto major = static_cast<unsigned char>(bytes[6]), minor = static_cast<unsigned char>(bytes[7]);
    if (major < 1 || major > 3 || minor != 0)
        origin.fail(6, "version 1.0, 2.0 or 3.0", fmt::format("{}.{}", unsigned{major}, unsigned{minor}));
    NpyHeader header;
    const std::uint64_t start = major == 1 ? 10 : 12;
    if (total < start) origin.fail(8, "the length of a header", "the end");
    const std::uint64_t length = major == 1 ? little_endian<std::uint16_t>(bytes, 8) : little_endian<std::uint32_t>(bytes, 8);
    const std::uint64_t room = std::min(total - start, longest_npy_header);
    if (length > room) origin.fail(8, fmt::format("a header of at most {} bytes", room), fmt::format("{}", length));
    header.begin = start + length;
    Dictionary(bytes.substr(static_cast<std::size_t>(start), static_cast<std::size_t>(length)), start, origin).read(header);
    const std::uint64_t payload = total - header.begin, size = static_cast<std::uint64_t>(header.shape.size());
    if (payload % width(header.type) != 0 || payload / width(header.type) != size)
        origin.fail(header.begin, fmt::format("{} values of {} bytes for shape {}", size, width(header.type), to_string(header.shape)),
                    fmt::format("{} bytes", payload));
    return header;
}

void take_tensor_bytes(const NpyHeader& header, std::uint64_t& left, const Origin& origin) {
    const std::uint64_t size = static_cast<std::uint64_t>(header.shape.size()), element = header.type == NpyType::f4 ? 4 : 8;
    if (size > left / element) origin.fail(header.begin, fmt::format("at most {} bytes of numbers", left), "more");
    left -= size * element;
}

AnyTensor read_npy_values(const NpyHeader& header, std::string_view bytes, const Origin& origin) {
    const std::string_view values = bytes.substr(static_cast<std::size_t>(header.begin));
    const auto any = [](auto, std::size_t) {};
    switch (header.type) {
    case NpyType::f4:
        return copied<float, float>(header, values, any);
    case NpyType::f8:
        return copied<double, double>(header, values, any);
    case NpyType::i4:
        return copied<double, std::int32_t>(header, values, any);
    case NpyType::i8:
        return copied<double, std::int64_t>(header, values, [&](std::int64_t value, std::size_t k) {
            constexpr std::int64_t exact = std::int64_t{1} << 53;
            if (value > exact || value < -exact)
                origin.fail(header.begin + 8 * k, "integers up to 2^53, which a double holds", fmt::format("{}", value));
        });
    case NpyType::b1:
        return copied<double, std::uint8_t>(header, values, [&](std::uint8_t value, std::size_t k) {
            if (value > 1) origin.fail(header.begin + k, "a boolean of 0 or 1", fmt::format("{}", unsigned{value}));
        });
    case NpyType::u1:
        break;
    }
    return copied<double, std::uint8_t>(header, values, any);
}

std::string_view NpyBlocks::values() const {
    return std::visit(
        []<class X>(const X& x) -> std::string_view {
            if constexpr (std::same_as<X, std::monostate>)
                return {};
            else
                return {reinterpret_cast<const char*>(x.begin_data()), static_cast<std::size_t>(x.size()) * sizeof(typename X::value_type)};
        },
        row_major);
}

NpyBlocks npy_blocks(const AnyTensor& tensor, std::string_view operation) {
    NpyBlocks blocks;
    const auto set = [&](const auto& x, std::string_view type) {
        if (static_cast<std::size_t>(x.rank()) > most_axes)
            throw ValueError(operation, fmt::format("at most {} axes", most_axes), fmt::format("{}", x.rank()));
        blocks.row_major = x.constant().contiguous();
        std::string header = fmt::format("{{'descr': '{}', 'fortran_order': False, 'shape': (", type);
        for (Index axis = 0; axis < x.rank(); ++axis)
            header += fmt::format("{}{}", x.shape()[axis], x.rank() == 1 ? "," : axis + 1 < x.rank() ? ", " : "");
        header += "), }";
        header.append(63 - (magic.size() + 4 + header.size()) % 64, ' ');  // values aligned to 64 bytes
        header += '\n';
        blocks.preamble = magic;
        blocks.preamble += std::string_view("\1\0", 2);
        put_little_endian(blocks.preamble, static_cast<std::uint16_t>(header.size()));
        blocks.preamble += header;
    };
    if (const auto* x = std::get_if<Tensor<float>>(&tensor))
        set(*x, "<f4");
    else if (const auto* y = std::get_if<Tensor<double>>(&tensor))
        set(*y, "<f8");
    else
        throw ValueError(operation, "a tensor", "none");
    return blocks;
}

}  // namespace internal

AnyTensor read_npy(const std::filesystem::path& path, const LoadLimits& limits) {
    const std::string bytes = internal::read_file(path, "read_npy", limits);
    const internal::Origin origin{"read_npy"};
    const internal::NpyHeader header = internal::read_npy_header(bytes, bytes.size(), origin);
    std::uint64_t left = limits.bytes;
    internal::take_tensor_bytes(header, left, origin);
    return internal::read_npy_values(header, bytes, origin);
}

void write_npy(const std::filesystem::path& path, const AnyTensor& tensor) {
    const internal::NpyBlocks blocks = internal::npy_blocks(tensor, "write_npy");
    internal::write_file(path, std::array{std::string_view(blocks.preamble), blocks.values()});
}

}  // namespace io
}  // namespace v1
}  // namespace autodiff

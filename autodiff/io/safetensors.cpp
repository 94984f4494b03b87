// SPDX-License-Identifier: MIT
#include "autodiff/io/safetensors.hpp"

#include "autodiff/explain/words.hpp"
#include "autodiff/io/file.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cerrno>
#include <cmath>
#include <cstring>
#include <fmt/format.h>
#include <fstream>
#include <limits>
#include <nlohmann/json.hpp>
#include <set>
#include <type_traits>

namespace autodiff {
inline namespace v1 {
namespace io {

namespace {

static_assert(std::endian::native == std::endian::little, "values are copied as they lie; a big-endian machine would have to swap bytes");

constexpr std::uint64_t longest_header = 100'000'000;
constexpr int deepest_header = 4;

using internal::throw_system;

using Json = nlohmann::ordered_json;

/// The header as JSON, without duplicate keys and not deeper than the format needs.
Json parse_header(const std::string& text) {
    std::vector<std::set<std::string>> keys;
    std::string complaint;
    const Json::parser_callback_t watch = [&](int depth, Json::parse_event_t event, Json& parsed) {
        using Event = Json::parse_event_t;
        if (depth > deepest_header && complaint.empty()) complaint = "a header nested too deeply";
        if (event == Event::object_start) keys.emplace_back();
        if (event == Event::object_end) keys.pop_back();
        if (event == Event::key && !keys.back().insert(parsed.get<std::string>()).second && complaint.empty())
            complaint = fmt::format("the key \"{}\" twice", parsed.get<std::string>());
        return true;
    };
    Json header;
    try {
        header = Json::parse(text, watch);
    } catch (const Json::parse_error& e) {
        throw LoadError(8 + e.byte, "read_safetensors", "a JSON header", "something else");
    }
    if (complaint.empty() && !header.is_object()) complaint = "a header that is no object";
    if (!complaint.empty()) throw LoadError(8, "read_safetensors", "a safetensors header", complaint);
    return header;
}

template <class T>
AnyTensor read_values(std::istream& file, const Shape& shape, std::uint64_t) {
    Tensor<T> x = Tensor<T>::uninitialised(shape);
    file.read(reinterpret_cast<char*>(x.fill_data()), static_cast<std::streamsize>(static_cast<std::size_t>(x.size()) * sizeof(T)));
    return x;
}

/// The upper half of a float.
float from_bfloat16(std::uint16_t bits) { return std::bit_cast<float>(static_cast<std::uint32_t>(bits) << 16); }
/// IEEE 754 binary16: a sign, 5 bits of exponent, 10 of mantissa.
float from_half(std::uint16_t bits) {
    const int exponent = bits >> 10 & 31, mantissa = bits & 1023;
    const float size = exponent == 31  ? (mantissa == 0 ? std::numeric_limits<float>::infinity() : std::numeric_limits<float>::quiet_NaN())
                       : exponent == 0 ? std::ldexp(static_cast<float>(mantissa), -24)
                                       : std::ldexp(static_cast<float>(1024 + mantissa), exponent - 25);
    return (bits & 0x8000u) != 0 ? -size : size;
}

/// Values of another type, each made a T.
template <auto converted, class Stored>
AnyTensor read_converted(std::istream& file, const Shape& shape, std::uint64_t) {
    std::vector<Stored> stored(static_cast<std::size_t>(shape.size()));
    file.read(reinterpret_cast<char*>(stored.data()), static_cast<std::streamsize>(stored.size() * sizeof(Stored)));
    using T = std::invoke_result_t<decltype(converted), Stored>;
    Tensor<T> x = Tensor<T>::uninitialised(shape);
    std::transform(stored.begin(), stored.end(), x.fill_data(), converted);
    return x;
}
template <class Stored>
AnyTensor read_as_double(std::istream& file, const Shape& shape, std::uint64_t at) {
    return read_converted<[](Stored value) { return static_cast<double>(value); }, Stored>(file, shape, at);
}

/// I64 values, at byte `at` of the file, as doubles.
AnyTensor read_integers(std::istream& file, const Shape& shape, std::uint64_t at) {
    Tensor<double> x = Tensor<double>::uninitialised(shape);
    for (std::size_t k = 0; k < static_cast<std::size_t>(x.size()); ++k) {
        std::int64_t value = 0;
        file.read(reinterpret_cast<char*>(&value), 8);
        constexpr std::int64_t exact = std::int64_t{1} << 53;
        if (value > exact || value < -exact)
            throw LoadError(at + 8 * k, "read_safetensors", "integers up to 2^53, which a double holds", fmt::format("{}", value));
        x.fill_data()[k] = static_cast<double>(value);
    }
    return x;
}

/// A type of the format: bytes of a value in the file, and of what it becomes in memory.
struct Kind {
    std::string_view name;
    std::uint64_t width, in_memory;
    AnyTensor (*read)(std::istream& file, const Shape& shape, std::uint64_t at);  ///< `at`: the byte where the values begin
};
/// Floats of two bytes become float, which holds them; integers and truth values become double.
constexpr std::array kinds{Kind{"F64", 8, 8, read_values<double>},
                           Kind{"F32", 4, 4, read_values<float>},
                           Kind{"F16", 2, 4, read_converted<from_half, std::uint16_t>},
                           Kind{"BF16", 2, 4, read_converted<from_bfloat16, std::uint16_t>},
                           Kind{"I64", 8, 8, read_integers},
                           Kind{"I32", 4, 8, read_as_double<std::int32_t>},
                           Kind{"I16", 2, 8, read_as_double<std::int16_t>},
                           Kind{"I8", 1, 8, read_as_double<std::int8_t>},
                           Kind{"U8", 1, 8, read_as_double<std::uint8_t>},
                           Kind{"BOOL", 1, 8, read_as_double<std::uint8_t>}};

struct Entry {
    std::string name;
    Kind kind;
    Shape shape;
    std::uint64_t begin, end;
};

Entry entry_of(const std::string& name, const Json& value, std::uint64_t payload) {
    const auto fail = [&](std::string_view expected, std::string_view got) {
        throw LoadError(8, "read_safetensors", fmt::format("{} for \"{}\"", expected, printable(name)), got);
    };
    if (!value.is_object() || value.size() != 3 || !value.contains("dtype") || !value.contains("shape") || !value.contains("data_offsets"))
        fail("dtype, shape and data_offsets", "something else");
    const Json &dtype = value["dtype"], &shape = value["shape"], &offsets = value["data_offsets"];
    const auto kind = std::find_if(kinds.begin(), kinds.end(), [&dtype](const Kind& k) { return dtype == k.name; });
    if (kind == kinds.end()) fail("dtype F64, F32, F16, BF16, I64, I32, I16, I8, U8 or BOOL", dtype.dump());
    if (!shape.is_array() || shape.size() > 64) fail("a list of extents", "something else");
    Extents extents;
    for (const Json& extent : shape) {
        if (!extent.is_number_unsigned() || extent.get<std::uint64_t>() > (std::uint64_t{1} << 62))
            fail("extents that are not negative", shape.dump());
        extents.push_back(extent.get<Index>());
    }
    if (!offsets.is_array() || offsets.size() != 2 || !offsets[0].is_number_unsigned() || !offsets[1].is_number_unsigned())
        fail("two data_offsets", offsets.dump());
    Entry entry{name, *kind, {}, offsets[0].get<std::uint64_t>(), offsets[1].get<std::uint64_t>()};
    try {
        entry.shape = Shape(std::span<const Index>(extents.data(), extents.size()));
    } catch (const ShapeError&) {
        fail("a shape of at most 2^62 elements", shape.dump());
    }
    if (entry.begin > entry.end || entry.end > payload)
        fail(fmt::format("data_offsets inside {} bytes of values", payload), offsets.dump());
    const std::uint64_t size = static_cast<std::uint64_t>(entry.shape.size()), bytes = entry.end - entry.begin;
    if (bytes % kind->width != 0 || bytes / kind->width != size)
        fail(fmt::format("{} values", size), fmt::format("{} bytes", entry.end - entry.begin));
    return entry;
}

void check_metadata(const Json& metadata) {
    bool strings = metadata.is_object();
    for (const Json& value : metadata) strings = strings && value.is_string();
    if (!strings) throw LoadError(8, "read_safetensors", "strings in __metadata__", "something else");
}

}  // namespace

NamedTensors read_safetensors(const std::filesystem::path& path, const LoadLimits& limits) {
    errno = 0;
    std::ifstream file(path, std::ios::binary | std::ios::ate);
    if (!file) throw_system("cannot read", path);
    const std::uint64_t size = static_cast<std::uint64_t>(file.tellg());
    if (size < 8) throw LoadError(0, "read_safetensors", "at least 8 bytes", fmt::format("{}", size));
    if (size > limits.bytes)
        throw LoadError(0, "read_safetensors", fmt::format("a file of at most {} bytes", limits.bytes), fmt::format("{}", size));
    file.seekg(0);
    std::uint64_t length = 0;
    file.read(reinterpret_cast<char*>(&length), 8);
    if ((length & 0xffffffffu) == 0x04034b50)  // "PK", 3, 4: torch.save writes a ZIP archive
        throw LoadError(0, "read_safetensors", "a safetensors file",
                        "a ZIP archive, as of numpy.savez or torch.save; PyTorch writes the "
                        "other kind with safetensors.torch.save_file");
    if (length > std::min(size - 8, longest_header))
        throw LoadError(0, "read_safetensors", fmt::format("a header of at most {} bytes", std::min(size - 8, longest_header)),
                        fmt::format("{}", length));
    std::string text(static_cast<std::size_t>(length), '\0');
    file.read(text.data(), static_cast<std::streamsize>(length));
    if (!file) throw_system("cannot read", path);

    const Json header = parse_header(text);
    const std::uint64_t payload = size - 8 - length;
    std::vector<Entry> entries;
    for (const auto& [name, value] : header.items())
        if (name == "__metadata__")
            check_metadata(value);
        else
            entries.push_back(entry_of(name, value, payload));
    if (entries.size() > limits.tensors)
        throw LoadError(8, "read_safetensors", fmt::format("at most {} tensors", limits.tensors), fmt::format("{}", entries.size()));
    std::stable_sort(entries.begin(), entries.end(),
                     [](const Entry& a, const Entry& b) { return std::pair(a.begin, a.end) < std::pair(b.begin, b.end); });
    std::uint64_t at = 0;
    for (const Entry& entry : entries) {
        if (entry.begin != at)
            throw LoadError(8 + length + at, "read_safetensors", "values without gaps or overlaps",
                            fmt::format("\"{}\" from {}", entry.name, entry.begin));
        at = entry.end;
    }
    std::uint64_t in_memory = 0;
    for (const Entry& entry : entries) in_memory += (entry.end - entry.begin) / entry.kind.width * entry.kind.in_memory;
    if (in_memory > limits.bytes)
        throw LoadError(8, "read_safetensors", fmt::format("tensors of at most {} bytes", limits.bytes), fmt::format("{}", in_memory));
    if (at != payload)
        throw LoadError(8 + length + at, "read_safetensors", "the end of the file", fmt::format("{} more bytes", payload - at));

    NamedTensors tensors;
    for (const Entry& entry : entries) tensors.emplace_back(entry.name, entry.kind.read(file, entry.shape, 8 + length + entry.begin));
    if (!file) throw_system("cannot read", path);
    return tensors;
}

void write_safetensors(const std::filesystem::path& path, const NamedTensors& tensors) {
    Json header = Json::object();
    std::vector<std::string_view> values;
    NamedTensors kept;  // row-major copies, alive until they are written
    kept.reserve(tensors.size());
    std::uint64_t at = 0;
    for (const auto& entry : tensors) {
        const std::string& name = entry.first;
        if (header.contains(name) || name == "__metadata__")
            throw ValueError("write_safetensors", "every name once", fmt::format("\"{}\" again", name));
        std::visit(
            [&]<class X>(const X& x) {
                if constexpr (std::same_as<X, std::monostate>) {
                    throw ValueError("write_safetensors", "a tensor", fmt::format("none for \"{}\"", name));
                } else {
                    const X row_major = x.constant().contiguous();
                    const std::uint64_t bytes = static_cast<std::uint64_t>(x.size()) * sizeof(typename X::value_type);
                    header[name] = {{"dtype", sizeof(typename X::value_type) == 8 ? "F64" : "F32"},
                                    {"shape", std::vector<Index>(x.shape().begin(), x.shape().end())},
                                    {"data_offsets", {at, at + bytes}}};
                    at += bytes;
                    values.emplace_back(reinterpret_cast<const char*>(row_major.begin_data()), bytes);
                    kept.emplace_back(name, row_major);
                }
            },
            entry.second);
    }
    std::string text;
    try {
        text = header.dump();
    } catch (const Json::type_error&) {
        throw ValueError("write_safetensors", "names in UTF-8", "other bytes");
    }
    text.append((8 - text.size() % 8) % 8, ' ');  // values aligned to 8 bytes
    std::string length;
    internal::put_little_endian(length, std::uint64_t{text.size()});
    std::vector<std::string_view> blocks{length, text};
    blocks.insert(blocks.end(), values.begin(), values.end());
    internal::write_file(path, blocks);
}

}  // namespace io
}  // namespace v1
}  // namespace autodiff

// SPDX-License-Identifier: MIT
// What is saved is loaded; a damaged file is refused with the byte at which it shows, and nothing is changed.
#include "autodiff/io/safetensors.hpp"
#include "autodiff/autodiff.hpp"
#include "nn/nn.hpp"
#include "tests/io/files.hpp"

#include <boost/test/data/test_case.hpp>
#include <cmath>
#include <limits>
#include <map>

using namespace autodiff;
using files::TemporaryFile;

namespace {

std::string with_header(const std::string& header, std::size_t payload, std::int64_t length = -1) {
    return files::bytes_of(length == -1 ? static_cast<std::uint64_t>(header.size()) : static_cast<std::uint64_t>(length)) + header +
           std::string(payload, '\0');
}

struct Damage {
    const char* why;
    std::string header;
    std::size_t payload;
    std::int64_t length;  // -1: that of the header
    std::string text;
};
std::ostream& operator<<(std::ostream& stream, const Damage& d) { return stream << d.why; }

const std::string prefix = "read_safetensors: expected ";
const Damage damages[] = {
    {"length beyond the file", "{}", 0, 1000, prefix + "a header of at most 2 bytes, got 1000 at byte 0"},
    {"length that wraps round", "{}", 0, -5, prefix + "a header of at most 2 bytes, got 18446744073709551611 at byte 0"},
    {"no JSON", "{x", 0, -1, prefix + "a JSON header, got something else at byte 10"},
    {"no object", "[]", 0, -1, prefix + "a safetensors header, got a header that is no object at byte 8"},
    {"a key twice", R"({"a":{"dtype":"F64","shape":[],"data_offsets":[0,8]},"a":{"dtype":"F64","shape":[],"data_offsets":[0,8]}})", 8, -1,
     prefix + "a safetensors header, got the key \"a\" twice at byte 8"},
    {"an unknown type", R"({"a":{"dtype":"I7","shape":[],"data_offsets":[0,8]}})", 8, -1,
     prefix + "dtype F64, F32, F16, BF16, I64, I32, I16, I8, U8 or BOOL for \"a\", got \"I7\" at byte 8"},
    {"a negative extent", R"({"a":{"dtype":"F64","shape":[-1],"data_offsets":[0,8]}})", 8, -1,
     prefix + "extents that are not negative for \"a\", got [-1] at byte 8"},
    {"a size that overflows", R"({"a":{"dtype":"F64","shape":[4294967296,4294967296],"data_offsets":[0,0]}})", 0, -1,
     prefix + "a shape of at most 2^62 elements for \"a\", got [4294967296,4294967296] at byte 8"},
    {"values outside the file", R"({"a":{"dtype":"F64","shape":[2],"data_offsets":[0,16]}})", 8, -1,
     prefix + "data_offsets inside 8 bytes of values for \"a\", got [0,16] at byte 8"},
    {"fewer values than the shape", R"({"a":{"dtype":"F64","shape":[2],"data_offsets":[0,8]}})", 8, -1,
     prefix + "2 values for \"a\", got 8 bytes at byte 8"},
    {"an empty shape with values", R"({"a":{"dtype":"F64","shape":[0],"data_offsets":[0,8]}})", 8, -1,
     prefix + "0 values for \"a\", got 8 bytes at byte 8"},
    {"a gap", R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}})", 8, -1,
     prefix + "values without gaps or overlaps, got \"a\" from 4 at byte 62"},
    {"metadata that are no strings", R"({"__metadata__":{"format":1}})", 0, -1,
     prefix + "strings in __metadata__, got something else at byte 8"},
    {"metadata that are no object", R"({"__metadata__":["format"]})", 0, -1,
     prefix + "strings in __metadata__, got something else at byte 8"},
    {"bytes left over", R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}})", 8, -1,
     prefix + "the end of the file, got 4 more bytes at byte 66"},
};

struct Mlp {
    nn::Linear hidden{3, 4}, output{4, 2};
    nn::BatchNorm1d norm{4};
};

}  // namespace

BOOST_AUTO_TEST_SUITE(safetensors)

BOOST_AUTO_TEST_CASE(tensors_come_back_by_name_bit_for_bit) {
    const TemporaryFile file(".safetensors");
    const auto a = Tensor<double>::from_rows({{0.1, -0.0}, {1e-310, 3}});
    io::write_safetensors(file.path, {{"a", transpose(a)}, {"empty", Tensor<float>::zeros({0, 3})}, {"b \"quoted\"", Tensor<float>(1.5f)}});
    const io::NamedTensors back = io::read_safetensors(file.path);
    BOOST_REQUIRE_EQUAL(back.size(), 3u);
    for (const auto& [name, tensor] : back) {
        if (name == "a") {
            const auto& x = std::get<Tensor<double>>(tensor);
            BOOST_TEST((x.shape() == Shape{2, 2}));
            BOOST_TEST(std::memcmp(x.data().data(), transpose(a).contiguous().data().data(), 4 * sizeof(double)) == 0);
        } else if (name == "empty") {
            BOOST_TEST((std::get<Tensor<float>>(tensor).shape() == Shape{0, 3}));
        } else {
            BOOST_TEST(name == "b \"quoted\"");
            BOOST_TEST(std::get<Tensor<float>>(tensor).item() == 1.5f);
        }
    }
}

BOOST_DATA_TEST_CASE(a_damaged_file_is_refused_with_its_reason, boost::unit_test::data::make(damages), damage) {
    const TemporaryFile file(".safetensors");
    file.write(with_header(damage.header, damage.payload, damage.length));
    files::check_refused([&] { return io::read_safetensors(file.path); }, damage.text);
}

BOOST_AUTO_TEST_CASE(integers_are_read_as_double_up_to_where_it_holds_them) {
    const TemporaryFile file(".safetensors");
    const std::string header = R"({"__metadata__":{"format":"pt"},"steps":{"dtype":"I64","shape":[2],"data_offsets":[0,16]}})";
    file.write(with_header(header, 0) + files::bytes_of_all<std::int64_t>({-3, std::int64_t{1} << 53}));
    const io::NamedTensors tensors = io::read_safetensors(file.path);
    BOOST_REQUIRE(tensors.size() == 1u);
    BOOST_TEST(std::get<Tensor<double>>(tensors[0].second).at(0) == -3.0);
    BOOST_TEST(std::get<Tensor<double>>(tensors[0].second).at(1) == 9007199254740992.0);
    file.write(with_header(header, 0) + files::bytes_of_all<std::int64_t>({-3, (std::int64_t{1} << 53) + 1}));
    files::check_refused([&] { return io::read_safetensors(file.path); },
                         prefix + "integers up to 2^53, which a double holds, got 9007199254740993 at byte " +
                             std::to_string(8 + header.size() + 8));
}

// Bits from IEEE 754 and from the definition of bfloat16, the upper half of a float.
BOOST_AUTO_TEST_CASE(smaller_types_become_float_or_double) {
    const TemporaryFile file(".safetensors");
    const std::string header = R"({"h":{"dtype":"F16","shape":[6],"data_offsets":[0,12]},)"
                               R"("b":{"dtype":"BF16","shape":[3],"data_offsets":[12,18]},)"
                               R"("w":{"dtype":"I16","shape":[1],"data_offsets":[18,20]},)"
                               R"("i":{"dtype":"I32","shape":[1],"data_offsets":[20,24]},)"
                               R"("s":{"dtype":"I8","shape":[1],"data_offsets":[24,25]},)"
                               R"("u":{"dtype":"U8","shape":[1],"data_offsets":[25,26]},)"
                               R"("t":{"dtype":"BOOL","shape":[1],"data_offsets":[26,27]}})";
    file.write(with_header(header, 0) + files::bytes_of_all<std::uint16_t>({0x3c00, 0xc000, 0x7bff, 0x0001, 0xfc00, 0x7e00}) +
               files::bytes_of_all<std::uint16_t>({0x3f80, 0xc049, 0x0080}) + files::bytes_of_all<std::int16_t>({-300}) +
               files::bytes_of_all<std::int32_t>({-70000}) + std::string("\xff\xff\x01", 3));
    std::map<std::string, AnyTensor> read;
    for (const auto& [name, tensor] : io::read_safetensors(file.path)) read[name] = tensor;
    const auto& half = std::get<Tensor<float>>(read.at("h"));
    BOOST_TEST(half.at(0) == 1.0f);
    BOOST_TEST(half.at(1) == -2.0f);
    BOOST_TEST(half.at(2) == 65504.0f);
    BOOST_TEST(half.at(3) == 0x1p-24f);
    BOOST_TEST(half.at(4) == -std::numeric_limits<float>::infinity());
    BOOST_TEST(std::isnan(half.at(5)));
    const auto& brain = std::get<Tensor<float>>(read.at("b"));
    BOOST_TEST(brain.at(0) == 1.0f);
    BOOST_TEST(brain.at(1) == -3.140625f);
    BOOST_TEST(brain.at(2) == std::numeric_limits<float>::min());
    for (const auto& [name, expected] : {std::pair{"w", -300.0}, {"i", -70000.0}, {"s", -1.0}, {"u", 255.0}, {"t", 1.0}})
        BOOST_TEST(std::get<Tensor<double>>(read.at(name)).at(0) == expected, name);
}

// A byte in the file is eight in memory: the limit is for both.
BOOST_AUTO_TEST_CASE(the_limit_of_bytes_is_for_what_the_values_become) {
    const TemporaryFile file(".safetensors");
    file.write(with_header(R"({"u":{"dtype":"U8","shape":[1000],"data_offsets":[0,1000]}})", 1000));
    BOOST_TEST(io::read_safetensors(file.path, {.bytes = 8000}).size() == 1u);
    files::check_refused([&] { return io::read_safetensors(file.path, {.bytes = 7999}); },
                         "read_safetensors: expected tensors of at most 7999 bytes, got 8000 at byte 8");
}

BOOST_AUTO_TEST_CASE(a_zip_archive_is_called_one) {
    const TemporaryFile file(".safetensors");
    file.write(std::string("PK\x03\x04", 4) + std::string(100, '\0'));
    files::check_refused(
        [&] { return io::read_safetensors(file.path); },
        "read_safetensors: expected a safetensors file, got a ZIP archive, as of numpy.savez or torch.save; PyTorch writes "
        "the other kind with safetensors.torch.save_file at byte 0");
}

BOOST_AUTO_TEST_CASE(limits_are_kept) {
    const TemporaryFile file(".safetensors");
    io::write_safetensors(file.path, {{"a", Tensor<double>(1.0)}, {"b", Tensor<double>(2.0)}});
    BOOST_TEST(io::read_safetensors(file.path, {.tensors = 2}).size() == 2u);
    BOOST_CHECK_THROW(static_cast<void>(io::read_safetensors(file.path, {.tensors = 1})), LoadError);
    BOOST_CHECK_THROW(static_cast<void>(io::read_safetensors(file.path, {.bytes = 16})), LoadError);
}

BOOST_AUTO_TEST_CASE(a_file_that_is_not_there_and_one_of_three_bytes_are_errors) {
    const TemporaryFile file(".safetensors");
    BOOST_CHECK_THROW(static_cast<void>(io::read_safetensors(file.path)), std::system_error);
    std::ofstream(file.path) << "abc";
    BOOST_CHECK_THROW(static_cast<void>(io::read_safetensors(file.path)), LoadError);
}

BOOST_AUTO_TEST_CASE(a_model_is_loaded_with_its_statistics) {
    const TemporaryFile file(".safetensors");
    Mlp model;
    static_cast<void>(model.norm(model.hidden(Tensor<float>::from_rows({{1, 2, 3}, {4, 5, 7}}))));
    nn::save(model, file.path);
    Mlp loaded;
    in_place(loaded.hidden.weight)[0] = 42;
    nn::load(loaded, file.path);
    BOOST_TEST(loaded.hidden.weight.at(0, 0) == model.hidden.weight.at(0, 0));
    BOOST_TEST(loaded.norm.running_mean.tensor.at(1) == model.norm.running_mean.tensor.at(1));
    BOOST_TEST(loaded.norm.running_mean.tensor.at(1) != 0.0f);
}

BOOST_AUTO_TEST_CASE(a_file_of_another_model_changes_nothing_and_says_which_tensor) {
    const TemporaryFile file(".safetensors");
    struct Other {
        nn::Linear hidden{3, 5};
    };
    nn::save(Other{}, file.path);
    Mlp model;
    const float before = model.hidden.weight.at(0, 0);
    BOOST_CHECK_EXCEPTION(nn::load(model, file.path), ShapeError, [](const ShapeError& e) {
        return e.what() == std::string("load: expected shape [3, 4] for \"hidden.weight\", got [3, 5]");
    });
    BOOST_TEST(model.hidden.weight.at(0, 0) == before);
    nn::save(Mlp{}, file.path);
    Other other;
    BOOST_CHECK_THROW(nn::load(other, file.path), ShapeError);
}

BOOST_AUTO_TEST_SUITE_END()

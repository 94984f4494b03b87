// SPDX-License-Identifier: MIT
// A tensor in NumPy's format: what NumPy wrote is read, what we wrote comes back, anything else is refused with the byte at which it shows.
#include "autodiff/io/npy.hpp"
#include "autodiff/ops/layout.hpp"
#include "tests/io/files.hpp"

#include <boost/test/data/test_case.hpp>
#include <cmath>

using namespace autodiff;
using namespace files;

namespace {

/// numpy.save of [[0.5, -1, 2], [3, 4, 5.25]] as float32 in Fortran order.
const std::string_view from_numpy =
    "934e554d5059010076007b276465736372273a20273c6634272c2027666f727472616e5f6f72646572273a20547275652c20277368617065273a2028"
    "322c2033292c207d20202020202020202020202020202020202020202020202020202020202020202020202020202020202020202020202020202020"
    "202020202020200a0000003f00004040000080bf00008040000000400000a840";

AnyTensor read(const std::string& bytes, const io::LoadLimits& limits = {}) {
    const TemporaryFile file(".npy");
    file.write(bytes);
    return io::read_npy(file.path, limits);
}
std::vector<double> doubles(const std::string& bytes) {
    const auto x = std::get<Tensor<double>>(read(bytes));
    return {x.data().begin(), x.data().end()};
}

struct Damage {
    const char* why;
    std::string bytes;
    std::string text;
};
std::ostream& operator<<(std::ostream& stream, const Damage& d) { return stream << d.why; }

const std::string prefix = "read_npy: expected ", types = prefix + "a dtype of '<f4', '<f8', '<i4', '<i8', '|b1', '|u1', got ";
const std::string eight(8, '\0');
std::string dictionary(const char* text) { return npy(text, eight); }

const Damage damages[] = {
    {"nothing", "", prefix + "the magic number of an npy file, got no bytes at byte 0"},
    {"another file", "PK\3\4 and so on", prefix + "the magic number of an npy file, got other bytes at byte 0"},
    {"magic only", "\x93NUMPY", prefix + "a version and the length of a header, got the end at byte 6"},
    {"version 4", "\x93NUMPY\4" + std::string(20, '\0'), prefix + "version 1.0, 2.0 or 3.0, got 4.0 at byte 6"},
    {"version 1.1", "\x93NUMPY\1\1" + std::string(20, '\0'), prefix + "version 1.0, 2.0 or 3.0, got 1.1 at byte 6"},
    {"no length", std::string("\x93NUMPY\2\0\1\0", 10), prefix + "the length of a header, got the end at byte 8"},
    {"header beyond the file", std::string("\x93NUMPY\1\0\xff\xff{}", 12), prefix + "a header of at most 2 bytes, got 65535 at byte 8"},
    {"a length of 4 GiB", std::string("\x93NUMPY\2\0\xff\xff\xff\xff{}", 14),
     prefix + "a header of at most 2 bytes, got 4294967295 at byte 8"},
    {"a header above 64 KiB", std::string("\x93NUMPY\2\0\1\0\1\0", 12) + std::string(70000, ' '),
     prefix + "a header of at most 65536 bytes, got 65537 at byte 8"},
    {"no dictionary", dictionary("(1, 2)"), prefix + "'{', got '(1, 2)\\x0a' at byte 10"},
    {"an expression", dictionary("{'descr': __import__('os')}"), prefix + "''', got '__import' at byte 20"},
    {"a key twice", dictionary("{'descr': '<f8', 'descr': '<f8'}"), prefix + "every key once, got 'descr' again at byte 27"},
    {"another key", dictionary("{'size': 3}"), prefix + "the keys 'descr', 'fortran_order' and 'shape', got 'size' at byte 11"},
    {"a key missing", dictionary("{'descr': '<f8', 'shape': (1,)}"),
     prefix + "the keys 'descr', 'fortran_order' and 'shape', got a dictionary without one of them at byte 41"},
    {"a string without end", dictionary("{'descr"), prefix + "the end of a string, got the end of the header at byte 12"},
    {"more after it", dictionary("{'descr': '<f8', 'fortran_order': False, 'shape': (1,)} + 1"),
     prefix + "blanks up to the values, got something else at byte 66"},
    {"big-endian", npy_of(">f8", "(1,)", eight), types + "'>f8' at byte 20; convert with .astype(numpy.float64)"},
    {"objects", npy_of("|O", "(1,)", eight), types + "'|O' at byte 20"},
    {"text", npy_of("<U2", "(1,)", eight), types + "'<U2' at byte 20"},
    {"complex numbers", npy_of("<c8", "(1,)", eight), types + "'<c8' at byte 20"},
    {"a short integer", npy_of("<u2", "(4,)", eight), types + "'<u2' at byte 20; convert with .astype(numpy.float64)"},
    {"no number in the type", npy_of("<ixy", "(1,)", eight), types + "'<ixy' at byte 20"},
    {"fields", dictionary("{'descr': [('x', '<f8')], 'fortran_order': False, 'shape': (1,)}"),
     types + "a list of fields at byte 20; save one array for each field"},
    {"no boolean", npy_of("<f8", "(1,)", eight, "1"), prefix + "True or False, got '1, 'shap' at byte 44"},
    {"a negative extent", npy_of("<f8", "(-1,)", eight), prefix + "an extent from 0 to 2^62, got '-1,), }\\x0a' at byte 61"},
    {"an extent of 2^64", npy_of("<f8", "(18446744073709551616,)", eight), prefix + "an extent from 0 to 2^62, got '18446744' at byte 61"},
    {"a product that wraps to 0", npy_of("<f8", "(4294967296, 4294967296)", ""),
     prefix + "a shape of at most 2^62 elements, got more at byte 61"},
    {"bytes that wrap to 8", npy_of("<f8", "(2305843009213693953,)", eight),
     prefix + "2305843009213693953 values of 8 bytes for shape [2305843009213693953], got 8 bytes at byte 86"},
    {"a number for a tuple", npy_of("<f8", "(1)", eight), prefix + "',', got ')' at byte 62"},
    {"no comma", npy_of("<f8", "(1 1)", eight), prefix + "',' or ')', got '1), }\\x0a' at byte 63"},
    {"a float for an extent", npy_of("<f8", "(1.0,)", eight), prefix + "',' or ')', got '.0,), }\\x0a' at byte 62"},
    {"65 axes",
     npy_of("<f8",
            "(1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,1,"
            "1,1,1,1,1,1,1,1,1,1,1,1)",
            eight),
     prefix + "at most 64 axes, got more at byte 189"},
    {"values missing", npy_of("<f8", "(2,)", eight), prefix + "2 values of 8 bytes for shape [2], got 8 bytes at byte 68"},
    {"values left over", npy_of("<f4", "(1,)", eight), prefix + "1 values of 4 bytes for shape [1], got 8 bytes at byte 68"},
    {"an empty shape with values", npy_of("<f8", "(0,)", eight), prefix + "0 values of 8 bytes for shape [0], got 8 bytes at byte 68"},
    {"half a value", npy_of("<f8", "()", "1234"), prefix + "1 values of 8 bytes for shape [], got 4 bytes at byte 66"},
    {"an integer that no double holds", npy_of("<i8", "(2,)", bytes_of_all<std::int64_t>({1, (std::int64_t{1} << 53) + 1})),
     prefix + "integers up to 2^53, which a double holds, got 9007199254740993 at byte 76"},
    {"a boolean of 2", npy_of("|b1", "(2,)", "\1\2"), prefix + "a boolean of 0 or 1, got 2 at byte 69"},
};

}  // namespace

BOOST_AUTO_TEST_SUITE(npy_files)

BOOST_AUTO_TEST_CASE(what_numpy_wrote_is_read_in_the_order_of_its_indices) {
    const auto x = std::get<Tensor<float>>(read(from_hex(from_numpy)));
    BOOST_REQUIRE((x.shape() == Shape{2, 3}));
    const std::vector<float> expected{0.5f, -1, 2, 3, 4, 5.25f};
    BOOST_TEST(std::vector<float>(x.data().begin(), x.data().end()) == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(every_element_type_and_order_has_its_values) {
    const std::vector<double> expected{1, -2, 3, 0, 5, 6};
    BOOST_TEST(doubles(npy_of("<f8", "(2, 3)", bytes_of_all<double>({1, -2, 3, 0, 5, 6}))) == expected);
    BOOST_TEST(doubles(npy_of("<f8", "(2, 3)", bytes_of_all<double>({1, 0, -2, 5, 3, 6}), "True")) == expected);
    BOOST_TEST(doubles(npy_of("<i4", "(2, 3)", bytes_of_all<std::int32_t>({1, -2, 3, 0, 5, 6}))) == expected);
    BOOST_TEST(doubles(npy_of("<i8", "(2, 3)", bytes_of_all<std::int64_t>({1, 0, -2, 5, 3, 6}), "True")) == expected);
    BOOST_TEST(doubles(npy_of("|u1", "(3,)", "\xff\1\2")) == (std::vector<double>{255, 1, 2}));
    BOOST_TEST(doubles(npy_of("|b1", "(2,)", std::string_view("\1\0", 2))) == (std::vector<double>{1, 0}));
    BOOST_TEST(doubles(npy_of("<f8", "()", bytes_of(2.5))) == std::vector<double>{2.5});
    // Axes 0, 1, 2 of extents 2, 1, 3 in Fortran order: the first axis runs fastest.
    const auto x = std::get<Tensor<double>>(read(npy_of("<f8", "(2, 1, 3)", bytes_of_all<double>({0, 100, 1, 101, 2, 102}), "True")));
    for (Index i = 0; i < 2; ++i)
        for (Index k = 0; k < 3; ++k) BOOST_TEST(x.at(i, Index{0}, k) == static_cast<double>(100 * i + k));
    BOOST_TEST((std::get<Tensor<double>>(read(npy_of("<f8", "(0, 3)", "", "True"))).shape() == Shape{0, 3}));
}

BOOST_AUTO_TEST_CASE(versions_2_and_3_and_other_spellings_of_the_dictionary_are_read) {
    const std::string text = R"({"shape": (1,), "fortran_order": False, "descr": "<f8"})";
    for (const char version : {'\2', '\3'}) {
        std::string bytes = "\x93NUMPY";
        bytes += version;
        bytes += '\0';
        BOOST_TEST(doubles(bytes + bytes_of(static_cast<std::uint32_t>(text.size())) + text + bytes_of(1.5)) == std::vector<double>{1.5});
    }
}

BOOST_AUTO_TEST_CASE(what_was_written_comes_back_bit_for_bit_and_values_are_aligned) {
    const TemporaryFile file(".npy");
    const auto a = Tensor<double>::from_rows({{0.1, -0.0, std::nan("")}, {1e-310, 3, -INFINITY}});
    io::write_npy(file.path, transpose(a));
    const std::string bytes = file.read();
    const std::string_view beginning("\x93NUMPY\1\0\x76\0{'descr': '<f8', 'fortran_order': False, 'shape': (3, 2), }", 68);
    BOOST_TEST(bytes.substr(0, beginning.size()) == beginning);
    BOOST_TEST(bytes.size() == 128 + 6 * sizeof(double));
    BOOST_TEST(bytes[127] == '\n');
    const auto back = std::get<Tensor<double>>(io::read_npy(file.path));
    BOOST_TEST((back.shape() == Shape{3, 2}));
    BOOST_TEST(std::memcmp(back.data().data(), transpose(a).contiguous().data().data(), 6 * sizeof(double)) == 0);
    for (const Shape& shape : {Shape{}, Shape{1}, Shape{0}, Shape{2, 0, 3}, Shape{3, 1, 2}}) {
        io::write_npy(file.path, Tensor<float>::full(shape, 1.5f));
        const auto x = std::get<Tensor<float>>(io::read_npy(file.path));
        BOOST_TEST((x.shape() == shape));
        for (const float v : x.data()) BOOST_TEST(v == 1.5f);
    }
    BOOST_CHECK_THROW(io::write_npy(file.path, AnyTensor{}), ValueError);
}

BOOST_DATA_TEST_CASE(a_damaged_file_is_refused_with_its_reason, boost::unit_test::data::make(damages), damage) {
    check_refused([&] { return read(damage.bytes); }, damage.text);
}

BOOST_AUTO_TEST_CASE(limits_and_files_that_cannot_be_read_are_errors) {
    const std::string bytes = npy_of("<f8", "(1,)", eight);
    BOOST_CHECK_NO_THROW(static_cast<void>(read(bytes, {.bytes = bytes.size()})));
    check_refused([&] { return read(bytes, {.bytes = 20}); }, prefix + "a file of at most 20 bytes, got 76 at byte 0");
    const std::string booleans = npy_of("|b1", "(100,)", std::string(100, '\1'));
    check_refused([&] { return read(booleans, {.bytes = 500}); }, prefix + "at most 500 bytes of numbers, got more at byte 70");
    BOOST_CHECK_THROW(static_cast<void>(io::read_npy("/nowhere/at/all.npy")), std::system_error);
    BOOST_CHECK_THROW(static_cast<void>(io::read_npy(std::filesystem::temp_directory_path())), std::system_error);
    BOOST_CHECK_THROW(io::write_npy("/nowhere/at/all.npy", Tensor<double>(1.0)), std::system_error);
}

BOOST_AUTO_TEST_SUITE_END()

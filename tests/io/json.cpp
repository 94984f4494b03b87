// SPDX-License-Identifier: MIT
// Tensors as JSON: nested lists are axes, everything else is refused with the byte at which it shows.
#include "autodiff/io/json.hpp"
#include "autodiff/io/read_tensors.hpp"
#include "tests/io/files.hpp"

#include <boost/test/data/test_case.hpp>
#include <cmath>

using namespace autodiff;
using namespace files;

namespace {

struct Damage {
    const char* text;
    std::string message;
};
std::ostream& operator<<(std::ostream& stream, const Damage& d) { return stream << d.text; }

const std::string prefix = "read_json: expected ";
const std::string not_finite = "; JSON has neither NaN nor infinities, .npz and .safetensors have";
const Damage damages[] = {
    {"", prefix + "JSON, got something else at byte 0"},
    {"5", prefix + "an object of tensors by name, got something else at byte 1"},
    {"[1]", prefix + "an object of tensors by name, got something else at byte 1"},
    {"{\"a\": 1} x", prefix + "JSON, got something else at byte 10"},
    {"{\"a\": 1", prefix + "JSON, got something else at byte 7"},
    {"{\"a\": NaN}", prefix + "finite numbers, got NaN at byte 7" + not_finite},
    {"{\"a\": [1, -Infinity]}", prefix + "finite numbers, got -Infinity at byte 12" + not_finite},
    {"{\"a\": nan}", prefix + "finite numbers, got nan at byte 8" + not_finite},
    {"{\"a\": inf}", prefix + "finite numbers, got inf at byte 7" + not_finite},
    {"{\"a\": nun}", prefix + "JSON, got something else at byte 9"},
    {"{\"a\": 1e999}", prefix + "JSON, got something else at byte 12"},
    {"{\"a\": null}", prefix + "numbers, got null at byte 10"},
    {"{\"a\": [true]}", prefix + "numbers, got a boolean at byte 11"},
    {"{\"a\": \"1\"}", prefix + "numbers, got a string at byte 9"},
    {"{\"a\": {\"b\": 1}}", prefix + "numbers, got an object at byte 7"},
    {"{\"a\": 1, \"a\": 2}", prefix + "every name once, got \"a\" again at byte 12"},
    {"{\"a\": [[1, 2], [3]]}", prefix + "2 elements in every list of axis 1 of \"a\", got 1 at byte 18"},
    {"{\"a\": [[1], [2, 3]]}", prefix + "1 elements in every list of axis 1 of \"a\", got 2 at byte 18"},
    {"{\"a\": [[], [1]]}", prefix + "0 elements in every list of axis 1 of \"a\", got 1 at byte 14"},
    {"{\"a\": [[[]], []]}", prefix + "1 elements in every list of axis 1 of \"a\", got 0 at byte 15"},
    {"{\"a\": [1, [2]]}", prefix + "a number for \"a\", got a list at byte 11"},
    {"{\"a\": [[], [[]]]}", prefix + "a number for \"a\", got a list at byte 13"},
    {"{\"a\": [[1], 2]}", prefix + "a list for axis 1 of \"a\", got a number at byte 14"},
    {"{\"\xff\": 1}", prefix + "JSON, got something else at byte 3"},
};

}  // namespace

BOOST_AUTO_TEST_SUITE(json_files)

BOOST_AUTO_TEST_CASE(nested_lists_are_axes) {
    const io::NamedTensors tensors = io::parse_json_tensors(
        R"( {"W": [[1, -2.5e-3, 0.1], [3, 4, 5]], "s": 7, "v": [18446744073709551615], "e": [], "f": [[[]], [[]]], "t": [[[1], [2]]]} )");
    const std::vector<std::pair<std::string, Shape>> expected{{"W", {2, 3}}, {"s", {}},        {"v", {1}},
                                                              {"e", {0}},    {"f", {2, 1, 0}}, {"t", {1, 2, 1}}};
    BOOST_REQUIRE(tensors.size() == expected.size());
    for (std::size_t k = 0; k < expected.size(); ++k) {
        BOOST_TEST(tensors[k].first == expected[k].first);
        BOOST_TEST((std::get<Tensor<double>>(tensors[k].second).shape() == expected[k].second));
    }
    const auto& w = std::get<Tensor<double>>(tensors[0].second);
    BOOST_TEST(w.at(0, 1) == -2.5e-3);
    BOOST_TEST(w.at(0, 2) == 0.1);
    BOOST_TEST(w.at(1, 0) == 3.0);
    BOOST_TEST(std::get<Tensor<double>>(tensors[1].second).item() == 7.0);
    BOOST_TEST(std::get<Tensor<double>>(tensors[2].second).at(0) == 18446744073709551616.0);
    BOOST_TEST(std::get<Tensor<double>>(tensors[5].second).at(0, 1, 0) == 2.0);
}

BOOST_DATA_TEST_CASE(other_text_is_refused_with_its_reason, boost::unit_test::data::make(damages), damage) {
    check_refused([&] { return io::parse_json_tensors(damage.text); }, damage.message);
}

BOOST_AUTO_TEST_CASE(lists_nested_without_end_are_refused_and_take_no_stack) {
    check_refused([] { return io::parse_json_tensors("{\"a\": " + std::string(10'000'000, '[')); },
                  prefix + "at most 64 axes for \"a\", got a list at byte 71");
    check_refused([] { return io::parse_json_tensors("{\"a\": [1, 2], \"b\": [3]}", {.bytes = 20}); },
                  prefix + "at most 20 bytes of numbers, got more at byte 22");
    check_refused([] { return io::parse_json_tensors("{\"a\": 1, \"b\": 3}", {.tensors = 1}); },
                  prefix + "at most 1 tensors, got more at byte 12");
}

BOOST_AUTO_TEST_CASE(what_was_written_comes_back_bit_for_bit) {
    const TemporaryFile file(".json");
    const auto a = Tensor<double>::from_rows({{0.1, -0.0, 1e-310}, {1.0 / 3, 3, 1.7976931348623157e308}});
    io::write_json(
        file.path,
        {{"a \"quoted\"", a}, {"b", Tensor<float>({2, 1, 2}, {0.1f, 2, 3, 4})}, {"s", Tensor<double>(-5.0)}, {"e", Tensor<double>()}});
    BOOST_TEST(file.read() == "{\n  \"a \\\"quoted\\\"\": [[0.1, -0, 1e-310], [0.3333333333333333, 3, 1.7976931348623157e+308]],\n"
                              "  \"b\": [[[0.10000000149011612, 2]], [[3, 4]]],\n  \"s\": -5,\n  \"e\": []\n}\n");
    const io::NamedTensors back = io::read_json(file.path);
    BOOST_REQUIRE(back.size() == 4u);
    const auto& x = std::get<Tensor<double>>(back[0].second);
    BOOST_TEST(x.at(1, 0) == 1.0 / 3);
    BOOST_TEST(x.at(0, 2) == 1e-310);
    const auto& y = std::get<Tensor<double>>(back[1].second);
    BOOST_TEST(static_cast<float>(y.at(0, 0, 0)) == 0.1f);
    BOOST_CHECK_THROW(io::write_json(file.path, {{"a", Tensor<double>(INFINITY)}}), ValueError);
    BOOST_CHECK_THROW(io::write_json(file.path, {{"a", a}, {"a", a}}), ValueError);
    BOOST_CHECK_THROW(io::write_json(file.path, {{"\xff", a}}), ValueError);
}

BOOST_AUTO_TEST_CASE(the_extension_chooses_the_reader) {
    const TemporaryFile json(".json"), npy_file(".npy"), other(".txt");
    json.write("{\"a\": [1, 2]}");
    npy_file.write(npy_of("<f8", "()", bytes_of(2.5)));
    BOOST_TEST(io::read_tensors(json.path)[0].first == "a");
    BOOST_TEST(io::read_tensors(npy_file.path)[0].first == npy_file.path.stem().string());
    BOOST_CHECK_EXCEPTION(static_cast<void>(io::read_tensors("x/y.txt")), ValueError, [](const ValueError& e) {
        return e.what() == std::string("read_tensors: expected a file called .npz, .npy, .json or .safetensors, got \"y.txt\"");
    });
}

BOOST_AUTO_TEST_SUITE_END()

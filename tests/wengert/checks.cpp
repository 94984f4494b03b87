// SPDX-License-Identifier: MIT
// Manual gradients from files of any format: right ones end with 0, wrong ones with 1, what cannot be used with 2 and one sentence.
#include "autodiff/io/npy.hpp"
#include "autodiff/io/npz.hpp"
#include "autodiff/io/safetensors.hpp"
#include "tests/explain/network.hpp"
#include "tests/wengert/run_wengert.hpp"

#include <boost/test/data/test_case.hpp>
#include <fmt/format.h>

using namespace wengert_test;
using autodiff::Index, autodiff::Tensor;

namespace {

/// model.json of the worked 2-3-2 network, some of whose keys may be written otherwise.
std::string model(const std::string& parameters = {}, const std::string& more = {}) {
    return R"({"layers": [2, 3, 2], "activations": "sigmoid", "loss": "half_squared_error", "input": [[0.5, -1]], "target": [[1, 0]],
              "parameters": )" +
           (parameters.empty() ? R"({"W1": [[0.1, -0.2, 0.3], [0.4, 0.5, -0.6]], "b1": [0.01, 0.02, 0.03],
              "W2": [[0.7, -0.8], [0.9, 0.15], [-0.25, 0.35]], "b2": [0.04, -0.05]})"
                               : parameters) +
           more + "}";
}

template <std::size_t rows, std::size_t columns>
Tensor<double> matrix(const double (&values)[rows][columns]) {
    return Tensor<double>({static_cast<Index>(rows), static_cast<Index>(columns)}, {&values[0][0], rows * columns});
}
template <std::size_t n>
Tensor<double> row(const std::array<double, n>& values) {
    return Tensor<double>({1, static_cast<Index>(n)}, std::span<const double>(values));
}
autodiff::io::NamedTensors right() {
    return {{"dW1", matrix(network::dw1)}, {"dW2", matrix(network::dw2)}, {"dz1", row(network::dz1)}, {"dz2", row(network::dz2)}};
}

struct Refused {
    const char* why;
    std::string model, text;
};
std::ostream& operator<<(std::ostream& stream, const Refused& r) { return stream << r.why; }
const std::string begin = "model.json: expected ";
const Refused mistakes[] = {
    {"no JSON", "{", begin + "JSON, got something else at line 1, column 2"},
    {"NaN as Python writes it", model(R"({"W1": [[NaN]]})"),
     begin + "finite numbers, got NaN; JSON has neither NaN nor infinities, .npy and .npz have"},
    {"a negative infinity", R"({"input": -Infinity})",
     begin + "finite numbers, got Infinity; JSON has neither NaN nor infinities, .npy and .npz have"},
    {"no object", "[]", begin + "an object, got something else"},
    {"an unknown key", model({}, R"(, "optimizer": "sgd")"),
     begin + "the keys layers, activations, loss, input, target, parameters, got \"optimizer\""},
    {"a key twice", model({}, R"(, "loss": "mse")"), begin + "every key once, got \"loss\" again"},
    {"a key missing", R"({"layers": [2, 2]})", begin + "a key \"input\", got none"},
    {"nested without end", model(std::string(100'000, '[')), begin + "at most 8 levels of lists, got more"},
    {"no list of sizes", R"({"layers": 3, "input": 1, "target": 1, "parameters": {}})",
     begin + "\"layers\": a list of sizes such as [2, 3, 2], got something else"},
    {"half a neuron", R"({"layers": [2, 1.5], "input": 1, "target": 1, "parameters": {}})",
     begin + "\"layers\": a list of sizes such as [2, 3, 2], got 1.5"},
    {"a wrong activation", R"({"layers": [2, 2], "activations": ["tan h"], "input": 1, "target": 1, "parameters": {}})",
     begin + "the name of an activation, got 'tan h'; did you mean 'tanh' or 'atanh'?"},
    {"a number for a name", R"({"layers": [2, 2], "loss": 1, "input": 1, "target": 1, "parameters": {}})",
     begin + "\"loss\": a name, got something else"},
    {"a ragged input", R"({"layers": [2, 2], "input": [[1, 2], [3]], "target": 1, "parameters": {}})",
     "model.json: \"input\": expected 2 elements in every list of axis 1 of \"input\", got 1"},
    {"an input of rank 1", R"({"layers": [2, 2], "input": [1, 2], "target": [[1, 2]], "parameters": {}})",
     "expected an input [samples, 2], got [2]"},
    {"an absolute path", model("\"/etc/passwd\""), begin + "\"parameters\": a file beside it, got \"/etc/passwd\""},
    {"a path that goes up", model("\"../w.npz\""), begin + "\"parameters\": a file beside it, got \"../w.npz\""},
    {"a path that goes up later", model("\"a/../../w.npz\""), begin + "\"parameters\": a file beside it, got \"a/../../w.npz\""},
    {"a link that leads out", model("\"link/w.json\""), begin + "\"parameters\": a file beside it, got \"link/w.json\""},
    {"no path", model("\"\""), begin + "\"parameters\": a file beside it, got \"\""},
};

/// The same by somebody who has forgotten sigma' of the hidden layer.
autodiff::io::NamedTensors forgotten() {
    autodiff::io::NamedTensors manual = right();
    manual[2].second = row(network::da1);
    return manual;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(checks)

BOOST_AUTO_TEST_CASE(right_gradients_of_every_format_agree) {
    const Folder folder;
    const std::string file = folder.write("model.json", model());
    autodiff::io::write_npz(folder / "m.npz", right());
    autodiff::io::write_safetensors(folder / "m.safetensors", right());
    autodiff::io::write_npy(folder / "dW1.npy", matrix(network::dw1));
    folder.write("m.json", "{\"dz2\": [[-0.090056417949861411, 0.11921713971365849]]}");
    for (const char* manual : {"m.npz", "m.safetensors", "dW1.npy", "m.json"})
        BOOST_TEST(run_well({"check", file, folder / manual}).output != "");
    // NumPy's float32 has its own tolerance.
    autodiff::io::write_npz(folder / "f.npz",
                            {{"W2", Tensor<float>({3, 2}, {-0.0374463f, 0.0495716f, -0.0323242f, 0.0427909f, -0.0617499f, 0.0817448f})}});
    run_well({"check", file, folder / "f.npz"});
}

BOOST_AUTO_TEST_CASE(a_wrong_gradient_ends_with_1_and_names_the_step) {
    const Folder folder;
    const std::string file = folder.write("model.json", model());
    autodiff::io::write_npz(folder / "m.npz", forgotten());
    const Ended text = run({"check", file, folder / "m.npz"});
    BOOST_TEST(text.status == 1);
    BOOST_TEST(text.complaint == "");
    BOOST_TEST(text.says("dz1"));
    const Ended json = run({"check", file, folder / "m.npz", "--format", "json"});
    BOOST_TEST(json.status == 1);
    BOOST_TEST(json.output.front() == '{');
    BOOST_TEST(run({"check", file, folder / "m.npz", "--rtol", "1000"}).status == 0);
}

BOOST_AUTO_TEST_CASE(a_page_shows_the_verdicts_at_their_steps) {
    const Folder folder;
    const std::string file = folder.write("model.json", model());
    autodiff::io::write_npz(folder / "m.npz", forgotten());
    const Ended ended = run({"check", file, folder / "m.npz", "--page", folder / "page.html"});
    BOOST_TEST(ended.status == 1);
    BOOST_TEST(ended.says("dz1"));
    const std::string page = folder.read("page.html");
    BOOST_TEST((page.find("<p class=\"remark wrong\">✗ your dz1 is wrong from here on") != std::string::npos));
    BOOST_TEST((page.find("your dz2 is right") != std::string::npos));
    BOOST_TEST(run({"check", file, folder / "m.npz", "--page", folder / "no/page.html"}).status == 2);
}

BOOST_AUTO_TEST_CASE(the_gradients_of_the_step_before_tell_what_was_not_cleared) {
    const Folder folder;
    const std::string file = folder.write("model.json", model());
    const Tensor<double> before({2, 3}, {1, 2, 3, 4, 5, 6});
    autodiff::io::write_npz(folder / "m.npz", {{"dW1", matrix(network::dw1) + before}});
    autodiff::io::write_npz(folder / "before.npz", {{"dW1", before}});
    const Ended ended = run({"check", file, folder / "m.npz", "--previous", folder / "before.npz"});
    BOOST_TEST(ended.status == 1);
    BOOST_TEST(ended.says("the gradient of the step before was not cleared"));
}

BOOST_AUTO_TEST_CASE(parameters_and_data_may_be_files_beside_the_model) {
    const Folder folder;
    std::filesystem::create_directory(folder / "data");
    folder.write("data/w.json", R"({"W1": [[2], [3]], "b1": [[0.5]]})");
    autodiff::io::write_npy(folder / "x.npy", Tensor<float>({2, 2}, {1, 2, 3, 4}));
    const std::string file = folder.write(
        "model.json", R"({"layers": [2, 1], "loss": "mse", "input": "x.npy", "target": [[0], [0]], "parameters": "data/w.json"})");
    // z = 8.5 and 18.5, dL/dz = z, so db = 27 and dW = x^T z
    folder.write("m.json", R"({"db1": [[27]], "dW1": [[64], [91]]})");
    run_well({"check", file, folder / "m.json"});
    folder.write("wrong.json", R"({"db1": [[27]], "dW1": [[64], [91.5]]})");
    BOOST_TEST(run({"check", file, folder / "wrong.json"}).status == 1);
}

BOOST_DATA_TEST_CASE(a_model_that_cannot_be_used_is_refused, boost::unit_test::data::make(mistakes), mistake) {
    const Folder folder, outside;
    outside.write("w.json", "{}");
    std::filesystem::create_directory_symlink(outside.path(), folder / "link");
    folder.write("m.json", "{\"dW1\": 1}");
    check_refused({"check", folder.write("model.json", mistake.model), folder / "m.json"}, mistake.text);
}

BOOST_AUTO_TEST_CASE(manual_gradients_that_cannot_be_used_are_refused) {
    const Folder folder;
    const std::string file = folder.write("model.json", model());
    check_refused({"check", file, folder / "none.npz"}, "cannot read " + folder / "none.npz" + ": No such file or directory");
    check_refused({"check", folder / "none.json", folder / "none.npz"},
                  "cannot read " + folder / "none.json" + ": No such file or directory");
    check_refused({"check", file, folder.write("m.npz", "no zip file at all, only text")},
                  "m.npz: read_npz: expected the end record of a zip file without a comment, got something else at byte 7");
    const std::string none = "compare: expected adjoints that were computed by hand, got none";
    check_refused({"check", file, folder.write("m.json", "{}")}, none);
    autodiff::io::write_npz(folder / "empty.npz", {});
    check_refused({"check", file, folder / "empty.npz"}, none);
    const std::string name = "compare: expected the name of a value on the tape, got ";
    check_refused({"check", file, folder.write("m.json", R"({"dW3": [[1]]})")}, name + "dW3; the nearest names are dW1, dW2");
    check_refused({"check", file, folder.write("m.json", R"({"dw1": [[1]]})")}, name + "dw1; the nearest name is dW1");
    check_refused({"check", file, folder.write("m.json", R"({"delta1": [[1]]})")}, name + "delta1; the nearest name is dz1");
    autodiff::io::write_npy(folder / "dW1_try2.npy", matrix(network::dw1));
    check_refused({"check", file, folder / "dW1_try2.npy"}, name + "dW1_try2; the nearest name is dW1");
    check_refused(
        {"check", file, folder.write("m.json", R"({"dW1": [[NaN]]})")},
        "m.json: read_json: expected finite numbers, got NaN at byte 11; JSON has neither NaN nor infinities, .npz and .safetensors "
        "have");
    check_refused({"check", file}, "manual is required");
    check_refused({"check", file, "m.npz", "--rtol", "-1"}, "--rtol: expected a positive number, got '-1'");
}

BOOST_AUTO_TEST_CASE(a_template_is_a_model_that_can_be_checked) {
    const Folder folder;
    const std::string place = folder / "new";
    const Arguments make{"template", place, "--net", "2-3-2:sigmoid,tanh", "--input", "0.5,-1;2,1", "--target", "1,0;0,1", "--seed", "3"};
    run_well(make);
    const std::string script = folder.read("new/manual.py");
    for (const char* line : {"z1 = a0 @ p[\"W1\"] + p[\"b1\"]\n", "a1 = 1 / (1 + np.exp(-z1))\n", "a2 = np.tanh(z2)\n",
                             "manual[\"da2\"] = a2 - t\n", "# manual[\"dW1\"] = ...\n"})
        BOOST_TEST(script.find(line) != std::string::npos, line);
    // The same numbers in both: what explain says of the seed is right for the file.
    std::vector<double> db1;
    for (const char* element : {"b1[0]", "b1[1]", "b1[2]"}) {
        const Ended explained = run_well({"explain", "--net", "2-3-2:sigmoid,tanh", "--input", "0.5,-1;2,1", "--target", "1,0;0,1",
                                          "--seed", "3", "--digits", "17", "--paths", element});
        const std::string sum = "their products add up to ";
        db1.push_back(std::strtod(explained.output.c_str() + explained.output.find(sum) + sum.size(), nullptr));
    }
    const auto manual = [&](double first) {
        return folder.write("new/m.json", fmt::format("{{\"b1\": [{}, {}, {}]}}", first, db1[1], db1[2]));
    };
    BOOST_TEST(run({"check", place + "/model.json", manual(db1[0])}).status == 0);
    BOOST_TEST(run({"check", place + "/model.json", manual(db1[0] * 1.001)}).status == 1);
    check_refused(make, "expected a folder without model.json, got '" + place + "'");
    check_refused({"template", place}, "template: expected --net, such as --net 2-3-2:sigmoid, got none");
}

BOOST_AUTO_TEST_SUITE_END()

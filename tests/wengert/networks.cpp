// SPDX-License-Identifier: MIT
// Networks on the command line: the numbers of a worked 2-3-2 network, batches and losses, and sentences for what does not fit.
#include "tests/explain/network.hpp"
#include "tests/support/compare.hpp"
#include "tests/wengert/run_wengert.hpp"

#include <boost/test/data/test_case.hpp>
#include <fmt/format.h>
#include <regex>

using namespace wengert_test;

namespace {

const std::string weights = R"({"W1": [[0.1, -0.2, 0.3], [0.4, 0.5, -0.6]], "b1": [0.01, 0.02, 0.03],
                               "W2": [[0.7, -0.8], [0.9, 0.15], [-0.25, 0.35]], "b2": [[0.04, -0.05]]})";

struct Worked {
    Folder folder;
    std::string file = folder.write("weights.json", weights);
    [[nodiscard]] Arguments ask(const Arguments& more) const {
        Arguments arguments{"explain", "--net", "2-3-2:sigmoid", "--input", "0.5,-1", "--target", "1,0", "--weights", file};
        arguments.insert(arguments.end(), more.begin(), more.end());
        return arguments;
    }
};

/// The number at the end of the first line.
double last_of_first_line(const Ended& ended) {
    const std::string line = ended.output.substr(0, ended.output.find('\n'));
    return std::strtod(line.c_str() + line.rfind(' '), nullptr);
}

struct Refused {
    const char* why;
    Arguments arguments;
    std::string text;
};
std::ostream& operator<<(std::ostream& stream, const Refused& r) { return stream << r.why; }
Refused refused(const char* why, const std::string& net, const std::string& input, const std::string& target, const std::string& text,
                const Arguments& more = {}) {
    Arguments arguments{"explain", "--net", net, "--input", input, "--target", target};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return {why, arguments, text};
}
const Refused mistakes[] = {
    refused("no sizes", "sigmoid", "1", "1", "expected a network such as 2-3-2:sigmoid, got 'sigmoid'"),
    refused("one size", "3", "1", "1", "expected the sizes of an input and of 1 to 64 layers, got 1 size"),
    refused("a size of 0", "2-0:tanh", "1,2", "1", "expected sizes from 1 to 65536, got 0"),
    refused("a size that is large", "2-99999999", "1,2", "1", "expected sizes from 1 to 65536, got 99999999"),
    refused("a wrong activation", "2-2:sigmiod", "1,2", "1,2",
            "expected the name of an activation, got 'sigmiod'; did you mean 'sigmoid'?"),
    refused(
        "a binary activation", "2-2:add", "1,2", "1,2",
        "expected the name of an activation, got 'add'; they are linear, neg, square, reciprocal, sqrt, cbrt, rsqrt, exp, exp2, expm1, "
        "log, log2, log10, log1p, sin, cos, tan, asin, acos, atan, sinh, cosh, tanh, asinh, acosh, atanh, sigmoid, softplus, relu, abs, "
        "sign, floor, erf, erfc, lgamma, digamma"),
    refused("what the loss does", "2-2:softmax", "1,2", "1,2",
            "expected the name of an activation, got 'softmax'; it is a part of the loss cross_entropy"),
    refused("too many activations", "2-2:tanh,tanh", "1,2", "1,2", "expected 1 activation or one for each of 1 layers, got 2"),
    refused("a wrong loss", "2-2", "1,2", "1,2",
            "expected a loss of half_squared_error, mse, cross_entropy, got 'msee'; did you mean 'mse'?", {"--loss", "msee"}),
    refused("no number", "2-2", "1,x", "1,2", "--input: expected numbers such as '0.5,-1', got 'x'"),
    refused("rows of two lengths", "2-2", "1,2;3", "1,2", "--input: expected 2 values in every row, got 1 in row 2"),
    refused("no input", "2-2", "", "1,2", "--input: expected values for 2 neurons, got none"),
    refused("no target", "2-3", "1,2", "", "--target: expected values for 3 neurons, got none"),
    refused("an input too long", "2-2", "1,2,3", "1,2", "expected an input [samples, 2], got [1, 3]"),
    refused("a target too short", "2-2", "1,2;3,4", "1,2", "expected a target [2, 2], got [1, 2]"),
    refused("a label too large", "2-2", "1,2", "2", "expected labels from 0 to 1 as target, got 2", {"--loss", "cross_entropy"}),
    refused("half a label", "2-2", "1,2", "0.5", "expected labels from 0 to 1 as target, got 0.5", {"--loss", "cross_entropy"}),
    refused("a seed below 0", "2-2", "1,2", "1,2", "--seed: expected a whole number from 0 on, got '-1'", {"--seed", "-1"}),
    refused("no such file", "2-2", "1,2", "1,2", "cannot read /nowhere.npz: No such file or directory", {"--weights", "/nowhere.npz"}),
    refused("no such format", "2-2", "1,2", "1,2",
            "w.txt: read_tensors: expected a file called .npz, .npy, .json or .safetensors, got \"w.txt\"", {"--weights", "w.txt"}),
};

}  // namespace

BOOST_AUTO_TEST_SUITE(networks)

BOOST_AUTO_TEST_CASE(the_worked_network_has_its_numbers) {
    const Worked worked;
    const test::Tolerance digits{.relative = 1e-12};
    BOOST_TEST(test::close(std::strtod(run_well(worked.ask({"--digits", "17"})).after("L = ").c_str(), nullptr), network::loss, digits));
    for (int i = 0; i < 2; ++i)
        for (int j = 0; j < 3; ++j)
            BOOST_TEST(test::close(last_of_first_line(run_well(worked.ask({"--why", fmt::format("W1[{}, {}]", i, j), "--digits", "17"}))),
                                   network::dw1[i][j], digits));
    for (int i = 0; i < 3; ++i)
        for (int j = 0; j < 2; ++j)
            BOOST_TEST(test::close(last_of_first_line(run_well(
                                       worked.ask({"--why", fmt::format("W2[{},{}]", i + 1, j + 1), "--one-based", "--digits", "17"}))),
                                   network::dw2[i][j], digits));
}

BOOST_AUTO_TEST_CASE(layers_have_the_names_of_the_textbook) {
    const Worked worked;
    const Ended ended = run_well(worked.ask({}));
    for (const char* name : {" W1 ", " b1 ", " z1 ", " a1 ", " W2 ", " b2 ", " z2 ", " a2 ", " error "}) BOOST_TEST(ended.says(name), name);
    BOOST_TEST(run_well(worked.ask({"--paths", "W1[0, 1]"})).says("paths from W1[0, 1] to L: 2"));
    check_refused(worked.ask({"--why", "W1"}), "--why: expected an element of W1 [2, 3], such as 'W1[0, 0]', got 'W1'");
    check_refused(worked.ask({"--why", "W1[2,0]"}), "--why: expected an element of W1 [2, 3], such as 'W1[0, 0]', got 'W1[2,0]'");
    check_refused(worked.ask({"--one-based", "--why", "W1[0,1]"}),
                  "--why: expected an element of W1 [2, 3], such as 'W1[1, 1]', got 'W1[0,1]'");
    check_refused(worked.ask({"--why", "W1[0,1"}), "--why: expected an element of W1 [2, 3], such as 'W1[0, 0]', got 'W1[0,1'");
    check_refused(worked.ask({"--why", "w1[0,1]"}), "--why: expected the name of a value, got 'w1[0,1]'; did you mean 'W1', 'a1' or 'b1'?");
}

BOOST_AUTO_TEST_CASE(batches_losses_and_activations_are_computed_as_written) {
    const Folder folder;
    const std::string file = folder.write("w.json", R"({"W1": [[1, 2], [3, 4]], "b1": [0.5, -0.5]})");
    const auto loss = [&](const Arguments& more) {
        Arguments arguments{"explain", "--weights", file, "--digits", "17"};
        arguments.insert(arguments.end(), more.begin(), more.end());
        return std::strtod(run_well(arguments).after("L = ").c_str(), nullptr);
    };
    // x W + b: [1, 0] gives [1.5, 1.5], [0, -1] gives [-2.5, -4.5]
    const std::string batch = "1,0;0,-1";
    const test::Tolerance same{.relative = 1e-14};
    BOOST_TEST(test::close(loss({"--net", "2-2", "--input", batch, "--target", "1,1;-2,-4"}), 4 * 0.25 / 2, same));
    BOOST_TEST(test::close(loss({"--net", "2-2:linear", "--input", batch, "--target", "1,1;-2,-4", "--loss", "mse"}), 0.25, same));
    BOOST_TEST(test::close(loss({"--net", "2-2:relu", "--input", batch, "--target", "0,0;0,0"}), (2 * 1.5 * 1.5) / 2, same));
    const double first = std::log(2.0), second = std::log1p(std::exp(-2.0)) + 2;  // label 0 of equal logits; label 1 of -2.5 and -4.5
    const double entropy = (first + second) / 2;
    BOOST_TEST(test::close(loss({"--net", "2-2", "--input", batch, "--target", "0,1", "--loss", "cross_entropy"}), entropy, same));
    BOOST_TEST(test::close(loss({"--net", "2-2:sigmoid", "--input", batch, "--target", "0;1", "--loss", "cross_entropy"}), entropy, same));
    BOOST_TEST(test::close(loss({"--net", "2-2", "--input", batch, "--target", "1,0;0,1", "--loss", "cross_entropy"}), entropy, same));
}

BOOST_AUTO_TEST_CASE(a_seed_gives_the_same_network_again_and_another_seed_another) {
    const auto text = [](const char* seed) {
        return run_well({"explain", "--net", "3-2:tanh", "--input", "1,2,3", "--target", "0,1", "--seed", seed}).output;
    };
    BOOST_TEST(text("7") == text("7"));
    BOOST_TEST(text("7") != text("8"));
}

BOOST_AUTO_TEST_CASE(where_an_activation_stops_the_gradient_everything_is_explained) {
    for (const char* net : {"2-2-2:floor", "2-2-2:sign,linear", "2-2-2:linear,floor"}) {
        const auto ask = [net](const Arguments& more) {
            Arguments arguments{"explain", "--net", net, "--input", "1,2", "--target", "0,1"};
            arguments.insert(arguments.end(), more.begin(), more.end());
            return run_well(arguments);
        };
        for (const char* format : {"text", "md", "html", "dot", "mermaid"}) BOOST_TEST(ask({"--format", format}).output != "");
        for (const char* option : {"--why", "--paths"})
            for (const char* weight : {"W1[0, 1]", "W2[1, 0]", "b1[0]"}) BOOST_TEST(ask({option, weight}).says(weight));
    }
    BOOST_TEST(
        run_well({"explain", "--net", "2-2:floor", "--input", "1,2", "--target", "0,1", "--why", "W1[0, 0]"}).after("dL/dW1[0, 0] = ") ==
        "dL/da1[0, 0] * floor'(z1[0, 0]) * input[0, 0] = 0");
}

BOOST_DATA_TEST_CASE(what_does_not_fit_is_refused_with_its_reason, boost::unit_test::data::make(mistakes), mistake) {
    check_refused(mistake.arguments, mistake.text);
}

BOOST_AUTO_TEST_CASE(weights_that_do_not_fit_are_refused_with_their_names) {
    const Folder folder;
    const auto check = [&](const std::string& json, const std::string& text) {
        check_refused({"explain", "--net", "2-3", "--input", "1,2", "--target", "1,2,3", "--weights", folder.write("w.json", json)}, text);
    };
    check(R"({"W1": [[1, 2, 3], [4, 5, 6]]})", "expected a parameter b1 [3], got none");
    check(R"({"W1": [[1, 2], [3, 4], [5, 6]], "b1": [1, 2, 3]})",
          "expected W1 of shape [2, 3] (W[i, j] from i to j), got [3, 2]; transpose it, as is needed for weights of PyTorch");
    check(R"({"W1": [[1, 2, 3], [4, 5, 6]], "b1": [1, 2]})", "expected b1 of shape [3], got [2]");
    check(R"({"W1": [[1, 2, 3], [4, 5, 6]], "b1": [1, 2, 3], "B1": 1})",
          "expected parameters W1 to b1, got 'B1'; did you mean 'W1' or 'b1'?");
    check(R"({"W1": [[1, 2, 3], [4, 5]]})", "w.json: read_json: expected 3 elements in every list of axis 1 of \"W1\", got 2 at byte 25");
}

BOOST_AUTO_TEST_SUITE_END()

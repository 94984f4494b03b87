// SPDX-License-Identifier: MIT
// What `digits` claims at the end of its output and in its summary, and that it learns.
#include "examples/digits/sums.hpp"
#include "tests/examples/run_digits.hpp"

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>
#include <regex>

using namespace digits_test;

namespace {

constexpr double recovered_to = 1e-12;

nlohmann::json summary_of(const std::string& arguments) {
    const Folder folder;
    const Ended ended = run_digits(arguments + " --summary " + folder / "summary.json");
    BOOST_TEST_REQUIRE(ended.status == 0, ended.complaint);
    return nlohmann::json::parse(read(folder / "summary.json"));
}

void check_formulas(const nlohmann::json& summary, const std::vector<std::string>& names) {
    const auto& formulas = summary.at("formulas");
    BOOST_TEST_REQUIRE(formulas.size() == names.size());
    for (std::size_t k = 0; k < names.size(); ++k) {
        const auto& formula = formulas[k];
        BOOST_TEST(formula.at("layer").get<std::string>() == names[k]);
        BOOST_TEST(formula.at("formula").get<std::string>().starts_with("dL/d"));
        BOOST_TEST(formula.at("max_relative_error").get<double>() <= recovered_to);
    }
}

double accuracy_of(const std::string& arguments) {
    const Ended ended = run_digits(arguments);
    std::smatch match;
    BOOST_TEST_REQUIRE(std::regex_search(ended.output, match, std::regex(R"(\ntest accuracy ([01]\.[0-9]{4}) on 450 images\n)")),
                       ended.complaint);
    return std::stod(match[1]);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(digits_results)

BOOST_AUTO_TEST_CASE(output_ends_with_the_evidence) {
    const auto lines = run_digits("").lines();
    const std::vector<std::string> expected{
        R"(test accuracy 0\.9[0-9]{3} on 450 images)",
        R"(recovered dL/dW  hidden\.weight  \[64, 64\]  max relative difference [0-9]\.[0-9]e-1[3-8])",
        R"(recovered dL/db  hidden\.bias  \[64\]  max relative difference [0-9]\.[0-9]e-1[3-8])",
        R"(recovered dL/dW  output\.weight  \[64, 10\]  max relative difference [0-9]\.[0-9]e-1[3-8])",
        R"(recovered dL/db  output\.bias  \[10\]  max relative difference [0-9]\.[0-9]e-1[3-8])",
    };
    BOOST_TEST_REQUIRE(lines.size() > expected.size());
    for (std::size_t k = 0; k < expected.size(); ++k) {
        const std::string& line = lines[lines.size() - expected.size() + k];
        BOOST_TEST(std::regex_match(line, std::regex(expected[k])), line);
    }
}

BOOST_AUTO_TEST_CASE(a_pipe_gets_one_line_an_epoch_and_no_carriage_return) {
    const Ended ended = run_digits("--epochs 3");
    BOOST_TEST(ended.output.find('\r') == std::string::npos);
    const auto lines = ended.lines();
    BOOST_TEST(std::ranges::count_if(lines, [](const std::string& line) { return line.starts_with("epoch "); }) == 3);
}

BOOST_AUTO_TEST_CASE(one_seed_gives_one_result_and_another_seed_another) {
    const auto first = summary_of("--epochs 3 --seed 5 --threads 1"), again = summary_of("--epochs 3 --seed 5 --threads 1"),
               other = summary_of("--epochs 3 --seed 6 --threads 1");
    BOOST_TEST(first.at("loss") == again.at("loss"));
    BOOST_TEST(first.at("loss") != other.at("loss"));
}

BOOST_AUTO_TEST_CASE(summary_says_what_was_trained_and_recovered) {
    const auto summary = summary_of("--epochs 4 --batch 50 --lr 0.01 --layers 20,12 --seed 3");
    BOOST_TEST(summary.at("model") == "mlp");
    BOOST_TEST(summary.at("layers") == std::vector<int>({20, 12}));
    BOOST_TEST(summary.at("parameters") == 64 * 20 + 20 + 20 * 12 + 12 + 12 * 10 + 10);
    BOOST_TEST(summary.at("epochs") == 4);
    BOOST_TEST(summary.at("batch") == 50);
    BOOST_TEST(summary.at("seed") == 3);
    BOOST_TEST(summary.at("loss").size() == 4u);
    BOOST_TEST(summary.at("test_images") == 450);
    BOOST_TEST(summary.at("test_accuracy").get<double>() <= 1);
    BOOST_TEST(summary.at("formulas")[2].at("shape") == std::vector<int>({20, 12}));
    check_formulas(summary, {"hidden.0.weight", "hidden.0.bias", "hidden.1.weight", "hidden.1.bias", "output.weight", "output.bias"});
}

BOOST_AUTO_TEST_CASE(formulas_of_the_convolutions_are_recovered) {
    const auto summary = summary_of("--model cnn --epochs 1 --layers 6,5");
    BOOST_TEST(summary.at("model") == "cnn");
    check_formulas(summary, {"first.weight", "first.bias", "second.weight", "second.bias", "output.weight", "output.bias"});
}

BOOST_AUTO_TEST_CASE(formulas_are_recovered_when_the_loss_is_nearly_zero) {
    check_formulas(summary_of("--epochs 60 --lr 0.05 --layers 100 --seed 2"),
                   {"hidden.weight", "hidden.bias", "output.weight", "output.bias"});
}

BOOST_AUTO_TEST_CASE(the_default_run_reads_at_least_97_of_100_digits) { BOOST_TEST(accuracy_of("") >= 0.97); }

BOOST_AUTO_TEST_CASE(ten_seeds_read_97_of_100_in_the_median_and_never_less_than_95) {
    std::vector<double> accuracies;
    for (int seed = 1; seed <= 10; ++seed) accuracies.push_back(accuracy_of("--seed " + std::to_string(seed)));
    std::ranges::sort(accuracies);
    BOOST_TEST(accuracies.front() >= 0.95);
    BOOST_TEST((accuracies[4] + accuracies[5]) / 2 >= 0.97);
}

BOOST_AUTO_TEST_CASE(a_wrong_gradient_would_be_noticed) {
    using digits::Numbers, digits::Sums, digits::max_relative_difference;
    const Sums formula{{1, 1}, {2, 4}, {0, 0}};
    const auto difference = [&formula](double x, double y, double z) {
        return max_relative_difference(Numbers(autodiff::Tensor<double>::of({x, y, z})), formula);
    };
    BOOST_TEST(difference(1, 2, 0) == 0);
    BOOST_TEST(difference(1, 3, 0) == 0.25);
    BOOST_TEST(difference(1, 2, 1e-300) == std::numeric_limits<double>::infinity());
    const double nan = std::numeric_limits<double>::quiet_NaN();
    BOOST_TEST(!(difference(nan, 2, 0) <= recovered_to));
    BOOST_TEST(!(difference(nan, 2 + 1e-14, 0) <= recovered_to));
}

BOOST_AUTO_TEST_SUITE_END()

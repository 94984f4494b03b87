// SPDX-License-Identifier: MIT
// What a comparison says, in words and numbers, and what it refuses.
#include "autodiff/check/compare.hpp"
#include "../explain/network.hpp"
#include "autodiff/autodiff.hpp"
#include "autodiff/check/testing_compare.hpp"

#include <boost/test/unit_test.hpp>
#include <limits>
#include <nlohmann/json.hpp>
#include <random>

using namespace autodiff;
using Verdict = Comparison::Verdict;

namespace {

using T = Tensor<double>;

template <std::size_t n>
T row(const std::array<double, n>& values) {
    return T({1, static_cast<Index>(n)}, std::vector<double>(values.begin(), values.end()));
}
template <std::size_t m, std::size_t n>
T matrix(const double (&values)[m][n]) {
    return T({static_cast<Index>(m), static_cast<Index>(n)}, std::vector<double>(&values[0][0], &values[0][0] + m * n));
}

const Comparison::Step& step(const Comparison& c, const std::string& name) {
    for (const Comparison::Step& s : c.steps)
        if (s.name == name) return s;
    throw std::runtime_error("no step " + name);
}

/// The text of what compare() throws.
template <class Exception, class L>
std::string refused(const ManualGradients& manual, const L& loss, const CompareOptions& options = {}) {
    try {
        static_cast<void>(compare(manual, loss, options));
    } catch (const Exception& e) {
        return e.what();
    }
    return "nothing";
}

/// The derivation in which sigma'(z1) was forgotten.
struct Forgotten : network::Tensors<double> {
    T x = network::matrix<double>({network::x});
    T dz1 = row(network::da1), dW1 = matmul(transpose(x), dz1);
};

}  // namespace

BOOST_AUTO_TEST_SUITE(comparing)

BOOST_AUTO_TEST_CASE(the_table_of_a_forgotten_derivative) {
    const Forgotten n;
    ManualGradients manual;
    manual.set("dz2", row(network::dz2)).set("dW2", matrix(network::dw2)).set("da1", row(network::da1));
    manual.set("dz1", n.dz1).set("dW1", n.dW1).set("db1", n.dz1);
    const Comparison c = compare(manual, n.L, {.first_index = 1});
    BOOST_TEST(to_string(c) ==
               R"(MANUAL CHECK of L = 0.186967   6 of 8 named adjoints given   ✓ right   ✗ wrong here   ↯ inherited
 R   adjoint  shape  worst   yours       tape         ratio  verdict
 5   dz2      1x2    [1, 1]  -0.0900564  -0.0900564   1      ✓
 7   dW2      3x2    [2, 1]  -0.0323242  -0.0323242   1      ✓
 7   da1      1x3    [1, 2]  -0.0631682  -0.0631682   1      ✓
 8   dz1      1x3    [1, 3]   0.0642401   0.0138452   4.64   ✗ starts here
        your dz1 equals your incoming da1 exactly: you forgot sigmoid'(z1)
        expected dz1 = da1 * sigmoid'(z1); ratios 4.117, 4.346, 4.64 = 1/sigmoid'(z1) for each element (exactly)
        3 of 3 elements differ from what follows from your incoming adjoints
        worst relatively: [1, 3] 0.0642401 for 0.0138452, [1, 2] -0.0631682 for -0.014535, [1, 1] -0.158413 for -0.0384805
        worst absolutely: [1, 1] -0.158413 for -0.0384805, [1, 3] 0.0642401 for 0.0138452, [1, 2] -0.0631682 for -0.014535
 9   db1      1x3    [1, 3]   0.0642401   0.0138452   4.64   ↯ inherited from R8 (your step is right)
 10  dW1      2x3    [1, 3]   0.0321201   0.00692261  4.64   ↯ inherited from R8 (your step is right)
First wrong step: R8 (dz1, sigmoid).  1 wrong step, 2 inherited.  Fix R8 and run again.
)");
    BOOST_TEST(!c);
    BOOST_TEST(fmt::format("{}", c) == to_string(c));
    BOOST_TEST((c.wrong() == std::vector<std::size_t>{3}));
    BOOST_TEST((step(c, "dW1").inherited_from == std::vector<std::size_t>{3}));
    BOOST_TEST(step(c, "dz1").mistakes.at(0).kind == "missing_derivative");
    BOOST_TEST(step(c, "dW1").from_step.elements == 0u);
    BOOST_TEST(step(c, "dW1").from_tape.elements == 6u);
}

BOOST_AUTO_TEST_CASE(known_answers_agree_and_every_spelling_of_a_name_is_understood) {
    const network::Tensors<double> n;
    ManualGradients manual;
    manual.set("dL/dz2", row(network::dz2)).set("W2", matrix(network::dw2)).set("da1", row(network::da1));
    manual.set("dz1", row(network::dz1)).set("dL/dW1", matrix(network::dw1)).set("a2", row(network::da2)).set("dL", T::full({}, 1));
    const Comparison c = compare(manual, n.L);
    BOOST_TEST(c.agrees, to_string(c));
    BOOST_TEST(c.steps.size() == 7u);
    BOOST_TEST(to_string(c).ends_with("All right.\n"));
    BOOST_TEST(autodiff::test::gradients_match(manual, n.L));
    BOOST_TEST(compare(manual, gradient(n.L)).agrees);
}

BOOST_AUTO_TEST_CASE(an_assertion_prints_the_report) {
    const Forgotten n;
    ManualGradients manual;
    manual.set("da1", row(network::da1)).set("dz1", n.dz1);
    const auto result = autodiff::test::gradients_match(manual, n.L);
    BOOST_TEST(!result);
    const auto message = result.message();
    BOOST_TEST(std::string(message.begin(), message.end()).find("you forgot sigmoid'(z1)") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(one_mistake_above_several_gradients_is_reported_once) {
    const Forgotten n;
    ManualGradients manual;
    manual.set("dW1", n.dW1).set("db1", n.dz1);
    const Comparison c = compare(manual, n.L);
    BOOST_TEST(c.wrong().size() == 1u);
    BOOST_TEST(step(c, "db1").mistakes.at(0).text == "you forgot sigmoid'(z1)");
    BOOST_TEST((step(c, "dW1").verdict == Verdict::inherited));
    BOOST_TEST(to_string(c).find("inherited from R9 (the same mistake)") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(where_final_gradients_cannot_decide_the_comparison_says_what_would) {
    const Forgotten n;
    const T odd({1, 3}, {1.5, 0.3, 2.7});
    ManualGradients manual;
    manual.set("dW1", n.dW1 * odd).set("db1", n.dz1 * odd);
    const Comparison c = compare(manual, n.L);
    BOOST_TEST(
        c.pattern.starts_with("db1 and dW1 are off by a factor that depends on j only: the error is in the adjoint of the neurons' sums, "
                              "or above it; give dz1 or da1"),
        c.pattern);
    BOOST_TEST(step(c, "dW1").mistakes.empty());
    ManualGradients of_rows;
    of_rows.set("dW1", matrix(network::dw1) * T({2, 1}, {1.5, 0.3}));
    BOOST_TEST(compare(of_rows, n.L).pattern.find("depends on i only") != std::string::npos);
    ManualGradients of_both;
    of_both.set("dW1", matrix(network::dw1) * T({2, 3}, {1.5, 0.3, 2.2, 0.7, -1, 3}));
    BOOST_TEST(compare(of_both, n.L).pattern.find("depend on i and j") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_wrong_shape_is_said_before_any_number) {
    const Forgotten n;
    ManualGradients manual;
    manual.set("dW1", transpose(n.dW1)).set("dz1", T({3}, {1, 2, 3})).set("db2", T({1, 3}, {1, 2, 3}));
    const Comparison c = compare(manual, n.L);
    BOOST_TEST(!c.agrees);
    BOOST_TEST((step(c, "dW1").verdict == Verdict::shape));
    BOOST_TEST(step(c, "dW1").note == "expected shape [2, 3], got [3, 2]: it equals the transpose of the expected shape");
    BOOST_TEST(step(c, "dz1").note == "expected shape [1, 3], got [3]: as many elements, reshape it");
    BOOST_TEST(step(c, "db2").note == "expected shape [1, 2], got [1, 3]");
    const std::string text = to_string(c);
    BOOST_TEST(text.find("it equals the transpose") < text.find(" R "));
    Tape tape;
    const T x = tape.variable(T::ones({4, 3}), "x"), b = tape.variable(T::ones({3}), "b");
    const T y = x + b;
    tape.name(y, "y");
    ManualGradients not_summed;
    not_summed.set("db", T::ones({4, 3}));
    BOOST_TEST(step(compare(not_summed, sum(y)), "db").note ==
               "expected shape [3], got [4, 3]: the shape of y, it was not summed over the axes along which b was broadcast");
}

BOOST_AUTO_TEST_CASE(few_wrong_elements_of_many_are_counted_and_placed) {
    std::mt19937_64 rng(7);
    std::normal_distribution<double> normal;
    const auto random = [&](const Shape& shape) {
        std::vector<double> values(static_cast<std::size_t>(shape.size()));
        for (double& v : values) v = normal(rng);
        return T(shape, values);
    };
    Tape tape;
    const T x = random({8, 784}), t = random({8, 128});
    const T W = tape.variable(random({784, 128}), "W");
    const T z = matmul(x, W);
    tape.name(z, "z");
    const T L = sum(square(z - t));
    const T dz = 2.0 * (z.constant() - t);
    T dW = matmul(transpose(x), dz);
    std::span<double> numbers = in_place(dW);
    for (std::size_t i = 0; i < 113; ++i) numbers[(3 * i + 5) * 128 + 17] += 0.5;
    ManualGradients manual;
    manual.set("dz", dz).set("dW", dW);
    const Comparison c = compare(manual, L, {.worst = 3});
    BOOST_TEST(step(c, "dW").from_step.elements == 113u);
    BOOST_TEST(step(c, "dW").from_step.where == "all in column j = 17");
    BOOST_TEST(step(c, "dW").from_step.worst_absolute.size() == 3u);
    BOOST_TEST(!step(c, "dW").exact);
    BOOST_TEST(to_string(c).find("113 of 100352 elements differ from what follows from your incoming adjoints; all in column j = 17") !=
               std::string::npos);
}

BOOST_AUTO_TEST_CASE(numbers_of_a_tape_of_scalars_are_compared_one_by_one) {
    const network::Neurons n;
    ManualGradients manual;
    for (std::size_t j = 0; j < 3; ++j) {
        const std::string at = "[" + std::to_string(j) + "]";
        manual.set("da1" + at, network::da1[j]).set("dz1" + at, j == 1 ? network::da1[j] : network::dz1[j]);
        manual.set("dW1[0, " + std::to_string(j) + "]", (j == 1 ? network::da1[j] : network::dz1[j]) * network::x[0]);
    }
    const Comparison c = compare(manual, n.L);
    BOOST_TEST(c.wrong().size() == 1u, to_string(c));
    BOOST_TEST(step(c, "dz1[1]").mistakes.at(0).text == "your dz1[1] equals your incoming da1[1] exactly: you forgot sigmoid'(z1[1])");
    BOOST_TEST((step(c, "dW1[0, 1]").verdict == Verdict::inherited));
    BOOST_TEST((step(c, "dW1[0, 2]").verdict == Verdict::right));
}

BOOST_AUTO_TEST_CASE(two_mistakes_that_cancel_are_both_named) {
    const network::Tensors<double> n;
    ManualGradients manual;
    manual.set("da1", -row(network::da1)).set("dz1", row(network::dz1));
    const Comparison c = compare(manual, n.L);
    BOOST_TEST((step(c, "da1").verdict == Verdict::wrong));
    BOOST_TEST((step(c, "dz1").verdict == Verdict::right));
    BOOST_TEST(step(c, "dz1").note ==
               "equals the tape, though it does not follow from what you give above it; from there it is: the sign is flipped");
}

BOOST_AUTO_TEST_CASE(a_near_miss_is_called_close_and_not_exact) {
    const network::Tensors<double> n;
    T dW2 = 2.0 * matrix(network::dw2);
    in_place(dW2)[3] *= 1.01;
    T transposed = reshape(transpose(matrix(network::dw2)), {3, 2}).contiguous();
    in_place(transposed)[1] *= 1.01;
    ManualGradients manual;
    manual.set("dz2", row(network::dz2)).set("dW2", transposed);
    const Comparison c = compare(manual, n.L);
    BOOST_TEST(!step(c, "dW2").exact);
    BOOST_TEST(step(c, "dW2").mistakes.at(0).kind == "transposed");
    BOOST_TEST(to_string(c).find("close to, but not exactly: transposed") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_known_learning_rate_names_the_update) {
    const network::Tensors<double> n;
    ManualGradients manual;
    manual.set("dW2", -0.05 * matrix(network::dw2));
    const Comparison c = compare(manual, n.L, {.learning_rate = 0.05});
    BOOST_TEST(step(c, "dW2").mistakes.at(0).text ==
               "off by the factor -0.05: minus the learning rate: this is the update, not the gradient");
}

BOOST_AUTO_TEST_CASE(what_is_not_finite_is_wrong_unless_the_tape_says_so_too) {
    Tape tape;
    const T x = tape.variable(T::of({0, 4}), "x");
    const T L = sum(sqrt(x));
    const double infinity = std::numeric_limits<double>::infinity(), nan = std::numeric_limits<double>::quiet_NaN();
    ManualGradients same, other;
    same.set("dx", T::of({infinity, 0.25}));
    other.set("dx", T::of({nan, 0.25}));
    BOOST_TEST(compare(same, L).agrees);
    const Comparison c = compare(other, L);
    BOOST_TEST(!c.agrees);
    BOOST_TEST(step(c, "dx").from_tape.elements == 1u);
    BOOST_TEST(nlohmann::json::parse(to_json(c))["steps"][0]["from_tape"]["worst_absolute"][0]["yours"] == "nan");
}

BOOST_AUTO_TEST_CASE(a_value_that_the_loss_does_not_depend_on_has_adjoint_0) {
    Tape tape;
    const Scalar x = tape.variable(3, "x");
    static_cast<void>(tape.variable(2, "y"));
    const Scalar L = square(x);
    ManualGradients right, wrong;
    right.set("dx", 6).set("dy", 0);
    wrong.set("dy", 1);
    BOOST_TEST(compare(right, L).agrees);
    const Comparison c = compare(wrong, L);
    BOOST_TEST(!c.agrees);
    BOOST_TEST(step(c, "dy").note == "L does not depend on y");
}

BOOST_AUTO_TEST_CASE(json_holds_what_the_table_says) {
    const Forgotten n;
    ManualGradients manual;
    manual.set("da1", row(network::da1)).set("dz1", n.dz1).set("dW1", n.dW1);
    const nlohmann::json j = nlohmann::json::parse(to_json(compare(manual, n.L)));
    BOOST_TEST(j["agrees"] == false);
    BOOST_TEST(j["loss_value"].get<double>() == network::loss, boost::test_tools::tolerance(1e-12));
    BOOST_TEST(j["steps"].size() == 3u);
    BOOST_TEST(j["steps"][1]["verdict"] == "wrong");
    BOOST_TEST(j["steps"][1]["mistakes"][0]["kind"] == "missing_derivative");
    BOOST_TEST(j["steps"][2]["verdict"] == "inherited");
    BOOST_TEST(j["steps"][2]["inherited_from"] == nlohmann::json::array({1}));
}

BOOST_AUTO_TEST_CASE(a_name_is_data) {
    Tape tape;
    const std::string hostile = "x\n\x1b[31m<script>\"\xff\xe2\x80\xae";
    const Scalar x = tape.variable(3, hostile);
    const Scalar L = square(x);
    ManualGradients manual;
    manual.set("d" + hostile, 5);
    const Comparison c = compare(manual, L);
    const std::string text = to_string(c);
    BOOST_TEST(text.find('\x1b') == std::string::npos);
    BOOST_TEST(text.find("\xe2\x80\xae") == std::string::npos);
    BOOST_TEST(std::count(text.begin(), text.end(), '\n') == 6);
    BOOST_TEST(nlohmann::json::parse(to_json(c))["steps"][0]["name"] == "dx\\x0a\\x1b[31m<script>\"\\xff\\xe2\\x80\\xae");
    manual.set("y\n", 1);
    BOOST_TEST(refused<ValueError>(manual, L).find('\n') == std::string::npos);
}

BOOST_AUTO_TEST_CASE(an_unknown_name_is_told_the_nearest_ones_as_gradients_are_written) {
    const network::Tensors<double> n;
    const auto refusal = [&n](const std::string& name) {
        ManualGradients unknown;
        unknown.set(name, T::ones({2}));
        return refused<ValueError>(unknown, n.L);
    };
    const std::string expected = "compare: expected the name of a value on the tape, got ";
    BOOST_TEST(refusal("dW3") == expected + "dW3; the nearest names are dW1, dW2");
    for (const char* name : {"dw1", "DW1", "dL/dw1", "dW1_try2", "W1_grad", "dLdW1"})
        BOOST_TEST(refusal(name) == expected + name + "; the nearest name is dW1");
    for (const char* name : {"delta1", "delta_1", "Delta1", "\xce\xb4\x31", "dZ1"})
        BOOST_TEST(refusal(name) == expected + name + "; the nearest name is dz1");
    Tape tape;
    const Scalar x = tape.variable(2);
    ManualGradients any;
    any.set("dx", 1);
    BOOST_TEST(refused<ValueError>(any, square(x)) == expected + "dx; name values with tape.variable(x, name) and tape.name(y, name)");
}

BOOST_AUTO_TEST_CASE(what_is_refused_and_how) {
    const network::Tensors<double> n;
    ManualGradients twice;
    twice.set("dW1", T::ones({2, 3})).set("W1", T::ones({2, 3}));
    BOOST_TEST(refused<ValueError>(twice, n.L) == "compare: expected one adjoint of W1, got dW1 and W1");
    BOOST_TEST(refused<ValueError>({}, n.L) == "compare: expected adjoints that were computed by hand, got none");
    BOOST_TEST(refused<ShapeError>({}, n.A1) == "compare: expected a loss with one element, got shape [1, 3]; sum it, or take one element");
    BOOST_TEST(refused<ValueError>({}, n.L, {.digits = 0}) == "compare: expected digits from 1 to 17, got 0");
    BOOST_TEST(refused<ValueError>({}, n.L, {.rtol = -1}) == "compare: expected a tolerance of 0 or more, got -1");
    BOOST_TEST(refused<TapeError>({}, Scalar(1)).starts_with("compare: expected a recorded value, got a constant"));
    BOOST_TEST(refused<TapeError>({}, Gradient()).starts_with("compare: expected a recorded value, got a constant"));
    BOOST_CHECK_THROW(ManualGradients().set("", 1), ValueError);
    BOOST_CHECK_THROW(ManualGradients().set("x", AnyTensor()), ValueError);
    {
        Tape fast(Detail::derivatives);
        const Scalar x = fast.variable(2, "x");
        const Scalar y = x * x;
        BOOST_TEST(refused<TapeError>({}, y).starts_with("compare: expected a tape that keeps operations"));
    }
    Tape tape;
    const Scalar a = tape.variable(1, "same"), b = tape.variable(2, "same");
    ManualGradients two;
    two.set("dsame", 1);
    BOOST_TEST(refused<ValueError>(two, a * b) ==
               "compare: expected a name of one value, for dsame, got one of 2 values of the tape; give each a name of its own");
    const Scalar L = a * b, after = L + 1;
    tape.name(after, "after");
    ManualGradients late;
    late.set("after", 1);
    BOOST_TEST(refused<ValueError>(late, L) ==
               "compare: expected the name of a value from before the loss, got after, which was recorded after it");
}

BOOST_AUTO_TEST_CASE(the_tape_is_left_as_it_was) {
    Forgotten n;
    ManualGradients manual;
    manual.set("dz2", row(network::dz2)).set("da1", row(network::da1)).set("dz1", n.dz1).set("dW1", n.dW1);
    const T before = gradient(n.L)[n.W1];
    const std::size_t rows = n.tape.stats().rows;
    const std::string first = to_string(compare(manual, n.L));
    const T again = gradient(n.L)[n.W1];
    BOOST_TEST(to_string(compare(manual, n.L)) == first);
    BOOST_TEST((before.data()[0] == again.data()[0] && before.data()[5] == again.data()[5]));
    BOOST_TEST(n.tape.stats().rows == rows);
    const T more = sum(n.W1 * n.W1);  // and it goes on recording
    BOOST_TEST(gradient(more)[n.W1].at(0, 1) == 2 * -0.2);
}

BOOST_AUTO_TEST_SUITE_END()

// SPDX-License-Identifier: MIT
// Operations of every kind explain themselves, although explain/ knows none of them: several results, broadcasts, images, sequences.
#include "autodiff/explain/outputs.hpp"

#include "autodiff/ops/attention.hpp"
#include "autodiff/ops/conv.hpp"
#include "autodiff/ops/index.hpp"
#include "autodiff/ops/layout.hpp"
#include "autodiff/ops/linalg.hpp"
#include "autodiff/ops/normalise.hpp"
#include "autodiff/ops/softmax.hpp"
#include "autodiff/ops/split.hpp"
#include "documents.hpp"
#include "lookup.hpp"
#include "network.hpp"

#include <boost/test/unit_test.hpp>

#include <cmath>
#include <functional>

using namespace autodiff;

namespace {

Tensor<double> wave(Shape shape, double phase) {
    Tensor<double> x = Tensor<double>::zeros(std::move(shape));
    double k = phase;
    for (double& v : in_place(x)) v = std::sin(k += 1.7);
    return x;
}

struct Case {
    std::string_view name;
    std::function<Tensor<double>(const Tensor<double>&)> loss;
    Shape shape;
};

const std::vector<Case> cases{
    {"conv2d",
     [](const Tensor<double>& x) {
         return sum(square(conv2d(x, wave({2, 1, 2, 2}, 0))));
     },
     {1, 1, 4, 4}},
    {"max_pool2d",
     [](const Tensor<double>& x) {
         return sum(max_pool2d(x, {.window = {2, 2}, .stride = {2, 2}}) * wave({1, 1, 2, 2}, 1));
     },
     {1, 1, 4, 4}},
    {"softmax",
     [](const Tensor<double>& x) {
         return sum(softmax(x) * wave({2, 3}, 1));
     },
     {2, 3}},
    {"layer_norm",
     [](const Tensor<double>& x) {
         return sum(layer_norm(x, wave({4}, 1), wave({4}, 2), 1e-5) * wave({2, 4}, 1));
     },
     {2, 4}},
    {"attention",
     [](const Tensor<double>& x) {
         return sum(attention(x, x, x) * wave({1, 3, 2}, 1));
     },
     {1, 3, 2}},
    {"split",
     [](const Tensor<double>& x) {
         const auto parts = split(x, {1, 2}, 0);
         return sum(parts[0] * wave({1, 2}, 0)) + sum(square(parts[1]));
     },
     {3, 2}},
    {"qr",
     [](const Tensor<double>& x) {
         const auto [q, r] = qr(x);
         return sum(q * wave({3, 2}, 1)) + sum(r * wave({2, 2}, 2));
     },
     {3, 2}},
    {"solve",
     [](const Tensor<double>& x) {
         return sum(solve(x + 3.0 * Tensor<double>::eye(2), wave({2, 1}, 1)));
     },
     {2, 2}},
    {"broadcast",
     [](const Tensor<double>& x) {
         return sum(square(x + wave({4, 3}, 1)));
     },
     {3}},
    {"read twice", [](const Tensor<double>& x) { return sum(x * x) + sum(exp(x)) * mean(x); }, {5}},
};

}  // namespace

BOOST_AUTO_TEST_SUITE(explain_operations)

BOOST_AUTO_TEST_CASE(any_operation_is_traced_and_every_element_is_the_sum_of_its_contributions) {
    for (const Case& c : cases) {
        BOOST_TEST_CONTEXT(c.name) {
            Tape tape;
            const auto x = tape.variable(wave(c.shape, 0.3), "x");
            const auto L = c.loss(x);
            const Tensor<double> expected = gradient(L)[x].contiguous();
            const Trace t = trace(L, {.terms = 1000});
            const auto& step = lookup::back(t, "x");
            BOOST_TEST(step.adjoint.tensor->values == std::vector<double>(expected.data().begin(), expected.data().end()),
                       boost::test_tools::per_element());
            BOOST_REQUIRE(step.elements.size() == static_cast<std::size_t>(expected.size()));
            for (const Trace::Element& e : step.elements) {
                double sum = 0, magnitude = 1e-300;
                for (const Contribution& part : e.sum.shown) sum += part.product, magnitude += std::abs(part.product);
                BOOST_TEST(std::abs(sum - expected.data()[static_cast<std::size_t>(e.flat)]) <= 1e-12 * magnitude + 1e-15);
            }
            for (const Paths& paths : t.paths)
                if (paths.counted && paths.count <= paths.shown.size()) BOOST_TEST(std::abs(paths.rest) <= 1e-12 * paths.magnitude + 1e-15);
            BOOST_CHECK_NO_THROW(static_cast<void>(documents::read_html(to_html(t))));
            BOOST_CHECK_NO_THROW(static_cast<void>(documents::read_dot(to_dot(t))));
            for (const std::string& formula : documents::formulas(to_markdown(t))) BOOST_CHECK_NO_THROW(documents::check_latex(formula));
        }
    }
}

BOOST_AUTO_TEST_SUITE_END()

// SPDX-License-Identifier: MIT
// Long recordings and many variables: what would be quadratic would not end here.
#include "tests/sparse/functions.hpp"

using namespace sparse;

BOOST_AUTO_TEST_SUITE(large)

BOOST_AUTO_TEST_CASE(a_million_rows_and_ten_thousand_inputs_and_outputs) {
    constexpr std::size_t n = 10000, links = 100;
    Tape tape;
    const Vector x = variables(tape, point(n));
    Vector y;
    for (std::size_t i = 0; i < n; ++i) {  // a chain of its own for each, with a neighbour at its end
        Scalar chain = x[i];
        for (std::size_t k = 1; k < links; ++k) chain = sin(chain);
        y.push_back(chain * x[(i + 1) % n]);
    }
    BOOST_REQUIRE(tape.stats().rows >= 1000000u);
    const Pattern pattern = jacobian_pattern(y, x);
    BOOST_TEST(pattern.entries() == 2 * n);
    BOOST_TEST((pattern.has(0, 0) && pattern.has(0, 1) && pattern.has(n - 1, 0) && pattern.has(n - 1, n - 1)));
    const Csr j = sparse_jacobian(y, x, pattern, compress_jacobian(pattern));
    const Gradient g = gradient(y[77]);
    BOOST_TEST(test::close(j(77, 77), g[x[77]], {.relative = 1e-14}));
    BOOST_TEST(test::close(j(77, 78), g[x[78]], {.relative = 1e-14}));
}

BOOST_AUTO_TEST_CASE(outputs_that_share_a_million_rows) {
    Tape tape;
    const Vector x = variables(tape, point(100));
    Scalar shared = 0;
    for (std::size_t k = 0; k < 500000; ++k) shared += sin(x[k % 50]);
    Vector y;
    for (std::size_t i = 0; i < 3000; ++i) y.push_back(shared * x[i % 100]);
    const Pattern pattern = jacobian_pattern(y, x);
    BOOST_TEST(pattern.entries() == 3000u * 50 + 1500);
    BOOST_TEST((pattern.has(2999, 0) && pattern.has(2999, 49) && pattern.has(2999, 99) && !pattern.has(2999, 98)));
}

BOOST_AUTO_TEST_CASE(a_hessian_of_a_hundred_thousand_variables) {
    SparseHessian hessian(rosenbrock);
    const std::vector<double> at(100000, 1.0);
    const Csr h = hessian(at);
    BOOST_TEST(h.entries() == 299998u);
    BOOST_TEST(hessian.compression().colours == 3u);
    BOOST_TEST(test::close(h(500, 500), 1002.0, {.relative = 1e-14}));  // 1200 x^2 - 400 x + 202
    BOOST_TEST(test::close(h(500, 501), -400.0, {.relative = 1e-14}));
    BOOST_TEST(h(500, 502) == 0.0);
}

BOOST_AUTO_TEST_CASE(one_variable_that_meets_all_others) {
    SparseHessian hessian([](const Vector& x) {
        Scalar sum = 0;
        for (std::size_t i = 1; i < x.size(); ++i) sum += square(x[i]) * x[0];
        return sum;
    });
    const Csr h = hessian(point(20000));
    BOOST_TEST(hessian.compression().colours == 2u);
    BOOST_TEST(h.entries() == 3u * 19999);
}

BOOST_AUTO_TEST_SUITE_END()

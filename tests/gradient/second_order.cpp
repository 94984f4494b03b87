// SPDX-License-Identifier: MIT
// The sweep that records itself: Hessians from one recording, against known answers, closed formulas and differences of gradients.
#include "autodiff/autodiff.hpp"
#include "tests/support/compare.hpp"

#include <boost/test/unit_test.hpp>

using namespace autodiff;

BOOST_AUTO_TEST_SUITE(second_order)

namespace {

Scalar rosenbrock(const Scalar& x, const Scalar& y) { return 100.0 * square(y - x * x) + square(1.0 - x); }

/// The Hessian row by row: the gradient of each entry of the recorded gradient.
std::vector<std::vector<double>> hessian(const Scalar& y, const std::vector<Scalar>& x) {
    const RecordedGradient g = recorded_gradient(y);
    std::vector<std::vector<double>> rows;
    for (const Scalar& xi : x) {
        std::vector<double> row;
        if (const Scalar first = g[xi]; first.recorded()) {
            const Gradient second = gradient(first);
            for (const Scalar& xj : x) row.push_back(second[xj]);
        } else {
            row.assign(x.size(), 0.0);
        }
        rows.push_back(row);
    }
    return rows;
}

}  // namespace

BOOST_AUTO_TEST_CASE(rosenbrock_has_its_known_hessians) {
    Tape tape;
    for (const auto& [x0, y0, expected] :
         {std::tuple{-1.2, 1.0, std::array{1330.0, 480.0, 480.0, 200.0}}, std::tuple{1.0, 1.0, std::array{802.0, -400.0, -400.0, 200.0}}}) {
        tape.clear();
        const Scalar x = tape.variable(x0), y = tape.variable(y0);
        const auto h = hessian(rosenbrock(x, y), {x, y});
        BOOST_TEST(test::close(h[0][0], expected[0], {.relative = 1e-13}));
        BOOST_TEST(test::close(h[0][1], expected[1], {.relative = 1e-13}));
        BOOST_TEST(test::close(h[1][0], expected[2], {.relative = 1e-13}));
        BOOST_TEST(test::close(h[1][1], expected[3], {.relative = 1e-13}));
    }
}

BOOST_AUTO_TEST_CASE(speelpennings_product_has_hessian_p_over_xi_xj) {
    Tape tape;
    std::vector<Scalar> x;
    for (int i = 1; i <= 5; ++i) x.push_back(tape.variable(i));
    Scalar p = 1;
    for (const Scalar& xi : x) p *= xi;
    const auto h = hessian(p, x);
    for (std::size_t i = 0; i < 5; ++i)
        for (std::size_t j = 0; j < 5; ++j) BOOST_TEST(h[i][j] == (i == j ? 0.0 : 120.0 / static_cast<double>((i + 1) * (j + 1))));
}

BOOST_AUTO_TEST_CASE(every_rule_has_the_second_derivative_of_its_dual_numbers) {
    rules::for_each<rules::Unary>([]<class R>(R) {
        const double at = 0.5 * (R::domain.low + R::domain.high) + 0.1371 * (R::domain.high - R::domain.low);
        Tape tape;
        const Scalar x = tape.variable(at);
        const Scalar first = recorded_gradient(apply(R{}, x))[x];
        const double second = first.recorded() ? gradient(first)[x] : 0.0;
        const auto difference =
            test::ridders([](long double t) { return R::partial(t, R::value(t)); }, static_cast<long double>(at), 1e-2L).derivative;
        BOOST_TEST_CONTEXT(R::name) {
            BOOST_TEST(test::close(second, static_cast<double>(difference), {.relative = 1e-8, .absolute = 1e-8}));
        }
    });
}

BOOST_AUTO_TEST_CASE(the_third_derivative_comes_from_the_same_recording) {
    Tape tape;
    const Scalar x = tape.variable(0.7);
    const Scalar first = recorded_gradient(sin(x) * exp(x))[x];
    const Scalar second = recorded_gradient(first)[x];
    const double third = gradient(second)[x];
    BOOST_TEST(test::close(second.value(), 2 * std::exp(0.7) * std::cos(0.7), {.relative = 1e-13}));
    BOOST_TEST(test::close(third, 2 * std::exp(0.7) * (std::cos(0.7) - std::sin(0.7)), {.relative = 1e-13}));
}

BOOST_AUTO_TEST_CASE(softmax_cross_entropy_has_hessian_diag_p_minus_p_p) {
    Tape tape;
    const Tensor<double> z = tape.variable(Tensor<double>::of({0.3, -1.2, 0.8}));
    const Tensor<double> p = softmax(z.constant());
    const RecordedGradient g = recorded_gradient(logsumexp(z) - select(z, 0, 1));
    for (Index i = 0; i < 3; ++i) {
        const Tensor<double> row = gradient(g[z](i))[z];
        for (Index j = 0; j < 3; ++j)
            BOOST_TEST(test::close(row.at(j), p.at(i) * ((i == j ? 1.0 : 0.0) - p.at(j)), {.relative = 1e-13, .absolute = 1e-16}));
    }
}

BOOST_AUTO_TEST_CASE(a_network_of_tensors_has_a_symmetric_hessian_that_differences_of_gradients_confirm) {
    Tape tape;
    const auto W0 = Tensor<double>::from_rows({{0.1, -0.2, 0.3}, {0.4, 0.5, -0.6}}),
               x = Tensor<double>::from_rows({{0.5, -1.0}, {1.5, 0.25}});
    const auto loss = [&x](const Tensor<double>& W) { return sum(square(tanh(matmul(x, W)) - 0.25)); };
    const Tensor<double> W = tape.variable(W0);
    const Tensor<double> g = recorded_gradient(loss(W))[W];
    for (Index i = 0; i < 2; ++i)
        for (Index j = 0; j < 3; ++j) {
            const Tensor<double> row = gradient(g(i, j))[W];
            const auto moved = [&](double h) {
                Tensor<double> shifted = W0;
                in_place(shifted)[static_cast<std::size_t>(3 * i + j)] += h;
                return value_and_gradient(loss, shifted).second;
            };
            const double h = 1e-5;
            const Tensor<double> up = moved(h), down = moved(-h);
            for (Index k = 0; k < 2; ++k)
                for (Index l = 0; l < 3; ++l)
                    BOOST_TEST(test::close(row.at(k, l), (up.at(k, l) - down.at(k, l)) / (2 * h), {.relative = 1e-8, .absolute = 1e-9}));
        }
}

BOOST_AUTO_TEST_CASE(a_tape_of_derivatives_says_that_it_cannot) {
    Tape tape(Detail::derivatives);
    const Scalar x = tape.variable(2.0);
    BOOST_CHECK_EXCEPTION(static_cast<void>(recorded_gradient(x * x)), TapeError, [](const TapeError& e) {
        return e.kind() == TapeError::Kind::detail &&
               e.what() == std::string("recorded_gradient: expected a tape that keeps operations, got one that keeps derivatives only; "
                                       "record with Tape{Detail::operations}");
    });
}

BOOST_AUTO_TEST_SUITE_END()

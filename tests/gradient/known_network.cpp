// SPDX-License-Identifier: MIT
// A dense network 2-3-2 written neuron by neuron: every number of its backward pass is known, and Nielsen's four equations, written
// here as loops, must come out of the sweep that knows none of them.
#include "autodiff/gradient.hpp"

#include <array>
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <cstddef>
#include <string>

namespace {

using autodiff::Detail;
using autodiff::Gradient;
using autodiff::Scalar;
using autodiff::Tape;

template <std::size_t N>
using Row = std::array<double, N>;

void check_number(double got, double expected, const std::string& what) {
    BOOST_CHECK_MESSAGE(std::abs(got - expected) <= 1e-12 * std::abs(expected), what << ": " << got << ", not " << expected);
}
template <std::size_t N>
void check_numbers(const Gradient& g, const std::array<Scalar, N>& x, const Row<N>& expected, const std::string& what) {
    for (std::size_t i = 0; i < N; ++i) check_number(g[x[i]], expected[i], what + std::to_string(i));
}

/// L = 1/2 sum (a2 - t)^2,  a = sigmoid(z),  z_j = sum_i W_ij a_i + b_j     W: [from, to]
struct Network {
    std::array<Scalar, 2> x;
    std::array<std::array<Scalar, 3>, 2> w1;
    std::array<Scalar, 3> b1;
    std::array<std::array<Scalar, 2>, 3> w2;
    std::array<Scalar, 2> b2;
    Row<2> target{1, 0};
    std::array<Scalar, 3> z1, a1;
    std::array<Scalar, 2> z2, a2;
    Scalar loss;

    explicit Network(Tape& tape) {
        const auto fill = [&tape](auto& into, const auto& from) {
            for (std::size_t i = 0; i < into.size(); ++i) into[i] = tape.variable(from[i]);
        };
        fill(x, Row<2>{0.5, -1});
        fill(w1[0], Row<3>{0.1, -0.2, 0.3}), fill(w1[1], Row<3>{0.4, 0.5, -0.6});
        fill(b1, Row<3>{0.01, 0.02, 0.03});
        fill(w2[0], Row<2>{0.7, -0.8}), fill(w2[1], Row<2>{0.9, 0.15}), fill(w2[2], Row<2>{-0.25, 0.35});
        fill(b2, Row<2>{0.04, -0.05});
        layer(x, w1, b1, z1, a1);
        layer(a1, w2, b2, z2, a2);
        loss = 0;
        for (std::size_t j = 0; j < 2; ++j) {
            const Scalar error = a2[j] - target[j];
            loss += 0.5 * error * error;
        }
    }

  private:
    static void layer(const auto& from, const auto& w, const auto& b, auto& z, auto& a) {
        for (std::size_t j = 0; j < z.size(); ++j) {
            Scalar s = b[j];
            for (std::size_t i = 0; i < from.size(); ++i) s += w[i][j] * from[i];
            z[j] = s;
            a[j] = sigmoid(z[j]);
        }
    }
};

constexpr Detail both[] = {Detail::derivatives, Detail::operations};

}  // namespace

BOOST_AUTO_TEST_SUITE(known_network)

BOOST_AUTO_TEST_CASE(forward) {
    for (const Detail detail : both) {
        Tape tape(detail);
        const Network n(tape);
        check_number(n.loss.value(), 0.18696722154794609, "L");
        const Row<3> z1{-0.34, -0.58, 0.78}, a1{0.41580947706459265, 0.35893259366518294, 0.68568011393825384};
        const Row<2> z2{0.48268593975931604, -0.088819652723507832}, a2{0.61838191942423423, 0.47780967306403554};
        for (std::size_t j = 0; j < 3; ++j) check_number(n.z1[j].value(), z1[j], "z1"), check_number(n.a1[j].value(), a1[j], "a1");
        for (std::size_t j = 0; j < 2; ++j) check_number(n.z2[j].value(), z2[j], "z2"), check_number(n.a2[j].value(), a2[j], "a2");
    }
}

BOOST_AUTO_TEST_CASE(backward) {
    for (const Detail detail : both) {
        Tape tape(detail);
        const Network n(tape);
        const Gradient g = gradient(n.loss);
        check_numbers(g, n.a2, {-0.38161808057576577, 0.47780967306403554}, "dL/da2 ");
        check_numbers(g, n.z2, {-0.090056417949861411, 0.11921713971365849}, "dL/dz2 ");
        check_numbers(g, n.b2, {-0.090056417949861411, 0.11921713971365849}, "dL/db2 ");
        check_numbers(g, n.w2[0], {-0.037446312054042268, 0.049571616521472816}, "dL/dW2 0,");
        check_numbers(g, n.w2[1], {-0.032324183670939493, 0.042790917166767926}, "dL/dW2 1,");
        check_numbers(g, n.w2[2], {-0.061749894920731981, 0.081744821942254079}, "dL/dW2 2,");
        check_numbers(g, n.a1, {-0.15841320433582978, -0.063168205197826497, 0.064240103387245824}, "dL/da1 ");
        check_numbers(g, n.z1, {-0.038480461297343527, -0.014535003186619297, 0.013845213075611779}, "dL/dz1 ");
        check_numbers(g, n.b1, {-0.038480461297343527, -0.014535003186619297, 0.013845213075611779}, "dL/db1 ");
        check_numbers(g, n.w1[0], {-0.019240230648671763, -0.0072675015933096485, 0.0069226065378058894}, "dL/dW1 0,");
        check_numbers(g, n.w1[1], {0.038480461297343527, 0.014535003186619297, -0.013845213075611779}, "dL/dW1 1,");
        check_numbers(g, n.x, {0.0032125184302730403, -0.030966813957614127}, "dL/dx ");
    }
}

BOOST_AUTO_TEST_CASE(the_four_equations_of_backpropagation) {
    const auto slope = [](const Scalar& z) {
        const double a = 1 / (1 + std::exp(-z.value()));
        return a * (1 - a);
    };
    for (const Detail detail : both) {
        Tape tape(detail);
        const Network n(tape);
        const Gradient g = gradient(n.loss);
        Row<2> delta2;
        Row<3> delta1;
        for (std::size_t j = 0; j < 2; ++j) {
            delta2[j] = (n.a2[j].value() - n.target[j]) * slope(n.z2[j]);
            check_number(g[n.z2[j]], delta2[j], "BP1");
        }
        for (std::size_t i = 0; i < 3; ++i) {
            delta1[i] = (n.w2[i][0].value() * delta2[0] + n.w2[i][1].value() * delta2[1]) * slope(n.z1[i]);
            check_number(g[n.z1[i]], delta1[i], "BP2");
        }
        for (std::size_t j = 0; j < 2; ++j) check_number(g[n.b2[j]], delta2[j], "BP3, output");
        for (std::size_t j = 0; j < 3; ++j) check_number(g[n.b1[j]], delta1[j], "BP3, hidden");
        for (std::size_t i = 0; i < 3; ++i)
            for (std::size_t j = 0; j < 2; ++j) check_number(g[n.w2[i][j]], n.a1[i].value() * delta2[j], "BP4, output");
        for (std::size_t i = 0; i < 2; ++i)
            for (std::size_t j = 0; j < 3; ++j) check_number(g[n.w1[i][j]], n.x[i].value() * delta1[j], "BP4, hidden");
    }
}

BOOST_AUTO_TEST_CASE(one_weight_is_the_product_of_three_factors) {
    // dL/dW_ij = dL/da_j * sigmoid'(z_j) * a_i
    Tape tape;
    const Network n(tape);
    const Gradient g = gradient(n.loss);
    for (std::size_t i = 0; i < 2; ++i)
        for (std::size_t j = 0; j < 3; ++j) {
            const double a = n.a1[j].value();
            check_number(g[n.w1[i][j]], g[n.a1[j]] * (a * (1 - a)) * n.x[i].value(), "W1");
        }
}

BOOST_AUTO_TEST_CASE(weights_of_an_input_of_zero_have_a_gradient_of_exactly_zero) {
    for (const Detail detail : both) {
        Tape tape(detail);
        const Scalar x = 0.0, w = tape.variable(0.7), b = tape.variable(0.1);
        const Scalar y = sigmoid(w * x + b);
        const Gradient g = gradient(y * y);
        BOOST_TEST(g[w] == 0.0);
        BOOST_TEST(g.reaches(w));
        BOOST_TEST(g[b] != 0.0);
    }
}

BOOST_AUTO_TEST_SUITE_END()

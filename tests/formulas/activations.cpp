// SPDX-License-Identifier: MIT
// The table of sigma': every activation of nn, composed or not, against its documented derivative over a range of points.
#include "nn/activations.hpp"
#include "tests/formulas/recovered.hpp"

#include <functional>
#include <numbers>

using namespace test;

namespace {

double sig(double z) { return 1 / (1 + std::exp(-z)); }
double Phi(double z) { return 0.5 * std::erfc(-z / std::numbers::sqrt2); }
double phi(double z) { return std::exp(-z * z / 2) / std::sqrt(2 * std::numbers::pi); }
double softplus_of(double z) { return std::log1p(std::exp(z)); }

using Function = std::function<Tensor<double>(const Tensor<double>&)>;

/// f's derivative at points that avoid 0 (kinks have cases of their own), against the formula and differences.
void check(const char* name, const Function& f, const std::function<Terms(double)>& derivative) {
    BOOST_TEST_CONTEXT(name) {
        const auto z = Tensor<double>::of({-4.3, -2.2, -1.1, -0.7, -0.05, 0.04, 0.6, 0.9, 1.7, 3.1, 5.5}), C = random_tensor(z.shape(), 11);
        const auto loss = [&](const auto& x) { return sum(C * f(x)); };
        const auto [L, g] = value_and_gradient(loss, z);
        for (Index i = 0; i < z.size(); ++i) {
            const Terms t = derivative(z.at(i));
            BOOST_TEST(recovers(g.at(i), {C.at(i) * t.value, std::abs(C.at(i)) * t.size}));
        }
        check_differences(loss, z, g, 0.003);
    }
}

double derivative_at(const Function& f, double z) {
    return value_and_gradient([&](const auto& x) { return sum(f(x)); }, Tensor<double>::of({z})).second.at(0);
}
double value_at(const Function& f, double z) { return f(Tensor<double>::of({z})).at(0); }

}  // namespace

BOOST_AUTO_TEST_SUITE(formulas_activations)

BOOST_AUTO_TEST_CASE(derivatives_are_those_of_the_table) {
    check(
        "sigmoid", [](const auto& x) { return nn::sigmoid(x); }, [](double z) { return Terms{}.add(sig(z)).add(-sig(z) * sig(z)); });
    check(
        "tanh", [](const auto& x) { return nn::tanh(x); }, [](double z) { return Terms{}.add(1).add(-std::tanh(z) * std::tanh(z)); });
    check(
        "relu", [](const auto& x) { return nn::relu(x); }, [](double z) { return Terms{}.add(z > 0 ? 1 : 0); });
    check(
        "leaky_relu", [](const auto& x) { return nn::leaky_relu(x, 0.2); }, [](double z) { return Terms{}.add(z > 0 ? 1 : 0.2); });
    check(
        "softplus", [](const auto& x) { return nn::softplus(x); }, [](double z) { return Terms{}.add(sig(z)); });
    check(
        "silu", [](const auto& x) { return nn::silu(x); }, [](double z) { return Terms{}.add(sig(z)).add(sig(z) * z * (1 - sig(z))); });
    check(
        "gelu", [](const auto& x) { return nn::gelu(x); }, [](double z) { return Terms{}.add(Phi(z)).add(z * phi(z)); });
    check(
        "gelu_tanh", [](const auto& x) { return nn::gelu_tanh(x); },
        [](double z) {
            const double c = std::sqrt(2 / std::numbers::pi), t = std::tanh(c * (z + 0.044715 * z * z * z));
            return Terms{}
                .add(0.5)
                .add(0.5 * t)
                .add(0.5 * z * c * (1 + 3 * 0.044715 * z * z))
                .add(-0.5 * z * c * (1 + 3 * 0.044715 * z * z) * t * t);
        });
    check(
        "elu", [](const auto& x) { return nn::elu(x, 1.3); }, [](double z) { return Terms{}.add(z > 0 ? 1 : 1.3 * std::exp(z)); });
    check(
        "celu", [](const auto& x) { return nn::celu(x, 1.3); }, [](double z) { return Terms{}.add(z > 0 ? 1 : std::exp(z / 1.3)); });
    check(
        "selu", [](const auto& x) { return nn::selu(x); },
        [](double z) { return Terms{}.add(1.0507009873554804934 * (z > 0 ? 1 : 1.6732632423543772848 * std::exp(z))); });
    check(
        "mish", [](const auto& x) { return nn::mish(x); },
        [](double z) {
            const double w = std::tanh(softplus_of(z));
            return Terms{}.add(w).add(z * sig(z)).add(-z * w * w * sig(z));
        });
    check(
        "softsign", [](const auto& x) { return nn::softsign(x); },
        [](double z) { return Terms{}.add(1 / ((1 + std::abs(z)) * (1 + std::abs(z)))); });
    check(
        "log_sigmoid", [](const auto& x) { return nn::log_sigmoid(x); }, [](double z) { return Terms{}.add(sig(-z)); });
    check(
        "hardtanh", [](const auto& x) { return nn::hardtanh(x); }, [](double z) { return Terms{}.add(std::abs(z) < 1 ? 1 : 0); });
    check(
        "relu6", [](const auto& x) { return nn::relu6(2 * x); }, [](double z) { return Terms{}.add(z > 0 && z < 3 ? 2 : 0); });
    check(
        "hardsigmoid", [](const auto& x) { return nn::hardsigmoid(x); },
        [](double z) { return Terms{}.add(std::abs(z) < 3 ? 1.0 / 6 : 0); });
    check(
        "hardswish", [](const auto& x) { return nn::hardswish(x); },
        [](double z) { return z <= -3  ? Terms{}
                              : z >= 3 ? Terms{}.add(1)
                                       : Terms{}.add(z / 3).add(0.5); });
}

BOOST_AUTO_TEST_CASE(known_values_are_met) {
    struct Row {
        Function f;
        double z, value, derivative;
    };
    const Function softplus = [](const auto&x) { return nn::softplus(x); }, silu = [](const auto&x) { return nn::silu(x); },
                   gelu_tanh = [](const auto&x) { return nn::gelu_tanh(x); }, tanh = [](const auto&x) { return nn::tanh(x); },
                   sigmoid = [](const auto&x) { return nn::sigmoid(x); };
    for (const Row& row :
         {Row{softplus, 1, 1.3132616875182228, 0.73105857863000488}, Row{softplus, -2, 0.12692801104297250, 0.11920292202211756},
          Row{silu, 1, 0.73105857863000488, 0.92767051187148673}, Row{silu, -2, -0.23840584404423511, -0.090784248784895479},
          Row{gelu_tanh, 1, 0.84119199060827670, 1.0829640838457826}, Row{gelu_tanh, 0.5, 0.34571400982514392, 0.86736990353464231},
          Row{tanh, -2, -0.96402758007581688, 0.070650824853164466}, Row{sigmoid, -2, 0.11920292202211756, 0.10499358540350652}}) {
        BOOST_TEST(close(value_at(row.f, row.z), row.value, {.relative = 1e-14}));
        BOOST_TEST(close(derivative_at(row.f, row.z), row.derivative, {.relative = 1e-14}));
    }
    BOOST_TEST(derivative_at(tanh, 190) == 0);
}

BOOST_AUTO_TEST_CASE(kinks_have_the_documented_derivative) {
    BOOST_TEST(derivative_at([](const auto& x) { return nn::relu(x); }, 0) == 0);
    BOOST_TEST(derivative_at([](const auto& x) { return nn::relu(x); }, -0.0) == 0);
    BOOST_TEST(derivative_at([](const auto& x) { return nn::leaky_relu(x, 0.25); }, 0) == 0.25);
    BOOST_TEST(derivative_at([](const auto& x) { return nn::elu(x, 1.5); }, 0) == 1.5);
    BOOST_TEST(derivative_at([](const auto& x) { return nn::hardtanh(x); }, -1) == 0);
    BOOST_TEST(derivative_at([](const auto& x) { return nn::hardtanh(x); }, 1) == 0);
    BOOST_TEST(derivative_at([](const auto& x) { return nn::relu6(x); }, 6) == 0);
}

BOOST_AUTO_TEST_CASE(far_arguments_give_limits_and_no_nan) {
    const Function elu = [](const auto&x) { return nn::elu(x); }, gelu = [](const auto&x) { return nn::gelu(x); },
                   mish = [](const auto&x) { return nn::mish(x); }, silu = [](const auto&x) { return nn::silu(x); };
    for (const double z : {800.0, 1e4}) {
        for (const auto& f : {elu, gelu, mish, silu}) {
            BOOST_TEST(value_at(f, z) == z);
            BOOST_TEST(derivative_at(f, z) == 1);
        }
        BOOST_TEST(value_at(elu, -z) == -1);
        for (const auto& f : {gelu, mish, silu}) BOOST_TEST(value_at(f, -z) == 0);
        for (const auto& f : {elu, gelu, mish, silu}) BOOST_TEST(derivative_at(f, -z) == 0);
    }
    // Where 1 + erf(z / sqrt 2) would have cancelled to 0: Phi(-9) = 1.1285884059538405e-19.
    BOOST_TEST(close(value_at(gelu, -9), -9 * 1.1285884059538405e-19, {.relative = 1e-13}));
}

BOOST_AUTO_TEST_SUITE_END()

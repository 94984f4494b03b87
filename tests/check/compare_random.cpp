// SPDX-License-Identifier: MIT
// Right derivations raise no alarm: 10,000 random networks in double and as many in float, differentiated by plain loops that also compute
// their values themselves, in another order than the library does.
#include "autodiff/autodiff.hpp"
#include "autodiff/check/compare.hpp"

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <random>

using namespace autodiff;

namespace {

enum class Activation { none, sigmoid, tanh, relu, softplus };

template <class T>
using Matrix = std::vector<std::vector<T>>;

/// What a network is made of; float and double ones are drawn alike.
struct Layer {
    std::size_t out;
    Activation activation;
    bool normalised, skipped;
};
struct Plan {
    std::size_t samples, in;
    std::vector<Layer> layers;
    bool classifies;
};

Plan random_plan(std::mt19937_64& rng) {
    const auto pick = [&rng](std::size_t from, std::size_t to) { return std::uniform_int_distribution<std::size_t>(from, to)(rng); };
    Plan plan{pick(1, 6), pick(1, 5), {}, pick(0, 1) == 1};
    std::size_t width = plan.in;
    for (std::size_t n = pick(1, 3); n > 0; --n) {
        Layer layer{pick(1, 5), static_cast<Activation>(pick(0, 4)), false, pick(0, 3) == 0};
        if (layer.skipped) layer.out = width;
        layer.normalised = layer.out > 2 && pick(0, 3) == 0;
        width = layer.out;
        plan.layers.push_back(layer);
    }
    return plan;
}

template <class T>
Matrix<T> random_matrix(std::mt19937_64& rng, std::size_t rows, std::size_t columns) {
    std::normal_distribution<double> normal;
    Matrix<T> x(rows, std::vector<T>(columns));
    for (auto& row : x)
        for (T& v : row) v = static_cast<T>(normal(rng));
    return x;
}

template <class T>
Tensor<T> tensor(const Matrix<T>& x) {
    std::vector<T> all;
    for (const auto& row : x) all.insert(all.end(), row.begin(), row.end());
    return Tensor<T>({static_cast<Index>(x.size()), static_cast<Index>(x[0].size())}, all);
}
template <class T>
Matrix<T> like(const Matrix<T>& x) {
    return Matrix<T>(x.size(), std::vector<T>(x[0].size(), T{0}));
}

template <class T>
T value(Activation a, T z) {
    switch (a) {
    case Activation::sigmoid:
        return 1 / (1 + std::exp(-z));
    case Activation::tanh:
        return std::tanh(z);
    case Activation::relu:
        return z > 0 ? z : 0;
    case Activation::softplus:
        return std::log1p(std::exp(z));
    case Activation::none:
        break;
    }
    return z;
}
template <class T>
T slope(Activation a, T z) {
    switch (a) {
    case Activation::sigmoid:
        return value(a, z) * value(a, -z);
    case Activation::tanh:
        return 1 / (std::cosh(z) * std::cosh(z));
    case Activation::relu:
        return z > 0 ? T{1} : T{0};
    case Activation::softplus:
        return 1 / (1 + std::exp(-z));
    case Activation::none:
        break;
    }
    return 1;
}
template <class T>
Tensor<T> apply(Activation a, const Tensor<T>& z) {
    switch (a) {
    case Activation::sigmoid:
        return sigmoid(z);
    case Activation::tanh:
        return tanh(z);
    case Activation::relu:
        return relu(z);
    case Activation::softplus:
        return softplus(z);
    case Activation::none:
        break;
    }
    return identity(z);
}

constexpr double eps = 1e-3;

/// Everything that the loops remember of a layer.
template <class T>
struct Memory {
    Matrix<T> input, weight, z, n, a;
    std::vector<T> bias, rstd;
};

template <class T>
Memory<T> forward(const Layer& layer, const Matrix<T>& input, const Matrix<T>& weight, const std::vector<T>& bias) {
    Memory<T> m{input, weight, Matrix<T>(input.size(), bias), {}, {}, bias, {}};
    for (std::size_t s = 0; s < input.size(); ++s)
        for (std::size_t i = input[s].size(); i-- > 0;)
            for (std::size_t j = 0; j < layer.out; ++j) m.z[s][j] += input[s][i] * weight[i][j];
    m.n = m.z;
    if (layer.normalised)
        for (auto& row : m.n) {
            T mean = 0, variance = 0;
            for (const T v : row) mean += v / static_cast<T>(row.size());
            for (const T v : row) variance += (v - mean) * (v - mean) / static_cast<T>(row.size());
            m.rstd.push_back(1 / std::sqrt(variance + static_cast<T>(eps)));
            for (T& v : row) v = (v - mean) * m.rstd.back();
        }
    m.a = m.n;
    for (std::size_t s = 0; s < m.a.size(); ++s)
        for (std::size_t j = 0; j < layer.out; ++j) m.a[s][j] = value(layer.activation, m.n[s][j]) + (layer.skipped ? input[s][j] : T{0});
    return m;
}

/// The adjoint of the input; those on the way into `manual`.
template <class T>
Matrix<T> backward(const Layer& layer, const Memory<T>& m, const Matrix<T>& abar, const std::string& k, ManualGradients& manual) {
    Matrix<T> nbar = abar, zbar, wbar = like(m.weight), xbar = like(m.input);
    for (std::size_t s = 0; s < abar.size(); ++s)
        for (std::size_t j = 0; j < layer.out; ++j) nbar[s][j] *= slope(layer.activation, m.n[s][j]);
    zbar = nbar;
    if (layer.normalised) {
        manual.set("dn" + k, tensor(nbar));
        for (std::size_t s = 0; s < zbar.size(); ++s) {
            T mean = 0, product = 0;
            const auto width = static_cast<T>(layer.out);
            for (std::size_t j = 0; j < layer.out; ++j) mean += nbar[s][j] / width, product += nbar[s][j] * m.n[s][j] / width;
            for (std::size_t j = 0; j < layer.out; ++j) zbar[s][j] = m.rstd[s] * (nbar[s][j] - mean - m.n[s][j] * product);
        }
    }
    std::vector<T> bbar(layer.out, T{0});
    for (std::size_t s = 0; s < zbar.size(); ++s)
        for (std::size_t j = 0; j < layer.out; ++j) {
            bbar[j] += zbar[s][j];
            for (std::size_t i = 0; i < m.weight.size(); ++i)
                wbar[i][j] += m.input[s][i] * zbar[s][j], xbar[s][i] += zbar[s][j] * m.weight[i][j];
            if (layer.skipped) xbar[s][j] += abar[s][j];
        }
    manual.set("dz" + k, tensor(zbar)).set("dW" + k, tensor(wbar)).set("db" + k, Tensor<T>({static_cast<Index>(layer.out)}, bbar));
    return xbar;
}

/// The same with the largest element of one adjoint off by a relative `error`; nothing is done to an adjoint that vanishes.
ManualGradients spoilt(const ManualGradients& manual, std::size_t which, double error, bool& done) {
    ManualGradients wrong = manual;
    done = false;
    const auto& entry = manual.entries()[which % manual.entries().size()];
    std::visit(
        [&]<class X>(const X& x) {
            if constexpr (!std::same_as<X, std::monostate>) {
                std::vector<typename X::value_type> numbers(x.data().begin(), x.data().end());
                auto largest = std::max_element(numbers.begin(), numbers.end(), [](auto a, auto b) { return std::abs(a) < std::abs(b); });
                done = std::abs(*largest) > 1e-3;
                *largest *= static_cast<typename X::value_type>(1 + error);
                wrong.set(entry.first, X(x.shape(), numbers));
            }
        },
        entry.second);
    return wrong;
}

/// How one network came out; one in ten is also compared with an error in it.
struct Outcome {
    Comparison right;
    bool has_error = false, missed = false;
};

template <class T>
Outcome compared(const Plan& plan, bool with_error, std::mt19937_64& rng) {
    Tape tape;
    const auto named = [&tape](const Tensor<T>& y, const std::string& name) {
        tape.name(y, name);
        return y;
    };
    Matrix<T> x = random_matrix<T>(rng, plan.samples, plan.in);
    Tensor<T> h = tape.variable(tensor(x), "a0");
    std::vector<Memory<T>> memory;
    std::size_t width = plan.in;
    for (std::size_t k = 1; k <= plan.layers.size(); ++k) {
        const Layer& layer = plan.layers[k - 1];
        const std::string number = std::to_string(k);
        const Matrix<T> w = random_matrix<T>(rng, width, layer.out);
        const std::vector<T> b = random_matrix<T>(rng, 1, layer.out)[0];
        const Tensor<T> W = tape.variable(tensor(w), "W" + number),
                        B = tape.variable(Tensor<T>({static_cast<Index>(layer.out)}, b), "b" + number);
        const Tensor<T> z = named(matmul(h, W) + B, "z" + number);
        Tensor<T> n = z;
        if (layer.normalised) {
            const Tensor<T> centred = z - mean(z, 1, true);
            n = named(centred * rsqrt(mean(square(centred), 1, true) + static_cast<T>(eps)), "n" + number);
        }
        const Tensor<T> a = apply(layer.activation, n);
        memory.push_back(forward(layer, memory.empty() ? x : memory.back().a, w, b));
        h = named(layer.skipped ? a + h : a, "a" + number);
        width = layer.out;
    }
    const Matrix<T>& y = memory.back().a;
    Matrix<T> bar = like(y);
    Tensor<T> loss;
    if (plan.classifies) {
        std::vector<Index> labels;
        for (std::size_t s = 0; s < plan.samples; ++s)
            labels.push_back(std::uniform_int_distribution<Index>(0, static_cast<Index>(width) - 1)(rng));
        loss = mean(softmax_cross_entropy(h, Tensor<Index>({static_cast<Index>(plan.samples)}, labels)));
        for (std::size_t s = 0; s < plan.samples; ++s) {
            T total = 0;
            for (const T v : y[s]) total += std::exp(v);
            for (std::size_t j = 0; j < width; ++j)
                bar[s][j] = (std::exp(y[s][j]) / total - (static_cast<Index>(j) == labels[s] ? T{1} : T{0})) / static_cast<T>(plan.samples);
        }
    } else {
        const Matrix<T> target = random_matrix<T>(rng, plan.samples, width);
        loss = mean(square(h - tensor(target)));
        for (std::size_t s = 0; s < plan.samples; ++s)
            for (std::size_t j = 0; j < width; ++j) bar[s][j] = 2 * (y[s][j] - target[s][j]) / static_cast<T>(plan.samples * width);
    }
    ManualGradients manual;
    for (std::size_t k = plan.layers.size(); k > 0; --k) {
        manual.set("da" + std::to_string(k), tensor(bar));
        bar = backward(plan.layers[k - 1], memory[k - 1], bar, std::to_string(k), manual);
    }
    manual.set("da0", tensor(bar));
    Outcome outcome{compare(manual, loss)};
    if (with_error) {
        const ManualGradients wrong = spoilt(manual, rng(), std::same_as<T, float> ? 1e-2 : 1e-8, outcome.has_error);
        outcome.missed = outcome.has_error && compare(wrong, loss).agrees;
    }
    return outcome;
}

template <class T>
void check_networks(std::uint64_t seed) {
    std::mt19937_64 rng(seed);
    constexpr int networks = 10000;
    int alarms = 0, errors = 0, missed = 0;
    std::size_t adjoints = 0;
    for (int n = 0; n < networks; ++n) {
        const Outcome outcome = compared<T>(random_plan(rng), n % 10 == 0, rng);
        const Comparison& c = outcome.right;
        adjoints += c.steps.size();
        errors += outcome.has_error ? 1 : 0;
        missed += outcome.missed ? 1 : 0;
        if (!c.agrees && ++alarms <= 3) BOOST_TEST_MESSAGE("seed " << seed << ", network " << n << "\n" << to_string(c));
    }
    BOOST_TEST_MESSAGE(networks << " networks of seed " << seed << ", " << adjoints << " adjoints, " << alarms << " alarms; of " << errors
                                << " errors, " << missed << " are missed");
    BOOST_TEST(alarms == 0);
    BOOST_TEST(adjoints > 60000u);
    BOOST_TEST(errors > networks / 20);
    BOOST_TEST(missed * 500 <= errors);  // in float, contributions that cancel can hide one per cent
}

}  // namespace

BOOST_AUTO_TEST_SUITE(right_derivations)

BOOST_AUTO_TEST_CASE(ten_thousand_networks_in_double_raise_no_alarm) { check_networks<double>(20261); }
BOOST_AUTO_TEST_CASE(ten_thousand_networks_in_float_raise_no_alarm) { check_networks<float>(20262); }

BOOST_AUTO_TEST_SUITE_END()

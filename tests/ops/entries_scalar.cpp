// SPDX-License-Identifier: MIT
// Entries of everything between Scalars and tensors: elements, stacks, and tensors combined with Scalars and numbers.
#include "tests/ops/registry.hpp"

#include <fmt/format.h>

namespace registry {

namespace {

template <class X>
using ElementOf = typename std::remove_cvref_t<decltype(std::declval<const X&>()[0])>::value_type;

/// y[p] = f(x[0] at p, x[1] at p, ...), broadcast
template <class F>
auto each(F f) {
    return [f](const Operands<double>& x) {
        Shape shape = x[0].shape();
        for (const Tensor<double>& operand : x) shape = broadcast_shape(shape, operand.shape());
        return built(shape, [&](const Position& p) {
            if constexpr (requires { f(0.0, 0.0); })
                return f(read_broadcast(x[0], p), read_broadcast(x[1], p));
            else
                return f(read_broadcast(x[0], p));
        });
    };
}

void add_elements(std::vector<Entry>& to, Draw& draw) {
    Entry element{"element", {}};
    element.add(
        "x(1, 2)", {draw.uniform({2, 3})}, [](const auto& x) { return from_scalar<ElementOf<decltype(x)>>(x[0](1, 2)); },
        [](const Operands<double>& x) {
            return Tensor<double>(read(x[0], {1, 2}));
        });
    element.add(
        "x(-1, 0) x(0, -2)", {draw.uniform({2, 3})},
        [](const auto& x) { return from_scalar<ElementOf<decltype(x)>>(x[0](-1, 0) * x[0](0, -2)); },
        [](const Operands<double>& x) {
            return Tensor<double>(read(x[0], {1, 0}) * read(x[0], {0, 1}));
        });
    element.add(
        "the one of rank 0", {draw.uniform({})}, [](const auto& x) { return from_scalar<ElementOf<decltype(x)>>(x[0]()); },
        [](const Operands<double>& x) { return Tensor<double>(x[0].item()); });
    element.add(
        "beside the whole", {draw.uniform({2, 2})}, [](const auto& x) { return x[0] * x[0](0, 1); },
        [](const Operands<double>& x) {
            return built(x[0].shape(), [&](const Position& p) { return read(x[0], p) * read(x[0], {0, 1}); });
        });
    to.push_back(std::move(element));

    Entry stacks{"stack of Scalars", {}};
    stacks.add(
        "all elements", {draw.uniform({2, 3})}, [](const auto& x) { return cast<ElementOf<decltype(x)>>(stack(elements(x[0]))); },
        [](const Operands<double>& x) {
            std::vector<double> values;
            for_each_position(x[0].shape(), [&](const Position& p) { values.push_back(read(x[0], p)); });
            return Tensor<double>({6}, values);
        });
    stacks.add(
        "one twice, and a constant", {draw.uniform({}), draw.uniform({})},
        [](const auto& x) {
            const Scalar a = x[0](), b = x[1]();
            return cast<ElementOf<decltype(x)>>(stack({a, b, a, 0.5}));
        },
        [](const Operands<double>& x) {
            return Tensor<double>({4}, {x[0].item(), x[1].item(), x[0].item(), 0.5});
        });
    stacks.add(
        "none", {draw.uniform({0})}, [](const auto& x) { return x[0] + cast<ElementOf<decltype(x)>>(stack(elements(x[0]))); },
        [](const Operands<double>& x) { return x[0]; });
    to.push_back(std::move(stacks));

    Entry places{"place_element", {}};
    places.add(
        "at 4 of [2, 3]", {draw.uniform({})},
        [](const auto& x) {
            return place_element(x[0], {2, 3}, 4);
        },
        [](const Operands<double>& x) {
            return built({2, 3}, [&](const Position& p) { return p == Position{1, 1} ? x[0].item() : 0.0; });
        });
    places.add(
        "at 0 of []", {draw.uniform({})}, [](const auto& x) { return place_element(x[0], {}, 0); },
        [](const Operands<double>& x) { return x[0]; });
    to.push_back(std::move(places));
}

void add_mixtures(std::vector<Entry>& to, Draw& draw) {
    Entry numbers{"tensor and number", {}};
    const auto x = [&draw] { return Operands<double>{draw.uniform({2, 3}, 0.5, 2)}; };
    numbers.add(
        "x + 2", x(), [](const auto& v) { return v[0] + 2; }, each([](double a) { return a + 2; }));
    numbers.add(
        "2 + x", x(), [](const auto& v) { return 2 + v[0]; }, each([](double a) { return 2 + a; }));
    numbers.add(
        "x - 0.5", x(), [](const auto& v) { return v[0] - 0.5; }, each([](double a) { return a - 0.5; }));
    numbers.add(
        "1 - x", x(), [](const auto& v) { return 1 - v[0]; }, each([](double a) { return 1 - a; }));
    numbers.add(
        "x * 3f", x(), [](const auto& v) { return v[0] * 3.0f; }, each([](double a) { return a * 3; }));
    numbers.add(
        "-0.25 x", x(), [](const auto& v) { return -0.25 * v[0]; }, each([](double a) { return -0.25 * a; }));
    numbers.add(
        "x / 4", x(), [](const auto& v) { return v[0] / 4; }, each([](double a) { return a / 4; }));
    numbers.add(
        "4 / x", x(), [](const auto& v) { return 4 / v[0]; }, each([](double a) { return 4 / a; }));
    numbers.add(
        "-x", x(), [](const auto& v) { return -v[0]; }, each([](double a) { return -a; }));
    numbers.add(
        "x^3", x(), [](const auto& v) { return pow(v[0], 3); }, each([](double a) { return std::pow(a, 3); }));
    numbers.add(
        "2^x", x(), [](const auto& v) { return pow(2, v[0]); }, each([](double a) { return std::pow(2, a); }));
    numbers.add(
        "where(x > 1, x, 1)", {draw.distinct({2, 3})}, [](const auto& v) { return where(v[0] > 1, v[0], 1); },
        each([](double a) { return a > 1 ? a : 1; }));
    numbers.add(
        "rank 0", {draw.uniform({})}, [](const auto& v) { return 2 * v[0] + 1; }, each([](double a) { return 2 * a + 1; }));
    numbers.add(
        "empty", {draw.uniform({0})}, [](const auto& v) { return 2 * v[0] + 1; }, each([](double a) { return 2 * a + 1; }));
    to.push_back(std::move(numbers));

    Entry scalars{"tensor and Scalar", {}};
    const auto both = [&draw] { return Operands<double>{draw.uniform({}, 0.5, 2), draw.uniform({2, 3}, 0.5, 2)}; };
    scalars.add(
        "a W", both(), [](const auto& v) { return v[0]() * v[1]; }, each([](double a, double w) { return a * w; }));
    scalars.add(
        "fma(W, a, W)", both(), [](const auto& v) { return fma(v[1], v[0](), v[1]); },
        each([](double a, double w) { return std::fma(w, a, w); }));
    scalars.add(
        "W a", both(), [](const auto& v) { return v[1] * v[0](); }, each([](double a, double w) { return w * a; }));
    scalars.add(
        "a / W", both(), [](const auto& v) { return v[0]() / v[1]; }, each([](double a, double w) { return a / w; }));
    scalars.add(
        "W / a", both(), [](const auto& v) { return v[1] / v[0](); }, each([](double a, double w) { return w / a; }));
    scalars.add(
        "a - W", both(), [](const auto& v) { return v[0]() - v[1]; }, each([](double a, double w) { return a - w; }));
    scalars.add(
        "W - sin(a) a", both(), [](const auto& v) { return v[1] - sin(v[0]()) * v[0](); },
        each([](double a, double w) { return w - std::sin(a) * a; }));
    scalars.add(
        "W + a", both(), [](const auto& v) { return v[1] + v[0](); }, each([](double a, double w) { return w + a; }));
    scalars.add(
        "W^a", both(), [](const auto& v) { return pow(v[1], v[0]()); }, each([](double a, double w) { return std::pow(w, a); }));
    to.push_back(std::move(scalars));

    Entry compound{"compound assignment", {}};
    const auto two = [&draw] { return Operands<double>{draw.uniform({2, 3}, 0.5, 2), draw.uniform({3}, 0.5, 2)}; };
    compound.add(
        "a += b, a *= b", two(),
        [](const auto& v) {
            auto a = v[0];
            a += v[1];
            a *= v[1];
            return a;
        },
        each([](double a, double b) { return (a + b) * b; }));
    compound.add(
        "a -= b, a /= b", two(),
        [](const auto& v) {
            auto a = v[0];
            a -= v[1];
            a /= v[1];
            return a;
        },
        each([](double a, double b) { return (a - b) / b; }));
    compound.add(
        "with numbers and itself", {draw.uniform({2, 2}, 0.5, 2)},
        [](const auto& v) {
            auto a = v[0];
            a *= a;
            a += 1;
            a /= 2;
            a -= v[0];
            return a;
        },
        each([](double a) { return (a * a + 1) / 2 - a; }));
    compound.add(
        "with a Scalar", both(),
        [](const auto& v) {
            auto w = v[1];
            w *= v[0]();
            w -= v[0]();
            return w;
        },
        each([](double a, double w) { return w * a - a; }));
    to.push_back(std::move(compound));
}

}  // namespace

void add_scalars(std::vector<Entry>& to) {
    Draw draw(606);
    add_elements(to, draw);
    add_mixtures(to, draw);
}

}  // namespace registry

// SPDX-License-Identifier: MIT
// Entries of operations that change nothing in the value: hooks, scaled adjoints, and programs that are recorded again in the sweep.
#include "tests/ops/registry.hpp"

namespace registry {

namespace {

/// y[p] = f(x[p])
template <class F>
auto each(F f) {
    return [f](const Operands<double>& x) { return built(x[0].shape(), [&](const Position& p) { return f(read(x[0], p)); }); };
}
double same(double x) { return x; }

}  // namespace

void add_control(std::vector<Entry>& to) {
    Draw draw(707);
    Entry scaled{"scale_gradient", {}};
    // By 1: any other factor is not the derivative, on purpose.
    scaled.add(
        "of a tensor, by 1", {draw.uniform({2, 3})}, [](const auto& x) { return scale_gradient(x[0], 1); }, each(same));
    to.push_back(std::move(scaled));

    Entry hooks{"on_adjoint", {}};
    hooks.add(
        "of a tensor", {draw.uniform({2, 3})}, [](const auto& x) { return on_adjoint(x[0], [](const auto&) {}); }, each(same));
    hooks.add(
        "of a Scalar", {draw.uniform({})},
        [](const auto& x) {
            using T = std::remove_cvref_t<decltype(x[0])>;
            return T(on_adjoint(x[0](), [](const Scalar& ybar) { return ybar; }));
        },
        each(same));
    to.push_back(std::move(hooks));

    Entry checkpoints{"checkpoint", {}};
    checkpoints.add(
        "of a tensor", {draw.uniform({2, 3})}, [](const auto& x) { return checkpoint([](const auto& z) { return sin(z) * z; }, x[0]); },
        each([](double x) { return std::sin(x) * x; }));
    to.push_back(std::move(checkpoints));
}

}  // namespace registry

// SPDX-License-Identifier: MIT
// Over the whole registry: values against plain loops, in double and in float, and of the same numbers in other layouts.
#include "tests/ops/registry.hpp"

#include <fmt/format.h>

namespace {

using namespace registry;

/// The same numbers in memory that is not row-major.
struct Layout {
    const char* name;
    Tensor<double> (*of)(const Tensor<double>&);
};

Tensor<double> transposed(const Tensor<double>& x) { return transpose(transpose(x).contiguous()); }
Tensor<double> reversed(const Tensor<double>& x) { return flip(flip(x).contiguous()); }
Tensor<double> every_second(const Tensor<double>& x) {
    Position extents;
    std::vector<Slice> slices;
    for (const Index extent : x.shape()) extents.push_back(2 * extent + 3), slices.push_back({1, 1 + 2 * extent, 2});
    Tensor<double> wide = Tensor<double>::full(shape_of(extents), 1e300);
    const Tensor<double> view = slice(wide, std::span<const Slice>(slices));
    for_each_position(x.shape(), [&](const Position& p) {
        wide.fill_data()[view.begin_data() - wide.begin_data() + view.offset_of(std::span<const Index>(p))] = read(x, p);
    });
    return view;
}
/// Other numbers: the first slice along each axis, repeated without memory.
Tensor<double> repeated(const Tensor<double>& x) {
    if (x.size() == 0) return x;
    const std::vector<Slice> first(static_cast<std::size_t>(x.rank()), Slice{0, 1});
    return broadcast_to(slice(x, std::span<const Slice>(first)), x.shape());
}

const std::vector<Layout> layouts{
    {"transposed", transposed}, {"reversed", reversed}, {"every second", every_second}, {"repeated", repeated}};

Operands<double> contiguous(const Operands<double>& x) {
    Operands<double> result;
    for (const Tensor<double>& operand : x) result.push_back(operand.contiguous());
    return result;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(every_operation)

BOOST_AUTO_TEST_CASE(has_the_value_that_plain_loops_give) {
    for_each_sample(
        [](const Sample& s, Failures& failures) { failures.note(s, difference(s.in_double(s.operands), s.reference(s.operands), 1e-14)); });
}

BOOST_AUTO_TEST_CASE(in_float_agrees_with_double) {
    for_each_sample([](const Sample& s, Failures& failures) {
        const Operands<float> x = in_float(s.operands);
        Operands<double> same;
        for (const Tensor<float>& operand : x) same.push_back(cast<double>(operand));
        const Tensor<double> y = s.in_double(same);
        const Swept<double> wide = sweep(s.in_double, same, cast<double>(cotangent<float>(y.shape())), ~0u << s.first_differentiable);
        const Swept<float> narrow = sweep(s.in_float, x, cotangent<float>(y.shape()), ~0u << s.first_differentiable);
        failures.note(s, difference(narrow.y, wide.y, 2e-6));
        for (std::size_t k = s.first_differentiable; k < x.size(); ++k)
            failures.note(s, difference(narrow.adjoint[k], wide.adjoint[k], 4e-6));
    });
}

// Sums may be taken in another order where memory has another order, so the last bits may differ.
BOOST_AUTO_TEST_CASE(gives_the_same_for_views_as_for_their_copies) {
    for_each_sample([](const Sample& s, Failures& failures) {
        for (const Layout& layout : layouts) {
            if (s.steps) continue;
            Operands<double> views;
            for (const Tensor<double>& operand : s.operands) views.push_back(layout.of(operand));
            const Tensor<double> u = cotangent<double>(s.in_double(s.operands).shape());
            const Swept<double> got = sweep(s.in_double, views, u, ~0u << s.first_differentiable);
            const Swept<double> expected = sweep(s.in_double, contiguous(views), u, ~0u << s.first_differentiable);
            const auto note = [&](const std::string& what) {
                if (!what.empty()) failures.note(s, std::string(layout.name) + ": " + what);
            };
            note(difference(got.y, expected.y, 1e-15));
            for (std::size_t k = s.first_differentiable; k < views.size(); ++k)
                note(difference(got.adjoint[k], expected.adjoint[k], 1e-14));
        }
    });
}

// The view is itself on the tape here: its adjoint has the view's shape, and what arrives at the base is that adjoint moved back.
BOOST_AUTO_TEST_CASE(gives_the_same_for_recorded_views) {
    for_each_sample([](const Sample& s, Failures& failures) {
        for (std::size_t k = s.first_differentiable; k < s.operands.size(); ++k) {
            const Tensor<double> u = cotangent<double>(s.in_double(s.operands).shape());
            const Swept<double> expected = sweep(s.in_double, s.operands, u, 1u << k);
            const auto compare = [&](const char* name, const Tensor<double>& base, const auto& there, const auto& back) {
                Tape tape(Detail::operations);
                const Tensor<double> variable = tape.variable(base);
                Operands<double> x = s.operands;
                x[k] = there(variable);
                const Gradient g = tape.gradient(sum(u * s.in_double(x)));
                const std::string at_view = difference(g[x[k]], expected.adjoint[k], 1e-14),
                                  at_base = difference(g[variable], back(expected.adjoint[k]), 1e-14);
                if (!at_view.empty()) failures.note(s, fmt::format("{} view of operand {}: {}", name, k, at_view));
                if (!at_base.empty()) failures.note(s, fmt::format("base of {} operand {}: {}", name, k, at_base));
            };
            const auto turned = [](const Tensor<double>& x) { return transpose(x); };
            const auto flipped = [](const Tensor<double>& x) { return flip(x); };
            compare("transposed", transpose(s.operands[k]).contiguous(), turned, turned);
            compare("flipped", flip(s.operands[k]).contiguous(), flipped, flipped);
        }
    });
}

BOOST_AUTO_TEST_SUITE_END()

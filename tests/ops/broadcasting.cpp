// SPDX-License-Identifier: MIT
// Broadcasting and its transpose over all pairs of shapes of rank 0 to 4 with extents 0 to 3, against explicit tiling.
#include "tests/ops/registry.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace {

using namespace registry;

std::vector<Shape> all_shapes(Index most_rank) {
    std::vector<Shape> shapes;
    for (Index rank = 0; rank <= most_rank; ++rank)
        for_each_position(shape_of(Position(static_cast<std::size_t>(rank), 4)),
                          [&](const Position& extents) { shapes.push_back(shape_of(extents)); });
    return shapes;
}

bool fit(const Shape& a, const Shape& b) {
    for (Index k = 1; k <= std::min(a.rank(), b.rank()); ++k)
        if (a[-k] != b[-k] && a[-k] != 1 && b[-k] != 1) return false;
    return true;
}

/// The flat position in a tensor of this shape that p, aligned at the last axis, falls on.
std::size_t tile(const Shape& shape, const Position& p) {
    Index flat = 0;
    for (Index axis = 0; axis < shape.rank(); ++axis) {
        const Index at = p[p.size() - static_cast<std::size_t>(shape.rank() - axis)];
        flat = flat * shape[axis] + (shape[axis] == 1 ? 0 : at);
    }
    return static_cast<std::size_t>(flat);
}

/// Small whole numbers, so that sums are exact.
Tensor<double> whole(const Shape& shape, Index start) {
    Index next = start;
    return built(shape, [&](const Position&) { return static_cast<double>(next++ % 7 - 3); });
}

}  // namespace

BOOST_AUTO_TEST_SUITE(broadcasting)

BOOST_AUTO_TEST_CASE(follows_numpy_for_every_pair_of_shapes) {
    const std::vector<Shape> shapes = all_shapes(4);
    BOOST_TEST(shapes.size() == 341u);
    std::string failures;
    std::size_t fitting = 0;
    for (const Shape& a : shapes)
        for (const Shape& b : shapes) {
            if (fit(a, b)) {
                ++fitting;
                const Shape y = broadcast_shape(a, b);
                if (broadcast(a, b) != y)
                    failures += fmt::format("\n{} and {} gave {}", to_string(a), to_string(b), to_string(broadcast(a, b)));
                if (!broadcasts_to(a, y) || !broadcasts_to(b, y))
                    failures += fmt::format("\n{} or {} does not broadcast to {}", to_string(a), to_string(b), to_string(y));
                if (broadcasts_to(b, a) != (y == a)) failures += fmt::format("\n{} to {}", to_string(b), to_string(a));
            } else {
                if (broadcasts_to(a, b) || broadcasts_to(b, a))
                    failures += fmt::format("\n{} and {} should not fit", to_string(a), to_string(b));
                try {
                    failures += fmt::format("\n{} and {} gave {}", to_string(a), to_string(b), to_string(broadcast(a, b)));
                } catch (const ShapeError&) {
                }
            }
        }
    BOOST_TEST(failures.empty(), failures.substr(0, 2000));
    BOOST_TEST(fitting > 20000u);
}

BOOST_AUTO_TEST_CASE(sums_adjoints_back_for_every_pair_of_shapes) {
    const std::vector<Shape> shapes = all_shapes(4);
    std::string failures;
    for (const Shape& shape_a : shapes)
        for (const Shape& shape_b : shapes) {
            if (!fit(shape_a, shape_b) || (shape_a.rank() == 4 && shape_b.rank() == 4 && shape_a[0] == 3))
                continue;  // the fourth axis is like the third
            const Shape shape_y = broadcast_shape(shape_a, shape_b);
            const Tensor<double> a = whole(shape_a, 1), b = whole(shape_b, 2), u = whole(shape_y, 4);
            std::vector<double> abar(static_cast<std::size_t>(a.size())), bbar(static_cast<std::size_t>(b.size()));
            std::size_t n = 0;
            bool right = true;
            Tape tape(Detail::derivatives);
            const Tensor<double> va = tape.variable(a), vb = tape.variable(b), y = va * vb;
            right &= y.shape() == shape_y;
            for_each_position(shape_y, [&](const Position& p) {
                const std::size_t i = tile(shape_a, p), j = tile(shape_b, p);
                right &= y.begin_data()[n] == a.begin_data()[i] * b.begin_data()[j];
                abar[i] += u.begin_data()[n] * b.begin_data()[j];
                bbar[j] += u.begin_data()[n] * a.begin_data()[i];
                ++n;
            });
            const Gradient g = tape.gradient(sum(u * y));
            const Tensor<double> ga = g[va], gb = g[vb];
            right &= ga.shape() == shape_a && gb.shape() == shape_b && std::ranges::equal(ga.data(), abar) &&
                     std::ranges::equal(gb.data(), bbar);
            if (!right) failures += fmt::format("\n{} * {}", to_string(shape_a), to_string(shape_b));
        }
    BOOST_TEST(failures.empty(), failures.substr(0, 2000));
}

BOOST_AUTO_TEST_SUITE_END()

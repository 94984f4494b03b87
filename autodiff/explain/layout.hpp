// SPDX-License-Identifier: MIT
/// Where the nodes of a drawing stand. Layers by the longest path, parameters just before what reads them, long edges through places of
/// their own, the order in a layer by two barycentre passes (Sugiyama, Tagawa, Toda 1981). For explain/ only.
#pragma once

#include "autodiff/explain/trace.hpp"

#include <vector>

namespace autodiff {
inline namespace v1 {

struct Point {
    double x = 0, y = 0;
};

struct Layout {
    std::vector<Point> node;               ///< the centre of each
    std::vector<std::vector<Point>> edge;  ///< the points between the nodes' sides through which each goes
    double width = 0, height = 0;
};

inline constexpr double node_width = 128, node_height = 52, layer_gap = 84;

[[nodiscard]] Layout layout_of(const Trace::Graph& graph);

}  // namespace v1
}  // namespace autodiff

// SPDX-License-Identifier: MIT
/// The gradient of a normalisation, as papers print it, for one group of numbers.
#pragma once

#include "tests/formulas/recovered.hpp"

#include <vector>

namespace test {

/// dx = gamma s / m (m dy - sum dy - xhat sum(dy xhat)) for one group of m numbers, and its terms.
struct Group {
    std::vector<double> x, dy, xhat;
    double s = 0;
    void normalise(double eps) {
        double mean = 0, variance = 0;
        for (const double v : x) mean += v / static_cast<double>(x.size());
        for (const double v : x) variance += (v - mean) * (v - mean) / static_cast<double>(x.size());
        s = 1 / std::sqrt(variance + eps);
        for (const double v : x) xhat.push_back((v - mean) * s);
    }
    [[nodiscard]] Terms dx(std::size_t i) const {
        const double m = static_cast<double>(x.size());
        Terms t;
        t.add(s * dy[i]);
        for (std::size_t k = 0; k < x.size(); ++k) t.add(-s * dy[k] / m).add(-s * xhat[i] * dy[k] * xhat[k] / m);
        return t;
    }
};

}  // namespace test

// SPDX-License-Identifier: MIT
#include "autodiff/kernels/gmres.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

namespace autodiff {
inline namespace v1 {
namespace kernels {

namespace {

using Vector = std::vector<double>;

double dot(const Vector& a, const Vector& b) {
    double sum = 0;
    for (std::size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
    return sum;
}
double norm(const Vector& a) { return std::sqrt(dot(a, a)); }

/// r = b - A x
Vector residual(const Apply& a, std::span<const double> b, std::span<const double> x) {
    Vector r(b.size());
    a(x, r);
    for (std::size_t i = 0; i < r.size(); ++i) r[i] = b[i] - r[i];
    return r;
}

/// One cycle: an orthonormal basis of the Krylov space, and the least squares problem in it by Givens rotations, column by column.
void cycle(const Apply& a, const Vector& r, double beta, double enough, std::size_t steps, Index& products, std::span<double> x) {
    std::vector<Vector> basis{r}, columns;
    for (double& v : basis[0]) v /= beta;
    Vector g{beta}, cosine, sine;
    while (columns.size() < steps && products > 0) {
        const std::size_t k = columns.size();
        Vector w(r.size()), h(k + 2);
        a(basis[k], w);
        --products;
        const double before = norm(w);
        for (int pass = 0; pass < 2; ++pass)  // twice is enough (Kahan, Parlett): orthogonal to rounding
            for (std::size_t j = 0; j <= k; ++j) {
                const double part = dot(basis[j], w);
                h[j] += part;
                for (std::size_t i = 0; i < w.size(); ++i) w[i] -= part * basis[j][i];
            }
        const double next = norm(w);
        const bool exhausted = !(next > 1e-15 * before);
        h[k + 1] = exhausted ? 0 : next;
        for (std::size_t j = 0; j < k; ++j) {
            const double upper = cosine[j] * h[j] + sine[j] * h[j + 1];
            h[j + 1] = -sine[j] * h[j] + cosine[j] * h[j + 1], h[j] = upper;
        }
        const double length = std::hypot(h[k], h[k + 1]);
        if (!(length > 0)) break;  // A is singular in this direction
        cosine.push_back(h[k] / length), sine.push_back(h[k + 1] / length);
        h[k] = length;
        g.push_back(-sine[k] * g[k]), g[k] *= cosine[k];
        columns.push_back(std::move(h));
        if (exhausted || std::abs(g[k + 1]) <= enough) break;
        for (double& v : w) v /= next;
        basis.push_back(std::move(w));
    }
    Vector y(columns.size());
    for (std::size_t k = columns.size(); k-- > 0;) {
        y[k] = g[k];
        for (std::size_t j = k + 1; j < columns.size(); ++j) y[k] -= columns[j][k] * y[j];
        y[k] /= columns[k][k];
    }
    for (std::size_t k = 0; k < y.size(); ++k)
        for (std::size_t i = 0; i < x.size(); ++i) x[i] += y[k] * basis[k][i];
}

}  // namespace

double gmres(const Apply& a, std::span<const double> b, std::span<double> x, const GmresOptions& options) {
    const double size = norm(Vector(b.begin(), b.end()));
    if (size == 0) {
        std::fill(x.begin(), x.end(), 0.0);
        return 0;
    }
    Index products = options.products;
    const auto steps = static_cast<std::size_t>(std::min<Index>(options.restart, static_cast<Index>(b.size())));
    Vector best(x.begin(), x.end());
    Vector r = residual(a, b, x);
    double error = norm(r), least = error;
    while (error > options.tolerance * size && products > 0 && std::isfinite(error)) {
        cycle(a, r, error, 0.1 * options.tolerance * size, steps, products, x);
        r = residual(a, b, x);
        error = norm(r);
        if (!(error < least)) break;
        const bool slow = error > 0.999 * least;
        least = error;
        std::copy(x.begin(), x.end(), best.begin());
        if (slow) break;
    }
    std::copy(best.begin(), best.end(), x.begin());
    return std::isfinite(least) ? least / size : least;
}

}  // namespace kernels
}  // namespace v1
}  // namespace autodiff

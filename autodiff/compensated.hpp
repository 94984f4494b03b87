// SPDX-License-Identifier: MIT
/// What flows through a compensated sweep: an adjoint as a sum and what rounding has lost of it, so that contributions of very
/// different sizes cancel as they would in twice the precision. `tape.gradient(y, {.compensated = true})` asks for it.
///
/// It compensates the sums over contributions and the products with partials; the sums inside one operation (a matrix product, a
/// reduction) round as always.        cost  some twenty operations for each `xbar += ybar * partial`, two blocks for each tensor
/// source   Ogita, Rump, Oishi (2005), "Accurate sum and dot product": TwoSum (Knuth) and TwoProductFMA
#pragma once

#include "autodiff/node.hpp"

#include <cmath>

namespace autodiff {
inline namespace v1 {

/// a + b and what it lost: a + b = sum + error exactly, as long as nothing overflows.
template <class T>
inline void two_sum(T a, T b, T& sum, T& error) {
    sum = a + b;
    const T part = sum - a;
    error = (a - (sum - part)) + (b - part);
}

struct Compensated {
    double sum = -0.0;    // as `nothing`: nothing has arrived
    double error = -0.0;  // so that -0 + -0 stays it

    [[nodiscard]] double total() const { return sum + error; }
    void add(double contribution) {
        double lost = 0;
        two_sum(sum, contribution, sum, lost);
        error = std::isfinite(sum) ? error + lost : 0;  // where the sum is infinite or NaN, it is the answer
    }
};

inline bool silent(const Compensated& adjoint) { return adjoint.total() == 0; }

inline Compensated& number(const Adjoints<Compensated>& adjoints, std::uint32_t row) { return adjoints.scalar[row]; }

inline void flow(const Adjoints<Compensated>& adjoints, Operand x, const Compensated& ybar, double partial) {
    Compensated& xbar = adjoints.scalar[static_cast<std::uint32_t>(x)];
    double high = 0, low = 0;
    two_sum(ybar.sum, ybar.error, high, low);
    const double product = high * partial + 0.0;
    xbar.add(product);
    if (std::isfinite(product) && std::isfinite(xbar.sum)) xbar.error += std::fma(high, partial, -product) + low * partial;
}

inline void touch(const Adjoints<Compensated>& adjoints, const Compensated& ybar, const Operand* first, std::uint32_t operands) {
    if (ybar.sum == 0 && std::signbit(ybar.sum)) return;
    for (std::uint32_t k = 0; k < operands; ++k) adjoints.scalar[static_cast<std::uint32_t>(first[k])].add(0.0);
}

/// The same for blocks: sum + error += contribution. An absent error is 0.
template <class T>
void add_compensated(Tensor<T>& sum, AnyTensor& error, const Tensor<T>& contribution);
/// One element of a block, which may be absent still.
template <class T>
void add_compensated(AnyTensor& sum, AnyTensor& error, const Shape& shape, Index flat, T contribution);
/// block + error, rounded once.
void settle(AnyTensor& block, const AnyTensor& error);

}  // namespace v1
}  // namespace autodiff

// SPDX-License-Identifier: MIT
/// How the tests of this folder compare: the sweep's number against a documented formula, written as the sum of its terms in plain loops,
/// and against differences, which know neither.
///
///     const auto C = upstream({n, out}, 1);                                     // never all ones: symmetry hides mistakes
///     auto [L, dx] = value_and_gradient([&](const auto& x) { return sum(C * layer(x)); }, x);
///     BOOST_TEST(recovers(dx.at(i, j), Terms{}.add(...).add(...)));
#pragma once

#include "autodiff/gradient.hpp"
#include "autodiff/ops/arithmetic.hpp"
#include "autodiff/ops/reduce.hpp"
#include "autodiff/structure.hpp"
#include "nn/random.hpp"
#include "tests/support/compare.hpp"

#include <boost/test/unit_test.hpp>

namespace test {

using autodiff::Index;
using autodiff::Shape;
using autodiff::Tensor;
using autodiff::value_and_gradient;

/// A sum that remembers the size of its terms, which is what rounding is measured by.
struct Terms {
    double value = 0, size = 0;
    Terms& add(double term) {
        value += term;
        size += std::abs(term);
        return *this;
    }
};

/// |tape - formula| / sum |terms| <= 1e-12; a sum of zeros is met by 0 only.
inline boost::test_tools::assertion_result recovers(double tape, const Terms& formula, double tolerance = 1e-12) {
    const double error = std::abs(tape - formula.value);
    boost::test_tools::assertion_result result(error <= tolerance * formula.size);
    result.message() << fmt::format("tape {:.17g}, formula {:.17g}, error / sum of |terms| = {:.3g}", tape, formula.value,
                                    error / formula.size);
    return result;
}

/// Random values for inputs and cotangents.
inline Tensor<double> random_tensor(const Shape& shape, std::uint64_t seed, double low = -1.5, double high = 1.5) {
    nn::Random random{seed};
    return random.uniform_tensor<double>(shape, low, high);
}

/// Every element of the gradient g of f at x against extrapolated differences, to 1e-8 of the largest element (at least of 1).
template <class F>
void check_differences(const F& f, const Tensor<double>& x, const Tensor<double>& g, double step = 0.01) {
    BOOST_REQUIRE(g.shape() == x.shape());
    const Tensor<double> gradient = g.contiguous();
    double scale = 1;
    for (const double v : gradient.data()) scale = std::max(scale, std::abs(v));
    for (std::size_t i = 0; i < gradient.data().size(); ++i) {
        const auto along = [&](long double xi) {
            Tensor<double> moved = x;
            autodiff::in_place(moved)[i] = static_cast<double>(xi);
            return static_cast<long double>(f(moved).item());
        };
        const auto difference = ridders(along, static_cast<long double>(x.data()[i]), static_cast<long double>(step));
        BOOST_TEST_CONTEXT("element " << i) {
            BOOST_TEST(close(gradient.data()[i], static_cast<double>(difference.derivative), {.absolute = 1e-8 * scale}));
        }
    }
}

/// The same for every parameter of a layer whose gradient is g: differences of loss(layer).
template <class F, class Layer>
void check_all_differences(const F& loss, const Layer& layer, const Layer& g) {
    std::vector<std::pair<std::string, Tensor<double>>> at, slope;
    autodiff::for_each_parameter(layer, [&at](std::string_view name, const auto& p) { at.emplace_back(name, p); });
    autodiff::for_each_parameter(g, [&slope](std::string_view name, const auto& p) { slope.emplace_back(name, p); });
    for (std::size_t k = 0; k < at.size(); ++k) {
        const auto moved_to = [&](const Tensor<double>& moved) {
            Layer other = layer;
            autodiff::for_each_parameter(other, [&, n = std::size_t{0}](std::string_view, auto& p) mutable {
                if (n++ == k) p = moved;
            });
            return loss(other);
        };
        BOOST_TEST_CONTEXT(at[k].first) { check_differences(moved_to, at[k].second, slope[k].second); }
    }
}

/// Sums by row and column, each with the size of its terms, filled by plain loops.
class Table {
  public:
    Table(Index rows, Index columns) : columns_(columns), terms_(static_cast<std::size_t>(rows * columns)) {}
    Terms& operator()(Index i, Index j) { return terms_[static_cast<std::size_t>(i * columns_ + j)]; }
    /// The value alone.
    [[nodiscard]] double at(Index i, Index j) const { return terms_[static_cast<std::size_t>(i * columns_ + j)].value; }
    [[nodiscard]] std::span<const Terms> all() const { return terms_; }

  private:
    Index columns_;
    std::vector<Terms> terms_;
};

/// Every element of a tensor, in row-major order, against the table's.
inline void check_recovers(const char* name, const Tensor<double>& tape, const Table& formula, double tolerance = 1e-12) {
    const Tensor<double> values = tape.contiguous();
    BOOST_REQUIRE_MESSAGE(values.data().size() == formula.all().size(), name);
    for (std::size_t i = 0; i < formula.all().size(); ++i)
        BOOST_TEST(recovers(values.data()[i], formula.all()[i], tolerance), name << ", element " << i);
}

}  // namespace test

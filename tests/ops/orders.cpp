// SPDX-License-Identifier: MIT
// Over the whole registry, each sample in every mode up to the third order: all ways to one derivative agree, the Hessian is symmetric,
// and differences of the order below confirm each order.
//
// A movement is linear, and most of its second derivatives would be 0. So a sample stands between two bends that do not move the point:
// x + (x - here)^2 / 4 before it, y + y^2 / 2 behind it. Then tangents depend on x before they reach the operation, adjoints depend on y,
// and every vjp and jvp is itself differentiated with respect to what arrives.
#include "tests/modes/modes.hpp"
#include "tests/ops/registry.hpp"
#include "tests/support/compare.hpp"

#include <cmath>
#include <fmt/format.h>

namespace {

using namespace registry;
using modes::By;
using modes::Map;
using modes::Word;
using T = Tensor<double>;

/// The differentiable operands of a sample one after the other, as one argument.
template <class N>
class Bent {
  public:
    Bent(const Call<N>& f, const Operands<N>& operands, std::size_t first_differentiable)
        : f_(f), operands_(operands), first_(first_differentiable), results_(f(operands).size()) {
        std::vector<N> values;
        for (std::size_t k = first_; k < operands.size(); ++k) {
            const Tensor<N> row_major = operands[k].contiguous();
            values.insert(values.end(), row_major.data().begin(), row_major.data().end());
        }
        here_ = Tensor<N>(Shape{static_cast<Index>(values.size())}, values);
    }
    Tensor<N> operator()(const Tensor<N>& x) const {
        const Tensor<N> moved = x + 0.25 * square(x - here_);
        Operands<N> operands = operands_;
        Index next = 0;
        for (std::size_t k = first_; k < operands.size(); ++k) {
            const Shape& shape = operands_[k].shape();
            operands[k] = reshape(slice(moved, {{next, next + shape.size()}}), shape);
            next += shape.size();
        }
        const Tensor<N> y = reshape(f_(operands), {results_});
        return y + 0.5 * square(y);
    }
    [[nodiscard]] const Tensor<N>& here() const { return here_; }

  private:
    Call<N> f_;
    Operands<N> operands_;
    std::size_t first_;
    Index results_;
    Tensor<N> here_;
};

/// A sample with what its derivatives are contracted with.
struct Probe {
    Bent<double> f;
    T here;
    T u;               ///< like the result
    std::vector<T> v;  ///< like the argument

    explicit Probe(const Sample& s) : Probe(s, s.operands) {}
    Probe(const Sample& s, const Operands<double>& operands) : f(s.in_double, operands, s.first_differentiable), here(f.here()) {
        Draw draw(41);
        u = draw.uniform(f(here).shape());
        for (int i = 0; i < 3; ++i) v.push_back(draw.uniform(here.shape()));
    }
    [[nodiscard]] T by(const Word& word, const std::vector<T>& directions, const T& at) const {
        return modes::differentiated<T>(f, word, u, directions)(at);
    }
    [[nodiscard]] T by(const Word& word) const { return by(word, v, here); }
    [[nodiscard]] Scalar loss(const T& x) const { return to_scalar(sum(u * f(x))); }
};

struct Product {
    double value = 0, size = 1;
};
Product dot(const T& a, const T& b) {
    Product result;
    for (Index i = 0; i < a.size(); ++i) result.value += a.at(i) * b.at(i), result.size += std::abs(a.at(i) * b.at(i));
    return result;
}
std::string unequal(const char* what, Product a, Product b, double tolerance) {
    if (std::abs(a.value - b.value) <= tolerance * (a.size + b.size)) return {};
    return fmt::format("{}: {:.17g} and {:.17g}", what, a.value, b.value);
}
/// Compared with the largest element, or with 1.
std::string unequal(const std::string& what, const T& got, const T& expected, double tolerance) {
    if (got.shape() != expected.shape())
        return fmt::format("{}: shape {}, expected {}", what, to_string(got.shape()), to_string(expected.shape()));
    double size = 1;
    for (Index i = 0; i < got.size(); ++i) size = std::max(size, std::abs(expected.at(i)));
    for (Index i = 0; i < got.size(); ++i)
        if (!(std::abs(got.at(i) - expected.at(i)) <= tolerance * size))
            return fmt::format("{}: at {} {:.17g}, expected {:.17g}", what, i, got.at(i), expected.at(i));
    return {};
}

/// A cast to float and back rounds everything that passes.
double tolerance_of(const Sample& s, double tolerance) { return s.steps ? 1e-6 : tolerance; }

}  // namespace

BOOST_AUTO_TEST_SUITE(every_operation)

BOOST_AUTO_TEST_CASE(has_one_second_derivative_in_all_four_modes_and_in_hvp) {
    for_each_sample([](const Sample& s, Failures& failures) {
        const Probe probe(s);
        const double tolerance = tolerance_of(s, 1e-12);
        const T expected = probe.by({By::vjp, By::jvp});
        failures.note(s, unequal("vjp of vjp", probe.by({By::vjp, By::vjp}), expected, tolerance));
        failures.note(s, unequal("vjp of jvp", probe.by({By::jvp, By::vjp}), expected, tolerance));
        failures.note(s, unequal("jvp of jvp", dot(probe.u, probe.by({By::jvp, By::jvp})), dot(expected, probe.v[1]), tolerance));
        const auto loss = [&probe](const T& x) { return probe.loss(x); };
        failures.note(s, unequal("hvp", hvp(loss, probe.here, probe.v[0]), expected, tolerance));
        failures.note(s,
                      unequal("hvp through gradient", gradient([&](const T& x) { return sum(probe.v[0] * gradient(loss, x)); }, probe.here),
                              expected, tolerance));
    });
}

// <v, H w> = <w, H v>, H entry by entry, and the duality of the first derivative and of both functions that it is.
BOOST_AUTO_TEST_CASE(has_a_symmetric_hessian_and_dual_modes_of_both_orders) {
    for_each_sample([](const Sample& s, Failures& failures) {
        const Probe probe(s);
        const double tolerance = tolerance_of(s, 1e-12);
        const T &v = probe.v[0], &w = probe.v[1];
        failures.note(s, unequal("<u, J v>", dot(probe.u, probe.by({By::jvp})), dot(probe.by({By::vjp}), v), tolerance));
        const std::vector<T> swapped{w, v};
        for (const Word& word : {Word{By::vjp, By::jvp}, Word{By::vjp, By::vjp}, Word{By::jvp, By::vjp}})
            failures.note(s, unequal(("<w, H v> by " + modes::to_string(word)).c_str(), dot(w, probe.by(word)),
                                     dot(v, probe.by(word, swapped, probe.here)), tolerance));
        if (v.size() == 0 || v.size() > 8 || probe.u.size() == 0) return;
        const T h = hessian([&probe](const T& x) { return probe.loss(x); }, probe.here);
        failures.note(s, unequal("the Hessian's transpose", reshape(transpose(h).contiguous(), {-1}), reshape(h, {-1}), tolerance));
        failures.note(s, unequal("H v", reshape(matmul(h, reshape(v, {-1, 1})), {-1}), probe.by({By::vjp, By::jvp}), tolerance));
    });
}

BOOST_AUTO_TEST_CASE(agrees_in_both_orders_with_differences_of_the_order_below) {
    for_each_sample([](const Sample& s, Failures& failures) {
        if (s.steps) return;
        const Probe probe(s);
        const auto at = [&](long double t) { return probe.here + static_cast<double>(t) * probe.v[0]; };
        const auto value = [&](long double t) { return static_cast<long double>(dot(probe.u, probe.f(at(t))).value); };
        const auto slope = [&](long double t) {
            return static_cast<long double>(dot(probe.by({By::vjp}, probe.v, at(t)), probe.v[1]).value);
        };
        const Product first = dot(probe.by({By::vjp}), probe.v[0]), second = dot(probe.by({By::vjp, By::jvp}), probe.v[1]);
        const double by_value = static_cast<double>(test::ridders(value, 0).derivative),
                     by_slope = static_cast<double>(test::ridders(slope, 0).derivative);
        failures.note(s, unequal("first order by differences", first, {by_value, dot(probe.u, probe.f(probe.here)).size}, 1e-9));
        failures.note(s, unequal("second order by differences", second, {by_slope, first.size}, 1e-8));
    });
}

BOOST_AUTO_TEST_CASE(has_one_third_derivative_whichever_way_it_is_taken) {
    for_each_sample([](const Sample& s, Failures& failures) {
        const Probe probe(s);
        const double tolerance = tolerance_of(s, 1e-11);
        const T expected = probe.by({By::vjp, By::jvp, By::jvp});
        for (const Word& word : {Word{By::vjp, By::vjp, By::vjp}, Word{By::jvp, By::vjp, By::jvp}, Word{By::jvp, By::jvp, By::vjp}})
            failures.note(s, unequal(modes::to_string(word), probe.by(word), expected, tolerance));
        failures.note(
            s, unequal("jvp of jvp of jvp", dot(probe.u, probe.by({By::jvp, By::jvp, By::jvp})), dot(expected, probe.v[2]), tolerance));
    });
}

// At the same point, whose numbers are those of float.
BOOST_AUTO_TEST_CASE(has_the_same_derivatives_in_float_in_every_mode) {
    for_each_sample([](const Sample& s, Failures& failures) {
        const Operands<float> operands = in_float(s.operands);
        Operands<double> rounded;
        for (const Tensor<float>& operand : operands) rounded.push_back(cast<double>(operand));
        const Probe probe(s, rounded);
        const Bent<float> f(s.in_float, operands, s.first_differentiable);
        std::vector<Tensor<float>> v;
        for (const T& direction : probe.v) v.push_back(cast<float>(direction));
        for (const Word& word : modes::words_up_to(2)) {
            const Tensor<float> got = modes::differentiated<Tensor<float>>(f, word, cast<float>(probe.u), v)(f.here());
            failures.note(s, unequal(modes::to_string(word), cast<double>(got), probe.by(word), 1e-4));
        }
    });
}

BOOST_AUTO_TEST_SUITE_END()

// SPDX-License-Identifier: MIT
// Every rule on tensors in every mode: rank 0, rank 2, operands that broadcast and operands that are views; in double up to the third
// order and in float up to the second, against nested dual numbers element by element.
#include "tests/modes/modes.hpp"
#include "tests/modes/rule_table.hpp"
#include "tests/modes/tensor_program.hpp"

#include <boost/test/unit_test.hpp>
#include <cmath>
#include <fmt/format.h>
#include <map>
#include <tuple>

namespace {

using namespace autodiff;
using namespace modes;

constexpr unsigned seed = 717;

/// A rule on operands of some shapes, as a function of all elements of the operands in a row.
template <class T>
struct OnTensors {
    const Rule& rule;
    std::vector<Shape> shapes;
    bool transposed;  ///< rank-2 operands are given as transposed views
    Shape result;
    std::vector<std::vector<std::size_t>> source;  ///< per operand: which of all elements each element of the result sees
    std::vector<double> x, u;
    std::vector<std::vector<double>> v;

    OnTensors(const Rule& its_rule, std::vector<Shape> its_shapes, bool as_views, std::mt19937_64& random)
        : rule(its_rule), shapes(std::move(its_shapes)), transposed(as_views) {
        for (const Shape& shape : shapes) result = broadcast(result, shape);
        std::size_t first = 0;
        for (const Shape& shape : shapes) {
            source.push_back(as_numbers(broadcast_to(numbered(shape, first), result)));
            first += static_cast<std::size_t>(shape.size());
        }
        do draw(random);
        while (at_a_kink());
    }
    /// The operands of one element of the result.
    [[nodiscard]] Operands operands(const std::vector<double>& all, std::size_t p) const {
        Operands at{};
        for (std::size_t k = 0; k < source.size(); ++k) at[k] = all[source[k][p]];
        return at;
    }
    [[nodiscard]] std::size_t results() const { return static_cast<std::size_t>(result.size()); }

    Tensor<T> operator()(const Tensor<T>& all) const {
        std::vector<Tensor<T>> operand;
        Index first = 0;
        for (const Shape& shape : shapes) {
            const Tensor<T> part = slice(all, {{first, first + shape.size()}});
            if (transposed && shape.rank() == 2)
                operand.push_back(transpose(transpose(reshape(part, shape))));
            else
                operand.push_back(reshape(part, shape));
            first += shape.size();
        }
        if (!rule.differentiable[0]) operand[0] = operand[0].constant();
        const Tensor<T> y = rule.arity == 1   ? apply_unary(rule.code, operand[0])
                            : rule.arity == 2 ? apply_binary(rule.code, operand[0], operand[1])
                                              : apply_ternary(rule.code, operand[0], operand[1], operand[2]);
        return reshape(y, {-1});
    }
    [[nodiscard]] std::string where() const {
        std::string text{rule.name};
        for (const Shape& shape : shapes) text += " " + autodiff::to_string(shape);
        return text;
    }

  private:
    /// The numbers of float, so that the reference is at the same point.
    void draw(std::mt19937_64& random) {
        x.clear(), u.clear(), v.assign(3, {});
        for (std::size_t k = 0; k < shapes.size(); ++k)
            for (Index n = 0; n < shapes[k].size(); ++n) {
                const Interval in = rule.domain[k];
                x.push_back(static_cast<T>(std::uniform_real_distribution<double>(in.low, in.high)(random)));
                for (std::vector<double>& direction : v)
                    direction.push_back(rule.differentiable[k] ? static_cast<T>(std::uniform_real_distribution<double>(-1, 1)(random)) : 0);
            }
        for (std::size_t p = 0; p < results(); ++p) u.push_back(static_cast<T>(std::uniform_real_distribution<double>(-1, 1)(random)));
    }
    [[nodiscard]] bool at_a_kink() const {
        for (std::size_t p = 0; p < results(); ++p)
            if (rule.near_a_kink(operands(x, p), 1e-3)) return true;
        return false;
    }
};

struct Expected {
    std::vector<double> value, terms;
};
template <class T>
Expected expected(const OnTensors<T>& f, const Word& word) {
    const bool open = has_vjp(word);
    Expected result;
    result.value.assign(open ? f.x.size() : f.results(), 0);
    result.terms = result.value;
    for (std::size_t p = 0; p < f.results(); ++p) {
        const Operands at = f.operands(f.x, p);
        std::vector<Operands> along;
        for (std::size_t i = 0; i < directions_of(word); ++i) along.push_back(f.operands(f.v[i], p));
        const auto add = [&](std::size_t to, double factor) {
            const double term = factor * f.rule.derivative(at, along);
            result.value[to] += term, result.terms[to] += std::abs(term);
        };
        if (!open) {
            add(p, 1);
            continue;
        }
        for (std::size_t k = 0; k < f.rule.arity; ++k) {
            if (!f.rule.differentiable[k]) continue;
            along.push_back({});
            along.back()[k] = 1;
            add(f.source[k][p], f.u[p]);
            along.pop_back();
        }
    }
    return result;
}

template <class T>
Tensor<T> row(const std::vector<double>& x) {
    std::vector<T> values;
    for (const double each : x) values.push_back(static_cast<T>(each));
    return Tensor<T>(Shape{static_cast<Index>(values.size())}, values);
}

const std::vector<std::vector<Shape>>& shapes_of_arity(std::size_t arity) {
    static const std::vector<std::vector<std::vector<Shape>>> all{
        {{Shape{}}, {Shape{2, 3}}, {Shape{0}}},
        {{Shape{}, Shape{}},
         {Shape{2, 3}, Shape{3}},
         {Shape{2, 1}, Shape{1, 3}},
         {Shape{}, Shape{2, 2}},
         {Shape{2, 3}, Shape{2, 3}},
         {Shape{0, 2}, Shape{2}}},
        {{Shape{}, Shape{}, Shape{}}, {Shape{2, 1}, Shape{1, 3}, Shape{}}, {Shape{2, 2}, Shape{2}, Shape{2, 1}}}};
    return all[arity - 1];
}

template <class T>
void check_every_word(std::size_t order, double tolerance) {
    std::mt19937_64 random(seed);
    std::map<std::pair<std::string_view, std::string>, std::size_t> compared;
    for (const Rule& rule : rule_table()) {
        std::string failures;
        bool transposed = false;
        for (const std::vector<Shape>& shapes : shapes_of_arity(rule.arity)) {
            const OnTensors<T> f(rule, shapes, transposed = !transposed, random);
            std::vector<Tensor<T>> v;
            for (const auto& direction : f.v) v.push_back(row<T>(direction));
            for (const Word& word : words_of_order(order)) {
                const auto note = [&](const std::string& what) { failures += "\n  " + f.where() + " " + to_string(word) + ": " + what; };
                try {
                    const Expected reference = expected(f, word);
                    const Tensor<T> got = differentiated<Tensor<T>>(f, word, row<T>(f.u), v)(row<T>(f.x)).contiguous();
                    if (got.shape() != Shape{static_cast<Index>(reference.value.size())}) {
                        note("shape " + autodiff::to_string(got.shape()));
                        continue;
                    }
                    for (std::size_t i = 0; i < reference.value.size(); ++i) {
                        const double value = static_cast<double>(got.data()[i]);
                        if (!(std::abs(value - reference.value[i]) <= tolerance * std::max(1.0, reference.terms[i])))
                            note(fmt::format("[{}] is {:.17g}, duals {:.17g}", i, value, reference.value[i]));
                        ++compared[{rule.name, to_string(word)}];
                    }
                } catch (const std::exception& e) {
                    note(std::string("threw ") + e.what());
                }
            }
        }
        BOOST_TEST(failures.empty(), rule.name << " (seed " << seed << ")" << failures);
    }
    for (const Rule& rule : rule_table())
        for (const Word& word : words_of_order(order)) {
            const std::size_t n = compared[{rule.name, to_string(word)}];
            BOOST_TEST(n >= 7u, rule.name << " by " << to_string(word) << " was compared " << n << " times");
        }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(every_rule_on_tensors)

BOOST_AUTO_TEST_CASE(has_the_first_derivatives_of_dual_numbers) { check_every_word<double>(1, 1e-12); }
BOOST_AUTO_TEST_CASE(has_the_second_derivatives_of_dual_numbers_in_all_four_modes) { check_every_word<double>(2, 1e-12); }
BOOST_AUTO_TEST_CASE(has_the_third_derivatives_of_dual_numbers_in_all_eight_modes) { check_every_word<double>(3, 1e-12); }
BOOST_AUTO_TEST_CASE(has_them_in_float) {
    check_every_word<float>(1, 1e-5);
    check_every_word<float>(2, 1e-5);
}

BOOST_AUTO_TEST_CASE(has_a_symmetric_hessian_that_is_its_hvp) {
    std::mt19937_64 random(seed + 1);
    for (const Rule& rule : rule_table()) {
        std::string failures;
        for (const std::vector<Shape>& shapes : shapes_of_arity(rule.arity)) {
            const OnTensors<double> f(rule, shapes, false, random);
            if (f.x.empty() || f.results() == 0) continue;
            const auto loss = [&f](const Tensor<double>& x) { return sum(row<double>(f.u) * f(x)); };
            const Tensor<double> x = row<double>(f.x), v = row<double>(f.v[0]), h = hessian(loss, x), hv = hvp(loss, x, v);
            const Expected reference = expected(f, Word{By::vjp, By::jvp});
            for (Index i = 0; i < x.size(); ++i) {
                const auto n = static_cast<std::size_t>(i);
                double total = 0, size = 1;
                for (Index j = 0; j < x.size(); ++j) {
                    total += h.at(i, j) * v.at(j), size += std::abs(h.at(i, j) * v.at(j));
                    if (!(std::abs(h.at(i, j) - h.at(j, i)) <= 1e-12 * std::max(1.0, std::abs(h.at(i, j)))))
                        failures +=
                            fmt::format("\n  {}: H[{}, {}] is {:.17g}, H[{}, {}] {:.17g}", f.where(), i, j, h.at(i, j), j, i, h.at(j, i));
                }
                if (!(std::abs(hv.at(i) - total) <= 1e-12 * size))
                    failures += fmt::format("\n  {}: (H v)[{}] is {:.17g}, hvp {:.17g}", f.where(), i, total, hv.at(i));
                if (!(std::abs(hv.at(i) - reference.value[n]) <= 1e-12 * std::max(1.0, reference.terms[n])))
                    failures += fmt::format("\n  {}: hvp[{}] is {:.17g}, duals {:.17g}", f.where(), i, hv.at(i), reference.value[n]);
            }
        }
        BOOST_TEST(failures.empty(), rule.name << " (seed " << seed << ")" << failures);
    }
}

BOOST_AUTO_TEST_SUITE_END()

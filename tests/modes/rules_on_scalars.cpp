// SPDX-License-Identifier: MIT
// Every rule on Scalars in every mode up to the third order, against nested dual numbers and against differences of the next lower order.
// The list of rules is the list of tests: what is added there is tested here.
#include "tests/modes/modes.hpp"
#include "tests/modes/rule_at.hpp"
#include "tests/support/compare.hpp"

#include <boost/test/unit_test.hpp>
#include <cmath>
#include <fmt/format.h>
#include <map>

namespace {

using namespace autodiff;
using namespace modes;

constexpr double difference_tolerance = 1e-8;  // of the terms, or of 1

Numbers values(const Scalars& x) {
    Numbers result;
    for (const Scalar& each : x) result.push_back(each.value());
    return result;
}
double dot(const Numbers& a, const Numbers& b) {
    double result = 0;
    for (std::size_t i = 0; i < a.size(); ++i) result += a[i] * b[i];
    return result;
}

struct Expected {
    Numbers value, terms;
};
/// What the word must give, by nested dual numbers in long double.
Expected expected(const At& at, const Word& word) {
    std::vector<Operands> along(at.v.begin(), at.v.begin() + static_cast<std::ptrdiff_t>(directions_of(word)));
    Expected result;
    const auto add = [&](double factor) {
        result.value.push_back(factor * static_cast<double>(at.rule.accurate_derivative(at.x, along)));
        result.terms.push_back(std::abs(factor) * terms(at.rule, at.x, along));
    };
    if (!has_vjp(word)) {
        add(1);
        return result;
    }
    for (const std::size_t k : at.active) {
        along.push_back({});
        along.back()[k] = 1;
        add(at.u[0]);
        along.pop_back();
    }
    return result;
}

Map<Scalars> derivative_of(const At& at, const Word& word) {
    std::vector<Scalars> v;
    for (const Operands& direction : at.v) v.push_back(at.packed<Scalar>(direction));
    return differentiated<Scalars>(at, word, Scalars(at.u.begin(), at.u.end()), v);
}

void check_every_word(std::size_t order, int random_points) {
    const std::vector<Word> words = words_of_order(order);
    std::map<std::pair<std::string_view, std::string>, std::size_t> compared;
    for_each_rule(random_points, [&](const At& at, Failures& failures) {
        for (const Word& word : words) {
            const Expected reference = expected(at, word);
            const Numbers got = values(derivative_of(at, word)(at.packed<Scalar>(at.x)));
            if (got.size() != reference.value.size()) {
                failures.note(fmt::format("{}: {} of {} components", at.where(), to_string(word), got.size()));
                continue;
            }
            for (std::size_t i = 0; i < got.size(); ++i) {
                const double allowed = dual_tolerance * std::max(1.0, reference.terms[i]);
                if (!(std::abs(got[i] - reference.value[i]) <= allowed))
                    failures.note(
                        fmt::format("{}: {} [{}] is {:.17g}, duals {:.17g}", at.where(), to_string(word), i, got[i], reference.value[i]));
                ++compared[{at.rule.name, to_string(word)}];
            }
        }
    });
    for (const Rule& rule : rule_table())
        for (const Word& word : words) {
            const std::size_t n = compared[{rule.name, to_string(word)}];
            BOOST_TEST(n >= 4u, rule.name << " by " << to_string(word) << " was compared " << n << " times");
        }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(every_rule_on_scalars)

BOOST_AUTO_TEST_CASE(has_the_first_derivatives_of_dual_numbers) { check_every_word(1, 20); }
BOOST_AUTO_TEST_CASE(has_the_second_derivatives_of_dual_numbers_in_all_four_modes) { check_every_word(2, 12); }
BOOST_AUTO_TEST_CASE(has_the_third_derivatives_of_dual_numbers_in_all_eight_modes) { check_every_word(3, 6); }

// d/dt <c, G(x + t z)> for the inner derivative G of each word: no dual number and no formula takes part in it.
BOOST_AUTO_TEST_CASE(agrees_in_every_mode_with_differences_of_the_order_below) {
    for_each_rule(2, [](const At& at, Failures& failures) {
        for (const Word& word : words_up_to(3)) {
            if (word.size() == 3 && word != Word{By::vjp, By::jvp, By::jvp} && word != Word{By::jvp, By::jvp, By::vjp}) continue;
            const Word below(word.begin(), word.end() - 1);
            const bool opens = !has_vjp(below);  // G goes to R^m
            std::mt19937_64 random(seed + 1);
            const Numbers z = at.packed<double>(direction_for(at.rule, random));
            // The last letter's own vector: a tangent if it is a jvp, else the cotangent of G's result.
            const std::size_t used = directions_of(below);
            const bool last_is_vjp = word.back() == By::vjp;
            const Numbers last = last_is_vjp && opens ? at.u : at.packed<double>(at.v[used]);
            const Numbers along = last_is_vjp ? z : last;
            const Numbers contracted = last_is_vjp ? last : opens ? at.u : z;
            const Map<Scalars> inner = derivative_of(at, below);
            const auto shifted = [&](long double t) {
                Numbers x = at.packed<double>(at.x);
                for (std::size_t i = 0; i < x.size(); ++i) x[i] += static_cast<double>(t) * along[i];
                return dot(contracted, values(inner(Scalars(x.begin(), x.end()))));
            };
            const double got = dot(last_is_vjp ? z : contracted, values(derivative_of(at, word)(at.packed<Scalar>(at.x))));
            const test::Difference difference = test::ridders(shifted, 0);
            const Expected reference = expected(at, word);
            double size = 1;
            for (const double term : reference.terms) size = std::max(size, term);
            const auto allowed = std::max(static_cast<long double>(difference_tolerance * size), 4 * difference.error);
            if (!(std::abs(got - difference.derivative) <= allowed) || !(allowed < 1e-4 * size))
                failures.note(fmt::format("{}: {} is {:.12g}, differences {:.12g}, estimated error {:.2g}", at.where(), to_string(word),
                                          got, difference.derivative, difference.error));
        }
    });
}

BOOST_AUTO_TEST_CASE(has_a_symmetric_hessian_that_is_its_hvp) {
    for_each_rule(4, [](const At& at, Failures& failures) {
        const auto f = [&at](const Scalars& x) { return at(x)[0]; };
        const Numbers x = at.packed<double>(at.x);
        const Tensor<double> h = hessian(f, x);
        const Numbers product = hvp(f, x, at.packed<double>(at.v[0]));
        for (std::size_t i = 0; i < x.size(); ++i) {
            double sum = 0, size = 1;
            for (std::size_t j = 0; j < x.size(); ++j) {
                const double hij = h.at(i, j), hji = h.at(j, i), term = hij * at.v[0][at.active[j]];
                sum += term, size += std::abs(term);
                if (!(std::abs(hij - hji) <= dual_tolerance * std::max(1.0, std::abs(hij))))
                    failures.note(fmt::format("{}: H[{}, {}] = {:.17g}, H[{}, {}] = {:.17g}", at.where(), i, j, hij, j, i, hji));
            }
            if (!(std::abs(product[i] - sum) <= dual_tolerance * size))
                failures.note(fmt::format("{}: (H v)[{}] = {:.17g}, hvp {:.17g}", at.where(), i, sum, product[i]));
            const std::vector<Operands> along{at.v[0], [&] {
                                                  Operands e{};
                                                  e[at.active[i]] = 1;
                                                  return e;
                                              }()};
            const auto dual = static_cast<double>(at.rule.accurate_derivative(at.x, along));
            if (!(std::abs(product[i] - dual) <= dual_tolerance * std::max(1.0, terms(at.rule, at.x, along))))
                failures.note(fmt::format("{}: hvp[{}] = {:.17g}, duals {:.17g}", at.where(), i, product[i], dual));
        }
    });
}

BOOST_AUTO_TEST_SUITE_END()

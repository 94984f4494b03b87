// SPDX-License-Identifier: MIT
// Every rule on Scalars in every mode up to the third order, against nested dual numbers and against differences of the next lower order.
// The list of rules is the list of tests: what is added there is tested here.
#include "tests/modes/modes.hpp"
#include "tests/modes/rule_table.hpp"
#include "tests/support/compare.hpp"

#include <boost/test/unit_test.hpp>
#include <cmath>
#include <fmt/format.h>
#include <map>

namespace {

using namespace autodiff;
using namespace modes;

using Scalars = std::vector<Scalar>;
using Numbers = std::vector<double>;

constexpr unsigned seed = 616;
constexpr double dual_tolerance = 1e-12;       // of the terms, or of 1
constexpr double difference_tolerance = 1e-8;  // of the terms, or of 1

/// A rule at a point, as a function of those operands that it can be differentiated by.
struct At {
    const Rule& rule;
    Operands x;
    std::vector<std::size_t> active;
    Numbers u;
    std::vector<Operands> v;

    At(const Rule& its_rule, const Operands& point, std::mt19937_64& random) : rule(its_rule), x(point), u{0.7} {
        for (std::size_t k = 0; k < rule.arity; ++k)
            if (rule.differentiable[k]) active.push_back(k);
        for (int i = 0; i < 3; ++i) v.push_back(direction_for(rule, random));
    }
    [[nodiscard]] Scalars operator()(const Scalars& moving) const {
        std::array<Scalar, 3> operand{x[0], x[1], x[2]};
        for (std::size_t i = 0; i < active.size(); ++i) operand[active[i]] = moving[i];
        return {rule.on_scalars({&operand[0], &operand[1], &operand[2]}, Temporary::none)};
    }
    template <class N>
    [[nodiscard]] std::vector<N> packed(const Operands& all) const {
        std::vector<N> result;
        for (const std::size_t k : active) result.push_back(all[k]);
        return result;
    }
    [[nodiscard]] std::string where() const { return fmt::format("{} at ({:.17g}, {:.17g}, {:.17g})", rule.name, x[0], x[1], x[2]); }
};

/// The sum of the sizes of all products that the derivative in these directions adds up.
double terms(const Rule& rule, const Operands& x, std::span<const Operands> along) {
    std::vector<Operands> units(along.size());
    double total = 0;
    std::size_t combinations = 1;
    for (std::size_t i = 0; i < along.size(); ++i) combinations *= rule.arity;
    for (std::size_t n = 0; n < combinations; ++n) {
        double weight = 1;
        std::size_t rest = n;
        for (std::size_t i = 0; i < along.size(); ++i, rest /= rule.arity) {
            const std::size_t k = rest % rule.arity;
            units[i] = {}, units[i][k] = 1;
            weight *= std::abs(along[i][k]);
        }
        if (weight != 0) total += weight * std::abs(rule.derivative(x, units));
    }
    return total;
}

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

/// Collects what is wrong with one rule; asserted once.
class Failures {
  public:
    explicit Failures(const Rule& rule) : rule_(rule) {}
    Failures(const Failures&) = delete;
    Failures& operator=(const Failures&) = delete;
    ~Failures() { BOOST_CHECK_MESSAGE(text_.empty(), rule_.name << " (seed " << seed << ")" << text_); }
    void note(const std::string& what) { text_ += "\n  " + what; }

  private:
    const Rule& rule_;
    std::string text_;
};

/// test(rule at a point, failures) for some points of every rule, random ones and special ones.
template <class F>
void for_each_rule(int random_points, const F& test) {
    std::mt19937_64 random(seed);
    for (const Rule& rule : rule_table()) {
        Failures failures(rule);
        for (const Operands& x : points_of(rule, random, random_points)) {
            const At at(rule, x, random);
            try {
                test(at, failures);
            } catch (const std::exception& e) {
                failures.note(at.where() + " threw " + e.what());
            }
        }
    }
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

// The tape itself, at both levels of detail, with operands that are temporaries and operands that are plain numbers.
BOOST_AUTO_TEST_CASE(has_its_gradient_at_both_levels_of_detail_however_it_is_spelled) {
    for_each_rule(6, [](const At& at, Failures& failures) {
        for (const Detail detail : {Detail::operations, Detail::derivatives})
            for (const Temporary temporary : {Temporary::none, Temporary::first, Temporary::all}) {
                Tape tape(detail);
                std::array<Scalar, 3> x{at.x[0], at.x[1], at.x[2]}, operand = x;
                for (const std::size_t k : at.active) x[k] = tape.variable(at.x[k]), operand[k] = 1 * x[k];
                const Gradient g = tape.gradient(at.rule.on_scalars({&operand[0], &operand[1], &operand[2]}, temporary));
                for (const std::size_t k : at.active) {
                    Operands e{};
                    e[k] = 1;
                    const auto dual = static_cast<double>(at.rule.accurate_derivative(at.x, std::span(&e, 1)));
                    if (!(std::abs(g[x[k]] - dual) <= dual_tolerance * std::max(1.0, std::abs(dual))))
                        failures.note(fmt::format("{}: operand {} gives {:.17g}, duals {:.17g}", at.where(), k, g[x[k]], dual));
                }
            }
        if (at.rule.arity != 2) return;
        for (const Detail detail : {Detail::operations, Detail::derivatives})
            for (const std::size_t k : at.active) {
                Tape tape(detail);
                const Scalar x = tape.variable(at.x[k]);
                Operands e{};
                e[k] = 1;
                const auto dual = static_cast<double>(at.rule.accurate_derivative(at.x, std::span(&e, 1)));
                const double got = tape.gradient(k == 0 ? at.rule.with_number(x, at.x[1]) : at.rule.number_with(at.x[0], x))[x];
                if (!(std::abs(got - dual) <= dual_tolerance * std::max(1.0, std::abs(dual))))
                    failures.note(fmt::format("{}: operand {} beside a number gives {:.17g}, duals {:.17g}", at.where(), k, got, dual));
            }
    });
}

// The sweeps on a tape that the program holds, forwards: over both levels of detail, and recorded, to be swept again in either direction.
BOOST_AUTO_TEST_CASE(has_its_tangents_on_a_tape_in_hand) {
    for_each_rule(4, [](const At& at, Failures& failures) {
        const auto compare = [&](const char* what, double got, std::span<const Operands> along) {
            const auto dual = static_cast<double>(at.rule.accurate_derivative(at.x, along));
            if (!(std::abs(got - dual) <= dual_tolerance * std::max(1.0, terms(at.rule, at.x, along))))
                failures.note(fmt::format("{}: {} gives {:.17g}, duals {:.17g}", at.where(), what, got, dual));
        };
        const std::array<Operands, 2> both{at.v[0], at.v[1]};
        for (const Detail detail : {Detail::operations, Detail::derivatives}) {
            Tape tape(detail);
            std::array<Scalar, 3> x{at.x[0], at.x[1], at.x[2]};
            std::vector<Seed> along_v, along_w;
            for (const std::size_t k : at.active) {
                x[k] = tape.variable(at.x[k]);
                along_v.emplace_back(x[k], at.v[0][k]), along_w.emplace_back(x[k], at.v[1][k]);
            }
            const Scalar y = at.rule.on_scalars({&x[0], &x[1], &x[2]}, Temporary::none);
            compare("tangent", tangent(tape, along_v)[y], std::span(both).first(1));
            if (detail == Detail::derivatives) continue;
            const Scalar ydot = recorded_tangent(tape, along_v)[y];
            compare("recorded tangent", ydot.value(), std::span(both).first(1));
            const RecordedGradient g = tape.recorded_gradient(y);
            double reverse = 0, forward = 0, reverse_of_forward = 0;
            const Tangent again = tangent(tape, along_w);
            for (const std::size_t k : at.active) {
                const Scalar adjoint = g[x[k]];
                if (adjoint.recorded()) forward += at.v[0][k] * again[adjoint];
                if (ydot.recorded()) reverse_of_forward += at.v[1][k] * tape.gradient(ydot)[x[k]];
                if (adjoint.recorded())
                    for (const std::size_t l : at.active) reverse += at.v[0][k] * at.v[1][l] * tape.gradient(adjoint)[x[l]];
            }
            compare("tangent of the recorded gradient", forward, both);
            compare("gradient of the recorded gradient", reverse, both);
            compare("gradient of the recorded tangent", reverse_of_forward, both);
            compare("tangent of the recorded tangent", ydot.recorded() ? again[ydot] : 0, both);
        }
    });
}

BOOST_AUTO_TEST_SUITE_END()

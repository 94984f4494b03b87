// SPDX-License-Identifier: MIT
// Random tensor programs: first and second derivatives by the tensors' own tape, by the same program written element by element in
// Scalars, and by nested dual numbers, which must all agree. Errors are measured against the sum of |terms|.
#include "tests/modes/modes.hpp"
#include "tests/modes/tensor_program.hpp"

#include <boost/test/unit_test.hpp>
#include <cmath>
#include <fmt/format.h>
#include <set>

namespace {

using namespace autodiff;
using namespace modes;

constexpr unsigned first_seed = 9000, programs = 250;
constexpr double tolerance = 1e-12;  // of the sum of |terms|

std::size_t operations_of(unsigned seed) { return 1 + (seed * 7919u) % 14; }

std::vector<double> uniform(std::mt19937_64& random, std::size_t n) {
    std::vector<double> result;
    while (result.size() < n) result.push_back(std::uniform_real_distribution<double>(-1, 1)(random));
    return result;
}

/// The inputs as grids; f(k) is the k-th of all their elements.
template <class N, class F>
std::vector<Grid<N>> grids(const TensorProgram& program, const F& f) {
    std::vector<Grid<N>> result;
    std::size_t k = 0;
    for (const Tensor<double>& input : program.inputs) {
        result.push_back({input.shape(), {}});
        for (const double x : input.data()) result.back().values.push_back(f(x, k++));
    }
    return result;
}

/// What duals say about the sum of u * program, and how large the terms are.
struct Reference {
    double value = 0;
    std::vector<double> u, w;                      ///< of the result, of all inputs
    std::vector<double> gradient, gradient_terms;  ///< over all elements of all inputs
    std::vector<double> hvp, hvp_terms;            ///< the Hessian's product with w
};

Reference reference_of(const TensorProgram& program) {
    std::mt19937_64 random(program.seed + 1);
    const std::size_t n = program.input_elements();
    Reference r;
    r.w = uniform(random, n);
    for (std::size_t i = 0; i < n; ++i) {
        const auto y = program.run(grids<Dual2>(program, [&](double x, std::size_t k) {
            return Dual2{Dual<double>{x, r.w[k]}, Dual<double>{k == i ? 1.0 : 0.0, 0}};
        }));
        const auto terms = program.run(grids<Bound>(program, [&](double x, std::size_t k) {
            return Bound{x, k == i ? 1.0 : 0.0, std::abs(r.w[k]), 0};
        }));
        if (r.u.empty()) r.u = uniform(random, y.values.size());
        Dual2 total = 0;
        double first = 0, second = 0;
        for (std::size_t p = 0; p < y.values.size(); ++p) {
            total += r.u[p] * y.values[p];
            first += std::abs(r.u[p]) * terms.values[p].along_v, second += std::abs(r.u[p]) * terms.values[p].mixed;
        }
        r.value = total.value.value;
        r.gradient.push_back(total.tangent.value), r.gradient_terms.push_back(first);
        r.hvp.push_back(total.tangent.tangent), r.hvp_terms.push_back(second);
    }
    return r;
}

void compare(std::string& failures, const char* what, const std::vector<double>& got, const std::vector<double>& expected,
             const std::vector<double>& terms) {
    for (std::size_t i = 0; i < expected.size(); ++i)
        if (!(std::abs(got[i] - expected[i]) <= tolerance * terms[i]))
            failures += fmt::format("{}, element {}: got {:.17g}, expected {:.17g}, sum of |terms| {:.3g}\n", what, i, got[i], expected[i],
                                    terms[i]);
}

template <class Check>
void for_each_program(const Check& check) {
    std::size_t wrong = 0;
    for (unsigned seed = first_seed; seed < first_seed + programs; ++seed) {
        const TensorProgram program = random_tensor_program(seed, operations_of(seed));
        std::string failures;
        try {
            failures = check(program, reference_of(program));
        } catch (const std::exception& e) {
            failures = fmt::format("threw {}\n", e.what());
        }
        if (!failures.empty() && ++wrong <= 3) BOOST_TEST(failures.empty(), failures << program.text());
    }
    BOOST_TEST(wrong == 0u, wrong << " of " << programs << " programs");
}

using T = Tensor<double>;

std::vector<T> variables(Tape& tape, const TensorProgram& program) {
    std::vector<T> x;
    for (const T& input : program.inputs) x.push_back(tape.variable(input));
    return x;
}
/// The elements of all tensors, one after the other.
std::vector<double> flat(const std::vector<T>& x) {
    std::vector<double> result;
    for (const T& each : x) {
        const T row_major = each.contiguous();
        result.insert(result.end(), row_major.data().begin(), row_major.data().end());
    }
    return result;
}
template <class G>
std::vector<T> adjoints(const G& g, const std::vector<T>& x) {
    std::vector<T> result;
    for (const T& each : x) result.push_back(g[each]);
    return result;
}
T row(const std::vector<double>& x) { return T(Shape{static_cast<Index>(x.size())}, x); }
/// The program as a function of all elements of its inputs in a row, and of such a row.
Map<T> in_a_row(const TensorProgram& program) {
    return [&program](const T& x) {
        std::vector<T> inputs;
        Index first = 0;
        for (const T& input : program.inputs) {
            inputs.push_back(reshape(slice(x, {{first, first + input.size()}}), input.shape()));
            first += input.size();
        }
        return reshape(program.run(inputs), {-1});
    };
}
T loss_of(const T& y, const Reference& r) { return sum(T(y.shape(), r.u) * y); }

}  // namespace

BOOST_AUTO_TEST_SUITE(random_tensor_programs)

BOOST_AUTO_TEST_CASE(use_every_kind_of_step) {
    std::set<Step> used;
    std::set<std::string_view> rules_used;
    std::size_t operations = 0, curved = 0;
    for (unsigned seed = first_seed; seed < first_seed + programs; ++seed) {
        const TensorProgram program = random_tensor_program(seed, operations_of(seed));
        operations += program.instructions.size();
        for (const TensorInstruction& i : program.instructions) {
            used.insert(i.step);
            if (i.rule != nullptr) rules_used.insert(i.rule->name);
        }
        const Reference r = reference_of(program);
        curved += std::any_of(r.hvp.begin(), r.hvp.end(), [](double h) { return std::abs(h) > 1e-6; });
    }
    BOOST_TEST(used.size() == static_cast<std::size_t>(Step::count));
    BOOST_TEST(rules_used.size() + 1 == rule_table().size());
    BOOST_TEST(operations > 5 * programs);
    BOOST_TEST(curved > programs / 3);
}

BOOST_AUTO_TEST_CASE(have_the_gradient_of_dual_numbers_at_both_levels_of_detail) {
    for_each_program([](const TensorProgram& program, const Reference& r) {
        std::string failures;
        for (const Detail detail : {Detail::operations, Detail::derivatives}) {
            Tape tape(detail);
            const std::vector<T> x = variables(tape, program);
            compare(failures, detail == Detail::operations ? "operations" : "derivatives",
                    flat(adjoints(tape.gradient(loss_of(program.run(x), r)), x)), r.gradient, r.gradient_terms);
        }
        return failures;
    });
}

BOOST_AUTO_TEST_CASE(have_the_second_derivatives_of_dual_numbers_by_recording_the_reverse_sweep) {
    for_each_program([](const TensorProgram& program, const Reference& r) {
        std::string failures;
        Tape tape;
        const std::vector<T> x = variables(tape, program);
        const std::vector<T> recorded = adjoints(tape.recorded_gradient(loss_of(program.run(x), r)), x);
        compare(failures, "recorded gradient", flat(recorded), r.gradient, r.gradient_terms);
        T along = T::zeros({});
        std::size_t next = 0;
        for (const T& adjoint : recorded) {
            const auto n = static_cast<std::size_t>(adjoint.size());
            along += sum(adjoint * T(adjoint.shape(), std::span(r.w).subspan(next, n)));
            next += n;
        }
        const std::vector<double> second = along.recorded() ? flat(adjoints(tape.gradient(along), x)) : std::vector<double>(r.w.size(), 0);
        compare(failures, "its gradient", second, r.hvp, r.hvp_terms);
        return failures;
    });
}

// The same program in Scalars: no tensor row at all.
BOOST_AUTO_TEST_CASE(have_the_derivatives_of_the_same_program_element_by_element) {
    for_each_program([](const TensorProgram& program, const Reference& r) {
        std::string failures;
        for (const Detail detail : {Detail::operations, Detail::derivatives}) {
            Tape tape(detail);
            std::vector<Scalar> x;
            const auto inputs = grids<Scalar>(program, [&](double value, std::size_t) { return x.emplace_back(tape.variable(value)); });
            const auto y = program.run(inputs);
            Scalar loss = 0;
            for (std::size_t p = 0; p < y.values.size(); ++p) loss += r.u[p] * y.values[p];
            const Gradient g = tape.gradient(loss);
            std::vector<double> first, second;
            for (const Scalar& each : x) first.push_back(g[each]);
            compare(failures, "Scalars", first, r.gradient, r.gradient_terms);
            if (detail == Detail::derivatives) continue;
            const RecordedGradient recorded = tape.recorded_gradient(loss);
            Scalar along = 0;
            for (std::size_t i = 0; i < x.size(); ++i) along += r.w[i] * recorded[x[i]];
            if (along.recorded()) {
                const Gradient again = tape.gradient(along);
                for (const Scalar& each : x) second.push_back(again[each]);
            }
            second.resize(x.size(), 0);
            compare(failures, "Scalars, second order", second, r.hvp, r.hvp_terms);
        }
        return failures;
    });
}

BOOST_AUTO_TEST_CASE(have_both_derivatives_of_dual_numbers_in_every_mode) {
    for_each_program([](const TensorProgram& program, const Reference& r) {
        std::string failures;
        const Map<T> f = in_a_row(program);
        const T x = row(flat(program.inputs)), w = row(r.w), u = row(r.u);
        const std::vector<T> both{w, w};
        for (const Word& word : words_up_to(2)) {
            const T result = differentiated<T>(f, word, u, both)(x);
            const bool first_order = word.size() == 1;
            const auto& reference = first_order ? r.gradient : r.hvp;
            const auto& terms = first_order ? r.gradient_terms : r.hvp_terms;
            if (has_vjp(word)) {
                compare(failures, to_string(word).c_str(), flat({result}), reference, terms);
                continue;
            }
            double along = 0, size = 0;  // <u, J w>, <u, w H w>
            for (std::size_t i = 0; i < reference.size(); ++i) along += r.w[i] * reference[i], size += std::abs(r.w[i]) * terms[i];
            compare(failures, to_string(word).c_str(), {sum(u * result).item()}, {along}, {size});
        }
        const auto loss = [&](const T& at) { return sum(u * f(at)); };
        compare(failures, "gradient", flat({gradient(loss, x)}), r.gradient, r.gradient_terms);
        compare(failures, "hvp", flat({hvp(loss, x, w)}), r.hvp, r.hvp_terms);
        return failures;
    });
}

BOOST_AUTO_TEST_SUITE_END()

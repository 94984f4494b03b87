// SPDX-License-Identifier: MIT
// Over the whole registry: what must not matter does not matter: which operands are constants, the level of detail, the number of
// sweeps, whether two operands are one tensor. And: every primitive has an entry.
#include "tests/ops/registry.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <set>

namespace {

using namespace registry;

Tensor<double> cotangent_of(const Sample& s) { return cotangent<double>(s.in_double(s.operands).shape()); }
unsigned differentiable(const Sample& s) { return ~0u << s.first_differentiable; }

/// Primitives that only other primitives use, so that no entry can be named after them.
const std::set<std::string> inner{"variable", "avg_pool2d_input"};

}  // namespace

BOOST_AUTO_TEST_SUITE(every_operation)

BOOST_AUTO_TEST_CASE(gives_the_same_adjoints_whichever_operands_are_constants) {
    for_each_sample([](const Sample& s, Failures& failures) {
        const Tensor<double> u = cotangent_of(s);
        const Swept<double> all_recorded = sweep(s.in_double, s.operands, u, differentiable(s));
        for (unsigned recorded = 0; recorded < 1u << s.operands.size(); ++recorded) {
            if ((recorded & ~differentiable(s)) != 0) continue;
            const Swept<double> some = sweep(s.in_double, s.operands, u, recorded);
            const auto note = [&](const std::string& what) {
                if (!what.empty()) failures.note(s, fmt::format("recorded operands {:b}: {}", recorded, what));
            };
            note(bit_difference(some.y, all_recorded.y));
            for (std::size_t k = 0; k < s.operands.size(); ++k)
                if ((recorded >> k & 1u) != 0) note(bit_difference(some.adjoint[k], all_recorded.adjoint[k]));
        }
    });
}

BOOST_AUTO_TEST_CASE(of_constants_is_a_constant_and_records_nothing) {
    for_each_sample([](const Sample& s, Failures& failures) {
        Tape tape;
        if (s.in_double(s.operands).recorded()) failures.note(s, "the result is recorded");
        if (tape.stats().rows != 0) failures.note(s, fmt::format("{} rows", tape.stats().rows));
    });
}

// Scalar rows absorb temporaries on a tape that keeps derivatives only, so their products round in another order.
BOOST_AUTO_TEST_CASE(gives_the_same_at_both_levels_of_detail) {
    for_each_sample([](const Sample& s, Failures& failures) {
        const Tensor<double> u = cotangent_of(s);
        const Swept<double> operations = sweep(s.in_double, s.operands, u, differentiable(s), Detail::operations);
        const Swept<double> derivatives = sweep(s.in_double, s.operands, u, differentiable(s), Detail::derivatives);
        failures.note(s, bit_difference(derivatives.y, operations.y));
        for (std::size_t k = s.first_differentiable; k < s.operands.size(); ++k)
            failures.note(s, difference(derivatives.adjoint[k], operations.adjoint[k], 1e-15));
    });
}

BOOST_AUTO_TEST_CASE(can_be_swept_again_with_the_same_bits) {
    for_each_sample([](const Sample& s, Failures& failures) {
        Tape tape(Detail::derivatives);
        Operands<double> x = s.operands;
        for (std::size_t k = s.first_differentiable; k < x.size(); ++k) x[k] = tape.variable(x[k]);
        const Tensor<double> loss = sum(cotangent_of(s) * s.in_double(x));
        if (!loss.recorded()) return;
        const Gradient first = tape.gradient(loss);
        Gradient second = tape.gradient(loss);
        tape.gradient(loss, second);
        for (std::size_t k = s.first_differentiable; k < x.size(); ++k) failures.note(s, bit_difference(second[x[k]], first[x[k]]));
    });
}

BOOST_AUTO_TEST_CASE(counts_a_tensor_twice_that_is_two_operands) {
    std::size_t compared = 0;
    for_each_sample([&](const Sample& s, Failures& failures) {
        Operands<double> same = s.operands;
        const std::size_t first = s.first_differentiable;
        std::vector<std::size_t> aliases;
        for (std::size_t k = first; k < same.size(); ++k)
            if (same[k].shape() == same[first].shape()) same[k] = same[first], aliases.push_back(k);
        if (aliases.size() < 2) return;
        const Tensor<double> u = cotangent_of(s);
        const Swept<double> apart = sweep(s.in_double, same, u, differentiable(s));
        Tensor<double> expected = Tensor<double>::zeros(same[first].shape());
        for (const std::size_t k : aliases) expected += apart.adjoint[k];

        Tape tape;
        const Tensor<double> x = tape.variable(same[first]);
        for (const std::size_t k : aliases) same[k] = x;
        const Tensor<double> y = s.in_double(same);
        failures.note(s, bit_difference(y.constant(), apart.y));
        failures.note(s, difference(tape.gradient(sum(u * y))[x], expected, 1e-14));
        ++compared;
    });
    BOOST_TEST(compared > 20u);
}

BOOST_AUTO_TEST_CASE(is_in_the_registry) {
    std::set<std::string> seen;
    for (const Entry& entry : entries()) {
        BOOST_TEST(!entry.samples.empty(), entry.name);
        for (const Sample& s : entry.samples) {
            Tape tape(Detail::operations);
            Operands<double> x;
            for (const Tensor<double>& operand : s.operands) x.push_back(tape.variable(operand));
            static_cast<void>(s.in_double(x));
            for (const auto& [name, times] : tape.stats().by_operation) seen.insert(name);
        }
    }
    // What there is: every rule, and the primitives that ops/ declares.
    std::set<std::string> expected{"sum",
                                   "amax",
                                   "amin",
                                   "prod",
                                   "logsumexp",
                                   "norm2",
                                   "checkpoint",
                                   "identity",
                                   "on_adjoint",
                                   "scale_gradient",
                                   "reshape",
                                   "transpose",
                                   "broadcast_to",
                                   "slice",
                                   "unslice",
                                   "pad",
                                   "concat",
                                   "split",
                                   "take",
                                   "scatter_add",
                                   "gather",
                                   "gather_transpose",
                                   "softmax",
                                   "log_softmax",
                                   "softmax_cross_entropy",
                                   "matmul",
                                   "solve",
                                   "triangular_solve",
                                   "determinant",
                                   "cofactor",
                                   "slogdet",
                                   "cholesky",
                                   "qr",
                                   "eigh",
                                   "conv2d",
                                   "conv2d_input",
                                   "conv2d_weight",
                                   "where",
                                   "max_pool2d",
                                   "cast",
                                   "avg_pool2d",
                                   "element",
                                   "place_element",
                                   "from_scalar",
                                   "stack"};
    rules::for_each<rules::All>([&]<class R>(R) { expected.insert(std::string(R::name)); });
    std::vector<std::string> missing, unknown;
    std::set_difference(expected.begin(), expected.end(), seen.begin(), seen.end(), std::back_inserter(missing));
    std::set_difference(seen.begin(), seen.end(), expected.begin(), expected.end(), std::back_inserter(unknown));
    std::erase_if(unknown, [](const std::string& name) { return inner.contains(name); });
    BOOST_TEST(missing.empty(), "no entry records " << fmt::format("{}", missing));
    BOOST_TEST(unknown.empty(), "recorded, but not listed here: " << fmt::format("{}", unknown));
}

BOOST_AUTO_TEST_SUITE_END()

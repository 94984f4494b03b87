// SPDX-License-Identifier: MIT
// What must hold exactly, or for every function of a kind, without any stored number.
#include "tests/ops/registry.hpp"
#include "tests/support/compare.hpp"

#include <cmath>

namespace {

using namespace registry;
using T = Tensor<double>;

T drawn(const Shape& shape, unsigned seed = 1) { return Draw(seed).uniform(shape, 0.5, 2); }
T ones_like(const T& x) { return T::ones(x.shape()); }
void check_bits(const T& got, const T& expected) { BOOST_TEST(bit_difference(got, expected) == ""); }
void check_close(const T& got, const T& expected, double tolerance) { BOOST_TEST(difference(got, expected, tolerance) == ""); }

/// A small network with all sorts of operations: x: [n, 4] -> number
T network(const T& x, const T& w, const T& b) { return mean(square(tanh(matmul(x, w) + b)) + logsumexp(matmul(x, w), 1, true)); }

}  // namespace

BOOST_AUTO_TEST_SUITE(exactly)

BOOST_AUTO_TEST_CASE(the_gradient_of_a_sum_is_ones) {
    for (const Shape& shape : {Shape{}, Shape{3}, Shape{2, 3}, Shape{2, 0}, Shape{17, 3, 5}})
        check_bits(gradient([](const T& x) { return sum(x); }, drawn(shape)), T::ones(shape));
}

BOOST_AUTO_TEST_CASE(the_gradient_of_a_mean_of_two_to_the_k_elements_is_its_reciprocal) {
    for (const Index n : {1, 2, 8, 64})
        check_bits(gradient([](const T& x) { return mean(x); }, drawn({n})), T::full({n}, 1.0 / static_cast<double>(n)));
}

BOOST_AUTO_TEST_CASE(the_gradient_of_a_linear_function_does_not_depend_on_where) {
    const T w = drawn({3, 2}), c = drawn({4, 2}, 2);
    const auto f = [&](const T& x) { return sum(c * matmul(flip(x, 1), w)) + sum(slice(x, {all, {{}, {}, 2}})); };
    const T here = gradient(f, drawn({4, 3}, 3));
    check_bits(gradient(f, drawn({4, 3}, 4)), here);
    // Differences with a step that is a power of two are exact for whole numbers.
    const auto whole = [](const T& x) { return sum(T::of({3, -2, 5}) * x); };
    const T x = T::of({1, 2, 3}), g = gradient(whole, x);
    for (Index i = 0; i < 3; ++i) {
        T moved = x;
        in_place(moved)[static_cast<std::size_t>(i)] += 0x1p-10;
        BOOST_TEST((whole(moved).item() - whole(x).item()) * 0x1p10 == g.at(i));
    }
}

BOOST_AUTO_TEST_CASE(scaling_the_result_by_a_power_of_two_scales_every_bit) {
    const T x = drawn({5, 4}), w = drawn({4, 3}, 2), b = drawn({3}, 3);
    const auto [gx, gw, gb] = gradient([](const T& a, const T& c, const T& d) { return network(a, c, d); }, x, w, b);
    for (const double factor : {0x1p-20, 0x1p30}) {
        const auto [hx, hw, hb] = gradient([factor](const T& a, const T& c, const T& d) { return factor * network(a, c, d); }, x, w, b);
        check_bits(hx, factor * gx);
        check_bits(hw, factor * gw);
        check_bits(hb, factor * gb);
    }
}

BOOST_AUTO_TEST_CASE(the_gradient_of_a_sum_of_functions_is_the_sum_of_their_gradients) {
    const T x = drawn({3, 4}), w = drawn({4, 3}, 2), b = drawn({3}, 3);
    const auto f = [&](const T& v) { return network(v, w, b); };
    const auto h = [](const T& v) { return prod(v) + norm2(v); };
    check_close(gradient([&](const T& v) { return f(v) + h(v); }, x), gradient(f, x) + gradient(h, x), 1e-15);
}

BOOST_AUTO_TEST_CASE(permuting_the_batch_permutes_its_gradient_and_leaves_the_weights_alone) {
    const T x = drawn({5, 4}), w = drawn({4, 3}, 2), b = drawn({3}, 3);
    const Tensor<Index> order = Tensor<Index>::of({3, 0, 4, 1, 2});
    const auto f = [](const T& a, const T& c, const T& d) { return network(a, c, d); };
    const auto [gx, gw, gb] = gradient(f, x, w, b);
    const auto [px, pw, pb] = gradient(f, take(x, order), w, b);
    check_close(px, take(gx, order), 1e-15);
    check_close(pw, gw, 1e-15);
    check_close(pb, gb, 1e-15);
}

BOOST_AUTO_TEST_CASE(gradients_of_logits_sum_to_0_in_every_row) {
    const T z = drawn({6, 5}), c = drawn({6, 5}, 2);
    for (const auto& f : std::vector<std::function<T(const T&)>>{[&](const T& v) { return sum(c * softmax(v)); },
                                                                 [&](const T& v) { return sum(c * log_softmax(v)); }}) {
        const T rows = sum(gradient(f, z), 1);
        for (Index i = 0; i < 6; ++i) BOOST_TEST(std::abs(rows.at(i)) < 5e-15);
    }
}

BOOST_AUTO_TEST_CASE(the_gradient_through_batch_normalisation_is_orthogonal_to_ones_and_to_the_result) {
    const T x = drawn({7, 3}), c = drawn({7, 3}, 2);
    const auto normalised = [](const T& v) { return (v - mean(v, 0, true)) / sqrt(variance(v, 0, true)); };
    const T g = gradient([&](const T& v) { return sum(c * normalised(v)); }, x);
    const T total = sum(g, 0), along = sum(g * normalised(x), 0);
    for (Index j = 0; j < 3; ++j) {
        BOOST_TEST(std::abs(total.at(j)) < 5e-14);
        BOOST_TEST(std::abs(along.at(j)) < 5e-14);
    }
}

BOOST_AUTO_TEST_CASE(a_zero_row_of_inputs_leaves_its_weights_at_exactly_0) {
    T x = drawn({5, 4});
    for (Index n = 0; n < 5; ++n) in_place(x)[static_cast<std::size_t>(4 * n + 2)] = 0;
    const T g = gradient([&x](const T& w) { return sum(square(matmul(x, w))); }, drawn({4, 3}, 2));
    for (Index j = 0; j < 3; ++j) BOOST_TEST(g.at(2, j) == 0);
    BOOST_TEST(count(g == 0).item() == 3);
}

BOOST_AUTO_TEST_CASE(homogeneous_functions_follow_euler) {
    struct Case {
        const char* name;
        double degree;
        std::function<T(const T&)> f;
    };
    const T c = drawn({3, 3}, 2);
    const std::vector<Case> cases{{"sum", 1, [](const T& x) { return sum(x); }},
                                  {"norm2", 1, [](const T& x) { return norm2(x); }},
                                  {"amax", 1, [](const T& x) { return amax(x); }},
                                  {"variance", 2, [](const T& x) { return variance(x); }},
                                  {"quadratic form", 2, [&](const T& x) { return sum(matmul(matmul(transpose(x), c), x)); }},
                                  {"product", 9, [](const T& x) { return prod(x); }},
                                  {"ratio", 0,
                                   [](const T& x) {
                                       return sum(x / sum(x, 0, true) * T::of({1, 2, 3}));
                                   }},
                                  {"norm over sum of cubes", -2, [](const T& x) { return norm2(x) / sum(pow(x, 3)); }}};
    const T x = drawn({3, 3});
    for (const Case& euler : cases) {
        const auto [value, g] = value_and_gradient(euler.f, x);
        BOOST_TEST(test::close(sum(x * g).item(), euler.degree * value, {.relative = 1e-14, .absolute = 1e-15}), euler.name);
    }
}

BOOST_AUTO_TEST_CASE(a_tensor_that_is_not_used_has_the_gradient_0_and_is_not_reached) {
    Tape tape;
    const T x = tape.variable(drawn({2})), unused = tape.variable(drawn({2, 3})), dead_end = exp(unused);
    const Gradient g = tape.gradient(sum(x * x));
    check_bits(g[unused], T::zeros({2, 3}));
    BOOST_TEST(!g.reaches(unused));
    BOOST_TEST(!g.reaches(dead_end));
    BOOST_TEST(g.reaches(x));
    check_bits(g[x], 2 * x.constant());
    check_bits(tape.gradient(sum(0 * x))[x], T::zeros({2}));
    BOOST_TEST(tape.gradient(sum(0 * x)).reaches(x));
}

BOOST_AUTO_TEST_CASE(a_sum_over_many_uses_counts_every_one) {
    Tape tape;
    const T x = tape.variable(drawn({3}));
    T total = T::zeros({3});
    for (int i = 0; i < 1000; ++i) total += x;
    check_bits(tape.gradient(sum(total))[x], 1000 * ones_like(x.constant()));
}

BOOST_AUTO_TEST_SUITE_END()

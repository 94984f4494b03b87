// SPDX-License-Identifier: MIT
// A determinant is a polynomial: it has all derivatives at singular matrices too, where formulas with the inverse divide by 0.
#include "tests/ops/plain_matrices.hpp"
#include "tests/ops/registry.hpp"
#include "tests/ops/throws.hpp"

namespace {

using namespace autodiff;
using T = Tensor<double>;

T random(const Shape& shape, unsigned seed) { return registry::Draw(seed).uniform(shape); }

struct Case {
    const char* what;
    T a;
};
std::vector<Case> singular_matrices() {
    return {{"one element", T::zeros({1, 1})},
            {"rank 1 of 2", T::from_rows({{1, 2}, {2, 4}})},
            {"rank 0 of 2", T::zeros({2, 2})},
            {"nilpotent", T::from_rows({{0, 1}, {0, 0}})},
            {"a row of zeros", T::from_rows({{1, 2, 3}, {0, 0, 0}, {4, -5, 6}})},
            {"equal columns", T::from_rows({{1, 1, 3}, {2, 2, -1}, {4, 4, 6}})},
            {"a pivot of rounding", T::from_rows({{1, 2, 3}, {4, 5, 6}, {7, 8, 9}})},
            {"rank 1 of 3", T::from_rows({{1, 2, 3}, {2, 4, 6}, {-1, -2, -3}})},
            {"rank 0 of 3", T::zeros({3, 3})},
            {"shifted", T::from_rows({{0, 1, 0, 0}, {0, 0, 2, 0}, {0, 0, 0, 3}, {0, 0, 0, 0}})},
            {"rank 2 of 4", T::from_rows({{1, 0, 2, 0}, {0, 3, 0, 1}, {2, 0, 4, 0}, {0, 6, 0, 2}})}};
}

/// sum over i, j of v[i,j] d cofactor(a) / d a[i,j], by replacing rows and columns: minors are linear in each element.
plain::Matrix cofactor_along(const plain::Matrix& a, const plain::Matrix& v) {
    plain::Matrix sum(a.rows, a.rows);
    for (Index i = 0; i < a.rows; ++i)
        for (Index j = 0; j < a.rows; ++j) {
            plain::Matrix with = a, without = a;
            with(i, j) = 1, without(i, j) = 0;
            sum = sum + v(i, j) * (plain::cofactor(with) + plain::Real(-1) * plain::cofactor(without));
        }
    return sum;
}

void check_close(const T& got, const plain::Matrix& expected, double tolerance) {
    BOOST_TEST(registry::difference(got, plain::tensor_of(expected), tolerance) == "");
}
/// For expected values that may be 0: relative to what the terms may be.
void check_near(const T& got, const plain::Matrix& expected, double size) {
    BOOST_TEST(amax(abs(got - plain::tensor_of(expected))).item() <= 1e-13 * size);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(determinants)

BOOST_AUTO_TEST_CASE(of_singular_matrices_have_the_cofactors_as_gradient) {
    for (const auto& [what, a] : singular_matrices()) {
        BOOST_TEST_CONTEXT(what) {
            const plain::Matrix expected = plain::cofactor(plain::matrix_of(a));
            const auto [value, adjoint] = value_and_gradient([](const T& x) { return -1.5 * determinant(x); }, a);
            BOOST_TEST(std::abs(value) <= 1e-14);
            check_near(adjoint, plain::Real(-1.5) * expected, 100);
            check_near(cofactor(a), expected, 100);
        }
    }
}

BOOST_AUTO_TEST_CASE(of_singular_matrices_have_a_second_derivative) {
    for (const auto& [what, a] : singular_matrices()) {
        BOOST_TEST_CONTEXT(what) {
            const T v = random(a.shape(), 31);
            Tape tape;
            const T x = tape.variable(a);
            const RecordedGradient g = tape.recorded_gradient(determinant(x));
            check_near(tape.gradient(sum(v * g[x]))[x], cofactor_along(plain::matrix_of(a), plain::matrix_of(v)), 100);
        }
    }
}

BOOST_AUTO_TEST_CASE(of_singular_matrices_in_a_batch_do_not_disturb_the_others) {
    const T regular = random({3, 3}, 32), singular = T::from_rows({{1, 2, 3}, {0, 0, 0}, {4, -5, 6}}), both = stack({regular, singular});
    const T adjoint = value_and_gradient([](const T& x) { return sum(T::of({2, 3}) * determinant(x)); }, both).second;
    check_close(select(adjoint, 0, 0), plain::Real(2) * plain::cofactor(plain::matrix_of(regular)), 1e-13);
    check_close(select(adjoint, 0, 1), plain::Real(3) * plain::cofactor(plain::matrix_of(singular)), 1e-13);
}

BOOST_AUTO_TEST_CASE(that_underflow_have_cofactors_that_do_not) {
    const T a = T::from_rows({{2e-200, 1e-200}, {1e-200, 3e-200}});
    const auto [value, adjoint] = value_and_gradient([](const T& x) { return determinant(x); }, a);
    BOOST_TEST(value == 0);
    check_close(adjoint * 1e200, plain::cofactor(plain::matrix_of(T::from_rows({{2, 1}, {1, 3}}))), 1e-14);
}

// Float takes the same way.
BOOST_AUTO_TEST_CASE(of_singular_float_matrices_have_cofactors) {
    const auto a = Tensor<float>::from_rows({{1, 1, 3}, {2, 2, -1}, {4, 4, 6}});
    const auto adjoint = value_and_gradient([](const Tensor<float>& x) { return determinant(x); }, a).second;
    BOOST_TEST(registry::difference(adjoint, plain::tensor_of(plain::cofactor(plain::matrix_of(a))), 1e-6) == "");
}

BOOST_AUTO_TEST_CASE(of_singular_matrices_refuse_a_third_derivative) {
    const T a = T::from_rows({{1, 2}, {2, 4}});
    Tape tape;
    const T x = tape.variable(a, "A");
    const RecordedGradient g = tape.recorded_gradient(determinant(x));
    const T along = sum(random({2, 2}, 33) * g[x]);
    BOOST_CHECK_EXCEPTION(static_cast<void>(tape.recorded_gradient(along)), ValueError, [](const ValueError& e) {
        return std::string(e.what()) == "cofactor: expected an invertible matrix, got A [2, 2] with a zero pivot in row 1";
    });
}

BOOST_AUTO_TEST_SUITE_END()

// SPDX-License-Identifier: MIT
// Sparse Hessians against dense ones, exactly symmetric, at new points and across branches.
#include "tests/sparse/functions.hpp"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>

using namespace sparse;

BOOST_AUTO_TEST_SUITE(sparse_hessians)

namespace {

Matrix dense_at(const std::function<Scalar(const Vector&)>& f, const std::vector<double>& at) {
    Tape tape;
    const Vector x = variables(tape, at);
    return dense_hessian(f(x), x);
}

}  // namespace

BOOST_DATA_TEST_CASE(equal_dense_ones_at_every_point, boost::unit_test::data::make(scalar_cases()), each) {
    SparseHessian hessian(each.f);
    for (unsigned seed = 1; seed < 4; ++seed) {
        const std::vector<double> at = point(each.variables, seed);
        const Csr h = hessian(at);
        check_equal(h, dense_at(each.f, at), at.size(), 1e-12);
        for (std::size_t i = 0; i < h.rows; ++i)
            for (std::size_t j = 0; j < i; ++j) BOOST_TEST(h(i, j) == h(j, i));
    }
    const std::vector<double> at = point(each.variables);
    check_equal(sparse_hessian(each.f, at), dense_at(each.f, at), at.size(), 1e-12);
}

BOOST_DATA_TEST_CASE(come_with_value_and_gradient, boost::unit_test::data::make(scalar_cases()), each) {
    const std::vector<double> at = point(each.variables);
    const auto result = SparseHessian(each.f).value_gradient_and_hessian(at);
    Tape tape;
    const Vector x = variables(tape, at);
    const Scalar y = each.f(x);
    const Gradient g = gradient(y);
    BOOST_TEST(result.value == y.value());
    for (std::size_t j = 0; j < x.size(); ++j) BOOST_TEST(test::close(result.gradient[j], g[x[j]], {.relative = 1e-13, .absolute = 1e-14}));
}

BOOST_AUTO_TEST_CASE(need_as_many_sweeps_as_colours) {
    SparseHessian chain(rosenbrock);
    static_cast<void>(chain(point(500)));
    BOOST_TEST(chain.compression().colours == 3u);
    BOOST_TEST(chain.pattern().entries() == 1498u);
}

BOOST_AUTO_TEST_CASE(of_a_recording_leave_it_as_it_was) {
    Tape tape;
    const Vector x = variables(tape, point(6));
    const Scalar y = rosenbrock(x);
    const double before = gradient(y)[x[2]];
    const std::size_t rows = tape.stats().rows;
    const Matrix dense = [&] {
        const Mark mark = tape.mark();
        Matrix result = dense_hessian(y, x);
        tape.rewind(mark);
        return result;
    }();
    check_equal(sparse_hessian(y, x), dense, 6, 1e-13);
    BOOST_TEST(tape.stats().rows <= rows + 2);  // marks
    BOOST_TEST(gradient(y)[x[2]] == before);
    BOOST_TEST((x[0] * y).value() == x[0].value() * y.value());  // still records
}

BOOST_AUTO_TEST_CASE(another_branch_adds_its_entries_and_loses_none) {
    const auto f = [](const Vector& x) { return x[0] > 1 ? x[0] * x[1] * x[2] : square(x[0]) + x[1] * x[1] + x[2]; };
    SparseHessian hessian(f);
    for (const double x0 : {0.5, 1.5, 0.5}) check_equal(hessian(std::vector<double>{x0, 3, 2}), dense_at(f, {x0, 3, 2}), 3, 1e-14);
    BOOST_TEST(hessian.colourings() == 2u);
    BOOST_TEST(hessian.pattern().entries() == 8u);
}

BOOST_AUTO_TEST_CASE(tensors_in_between_give_dense_blocks) {
    const auto f = [](const Vector& x) {
        const Tensor<double> t = x[0] * Tensor<double>::from_rows({{1, 2}}) + x[1];
        return Scalar(sum(tanh(t) * t)) + x[2] * x[3] * x[3];
    };
    const std::vector<double> at = point(4);
    check_equal(sparse_hessian(f, at), dense_at(f, at), 4, 1e-13);
}

BOOST_AUTO_TEST_SUITE_END()

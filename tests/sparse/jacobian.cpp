// SPDX-License-Identifier: MIT
// Sparse Jacobians against dense ones, at new points, across branches, and beside infinities.
#include "tests/sparse/functions.hpp"

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>

using namespace sparse;

BOOST_AUTO_TEST_SUITE(sparse_jacobians)

namespace {

Matrix dense_at(const std::function<Vector(const Vector&)>& f, const std::vector<double>& at) {
    Tape tape;
    const Vector x = variables(tape, at);
    return dense_jacobian(f(x), x);
}

}  // namespace

BOOST_DATA_TEST_CASE(equal_dense_ones_at_every_point, boost::unit_test::data::make(vector_cases()), each) {
    SparseJacobian jacobian(each.f);
    for (unsigned seed = 1; seed < 4; ++seed) {
        const std::vector<double> at = point(each.variables, seed);
        check_equal(jacobian(at), dense_at(each.f, at), at.size(), 1e-14);
    }
    BOOST_TEST(jacobian.colourings() == 1u);
    const std::vector<double> at = point(each.variables);
    check_equal(sparse_jacobian(each.f, at), dense_at(each.f, at), at.size(), 1e-14);
}

BOOST_DATA_TEST_CASE(by_columns_equal_those_by_rows, boost::unit_test::data::make(vector_cases()), each) {
    Tape tape;
    const Vector x = variables(tape, point(each.variables)), y = each.f(x);
    const Matrix dense = dense_jacobian(y, x);
    const Pattern pattern = jacobian_pattern(y, x);
    // Every seed alone, once at the columns and once at the rows.
    for (const auto direction : {Compression::Direction::columns, Compression::Direction::rows}) {
        const bool by_columns = direction == Compression::Direction::columns;
        Compression single{direction, static_cast<std::uint32_t>(by_columns ? x.size() : y.size()), {0}, {}, {0}, {}};
        for (std::uint32_t c = 0; c < single.colours; ++c) {
            single.seed.push_back(c), single.seed_begin.push_back(c + 1);
            for (std::uint32_t i = 0; i < y.size(); ++i)
                for (std::size_t k = pattern.row_begin[i]; k < pattern.row_begin[i + 1]; ++k)
                    if ((by_columns ? pattern.column[k] : i) == c) single.read.push_back({k, c, by_columns ? i : pattern.column[k]});
            single.read_begin.push_back(single.read.size());
        }
        check_equal(sparse_jacobian(y, x, pattern, single), dense, x.size(), 1e-14);
    }
}

BOOST_AUTO_TEST_CASE(need_as_many_sweeps_as_colours) {
    SparseJacobian jacobian([](const Vector& u) { return bratu(u, 10); });
    static_cast<void>(jacobian(point(100)));
    BOOST_TEST(jacobian.compression().colours == 5u);
    BOOST_TEST(jacobian.pattern().entries() == 460u);  // 5 n^2 - 4 n
}

BOOST_AUTO_TEST_CASE(come_with_the_values_of_the_function) {
    SparseJacobian jacobian([](std::span<const Scalar> x) { return std::array<Scalar, 2>{x[0] * x[1], 7}; });
    const auto [value, j] = jacobian.value_and_jacobian(std::vector<double>{2, 3});
    BOOST_TEST(value == (std::vector<double>{6, 7}), boost::test_tools::per_element());
    BOOST_TEST((static_cast<const Pattern&>(j) == pattern_of(2, {{0, 1}, {}})));
    BOOST_TEST(j.value == (std::vector<double>{3, 2}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(of_a_recording_leave_it_as_it_was) {
    Tape tape;
    const Vector x = variables(tape, point(3));
    const Vector y{x[0] * x[1], sin(x[2])};
    const std::size_t rows = tape.stats().rows;
    check_equal(sparse_jacobian(y, x), dense_jacobian(y, x), 3, 1e-15);
    BOOST_TEST(tape.stats().rows == rows);
}

BOOST_AUTO_TEST_CASE(of_nothing_are_empty) {
    BOOST_TEST(sparse_jacobian([](const Vector&) { return Vector{}; }, std::vector<double>{}).entries() == 0u);
    BOOST_TEST(sparse_jacobian([](const Vector&) { return Vector{1, 2}; }, std::vector<double>{3}).rows == 2u);
    BOOST_TEST(sparse_jacobian([](const Vector&) { return Vector{}; }, std::vector<double>{3}).columns == 1u);
}

BOOST_AUTO_TEST_CASE(another_branch_adds_its_entries_and_loses_none) {
    const auto f = [](const Vector& x) {
        Vector y;
        for (std::size_t i = 0; i < x.size(); ++i) y.push_back(x[i] > 1 ? x[i] * x[(i + 1) % x.size()] : sin(x[i]));
        return y;
    };
    SparseJacobian jacobian(f);
    const std::vector<double> low(5, 0.5), mixed{0.5, 2, 0.5, 2, 0.5}, high(5, 2);
    check_equal(jacobian(low), dense_at(f, low), 5, 1e-15);
    BOOST_TEST(jacobian.pattern().entries() == 5u);
    check_equal(jacobian(mixed), dense_at(f, mixed), 5, 1e-15);
    BOOST_TEST(jacobian.pattern().entries() == 7u);
    check_equal(jacobian(high), dense_at(f, high), 5, 1e-15);
    BOOST_TEST(jacobian.pattern().entries() == 10u);
    BOOST_TEST(jacobian.colourings() == 3u);
    check_equal(jacobian(low), dense_at(f, low), 5, 1e-15);
    check_equal(jacobian(mixed), dense_at(f, mixed), 5, 1e-15);
    BOOST_TEST(jacobian.colourings() == 3u);  // the union of what has been met holds for them, too
}

BOOST_AUTO_TEST_CASE(another_operation_on_the_same_operands_is_another_branch) {
    const auto f = [](const Vector& x) { return Vector{x[0] > 1 ? exp(x[0]) : floor(x[0])}; };
    SparseJacobian jacobian(f);
    for (const double x0 : {0.5, 1.5, 0.5}) check_equal(jacobian(std::vector<double>{x0}), dense_at(f, {x0}), 1, 1e-15);
    BOOST_TEST(jacobian.colourings() == 2u);
}

BOOST_AUTO_TEST_CASE(the_same_operations_on_other_operands_are_another_branch) {
    const auto f = [](const Vector& x) { return Vector{x[0] > 1 ? x[1] * x[0] : x[1] * x[1]}; };
    SparseJacobian jacobian(f);
    for (const double x0 : {0.5, 1.5, 0.5}) check_equal(jacobian(std::vector<double>{x0, 3}), dense_at(f, {x0, 3}), 2, 1e-15);
    BOOST_TEST(jacobian.colourings() == 2u);
}

BOOST_AUTO_TEST_CASE(results_in_another_order_are_another_branch) {
    const auto f = [](const Vector& x) {
        const Scalar a = x[0] * x[0], b = sin(x[1]);
        return x[0] > 1 ? Vector{b, a} : Vector{a, b};
    };
    SparseJacobian jacobian(f);
    for (const double x0 : {0.5, 1.5}) check_equal(jacobian(std::vector<double>{x0, 3}), dense_at(f, {x0, 3}), 2, 1e-15);
}

BOOST_AUTO_TEST_CASE(tensors_in_between_are_derived_anew_at_every_point) {
    const auto f = [](const Vector& x) {
        const Tensor<double> t = x[0] * Tensor<double>::from_rows({{1, 2}}) + x[1];
        return Vector{Scalar(sum(t * t)), x[0].value() > 1 ? x[2] : x[1], t(0, 1)};
    };
    SparseJacobian jacobian(f);
    for (const double x0 : {0.5, 1.5, 0.7}) check_equal(jacobian(std::vector<double>{x0, 3, 2}), dense_at(f, {x0, 3, 2}), 3, 1e-14);
    BOOST_TEST(jacobian.colourings() == 2u);
}

BOOST_AUTO_TEST_CASE(infinity_times_what_is_flat_spoils_no_entry_of_another_column) {
    // The step at sqrt(0), whose derivative is infinite, has no entry; x0 and x1 share a sweep.
    const auto f = [](const Vector& x) { return Vector{floor(sqrt(x[0])) + x[1]}; };
    const Csr j = sparse_jacobian(f, std::vector<double>{0, 3});
    BOOST_TEST((static_cast<const Pattern&>(j) == pattern_of(2, {{1}})));
    BOOST_TEST(j(0, 1) == 1.0);
}

BOOST_AUTO_TEST_CASE(infinity_times_what_is_flat_spoils_no_entry_of_another_row) {
    // By rows: log(floor(x0)) at a step to 0 has no entry, and shares a sweep with the row below.
    const auto f = [](const Vector& x) { return Vector{log(floor(x[0])), x[0] + x[1] + x[2]}; };
    SparseJacobian jacobian(f);
    const Csr j = jacobian(std::vector<double>{0.5, 1, 1});
    BOOST_REQUIRE((jacobian.compression().direction == Compression::Direction::rows));
    BOOST_TEST((static_cast<const Pattern&>(j) == pattern_of(3, {{}, {0, 1, 2}})));
    BOOST_TEST(j.value == (std::vector<double>{1, 1, 1}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(entries_that_are_not_a_number_stay_that) {
    const Csr j = sparse_jacobian(
        [](const Vector& x) {
            return Vector{sqrt(x[0]), x[1], x[2] * log(x[3])};
        },
        std::vector<double>{-1, 2, 3, -4});
    BOOST_TEST(std::isnan(j(0, 0)));
    BOOST_TEST(j(1, 1) == 1.0);
    BOOST_TEST(std::isnan(j(2, 2)));
    BOOST_TEST(j(2, 3) == -0.75);
}

BOOST_AUTO_TEST_SUITE_END()

// SPDX-License-Identifier: MIT
// Sparse derivatives as matrices of Eigen.
#include "autodiff/eigen_sparse.hpp"

#include "tests/sparse/functions.hpp"

#include <cstdint>

using namespace sparse;

BOOST_AUTO_TEST_SUITE(sparse_matrices_of_eigen)

BOOST_AUTO_TEST_CASE(have_the_same_entries) {
    for (const VectorCase& each : vector_cases()) {
        const Csr j = sparse_jacobian(each.f, point(each.variables));
        const auto check_entries = [&](const auto& matrix) {
            BOOST_TEST(matrix.isCompressed());
            BOOST_REQUIRE_EQUAL(static_cast<std::size_t>(matrix.nonZeros()), j.entries());
            for (std::size_t i = 0; i < j.rows; ++i)
                for (std::size_t k = 0; k < j.columns; ++k)
                    BOOST_TEST(matrix.coeff(static_cast<Eigen::Index>(i), static_cast<Eigen::Index>(k)) == j(i, k));
        };
        check_entries(to_eigen(j));
        check_entries(to_eigen<std::int64_t>(j));
    }
}

BOOST_AUTO_TEST_CASE(too_large_for_the_index_are_refused) {
    const Csr j = sparse_jacobian(diagonal, point(200));
    BOOST_CHECK_EXCEPTION(static_cast<void>(to_eigen<std::int8_t>(j)), ValueError, [](const ValueError& e) {
        return e.what() == std::string("to_eigen: expected at most 127 rows, columns and entries, got 200; ask for to_eigen<std::int64_t>");
    });
}

BOOST_AUTO_TEST_SUITE_END()

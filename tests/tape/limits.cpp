// SPDX-License-Identifier: MIT
// A tape that is full: the operation that does not fit throws and leaves everything as it was, operands included. Next: large.cpp.
#include "autodiff/gradient.hpp"

#include <boost/test/unit_test.hpp>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

namespace {

using autodiff::Detail;
using autodiff::Scalar;
using autodiff::Tape;
using autodiff::TapeError;
using autodiff::TapeLimits;

bool full(const TapeError& e) { return e.kind() == TapeError::Kind::full; }

}  // namespace

BOOST_AUTO_TEST_SUITE(limits)

BOOST_AUTO_TEST_CASE(the_error_says_how_many_rows_and_what_to_do) {
    Tape tape(Detail::operations, {.rows = 3});
    const Scalar x = tape.variable(2.0), y = x * x, z = y * x;
    BOOST_CHECK_EXCEPTION(z * x, TapeError, [](const TapeError& e) {
        return full(e) && e.what() == std::string("tape: expected at most 3 rows, got 4; clear() or rewind() it, or give it higher limits");
    });
    BOOST_CHECK_EXCEPTION(static_cast<void>(tape.variable(1.0)), TapeError, full);
    BOOST_TEST(tape.stats().rows == 3u);
    BOOST_TEST(gradient(z)[x] == 12.0);
}

BOOST_AUTO_TEST_CASE(the_error_says_how_many_operands) {
    for (const Detail detail : {Detail::operations, Detail::derivatives}) {
        Tape tape(detail, {.operands = 5});
        const Scalar x = tape.variable(2.0), y = x * x, z = y * x;
        BOOST_CHECK_EXCEPTION(z * x, TapeError, [](const TapeError& e) {
            return full(e) &&
                   e.what() == std::string("tape: expected at most 5 operands, got 6; clear() or rewind() it, or give it higher limits");
        });
        BOOST_TEST(tape.stats().operands == 4u);
        BOOST_TEST(gradient(z)[x] == 12.0);
    }
}

BOOST_AUTO_TEST_CASE(a_full_tape_in_the_middle_of_an_absorption_leaves_the_temporary_whole) {
    // Whatever the limit, what has been recorded up to the refusal is right, and the temporary in hand can still be used.
    for (std::uint32_t operands = 2; operands < 60; ++operands) {
        Tape tape(Detail::derivatives, {.operands = operands});
        const Scalar x = tape.variable(3.0), y = tape.variable(5.0);
        Scalar s = x * y;
        int accepted = 0;
        try {
            for (; accepted < 100; ++accepted) s = std::move(s) + y;
        } catch (const TapeError& e) {
            BOOST_TEST(full(e));
        }
        BOOST_REQUIRE(accepted < 100);
        BOOST_TEST(s.value() == 15.0 + 5.0 * accepted);
        const auto g = gradient(s);
        BOOST_TEST(g[x] == 5.0);
        BOOST_TEST(g[y] == 3.0 + accepted);
        BOOST_TEST(tape.stats().operands <= operands);
    }
}

BOOST_AUTO_TEST_CASE(scaling_an_absorbed_row_needs_no_room) {
    Tape tape(Detail::derivatives, {.operands = 3});
    const Scalar x = tape.variable(3.0);
    const Scalar y = sin(x * x * 2.0 + 1.0) * 4.0 - 3.0;
    BOOST_TEST(tape.stats().operands <= 3u);
    const double inner = 2.0 * 9.0 + 1.0;
    BOOST_TEST(gradient(y)[x] == 4.0 * std::cos(inner) * 12.0, boost::test_tools::tolerance(1e-14));
}

BOOST_AUTO_TEST_CASE(a_refused_product_leaves_both_operands_whole) {
    for (std::uint32_t operands = 4; operands < 12; ++operands) {
        Tape tape(Detail::derivatives, {.operands = operands});
        const Scalar x = tape.variable(3.0), y = tape.variable(5.0);
        Scalar a = x * x, b = y * y;
        int multiplied = 0;
        try {
            for (; multiplied < 20; ++multiplied) {
                const Scalar kept = a;
                a = std::move(a) * b;
            }
        } catch (const TapeError& e) {
            BOOST_TEST(full(e));
        }
        BOOST_REQUIRE(multiplied < 20);
        const auto ga = gradient(a), gb = gradient(b);
        BOOST_TEST(ga[x] == 6.0 * std::pow(25.0, multiplied));
        BOOST_TEST(gb[y] == 10.0);
        BOOST_TEST(b.value() == 25.0);
    }
}

BOOST_AUTO_TEST_CASE(a_refused_operation_with_temporaries_does_not_consume_them) {
    Tape tape(Detail::derivatives, {.operands = 4});
    const Scalar x = tape.variable(3.0), y = tape.variable(5.0);
    Scalar a = x * x, b = y * y;
    const Scalar c = b;  // not fresh, so that nothing can merge
    BOOST_CHECK_EXCEPTION(std::move(a) * std::move(b), TapeError, full);
    BOOST_TEST(a.value() == 9.0);
    BOOST_TEST(b.value() == 25.0);
    BOOST_TEST(gradient(a)[x] == 6.0);
    BOOST_CHECK_EXCEPTION(std::move(b) / x, TapeError, full);
    BOOST_CHECK_EXCEPTION(sin(std::move(b)), TapeError, full);
    BOOST_TEST(gradient(b)[y] == 10.0);
    BOOST_CHECK_EXCEPTION(a += c, TapeError, full);
    BOOST_CHECK_EXCEPTION(a *= c, TapeError, full);
    BOOST_TEST(a.value() == 9.0);
    BOOST_TEST(gradient(a)[x] == 6.0);
}

BOOST_AUTO_TEST_CASE(the_limit_of_rows_holds_on_both_tapes) {
    for (const Detail detail : {Detail::operations, Detail::derivatives})
        for (std::uint32_t rows = 2; rows < 40; ++rows) {
            Tape tape(detail, {.rows = rows});
            const Scalar x = tape.variable(3.0);
            std::vector<Scalar> values{x};
            try {
                for (int i = 0; i < 100; ++i) values.push_back(values.back() * 2.0);
            } catch (const TapeError& e) {
                BOOST_TEST(full(e));
            }
            BOOST_TEST(values.size() == rows);
            BOOST_TEST(tape.stats().rows == rows);
            BOOST_TEST(gradient(values.back())[x] == std::pow(2.0, static_cast<double>(rows) - 1));
            BOOST_CHECK_EXCEPTION(static_cast<void>(tape.variable(1.0)), TapeError, full);
            BOOST_TEST(tape.stats().variables == 1u);
        }
}

BOOST_AUTO_TEST_CASE(rewinding_and_clearing_make_room) {
    for (const Detail detail : {Detail::operations, Detail::derivatives}) {
        Tape tape(detail, {.rows = 20});
        const Scalar x = tape.variable(3.0);
        const auto fill = [](const Scalar& from) {
            std::size_t n = 0;
            std::vector<Scalar> kept{from};
            try {
                for (;; ++n) kept.push_back(kept.back() * 1.5);
            } catch (const TapeError&) {
            }
            return n;
        };
        const auto mark = tape.mark();
        const std::size_t first = fill(x);
        tape.rewind(mark);
        BOOST_TEST(fill(x) == first);
        tape.clear();
        BOOST_TEST(fill(tape.variable(1.0)) == first);
        BOOST_TEST(first == 19u);
    }
}

BOOST_AUTO_TEST_SUITE_END()

// SPDX-License-Identifier: MIT
// What a recording holds, what a question leaves behind, and exceptions on the way. Next: misuse.cpp.
#include "autodiff/gradient.hpp"

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <cmath>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

using autodiff::Detail;
using autodiff::Gradient;
using autodiff::Scalar;
using autodiff::Tape;
using autodiff::TapeError;

constexpr Detail both[] = {Detail::derivatives, Detail::operations};

std::map<std::string, std::size_t> frequencies(const Tape& tape) {
    const auto list = tape.stats().by_operation;
    return {list.begin(), list.end()};
}

}  // namespace

BOOST_AUTO_TEST_SUITE(recording)

BOOST_AUTO_TEST_CASE(an_absorbing_tape_makes_one_row_of_an_expression) {
    Tape tape(Detail::derivatives);
    const Scalar s = tape.variable(2.0), x = tape.variable(3.0), y = tape.variable(5.0);
    const Scalar z = s * (y - x);
    BOOST_TEST(tape.stats().rows == 4u);
    BOOST_TEST(tape.stats().operands == 3u);
    const Gradient g = gradient(z);
    BOOST_TEST(g[s] == 2.0);
    BOOST_TEST(g[x] == -2.0);
    BOOST_TEST(g[y] == 2.0);
}

BOOST_AUTO_TEST_CASE(a_tape_of_operations_keeps_every_one) {
    Tape tape(Detail::operations);
    const Scalar s = tape.variable(2.0), x = tape.variable(3.0), y = tape.variable(5.0);
    static_cast<void>(s * (y - x) + 1.0);
    BOOST_TEST(tape.stats().rows == 6u);
    BOOST_TEST(tape.stats().operands == 6u);  // the constant of a sum is recorded as well
    const auto& list = tape.list();
    BOOST_TEST(list.value[4] == 2.0);
    BOOST_TEST(list.value[5] == 4.0);
    BOOST_TEST(list.value[6] == 5.0);
    BOOST_TEST(autodiff::name(list.operation[4]) == "sub");
    BOOST_TEST(autodiff::name(list.operation[5]) == "mul");
    BOOST_TEST(autodiff::name(list.operation[6]) == "add");
}

BOOST_AUTO_TEST_CASE(statistics_count_operations_most_frequent_first) {
    Tape tape(Detail::operations);
    const Scalar x = tape.variable(2.0, "x"), y = tape.variable(3.0, "y");
    Scalar z = x;
    for (int i = 0; i < 5; ++i) z = z * y;
    for (int i = 0; i < 3; ++i) z = z + x;
    z = sin(z) / y - 1.0;
    const auto stats = tape.stats();
    BOOST_TEST(stats.rows == 13u);
    BOOST_TEST(stats.operands == 21u);
    BOOST_TEST(stats.variables == 2u);
    BOOST_TEST(stats.tensor_rows == 0u);
    BOOST_TEST(stats.bytes > 0u);
    BOOST_TEST(stats.bytes <= stats.bytes_reserved);
    const auto count = frequencies(tape);
    BOOST_TEST(count.size() == 5u);
    BOOST_TEST(count.at("mul") == 5u);
    BOOST_TEST(count.at("add") == 3u);
    BOOST_TEST(count.at("sin") == 1u);
    BOOST_TEST(count.at("div") == 1u);
    BOOST_TEST(count.at("sub") == 1u);
    BOOST_TEST(stats.by_operation[0].first == "mul");
    BOOST_TEST(stats.by_operation[1].first == "add");
}

BOOST_AUTO_TEST_CASE(a_tape_of_derivatives_does_not_know_its_operations) {
    Tape tape(Detail::derivatives);
    const Scalar x = tape.variable(2.0);
    static_cast<void>(sin(x * x));
    BOOST_TEST(tape.stats().by_operation.empty());
    BOOST_CHECK(tape.detail() == Detail::derivatives);
}

BOOST_AUTO_TEST_CASE(constants_make_no_rows) {
    for (const Detail detail : both) {
        Tape tape(detail);
        const Scalar a = 2.0, b = a * 3.0, c = sin(b) + a / b - pow(a, b);
        BOOST_TEST(!c.recorded());
        BOOST_TEST(tape.stats().rows == 0u);
        const Scalar x = tape.variable(1.0);
        BOOST_TEST(gradient(c * x)[x] == c.value());
    }
}

BOOST_AUTO_TEST_CASE(where_no_tape_lives_constants_still_compute) {
    const Scalar a = 2.0, b = 3.0;
    BOOST_TEST((a * b + sin(a) - 1).value() == 5.0 + std::sin(2.0));
    BOOST_TEST(!(a + b).recorded());
}

BOOST_AUTO_TEST_CASE(asking_leaves_the_tape_as_it_was) {
    for (const Detail detail : both) {
        Tape tape(detail);
        const Scalar x = tape.variable(0.7), y = tape.variable(-1.2);
        Scalar z = sin(x * y) * x + y / x;
        const Scalar w = z;
        const auto before = tape.stats();
        const Gradient first = gradient(w), second = gradient(w), third = tape.gradient(w);
        const auto after = tape.stats();
        BOOST_TEST(before.rows == after.rows);
        BOOST_TEST(before.operands == after.operands);
        BOOST_TEST(before.bytes == after.bytes);
        for (const Scalar& each : {x, y, w}) {
            BOOST_TEST(first[each] == second[each]);
            BOOST_TEST(first[each] == third[each]);
        }
    }
}

BOOST_AUTO_TEST_CASE(asking_for_a_temporary_ends_its_freshness) {
    Tape tape(Detail::derivatives);
    const Scalar x = tape.variable(3.0);
    Scalar t = x * x;
    const Gradient of_t = gradient(t);
    const Scalar u = std::move(t) * 5.0;
    const Gradient of_u = gradient(u);
    BOOST_TEST(of_t[x] == 6.0);
    BOOST_TEST(of_u[x] == 30.0);
}

BOOST_AUTO_TEST_CASE(asking_for_an_adjoint_ends_freshness_too) {
    Tape tape(Detail::derivatives);
    const Scalar x = tape.variable(3.0), y = x * 2.0;
    Scalar t = x * x;
    const Gradient g = gradient(y);
    BOOST_TEST(g[t] == 0.0);
    BOOST_TEST(!g.reaches(t));
    Scalar u = std::move(t) * 5.0;
    BOOST_TEST(gradient(u)[x] == 30.0);
}

BOOST_AUTO_TEST_CASE(a_named_value_keeps_its_row) {
    Tape tape(Detail::derivatives);
    const Scalar x = tape.variable(3.0, "x");
    Scalar t = x * x;
    tape.name(t, "square");
    const std::uint32_t row = t.row();
    const Scalar u = std::move(t) * 5.0;
    BOOST_TEST(tape.name_of(row) == "square");
    BOOST_TEST(u.row() != row);
    BOOST_TEST(tape.name_of(x.row()) == "x");
    BOOST_TEST(tape.name_of(u.row()) == "t3");
    tape.name(u, "five");
    tape.name(u, "five squares");
    BOOST_TEST(tape.name_of(u.row()) == "five squares");
}

BOOST_AUTO_TEST_CASE(adjoints_of_named_locals) {
    for (const Detail detail : both) {
        Tape tape(detail);
        const Scalar x = tape.variable(0.7), y = tape.variable(1.3);
        const Scalar product = x * y, sine = sin(product), z = sine * product + x;
        const Gradient g = gradient(z);
        BOOST_TEST(g[z] == 1.0);
        BOOST_TEST(g[sine] == product.value());
        BOOST_TEST(g[product] == sine.value() + std::cos(product.value()) * product.value(), boost::test_tools::tolerance(1e-15));
        BOOST_TEST(g[x] == 1 + g[product] * 1.3, boost::test_tools::tolerance(1e-15));
    }
}

BOOST_AUTO_TEST_CASE(adjoints_of_both_ends_of_a_shift) {
    for (const Detail detail : both) {
        Tape tape(detail);
        const Scalar x = tape.variable(3.0), y = x + 1.0, z = y * y * x;
        const Gradient g = gradient(z);
        BOOST_TEST(g[y] == 24.0);
        BOOST_TEST(g[x] == 40.0);
        const Gradient of_y = gradient(y);
        BOOST_TEST(of_y[x] == 1.0);
        BOOST_TEST(of_y[y] == 1.0);
    }
}

BOOST_AUTO_TEST_CASE(every_value_of_a_history_has_its_own_adjoint) {
    for (const Detail detail : both) {
        Tape tape(detail);
        const Scalar x = tape.variable(1.5);
        std::vector<Scalar> history;
        Scalar s = x * 2.0;
        for (int i = 0; i < 5; ++i) history.push_back(s), s *= 3.0;
        const Gradient g = gradient(s);
        for (std::size_t i = 0; i < history.size(); ++i) BOOST_TEST(g[history[i]] == std::pow(3.0, 5.0 - static_cast<double>(i)));
        BOOST_TEST(g[x] == 486.0);
    }
}

BOOST_AUTO_TEST_CASE(a_gradient_object_is_used_again) {
    Tape tape(Detail::derivatives);
    Gradient g;
    for (int i = 1; i < 2000; i *= 3) {
        tape.clear();
        const Scalar x = tape.variable(1.0);
        Scalar y = x;
        for (int k = 0; k < i; ++k) y = y + x * x;
        tape.gradient(y, g);
        BOOST_TEST(g[x] == 1.0 + 2 * i);
    }
    const Scalar x = tape.variable(2.0), y = x * x;
    tape.gradient(y, g);
    BOOST_TEST(g[x] == 4.0);  // a short sweep after a long one
}

BOOST_AUTO_TEST_CASE(an_exception_while_recording_leaves_a_usable_tape) {
    for (const Detail detail : both) {
        Tape tape(detail);
        const Scalar x = tape.variable(3.0);
        Scalar y = x * x;
        const auto throwing = [](const Scalar& t) -> Scalar {
            if (t > 0) throw std::domain_error("no");
            return t;
        };
        BOOST_CHECK_THROW(y = y * x + throwing(sin(x) * x), std::domain_error);
        BOOST_CHECK_THROW(y = throwing(x) * (y + x), std::domain_error);
        BOOST_TEST(y.value() == 9.0);
        y *= x;
        BOOST_TEST(gradient(y)[x] == 27.0);
    }
}

BOOST_AUTO_TEST_CASE(a_refused_operand_leaves_the_other_temporary_whole) {
    for (const Detail detail : both) {
        Tape tape(detail);
        const Scalar x = tape.variable(3.0);
        Scalar gone = x * 2.0;
        const Scalar taken = std::move(gone);
        Scalar t = x * x;
        const auto rows = tape.stats().rows;
        BOOST_CHECK_THROW(std::move(t) * gone, TapeError);
        BOOST_CHECK_THROW(gone * std::move(t), TapeError);
        BOOST_CHECK_THROW(t += gone, TapeError);
        BOOST_CHECK_THROW(t *= gone, TapeError);
        BOOST_TEST(tape.stats().rows == rows);
        BOOST_TEST(t.value() == 9.0);
        BOOST_TEST(gradient(std::move(t) * taken)[x] == 54.0);
    }
}

BOOST_AUTO_TEST_SUITE_END()

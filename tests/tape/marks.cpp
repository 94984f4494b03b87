// SPDX-License-Identifier: MIT
// Marks and rewinding: what survives, what becomes stale, and that a loop of mark and rewind stands still. Next: nesting.cpp.
#include "autodiff/gradient.hpp"

#include <boost/test/unit_test.hpp>
#include <cmath>
#include <vector>

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>

namespace {

using autodiff::Detail;
using autodiff::Gradient;
using autodiff::Mark;
using autodiff::Scalar;
using autodiff::Tape;
using autodiff::TapeError;

const auto details = boost::unit_test::data::make({Detail::derivatives, Detail::operations});

bool stale(const TapeError& e) { return e.kind() == TapeError::Kind::stale_handle; }

}  // namespace

namespace autodiff {
inline namespace v1 {
inline std::ostream& operator<<(std::ostream& out, Detail detail) {
    return out << (detail == Detail::operations ? "operations" : "derivatives");
}
}  // namespace v1
}  // namespace autodiff

BOOST_AUTO_TEST_SUITE(marks)

BOOST_DATA_TEST_CASE(values_below_a_mark_survive_and_values_above_become_stale, details) {
    Tape tape(sample);
    const Scalar x = tape.variable(3.0), below = x * x;
    const Mark mark = tape.mark();
    const Scalar above = below * x;
    tape.rewind(mark);
    const Scalar y = below * 2.0 + x;
    const Gradient g = gradient(y);
    BOOST_TEST(g[x] == 13.0);
    BOOST_TEST(g[below] == 2.0);
    BOOST_CHECK_EXCEPTION(above * x, TapeError, stale);
    BOOST_CHECK_EXCEPTION(static_cast<void>(gradient(above)), TapeError, stale);
    BOOST_TEST(above.value() == 27.0);
}

BOOST_DATA_TEST_CASE(the_same_row_number_after_a_rewind_is_not_the_same_value, details) {
    Tape tape(sample);
    const Scalar x = tape.variable(3.0);
    const Mark mark = tape.mark();
    const Scalar old = x * 5.0;
    tape.rewind(mark);
    const Scalar now = x * 7.0;
    BOOST_TEST(old.row() == now.row());
    const Gradient g = gradient(now);
    BOOST_TEST(g[now] == 1.0);
    BOOST_CHECK_THROW(static_cast<void>(g[old]), TapeError);
    BOOST_CHECK_EXCEPTION(now + old, TapeError, stale);
}

BOOST_DATA_TEST_CASE(rewinding_twice_to_one_mark, details) {
    Tape tape(sample);
    const Scalar x = tape.variable(3.0);
    const Mark mark = tape.mark();
    for (int i = 1; i <= 3; ++i) {
        const Scalar y = x * i;
        BOOST_TEST(gradient(y)[x] == i);
        tape.rewind(mark);
    }
    tape.rewind(mark);
    BOOST_TEST(gradient(x * x)[x] == 6.0);
}

BOOST_DATA_TEST_CASE(a_mark_on_an_empty_tape_can_be_rewound_to_again_and_again, details) {
    Tape tape(sample);
    const Mark mark = tape.mark();
    for (int i = 1; i <= 3; ++i) {
        const Scalar x = tape.variable(i), y = x * x;
        BOOST_TEST(gradient(y)[x] == 2.0 * i);
        BOOST_REQUIRE_NO_THROW(tape.rewind(mark));
        BOOST_TEST(tape.stats().rows == 0u);
        BOOST_TEST(tape.stats().variables == 0u);
    }
}

BOOST_DATA_TEST_CASE(a_mark_made_right_after_a_rewind_can_be_rewound_to_again_and_again, details) {
    Tape tape(sample);
    const Scalar x = tape.variable(3.0);
    const Mark outer = tape.mark();
    tape.rewind(outer);
    const Mark again = tape.mark();
    for (int i = 1; i <= 3; ++i) {
        BOOST_TEST(gradient(x * i)[x] == i);
        BOOST_REQUIRE_NO_THROW(tape.rewind(again));
    }
    BOOST_REQUIRE_NO_THROW(tape.rewind(outer));
}

BOOST_DATA_TEST_CASE(marks_nest, details) {
    Tape tape(sample);
    const Scalar x = tape.variable(2.0), a = x * x;
    const Mark outer = tape.mark();
    const Scalar b = a * x;
    const Mark inner = tape.mark();
    const Scalar c = b * x;
    tape.rewind(inner);
    BOOST_CHECK_EXCEPTION(c * x, TapeError, stale);
    BOOST_TEST(gradient(b * a)[x] == 80.0);  // x^5
    tape.rewind(inner);
    const Scalar d = b * b;
    BOOST_TEST(gradient(d)[x] == 192.0);  // x^6
    BOOST_TEST(gradient(d)[b] == 16.0);
    tape.rewind(outer);
    BOOST_CHECK_EXCEPTION(b * x, TapeError, stale);
    BOOST_CHECK_EXCEPTION(d * x, TapeError, stale);
    BOOST_TEST(gradient(a * a)[x] == 32.0);
    BOOST_CHECK_EXCEPTION(tape.rewind(inner), TapeError, stale);
    tape.rewind(outer);
    BOOST_TEST(gradient(a)[x] == 4.0);
}

BOOST_DATA_TEST_CASE(values_of_three_segments_work_together, details) {
    Tape tape(sample);
    const Scalar x = tape.variable(2.0), a = x * x;
    const Mark first = tape.mark();
    static_cast<void>(a * x);
    tape.rewind(first);
    const Scalar b = a * x;
    const Mark second = tape.mark();
    static_cast<void>(b * x);
    tape.rewind(second);
    const Scalar c = b * a * x;
    const Gradient g = gradient(c);
    BOOST_TEST(g[x] == 192.0);
    BOOST_TEST(g[a] == 32.0);  // a a x^2: once through b
    BOOST_TEST(g[b] == 8.0);
    BOOST_TEST(g[c] == 1.0);
    tape.rewind(first);
    BOOST_TEST(gradient(a * 3.0)[x] == 12.0);
    BOOST_CHECK_EXCEPTION(b * 1.0, TapeError, stale);
}

BOOST_DATA_TEST_CASE(a_gradient_keeps_its_answers_after_a_rewind, details) {
    Tape tape(sample);
    const Scalar x = tape.variable(3.0);
    const Mark mark = tape.mark();
    const Scalar t = x * x, y = t * x;
    const Gradient g = gradient(y);
    tape.rewind(mark);
    static_cast<void>(x * 100.0);
    BOOST_TEST(g[x] == 27.0);
    BOOST_TEST(g[t] == 3.0);
    BOOST_TEST(g[y] == 1.0);
}

BOOST_DATA_TEST_CASE(variables_made_after_a_mark_go_with_it, details) {
    Tape tape(sample);
    const Scalar x = tape.variable(3.0, "x");
    const Mark mark = tape.mark();
    const Scalar late = tape.variable(4.0, "late");
    BOOST_TEST(tape.stats().variables == 2u);
    BOOST_TEST(gradient(x * late)[late] == 3.0);
    tape.rewind(mark);
    BOOST_TEST(tape.stats().variables == 1u);
    BOOST_CHECK_EXCEPTION(x * late, TapeError, stale);
    const Scalar other = tape.variable(5.0);
    BOOST_TEST(tape.name_of(other.row()) != "late");
    BOOST_TEST(tape.name_of(x.row()) == "x");
}

BOOST_DATA_TEST_CASE(nothing_is_absorbed_across_a_mark, details) {
    Tape tape(sample);
    const Scalar x = tape.variable(3.0);
    Scalar t = x * x;  // fresh, on top
    const Mark mark = tape.mark();
    Scalar u = std::move(t) * 5.0;  // would scale the row of t in place
    const Scalar seen = u;
    BOOST_TEST(gradient(seen)[x] == 30.0);
    tape.rewind(mark);
    BOOST_TEST(tape.stats().rows >= 2u);
    BOOST_CHECK_EXCEPTION(seen * 1.0, TapeError, stale);
}

BOOST_DATA_TEST_CASE(two_temporaries_are_not_merged_across_a_mark, details) {
    Tape tape(sample);
    const Scalar x = tape.variable(3.0), y = tape.variable(4.0);
    Scalar below = x * y;
    const Mark mark = tape.mark();
    Scalar above = x + y;
    const Scalar product = std::move(below) * std::move(above);
    BOOST_TEST(gradient(product)[x] == 40.0);  // 2 x y + y^2
    tape.rewind(mark);
    const Scalar after = x * 2.0 + y;
    BOOST_TEST(gradient(after)[x] == 2.0);
    BOOST_TEST(gradient(after)[y] == 1.0);
}

BOOST_DATA_TEST_CASE(a_fresh_value_below_the_mark_is_whole_after_rewinding, details) {
    Tape tape(sample);
    const Scalar x = tape.variable(3.0);
    Scalar t = x * x, u = x * 3.0, v = x * 4.0;
    const Mark mark = tape.mark();
    static_cast<void>(x * 5.0);
    tape.rewind(mark);
    t = std::move(t) * 2.0;
    u = std::move(u) + 1.0;
    v = std::move(t) * (std::move(u) + std::move(v));  // 2 x^2 (7 x + 1)
    BOOST_TEST(gradient(v)[x] == 390.0);
}

BOOST_DATA_TEST_CASE(a_shift_above_the_mark_keeps_its_row_below, details) {
    Tape tape(sample);
    const Scalar x = tape.variable(3.0);
    const Mark mark = tape.mark();
    Scalar t = x * x;
    const Mark inner = tape.mark();
    const Scalar shifted = std::move(t) + 1.0;
    BOOST_TEST(gradient(shifted)[x] == 6.0);
    tape.rewind(inner);
    tape.rewind(mark);
    BOOST_CHECK_EXCEPTION(shifted * 2.0, TapeError, stale);
}

BOOST_DATA_TEST_CASE(a_loop_of_mark_record_gradient_rewind_stands_still, details) {
    Tape tape(sample);
    const Scalar x = tape.variable(0.5), base = x * x;
    std::size_t rows = 0, reserved = 0;
    double total = 0;
    for (int i = 0; i < 100'000; ++i) {
        const Mark mark = tape.mark();
        const Scalar y = sin(base * x) + base;
        total += gradient(y)[x];
        tape.rewind(mark);
        if (i == 1) rows = tape.stats().rows, reserved = tape.stats().bytes_reserved;
    }
    BOOST_TEST(tape.stats().rows == rows);
    BOOST_TEST(tape.stats().bytes_reserved == reserved);
    BOOST_TEST(total == 100'000 * (std::cos(0.125) * 0.75 + 1.0), boost::test_tools::tolerance(1e-9));
}

BOOST_DATA_TEST_CASE(clear_keeps_the_memory_and_forgets_the_rest, details) {
    Tape tape(sample);
    Scalar x = tape.variable(0.5, "x");
    for (int i = 0; i < 5'000; ++i) x = sin(x);
    const Mark mark = tape.mark();
    const std::size_t reserved = tape.stats().bytes_reserved;
    tape.clear();
    BOOST_TEST(tape.stats().rows == 0u);
    BOOST_TEST(tape.stats().operands == 0u);
    BOOST_TEST(tape.stats().variables == 0u);
    BOOST_TEST(tape.stats().bytes_reserved == reserved);
    BOOST_CHECK_EXCEPTION(x * 1.0, TapeError, stale);
    BOOST_CHECK_EXCEPTION(tape.rewind(mark), TapeError, stale);
    const Scalar y = tape.variable(2.0);
    BOOST_TEST(tape.name_of(y.row()) != "x");
    BOOST_TEST(gradient(y * y)[y] == 4.0);
}

BOOST_AUTO_TEST_CASE(a_mark_of_another_tape_is_refused) {
    Tape first, second;
    const Scalar x = second.variable(1.0);
    const Mark mark = first.mark();
    BOOST_CHECK_EXCEPTION(second.rewind(mark), TapeError, stale);
    BOOST_CHECK_EXCEPTION(second.rewind(Mark{}), TapeError, stale);
    BOOST_TEST(gradient(x * 3.0)[x] == 3.0);
}

BOOST_AUTO_TEST_SUITE_END()

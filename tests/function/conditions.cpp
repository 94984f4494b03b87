// SPDX-License-Identifier: MIT
// Comparisons of Scalars: truth values wherever a program wants one, and branches of the tape where they have decided something.
#include "autodiff/function.hpp"
#include "autodiff/gradient.hpp"

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <functional>
#include <numeric>
#include <vector>

namespace {

using namespace autodiff;

constexpr Operation less_than = code_of<rules::Less>, at_most = code_of<rules::LessEqual>, equals = code_of<rules::Equal>,
                    differs = code_of<rules::NotEqual>;

}  // namespace

BOOST_AUTO_TEST_SUITE(conditions)

BOOST_AUTO_TEST_CASE(a_comparison_is_a_bool_wherever_one_is_wanted) {
    Tape tape;
    const Scalar x = tape.variable(1.0), y = tape.variable(2.0);
    const bool plain = x < y;
    BOOST_TEST(plain);
    BOOST_TEST((x < y && y > x));
    BOOST_TEST((x > y || x <= y));
    BOOST_TEST(!(x >= y));
    BOOST_TEST((x < y ? 1 : 2) == 1);
    BOOST_TEST(((x < y) == true));
    BOOST_TEST(((x < y) == (y > x)));
    BOOST_TEST(((x < y) != (x > y)));
    BOOST_TEST((((x < y) ^ (x > y)) == 1));
    BOOST_TEST((x > y) - (x < y) == -1);
    bool any = false;
    any |= x < y;
    BOOST_TEST(any);
    const std::vector<bool> several{x<y, x> y};
    BOOST_TEST(several[0]);
    BOOST_TEST(!several[1]);
    int loops = 0;
    for (Scalar z = x; z < 10; z = z * 2) ++loops;
    BOOST_TEST(loops == 4);
    while (x > y) ++loops;
    BOOST_TEST(loops == 4);
    if (x != y && x == x) ++loops;
    BOOST_TEST(loops == 5);
}

BOOST_AUTO_TEST_CASE(algorithms_of_the_standard_library_take_it) {
    Tape tape;
    std::vector<Scalar> x;
    for (const double each : {3.0, 1.0, 4.0, 1.5, 5.0, 9.0, 2.5}) x.push_back(tape.variable(each));
    BOOST_TEST(std::max_element(x.begin(), x.end())->value() == 9);
    BOOST_TEST(std::min(x[0], x[1]).value() == 1);
    BOOST_TEST(std::clamp(x[2], Scalar(0), Scalar(3.5)).value() == 3.5);
    BOOST_TEST(std::count_if(x.begin(), x.end(), [](const Scalar& each) { return each > 2; }) == 5);
    BOOST_TEST((std::find(x.begin(), x.end(), 5.0) - x.begin()) == 4);
    std::sort(x.begin(), x.end());
    BOOST_TEST(std::is_sorted(x.begin(), x.end()));
    std::sort(x.begin(), x.end(), std::greater<>());
    BOOST_TEST(x.front().value() == 9);
    BOOST_TEST((std::lower_bound(x.begin(), x.end(), Scalar(4), std::greater<>()) - x.begin()) == 2);
    std::ranges::sort(x, std::ranges::less());
    BOOST_TEST(x.front().value() == 1);
}

BOOST_AUTO_TEST_CASE(it_is_a_number_in_arithmetic_without_a_derivative) {
    const auto f = [](const auto& x) { return x * (x > 0) + (x < -1) - 2 * (x == 3); };
    BOOST_TEST(gradient([&](const Scalar& x) { return f(x); }, 2.0) == 1);
    BOOST_TEST(gradient([&](const Scalar& x) { return f(x); }, -2.0) == 0);
    Tape tape;
    BOOST_TEST(f(tape.variable(3.0)).value() == 1);
    BOOST_TEST(f(tape.variable(-2.0)).value() == 1);
    BOOST_TEST(pow(tape.variable(5.0), tape.variable(1.0) > 0).value() == 5);
}

BOOST_AUTO_TEST_CASE(what_decided_stands_on_the_tape_in_order) {
    Tape tape;
    const Scalar x = tape.variable(1.0), y = tape.variable(2.0), z = x + y;
    const bool first = x<y, second = z >= 3.5, third = x == y, fourth = 0 != z, fifth = y> z, sixth = x <= 1;
    BOOST_TEST((first && !second && !third && fourth && !fifth && sixth));
    const auto branches = tape.branches();
    BOOST_REQUIRE(branches.size() == 6u);
    const auto check = [&](std::size_t k, Operation relation, bool holds, std::uint32_t a, std::uint32_t b, double a_value,
                           double b_value) {
        BOOST_TEST_CONTEXT("branch " << k) {
            BOOST_TEST((branches[k].relation == relation));
            BOOST_TEST(branches[k].holds == holds);
            BOOST_TEST(branches[k].a == a);
            BOOST_TEST(branches[k].b == b);
            BOOST_TEST(branches[k].a_value == a_value);
            BOOST_TEST(branches[k].b_value == b_value);
            BOOST_TEST(branches[k].before == tape.list().rows);
        }
    };
    check(0, less_than, true, x.row(), y.row(), 1, 2);
    check(1, at_most, false, 0, z.row(), 3.5, 3);
    check(2, equals, false, x.row(), y.row(), 1, 2);
    check(3, differs, true, 0, z.row(), 0, 3);
    check(4, less_than, false, z.row(), y.row(), 3, 2);
    check(5, at_most, true, x.row(), 0, 1, 1);
}

BOOST_AUTO_TEST_CASE(what_decided_nothing_is_no_branch) {
    Tape tape;
    const Scalar x = tape.variable(1.0), c = 5;
    const auto unused = x < 2;
    static_cast<void>(unused);
    const Scalar chosen = where(x < 2, x, c);
    BOOST_TEST(chosen.value() == 1);
    BOOST_TEST(tape.branches().empty());
    const bool of_constants = c < 6;  // the same at every point
    BOOST_TEST(of_constants);
    BOOST_TEST(tape.branches().empty());
    const bool late = unused;  // decides now
    BOOST_TEST(late);
    BOOST_TEST(tape.branches().size() == 1u);
}

BOOST_AUTO_TEST_CASE(where_of_several_comparisons_decides) {
    Tape tape;
    const Scalar x = tape.variable(1.0), y = where(x > 0 && x < 2, x * x, 0);
    BOOST_TEST(y.value() == 1);
    BOOST_TEST(tape.branches().size() == 2u);
}

BOOST_AUTO_TEST_CASE(marks_rewinds_and_clearing_drop_branches) {
    Tape tape;
    const Scalar x = tape.variable(1.0);
    const bool before = x < 2;
    const Mark mark = tape.mark();
    const bool after = x < 3 && x * x < 4;
    BOOST_TEST((before && after));
    BOOST_TEST(tape.branches().size() == 3u);
    tape.rewind(mark);
    BOOST_REQUIRE(tape.branches().size() == 1u);
    BOOST_TEST(tape.branches()[0].b_value == 2);
    const bool again = x < 5;  // what the rewind has kept goes on deciding
    BOOST_TEST(again);
    BOOST_REQUIRE(tape.branches().size() == 2u);
    BOOST_TEST(tape.branches()[1].b_value == 5);
    tape.clear();
    BOOST_TEST(tape.branches().empty());
}

BOOST_AUTO_TEST_CASE(a_comparison_made_before_a_rewind_decides_after_it_if_its_operands_stand) {
    Tape tape;
    const Scalar x = tape.variable(1.0);
    const auto kept = x < 2;
    const Mark mark = tape.mark();
    const auto lost = x * x < 2;
    tape.rewind(mark);
    const bool first = kept, second = lost;
    BOOST_TEST((first && second));
    BOOST_REQUIRE(tape.branches().size() == 1u);
    BOOST_TEST(tape.branches()[0].a == x.row());
    tape.clear();
    const bool stale = kept;
    BOOST_TEST(stale);
    BOOST_TEST(tape.branches().empty());
}

BOOST_AUTO_TEST_CASE(a_tape_of_derivatives_notes_nothing) {
    Tape tape(Detail::derivatives);
    const Scalar x = tape.variable(1.0), y = tape.variable(2.0);
    const bool decided = x < y && y < 3;
    BOOST_TEST(decided);
    BOOST_TEST(tape.branches().empty());
    const Scalar z = where(x < y, x * x, y);
    BOOST_TEST(gradient(z)[x] == 2);
    BOOST_TEST(tape.branches().empty());
}

BOOST_AUTO_TEST_CASE(without_a_tape_it_is_a_bool) {
    const Scalar x = 1, y = 2;
    BOOST_TEST(bool(x < y));
    BOOST_TEST(where(x < y, x, y).value() == 1);
}

BOOST_AUTO_TEST_CASE(values_of_an_outer_tape_are_constants_of_the_inner_one) {
    Tape outer;
    const Scalar a = outer.variable(1.0), b = outer.variable(2.0);
    {
        Tape inner;
        const Scalar x = inner.variable(1.5);
        const bool between_outer_ones = a < b;
        BOOST_TEST(between_outer_ones);
        BOOST_TEST(inner.branches().empty());
        const bool mixed = a < x;
        BOOST_TEST(mixed);
        BOOST_REQUIRE(inner.branches().size() == 1u);
        BOOST_TEST(inner.branches()[0].a == 0u);
        BOOST_TEST(inner.branches()[0].b == x.row());
        BOOST_TEST(inner.branches()[0].a_value == 1);
    }
    BOOST_TEST(outer.branches().empty());
    const bool now = a < b;
    BOOST_TEST(now);
    BOOST_TEST(outer.branches().size() == 1u);
}

BOOST_AUTO_TEST_CASE(comparing_what_was_moved_from_throws) {
    Tape tape;
    Scalar x = tape.variable(1.0), y = std::move(x);
    BOOST_CHECK_THROW(static_cast<void>(x < y), TapeError);
    BOOST_TEST(tape.branches().empty());
}

BOOST_AUTO_TEST_SUITE_END()

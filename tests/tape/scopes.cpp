// SPDX-License-Identifier: MIT
// Named parts of a recording: which rows they hold, also where the tape is rewound or cleared while they are open.
#include "autodiff/gradient.hpp"

#include <boost/test/unit_test.hpp>
#include <memory>
#include <string>

using namespace autodiff;

namespace {

/// `a[1,3) b[2,..)`
std::string parts(const Tape& tape) {
    std::string text;
    for (const TapeScopes::Part& part : tape.scopes()) {
        const std::string end = part.end == TapeScopes::still_open ? ".." : std::to_string(part.end);
        text += (text.empty() ? "" : " ") + part.name + "[" + std::to_string(part.first) + "," + end + ")";
    }
    return text;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(scopes)

BOOST_AUTO_TEST_CASE(a_part_holds_what_is_recorded_while_it_is_open) {
    Tape tape;
    const Scalar x = tape.variable(2.0);
    {
        const auto outer = tape.scope("outer");
        const Scalar y = x * x;
        {
            const auto inner = tape.scope("inner");
            BOOST_TEST(parts(tape) == "outer[2,..) inner[3,..)");
            static_cast<void>(sin(y));
        }
        static_cast<void>(y + x);
    }
    static_cast<void>(cos(x));
    BOOST_TEST(parts(tape) == "outer[2,5) inner[3,4)");
}

BOOST_AUTO_TEST_CASE(where_nothing_is_recorded_nothing_is_kept) {
    Tape tape, fast(Detail::derivatives);
    for (int i = 0; i < 1000; ++i) {
        const auto part = tape.scope("empty");
        const auto nothing_to_explain = fast.scope("fast");
        static_cast<void>(fast.variable(1.0));
    }
    BOOST_TEST(tape.scopes().empty());
    BOOST_TEST(fast.scopes().empty());
    BOOST_CHECK_EXCEPTION(static_cast<void>(tape.scope("")), ValueError, [](const ValueError& e) {
        return std::string(e.what()) == "scope: expected the name of a part of the program, got an empty one";
    });
}

BOOST_AUTO_TEST_CASE(rewinding_and_clearing_leave_open_what_is_open) {
    Tape tape;
    const Scalar x = tape.variable(2.0);
    const auto outer = tape.scope("outer");
    const Scalar y = x * x;
    const Mark mark = tape.mark();
    for (int i = 0; i < 3; ++i) {
        {
            const auto step = tape.scope("step");
            static_cast<void>(sin(y) * y);
        }
        BOOST_TEST(tape.scopes().size() == 2u);
        tape.rewind(mark);
        BOOST_TEST(tape.scopes().size() == 1u);
    }
    {
        const auto late = tape.scope("late");
        static_cast<void>(sin(y));
        tape.clear();
        BOOST_TEST(parts(tape) == "outer[1,..) late[1,..)");
        static_cast<void>(tape.variable(1.0));
    }
    BOOST_TEST(parts(tape) == "outer[1,..) late[1,2)");
}

BOOST_AUTO_TEST_CASE(parts_that_end_out_of_order_keep_their_rows) {
    Tape tape;
    const Scalar x = tape.variable(2.0);
    std::unique_ptr<TapeScope> first(new TapeScope(tape.scope("first")));
    const Scalar y = sin(x);
    const auto second = tape.scope("second");
    static_cast<void>(sin(y));
    first.reset();
    static_cast<void>(cos(y));
    BOOST_TEST(parts(tape) == "first[2,4) second[3,..)");
}

BOOST_AUTO_TEST_SUITE_END()

// SPDX-License-Identifier: MIT
// Every misuse of the scalar tape, the kind of its error and the whole text that the user reads.
#include "autodiff/gradient.hpp"

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <functional>
#include <memory>
#include <ostream>
#include <string>
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
using Kind = TapeError::Kind;

/// A tape with x, a stale handle to a row that is taken again, a value of another recording, and one that was moved from.
struct Scene {
    explicit Scene(Detail detail) : other(detail), tape(detail) {
        stale = tape.variable(1.0, "old");
        tape.clear();
        x = tape.variable(3.0, "x");
        y = x * x;
        const Mark mark = tape.mark();
        rewound = y * 2.0;
        tape.rewind(mark);
        moved = x * 5.0;
        const Scalar taken = std::move(moved);
        static_cast<void>(taken);
    }
    // `other` is made, and given a value, before `tape` records.
    struct Other {
        explicit Other(Detail detail) : tape(detail), named(tape.variable(7.0, "seven")), unnamed(named * named) {}
        Tape tape;
        Scalar named, unnamed;
    } other;
    Tape tape;
    Scalar x, y, stale, rewound, moved, constant = 2.0;
};

struct Misuse {
    std::string what;
    Kind kind;
    std::string text;
    std::function<void(Scene&)> act;
};
std::ostream& operator<<(std::ostream& out, const Misuse& misuse) { return out << misuse.what; }

const std::string stale_1 = "values of a live tape of this thread, got a value of row 1 of a recording that was cleared, rewound or "
                            "destroyed, or of another thread";
const std::string stale_4 = "values of a live tape of this thread, got a value of row 4 of a recording that was cleared, rewound or "
                            "destroyed, or of another thread";
const std::string moved_away = "expected a value, got one that was moved from; copy it if it is needed twice";
const std::string foreign = "expected values of the newest live tape, which records, got seven of another tape";
const std::string no_constant =
    "expected a recorded value, got a constant; make variables with tape.variable() and compute while the tape lives";

void ignore(const auto&) {}

const std::vector<Misuse>& table() {
    static const std::vector<Misuse> misuses{
        // A stale operand, in every position and kind of operator
        {"stale times value", Kind::stale_handle, "mul: expected " + stale_1, [](Scene& s) { ignore(s.stale * s.x); }},
        {"value minus stale", Kind::stale_handle, "sub: expected " + stale_1, [](Scene& s) { ignore(s.x - s.stale); }},
        {"stale plus number", Kind::stale_handle, "add: expected " + stale_1, [](Scene& s) { ignore(s.stale + 1.0); }},
        {"number over stale", Kind::stale_handle, "div: expected " + stale_1, [](Scene& s) { ignore(1.0 / s.stale); }},
        {"function of stale", Kind::stale_handle, "exp: expected " + stale_1, [](Scene& s) { ignore(exp(s.stale)); }},
        {"power of stale", Kind::stale_handle, "pow: expected " + stale_1, [](Scene& s) { ignore(pow(s.x, s.stale)); }},
        {"negated stale", Kind::stale_handle, "neg: expected " + stale_1, [](Scene& s) { ignore(-s.stale); }},
        {"stale += value", Kind::stale_handle, "add: expected " + stale_1, [](Scene& s) { s.stale += s.x; }},
        {"value *= stale", Kind::stale_handle, "mul: expected " + stale_1, [](Scene& s) { s.x *= s.stale; }},
        {"stale temporary", Kind::stale_handle, "sin: expected " + stale_1, [](Scene& s) { ignore(sin(std::move(s.stale))); }},
        {"rewound times value", Kind::stale_handle, "mul: expected " + stale_4, [](Scene& s) { ignore(s.rewound * s.x); }},
        {"fresh rewound temporary", Kind::stale_handle, "mul: expected " + stale_4, [](Scene& s) { ignore(std::move(s.rewound) * 2.0); }},
        {"fresh rewound temporary, shifted", Kind::stale_handle, "add: expected " + stale_4,
         [](Scene& s) { ignore(std::move(s.rewound) + 2.0); }},
        {"gradient of stale", Kind::stale_handle, "gradient: expected " + stale_1, [](Scene& s) { ignore(gradient(s.stale)); }},
        {"tape.gradient of stale", Kind::stale_handle, "gradient: expected " + stale_1, [](Scene& s) { ignore(s.tape.gradient(s.stale)); }},
        {"name of stale", Kind::stale_handle, "name: expected " + stale_1, [](Scene& s) { s.tape.name(s.stale, "n"); }},
        // A value of an older live tape
        {"foreign times value", Kind::wrong_tape, "mul: " + foreign, [](Scene& s) { ignore(s.other.named * s.x); }},
        {"value over foreign", Kind::wrong_tape, "div: " + foreign, [](Scene& s) { ignore(s.x / s.other.named); }},
        {"foreign minus number", Kind::wrong_tape, "sub: " + foreign, [](Scene& s) { ignore(s.other.named - 1); }},
        {"function of foreign", Kind::wrong_tape, "tanh: " + foreign, [](Scene& s) { ignore(tanh(s.other.named)); }},
        {"foreign value without a name", Kind::wrong_tape,
         "mul: expected values of the newest live tape, which records, got t2 of another tape",
         [](Scene& s) { ignore(s.other.unnamed * s.x); }},
        {"tape.gradient of foreign", Kind::wrong_tape, "gradient: expected a value of this tape, got seven of another tape",
         [](Scene& s) { ignore(s.tape.gradient(s.other.named)); }},
        {"name of foreign", Kind::wrong_tape, "name: expected a value of this tape, got seven of another tape",
         [](Scene& s) { s.tape.name(s.other.named, "n"); }},
        {"adjoint of foreign", Kind::wrong_tape,
         "gradient[]: expected a value of the recording that was swept, got a value of row 1 of another recording",
         [](Scene& s) { ignore(gradient(s.y)[s.other.named]); }},
        {"adjoint of stale", Kind::wrong_tape,
         "gradient[]: expected a value of the recording that was swept, got a value of row 1 of another recording",
         [](Scene& s) { ignore(gradient(s.y)[s.stale]); }},
        {"reaches of foreign", Kind::wrong_tape,
         "reaches: expected a value of the recording that was swept, got a value of row 1 of another recording",
         [](Scene& s) { ignore(gradient(s.y).reaches(s.other.named)); }},
        {"anything of an empty gradient", Kind::wrong_tape,
         "gradient[]: expected a value of the recording that was swept, got a value of row 1 of another recording",
         [](Scene& s) { ignore(Gradient{}[s.x]); }},
        // A value that was moved from
        {"moved-from times value", Kind::moved_from, "mul: " + moved_away, [](Scene& s) { ignore(s.moved * s.x); }},
        {"value plus moved-from", Kind::moved_from, "add: " + moved_away, [](Scene& s) { ignore(s.x + s.moved); }},
        {"moved-from plus number", Kind::moved_from, "add: " + moved_away, [](Scene& s) { ignore(s.moved + 1.0); }},
        {"moved-from temporary plus number", Kind::moved_from, "add: " + moved_away, [](Scene& s) { ignore(std::move(s.moved) + 1.0); }},
        {"number over moved-from", Kind::moved_from, "div: " + moved_away, [](Scene& s) { ignore(2 / s.moved); }},
        {"constant times moved-from", Kind::moved_from, "mul: " + moved_away, [](Scene& s) { ignore(s.constant * s.moved); }},
        {"function of moved-from", Kind::moved_from, "log: " + moved_away, [](Scene& s) { ignore(log(s.moved)); }},
        {"copy of moved-from", Kind::moved_from, "sin: " + moved_away,
         [](Scene& s) {
             const Scalar copy = s.moved;
             ignore(sin(copy));
         }},
        {"moved-from -= value", Kind::moved_from, "sub: " + moved_away, [](Scene& s) { s.moved -= s.x; }},
        {"comparison of moved-from", Kind::moved_from, "value: " + moved_away, [](Scene& s) { ignore(s.moved < s.x); }},
        {"equality of moved-from", Kind::moved_from, "value: " + moved_away, [](Scene& s) { ignore(s.x == s.moved); }},
        {"maximum with moved-from", Kind::moved_from, "value: " + moved_away, [](Scene& s) { ignore(std::max(s.x, s.moved)); }},
        {"number of moved-from", Kind::moved_from, "value: " + moved_away, [](Scene& s) { ignore(s.moved.value()); }},
        {"gradient of moved-from", Kind::moved_from, "gradient: " + moved_away, [](Scene& s) { ignore(gradient(s.moved)); }},
        {"adjoint of moved-from", Kind::moved_from, "gradient[]: " + moved_away, [](Scene& s) { ignore(gradient(s.y)[s.moved]); }},
        {"reaches of moved-from", Kind::moved_from, "reaches: " + moved_away, [](Scene& s) { ignore(gradient(s.y).reaches(s.moved)); }},
        {"name of moved-from", Kind::moved_from, "name: " + moved_away, [](Scene& s) { s.tape.name(s.moved, "n"); }},
        {"moved within an expression that uses it again", Kind::moved_from, "sub: " + moved_away,
         [](Scene& s) {
             Scalar a = s.x * 2.0;
             const Scalar half = std::move(a) * 0.5;
             ignore(a - half);
         }},
        // A constant
        {"gradient of a constant", Kind::not_recorded, "gradient: " + no_constant, [](Scene& s) { ignore(gradient(s.constant)); }},
        {"gradient of a constant expression", Kind::not_recorded, "gradient: " + no_constant,
         [](Scene& s) { ignore(gradient(sin(s.constant) * 2.0)); }},
        {"tape.gradient of a constant", Kind::not_recorded, "gradient: " + no_constant,
         [](Scene& s) { ignore(s.tape.gradient(s.constant)); }},
        {"gradient of a value taken out and put back", Kind::not_recorded, "gradient: " + no_constant,
         [](Scene& s) { ignore(gradient(Scalar(s.y.value()))); }},
        {"name of a constant", Kind::not_recorded, "name: " + no_constant, [](Scene& s) { s.tape.name(s.constant, "n"); }},
        {"adjoint of a constant", Kind::not_recorded, "gradient[]: expected a recorded value, got a constant",
         [](Scene& s) { ignore(gradient(s.y)[s.constant]); }},
        {"reaches of a constant", Kind::not_recorded, "reaches: expected a recorded value, got a constant",
         [](Scene& s) { ignore(gradient(s.y).reaches(Scalar(1.0))); }},
        {"function that ignores its argument", Kind::not_recorded,
         "value_and_gradient: expected a result that depends on an argument, got a constant",
         [](Scene&) { ignore(autodiff::value_and_gradient([](const Scalar&) { return Scalar(1.0); }, 2.0)); }},
        // A mark
        {"mark of a cleared recording", Kind::stale_handle,
         "rewind: expected a mark of this recording, got one that was cleared, rewound or made on another tape",
         [](Scene& s) {
             const Mark mark = s.tape.mark();
             s.tape.clear();
             s.x = s.tape.variable(3.0), s.y = s.x * s.x;
             s.tape.rewind(mark);
         }},
        {"mark of another tape", Kind::stale_handle,
         "rewind: expected a mark of this recording, got one that was cleared, rewound or made on another tape",
         [](Scene& s) { s.tape.rewind(s.other.tape.mark()); }},
        {"mark that was never made", Kind::stale_handle,
         "rewind: expected a mark of this recording, got one that was cleared, rewound or made on another tape",
         [](Scene& s) { s.tape.rewind(Mark{}); }},
        {"mark above one that was rewound to", Kind::stale_handle,
         "rewind: expected a mark of this recording, got one that was cleared, rewound or made on another tape",
         [](Scene& s) {
             const Mark lower = s.tape.mark();
             ignore(s.x * 2.0);
             const Mark upper = s.tape.mark();
             s.tape.rewind(lower);
             s.tape.rewind(upper);
         }},
    };
    return misuses;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(misuse)

BOOST_DATA_TEST_CASE(is_refused_with_its_kind_and_text_and_the_tape_goes_on, boost::unit_test::data::make(table())) {
    for (const Detail detail : {Detail::derivatives, Detail::operations}) {
        Scene scene(detail);
        BOOST_CHECK_EXCEPTION(sample.act(scene), TapeError, [&](const TapeError& e) {
            BOOST_TEST(e.what() == sample.text);
            BOOST_CHECK(e.kind() == sample.kind);
            return true;
        });
        const Scalar z = scene.y * scene.x;
        BOOST_TEST(gradient(z)[scene.x] == 27.0);
    }
}

BOOST_AUTO_TEST_CASE(arithmetic_with_a_value_whose_tape_has_gone) {
    Scalar x;
    {
        Tape tape;
        x = tape.variable(3.0);
    }
    BOOST_CHECK_EXCEPTION(x * 2.0, TapeError,
                          [](const TapeError& e) { return e.kind() == Kind::stale_handle && e.what() == "mul: expected " + stale_1; });
    BOOST_CHECK_EXCEPTION(static_cast<void>(gradient(x)), TapeError,
                          [](const TapeError& e) { return e.kind() == Kind::stale_handle && e.what() == "gradient: expected " + stale_1; });
}

BOOST_AUTO_TEST_CASE(the_newest_tape_going_does_not_make_an_older_value_foreign) {
    Tape older;
    const Scalar x = older.variable(3.0, "x");
    auto newer = std::make_unique<Tape>();
    BOOST_CHECK_EXCEPTION(x * 2.0, TapeError, [](const TapeError& e) {
        return e.kind() == Kind::wrong_tape &&
               e.what() == std::string("mul: expected values of the newest live tape, which records, got x of another tape");
    });
    newer.reset();
    BOOST_TEST(gradient(x * 2.0)[x] == 2.0);
}

BOOST_AUTO_TEST_SUITE_END()

// SPDX-License-Identifier: MIT
// To which part of the program a step belongs: what Tape::scope() says, or else what names suggest.
#include "autodiff/explain/outputs.hpp"
#include "autodiff/explain/trace.hpp"

#include "lookup.hpp"
#include "network.hpp"

#include <boost/test/unit_test.hpp>
#include <fmt/format.h>
#include <optional>

using namespace autodiff;
using lookup::back, lookup::there;

BOOST_AUTO_TEST_SUITE(explain_scopes)

// From names --------------------------------------------------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(names_with_numbers_are_layers_and_what_follows_is_the_loss) {
    network::Tensors n;
    const Trace t = trace(n.L);
    for (const std::string name : {"W1", "b1", "z1", "a1"}) BOOST_TEST(back(t, name).scope == "layer 1");
    for (const std::string name : {"W2", "t8", "z2", "a2"}) BOOST_TEST(back(t, name).scope == "layer 2");
    for (const std::string name : {"t11", "t12", "L"}) BOOST_TEST(back(t, name).scope == "loss");
}

BOOST_AUTO_TEST_CASE(numbered_variables_alone_are_no_layers) {
    Tape tape;
    const auto x1 = tape.variable(2.0, "x1"), x2 = tape.variable(5.0, "x2");
    for (const auto& step : trace(log(x1) + x1 * x2).forward) BOOST_TEST(step.scope.empty());
}

BOOST_AUTO_TEST_CASE(names_with_dots_are_scopes) {
    Tape tape;
    const auto W = tape.variable(network::matrix<double>({{0.1, -0.2}, {0.4, 0.5}}), "encoder.0.weight"),
               V = tape.variable(network::matrix<double>({{0.1}, {0.4}}), "head.weight");
    const auto L = sum(square(matmul(sigmoid(matmul(network::matrix<double>({{1, 2}}), W)), V)));
    const Trace t = trace(L);
    BOOST_TEST(back(t, "t3").scope == "encoder.0");
    BOOST_TEST(back(t, "t4").scope == "encoder.0");
    BOOST_TEST(back(t, "t5").scope == "head");
    BOOST_TEST(back(t, "L").scope == "loss");
}

// From the tape -----------------------------------------------------------------------------------------------------------------------

namespace {

/// The line of the call.
unsigned line(unsigned at = __builtin_LINE()) { return at; }

}  // namespace

BOOST_AUTO_TEST_CASE(a_part_of_the_program_has_a_name_and_a_line) {
    Tape tape;
    const auto x = tape.variable(0.5, "x"), w = tape.variable(2.0, "w");
    Scalar y, z;
    unsigned opened;
    {
        const auto encoder = tape.scope("encoder");
        {
            opened = line() + 1;
            const auto layer = tape.scope("layer 1");
            y = w * x;
        }
        z = y + x;
    }
    const auto L = square(z);
    const Trace t = trace(L);
    BOOST_TEST(back(t, "w").scope == "encoder / layer 1");  // made outside, read nowhere else
    BOOST_TEST(back(t, "x").scope == "");                   // read in two parts
    BOOST_TEST(back(t, "t3").scope == "encoder / layer 1");
    BOOST_TEST(back(t, "t3").place == fmt::format("scopes.cpp:{}", opened));
    BOOST_TEST(there(t, "t4").scope == "encoder");
    BOOST_TEST(there(t, "t4").place == fmt::format("scopes.cpp:{}", opened - 3));
    BOOST_TEST(there(t, "L").scope == "");
    BOOST_TEST(there(t, "L").place == "");
    for (const std::string& output : {to_text(t), to_html(t)})
        BOOST_TEST((output.find(fmt::format("encoder / layer 1, scopes.cpp:{}", opened)) != std::string::npos));
    BOOST_TEST((to_dot(t).find("encoder / layer 1") != std::string::npos));
}

BOOST_AUTO_TEST_CASE(what_the_tape_says_comes_before_what_names_suggest) {
    network::Tensors n;  // layers 1 and 2 by name
    std::optional<Trace> t;
    {
        const auto head = n.tape.scope("head");
        const auto squared = square(n.L);
        t = trace(squared);
    }
    BOOST_TEST(back(*t, "L").scope == "head");
    BOOST_TEST(back(*t, "W1").scope == "layer 1");
    BOOST_TEST(back(*t, "a2").scope == "layer 2");
}

BOOST_AUTO_TEST_CASE(a_name_is_data) {
    Tape tape;
    const auto x = tape.variable(0.5, "x");
    const auto part = tape.scope("</script><script>alert(1)</script>\n");
    const Trace t = trace(sin(x));
    BOOST_TEST((to_html(t).find("<script>alert") == std::string::npos));
    BOOST_TEST((back(t, "L").scope.find('\n') == std::string::npos));
}

BOOST_AUTO_TEST_SUITE_END()

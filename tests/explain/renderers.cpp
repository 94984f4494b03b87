// SPDX-License-Identifier: MIT
// What the programs that draw our texts need: found by running Graphviz 2.42, Mermaid 11 and GitHub's Markdown on them.
#include "autodiff/explain/escape.hpp"
#include "autodiff/explain/outputs.hpp"
#include "autodiff/scalar.hpp"

#include <boost/test/unit_test.hpp>
#include <fmt/format.h>
#include <string>

using namespace autodiff;

namespace {

/// y = tanh(... tanh(tanh(w) w) ... w) w, two rows a step and the variable.
Trace chain(int steps, const std::string& name = "w") {
    Tape tape;
    const auto w = tape.variable(0.9, name);
    Scalar y = w;
    for (int i = 0; i < steps; ++i) {
        y = tanh(y * w);
        if (name.size() > 1) tape.name(y, name + std::to_string(i));
    }
    return trace(y);
}

std::size_t count(const std::string& text, const std::string& part) {
    std::size_t n = 0;
    for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + part.size())) ++n;
    return n;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(explain_renderers)

BOOST_AUTO_TEST_CASE(graphviz_is_not_asked_for_what_it_does_not_finish) {
    const std::string small = to_dot(chain(20)), middle = to_dot(chain(50)), large = to_dot(chain(200));
    BOOST_TEST(count(small, "xlabel=") == 0u);
    BOOST_TEST(count(small, "nslimit") == 0u);
    BOOST_TEST(count(middle, "xlabel=") == count(middle, " -> "));
    BOOST_TEST(count(middle, "nslimit=1") == 1u);
    BOOST_TEST(count(large, "edgetooltip=") == count(large, " -> "));
    BOOST_TEST(count(large, "xlabel=") == 0u);
}

BOOST_AUTO_TEST_CASE(mermaid_refuses_what_it_would_not_draw) {
    BOOST_TEST(count(to_mermaid(chain(60)), "-->") > 100u);
    const Trace wordy = chain(60, std::string(60, 'h'));
    BOOST_CHECK_NO_THROW(static_cast<void>(to_mermaid(wordy)));
    const Trace long_names = chain(60, std::string(48, '('));
    BOOST_CHECK_EXCEPTION(static_cast<void>(to_mermaid(long_names)), ValueError, [](const ValueError& e) {
        return std::string(e.what()).starts_with("to_mermaid: expected a drawing of at most 50000 bytes, got ");
    });
    BOOST_TEST(count(to_markdown(long_names), "```mermaid") == 0u);
    BOOST_TEST(count(to_markdown(wordy), "```mermaid") == 1u);
}

BOOST_AUTO_TEST_CASE(what_mermaid_would_interpret_is_parted) {
    BOOST_TEST(mermaid_escaped("direction TB") == "direction#32;TB");
    BOOST_TEST(mermaid_escaped("$$x$$") == "#36;#8203;#36;#8203;x#36;#8203;#36;#8203;");
    BOOST_TEST(mermaid_escaped("fa:fa-car") == "fa#8203;#58;fa-car");
    BOOST_TEST(mermaid_escaped("\\n") == "#92;#8203;n");
    BOOST_TEST(mermaid_escaped("W_1 [0]") == "W_1 #91;0#93;");
}

BOOST_AUTO_TEST_CASE(what_graphviz_and_github_would_interpret_is_escaped) {
    BOOST_TEST(dot_escaped("&lt;\"") == "&amp;lt;\\\"");
    BOOST_TEST(markdown_escaped("www.example.org") == "www&#46;example.org");
    BOOST_TEST(markdown_escaped("a@b") == "a&#64;&#8203;b");
    for (const std::string name : {"- item", "1. first", "    code"}) {
        Tape tape;
        const auto x = tape.variable(0.3, "x"), L = sin(x);
        tape.name(L, name);
        BOOST_TEST((to_markdown(trace(L)).find("\nLoss " + name + " = ") != std::string::npos), to_markdown(trace(L)));
    }
}

BOOST_AUTO_TEST_SUITE_END()

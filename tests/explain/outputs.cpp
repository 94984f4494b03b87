// SPDX-License-Identifier: MIT
// The five outputs of one trace: the documented numbers in all of them, and names that stay names.
#include "autodiff/explain/outputs.hpp"

#include "autodiff/explain/words.hpp"
#include "documents.hpp"
#include "network.hpp"

#include <boost/test/unit_test.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <random>
#include <set>

using namespace autodiff;
using documents::HtmlElement;

namespace {

bool contains(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }

std::string twelve(double x) { return fmt::format("{:.12g}", x); }
/// As pages write it.
std::string with_minus(std::string text) { return text[0] == '-' ? "−" + text.substr(1) : text; }

std::vector<double> documented_gradients() {
    std::vector<double> all{network::da2[0], network::da2[1], network::dz2[0], network::dz2[1]};
    for (const auto& list : {network::da1, network::dz1}) all.insert(all.end(), list.begin(), list.end());
    for (const auto& row : network::dw1) all.insert(all.end(), std::begin(row), std::end(row));
    for (const auto& row : network::dw2) all.insert(all.end(), std::begin(row), std::end(row));
    return all;
}

std::string page_text(const std::vector<HtmlElement>& page) {
    std::string text;
    for (const HtmlElement& e : page)
        if (e.tag != "script" && e.tag != "style") text += e.text + " ";
    return text;
}

const std::string& script_data(const std::vector<HtmlElement>& page) {
    const auto at = std::find_if(page.begin(), page.end(), [](const HtmlElement& e) {
        const auto id = e.attributes.find("id");
        return id != e.attributes.end() && id->second == "data";
    });
    BOOST_REQUIRE(at != page.end());
    return at->text;
}

std::set<std::string> tags_of(const std::vector<HtmlElement>& page) {
    std::set<std::string> tags;
    for (const HtmlElement& e : page) tags.insert(e.tag);
    return tags;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(explain_outputs)

BOOST_AUTO_TEST_CASE(all_outputs_show_the_documented_numbers_to_twelve_digits) {
    network::Neurons n;
    const Trace t = trace(n.L, {.digits = 12});
    const std::string text = to_text(t), markdown = to_markdown(t), dot = to_dot(t), mermaid = to_mermaid(t), html = to_html(t);
    const std::string page = page_text(documents::read_html(html));
    BOOST_TEST(contains(text, "L = " + twelve(network::loss)));
    for (const double gradient : documented_gradients()) {
        const std::string number = twelve(gradient);
        BOOST_TEST(contains(text, number), number);
        BOOST_TEST(contains(markdown, number), number);
        BOOST_TEST(contains(dot, number), number);
        BOOST_TEST(contains(mermaid, number), number);
        BOOST_TEST(contains(page, with_minus(number)), number);
    }
}

BOOST_AUTO_TEST_CASE(all_outputs_show_the_tensors_elements_to_twelve_digits) {
    network::Tensors n;
    const Trace t = trace(n.L, {.digits = 12});
    const std::string text = to_text(t), markdown = to_markdown(t), dot = to_dot(t), mermaid = to_mermaid(t);
    const std::string page = page_text(documents::read_html(to_html(t)));
    for (const double gradient : documented_gradients()) {
        const std::string number = twelve(gradient);
        for (const std::string& output : {text, markdown, dot, mermaid}) BOOST_TEST(contains(output, number), number);
        BOOST_TEST(contains(page, with_minus(number)), number);
    }
}

BOOST_AUTO_TEST_CASE(the_walkthrough_in_text_at_six_digits) {
    network::Tensors n;
    const std::string text = to_text(trace(n.L, {.first_index = 1, .elements = {n.W1(0, 1)}}));
    const auto at = text.find("R8   a1");
    BOOST_REQUIRE(at != std::string::npos);
    BOOST_TEST(contains(text, "\nR8   a1   sigmoid    [-0.158413 -0.0631682 0.0642401] "));
    BOOST_TEST(contains(text, "  a1[1, 2]  -0.0631682  = -0.0900564 * 0.9 (R7 t8[1, 1]) + 0.119217 * 0.15 (R7 t8[1, 2])\n"));
    BOOST_TEST(contains(text, "dL/dW1[1, 2] = dL/da1[1, 2] * sigmoid'(z1[1, 2]) * input[1, 1] = -0.0072675\n"));
    BOOST_TEST(contains(text, "\npaths from W1[1, 2] to L: 2, their products add up to -0.0072675\n"));
    BOOST_TEST(contains(text, " sum of |products| / |sum| = 1.56619\n"));
}

BOOST_AUTO_TEST_CASE(the_walkthrough_as_a_formula_at_six_digits) {
    network::Tensors n;
    const std::string markdown = to_markdown(trace(n.L, {.first_index = 1, .elements = {n.W1(0, 1)}}));
    BOOST_TEST(contains(markdown, R"(```math
\frac{\partial L}{\partial a_{1\,2}^{(1)}} = (-0.0900564) \cdot 0.9 + 0.119217 \cdot 0.15 = -0.0631682
```)"));
    BOOST_TEST(contains(markdown, R"(\frac{\partial a_{1\,2}^{(1)}}{\partial z_{1\,2}^{(1)}} = y\,(1-y) = 0.2301)"));
    for (const std::string& formula : documents::formulas(markdown)) BOOST_CHECK_NO_THROW(documents::check_latex(formula));
    BOOST_TEST(contains(to_markdown(trace(n.L), {.dollars = true}), "\n$$\n"));
}

BOOST_AUTO_TEST_CASE(a_step_has_one_number_in_all_outputs) {
    network::Neurons n;
    const Trace t = trace(n.L);
    const std::string text = to_text(t), markdown = to_markdown(t);
    const std::vector<HtmlElement> page = documents::read_html(to_html(t));
    const documents::Dot dot = documents::read_dot(to_dot(t));
    for (const auto& step : t.reverse) {
        BOOST_TEST(contains(text, fmt::format("\nR{:<3} {} ", step.number, step.name)), step.name);
        BOOST_TEST(contains(dot.label.at(fmt::format("n{}", step.row)), step.name), step.name);
        BOOST_TEST(contains(markdown, fmt::format("| R{} | ", step.number)));
        const auto panel = std::find_if(page.begin(), page.end(), [&](const HtmlElement& e) {
            const auto id = e.attributes.find("id");
            return id != e.attributes.end() && id->second == fmt::format("R{}", step.number);
        });
        BOOST_REQUIRE(panel != page.end());
        BOOST_TEST(panel->attributes.at("data-row") == fmt::format("{}", step.row));
        BOOST_TEST(panel->attributes.at("data-caption").starts_with(fmt::format("Step R{}, {} = ", step.number, step.name)));
    }
}

BOOST_AUTO_TEST_CASE(edges_carry_the_local_derivatives) {
    Tape tape;
    const auto a = tape.variable(2.0, "a"), b = tape.variable(-3.0, "b");
    const Scalar L = a * b + a;
    const Trace t = trace(L);
    const documents::Dot dot = documents::read_dot(to_dot(t, {.products = true}));
    const std::vector<std::array<std::string, 3>> expected{{{"n1", "n3", "b = -3 (-3 flows back)"}},
                                                           {{"n2", "n3", "a = 2 (2 flows back)"}},
                                                           {{"n3", "n4", "1 (1 flows back)"}},
                                                           {{"n1", "n4", "1 (1 flows back)"}}};
    BOOST_TEST((dot.edges == expected));
    BOOST_TEST(contains(to_mermaid(t), "  n1 -- \"b = -3\" --> n3\n"));
}

BOOST_AUTO_TEST_CASE(constants_are_drawn_if_asked) {
    Tape tape;
    const auto a = tape.variable(2.0, "a");
    const Trace t = trace(a + 7.5);
    BOOST_TEST(!contains(to_dot(t), "7.5"));
    BOOST_TEST(contains(to_dot(t, {.constants = true}), "c2 [label=\"7.5\""));
    BOOST_TEST(contains(to_mermaid(t, {.constants = true}), "c2[\"7.5\"] -.-> n2\n"));
}

BOOST_AUTO_TEST_CASE(a_layer_beyond_the_limit_is_one_box_and_a_drawing_beyond_it_is_refused) {
    network::Neurons n;
    const documents::Dot whole = documents::read_dot(to_dot(trace(n.L))), less = documents::read_dot(to_dot(trace(n.L, {.collapse = 10})));
    BOOST_TEST(whole.label.size() == 52u);
    BOOST_TEST(whole.clusters == (std::vector<std::string>{"layer 1", "layer 2", "loss"}), boost::test_tools::per_element());
    BOOST_TEST(less.label.size() < 10u);
    BOOST_TEST(less.label.begin()->second.size() > 0u);

    Tape tape;
    Scalar x = tape.variable(1.0, "x");
    for (int k = 0; k < 3000; ++k) x = sin(x);
    const Trace t = trace(x);
    try {
        static_cast<void>(to_dot(t));
        BOOST_ERROR("nothing was thrown");
    } catch (const ValueError& e) {
        BOOST_TEST(e.what() == std::string("to_dot: expected at most 2000 nodes, got 3001 nodes; name the parameters by layers "
                                           "(\"hidden.weight\"), so that layers can be drawn as one"));
    }
    BOOST_TEST(contains(to_html(t), "The graph is not drawn: 3001 nodes"));
    Tape smaller;
    Scalar y = smaller.variable(1.0, "y");
    for (int k = 0; k < 160; ++k) y = sin(y);
    BOOST_CHECK_THROW(static_cast<void>(to_mermaid(trace(y))), ValueError);
    BOOST_TEST(!contains(to_markdown(trace(y)), "```mermaid"));
}

BOOST_AUTO_TEST_CASE(the_notation_is_a_choice) {
    network::Tensors n;
    const Trace t = trace(n.L, {.notation = Notation::bar});
    BOOST_TEST(contains(to_markdown(t), "\\overline{a"));
    BOOST_TEST(contains(to_text(t), "seed: L_bar = 1"));
    BOOST_TEST(!contains(to_markdown(t), "\\frac{\\partial L}{\\partial a"));
}

BOOST_AUTO_TEST_CASE(what_is_not_known_is_a_dash_everywhere) {
    Tape tape;
    const auto x = tape.variable(1.0, "x"), unused = tape.variable(3.0, "unused");
    const Trace t = trace(square(x));
    BOOST_TEST(unused.recorded());
    BOOST_TEST(contains(to_text(t), "unused  variable   -"));
    BOOST_TEST(contains(to_markdown(t), "| unused | variable | - |"));
    BOOST_TEST(contains(to_dot(t), "dL/dunused = -\""));
    BOOST_TEST(contains(to_html(t), "<span class=\"unknown\">–</span>"));
}

BOOST_AUTO_TEST_CASE(a_remark_is_shown_at_its_step) {
    network::Neurons n;
    Trace t = trace(n.L);
    t.remarks.push_back({7, Trace::Remark::Kind::wrong, "you forgot the slope <here>"});
    BOOST_TEST(contains(to_text(t), "✗ R7  you forgot the slope <here>\n"));
    BOOST_TEST(contains(to_markdown(t), "✗ you forgot the slope &lt;here&gt;"));
    BOOST_TEST(contains(to_html(t), "<p class=\"remark wrong\">✗ you forgot the slope &lt;here&gt;</p>"));
}

// Names are data ----------------------------------------------------------------------------------------------------------------------

namespace {

const std::vector<std::string> hostile{
    "</script><script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "\"><svg onload=alert(1)>",
    "' onmouseover='alert(1)",
    "a\"]; evil [label=\"x",
    "\\\" ]; } digraph {",
    "\\N\\L\\\\",
    "x\"] --> y[\"",
    "end\nsubgraph z",
    "```\n# heading\n```math",
    "$$ \\input{/etc/passwd} $$",
    "\\frac{1}{",
    "}}{{_^%&#~$",
    "a|b|c",
    "![x](http://example.org/x.png)",
    "<!-- comment",
    "]]>",
    "&lt;b&gt;",
    "javascript:alert(1)",
    "line\xe2\x80\xa8sep\xe2\x80\xa9par",
    std::string("nul\0byte", 8),
    "\xff\xfe broken",
    "\xe2\x80\xae reversed",
    std::string(300, '<'),
    "{{7*7}} ${7*7} #{7*7}",
    "W[</script>, 0]",
};

void check_outputs(const std::string& name, std::size_t expected_scripts) {
    Tape tape;
    const auto x = tape.variable(0.5, name);
    const auto W = tape.variable(network::matrix<double>({{0.1, -0.2}, {0.4, 0.5}}), name);
    const auto z = matmul(network::matrix<double>({{1, 2}}), W);
    tape.name(z, name + ".z");
    const auto L = sum(sigmoid(z)) * x + square(x);
    tape.name(L, name);
    const Trace t = trace(L, {.elements = {W(0, 1), x}, .quiz = true, .title = name});

    const std::string html = to_html(t);
    const std::vector<HtmlElement> page = documents::read_html(html);
    static const std::set<std::string> allowed = [] {
        Tape plain;
        const auto y = plain.variable(0.5, "y");
        const auto V = plain.variable(network::matrix<double>({{0.1, -0.2}, {0.4, 0.5}}), "V");
        const auto l = sum(sigmoid(matmul(network::matrix<double>({{1, 2}}), V))) * y + square(y);
        std::set<std::string> tags = tags_of(documents::read_html(to_html(trace(l, {.elements = {V(0, 1), y}}))));
        tags.insert({"msup", "msub", "msubsup"});  // depending on the name
        return tags;
    }();
    std::size_t scripts = 0;
    for (const HtmlElement& e : page) {
        BOOST_TEST(allowed.contains(e.tag), "an element " << e.tag << " from the name " << name);
        scripts += e.tag == "script";
        for (const auto& [key, value] : e.attributes) {
            BOOST_TEST(!key.starts_with("on"), "a handler " << key << " from the name " << name);
            if (key == "href") BOOST_TEST((value.starts_with("#") || value == "data:,"), value);
            BOOST_TEST((key != "src" && key != "action"));
        }
    }
    BOOST_TEST(scripts == expected_scripts);
    const std::string& json = script_data(page);
    BOOST_TEST(json.find('<') == std::string::npos);
    BOOST_TEST(nlohmann::json::parse(json).at("loss").get<std::string>() == printable(name));
    BOOST_TEST(contains(page_text(page), printable(name)), "the name itself is shown");

    const documents::Dot dot = documents::read_dot(to_dot(t));
    BOOST_TEST(dot.label.size() == t.graph.nodes.size());
    BOOST_TEST(contains(dot.label.at("n1"), printable(name)));

    const std::string mermaid = to_mermaid(t), markdown = to_markdown(t);
    for (std::size_t begin = 0; begin < mermaid.size();) {
        const std::size_t end = mermaid.find('\n', begin);
        const std::string line = mermaid.substr(begin, end - begin);
        const auto quotes = std::count(line.begin(), line.end(), '"');
        BOOST_TEST((quotes == 0 || quotes == 2), line);
        BOOST_TEST((line == "flowchart LR" || line == "  end" || line.starts_with("  subgraph s") || line.starts_with("  n")), line);
        begin = end + 1;
    }
    const std::vector<std::string> formulas = documents::formulas(markdown);
    BOOST_TEST(formulas.size() > 5u);
    for (const std::string& formula : formulas) BOOST_CHECK_NO_THROW(documents::check_latex(formula));
    std::size_t fences = 0;
    for (std::size_t at = markdown.find("```"); at != std::string::npos; at = markdown.find("```", at + 3)) {
        BOOST_TEST((at == 0 || markdown[at - 1] == '\n'));
        ++fences;
    }
    BOOST_TEST(fences == 2 * (formulas.size() + contains(markdown, "```mermaid\n")));
    std::string prose = markdown;
    for (const std::string& formula : formulas) prose.erase(prose.find(formula), formula.size());
    for (const std::string part : {"<script", "<img", "<svg", "](", "<!--"}) BOOST_TEST(!contains(prose, part), part);
    const std::string text = to_text(t);
    BOOST_TEST(std::none_of(text.begin(), text.end(), [](char c) { return c != '\n' && static_cast<unsigned char>(c) < 0x20; }));
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_hostile_name_stays_a_name) {
    for (const std::string& name : hostile) {
        BOOST_TEST_CONTEXT("name: " << printable(name)) { check_outputs(name, 2); }
    }
}

BOOST_AUTO_TEST_CASE(a_random_name_stays_a_name) {
    constexpr unsigned seed = 20;
    std::mt19937 random(seed);
    const std::string alphabet = "<>&\"'\\/{}[]()$%#_^~`|*!:;=-+.,\n\t 01aWz";
    for (int round = 0; round < 60; ++round) {
        std::string name;
        for (auto k = random() % 24 + 1; k > 0; --k)
            name += random() % 8 == 0 ? static_cast<char>(random() % 256) : alphabet[random() % alphabet.size()];
        BOOST_TEST_CONTEXT("seed " << seed << ", round " << round << ", name: " << printable(name)) { check_outputs(name, 2); }
    }
}

BOOST_AUTO_TEST_SUITE_END()

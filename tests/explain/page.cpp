// SPDX-License-Identifier: MIT
// Pages as files: what they load (nothing), how large they are, and that the same trace gives the same bytes.
#include "autodiff/explain/outputs.hpp"

#include "autodiff/explain/layout.hpp"
#include "documents.hpp"
#include "models.hpp"
#include "network.hpp"

#include <boost/test/unit_test.hpp>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>

using namespace autodiff;
using documents::HtmlElement;

namespace {

constexpr std::size_t budget = 1'500'000;

std::size_t count(std::string_view text, std::string_view part) {
    std::size_t n = 0;
    for (std::size_t at = text.find(part); at != std::string_view::npos; at = text.find(part, at + part.size())) ++n;
    return n;
}

nlohmann::json data_of(const std::string& html) {
    for (const HtmlElement& e : documents::read_html(html))
        if (e.attributes.contains("id") && e.attributes.at("id") == "data") return nlohmann::json::parse(e.text);
    return {};
}

}  // namespace

BOOST_AUTO_TEST_SUITE(explain_page)

BOOST_AUTO_TEST_CASE(a_page_loads_nothing) {
    network::Tensors n;
    const std::string html = to_html(trace(n.L));
    BOOST_TEST(count(html, "Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; "
                           "img-src data:\"") == 1u);
    BOOST_TEST(count(html, "http") == 2u);  // the policy's own name, and the name of SVG
    BOOST_TEST(count(html, "http://www.w3.org/2000/svg") == 1u);
    for (const std::string reference : {"src=", "@import", "url(http", "fetch(", "XMLHttpRequest", "import("})
        BOOST_TEST(count(html, reference) == 0u, reference);
}

BOOST_AUTO_TEST_CASE(a_page_is_complete_without_its_script) {
    network::Neurons n;
    const Trace t = trace(n.L);
    std::size_t open = 0;
    const std::vector<HtmlElement> page = documents::read_html(to_html(t));
    for (const HtmlElement& e : page)
        if (e.tag == "details" && e.attributes.at("class").starts_with("step")) open += e.attributes.contains("open");
    BOOST_TEST(open == t.forward.size() + t.reverse.size());
    BOOST_TEST(std::any_of(page.begin(), page.end(), [](const HtmlElement& e) { return e.tag == "math"; }));
    BOOST_TEST(std::count_if(page.begin(), page.end(), [](const HtmlElement& e) {
                   const auto c = e.attributes.find("class");
                   return e.tag == "g" && c != e.attributes.end() && c->second.starts_with("node");
               }) == 52);
}

BOOST_AUTO_TEST_CASE(only_pages_with_layers_tell_how_their_indices_are_meant) {
    network::Tensors n;
    Tape tape;
    const Scalar w = tape.variable(0.5, "w"), a = tape.variable(2.0, "a"), b = tape.variable(-1.0, "b");
    BOOST_TEST(count(to_html(trace(n.L)), "PyTorch stores the transpose") == 1u);
    BOOST_TEST(count(to_html(trace(sigmoid(w * a + b))), "PyTorch") == 0u);
}

BOOST_AUTO_TEST_CASE(every_gradient_says_from_which_step_on_it_is_known) {
    network::Tensors n;
    const Trace t = trace(n.L);
    std::size_t panels = 0;
    for (const HtmlElement& e : documents::read_html(to_html(t))) {
        if (!e.attributes.contains("data-known")) continue;
        const std::string of = e.attributes.at("data-of"), id = e.attributes.at("data-known");
        const auto step =
            std::find_if(t.reverse.begin(), t.reverse.end(), [&](const Trace::Reverse& s) { return "R" + std::to_string(s.number) == id; });
        BOOST_REQUIRE((step != t.reverse.end()));
        BOOST_TEST(of.starts_with(step->name + "["), of << " at " << id);
        ++panels;
    }
    BOOST_TEST(panels == t.weights.size() + t.paths.size());
}

BOOST_AUTO_TEST_CASE(a_quiz_can_ask_at_every_tensor_with_an_opened_element) {
    for (const Index batch : {1, 8}) {
        models::OnTape model(64, 32, batch);
        const Trace t = trace(model.L);
        std::size_t opened = 0, asked = 0;
        for (const Trace::Reverse& step : t.reverse) opened += !step.elements.empty();
        for (const HtmlElement& e : documents::read_html(to_html(t))) asked += e.tag == "li" && e.attributes.contains("data-product");
        BOOST_TEST(opened > 8u);
        BOOST_TEST(asked == opened);
    }
}

BOOST_AUTO_TEST_CASE(a_name_too_long_for_its_node_is_cut_and_stands_in_full_in_the_title) {
    Tape tape;
    const std::string name = "ein_Gewicht_mit_einem_sehr_langen_Namen_für_Prüfungen";
    const Scalar x = tape.variable(0.5, name), y = tape.variable(0.5, "W");
    const std::string html = to_html(trace(sin(x) * y));
    BOOST_TEST(count(html, "<title>" + name + " = variable\nvalue 0.5\nadjoint ") == 1u);
    BOOST_TEST(count(html, "\">ein_Gewicht_mit…</text>") == 1u);
    BOOST_TEST(count(html, "\">W</text>") == 1u);
}

BOOST_AUTO_TEST_CASE(the_same_program_gives_the_same_bytes) {
    const auto once = [] {
        models::OnTape model(64, 32, 4);
        return to_html(trace(model.L)) + to_markdown(trace(model.L)) + to_dot(trace(model.L)) + to_text(trace(model.L));
    };
    const std::string first = once();
    BOOST_TEST((once() == first));
    BOOST_TEST(count(first, "0x") == 0u);
}

BOOST_AUTO_TEST_CASE(pages_of_real_networks_are_small) {
    struct Case {
        Index inputs, hidden, batch;
        bool all_layers;
    };
    for (const Case& c : {Case{64, 32, 1, true}, {64, 32, 64, true}, {784, 128, 1, true}, {784, 128, 32, true}, {784, 128, 256, false}}) {
        models::OnTape model(c.inputs, c.hidden, c.batch);
        const std::string html = to_html(trace(model.L, {.images = {{8, 8}, {28, 28}}}));
        BOOST_TEST_MESSAGE(c.inputs << "-" << c.hidden << "-10, batch " << c.batch << ": " << html.size() << " bytes");
        BOOST_TEST(html.size() < budget);
        if (c.all_layers) BOOST_TEST(data_of(html).at("layers").size() == 2u);
    }
}

BOOST_AUTO_TEST_CASE(the_factors_in_a_page_are_the_tapes_to_the_last_bit) {
    models::OnTape model(64, 32, 8);
    const auto json = data_of(to_html(trace(model.L)));
    const Gradient g = gradient(model.L);
    for (const auto& layer : json.at("layers")) {
        const bool hidden = layer.at("weight") == "hidden.weight";
        const Tensor<double> expected = hidden ? g[model.net.hidden.weight] : g[model.net.output.weight];
        const auto inputs = layer.at("inputs").get<std::size_t>(), outputs = layer.at("outputs").get<std::size_t>();
        for (std::size_t i = 0; i < inputs; i += 7)
            for (std::size_t j = 0; j < outputs; j += 3) {
                double sum = 0, magnitude = 0;
                for (std::size_t n = 0; n < 8; ++n) {
                    const double product = layer.at("abar")[n * outputs + j].get<double>() *
                                           layer.at("slope")[n * outputs + j].get<double>() *
                                           layer.at("input")[n * inputs + i].get<double>();
                    sum += product, magnitude += std::abs(product);
                }
                BOOST_TEST(std::abs(sum - expected.at(i, j)) <= 1e-15 * magnitude);
            }
    }
}

BOOST_AUTO_TEST_CASE(a_page_beyond_its_limit_is_refused) {
    network::Tensors n;
    const Trace t = trace(n.L);
    try {
        static_cast<void>(to_html(t, {.most_bytes = 1000}));
        BOOST_ERROR("nothing was thrown");
    } catch (const ValueError& e) {
        BOOST_TEST(std::string(e.what()).starts_with("to_html: expected a page of at most 1000 bytes, got "));
        BOOST_TEST(std::string(e.what()).ends_with("; fewer options.rows, terms or elements make it smaller"));
    }
}

BOOST_AUTO_TEST_CASE(no_node_of_the_drawing_covers_another_and_arrows_lead_to_the_right) {
    network::Neurons n;
    models::OnTape model(64, 32, 2);
    for (const Trace& t : {trace(n.L), trace(model.L), trace(n.L, {.collapse = 12})}) {
        const Layout layout = layout_of(t.graph);
        BOOST_REQUIRE(layout.node.size() == t.graph.nodes.size());
        for (std::size_t a = 0; a < layout.node.size(); ++a) {
            const Point p = layout.node[a];
            BOOST_TEST((p.x >= node_width / 2 && p.x <= layout.width - node_width / 2));
            BOOST_TEST((p.y >= node_height / 2 && p.y <= layout.height - node_height / 2));
            for (std::size_t b = 0; b < a; ++b)
                BOOST_TEST((std::abs(p.x - layout.node[b].x) >= node_width || std::abs(p.y - layout.node[b].y) >= node_height),
                           t.graph.nodes[a].name << " and " << t.graph.nodes[b].name);
        }
        for (const Trace::Graph::Edge& e : t.graph.edges)
            if (e.from < e.to) BOOST_TEST(layout.node[e.from].x < layout.node[e.to].x);
    }
}

BOOST_AUTO_TEST_SUITE_END()

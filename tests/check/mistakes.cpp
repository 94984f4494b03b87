// SPDX-License-Identifier: MIT
// Each mistake of the dictionary is found where it was made and called by its name.
#include "mistakes_injected.hpp"

#include <boost/test/unit_test.hpp>
#include <set>

using namespace mistakes;

BOOST_AUTO_TEST_SUITE(injected_mistakes)

BOOST_AUTO_TEST_CASE(a_right_derivation_agrees_on_every_model) {
    for (const Maker& make : models()) {
        const auto model = make();
        std::vector<bool> made;
        const Comparison c = compare(derived<double>(*model, {}, made), model->loss);
        BOOST_TEST(c.agrees, model->name << "\n" << to_string(c));
        BOOST_TEST(c.steps.size() == model->steps.size());
    }
}

BOOST_AUTO_TEST_CASE(every_mistake_is_found_at_its_step_and_named) {
    std::set<std::string> kinds;
    std::size_t cases = 0;
    for (const Maker& make : models()) {
        const auto model = make();
        for (std::size_t s = 0; s < model->steps.size(); ++s)
            for (std::size_t k = 0; k < model->steps[s].wrong.size(); ++k, ++cases) {
                kinds.insert(model->steps[s].wrong[k].kind);
                const std::string complaint = judged(*model, {{s, k}});
                BOOST_TEST(complaint.empty(), complaint);
            }
    }
    BOOST_TEST_MESSAGE(cases << " mistakes of " << kinds.size() << " kinds");
    BOOST_TEST(kinds.size() >= 18u);
}

BOOST_AUTO_TEST_CASE(every_mistake_in_float_is_found_and_named) {
    for (const Maker& make : models()) {
        const auto model = make();
        for (std::size_t s = 0; s < model->steps.size(); ++s)
            for (std::size_t k = 0; k < model->steps[s].wrong.size(); ++k) {
                if (model->steps[s].wrong[k].kind == "float_precision") continue;
                const std::string complaint = judged<float>(*model, {{s, k}});
                BOOST_TEST(complaint.empty(), complaint);
            }
    }
}

// Relu units that are all dead: its slope is 0, and what a student forgot is still its derivative.
BOOST_AUTO_TEST_CASE(a_forgotten_derivative_of_dead_units_is_one) {
    Tape tape;
    const T x({2, 2}, {1, 2, 3, 4}), t({2, 2}, {1, 0, 0, 1});
    const auto W1 = tape.variable(T({2, 3}, {-1, -2, -0.5, -0.3, -1, -2}), "W1"), W2 = tape.variable(T({3, 2}, {1, 2, 3, 4, 5, 6}), "W2");
    const auto z1 = matmul(x, W1), a1 = relu(z1), z2 = matmul(a1, W2), L = sum(square(z2 - t));
    tape.name(z1, "z1"), tape.name(a1, "a1"), tape.name(z2, "z2");
    const T dz2 = 2.0 * (z2.constant() - t), da1 = matmul(dz2, transpose(W2.constant()));
    ManualGradients manual;
    manual.set("dz2", dz2).set("da1", da1).set("dz1", da1);
    const Comparison c = compare(manual, L);
    BOOST_REQUIRE(c.steps.back().exact);
    BOOST_TEST(c.steps.back().mistakes.front().kind == "missing_derivative");
    BOOST_TEST(c.steps.back().mistakes.front().evidence == "expected dz1 = da1 * relu'(z1); yours is not 0 where relu'(z1) is");
}

// With one number any learning rate and any factor would fit.
BOOST_AUTO_TEST_CASE(one_number_is_no_evidence_of_an_update) {
    Tape tape;
    const auto w1 = tape.variable(T({1, 1}, {0.3}), "W1"), w2 = tape.variable(T({1, 1}, {0.7}), "W2");
    const auto a1 = sigmoid(matmul(T({1, 1}, {2}), w1)), z2 = matmul(a1, w2), L = sum(square(z2));
    tape.name(a1, "a1"), tape.name(z2, "z2");
    const Gradient g = gradient(L);
    ManualGradients manual;
    manual.set("dz2", g[z2].constant()).set("dW2", g[w2].constant()).set("da1", g[a1].constant() * 0.83);
    const auto about = [&](const CompareOptions& options) {
        const Comparison c = compare(manual, L, options);
        return c.steps.back().mistakes.empty() ? std::string() : c.steps.back().mistakes.front().kind;
    };
    BOOST_TEST(about({}) == "");
    const double rate = 0.17 * 0.7 / g[w2].item();  // W2 - rate dW2 is 0.83 W2
    BOOST_TEST(about({.learning_rate = rate}) == "updated_weights");
}

BOOST_AUTO_TEST_SUITE_END()

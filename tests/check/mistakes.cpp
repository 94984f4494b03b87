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

BOOST_AUTO_TEST_SUITE_END()

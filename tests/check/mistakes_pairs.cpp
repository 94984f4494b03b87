// SPDX-License-Identifier: MIT
// Two mistakes in different steps are both found where they were made and called by their names.
#include "mistakes_injected.hpp"

#include <boost/test/unit_test.hpp>

using namespace mistakes;

BOOST_AUTO_TEST_SUITE(injected_pairs)

BOOST_AUTO_TEST_CASE(every_pair_of_mistakes_in_different_steps_is_found_and_named) {
    std::size_t cases = 0;
    for (const Maker& make : models()) {
        const auto model = make();
        for (std::size_t s = 0; s < model->steps.size(); ++s)
            for (std::size_t later = s + 1; later < model->steps.size(); ++later)
                for (std::size_t k = 0; k < model->steps[s].wrong.size(); ++k)
                    for (std::size_t l = 0; l < model->steps[later].wrong.size(); ++l, ++cases) {
                        const std::string complaint = judged(*model, {{s, k}, {later, l}});
                        BOOST_TEST(complaint.empty(), complaint);
                    }
    }
    BOOST_TEST_MESSAGE(cases << " pairs");
}

BOOST_AUTO_TEST_SUITE_END()

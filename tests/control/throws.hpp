// SPDX-License-Identifier: MIT
/// How the tests of this room ask for an error: its type and the whole text.
#pragma once

#include <boost/test/unit_test.hpp>
#include <exception>
#include <string>

namespace test {

template <class E, class F>
void throws(const F& f, const std::string& text) {
    try {
        f();
        BOOST_ERROR("nothing was thrown instead of: " << text);
    } catch (const E& e) {
        BOOST_TEST(std::string(e.what()) == text);
    } catch (const std::exception& e) {
        BOOST_ERROR("another type was thrown: " << e.what());
    }
}

}  // namespace test

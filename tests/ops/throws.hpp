// SPDX-License-Identifier: MIT
/// How the tests of errors ask: the type, the whole text, and that nothing was recorded.
#pragma once

#include "autodiff/autodiff.hpp"

#include <boost/test/unit_test.hpp>
#include <string>

namespace test {

using namespace autodiff;

/// Checks that f throws an E with this text, on constants and on recorded operands alike.
template <class E, class F>
void throws(const F& f, const std::string& text) {
    const auto fails = [&](const char* operands) {
        try {
            f();
            BOOST_ERROR("nothing was thrown with " << operands << " instead of: " << text);
        } catch (const E& e) {
            BOOST_TEST(std::string(e.what()) == text);
        } catch (const std::exception& e) {
            BOOST_ERROR("another type was thrown: " << e.what());
        }
    };
    fails("constants");
    Tape tape;
    fails("a live tape");
    BOOST_TEST(tape.stats().rows == 0u);
}

}  // namespace test

// SPDX-License-Identifier: MIT
/// The whole text of an error, as a predicate: `BOOST_CHECK_EXCEPTION(layer(x), ShapeError, says("linear: expected ..., got ..."))`.
#pragma once

#include <boost/test/unit_test.hpp>
#include <exception>
#include <string>

namespace test {

inline auto says(std::string text) {
    return [expected = std::move(text)](const std::exception& error) {
        BOOST_TEST(error.what() == expected);
        return error.what() == expected;
    };
}

}  // namespace test

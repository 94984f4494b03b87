// SPDX-License-Identifier: MIT
// The test runner: Boost.Test is linked, so this is all there is of it. Suites live in the other files.
#define BOOST_TEST_MODULE wengert
#include <boost/test/unit_test.hpp>

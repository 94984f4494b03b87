// SPDX-License-Identifier: MIT
/// Parts of a trace by name.
#pragma once

#include "autodiff/explain/trace.hpp"

#include <algorithm>
#include <boost/test/unit_test.hpp>
#include <string_view>

namespace lookup {

using namespace autodiff;

inline const Trace::Reverse& back(const Trace& t, std::string_view name) {
    const auto at = std::find_if(t.reverse.begin(), t.reverse.end(), [&](const auto& step) { return step.name == name; });
    BOOST_REQUIRE_MESSAGE(at != t.reverse.end(), "no step for " << name);
    return *at;
}
inline const Trace::Forward& there(const Trace& t, std::string_view name) {
    const auto at = std::find_if(t.forward.begin(), t.forward.end(), [&](const auto& step) { return step.name == name; });
    BOOST_REQUIRE_MESSAGE(at != t.forward.end(), "no step for " << name);
    return *at;
}
inline const Paths& paths_of(const Trace& t, std::string_view name) {
    const auto at = std::find_if(t.paths.begin(), t.paths.end(), [&](const auto& paths) { return paths.of == name; });
    BOOST_REQUIRE_MESSAGE(at != t.paths.end(), "no paths for " << name);
    return *at;
}
inline double sum_of(const Paths& paths) {
    double sum = 0;
    for (const Paths::Path& path : paths.shown) sum += path.product;
    return sum;
}

}  // namespace lookup

// SPDX-License-Identifier: MIT
#include "autodiff/fast_paths.hpp"

#include "autodiff/tape.hpp"

#include <cstdlib>
#include <string_view>

namespace autodiff {
inline namespace v1 {

namespace {

constinit thread_local int switched_off = 0;  // WithoutFastPaths objects alive

bool wished_off() {
    const char* const wish = std::getenv("WENGERT_FAST_PATHS");
    if (wish == nullptr || std::string_view(wish).empty() || std::string_view(wish) == "on") return false;
    if (std::string_view(wish) == "off") return true;
    throw ValueError("WENGERT_FAST_PATHS", "on or off", wish);
}

}  // namespace

WithoutFastPaths::WithoutFastPaths() noexcept { ++switched_off; }
WithoutFastPaths::~WithoutFastPaths() { --switched_off; }

bool internal::fast_path() {
    static const bool off = wished_off();
    if (off || switched_off > 0) return false;
    if (current == &no_tape) return true;
    const Tape& tape = Tape::from(*current);
    return tape.detail() == Detail::derivatives || tape.held_by() == HeldBy::function;
}

}  // namespace v1
}  // namespace autodiff

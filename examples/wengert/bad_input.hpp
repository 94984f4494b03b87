// SPDX-License-Identifier: MIT
/// What the user gave cannot be used: one sentence, which the tool prints before it exits with status 2.
#pragma once

#include <stdexcept>

namespace wengert {

class BadInput : public std::runtime_error {
  public:
    using std::runtime_error::runtime_error;
};

}  // namespace wengert

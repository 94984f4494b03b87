// SPDX-License-Identifier: MIT
/// What the user gave cannot be used: one sentence, which the program prints before it exits with code 2.
#pragma once

#include <stdexcept>

namespace digits {

class BadInput : public std::runtime_error {
  public:
    using std::runtime_error::runtime_error;
};

}  // namespace digits

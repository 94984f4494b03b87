// SPDX-License-Identifier: MIT
// A precompiled header needs a source to belong to; main.cpp, which includes Boost.Test in its own way, cannot be it.

// SPDX-License-Identifier: MIT
// What the tool writes goes to one place, and a full disk or a closed pipe does not go unnoticed.
#include "autodiff/explain/words.hpp"
#include "examples/wengert/bad_input.hpp"
#include "examples/wengert/commands.hpp"

#include <cstdio>
#include <fmt/format.h>
#include <fstream>

namespace wengert {

void write_output(const std::string& text, const std::string& file) {
    if (file.empty()) {
        if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size() || std::fflush(stdout) != 0)
            throw BadInput("expected an output that can be written, got an error");
        return;
    }
    std::ofstream out(file, std::ios::binary | std::ios::trunc);
    out << text;
    out.close();
    if (!out) throw BadInput(fmt::format("expected a file that can be written, got '{}'", autodiff::printable(file)));
}

}  // namespace wengert

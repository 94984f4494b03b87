// SPDX-License-Identifier: MIT
/// The page of an example: `05_dense_layer PAGE.html` writes it, beside what the example prints. The build writes the pages of the whole
/// course into its folder examples/pages.
#pragma once

#include "autodiff/explain/outputs.hpp"

#include <fmt/format.h>
#include <fstream>
#include <stdexcept>
#include <string>

/// What the command line asks an example for.
class Page {
  public:
    Page(int arguments, char** argument) : path_(arguments > 1 ? argument[1] : "") {}
    /// Writes the page that explains L, if it was asked for. throws std::runtime_error if it cannot be written
    template <class L>
    void write(const L& loss, autodiff::ExplainOptions options = {}) const {
        if (path_.empty()) return;
        std::ofstream file(path_, std::ios::binary);
        file << autodiff::to_html(autodiff::trace(loss, options));
        file.close();
        if (!file) throw std::runtime_error(fmt::format("cannot write {}", path_));
    }

  private:
    std::string path_;
};

// SPDX-License-Identifier: MIT
/// Images as they lie in files: bytes, read from CSV or from the IDX format of MNIST. Batches of tensors are made from them.
#pragma once

#include "autodiff/tensor.hpp"

#include <cstdint>
#include <filesystem>
#include <span>
#include <vector>

namespace digits {

using autodiff::Index;
using autodiff::Tensor;

inline constexpr Index classes = 10;

/// n images of rows x columns pixels, row by row, and their classes.
struct Images {
    Index rows = 0, columns = 0;
    std::uint8_t brightest = 255;  ///< the pixel value that becomes 1
    std::vector<std::uint8_t> pixels;
    std::vector<std::uint8_t> labels;

    [[nodiscard]] Index count() const { return static_cast<Index>(labels.size()); }
    [[nodiscard]] Index pixels_each() const { return rows * columns; }
};

struct Split {
    Images train, test;
};

/// features: [n, rows columns], between 0 and 1; labels: [n]
struct Batch {
    Tensor<double> features;
    Tensor<Index> labels;
};

/// The images at these positions. `shift_down` and `shift_right`, one per image or none, move them, zeros filling up.
struct Shift {
    Index down = 0, right = 0;
};
Batch batch_of(const Images& images, std::span<const Index> positions, std::span<const Shift> shifts = {});

/// One image a line: its pixels from 0 to 16, then the class. throws BadInput naming file, line and what is wrong
Images read_csv(const std::filesystem::path& file);
/// An IDX file of images and one of labels. throws BadInput naming file and what is wrong
Images read_idx(const std::filesystem::path& images, const std::filesystem::path& labels);

/// A CSV file (or a folder with digits.csv) is split by the seed, one quarter for testing; a folder of MNIST is split already.
/// throws BadInput
Split load(const std::filesystem::path& data, std::uint64_t seed);

}  // namespace digits

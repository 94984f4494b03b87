// SPDX-License-Identifier: MIT
// Readers that trust nothing: every count is compared with what the file holds before memory is taken for it.
#include "examples/digits/images.hpp"

#include "examples/digits/bad_input.hpp"
#include "nn/random.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <fmt/format.h>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>

namespace digits {

namespace {

constexpr int brightest_in_csv = 16;
constexpr std::uint32_t idx_images = 0x00000803, idx_labels = 0x00000801;  // unsigned bytes, of rank 3 and 1
constexpr std::uint32_t largest_side = 1024;

std::string read_file(const std::filesystem::path& file) {
    std::error_code error;
    if (!std::filesystem::exists(file, error)) {
        if (std::filesystem::exists(file.string() + ".gz", error))
            throw BadInput(fmt::format("{}: expected the unpacked file, got only {}.gz; unpack it with gunzip", file.string(),
                                       file.filename().string()));
        throw BadInput(fmt::format("{}: no such file", file.string()));
    }
    if (std::filesystem::is_directory(file, error)) throw BadInput(fmt::format("{}: expected a file, got a folder", file.string()));
    std::ifstream in(file, std::ios::binary);
    std::string bytes{std::istreambuf_iterator<char>(in), {}};
    if (!in) throw BadInput(fmt::format("{}: cannot be read", file.string()));
    return bytes;
}

/// The numbers of one line, in `values`.
void read_line(std::string_view line, const std::string& where, std::vector<int>& values) {
    values.clear();
    for (std::size_t start = 0; start <= line.size();) {
        const std::size_t comma = std::min(line.find(',', start), line.size());
        const std::string_view text = line.substr(start, comma - start);
        int value = 0;
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
        if (error != std::errc{} || end != text.data() + text.size())
            throw BadInput(fmt::format("{}: expected a whole number in column {}, got '{}'", where, values.size() + 1, text.substr(0, 20)));
        values.push_back(value);
        start = comma + 1;
    }
}

/// The unsigned 32-bit big-endian numbers that begin an IDX file.
template <std::size_t N>
std::array<std::uint32_t, N> header(const std::string& bytes, const std::string& name, std::uint32_t magic) {
    std::array<std::uint32_t, N> numbers{};
    if (bytes.size() < 4 * N)
        throw BadInput(fmt::format("{}: expected an IDX header of {} bytes, got a file of {} bytes", name, 4 * N, bytes.size()));
    for (std::size_t i = 0; i < 4 * N; ++i) numbers[i / 4] = numbers[i / 4] << 8 | static_cast<std::uint8_t>(bytes[i]);
    if (numbers[0] != magic)
        throw BadInput(fmt::format("{}: expected the IDX magic number 0x{:08x}, got 0x{:08x}", name, magic, numbers[0]));
    return numbers;
}

void check_size(const std::string& name, std::size_t got, std::uint64_t expected, std::string_view says) {
    if (got != expected)
        throw BadInput(fmt::format("{}: expected {} bytes for the {} that its header says, got {}", name, expected, says, got));
}

Images part_of(const Images& images, std::span<const Index> positions) {
    Images part{images.rows, images.columns, images.brightest, {}, {}};
    for (const Index n : positions) {
        const auto first = images.pixels.begin() + n * images.pixels_each();
        part.pixels.insert(part.pixels.end(), first, first + images.pixels_each());
        part.labels.push_back(images.labels[static_cast<std::size_t>(n)]);
    }
    return part;
}

}  // namespace

Images read_csv(const std::filesystem::path& file) {
    const std::string bytes = read_file(file);
    Images images;
    images.brightest = brightest_in_csv;
    std::vector<int> values;
    std::size_t number = 0, columns = 0;
    for (std::size_t start = 0; start < bytes.size();) {
        const std::size_t end = std::min(bytes.find('\n', start), bytes.size());
        std::string_view line = std::string_view(bytes).substr(start, end - start);
        if (line.ends_with('\r')) line.remove_suffix(1);
        const std::string where = fmt::format("{}, line {}", file.string(), ++number);
        read_line(line, where, values);
        if (columns == 0) {
            columns = values.size();
            images.rows = images.columns = std::lround(std::sqrt(static_cast<double>(columns - 1)));
            if (columns < 2 || static_cast<std::size_t>(images.pixels_each()) != columns - 1)
                throw BadInput(fmt::format("{}: expected the pixels of a square image and a class, got {} numbers", where, columns));
        }
        if (values.size() != columns)
            throw BadInput(fmt::format("{}: expected {} numbers as in line 1, got {}", where, columns, values.size()));
        for (std::size_t i = 0; i + 1 < columns; ++i) {
            if (values[i] < 0 || values[i] > brightest_in_csv)
                throw BadInput(
                    fmt::format("{}: expected a pixel from 0 to {} in column {}, got {}", where, brightest_in_csv, i + 1, values[i]));
            images.pixels.push_back(static_cast<std::uint8_t>(values[i]));
        }
        if (values.back() < 0 || values.back() >= classes)
            throw BadInput(fmt::format("{}: expected a class from 0 to {} in the last column, got {}", where, classes - 1, values.back()));
        images.labels.push_back(static_cast<std::uint8_t>(values.back()));
        start = end + 1;
    }
    if (images.count() == 0) throw BadInput(fmt::format("{}: expected images, got an empty file", file.string()));
    return images;
}

Images read_idx(const std::filesystem::path& image_file, const std::filesystem::path& label_file) {
    const std::string bytes = read_file(image_file), name = image_file.string();
    const auto [magic, count, rows, columns] = header<4>(bytes, name, idx_images);
    if (rows < 1 || columns < 1 || rows > largest_side || columns > largest_side)
        throw BadInput(fmt::format("{}: expected images of 1 to {} pixels a side, got {} x {}", name, largest_side, rows, columns));
    check_size(name, bytes.size() - 16, std::uint64_t{count} * rows * columns,
               fmt::format("{} images of {} x {} pixels", count, rows, columns));
    if (count == 0) throw BadInput(fmt::format("{}: expected images, got none", name));

    const std::string label_bytes = read_file(label_file), label_name = label_file.string();
    const auto [label_magic, label_count] = header<2>(label_bytes, label_name, idx_labels);
    check_size(label_name, label_bytes.size() - 8, label_count, fmt::format("{} labels", label_count));
    if (label_count != count) throw BadInput(fmt::format("{}: expected {} labels, one per image, got {}", label_name, count, label_count));

    Images images{rows, columns, 255, {bytes.begin() + 16, bytes.end()}, {label_bytes.begin() + 8, label_bytes.end()}};
    for (std::size_t n = 0; n < images.labels.size(); ++n)
        if (images.labels[n] >= classes)
            throw BadInput(
                fmt::format("{}: expected classes from 0 to {}, got {} for image {}", label_name, classes - 1, images.labels[n], n));
    return images;
}

Split load(const std::filesystem::path& data, std::uint64_t seed) {
    std::error_code error;
    if (!std::filesystem::exists(data, error)) throw BadInput(fmt::format("{}: no such file or folder", data.string()));
    if (std::filesystem::is_directory(data, error) && !std::filesystem::exists(data / "digits.csv", error)) {
        Split split{read_idx(data / "train-images-idx3-ubyte", data / "train-labels-idx1-ubyte"),
                    read_idx(data / "t10k-images-idx3-ubyte", data / "t10k-labels-idx1-ubyte")};
        if (split.train.rows != split.test.rows || split.train.columns != split.test.columns)
            throw BadInput(fmt::format("{}: expected test images of {} x {} pixels as for training, got {} x {}", data.string(),
                                       split.train.rows, split.train.columns, split.test.rows, split.test.columns));
        return split;
    }
    const Images images = read_csv(std::filesystem::is_directory(data, error) ? data / "digits.csv" : data);
    if (images.count() < 4) throw BadInput(fmt::format("{}: expected at least 4 images to split, got {}", data.string(), images.count()));
    nn::Random rng{seed};
    const auto order = rng.permutation(images.count());
    const std::span<const Index> positions = order.data();
    const auto for_testing = static_cast<std::size_t>((images.count() + 3) / 4);
    return {part_of(images, positions.subspan(for_testing)), part_of(images, positions.first(for_testing))};
}

Batch batch_of(const Images& images, std::span<const Index> positions, std::span<const Shift> shifts) {
    const auto n = static_cast<Index>(positions.size());
    std::vector<double> features(static_cast<std::size_t>(n * images.pixels_each()));
    std::vector<Index> labels;
    auto feature = features.begin();
    for (std::size_t k = 0; k < positions.size(); ++k) {
        const auto image = images.pixels.begin() + positions[k] * images.pixels_each();
        const Shift shift = shifts.empty() ? Shift{} : shifts[k];
        for (Index i = 0; i < images.rows; ++i)
            for (Index j = 0; j < images.columns; ++j, ++feature) {
                const Index from_i = i - shift.down, from_j = j - shift.right;
                if (from_i < 0 || from_j < 0 || from_i >= images.rows || from_j >= images.columns) continue;
                *feature = static_cast<double>(image[from_i * images.columns + from_j]) / images.brightest;
            }
        labels.push_back(images.labels[static_cast<std::size_t>(positions[k])]);
    }
    return {Tensor<double>({n, images.pixels_each()}, features), Tensor<Index>({n}, labels)};
}

}  // namespace digits

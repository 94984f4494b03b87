// SPDX-License-Identifier: MIT
// The command line, by CLI11. Every number is checked as text, so that messages can say what was expected.
#include "examples/digits/options.hpp"

#include "examples/digits/bad_input.hpp"

#include <algorithm>
#include <charconv>
#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <cmath>
#include <cstdio>
#include <fmt/ranges.h>

namespace digits {

namespace {

constexpr int most_epochs = 100000;
constexpr int most_in_a_batch = 1 << 20;
constexpr int most_threads = 1024;
constexpr autodiff::Index widest_layer = 1 << 13;
constexpr std::size_t most_layers = 16;
// The set for which the defaults of `complete` were found: its training images and their pixels.
constexpr autodiff::Index images_of_digits = 1347;
constexpr double pixels_of_digits = 64;

template <class T>
std::optional<T> number(std::string_view text) {
    T value{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return value;
}

/// Reads a whole number in [low, high] into `value`.
template <class T>
auto whole_number(T& value, T low, T high) {
    return [&value, low, high](const std::string& text) {
        const auto given = number<T>(text);
        if (!given || *given < low || *given > high) return fmt::format("expected a whole number from {} to {}, got '{}'", low, high, text);
        value = *given;
        return std::string();
    };
}

auto learning_rate(double& value) {
    return [&value](const std::string& text) {
        const auto given = number<double>(text);
        if (!given || !std::isfinite(*given) || *given <= 0) return fmt::format("expected a positive number, got '{}'", text);
        value = *given;
        return std::string();
    };
}

auto list_of_sizes(std::vector<autodiff::Index>& sizes) {
    return [&sizes](const std::string& text) {
        sizes.clear();
        for (std::size_t start = 0; start <= text.size();) {
            const std::size_t comma = std::min(text.find(',', start), text.size());
            const auto size = number<autodiff::Index>(std::string_view(text).substr(start, comma - start));
            if (!size || *size < 1 || *size > widest_layer || sizes.size() == most_layers)
                return fmt::format("expected up to {} sizes from 1 to {} such as 128,64, got '{}'", most_layers, widest_layer, text);
            sizes.push_back(*size);
            start = comma + 1;
        }
        return std::string();
    };
}

std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

}  // namespace

std::optional<Options> parse(int argc, const char* const* argv, const std::string& default_data) {
    Options options;
    options.data = default_data;
    std::string text;  // CLI11 wants somewhere to put what the checks have read already
    CLI::App app{"Trains a network on handwritten digits, then recovers the formula of every gradient from what the tape recorded.",
                 "digits"};
    app.add_option("--model", options.model, "mlp (sigmoid layers, the default) or cnn (two convolutions)")
        ->check([](const std::string& model) {
            return model == "mlp" || model == "cnn" ? std::string() : fmt::format("expected mlp or cnn, got '{}'", model);
        });
    app.add_option("--layers", text, "hidden sizes, such as 128,64 (64); for the cnn the channels of its convolutions (16,32)")
        ->check(list_of_sizes(options.layers));
    app.add_option("--epochs", text, "times through the training images (100, cnn 20, fewer for larger sets)")
        ->check(whole_number(options.epochs, 1, most_epochs));
    app.add_option("--batch", text, "images per step (32)")->check(whole_number(options.batch, 1, most_in_a_batch));
    app.add_option("--lr", text, "learning rate at the start (0.02 for 64 pixels, cnn 0.003)")->check(learning_rate(options.lr));
    app.add_option("--data", options.data, "digits.csv, or a folder with it or with the four IDX files of MNIST (the shipped digits.csv)");
    app.add_option("--seed", text, "of the split, the initial weights and the order of the images (1)")
        ->check(whole_number<std::uint64_t>(options.seed, 0, UINT64_MAX));
    app.add_option("--threads", text, "at most this many, 0 for all (0)")->check(whole_number(options.threads, 0, most_threads));
    app.add_option("--summary", options.summary, "write what was measured to this JSON file");
    try {
        app.parse(argc, argv);
    } catch (const CLI::CallForHelp&) {
        std::fputs(app.help().c_str(), stdout);
        return std::nullopt;
    } catch (const CLI::ParseError& error) {
        throw BadInput(first_line(error.what()));
    }
    const bool cnn = options.model == "cnn";
    if (options.layers.empty()) options.layers = cnn ? std::vector<autodiff::Index>{16, 32} : std::vector<autodiff::Index>{64};
    if (cnn && options.layers.size() != 2)
        throw BadInput(fmt::format("--layers: expected the channels of 2 convolutions such as 16,32 for --model cnn, got '{}'",
                                   fmt::join(options.layers, ",")));
    return options;
}

void complete(Options& options, autodiff::Index images, autodiff::Index pixels) {
    const bool cnn = options.model == "cnn";
    if (options.epochs == 0) {
        const autodiff::Index few = cnn ? 3 : 10, many = cnn ? 20 : 100;
        options.epochs = static_cast<int>(std::clamp(many * images_of_digits / images, few, many));
    }
    if (options.lr == 0) options.lr = cnn ? 3e-3 : 0.02 * std::sqrt(pixels_of_digits / static_cast<double>(pixels));
}

}  // namespace digits

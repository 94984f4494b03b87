// SPDX-License-Identifier: MIT
// The bar is drawn at most twenty times a second: a terminal is slower than a step of training.
#include "examples/digits/progress.hpp"

#include <cstdio>
#include <fmt/format.h>
#include <string>
#include <unistd.h>

namespace digits {

namespace {
constexpr std::size_t bar_width = 30;
constexpr std::chrono::milliseconds between_drawings{50};
}  // namespace

Progress::Progress(int epochs, std::size_t images) : epochs_(epochs), images_(images), terminal_(isatty(STDOUT_FILENO) == 1) {}

void Progress::update(int epoch, std::size_t images_done, double loss, double accuracy) {
    epoch_ = epoch, done_ = images_done, loss_ = loss, accuracy_ = accuracy;
    if (!terminal_) return;
    const auto now = std::chrono::steady_clock::now();
    if (now - drawn_ < between_drawings) return;
    drawn_ = now;
    draw();
}

void Progress::draw() const {
    const std::size_t full = bar_width * done_ / images_;
    fmt::print("\repoch {:>3}/{} [{:<{}}] loss {:.4f}  accuracy {:.4f}", epoch_ + 1, epochs_, std::string(full, '#'), bar_width, loss_,
               accuracy_);
    std::fflush(stdout);
}

void Progress::finish_epoch() {
    if (terminal_) {
        draw();
        fmt::print("\n");
    } else {
        fmt::print("epoch {:>3}/{}  loss {:.4f}  accuracy {:.4f}\n", epoch_ + 1, epochs_, loss_, accuracy_);
    }
    std::fflush(stdout);
}

}  // namespace digits

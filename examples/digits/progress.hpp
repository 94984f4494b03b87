// SPDX-License-Identifier: MIT
/// How training is going: a bar that redraws itself on a terminal, one line an epoch everywhere else.
#pragma once

#include <chrono>
#include <cstddef>

namespace digits {

class Progress {
  public:
    Progress(int epochs, std::size_t images);
    void update(int epoch, std::size_t images_done, double loss, double accuracy);
    void finish_epoch();

  private:
    void draw() const;
    int epochs_, epoch_ = 0;
    std::size_t images_, done_ = 0;
    double loss_ = 0, accuracy_ = 0;
    bool terminal_;
    std::chrono::steady_clock::time_point drawn_{};
};

}  // namespace digits

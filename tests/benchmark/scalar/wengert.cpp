// SPDX-License-Identifier: MIT
// This library, at the level of detail that the build chooses: WENGERT_DETAIL is derivatives or operations. One tape, cleared and used
// again.
#include "autodiff/gradient.hpp"
#include "autodiff/scalar.hpp"
#include "autodiff/tape.hpp"

#include "side.hpp"

class Wengert {
  public:
    template <class Task>
    double differentiate(const Task& task, std::size_t group, std::span<double> result) {
        const std::size_t n = task.dimension();
        const double* input = task.inputs().data();
        double* out = result.data();
        double total = 0;
        variables_.resize(group * n);
        for (std::size_t first = 0; first < task.points(); first += group) {
            const std::size_t last = std::min(first + group, task.points());
            tape_.clear();
            for (std::size_t i = 0; i < (last - first) * n; ++i) variables_[i] = tape_.variable(*input++);
            autodiff::Scalar y[Task::outputs];
            benchmark::evaluate(task, first, last, variables_.data(), y);
            for (std::size_t o = 0; o < Task::outputs; ++o) {
                total += y[o].value();
                tape_.gradient(y[o], gradient_);
                for (std::size_t p = 0; p < last - first; ++p)
                    for (std::size_t i = 0; i < n; ++i) out[(p * Task::outputs + o) * n + i] = gradient_[variables_[p * n + i]];
            }
            out += (last - first) * Task::outputs * n;
        }
        return total;
    }
    static std::size_t group() { return 1; }
    [[nodiscard]] std::size_t bytes() const { return tape_.stats().bytes; }

  private:
    autodiff::Tape tape_{autodiff::Detail::WENGERT_DETAIL};
    autodiff::Gradient gradient_;
    std::vector<autodiff::Scalar> variables_;
};

int main(int argc, char** argv) {
    Wengert side;
    return benchmark::run(argc, argv, side);
}

// SPDX-License-Identifier: MIT
// ADOL-C: records afresh (trace_on with Taylor values kept) and sweeps with fos_reverse. Its buffers are made large enough for the whole
// recording, so that nothing is written to a disk.
#include <adolc/adolc.h>

#include "side.hpp"

class AdolC {
  public:
    template <class Task>
    double differentiate(const Task& task, std::size_t group, std::span<double> result) {
        const std::size_t n = task.dimension();
        const double* input = task.inputs().data();
        double* out = result.data();
        double total = 0;
        if (variables_.size() != group * n) {
            variables_ = std::vector<adouble>(group * n);
            adjoint_.resize(group * n);
            const std::size_t room = 2 * (benchmark::operations(task) / task.points() * group + group * n) + 4096;
            operations_ = static_cast<uint>(room), locations_ = static_cast<uint>(4 * room);
        }
        for (std::size_t first = 0; first < task.points(); first += group) {
            const std::size_t last = std::min(first + group, task.points()), used = (last - first) * n;
            trace_on(tag, 1, operations_, locations_, operations_, operations_);
            for (std::size_t i = 0; i < used; ++i) variables_[i] <<= *input++;
            adouble y[Task::outputs];
            benchmark::evaluate(task, first, last, variables_.data(), y);
            for (adouble& each : y) {
                double value = 0;
                each >>= value;
                total += value;
            }
            trace_off();
            for (std::size_t o = 0; o < Task::outputs; ++o) {
                double seed[Task::outputs] = {};
                seed[o] = 1;
                fos_reverse(tag, static_cast<int>(Task::outputs), static_cast<int>(used), seed, adjoint_.data());
                for (std::size_t p = 0; p < last - first; ++p)
                    for (std::size_t i = 0; i < n; ++i) out[(p * Task::outputs + o) * n + i] = adjoint_[p * n + i];
            }
            out += (last - first) * Task::outputs * n;
        }
        return total;
    }
    static std::size_t group() { return 512; }
    static std::size_t bytes() { return 0; }

  private:
    static constexpr short tag = 1;
    uint operations_ = 0, locations_ = 0;
    std::vector<adouble> variables_;
    std::vector<double> adjoint_;
};

int main(int argc, char** argv) {
    AdolC side;
    return benchmark::run(argc, argv, side);
}

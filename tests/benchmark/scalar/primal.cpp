// SPDX-License-Identifier: MIT
// The plain function in double, without any derivative: the measure of all sides.
#include "side.hpp"

struct Primal {
    template <class Task>
    double differentiate(const Task& task, std::size_t, std::span<double>) {
        double sum[Task::outputs] = {};
        for (std::size_t p = 0; p < task.points(); ++p) {
            double y[Task::outputs];
            task.evaluate(p, task.inputs().data() + p * task.dimension(), y);
            for (std::size_t o = 0; o < Task::outputs; ++o) sum[o] += y[o];
        }
        double total = 0;
        for (const double s : sum) total += s;
        return total;
    }
    static std::size_t group() { return 1; }
    static std::size_t bytes() { return 0; }
};

int main(int argc, char** argv) { return benchmark::run(argc, argv, Primal{}); }

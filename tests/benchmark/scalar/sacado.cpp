// SPDX-License-Identifier: MIT
// Sacado's reverse mode, Rad::ADvar: it takes back its memory by itself when a computation begins after a gradient.
#include <Sacado_trad.hpp>

#include "side.hpp"

class SacadoRad {
  public:
    using Number = Sacado::Rad::ADvar<double>;

    template <class Task>
    double differentiate(const Task& task, std::size_t group, std::span<double> result) {
        const std::size_t n = task.dimension();
        const double* input = task.inputs().data();
        double* out = result.data();
        double total = 0;
        variables_.resize(group * n);
        for (std::size_t first = 0; first < task.points(); first += group) {
            const std::size_t last = std::min(first + group, task.points());
            for (std::size_t i = 0; i < (last - first) * n; ++i) variables_[i] = *input++;
            Number y[Task::outputs];
            benchmark::evaluate(task, first, last, variables_.data(), y);
            Number* outputs[Task::outputs];  // all of them in each sweep: the adjoint of one left out would stay from the sweep before
            for (std::size_t o = 0; o < Task::outputs; ++o) outputs[o] = &y[o];
            for (std::size_t o = 0; o < Task::outputs; ++o) {
                total += y[o].val();
                double seed[Task::outputs] = {};
                seed[o] = 1;
                Number::Weighted_Gradcomp(Task::outputs, outputs, seed);
                for (std::size_t p = 0; p < last - first; ++p)
                    for (std::size_t i = 0; i < n; ++i) out[(p * Task::outputs + o) * n + i] = variables_[p * n + i].adj();
            }
            out += (last - first) * Task::outputs * n;
        }
        return total;
    }
    static std::size_t group() { return 1; }
    static std::size_t bytes() { return 0; }

  private:
    std::vector<Number> variables_;
};

int main(int argc, char** argv) {
    SacadoRad side;
    return benchmark::run(argc, argv, side);
}

// SPDX-License-Identifier: MIT
// One problem several times at once, each in a thread of its own with a tape of its own: "tapes <threads> <times> <task>".
#include "wengert.hpp"

#include <autodiff/kernels/threads.hpp>
#include <autodiff/scalar.hpp>

#include <sched.h>

#include <thread>

namespace benchmark {
namespace {

/// This thread to the k-th of the CPUs that the process may use: new threads begin where their maker runs, and wait there.
void pin_thread(std::size_t k) {
    cpu_set_t allowed, one;
    sched_getaffinity(0, sizeof allowed, &allowed);
    CPU_ZERO(&one);
    for (unsigned cpu = 0; cpu < CPU_SETSIZE; ++cpu)
        if (CPU_ISSET(cpu, &allowed) && k-- == 0) CPU_SET(cpu, &one);
    if (CPU_COUNT(&one) == 1) sched_setaffinity(0, sizeof one, &one);
}

/// A step is `times` steps of each.
class AtOnce final : public Problem {
  public:
    AtOnce(std::vector<std::unique_ptr<Problem>> problems, std::int64_t times) : problems_(std::move(problems)), times_(times) {
        autodiff::kernels::set_threads(1);  // what is measured are threads of the program
    }
    void step() override {
        std::vector<std::thread> threads;
        for (std::size_t k = 0; k < problems_.size(); ++k)
            threads.emplace_back([problem = problems_[k].get(), k, this] {
                pin_thread(k);
                for (std::int64_t i = 0; i < times_; ++i) problem->step();
            });
        for (std::thread& thread : threads) thread.join();
    }
    [[nodiscard]] double loss() const override { return problems_[0]->loss(); }
    [[nodiscard]] std::vector<float> result() const override { return problems_[0]->result(); }
    [[nodiscard]] bool trains() const override { return problems_[0]->trains(); }
    void restart() override {
        for (const auto& problem : problems_) problem->restart();
    }

  private:
    std::vector<std::unique_ptr<Problem>> problems_;
    std::int64_t times_;
};

/// Numbers alone: x_{i+1} = tanh(a x_i + b), so many times.
class Scalars final : public Problem {
  public:
    explicit Scalars(std::int64_t steps) : steps_(steps) {}
    void step() override {
        const auto chain = [this](auto a, auto b) {
            auto x = a * b;
            for (std::int64_t i = 0; i < steps_; ++i) x = tanh(a * x + b);
            return x;
        };
        const auto [y, g] = autodiff::value_and_gradient(chain, 1.2, 0.3);
        y_ = y, da_ = std::get<0>(g), db_ = std::get<1>(g);
    }
    [[nodiscard]] double loss() const override { return y_; }
    [[nodiscard]] std::vector<float> result() const override { return {static_cast<float>(da_), static_cast<float>(db_)}; }

  private:
    std::int64_t steps_;
    double y_ = 0, da_ = 0, db_ = 0;
};

}  // namespace

std::unique_ptr<Problem> make_several(const Words& request, const std::function<std::unique_ptr<Problem>(const Words&)>& make) {
    if (request.size() < 4) return {};
    const Words task(request.begin() + 3, request.end());
    std::vector<std::unique_ptr<Problem>> problems;
    for (std::int64_t i = 0; i < number(request, 1); ++i) {
        problems.push_back(task[0] == "scalars" ? std::make_unique<Scalars>(number(task, 1)) : make(task));
        if (!problems.back()) return {};
    }
    return std::make_unique<AtOnce>(std::move(problems), number(request, 2));
}

}  // namespace benchmark

// SPDX-License-Identifier: MIT
/// One side of the comparison as a program: `<side> <task> [--quick] [--group n]` prepares the task and says `ready <operations>`; then
/// every line on its standard input lets it differentiate the task again and give its answer (answer.hpp).
/// `<side> <task> --check` compares its gradient with differences instead. What a side is: see primal.cpp, the smallest.
///
/// A side has `double differentiate(task, group, gradient)`: it writes dy[o]/dx of every point to gradient[point][o][variable] and returns
/// the sum of all y. Points are independent, so a tool may record `group` of them at once and sweep their sum: each point's
/// gradient comes out in its own variables. `bytes()` is the memory of the last recording, 0 if the tool does not tell. A side may have
/// `prepare(task)`, `unpack(task, gradient)` if its results lie in memory otherwise, both outside the measured time, `supports<Task>`,
/// and `wall`, if its threads want the time on the wall.
#pragma once

#include "benchmark/answer.hpp"
#include "counted.hpp"
#include "tasks.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace benchmark {

/// y = the sum of the outputs of points [first, last), x the variables of the first and those that follow.
template <class T, class Task>
[[gnu::always_inline]] inline void evaluate(const Task& task, std::size_t first, std::size_t last, const T* x, T* y) {
    task.evaluate(first, x, y);
    for (std::size_t p = first + 1; p < last; ++p) {
        T more[Task::outputs];
        task.evaluate(p, x + (p - first) * task.dimension(), more);
        for (std::size_t o = 0; o < Task::outputs; ++o) y[o] += more[o];
    }
}

/// The elementary operations of one evaluation of all points.
template <class Task>
std::size_t operations(const Task& task) {
    const std::vector<Counted> x(task.inputs().begin(), task.inputs().end());
    Counted y[Task::outputs];
    Counted::count = 0;
    for (std::size_t p = 0; p < task.points(); ++p) task.evaluate(p, x.data() + p * task.dimension(), y);
    return Counted::count;
}

/// Some entries of the gradient against central differences; returns how many are wrong.
template <class Task>
int check(const Task& task, std::span<const double> gradient) {
    int wrong = 0;
    const std::size_t n = task.dimension();
    for (std::size_t sample = 0; sample < 12; ++sample) {
        const auto draw = [sample](std::uint64_t stream, std::size_t below) {
            return static_cast<std::size_t>(uniform(stream, sample) * static_cast<double>(below));
        };
        const std::size_t p = draw(100, task.points()), i = draw(101, n), o = draw(102, Task::outputs);
        const double* point = task.inputs().data() + p * n;
        std::vector<double> x(point, point + n);
        const auto at = [&](double xi) {
            x[i] = xi;
            double y[Task::outputs];
            task.evaluate(p, x.data(), y);
            return y[o];
        };
        const double xi = x[i], h = 6e-6 * std::max(1.0, std::abs(xi)), above = at(xi + h), below = at(xi - h);
        const double difference = (above - below) / (2 * h), derivative = gradient[(p * Task::outputs + o) * n + i];
        const double tolerance = 1e-6 * std::abs(difference) + 1e-14 * std::abs(above) / h + 1e-9;
        const bool right = std::abs(derivative - difference) <= tolerance;
        wrong += !right;
        std::printf("%s: dy[%zu]/dx[%zu] at point %zu is %.12g, by differences %.12g%s\n", Task::name.data(), o, i, p, derivative,
                    difference, right ? "" : "   WRONG");
    }
    return wrong;
}

template <class Side, class Task>
inline constexpr bool supports = [] {
    if constexpr (requires { Side::template supports<Task>; })
        return Side::template supports<Task>;
    else
        return true;
}();

template <class Side, class Task>
int serve(Side& side, const Task& task, std::size_t group, bool only_check) {
    std::vector<double> gradient(task.points() * Task::outputs * task.dimension());
    const auto repeat = [&] {
        asm volatile("" : : "r"(task.inputs().data()) : "memory");  // the inputs may have changed,
        const double y = side.differentiate(task, group, gradient);
        asm volatile("" : : "m"(y), "r"(gradient.data()) : "memory");  // and the results are needed before the clock is read again
        return y;
    };
    const auto unpack = [&] {
        if constexpr (requires { side.unpack(task, gradient); }) side.unpack(task, gradient);
    };
    constexpr Clock timer = requires { Side::wall; }
    ? Clock::wall : Clock::thread;
    if constexpr (requires { side.prepare(task); }) side.prepare(task);
    double begin = seconds(timer), loss = repeat();
    unpack();
    if (only_check) return check(task, gradient);
    begin = seconds(timer), loss = repeat();
    const int times = std::max(1, static_cast<int>(0.02 / (seconds(timer) - begin + 1e-6)));  // at least 20 ms, which the clock resolves
    std::cout << "ready " << operations(task) << std::endl;
    for (std::string line; std::getline(std::cin, line);) {
        begin = seconds(timer);
        for (int i = 0; i < times; ++i) loss = repeat();
        const double each = (seconds(timer) - begin) / times;
        unpack();
        Answer answer{each, loss, 0, 0, side.bytes()};
        add_checksum(gradient, answer);
        print(answer);
    }
    return 0;
}

template <class Side>
int run(int argc, char** argv, Side&& side) {
    bool quick = false, only_check = false;
    std::size_t group = side.group();
    for (int i = 2; i < argc; ++i) {
        const std::string_view option = argv[i];
        if (option == "--quick") quick = true;
        if (option == "--check") quick = only_check = true;
        if (option == "--group" && i + 1 < argc) group = std::strtoul(argv[++i], nullptr, 10);
    }
    int result = 2;
    if (argc > 1 && group > 0)
        with_task(argv[1], quick, [&]<class Task>(const Task& task) {
            if constexpr (supports<std::remove_cvref_t<Side>, Task>)
                result = serve(side, task, std::is_same_v<Task, Start> ? 1 : std::min(group, task.points()), only_check);
        });
    if (result == 2) std::fprintf(stderr, "expected: %s <task> [--quick] [--check] [--group <points>], got no such task\n", argv[0]);
    return result;
}

}  // namespace benchmark

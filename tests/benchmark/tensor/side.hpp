// SPDX-License-Identifier: MIT
/// One side of the tensor benchmark as a program: `<side> [--threads n] [--milliseconds m]` says `ready <what it is>`; then each line on
/// its standard input is a request. side.py is the same in Python.
///
///     <task>                    "mlp 64 adam" as in tasks.hpp: the answer (answer.hpp) of steps that take m milliseconds together
///     memory <steps> <task>     `<at rest> <after 1 %> <after 10 %> <after all steps> <peak>`, bytes of resident memory
///
/// A side that has not got a task answers `-`. A task starts from its initial parameters at every request: some first steps, of which
/// nothing is timed, give loss and checksum, and those after them the time. One thread is timed by the CPU time of the process, because
/// some sides compute in threads of their own, several by the wall.
#pragma once

#include "benchmark/answer.hpp"

#include <cstdlib>
#include <fstream>
#include <iostream>
#include <memory>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

namespace benchmark {

/// Something to time.
class Problem {
  public:
    Problem() = default;
    virtual ~Problem() = default;
    Problem(const Problem&) = delete;
    Problem& operator=(const Problem&) = delete;

    virtual void step() = 0;
    /// Of the last step, as its result.
    [[nodiscard]] virtual double loss() const = 0;
    /// The gradient, the parameters if steps change them, or whatever else was computed; empty if it is not to be compared.
    [[nodiscard]] virtual std::vector<float> result() const = 0;
    /// Steps change the parameters, and this takes them back to the start.
    [[nodiscard]] virtual bool trains() const { return false; }
    virtual void restart() {}
    /// What one step computes or moves, for the limits of the machine.
    [[nodiscard]] virtual double work() const { return 0; }
};

using Words = std::vector<std::string>;

/// A word of a request as a number, 0 if it has not so many. throws std::invalid_argument if it is none
inline std::int64_t number(const Words& request, std::size_t i) { return i < request.size() ? std::stoll(request[i]) : 0; }

struct Settings {
    int threads = 1;
    double seconds = 0.02;  // of a round
};

inline Settings parse_settings(int argc, char** argv) {
    Settings settings;
    for (int i = 1; i + 1 < argc; i += 2) {
        const std::string_view option = argv[i];
        if (option == "--threads") settings.threads = std::max(1, std::atoi(argv[i + 1]));
        if (option == "--milliseconds") settings.seconds = 1e-3 * std::atof(argv[i + 1]);
    }
    return settings;
}

/// A line of /proc/self/status, in bytes.
inline std::size_t memory(std::string_view what) {
    std::ifstream file("/proc/self/status");
    for (std::string line; std::getline(file, line);)
        if (line.starts_with(what)) return 1024 * std::strtoul(line.c_str() + what.size(), nullptr, 10);
    return 0;
}

inline constexpr int compared_steps = 5;  // of training

/// Repeats one problem and answers.
class Repeater {
  public:
    Repeater(const Settings& settings, Problem& problem) : settings_(settings), problem_(problem) {}

    Answer answer() {
        Answer a;
        problem_.restart();
        std::vector<float> before;
        if (problem_.trains()) before = problem_.result();
        for (int i = problem_.trains() ? compared_steps : 1; i > 0; --i) problem_.step();
        a.loss = problem_.loss();
        std::vector<float> after = problem_.result();
        for (std::size_t i = 0; i < before.size(); ++i) after[i] -= before[i];
        add_checksum(after, a, 1 + (after.size() >> 18));
        if (times_ == 0) calibrate();
        a.seconds = time(times_) / static_cast<double>(times_);
        a.bytes = static_cast<std::size_t>(problem_.work());
        return a;
    }

  private:
    double time(long times) {
        const Clock clock = settings_.threads == 1 ? Clock::process : Clock::wall;
        const double begin = seconds(clock);
        for (long i = 0; i < times; ++i) problem_.step();
        return seconds(clock) - begin;
    }
    void calibrate() {
        long times = 1;
        double taken = time(times);
        for (; taken < settings_.seconds / 4; taken = time(times)) times *= 2;
        times_ = std::max(1L, static_cast<long>(settings_.seconds / taken * static_cast<double>(times)));
    }

    const Settings& settings_;
    Problem& problem_;
    long times_ = 0;
};

inline void answer_memory(Problem& problem, long steps) {
    problem.restart();
    std::ofstream("/proc/self/clear_refs") << 5;  // the peak begins here
    std::printf("%zu", memory("VmRSS:"));
    for (long i = 1; i <= steps; ++i) {
        problem.step();
        for (const long mark : {std::max(1L, steps / 100), std::max(1L, steps / 10), steps})
            if (i == mark) std::printf(" %zu", memory("VmRSS:"));
    }
    std::printf(" %zu\n", memory("VmHWM:"));
    std::fflush(stdout);
}

/// `make(request)` gives a std::unique_ptr<Problem>, empty if there is no such task.
template <class Make>
int serve(const Settings& settings, const std::string& description, Make make) {
    std::cout << "ready " << description << std::endl;
    std::string current;
    std::unique_ptr<Problem> problem;
    std::unique_ptr<Repeater> repeater;
    for (std::string line; std::getline(std::cin, line);) {
        std::istringstream stream(line);
        Words request;
        for (std::string word; stream >> word;) request.push_back(word);
        const bool about_memory = !request.empty() && request[0] == "memory";
        const long steps = about_memory ? number(request, 1) : 0;
        if (about_memory) request.erase(request.begin(), request.begin() + 2);
        if (line != current) {
            repeater.reset(), problem.reset();
            if (!request.empty()) problem = make(request);
            if (problem) repeater = std::make_unique<Repeater>(settings, *problem);
            current = line;
        }
        if (!problem)
            std::cout << '-' << std::endl;
        else if (about_memory)
            answer_memory(*problem, steps);
        else
            print(repeater->answer());
    }
    return 0;
}

}  // namespace benchmark

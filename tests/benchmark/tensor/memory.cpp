// SPDX-License-Identifier: MIT
// The table of memory: peaks of training, and a loop of many steps, which must not grow.
#include "sides.hpp"

#include "benchmark/machine.hpp"

#include <cstdio>
#include <optional>

namespace benchmark {
namespace {

struct Memory {
    std::size_t rest = 0, after_1 = 0, after_10 = 0, after_all = 0, peak = 0;  // bytes
};
std::optional<Memory> measured(const Side& side, const Options& options, const std::string& task, long steps) {
    const auto process = start(side, options, 1);
    process->read_line();
    Memory m;
    const std::string line = process->ask("memory " + std::to_string(steps) + ' ' + task);
    if (std::sscanf(line.c_str(), "%zu %zu %zu %zu %zu", &m.rest, &m.after_1, &m.after_10, &m.after_all, &m.peak) != 5) return {};
    return m;
}

double megabytes(std::size_t bytes) { return static_cast<double>(bytes) / 1e6; }
double beyond_rest(const Memory& m) { return megabytes(m.peak) - megabytes(m.rest); }

constexpr const char* tasks[] = {"mlp 1 sgd",           "mlp 64 sgd", "mlp 64 adam", "mlp 256 adam", "mlp 1024 sgd",
                                 "elementwise 1000000", "lenet",      "lstm",        "transformer"};
constexpr double target = 0.8;                       // ours / libtorch
constexpr std::size_t noise = std::size_t{1} << 20;  // within this a process has not grown

bool print_peaks(const std::vector<Side>& sides, const Options& options) {
    bool good = true;
    const int steps = options.quick ? 10 : 50;
    std::printf("\nPeak of resident memory in %d steps beyond what the process had before the first (and in all), MB; ours / it of "
                "both.\n\n| task |",
                steps);
    for (const Side& side : sides)
        std::printf(side.label == "libtorch" ? " %s | ours / it | in all | target |" : " %s |", side.label.c_str());
    std::printf("\n|---|");
    for (const Side& side : sides) std::printf(side.label == "libtorch" ? "---|---|---|---|" : "---|");
    std::printf("\n");
    for (const std::string task : tasks) {
        if (!listed(options.tasks, task.substr(0, task.find(' ')))) continue;
        std::printf("| %s |", task.c_str());
        std::optional<Memory> ours;
        for (const Side& side : sides) {
            const auto m = measured(side, options, task, steps);
            if (&side == &sides[0]) ours = m;
            good = good && m.has_value();
            if (m)
                std::printf(" %s (%s) |", figure(beyond_rest(*m)).c_str(), figure(megabytes(m->peak)).c_str());
            else
                std::printf(" failed |");
            if (side.label != "libtorch") continue;
            if (m && ours)
                std::printf(" %s | %s |", judged(beyond_rest(*ours) / beyond_rest(*m), target).c_str(),
                            judged(megabytes(ours->peak) / megabytes(m->peak), target).c_str());
            else
                std::printf(" | |");
            std::printf(" %s |", figure(target).c_str());
        }
        std::printf("\n");
        std::fflush(stdout);
    }
    return good;
}

bool print_growth(const std::vector<Side>& sides, const Options& options) {
    bool good = true;
    std::printf("\nResident memory in a loop of %ld steps of a small MLP (16-16-10, batch 8, SGD), MB.\n\n"
                "| side | before | after 1 %% | 10 %% | 100 %% | from 10 %% to 100 %% |\n|---|---|---|---|---|---|\n",
                options.steps);
    for (const Side& side : sides) {
        const auto m = measured(side, options, "small-mlp", options.steps);
        std::printf("| %s |", side.label.c_str());
        if (!m) {
            std::printf(" failed | | | | |\n");
            good = false;
            continue;
        }
        for (const std::size_t bytes : {m->rest, m->after_1, m->after_10, m->after_all})
            std::printf(" %s |", figure(megabytes(bytes)).c_str());
        const bool grows = m->after_all > m->after_10 + noise;
        std::printf(" %.3f%s |\n", megabytes(m->after_all) - megabytes(m->after_10), grows ? ", **GROWS**" : "");
        std::fflush(stdout);
        if (&side == &sides[0]) good = good && !grows;
    }
    return good;
}

}  // namespace

bool print_memory(const Options& options) {
    pin_to_cpus(1);
    std::vector<Side> sides;
    for (const Side& side : sides_of_tasks(options, 1))
        if (side.compared && side.fresh && (sides.empty() || sides.back().label != side.label)) sides.push_back(side);
    std::printf("\n### Memory\n");
    const bool peaks = print_peaks(sides, options);
    return print_growth(sides, options) && peaks;
}

}  // namespace benchmark

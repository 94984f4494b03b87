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

constexpr double target = 0.8;                       // ours / libtorch
constexpr std::size_t noise = std::size_t{1} << 20;  // below this a process has not grown

}  // namespace

bool print_memory(const Options& options) {
    bool good = true;
    pin_to_cpus(1);
    std::vector<Side> sides;
    for (const Side& side : sides_of_tasks(options))
        if (side.compared && side.fresh && side.setting != "default") sides.push_back(side);
    const int steps = options.quick ? 10 : 50;
    std::printf("\n### Memory\n\nPeak of resident memory in %d steps beyond what the process had before the first (and absolute), MB.\n\n", steps);
    std::printf("| task |");
    for (const Side& side : sides) std::printf(" %s |%s", side.label.c_str(), side.label == "libtorch" ? " ours / it | absolute | target |" : "");
    std::printf("\n|---|");
    for (const Side& side : sides) std::printf(side.label == "libtorch" ? "---|---|---|---|" : "---|");
    std::printf("\n");
    for (const char* task : {"mlp 1 sgd", "mlp 64 sgd", "mlp 64 adam", "mlp 256 adam", "mlp 1024 sgd", "tanh 1000000", "lenet", "lstm", "transformer"}) {
        const std::string name = task;
        if (!listed(options.tasks, name.substr(0, name.find(' ')))) continue;
        std::printf("| %s |", task);
        std::optional<Memory> ours;
        for (const Side& side : sides) {
            const auto m = measured(side, options, task, steps);
            good = good && m.has_value();
            if (&side == &sides[0]) ours = m;
            std::printf(m ? " %s (%s) |" : " failed |", m ? figure(megabytes(m->peak - m->rest)).c_str() : "", m ? figure(megabytes(m->peak)).c_str() : "");
            if (side.label != "libtorch") continue;
            if (m && ours) {
                const double r = megabytes(ours->peak - ours->rest) / megabytes(m->peak - m->rest);
                const std::string text = figure(r);
                std::printf(" %s | %s | %s |", (r > target ? "**" + text + "**" : text).c_str(),
                            figure(megabytes(ours->peak) / megabytes(m->peak)).c_str(), figure(target).c_str());
            } else {
                std::printf(" | | |");
            }
        }
        std::printf("\n");
        std::fflush(stdout);
    }

    std::printf("\nResident memory in a loop of %ld steps of a small MLP (16-16-10, batch 8, SGD), MB.\n\n", options.steps);
    std::printf("| side | before | after 1 %% | 10 %% | 100 %% | from 10 %% to 100 %% |\n|---|---|---|---|---|---|\n");
    for (const Side& side : sides) {
        const auto m = measured(side, options, "small-mlp", options.steps);
        if (!m) {
            std::printf("| %s | failed | | | | |\n", side.label.c_str());
            good = false;
            continue;
        }
        const bool grows = m->after_all > m->after_10 + noise;
        std::printf("| %s | %s | %s | %s | %s | %.3f%s |\n", side.label.c_str(), figure(megabytes(m->rest)).c_str(),
                    figure(megabytes(m->after_1)).c_str(), figure(megabytes(m->after_10)).c_str(), figure(megabytes(m->after_all)).c_str(),
                    megabytes(m->after_all) - megabytes(m->after_10), grows ? ", **GROWS**" : "");
        if (&side == &sides[0]) good = good && !grows;
    }
    return good;
}

}  // namespace benchmark

// SPDX-License-Identifier: MIT
// The table of tasks: every side's time for each, and how ours compares.
#include "sides.hpp"

#include "benchmark/machine.hpp"
#include "data.hpp"

#include <cstdio>

namespace benchmark {
namespace {

struct Row {
    const char *request, *title, *unit;
    double units_per_second;
    double target;  // ours / libtorch, one thread
};
const Row rows[] = {
    {"dense 1", "dense layer 784x128, sigmoid, dL/dW, batch 1", "us", 1e6, 0.25},
    {"dense 64", "batch 64", "us", 1e6, 0.8},
    {"mlp 1 sgd", "MLP 784-256-128-10, one training step, batch 1, SGD", "us", 1e6, 0.45},
    {"mlp 1 adam", "batch 1, Adam", "us", 1e6, 0.33},
    {"mlp 64 sgd", "batch 64, SGD", "us", 1e6, 0.78},
    {"mlp 64 adam", "batch 64, Adam", "us", 1e6, 0.62},
    {"mlp 256 sgd", "batch 256, SGD", "us", 1e6, 0.97},
    {"mlp 256 adam", "batch 256, Adam", "us", 1e6, 0.88},
    {"mlp 1024 sgd", "batch 1024, SGD", "us", 1e6, 1.0},
    {"tanh 1000", "10 x h = tanh(h w + b), forward + backward, n = 1e3", "us", 1e6, 0.1},
    {"tanh 100000", "n = 1e5", "us", 1e6, 0.4},
    {"tanh 1000000", "n = 1e6", "us", 1e6, 0.4},
    {"lenet", "LeNet-5 (relu, max-pooling), 28x28, batch 64, one SGD step", "us", 1e6, 0.6},
    {"lstm", "LSTM, input 128, hidden 128, 32 steps, batch 32, all weights", "us", 1e6, 0.55},
    {"transformer", "Transformer encoder block, d 128, 4 heads, 64 tokens, batch 16, all weights and x", "us", 1e6, 0.75},
    {"chain", "chain of 999 operations of size 1, forward + backward, per operation", "ns", 1e9 / (3 * extent::chain_steps), 0.1},
};
constexpr double start_target = 0.05, start_memory_target = 0.1;

bool wanted(const Options& options, const std::string& request) { return listed(options.tasks, request.substr(0, request.find(' '))); }

/// Columns of one label beside each other: the table shows the fastest.
std::vector<std::vector<const Column*>> by_label(const std::vector<Column>& columns) {
    std::vector<std::vector<const Column*>> groups;
    for (const Column& column : columns)
        if (!groups.empty() && groups.back()[0]->side.label == column.side.label)
            groups.back().push_back(&column);
        else
            groups.push_back({&column});
    return groups;
}
const Column& fastest(const std::vector<const Column*>& group) {
    const Column* best = group[0];
    for (const Column* column : group)
        if (column->answered() && (!best->answered() || median(column->times()) < median(best->times()))) best = column;
    return *best;
}

std::string compared(double r, double target) {
    const std::string text = figure(r);
    return r > target ? "**" + text + "**" : text;
}

void print_row(const std::vector<Column>& columns, const Row& row, double target) {
    std::printf("| %s, %s |", row.title, row.unit);
    for (const auto& group : by_label(columns)) {
        const Column& best = fastest(group);
        std::printf(" %s%s%s |", best.answered() ? timing(best.times(), row.units_per_second).c_str() : best.failure.c_str(),
                    best.answered() && group.size() > 1 ? " " : "", best.answered() && group.size() > 1 ? best.side.setting.c_str() : "");
        if (&best == &columns[0]) continue;
        const bool has_target = best.side.label == "libtorch";
        if (best.answered() && columns[0].answered())
            std::printf(" %s |", compared(ratio(columns[0], best), has_target ? target : 1e9).c_str());
        else
            std::printf(" |");
        if (has_target) std::printf(" %s |", figure(target).c_str());
    }
    std::printf("\n");
    std::fflush(stdout);
}

void print_head(const std::vector<Column>& columns) {
    std::string rule = "|---|";
    std::printf("| task |");
    for (const auto& group : by_label(columns)) {
        const std::string& label = group[0]->side.label;
        const bool ours = group[0] == &columns[0];
        std::printf(" %s |", label.c_str());
        if (!ours) std::printf(" ours / it |");
        if (label == "libtorch") std::printf(" target |");
        rule += ours ? "---|" : label == "libtorch" ? "---|---|---|" : "---|---|";
    }
    std::printf("\n%s\n", rule.c_str());
}

/// From the start of a program that takes one gradient of a small tensor to its end, on the wall, and its peak memory.
bool print_start(std::vector<Column>& columns, const Options& options) {
    bool good = true;
    std::string printed;
    for (Column& column : columns) column.answers.clear(), column.failure = column.side.hello.empty() ? "-" : "";
    std::vector<std::vector<Answer>> peaks(columns.size());
    for (int round = -1; round < options.repeats; ++round)  // the first reads the programs from the disk
        for (std::size_t i = 0; i < columns.size(); ++i) {
            Column& column = columns[i];
            if (!column.failure.empty()) continue;
            const double begin = seconds(Clock::wall);
            Process process(column.side.hello[0], {column.side.hello.begin() + 1, column.side.hello.end()}, environment(column.side, 1));
            const std::string line = process.read_line();
            const int status = process.wait();
            const double taken = seconds(Clock::wall) - begin;
            if (printed.empty()) printed = line;
            if (status != 0 || line != printed) {
                std::fprintf(stderr, "**MISMATCH** start: %s printed %s, expected %s\n", column.side.label.c_str(), line.c_str(), printed.c_str());
                column.failure = status != 0 ? "failed" : "differs", good = false;
            } else if (round >= 0) {
                column.answers.push_back({taken, 0, 0, 0, 0});
                peaks[i].push_back({static_cast<double>(process.peak_bytes()), 0, 0, 0, 0});
            }
        }
    print_row(columns, {"", "start-up of a program that takes one small gradient", "ms", 1e3, 0}, start_target);
    for (std::size_t i = 0; i < columns.size(); ++i) columns[i].answers = peaks[i];
    print_row(columns, {"", "its peak of resident memory", "MB", 1e-6, 0}, start_memory_target);
    return good;
}

}  // namespace

bool print_tasks(const Options& options) {
    bool good = true;
    for (const int threads : options.threads) {
        const int cpus = pin_to_cpus(threads);
        std::vector<Column> columns;
        for (const Side& side : sides_of_tasks(options)) {
            Column column(side, options, threads);
            if (column.present()) columns.push_back(std::move(column));
        }
        if (columns.empty() || columns[0].side.label != "Wengert") return false;
        std::printf("\n### Tasks, %d thread%s\n\n", threads, threads == 1 ? "" : "s");
        for (const Column& column : columns)
            if (&column == &columns[0] || column.description != (&column - 1)->description)
                std::printf("- %s: %s\n", column.side.label.c_str(), column.description.c_str());
        std::printf("\nPinned to %d CPU%s. %s Median (minimum) of %d rounds of %g ms and more; \"ours / it\": median over rounds. Bold: misses the "
                    "target%s.\n\n",
                    cpus, cpus == 1 ? "" : "s", threads == 1 ? "CPU time of the process." : "Time on the wall.", options.repeats,
                    options.milliseconds, threads == 1 ? "" : ", which is meant for one thread");
        print_head(columns);
        for (const Row& row : rows) {
            if (!wanted(options, row.request)) continue;
            good = measure(columns, row.request, options) && good;
            print_row(columns, row, row.target);
        }
        if (threads == options.threads[0] && wanted(options, "start")) good = print_start(columns, options) && good;
    }
    std::printf("\nAll sides start from the same parameters and data; largest relative differences from ours: loss %.1e, gradient (or change "
                "of the parameters in 5 steps) %.1e, of %.0e allowed.\n",
                largest_difference().loss, largest_difference().checksum, tolerance);
    return good;
}

}  // namespace benchmark

// SPDX-License-Identifier: MIT
// The table of tasks: every side's time for each, and how ours compares.
#include "sides.hpp"

#include "benchmark/machine.hpp"
#include "data.hpp"

#include <cstdio>
#include <limits>

namespace benchmark {
namespace {

struct Row {
    const char *request, *title, *unit;
    double units;   // a second, or a byte, in this unit
    double target;  // ours / libtorch, one thread
    Column::Value value = Column::time;
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
    {"elementwise 1000", "10 x h = tanh(h w + b), forward + backward, n = 1e3", "us", 1e6, 0.1},
    {"elementwise 100000", "n = 1e5", "us", 1e6, 0.4},
    {"elementwise 1000000", "n = 1e6", "us", 1e6, 0.4},
    {"lenet", "LeNet-5 (relu, max-pooling), 28x28, batch 64, one SGD step", "us", 1e6, 0.6},
    {"lstm", "LSTM, input 128, hidden 128, 32 steps, batch 32, all weights", "us", 1e6, 0.55},
    {"transformer", "Transformer encoder block, d 128, 4 heads, 64 tokens, batch 16, all weights and x", "us", 1e6, 0.75},
    {"chain", "chain of 999 operations of size 1, forward + backward, per operation", "ns", 1e9 / (3 * extent::chain_steps), 0.1},
};
constexpr Row start_rows[] = {
    {"start", "start-up of a program that takes one small gradient", "ms", 1e3, 0.05},
    {"start", "its peak of resident memory", "MB", 1e-6, 0.1, [](const Answer& a) { return static_cast<double>(a.bytes); }},
};

bool wanted(const Options& options, const std::string& request) { return listed(options.tasks, request.substr(0, request.find(' '))); }

/// Columns of one label stand beside each other: the table shows the fastest.
std::vector<std::vector<const Column*>> by_label(const std::vector<Column>& columns) {
    std::vector<std::vector<const Column*>> groups;
    for (const Column& column : columns) {
        if (groups.empty() || groups.back()[0]->side.label != column.side.label) groups.emplace_back();
        groups.back().push_back(&column);
    }
    return groups;
}
const Column& best_of(const std::vector<const Column*>& group, Column::Value value) {
    const Column* best = group[0];
    for (const Column* column : group)
        if (column->answered() && (!best->answered() || median(column->values(value)) < median(best->values(value)))) best = column;
    return *best;
}
bool has_target(const Column& column) { return column.side.label == "libtorch"; }

void print_row(const std::vector<Column>& columns, const Row& row) {
    const Column& ours = columns[0];
    std::printf("| %s, %s |", row.title, row.unit);
    for (const auto& group : by_label(columns)) {
        const Column& best = best_of(group, row.value);
        std::printf(" %s", best.answered() ? timing(best.values(row.value), row.units).c_str() : best.failure.c_str());
        if (best.answered() && group.size() > 1) std::printf(" %s", best.side.setting.c_str());
        std::printf(" |");
        if (&best == &ours) continue;
        const double target = has_target(best) ? row.target : std::numeric_limits<double>::infinity();
        if (best.answered() && ours.answered())
            std::printf(" %s |", judged(ratio(ours, best, row.value), target).c_str());
        else
            std::printf(" |");
        if (has_target(best)) std::printf(" %s |", figure(target).c_str());
    }
    std::printf("\n");
    std::fflush(stdout);
}

void print_head(const std::vector<Column>& columns) {
    std::string rule = "|---|";
    std::printf("| task |");
    for (const auto& group : by_label(columns)) {
        const bool ours = group[0] == &columns[0];
        std::printf(" %s |%s%s", group[0]->side.label.c_str(), ours ? "" : " ours / it |", has_target(*group[0]) ? " target |" : "");
        rule += ours ? "---|" : has_target(*group[0]) ? "---|---|---|" : "---|---|";
    }
    std::printf("\n%s\n", rule.c_str());
}

/// From the start of a program that takes one gradient of a small tensor to its end, on the wall, and its peak memory.
void print_start(std::vector<Column>& columns, const Options& options, Agreement& agreement) {
    std::string printed;
    for (Column& column : columns) column.answers.clear(), column.failure = column.side.hello.empty() ? "-" : "";
    for (int round = -1; round < options.repeats; ++round)  // the first reads the programs from the disk
        for (Column& column : columns) {
            if (!column.failure.empty()) continue;
            const double begin = seconds(Clock::wall);
            Process process(column.side.hello[0], {column.side.hello.begin() + 1, column.side.hello.end()}, environment(column.side, 1));
            const std::string line = process.read_line();
            const int status = process.wait();
            const double taken = seconds(Clock::wall) - begin;
            if (printed.empty()) printed = line;
            if (status != 0 || line != printed)
                column.failure = status != 0 ? "failed" : "differs",
                agreement.refuse("start: " + column.name() + " printed " + line + ", expected " + printed);
            else if (round >= 0)
                column.answers.push_back({taken, 0, 0, 0, process.peak_bytes()});
        }
    for (const Row& row : start_rows) print_row(columns, row);
}

}  // namespace

bool print_tasks(const Options& options) {
    Agreement agreement;
    for (const int threads : options.threads) {
        const int cpus = pin_to_cpus(threads);
        std::vector<Column> columns;
        for (const Side& side : sides_of_tasks(options, threads)) {
            Column column(side, options, threads);
            if (column.present()) columns.push_back(std::move(column));
        }
        if (columns.empty() || columns[0].side.label != "Wengert") return false;
        std::printf("\n### Tasks, %d thread%s\n\n", threads, threads == 1 ? "" : "s");
        for (const Column& column : columns) std::printf("- %s: %s\n", column.name().c_str(), column.description.c_str());
        std::printf(
            "\nPinned to %d CPU%s. %s, median (minimum) of %d rounds of %g ms and more. \"ours / it\" is the median over rounds, bold "
            "if it misses the target%s; of several settings the fastest counts.\n\n",
            cpus, cpus == 1 ? "" : "s", threads == 1 ? "CPU time of the process" : "Time on the wall", options.repeats,
            options.milliseconds, threads == 1 ? "" : ", which is one for one thread");
        print_head(columns);
        for (const Row& row : rows) {
            if (!wanted(options, row.request)) continue;
            measure(columns, row.request, options, agreement);
            print_row(columns, row);
        }
        if (threads == options.threads[0] && wanted(options, "start")) print_start(columns, options, agreement);
    }
    agreement.print();
    return agreement.good;
}

}  // namespace benchmark

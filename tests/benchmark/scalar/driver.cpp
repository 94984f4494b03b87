// SPDX-License-Identifier: MIT
// Runs all sides of the scalar benchmark, one repetition of each in turn, and prints two Markdown tables.
//
// Every side is a process that waits until it is asked (side.hpp), pinned to the same CPU, so that whatever slows the machine down
// meets all of them. A ratio is the median over rounds of time / time of the plain function in the same round. A side whose loss or
// gradient differs from the others' gets no time: then the exit status is 1.
#include "benchmark/answer.hpp"
#include "benchmark/machine.hpp"
#include "benchmark/process.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

namespace {

using namespace benchmark;

struct Row {
    const char *name, *title, *unit;
    double units_per_second;
    bool whole = false;   // one recording holds all operations, so that its size says something
    bool ratios = true;   // a multiplication alone is no measure for its gradient
    bool points = false;  // the same function at many points: it can be replayed
};
constexpr Row rows[] = {
    {"gmm", "GMM d=10 K=25 n=1000", "ms", 1e3, true, true, true},
    {"ba", "BA, 31,843 residual Jacobians", "ms", 1e3, false, true, true},
    {"lstm", "LSTM 2 layers, 1024 characters", "ms", 1e3, true},
    {"lorenz", "Lorenz RK4, 1e6 steps", "ms", 1e3, true},
    {"black-scholes", "Black-Scholes, 1e6 options", "ms", 1e3, false, true, true},
    {"mlp", "MLP 784-128-10 neuron by neuron", "us", 1e6, true},
    {"start", "gradient of one operation", "ns", 1e9 / 100'000, false, false},
};

struct Side {
    std::string label, path;
    double tolerance = 1e-9;  // of its loss and gradient, against the others'
};

constexpr int no_such_task = 2;  // the exit status of a side

struct Options {
    int repeats = 7;
    bool quick = false, check = false;
    std::string tasks, group;
    std::vector<Side> sides, replays;  // of two tables; the plain function is in both
};

struct Column {
    std::unique_ptr<Process> process;
    std::vector<Answer> answers;
    std::string failure;
};

Options parse(int argc, char** argv) {
    Options options;
    const std::filesystem::path here = std::filesystem::path(argv[0]).parent_path();
    for (const Side& side :
         {Side{"primal", "side_primal"}, Side{"Wengert", "side_wengert_derivatives"},
          Side{"Wengert, operations kept", "side_wengert_operations"}, Side{"ADOL-C", "side_adolc"}, Side{"Sacado", "side_sacado"}})
        if (std::filesystem::exists(here / side.path)) options.sides.push_back({side.label, here / side.path});
    for (const Side& side :
         {Side{"primal", "side_primal"}, Side{"Wengert, recorded anew", "side_wengert_derivatives"},
          Side{"the same, operations kept", "side_wengert_operations"}, Side{"replay, one point at a time", "side_wengert_one_point"},
          Side{"in lanes", "side_wengert_lanes"}, Side{"in lanes, float", "side_wengert_lanes_float", 1e-3},
          Side{"in lanes, two threads", "side_wengert_lanes_threads"}})
        options.replays.push_back({side.label, here / side.path, side.tolerance});
    for (int i = 1; i < argc; ++i) {
        const std::string_view option = argv[i];
        const char* value = i + 1 < argc ? argv[i + 1] : nullptr;
        if (option == "--quick") {
            options.quick = true;
        } else if (option == "--check") {
            options.check = true;
        } else if (value && option == "--repeats" && std::atoi(value) > 0) {
            options.repeats = std::atoi(value), ++i;
        } else if (value && option == "--tasks") {
            options.tasks = value, ++i;
        } else if (value && option == "--group") {
            options.group = value, ++i;
        } else if (value && option == "--side" && std::strchr(value, '=')) {
            const std::string text = value;
            options.sides.push_back({text.substr(0, text.find('=')), text.substr(text.find('=') + 1)}), ++i;
        } else {
            std::fprintf(stderr,
                         "expected: scalar [--repeats <n>] [--quick] [--check] [--tasks gmm,ba,...] [--group <points>] "
                         "[--side <label>=<program>], got %s\n",
                         argv[i]);
            std::exit(2);
        }
    }
    return options;
}

std::vector<std::string> arguments(const Options& options, const Row& row) {
    std::vector<std::string> list{row.name};
    if (options.quick) list.emplace_back("--quick");
    if (options.check) list.emplace_back("--check");
    if (!options.group.empty()) list.insert(list.end(), {"--group", options.group});
    return list;
}

std::string cell(const Column& column, const Column& primal, const Row& row) {
    if (!column.failure.empty()) return column.failure;
    std::vector<double> times, ratios;
    for (std::size_t i = 0; i < column.answers.size(); ++i) {
        times.push_back(column.answers[i].seconds * row.units_per_second);
        if (primal.failure.empty()) ratios.push_back(column.answers[i].seconds / primal.answers[i].seconds);
    }
    char text[80];
    std::snprintf(text, sizeof text, "%.3g (%.3g)", median(times), minimum(times));
    std::string result = text;
    if (row.ratios && &column != &primal && !ratios.empty()) {
        std::snprintf(text, sizeof text, ", %.3gx", median(ratios));
        result += text;
    }
    return result;
}

/// Prints one row of the table; false if a side failed. A side that has not got the task is left out.
bool measure(const Options& options, const std::vector<Side>& sides, const Row& row) {
    std::vector<Column> columns;
    std::size_t operations = 0;
    for (const Side& side : sides) {  // one after the other, each ready before the next starts
        Column column{std::make_unique<Process>(side.path, arguments(options, row)), {}, ""};
        if (std::sscanf(column.process->read_line().c_str(), "ready %zu", &operations) != 1)
            column.failure = column.process->wait() == no_such_task ? "-" : "failed";
        columns.push_back(std::move(column));
    }
    for (int round = 0; round < options.repeats; ++round)
        for (Column& column : columns) {
            if (!column.failure.empty()) continue;
            if (const auto answer = parse_answer(column.process->ask("")))
                column.answers.push_back(*answer);
            else
                column.failure = "failed";
        }
    // Two references: the plain function for the loss, the first side that has a gradient for the gradient.
    const Answer* gradient = nullptr;
    bool good = true;
    for (std::size_t i = 0; i < columns.size(); ++i) {
        Column& column = columns[i];
        for (const Answer& answer : column.answers) {
            if (!column.failure.empty()) break;
            std::string reason = columns[0].failure.empty() ? disagreement(answer, columns[0].answers[0], sides[i].tolerance) : "";
            if (reason.empty() && gradient) reason = disagreement(answer, *gradient, sides[i].tolerance);
            if (!reason.empty()) {
                column.failure = "differs";
                std::fprintf(stderr, "%s: %s computed %s\n", row.name, sides[i].label.c_str(), reason.c_str());
            } else if (!gradient && answer.magnitude != 0) {
                gradient = &answer;
            }
        }
        good = good && (column.failure.empty() || column.failure == "-");
    }
    std::printf("| %s (%.2g operations), %s |", row.title, static_cast<double>(operations) / (row.ratios ? 1 : 100'000), row.unit);
    for (const Column& column : columns) {
        std::printf(" %s", cell(column, columns[0], row).c_str());
        if (row.whole && column.failure.empty() && column.answers[0].bytes > 0 && operations > 0)
            std::printf(", %.1f B/op", static_cast<double>(column.answers[0].bytes) / static_cast<double>(operations));
        std::printf(" |");
    }
    std::printf("\n");
    std::fflush(stdout);
    return good;
}

}  // namespace

int main(int argc, char** argv) {
    const Options options = parse(argc, argv);
    if (options.check) {
        bool right = true;
        std::vector<Side> all = options.sides;
        all.insert(all.end(), options.replays.begin() + 3, options.replays.end());  // those that are not in the first table
        for (const Row& row : rows)
            for (const Side& side : all)
                if (listed(options.tasks, row.name) && side.label != "primal" && side.tolerance < 1e-6) {
                    std::printf("%s\n", side.label.c_str());
                    Process process(side.path, arguments(options, row));
                    for (std::string line = process.read_line(); !line.empty(); line = process.read_line())
                        std::printf("  %s\n", line.c_str());
                    const int status = process.wait();
                    right = (status == 0 || status == no_such_task) && right;
                }
        std::printf(right ? "all derivatives agree with differences\n" : "some derivatives do not agree with differences\n");
        return right ? 0 : 1;
    }

    const int pinned = pin_to_cpus(1);
    std::printf("%s, %s, %s, %s; thread CPU time, all sides interleaved on one CPU%s, %d rounds%s.\n", today().c_str(), cpu().c_str(),
                BENCHMARK_COMPILER, BENCHMARK_FLAGS, pinned == 0 ? " (not pinned)" : "", options.repeats,
                options.quick ? ", smaller tasks" : "");
    std::printf("Gradient = record + sweep into memory that is used again: median (minimum), median of the ratios to the primal of the "
                "same round.\n"
                "Independent points (BA, Black-Scholes): one recording each, ADOL-C 512 a recording, which is faster for it.\n\n");
    const auto head = [](const std::vector<Side>& sides) {
        std::printf("| task |");
        for (const Side& side : sides) std::printf(" %s |", side.label.c_str());
        std::printf("\n|---|");
        for (std::size_t i = 0; i < sides.size(); ++i) std::printf("---|");
        std::printf("\n");
    };
    bool good = true;
    head(options.sides);
    for (const Row& row : rows)
        if (listed(options.tasks, row.name)) good = measure(options, options.sides, row) && good;
    std::printf(
        "\nA recorded function (autodiff::record) replayed at all points: their values and derivatives; the recording is not measured.\n"
        "GMM as a sum over points with shared parameters. Two threads: time on the wall, on all CPUs.\n\n");
    head(options.replays);
    for (const Row& row : rows)
        if (row.points && listed(options.tasks, row.name)) good = measure(options, options.replays, row) && good;
    return good ? 0 : 1;
}

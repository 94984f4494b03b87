// SPDX-License-Identifier: MIT
/// The sides as the driver sees them: how each is started, and a column of one table, which asks it. What a side is: side.hpp.
#pragma once

#include "benchmark/answer.hpp"
#include "benchmark/process.hpp"

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace benchmark {

struct Side {
    std::string label;                     ///< of its column; of several sides with one label the fastest counts
    std::string setting;                   ///< which of them it is
    std::vector<std::string> command;      ///< its program and first arguments
    std::vector<std::string> environment;  ///< NAME=value
    std::vector<std::string> hello;        ///< the program that takes one gradient of a small tensor; empty if it has none
    bool fresh = true;                     ///< a process for each task; not for those that need seconds to start
    bool compared = true;                  ///< computes what ours computes
};

struct Options {
    std::string tables = "tasks", tasks;
    std::vector<int> threads{1, 2};
    int repeats = 7;
    double milliseconds = 20;
    bool quick = false, compile = false;
    long steps = 100'000;  // of the loop whose memory must not grow
    std::filesystem::path here, python, sources;
    std::vector<Side> more;
};

/// Those that are here. Ours is the first.
std::vector<Side> sides_of_tasks(const Options& options, int threads);
std::vector<Side> sides_of_operations(const Options& options);
/// What all of them are told of the number of threads, beside the side's own settings.
std::vector<std::string> environment(const Side& side, int threads);
std::unique_ptr<Process> start(const Side& side, const Options& options, int threads);

/// How far the sides of a table agree, which is printed below it.
struct Agreement {
    Difference largest;                 ///< from ours
    std::vector<std::string> failures;  ///< who computed something else
    int compared = 0;                   ///< how many times another side with ours
    bool good = true;                   ///< nothing failed or differs
    void refuse(const std::string& failure);
    void print() const;
};

/// One side through one table.
class Column {
  public:
    Column(Side chosen, const Options& options, int threads);
    [[nodiscard]] bool present() const { return !description.empty(); }
    /// With its setting.
    [[nodiscard]] std::string name() const { return side.setting.empty() ? side.label : side.label + " (" + side.setting + ")"; }
    /// Starts what has to be started, lets it prepare the request, forgets earlier answers.
    void prepare(const std::string& request);
    void ask(const std::string& request);
    /// Compares with ours, whose answer is the reference.
    void compare(const Answer& reference, const std::string& request, Agreement& agreement);
    [[nodiscard]] bool answered() const { return failure.empty() && !answers.empty(); }
    using Value = double (*)(const Answer&);
    static double time(const Answer& answer) { return answer.seconds; }
    [[nodiscard]] std::vector<double> values(Value value = time) const;

    Side side;
    std::string description;  ///< what it says of itself; empty if it does not start
    std::vector<Answer> answers;
    std::string failure;  ///< "-" has not got the task, "failed", "differs"

  private:
    void launch();
    const Options& options_;
    int threads_;
    std::unique_ptr<Process> process_;
};

/// Every column asked in turn, round by round, after a first request that is not counted.
void measure(std::vector<Column>& columns, const std::string& request, const Options& options, Agreement& agreement);
inline constexpr double tolerance = 1e-4;  // of losses and checksums, relative

/// 1234 or 12.3: three significant digits without an exponent.
std::string figure(double x);
/// Median (minimum).
std::string timing(const std::vector<double>& times, double units_per_second);
/// The median over rounds of ours / theirs.
double ratio(const Column& ours, const Column& theirs, Column::Value value = Column::time);
/// Bold if it misses the target.
std::string judged(double ratio, double target);

// The tables. Each returns false if anything failed, differs, or grows.
bool print_tasks(const Options& options);
bool print_operations(const Options& options);
bool print_memory(const Options& options);
bool print_sizes(const Options& options);
bool print_tapes(const Options& options);

}  // namespace benchmark

// SPDX-License-Identifier: MIT
#include "sides.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace benchmark {

namespace {

std::vector<Side> present(std::vector<Side> sides) {
    std::erase_if(sides, [](const Side& side) { return !std::filesystem::exists(side.command[0]); });
    return sides;
}

Side libtorch(const Options& options, const char* setting, std::vector<std::string> environment) {
    return {"libtorch", setting, {options.here / "tensor_libtorch"}, std::move(environment), {options.here / "tensor_hello_libtorch"}};
}

Side python(const Options& options, const char* label, const char* script, std::vector<std::string> arguments = {}) {
    Side side{label, "", {options.python, options.sources / script}, {}, {options.python, options.sources / script, "--hello"}, false};
    side.command.insert(side.command.end(), arguments.begin(), arguments.end());
    if (!arguments.empty()) side.hello.clear();
    return side;
}

}  // namespace

std::vector<Side> sides_of_tasks(const Options& options) {
    std::vector<Side> sides{{"Wengert", "", {options.here / "tensor_wengert"}, {}, {options.here / "tensor_hello_tensor"}},
                            libtorch(options, "default", {}),
                            libtorch(options, "avx512", {"ATEN_CPU_CAPABILITY=avx512"}),
                            {"products alone", "OpenBLAS", {options.here / "tensor_cblas"}, {}, {}, true, false},
                            {"products alone", "oneDNN", {options.here / "tensor_onednn"}, {}, {}, true, false}};
    if (!options.python.empty()) {
        sides.push_back(python(options, "PyTorch", "pytorch.py"));
        if (options.compile) sides.push_back(python(options, "torch.compile", "pytorch.py", {"--compile"}));
        sides.push_back(python(options, "JAX, jit", "with_jax.py"));
    }
    sides.insert(sides.end(), options.more.begin(), options.more.end());
    return present(std::move(sides));
}

std::vector<Side> sides_of_operations(const Options& options) {
    return present({{"Wengert", "", {options.here / "tensor_wengert"}, {}, {}, false},
                    {"libtorch", "default", {options.here / "tensor_libtorch"}, {}, {}, false},
                    {"libtorch", "avx512", {options.here / "tensor_libtorch"}, {"ATEN_CPU_CAPABILITY=avx512"}, {}, false},
                    {"OpenBLAS by hand", "", {options.here / "tensor_cblas"}, {}, {}, false},
                    {"oneDNN by hand", "", {options.here / "tensor_onednn"}, {}, {}, false}});
}

std::vector<std::string> environment(const Side& side, int threads) {
    std::vector<std::string> settings = side.environment;
    for (const char* name : {"OMP_NUM_THREADS=", "OPENBLAS_NUM_THREADS=", "MKL_NUM_THREADS="})
        settings.push_back(name + std::to_string(threads));
    return settings;
}

std::unique_ptr<Process> start(const Side& side, const Options& options, int threads) {
    std::vector<std::string> arguments(side.command.begin() + 1, side.command.end());
    arguments.insert(arguments.end(), {"--threads", std::to_string(threads), "--milliseconds", std::to_string(options.milliseconds)});
    return std::make_unique<Process>(side.command[0], arguments, environment(side, threads));
}

Column::Column(Side chosen, const Options& options, int threads) : side(std::move(chosen)), options_(options), threads_(threads) {
    launch();
    if (process_ == nullptr) std::fprintf(stderr, "%s %s does not start, and is left out\n", side.label.c_str(), side.setting.c_str());
}

void Column::launch() {
    process_ = start(side, options_, threads_);
    constexpr std::string_view ready = "ready ";
    const std::string line = process_->read_line();
    if (line.starts_with(ready))
        description = line.substr(ready.size());
    else
        process_.reset();
}

void Column::prepare(const std::string& request) {
    answers.clear(), failure.clear();
    if (side.fresh || process_ == nullptr) launch();
    const std::string line = process_ == nullptr ? "" : process_->ask(request);
    if (line == "-") failure = line;
    if (failure.empty() && !parse_answer(line)) failure = "failed", process_.reset();
}

void Column::ask(const std::string& request) {
    if (!failure.empty()) return;
    if (const auto answer = parse_answer(process_->ask(request)))
        answers.push_back(*answer);
    else
        failure = "failed", process_.reset();
}

bool Column::agrees(const Answer& reference, const std::string& request, double allowed) {
    if (!answered() || !side.compared) return failure != "failed";
    for (const Answer& answer : answers) {
        const Difference d = difference(answer, reference);
        Difference& largest = largest_difference();
        largest.loss = std::max(largest.loss, d.loss), largest.checksum = std::max(largest.checksum, d.checksum);
        const std::string reason = disagreement(answer, reference, allowed);
        if (reason.empty()) continue;
        failure = "differs";
        for (std::FILE* file : {stdout, stderr})
            std::fprintf(file, "**MISMATCH** %s: %s %s computed %s\n", request.c_str(), side.label.c_str(), side.setting.c_str(), reason.c_str());
        return false;
    }
    return true;
}

std::vector<double> Column::times() const {
    std::vector<double> times;
    for (const Answer& answer : answers) times.push_back(answer.seconds);
    return times;
}

bool measure(std::vector<Column>& columns, const std::string& request, const Options& options) {
    for (Column& column : columns) column.prepare(request);
    for (int round = 0; round < options.repeats; ++round)
        for (Column& column : columns) column.ask(request);
    bool good = true;
    if (columns[0].answered()) {
        const Answer reference = columns[0].answers[0];
        for (Column& column : columns) good = column.agrees(reference, request, tolerance) && good;
    }
    for (const Column& column : columns) good = good && column.failure != "failed";
    return good;
}

Difference& largest_difference() {
    static Difference largest;
    return largest;
}

std::string figure(double x) {
    char text[40];
    const int decimals = x <= 0 ? 0 : std::clamp(2 - static_cast<int>(std::floor(std::log10(x))), 0, 6);
    std::snprintf(text, sizeof text, "%.*f", decimals, x);
    return text;
}

std::string timing(const std::vector<double>& times, double units_per_second) {
    return figure(median(times) * units_per_second) + " (" + figure(minimum(times) * units_per_second) + ")";
}

double ratio(const Column& ours, const Column& theirs) {
    std::vector<double> ratios;
    for (std::size_t i = 0; i < std::min(ours.answers.size(), theirs.answers.size()); ++i)
        ratios.push_back(ours.answers[i].seconds / theirs.answers[i].seconds);
    return median(ratios);
}

}  // namespace benchmark

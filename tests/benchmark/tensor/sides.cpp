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

// Threads of OpenMP that wait in a loop take the CPUs from those of OpenBLAS, and from other processes: passive, they sleep.
const std::string passive = "OMP_WAIT_POLICY=passive";

/// libtorch as it is, and told to use AVX-512, which Debian's does not do by itself; with several threads, told that and told to wait
/// passively.
std::vector<Side> libtorch(const Options& options, int threads) {
    const Side plain{"libtorch", "default", {options.here / "tensor_libtorch"}, {}, {options.here / "tensor_hello_libtorch"}};
    std::vector<std::string> environment;
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx512f") != 0) environment.emplace_back("ATEN_CPU_CAPABILITY=avx512");
#endif
    Side tuned = plain;
    tuned.setting = environment.empty() ? "default" : "avx512", tuned.environment = environment;
    if (threads == 1) return environment.empty() ? std::vector{plain} : std::vector{plain, tuned};
    Side waiting = tuned;
    waiting.setting = "passive", waiting.environment.push_back(passive);
    return {tuned, waiting};
}

Side python(const Options& options, const char* label, const char* script) {
    return {label, "", {options.python, options.sources / script}, {}, {options.python, options.sources / script, "--hello"}, false};
}

}  // namespace

std::vector<Side> sides_of_tasks(const Options& options, int threads) {
    std::vector<Side> sides{{"Wengert", "", {options.here / "tensor_wengert"}, {}, {options.here / "tensor_hello_tensor"}}};
    for (Side& side : libtorch(options, threads)) sides.push_back(std::move(side));
    sides.push_back({"products alone", "OpenBLAS", {options.here / "tensor_cblas"}, {}, {}, true, false});
    sides.push_back({"products alone", "oneDNN", {options.here / "tensor_onednn"}, {}, {}, true, false});
    if (!options.python.empty()) {
        const Side eager = python(options, "PyTorch", "pytorch.py");
        sides.push_back(eager);
        if (threads > 1) {
            sides.back().setting = "default";
            sides.push_back(eager);
            sides.back().setting = "passive", sides.back().environment = {passive};
        }
        if (options.compile) {
            sides.push_back(eager);
            sides.back().label = "torch.compile", sides.back().command.emplace_back("--compile"), sides.back().hello.clear();
        }
        sides.push_back(python(options, "JAX, jit", "with_jax.py"));
    }
    sides.insert(sides.end(), options.more.begin(), options.more.end());
    return present(std::move(sides));
}

std::vector<Side> sides_of_operations(const Options& options) {
    std::vector<Side> sides{{"Wengert", "", {options.here / "tensor_wengert"}, {}, {}}};
    for (Side& side : libtorch(options, 1)) sides.push_back(std::move(side));
    sides.push_back({"OpenBLAS by hand", "", {options.here / "tensor_cblas"}, {}, {}});
    sides.push_back({"oneDNN by hand", "", {options.here / "tensor_onednn"}, {}, {}});
    for (Side& side : sides) side.fresh = false;
    return present(std::move(sides));
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
    if (process_ == nullptr) std::fprintf(stderr, "%s does not start, and is left out\n", name().c_str());
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

void Column::compare(const Answer& reference, const std::string& request, Agreement& agreement) {
    if (!answered() || !side.compared) return;
    for (const Answer& answer : answers) {
        const Difference d = difference(answer, reference);
        agreement.largest = {std::max(agreement.largest.loss, d.loss), std::max(agreement.largest.checksum, d.checksum)};
        std::string reason = disagreement(answer, reference, tolerance);
        if (reason.empty() && (answer.magnitude == 0) != (reference.magnitude == 0)) reason = "nothing but zeros, or ours did";
        if (reason.empty()) continue;
        failure = "differs";
        agreement.refuse(request + ": " + name() + " computed " + reason);
        return;
    }
}

void Agreement::refuse(const std::string& failure) {
    good = false, failures.push_back(failure);
    std::fprintf(stderr, "MISMATCH %s\n", failure.c_str());
}

void Agreement::print() const {
    if (compared > 0)
        std::printf("\nAll sides start from the same parameters and data. Largest relative differences from ours: loss %.1e, gradient (or "
                    "change of the parameters in the first steps) %.1e, of %.0e allowed.\n",
                    largest.loss, largest.checksum, tolerance);
    for (const std::string& each : failures) std::printf("\n**MISMATCH** %s\n", each.c_str());
}

std::vector<double> Column::values(Value value) const {
    std::vector<double> all;
    for (const Answer& answer : answers) all.push_back(value(answer));
    return all;
}

void measure(std::vector<Column>& columns, const std::string& request, const Options& options, Agreement& agreement) {
    for (Column& column : columns) column.prepare(request);
    for (int round = 0; round < options.repeats; ++round)
        for (Column& column : columns) column.ask(request);
    if (columns[0].answered()) {
        const Answer reference = columns[0].answers[0];
        for (Column& column : columns) {
            column.compare(reference, request, agreement);
            agreement.compared += column.answered() && column.side.compared && &column != &columns[0];
        }
    }
    for (const Column& column : columns) agreement.good = agreement.good && (column.failure.empty() || column.failure == "-");
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

double ratio(const Column& ours, const Column& theirs, Column::Value value) {
    std::vector<double> ratios;
    for (std::size_t i = 0; i < std::min(ours.answers.size(), theirs.answers.size()); ++i)
        ratios.push_back(value(ours.answers[i]) / value(theirs.answers[i]));
    return median(ratios);
}

std::string judged(double ratio, double target) { return ratio > target ? "**" + figure(ratio) + "**" : figure(ratio); }

}  // namespace benchmark

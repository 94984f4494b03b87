// SPDX-License-Identifier: MIT
// The table of tapes: one thread records and sweeps, or several at once do, each a tape of its own.
#include "sides.hpp"

#include "benchmark/machine.hpp"

#include <algorithm>
#include <cstdio>

namespace benchmark {

bool print_tapes(const Options& options) {
    const int most = *std::max_element(options.threads.begin(), options.threads.end());
    std::printf("\n### Tapes in several threads\n\nGradients a second that one thread makes, and that several make at once, each of them "
                "recording and sweeping its own tape; time on the wall, kernels of one thread, median of the rounds.\n\n");
    const int cpus = pin_to_cpus(most);
    if (cpus < 2) {
        std::printf("There are not two CPUs to run on; `--threads 2` asks for them.\n");
        return true;
    }
    std::printf("| task | one thread | %d threads | times as many |\n|---|---|---|---|\n", cpus);
    // As many times that a round of them takes some 50 milliseconds, beside which starting threads is nothing.
    struct Task {
        const char *name, *request;
        int times;
    };
    bool good = true;
    const Side ours = sides_of_tasks(options, cpus)[0];
    for (const Task& task :
         {Task{"chain of 300,000 operations on Scalars", "scalars 100000", 10}, Task{"small MLP 16-16-10, batch 8, SGD", "small-mlp", 4000},
          Task{"chain of 999 operations on tensors of one element", "chain", 80},
          Task{"MLP 784-256-128-10, batch 64, SGD", "mlp 64 sgd", 50}}) {
        if (!listed(options.tasks, std::string_view(task.request).substr(0, std::string_view(task.request).find(' ')))) continue;
        Column one(ours, options, cpus), several(ours, options, cpus);
        const auto request = [&task](int threads) {
            return "tapes " + std::to_string(threads) + ' ' + std::to_string(task.times) + ' ' + task.request;
        };
        one.prepare(request(1)), several.prepare(request(cpus));
        for (int round = 0; round < options.repeats; ++round) one.ask(request(1)), several.ask(request(cpus));
        if (!one.answered() || !several.answered()) {
            std::printf("| %s | failed | | |\n", task.name);
            good = false;
            continue;
        }
        std::vector<double> gains;
        for (std::size_t i = 0; i < one.answers.size(); ++i) gains.push_back(cpus * one.answers[i].seconds / several.answers[i].seconds);
        std::printf("| %s | %s | %s | %s |\n", task.name, figure(task.times / median(one.values())).c_str(),
                    figure(cpus * task.times / median(several.values())).c_str(), figure(median(gains)).c_str());
        std::fflush(stdout);
    }
    return good;
}

}  // namespace benchmark

// SPDX-License-Identifier: MIT
// Runs all sides of the tensor benchmark, one repetition of each in turn, and prints Markdown tables: tasks.cpp, operations.cpp,
// memory.cpp, sizes.cpp, tapes.cpp. Sides are processes that wait until they are asked (side.hpp), pinned to the same CPUs.
#include "sides.hpp"

#include "benchmark/machine.hpp"

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <sstream>

namespace {

using namespace benchmark;

[[noreturn]] void refuse(const char* got) {
    std::fprintf(stderr, "expected options as `bash tests/benchmark/run -h` lists them, got %s\n", got);
    std::exit(2);
}

Options parse(int argc, char** argv) {
    Options options;
    options.here = std::filesystem::path(argv[0]).parent_path();
    bool repeats = false, threads = false;
    for (int i = 1; i < argc; ++i) {
        const std::string_view option = argv[i];
        if (option == "--quick" || option == "--compile") {
            (option == "--quick" ? options.quick : options.compile) = true;
            continue;
        }
        if (i + 1 == argc) refuse(argv[i]);
        const std::string value = argv[++i];
        if (option == "--table") {
            options.tables = value;
        } else if (option == "--tasks") {
            options.tasks = value;
        } else if (option == "--repeats" && std::atoi(value.c_str()) > 0) {
            options.repeats = std::atoi(value.c_str()), repeats = true;
        } else if (option == "--milliseconds" && std::atof(value.c_str()) > 0) {
            options.milliseconds = std::atof(value.c_str());
        } else if (option == "--steps" && std::atol(value.c_str()) >= 100) {
            options.steps = std::atol(value.c_str());
        } else if (option == "--threads") {
            options.threads.clear(), threads = true;
            std::istringstream list(value);
            for (std::string entry; std::getline(list, entry, ',');) {
                if (std::atoi(entry.c_str()) < 1) refuse(argv[i]);
                options.threads.push_back(std::atoi(entry.c_str()));
            }
            if (options.threads.empty()) refuse(argv[i]);
        } else if (option == "--python") {
            options.python = value;
        } else if (option == "--sources") {
            options.sources = value;
        } else if (option == "--side" && value.find('=') != std::string::npos) {
            const std::size_t sign = value.find('=');
            options.more.push_back({value.substr(0, sign), "", {value.substr(sign + 1)}, {}, {}});
        } else {
            refuse(argv[i - 1]);
        }
    }
    if (options.quick) {
        if (!repeats) options.repeats = 3;
        if (!threads) options.threads = {1};
        options.milliseconds = std::min(options.milliseconds, 5.0), options.steps = std::min(options.steps, 10'000L);
    }
    return options;
}

}  // namespace

int main(int argc, char** argv) {
    for (const char* name : {"OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE", "OPENBLAS_VERBOSE"}) unsetenv(name);  // they would slow BLAS down
    const Options options = parse(argc, argv);
    std::printf("%s, %s, %s, %s; all sides interleaved and pinned to the same CPUs.\n", today().c_str(), cpu().c_str(), BENCHMARK_COMPILER,
                BENCHMARK_FLAGS);
    struct Table {
        const char* name;
        bool (*print)(const Options&);
    };
    bool good = true, any = false;
    for (const Table& table : {Table{"tasks", print_tasks}, Table{"operations", print_operations}, Table{"memory", print_memory},
                               Table{"sizes", print_sizes}, Table{"tapes", print_tapes}})
        if (options.tables == "all" || listed(options.tables, table.name)) any = true, good = table.print(options) && good;
    if (!any) refuse(options.tables.c_str());
    if (!good) {
        std::printf("\n**Some sides failed or do not agree: see above.**\n");
        std::fprintf(stderr, "some sides failed or do not agree\n");
    }
    return good ? 0 : 1;
}

// SPDX-License-Identifier: MIT
// The table of sizes: libraries, and how long first programs take to compile.
#include "sides.hpp"

#include <cstdio>
#include <fstream>
#include <sstream>

namespace benchmark {
namespace {

std::vector<std::string> split(const std::string& line) {
    std::vector<std::string> parts;
    std::istringstream stream(line);
    for (std::string part; std::getline(stream, part, '\t');)
        if (!part.empty()) parts.push_back(part);
    return parts;
}

}  // namespace

bool print_sizes(const Options& options) {
    bool good = true;
    std::printf("\n### Sizes\n\n| library or program | MB |\n|---|---|\n");
    std::ifstream libraries(options.here / "libraries.txt");
    for (std::string line; std::getline(libraries, line);) {
        const auto parts = split(line);
        std::error_code error;
        const auto bytes = std::filesystem::file_size(std::filesystem::canonical(parts[1], error), error);
        good = good && !error;
        std::printf("| %s (%s) | %s |\n", parts[0].c_str(), std::filesystem::path(parts[1]).filename().c_str(),
                    error ? "not found" : figure(static_cast<double>(bytes) / 1e6).c_str());
    }
    const int repeats = options.quick ? 1 : 3;
    std::printf("\n| compile (-O3, without linking), CPU time in s | median of %d | target |\n|---|---|---|\n", repeats);
    std::ifstream compilations(options.here / "compilations.txt");
    for (std::string line; std::getline(compilations, line);) {
        const auto parts = split(line);
        std::vector<double> times;
        bool compiled = true;
        for (int i = 0; i < repeats; ++i) {
            Process process(parts[1], {parts.begin() + 2, parts.end()});
            compiled = process.wait() == 0 && compiled;
            times.push_back(process.cpu_seconds());
        }
        good = good && compiled;
        const char* target = parts[0] == "hello_gradient" ? "1.5" : parts[0] == "hello_tensor" ? "2.5" : "";
        std::printf("| %s | %s | %s |\n", parts[0].c_str(), compiled ? figure(median(times)).c_str() : "failed", target);
        std::fflush(stdout);
    }
    return good;
}

}  // namespace benchmark

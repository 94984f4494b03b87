// SPDX-License-Identifier: MIT
/// What a driver says above its tables of the day and the machine, and how it reads lists on its command line.
#pragma once

#include <ctime>

#include <fstream>
#include <sstream>
#include <string>
#include <string_view>

namespace benchmark {

inline std::string cpu() {
    std::ifstream file("/proc/cpuinfo");
    for (std::string line; std::getline(file, line);)
        if (line.starts_with("model name")) return line.substr(line.find(':') + 2);
    return "an unnamed CPU";
}

inline std::string today() {
    char date[32];
    const std::time_t now = std::time(nullptr);
    std::strftime(date, sizeof date, "%Y-%m-%d", std::gmtime(&now));
    return date;
}

/// Whether a list a,b,c has the name; one that is empty has them all.
inline bool listed(const std::string& list, std::string_view name) {
    std::stringstream stream(list);
    for (std::string entry; std::getline(stream, entry, ',');)
        if (entry == name) return true;
    return list.empty();
}

}  // namespace benchmark

// SPDX-License-Identifier: MIT
/// What a side answers to each line on its standard input, and how the driver tells whether two sides computed the same.
#pragma once

#include "benchmark/random.hpp"

#include <ctime>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <optional>
#include <string>
#include <vector>

namespace benchmark {

/// `<seconds> <loss> <checksum> <magnitude> <bytes>`. A magnitude of 0 says that there is a loss only.
struct Answer {
    double seconds = 0, loss = 0, checksum = 0, magnitude = 0;
    std::size_t bytes = 0;  ///< whatever the side wants to say of its memory
};

inline void print(const Answer& a) {
    std::printf("%.9g %.17g %.17g %.17g %zu\n", a.seconds, a.loss, a.checksum, a.magnitude, a.bytes);
    std::fflush(stdout);
}
inline std::optional<Answer> parse_answer(const std::string& line) {
    Answer a;
    if (std::sscanf(line.c_str(), "%lf %lf %lf %lf %zu", &a.seconds, &a.loss, &a.checksum, &a.magnitude, &a.bytes) != 5) return {};
    return a;
}

/// thread and process: CPU time, so that what other processes take does not count; of all its threads if the work is not in this one.
enum class Clock { thread = CLOCK_THREAD_CPUTIME_ID, process = CLOCK_PROCESS_CPUTIME_ID, wall = CLOCK_MONOTONIC };
inline double seconds(Clock clock) {
    timespec t{};
    clock_gettime(static_cast<clockid_t>(clock), &t);
    return static_cast<double>(t.tv_sec) + 1e-9 * static_cast<double>(t.tv_nsec);
}

/// Sums numbers with weights between 1/2 and 3/2 and their absolute values, every `stride`-th of them, into an answer.
template <class Numbers>
void add_checksum(const Numbers& numbers, Answer& answer, std::size_t stride = 1) {
    for (std::size_t i = 0; i < numbers.size(); i += stride) {
        const double term = static_cast<double>(numbers[i]) * uniform(99, i, 0.5, 1.5);
        answer.checksum += term, answer.magnitude += std::abs(term);
    }
}

/// By how much two answers differ: the losses relatively, the checksums in terms of the magnitude.
struct Difference {
    double loss = 0, checksum = 0;
};
inline Difference difference(const Answer& a, const Answer& reference) {
    Difference d;
    if (a.loss != reference.loss) d.loss = std::abs(a.loss - reference.loss) / std::abs(reference.loss);
    if (a.magnitude != 0 && reference.magnitude != 0)
        d.checksum = std::max(std::abs(a.checksum - reference.checksum), std::abs(a.magnitude - reference.magnitude)) / reference.magnitude;
    return d;
}
/// "" if both computed the same up to the tolerance, else what does not agree.
inline std::string disagreement(const Answer& a, const Answer& reference, double tolerance) {
    char text[160] = "";
    const Difference d = difference(a, reference);
    if (!(d.loss <= tolerance))
        std::snprintf(text, sizeof text, "loss %.12g, expected %.12g", a.loss, reference.loss);
    else if (!(d.checksum <= tolerance))
        std::snprintf(text, sizeof text, "checksum %.12g of magnitude %.12g, expected %.12g of %.12g", a.checksum, a.magnitude,
                      reference.checksum, reference.magnitude);
    else if (!std::isfinite(a.loss) || !std::isfinite(a.checksum))
        std::snprintf(text, sizeof text, "not finite");
    return text;
}

inline double median(std::vector<double> x) {
    std::sort(x.begin(), x.end());
    const std::size_t n = x.size();
    return n % 2 ? x[n / 2] : (x[n / 2 - 1] + x[n / 2]) / 2;
}
inline double minimum(const std::vector<double>& x) { return *std::min_element(x.begin(), x.end()); }

}  // namespace benchmark

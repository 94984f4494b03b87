// SPDX-License-Identifier: MIT
// What the CPU says of itself, and what the environment wishes.
#include "autodiff/kernels/instruction_set.hpp"

#include "autodiff/error.hpp"

#include <cstdlib>
#include <fmt/format.h>

namespace autodiff {
inline namespace v1 {
namespace kernels {

namespace {

constexpr InstructionSet sets[] = {InstructionSet::baseline, InstructionSet::avx2, InstructionSet::avx512};

InstructionSet best() noexcept {
    InstructionSet result = InstructionSet::baseline;
    for (const InstructionSet set : sets)
        if (available(set)) result = set;
    return result;
}

}  // namespace

std::string_view name(InstructionSet set) noexcept {
    switch (set) {
    case InstructionSet::avx2:
        return "avx2";
    case InstructionSet::avx512:
        return "avx512";
    default:
        return "baseline";
    }
}

// The compiler's test asks the operating system too, whether it keeps the wide registers when it switches threads.
bool available(InstructionSet set) noexcept {
    switch (set) {
#if defined(WENGERT_AVX2)
    case InstructionSet::avx2:
        return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
#endif
#if defined(WENGERT_AVX512)
    case InstructionSet::avx512:
        return available(InstructionSet::avx2) && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
               __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512cd");
#endif
    default:
        return set == InstructionSet::baseline;
    }
}

InstructionSet instruction_set() {
    static const InstructionSet set = wished_instruction_set(std::getenv("WENGERT_SIMD"));
    return set;
}

InstructionSet wished_instruction_set(const char* wish) {
    if (!wish || !*wish) return best();
    for (const InstructionSet set : sets) {
        if (name(set) != wish) continue;
        if (available(set)) return set;
        throw ValueError("instruction_set", fmt::format("WENGERT_SIMD to be at most {}, the best of this CPU and build", name(best())),
                         wish, "unset it to use the best");
    }
    throw ValueError("instruction_set", "WENGERT_SIMD to be baseline, avx2 or avx512", fmt::format("\"{}\"", wish),
                     "unset it to use the best");
}

}  // namespace kernels
}  // namespace v1
}  // namespace autodiff

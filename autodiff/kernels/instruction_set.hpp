// SPDX-License-Identifier: MIT
/// Which vector instructions the kernels use. Sources that are compiled for several sets (wengert_instruction_sets in build.cmake)
/// define their functions once a set, as specialisations for `InstructionSet::WENGERT_SET`; with_instruction_set calls the right one:
///
///     template <InstructionSet>
///     void scale(double* x, Index n);                                                          // in the header
///     template <>
///     void scale<InstructionSet::WENGERT_SET>(double* x, Index n) { ... Pack<double, WENGERT_LANES> ... }  // compiled for every set
///     with_instruction_set([&]<InstructionSet S> { scale<S>(x, n); });                          // in a source compiled once
#pragma once

#include <string_view>

namespace autodiff {
inline namespace v1 {
namespace kernels {

/// In rising order. `baseline` is what the compiler's flags allow everywhere: SSE2 on x86-64, NEON on ARM.
enum class InstructionSet { baseline, avx2, avx512 };

[[nodiscard]] std::string_view name(InstructionSet set) noexcept;

/// Whether this build has the set and this CPU, with its operating system, runs it.
[[nodiscard]] bool available(InstructionSet set) noexcept;

/// The set in use: the best available, or a lower one that the environment variable WENGERT_SIMD names (baseline, avx2, avx512).
/// It is decided at the first call, and stays.
/// throws   ValueError if WENGERT_SIMD is none of these names, or names a set that is not available
[[nodiscard]] InstructionSet instruction_set();

/// The set that a wish means: the best available for none (a null pointer, an empty text). throws ValueError as instruction_set
[[nodiscard]] InstructionSet wished_instruction_set(const char* wish);

/// f.operator()<S>() for the set S in use. For sources of a target that has called wengert_instruction_sets.
template <class F>
decltype(auto) with_instruction_set(F&& f) {
    switch (instruction_set()) {
#if defined(WENGERT_AVX512)
    case InstructionSet::avx512:
        return f.template operator()<InstructionSet::avx512>();
#endif
#if defined(WENGERT_AVX2)
    case InstructionSet::avx2:
        return f.template operator()<InstructionSet::avx2>();
#endif
    default:
        return f.template operator()<InstructionSet::baseline>();
    }
}

/// A table of kernels as fill<S>(table), found beside the table's type, makes it for the set S in use; made at the first call.
/// For sources of a target that has called wengert_instruction_sets.
template <class Table>
const Table& kernels_in_use() {
    static const Table table = [] {
        Table t;
        with_instruction_set([&t]<InstructionSet S>() { fill<S>(t); });
        return t;
    }();
    return table;
}

}  // namespace kernels
}  // namespace v1
}  // namespace autodiff

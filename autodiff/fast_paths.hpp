// SPDX-License-Identifier: MIT
/// Some compositions (layer normalisation, attention, recurrent layers) have a kernel of their own that computes them and their VJP faster.
/// The composition stays their definition: it is what forward mode and higher orders run, and what tests compare the kernel with. A tape
/// that a program holds and that keeps operations records the composition, so that every step can be read. Here such fast paths are
/// switched off, as the environment variable WENGERT_FAST_PATHS=off does.
#pragma once

namespace autodiff {
inline namespace v1 {

/// While one lives, this thread computes compositions as they are defined.
class WithoutFastPaths {
  public:
    WithoutFastPaths() noexcept;
    ~WithoutFastPaths();
    WithoutFastPaths(const WithoutFastPaths&) = delete;
    WithoutFastPaths& operator=(const WithoutFastPaths&) = delete;
};

namespace internal {

/// Whether a composition may take its fast path here and now: not where a program's tape keeps operations, to be read.
[[nodiscard]] bool fast_path();

}  // namespace internal
}  // namespace v1
}  // namespace autodiff

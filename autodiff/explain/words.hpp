// SPDX-License-Identifier: MIT
/// How numbers and names appear in an explanation. A name is data: whatever it holds, it stays on its line.
#pragma once

#include <string>
#include <string_view>

namespace autodiff {
inline namespace v1 {

inline constexpr std::size_t longest_name = 64;  ///< bytes of a name that are printed

/// The name with control characters, line separators and invalid UTF-8 as \xNN, cut after `longest_name` bytes.
std::string printable(std::string_view name);

/// The same without the cut: for text that is made of names.
std::string visible(std::string_view text);

/// Of a name in a formula, in any locale.
[[nodiscard]] constexpr bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
[[nodiscard]] constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// Numbers with so many significant digits; a small one never becomes 0, NaN has no sign.
class Numbers {
  public:
    explicit Numbers(int digits) : digits_(digits) {}
    [[nodiscard]] std::string operator()(double x) const;
    /// With room for a sign, so that columns align.
    [[nodiscard]] std::string aligned(double x) const;
    /// " ~" if the printed factors do not multiply to the printed product: rounding, not a mistake.
    [[nodiscard]] std::string_view mark(double a, double b, double product) const;

  private:
    [[nodiscard]] double printed(double x) const;
    int digits_;
};

}  // namespace v1
}  // namespace autodiff

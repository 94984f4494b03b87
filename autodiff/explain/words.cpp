// SPDX-License-Identifier: MIT
#include "autodiff/explain/words.hpp"

#include <charconv>
#include <cmath>
#include <fmt/format.h>

namespace autodiff {
inline namespace v1 {

namespace {

/// How many bytes from `at` on are one printable character; 0 if they are none.
std::size_t printable_bytes(std::string_view text, std::size_t at) {
    const auto byte = [&](std::size_t k) { return at + k < text.size() ? static_cast<unsigned char>(text[at + k]) : 0u; };
    const unsigned lead = byte(0);
    if (lead < 0x80) return lead >= 0x20 && lead != 0x7f ? 1 : 0;
    const std::size_t n = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
    if (lead < 0xc2 || lead > 0xf4) return 0;
    unsigned code = lead & (0xffu >> (n + 1));
    for (std::size_t k = 1; k < n; ++k) {
        if ((byte(k) & 0xc0u) != 0x80u) return 0;
        code = code << 6 | (byte(k) & 0x3fu);
    }
    const bool overlong = (n == 3 && code < 0x800) || (n == 4 && code < 0x10000);
    const bool surrogate = code >= 0xd800 && code < 0xe000;
    // C1 controls; line and paragraph separators; what turns the direction of writing around, or is not seen
    const bool control = code < 0xa0 || (code >= 0x200b && code <= 0x200f) || (code >= 0x2028 && code <= 0x202e) ||
                         (code >= 0x2060 && code <= 0x206f) || code == 0xfeff;
    return overlong || surrogate || code > 0x10ffff || control ? 0 : n;
}

std::string shown(std::string_view name, std::size_t most_bytes) {
    std::string text;
    for (std::size_t at = 0; at < name.size();) {
        const std::size_t n = printable_bytes(name, at);
        const std::string next = n > 0 ? std::string(name.substr(at, n)) : fmt::format("\\x{:02x}", static_cast<unsigned char>(name[at]));
        if (text.size() + next.size() > most_bytes) return text + "...";
        text += next;
        at += n > 0 ? n : 1;
    }
    return text;
}

}  // namespace

std::string printable(std::string_view name) { return shown(name, longest_name); }
std::string visible(std::string_view text) { return shown(text, std::string::npos); }

std::string Numbers::operator()(double x) const { return std::isnan(x) ? "nan" : fmt::format("{:.{}g}", x, digits_); }

std::string Numbers::aligned(double x) const { return std::isnan(x) ? " nan" : fmt::format("{: .{}g}", x, digits_); }

double Numbers::printed(double x) const {
    const std::string text = (*this)(x);
    double y = x;
    std::from_chars(text.data(), text.data() + text.size(), y);
    return y;
}

std::string_view Numbers::mark(double a, double b, double product) const {
    if (!std::isfinite(a) || !std::isfinite(b) || !std::isfinite(product)) return "";
    return (*this)(printed(a) * printed(b)) == (*this)(product) ? "" : " ~";
}

}  // namespace v1
}  // namespace autodiff

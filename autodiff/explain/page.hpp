// SPDX-License-Identifier: MIT
/// The parts of a page (html.cpp puts them together). For explain/ only.
#pragma once

#include "autodiff/explain/trace.hpp"
#include "autodiff/explain/writing.hpp"

#include <string>
#include <string_view>

namespace autodiff {
inline namespace v1 {
namespace page {

// Made from the files in page/ when the library is built.
extern const std::string_view style, script, controls, drill, dialogs;

/// What every part of a page needs.
struct Writer {
    const Trace& trace;
    Numbers number;
    Notations names;

    explicit Writer(const Trace& t) : trace(t), number(t.options.digits), names(notations_of(t)) {}
    [[nodiscard]] std::string text(std::string_view name) const;
    /// A number in HTML: with a real minus sign.
    [[nodiscard]] std::string n(double x) const;
    /// A number as a factor: a negative one in parentheses.
    [[nodiscard]] std::string factor(double x) const;
    /// `a · b = y`, with the mark of rounded factors; what a quiz asks for is the part from the equality sign on.
    [[nodiscard]] std::string product(double a, double b, double y) const;
    [[nodiscard]] std::string math(const std::string& inner) const;
    [[nodiscard]] std::string name(std::string_view name) const;  ///< as MathML, inside of math()
    [[nodiscard]] std::string d(std::string_view by) const;       ///< dL/d(by), inside of math()
    [[nodiscard]] std::string ratio(std::string_view of, std::string_view by) const;
    [[nodiscard]] std::string link(std::uint32_t step, char kind) const;
};

/// The id of the step back of a value, or of the tensor whose element it is: from there on its derivative is known. Empty if it has none.
[[nodiscard]] std::string known_from(const Trace& trace, std::string_view name);
/// A number, or a tensor's elements or shape and norm.
[[nodiscard]] std::string quantity(const Writer& write, const Quantity& q);
[[nodiscard]] std::string thumbnail(const Writer& write, const TensorSummary& t);
/// All steps, each as a details element.
[[nodiscard]] std::string forward_steps(const Writer& write);
[[nodiscard]] std::string reverse_steps(const Writer& write);
[[nodiscard]] std::string weights(const Writer& write);
[[nodiscard]] std::string paths(const Writer& write);
[[nodiscard]] std::string drawing(const Writer& write);
/// What the script needs beyond what the page says: JSON, safe inside of a script element.
[[nodiscard]] std::string data(const Trace& trace);

}  // namespace page
}  // namespace v1
}  // namespace autodiff

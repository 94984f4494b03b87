// SPDX-License-Identifier: MIT
// Jacobians from sweeps: one unit seed after the other, and the columns or rows that come back joined along new axes.
#include "autodiff/derivatives.hpp"

#include "autodiff/ops/compare.hpp"
#include "autodiff/ops/element.hpp"
#include "autodiff/ops/layout.hpp"

namespace autodiff {
inline namespace v1 {
namespace internal {

namespace {

Index elements(const Part& part) { return part.shape.size(); }

Index elements(const Parts& parts) {
    Index n = 0;
    for (const Part& part : parts) n += elements(part);
    return n;
}

Shape joined(const Shape& a, const Shape& b) {
    Extents extents(a.begin(), a.end());
    extents.insert(extents.end(), b.begin(), b.end());
    return Shape(std::span<const Index>(extents.data(), extents.size()));
}

/// The part of a sweep's answers: the one value, or all elements of several values in a line.
Value value_of(const Part& part, const Values& values) {
    if (!part.flat) return values[part.first];
    std::vector<Scalar> numbers;
    std::vector<Tensor<double>> pieces;
    const auto put_numbers = [&] {
        if (!numbers.empty()) pieces.push_back(stack(numbers));
        numbers.clear();
    };
    for (std::size_t k = part.first; k < part.first + part.count; ++k) {
        if (const Scalar* const number = std::get_if<Scalar>(&values[k])) {
            numbers.push_back(*number);
        } else {
            put_numbers();
            pieces.push_back(reshape(as_tensor<double>(values[k]), {-1}));
        }
    }
    put_numbers();
    if (pieces.empty()) return Tensor<double>::zeros({0});
    return pieces.size() == 1 ? pieces[0] : concat(pieces, 0);
}

/// Values of one shape joined along a new axis, the first or the last, and that axis in the shape that it stands for.
Value block(const std::vector<Value>& values, const Shape& shape, Index axis) {
    if (values.empty() || shape.size() == 0) return Tensor<double>::zeros(shape);
    return std::visit(
        [&]<class X>(const X&) -> Value {
            if constexpr (AScalar<X>) {
                std::vector<Scalar> numbers;
                for (const Value& v : values) numbers.push_back(std::get<Scalar>(v));
                return reshape(stack(numbers), shape);
            } else {
                std::vector<X> tensors;
                for (const Value& v : values) tensors.push_back(std::get<X>(v));
                return reshape(stack(tensors, axis), shape);
            }
        },
        values[0]);
}

bool single_number(const Part& part, const Values& values) { return !part.flat && std::holds_alternative<Scalar>(values[part.first]); }

/// take(part of `seeded`, part of `answering`, what sweep(seeds) answered there for a unit seed at each element of the first).
template <class Sweep, class Take>
void for_each_unit(const Parts& seeded, const Values& at, const Parts& answering, const Sweep& sweep, const Take& take) {
    for (std::size_t j = 0; j < seeded.size(); ++j) {
        std::vector<std::vector<Value>> answers(answering.size());
        for (std::size_t leaf = seeded[j].first; leaf < seeded[j].first + seeded[j].count; ++leaf)
            for (Index e = 0; e < shape_of(at[leaf]).size(); ++e) {
                const Values swept = sweep(Seeds{{leaf, unit(at[leaf], e)}});
                for (std::size_t i = 0; i < answering.size(); ++i) answers[i].push_back(value_of(answering[i], swept));
            }
        for (std::size_t i = 0; i < answering.size(); ++i) take(j, i, answers[i]);
    }
}

}  // namespace

std::vector<Values> jacobian_blocks(const Recording& recording, const Parts& results, const Parts& arguments, std::optional<Mode> mode) {
    std::vector<Values> blocks(results.size(), Values(arguments.size()));
    const bool forward = mode.value_or(elements(arguments) < elements(results) ? Mode::forward : Mode::reverse) == Mode::forward;
    // Between two single numbers the derivative is a number, too.
    const auto put = [&](std::size_t i, std::size_t j, const std::vector<Value>& values, Index axis) {
        const bool number = single_number(results[i], recording.results()) && single_number(arguments[j], recording.arguments());
        blocks[i][j] = number ? values[0] : block(values, joined(results[i].shape, arguments[j].shape), axis);
    };
    if (forward)
        for_each_unit(
            arguments, recording.arguments(), results, [&](const Seeds& xdot) { return recording.push(xdot); },
            [&](std::size_t j, std::size_t i, const std::vector<Value>& columns) { put(i, j, columns, -1); });
    else
        for_each_unit(
            results, recording.results(), arguments, [&](const Seeds& ybar) { return recording.pull(ybar); },
            [&](std::size_t i, std::size_t j, const std::vector<Value>& rows) { put(i, j, rows, 0); });
    return blocks;
}

}  // namespace internal
}  // namespace v1
}  // namespace autodiff

// SPDX-License-Identifier: MIT
// What a tape holds, counted.
#include "autodiff/node.hpp"
#include "autodiff/tape.hpp"

#include <algorithm>
#include <map>

namespace autodiff {
inline namespace v1 {

namespace {

std::size_t bytes_of(const AnyTensor& x) {
    if (const auto* f = std::get_if<Tensor<float>>(&x)) return static_cast<std::size_t>(f->size()) * sizeof(float);
    if (const auto* d = std::get_if<Tensor<double>>(&x)) return static_cast<std::size_t>(d->size()) * sizeof(double);
    return 0;
}

}  // namespace

TapeStatistics Tape::stats() const {
    TapeStatistics s;
    s.rows = rows - 1, s.operands = operands, s.tensor_rows = nodes_.size(), s.variables = variables_;
    const bool operations = detail_ == Detail::operations;
    const std::size_t per_row = sizeof(*count) + (operations ? sizeof(*value) + sizeof(*operation) : 0),
                      per_operand = sizeof(*partial) + sizeof(*operand);
    s.bytes = s.rows * per_row + s.operands * per_operand + nodes_.size() * sizeof(Node) + branches_.size() * sizeof(Branch);
    s.bytes_reserved = row_capacity_ * per_row + operand_capacity_ * per_operand + nodes_.capacity() * sizeof(Node) +
                       branches_.capacity() * sizeof(Branch);
    std::map<std::string, std::size_t> frequency;
    for (const Node& node : nodes_) {
        s.bytes += bytes_of(node.value);
        ++frequency[std::string(node.primitive->name())];
    }
    if (operations)
        for (std::uint32_t row = 1; row < rows; ++row)
            if (operation[row] != Operation{}) ++frequency[std::string(autodiff::name(operation[row]))];
    s.by_operation.assign(frequency.begin(), frequency.end());
    std::stable_sort(s.by_operation.begin(), s.by_operation.end(), [](const auto& a, const auto& b) { return a.second > b.second; });
    return s;
}

}  // namespace v1
}  // namespace autodiff

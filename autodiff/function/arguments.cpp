// SPDX-License-Identifier: MIT
#include "autodiff/function/arguments.hpp"

#include <fmt/format.h>

namespace autodiff {
inline namespace v1 {
namespace internal {

void throw_wrong_points(std::size_t argument, std::string_view expected, std::string_view got) {
    throw ShapeError("Function", fmt::format("{} for argument {}", expected, argument), got);
}
void throw_wrong_count(std::size_t argument, std::size_t expected, std::size_t got) {
    throw ShapeError("Function", fmt::format("{} numbers for argument {}, as recorded", expected, argument), fmt::format("{}", got));
}

template <class T>
void Columns<T>::agree(std::size_t argument, Index points) {
    if (n < 0) n = points;
    if (points != n) throw_wrong_points(argument, fmt::format("{} points", n), fmt::format("{}", points));
}

template <class T>
void Columns<T>::add(std::size_t argument, const Tensor<T>& x, bool is_number, std::size_t count) {
    if (x.rank() != (is_number ? 1 : 2) || (!is_number && x.shape()[1] != static_cast<Index>(count)))
        throw_wrong_points(argument, is_number ? std::string("a shape of [n]") : fmt::format("a shape of [n, {}]", count),
                           autodiff::to_string(x.shape()));
    if (x.recorded())
        throw TapeError(TapeError::Kind::wrong_tape, "Function", fmt::format("numbers for argument {}", argument), "a tensor on a tape",
                        "pass x.constant(), or call the function itself, which records");
    agree(argument, x.shape()[0]);
    for (std::size_t k = 0; k < count; ++k) {
        const Index offset = is_number ? 0 : static_cast<Index>(k) * x.strides()[1];
        columns.push_back({x.begin_data() + offset, x.strides()[0]});
    }
}

template <class T>
void Columns<T>::add(std::size_t argument, std::span<const T> x) {
    agree(argument, std::ssize(x));
    columns.push_back({x.data(), 1});
}

template class Columns<float>;
template class Columns<double>;

}  // namespace internal
}  // namespace v1
}  // namespace autodiff

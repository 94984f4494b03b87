// SPDX-License-Identifier: MIT
#include "autodiff/explain/phrases.hpp"

#include <array>
#include <cmath>
#include <fmt/format.h>

namespace autodiff {
inline namespace v1 {

std::string meaning_of_factor(std::string_view symbol, double local) {
    if (std::isnan(local)) return "the local derivative is not a number";
    if (std::isinf(local)) return "the local derivative is infinite here";
    if (symbol == "1") return "copies what arrives";
    if (symbol == "-1") return "copies what arrives, with its sign turned";
    if (symbol == "a" || symbol == "b") return "swaps: multiplies by the other operand";
    if (symbol.find(" if ") != std::string_view::npos) {
        if (local == 1) return "routes: lets everything through";
        if (local == 0) return "routes: lets nothing through";
        return fmt::format("routes: a share of {:.3g} goes here", local);
    }
    if (local == 0) return "flat here: nothing gets through";
    const double size = std::abs(local);
    const std::string_view turned = local < 0 ? ", and turns its sign" : "";
    if (size == 1) return local < 0 ? "turns the sign" : "passes it on as it is";
    return size < 1 ? fmt::format("shrinks it to {:.3g} %{}", 100 * size, turned)
                    : fmt::format("makes it {:.3g} times as large{}", size, turned);
}

namespace {

struct Entry {
    std::string_view operation;
    std::array<TensorPhrase, 3> operand;
};

constexpr TensorPhrase moved{"ybar, back in its place", "moves: the same numbers in another place"};

constexpr std::array entries{
    Entry{"matmul",
          {{{"ybar b^T", "every row gathers over the columns of the other factor"},
            {"a^T ybar", "input times adjoint, summed over the samples"},
            {}}}},
    Entry{"affine",
          {{{"ybar w^T", "every input gathers over the neurons that it feeds"},
            {"x^T ybar", "input times adjoint, summed over the samples"},
            {"sum_n ybar[n]", "copies, summed over the samples"}}}},
    Entry{"sum", {{{"ybar, spread", "spreads: every summand gets the whole adjoint"}, {}, {}}}},
    Entry{"mean", {{{"ybar / n, spread", "spreads: every element gets an equal share"}, {}, {}}}},
    Entry{"broadcast_to", {{{"sum of ybar over the new axes", "sums back over the axes along which it was repeated"}, {}, {}}}},
    Entry{"reshape", {{moved, {}, {}}}},
    Entry{"transpose", {{moved, {}, {}}}},
    Entry{"permute", {{moved, {}, {}}}},
    Entry{"concat", {{moved, moved, moved}}},
    Entry{"split", {{moved, {}, {}}}},
    Entry{"stack", {{moved, moved, moved}}},
    Entry{"slice", {{{"ybar in its place, 0 elsewhere", "routes to the part that was taken"}, {}, {}}}},
    Entry{"select", {{{"ybar in its place, 0 elsewhere", "routes to the part that was taken"}, {}, {}}}},
    Entry{"gather", {{{"ybar added at the indices", "routes to what was looked up; duplicates add"}, {}, {}}}},
    Entry{"cast", {{{"1", "copies what arrives"}, {}, {}}}},
    Entry{"from_scalar", {{{"1", "copies what arrives"}, {}, {}}}},
    Entry{"softmax", {{{"y (ybar - sum ybar y)", "probabilities compete: what one gains the others lose"}, {}, {}}}},
    Entry{"log_softmax", {{{"ybar - softmax(x) sum ybar", "probabilities compete: what one gains the others lose"}, {}, {}}}},
    Entry{"softmax_cross_entropy", {{{"ybar (softmax(z) - onehot)", "predicted minus wanted probability"}, {}, {}}}},
    Entry{"logsumexp", {{{"ybar softmax(x)", "shares in proportion to e^x"}, {}, {}}}},
    Entry{"norm2", {{{"ybar x / y", "along the vector itself"}, {}, {}}}},
    Entry{"prod", {{{"ybar times the product of the others", "swaps: multiplies by the other factors"}, {}, {}}}},
    Entry{"max", {{{"ybar at the winner", "routes to the winner"}, {}, {}}}},
    Entry{"min", {{{"ybar at the winner", "routes to the winner"}, {}, {}}}},
    Entry{"conv2d",
          {{{"conv2d_input(ybar, w)", "every pixel gathers over the windows that saw it"},
            {"conv2d_weight(x, ybar)", "input times adjoint, summed over all places"},
            {"sum of ybar over places", "copies, summed over all places"}}}},
};

}  // namespace

TensorPhrase tensor_phrase(std::string_view operation, std::size_t operand) {
    for (const Entry& entry : entries)
        if (entry.operation == operation && operand < 3 && !entry.operand[operand].vjp.empty()) return entry.operand[operand];
    return {"J^T ybar", "the transposed Jacobian of the operation, applied to what arrives"};
}

}  // namespace v1
}  // namespace autodiff

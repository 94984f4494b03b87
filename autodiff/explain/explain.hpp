// SPDX-License-Identifier: MIT
/// A gradient taken apart, with its numbers: where every factor comes from, and that they multiply and add up to what the sweep says.
///
/// An explanation is read from the tape: nothing is run again, and its adjoints come from the same sweep as every gradient's. It is
/// a value that prints: `fmt::print("{}", explain(L, W(3, 5)))`. reading.hpp is what it reads, dense.cpp finds the layer around a
/// weight, ledger.cpp lists a whole tape, text.cpp prints.
#pragma once

#include "autodiff/gradient.hpp"

#include <fmt/format.h>

#include <cstddef>
#include <string>
#include <variant>
#include <vector>

namespace autodiff {
inline namespace v1 {

struct ExplainOptions {
    Index first_index = 0;   ///< what the first index of an axis is called: 0, or 1 as in mathematics; the API itself counts from 0
    std::size_t terms = 5;   ///< of a long sum, how many are shown; the rest is one number
    std::size_t rows = 200;  ///< of a long ledger, how many are shown in either direction
    int digits = 6;          ///< significant digits of every number, 1 to 17
};

/// One path of the chain rule: incoming adjoint of a value that was computed from x, times its local derivative.
struct Contribution {
    std::string through;    ///< the value that was computed from x
    std::string operation;  ///< and by what
    double incoming = 0;    ///< dL/d(through)
    double local = 0;       ///< d(through)/dx
    double product = 0;     ///< incoming * local; 0 where nothing is incoming
};

/// dL/dx as the sum of its contributions.
struct Contributions {
    std::string of;                   ///< x
    bool reached = false;             ///< whether L depends on x at all
    bool seed = false;                ///< x is L itself: 1 by definition
    std::vector<Contribution> shown;  ///< in the order in which the sweep adds them; the largest first if some are left out
    std::size_t others = 0;           ///< how many are left out
    double rest = 0;                  ///< and their sum
    double total = 0;                 ///< what the sweep says: shown + rest, to rounding
};

/// One sample of a dense layer: three factors and their product.
struct DenseSample {
    Index sample = 0;        ///< position in the batch
    std::string a, z, from;  ///< names of the neuron's output, of its weighted sum, of what the weight multiplies
    Contributions abar;      ///< step 1: dL/da
    double sum = 0;          ///< z
    double output = 0;       ///< a
    double slope = 1;        ///< step 2: da/dz
    double delta = 0;        ///< step 1 * step 2: dL/dz
    double input = 0;        ///< step 3: dz/dW
    double product = 0;      ///< delta * input
};

/// A weight of a dense layer z = sum_i W_ij a_i + b_j, a_j = activation(z_j): dL/dW_ij = dL/da_j * activation'(z_j) * a_i,
/// summed over the samples of the batch.
struct DenseWeight {
    std::string weight;
    std::string activation;          ///< empty if none follows directly
    std::string derivative;          ///< its rule's text, in x and y
    std::size_t samples = 0;         ///< in the batch
    std::vector<DenseSample> shown;  ///< the largest products; the first one with the paths of its step 1
    double rest = 0;                 ///< the sum of the products of the other samples
    double total = 0;                ///< what the sweep says
    std::string neuron;              ///< which neuron, in words
    std::vector<double> column;      ///< dL/dW of all weights that lead to it
    std::size_t selected = 0;        ///< where the weight stands among them
};

/// The whole tape, forward and backward. A row and its step keep their numbers: F<row>, and R1 for L itself.
struct Ledger {
    struct Forward {
        std::uint32_t number = 0;
        std::string name, computation, value;
    };
    struct Push {
        std::string to;
        std::string derivative;  ///< as the rule writes it; of a tensor row, "vjp"
        bool numeric = true;     ///< whether there is a number below: tensors are pushed whole
        double local = 0;        ///< NaN where many numbers flow through a tensor row into one
        double product = 0;      ///< what is added
        double running = 0;      ///< the adjoint of `to` after that ...
        bool complete = true;    ///< ... unless other steps push to its tensor as a whole
    };
    struct Reverse {
        std::uint32_t number = 0;
        std::string name, operation;
        bool reached = false;
        bool tensor = false;
        std::string incoming;                               ///< the adjoint, printed
        double adjoint = 0;                                 ///< of a scalar row
        std::vector<std::pair<std::string, double>> terms;  ///< what added up to it, and from which step
        std::vector<Push> pushes;
    };
    std::vector<Forward> forward;
    std::vector<Reverse> reverse;
    std::size_t rows = 0, variables = 0;
};

/// What explain() found out.
struct Explanation {
    std::string loss;       ///< the name of L
    double loss_value = 0;  ///< L
    std::variant<Contributions, DenseWeight, Ledger> form;
    int digits = 6;         ///< from the options
    Index first_index = 0;  ///< from the options
};

std::string to_string(const Explanation& explanation);

namespace internal {
Explanation explain_weight(std::uint32_t root, RecordingId id, const Scalar& x, const ExplainOptions& options);
Explanation explain_tape(std::uint32_t root, RecordingId id, const ExplainOptions& options);
[[noreturn]] void throw_not_a_loss(const Shape& shape);
template <class T>
const Place& loss_place(const Tensor<T>& loss) {
    if (loss.size() != 1) throw_not_a_loss(loss.shape());
    return loss.place();
}
}  // namespace internal

/// Why dL/dx is what it is. For a weight of a dense layer, written with matmul or product by product, the three steps
/// dL/da * activation'(z) * input with their numbers; for every other x the paths from L to x: incoming * local = product, added up.
/// x is a Scalar of L's tape or an element `W(i, j)` of a tensor on it.
/// cost     one sweep, and one JVP of each operation that reads x
/// throws   TapeError if L or x is a constant, stale, or of another tape, (detail) if the tape keeps derivatives only;
///          ShapeError if L has several elements; ValueError for options outside their range
[[nodiscard]] inline Explanation explain(const Scalar& loss, const Scalar& x, const ExplainOptions& options = {}) {
    return internal::explain_weight(loss.row(), loss.recording(), x, options);
}
template <class T>
[[nodiscard]] Explanation explain(const Tensor<T>& loss, const Scalar& x, const ExplainOptions& options = {}) {
    const Place& place = internal::loss_place(loss);
    return internal::explain_weight(place.row, place.id, x, options);
}

/// Every row up to L, forward with its value, backward with its incoming adjoint and what it pushes to its operands.
[[nodiscard]] inline Explanation explain(const Scalar& loss, const ExplainOptions& options = {}) {
    return internal::explain_tape(loss.row(), loss.recording(), options);
}
template <class T>
[[nodiscard]] Explanation explain(const Tensor<T>& loss, const ExplainOptions& options = {}) {
    const Place& place = internal::loss_place(loss);
    return internal::explain_tape(place.row, place.id, options);
}

}  // namespace v1
}  // namespace autodiff

template <>
struct fmt::formatter<autodiff::Explanation> : fmt::formatter<fmt::string_view> {
    template <class Context>
    auto format(const autodiff::Explanation& explanation, Context& context) const {
        return fmt::formatter<fmt::string_view>::format(autodiff::to_string(explanation), context);
    }
};

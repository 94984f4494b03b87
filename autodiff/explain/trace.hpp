// SPDX-License-Identifier: MIT
/// One model of what a tape computed and how its gradient comes about: the steps F1, F2, ... of the program and the steps R1, R2, ... of
/// the sweep, with every number that text, Markdown, the page and the drawings show (outputs.hpp). The same step has the same number in
/// all of them. It is plain data and outlives the tape.
///
/// One step back is always the same: an incoming adjoint, which is the sum of what arrived; for each operand a local derivative, as the
/// rule writes it and as a number; their product, added to a running sum.
#pragma once

#include "autodiff/explain/contributions.hpp"

#include <optional>

namespace autodiff {
inline namespace v1 {

/// A tensor as far as it is shown.
struct TensorSummary {
    Shape shape;
    double min = 0, max = 0, mean = 0;      ///< of the finite elements
    double norm = 0;                        ///< square root of the sum of all squares
    std::size_t zeros = 0, not_finite = 0;  ///< how many elements
    Index rows = 0, columns = 0;            ///< of the thumbnail
    bool sampled = false;                   ///< the thumbnail leaves elements out
    std::vector<double> thumbnail{};        ///< elements of the tensor, at most 8 by 8 of them
    std::vector<double> values{};           ///< all elements in row-major order; none if there are more than 4096
};

/// A value or an adjoint. What is not known (nothing arrived there) is a dash, never a 0.
struct Quantity {
    bool known = false;
    double number = 0;  ///< of a Scalar, and of a tensor with one element
    std::optional<TensorSummary> tensor{};
};

struct Trace {
    struct Flags {
        bool kink = false;       ///< an operand stands where the derivative jumps
        bool saturated = false;  ///< the operation is nearly flat here, far below its steepest slope
        bool nan_born = false;   ///< the result is NaN, no operand is
        bool inf_born = false;   ///< the result is infinite, no operand is
        bool constant = false;   ///< an operand is a constant tensor, whose elements are not on the tape: they may have brought it
        bool unused = false;     ///< the loss does not depend on it
    };
    struct Operand {
        std::uint32_t row = 0;  ///< F<row>; 0 for a constant
        std::string name;       ///< of a constant number, the number
        Quantity value;
    };
    struct Forward {
        std::uint32_t number = 0;  ///< F<number>
        std::string name, operation, computation, scope;
        std::string place;  ///< `model.cpp:42`, where Tape::scope() opened the scope
        std::vector<Operand> operands;
        Quantity value;
        Flags flags;
    };
    /// Something that arrived at an adjoint.
    struct Term {
        std::uint32_t step = 0;  ///< R<step>
        std::string from;        ///< the value of that step
        double incoming = 0, local = 0;
        double product = 0;   ///< of tensors, the norm of what arrived
        double running = 0;   ///< the adjoint after it
        bool numeric = true;  ///< whether incoming and local are numbers
    };
    /// Something that is added to the adjoint of an operand.
    struct Push {
        std::uint32_t row = 0;  ///< of the operand: F<row>
        std::string to;
        std::string rule;          ///< the local derivative as the rule writes it; of a tensor row, its VJP
        std::string derivative;    ///< the same in the names of the program
        std::string with_numbers;  ///< the same with the numbers in it; empty if it would say nothing new
        std::string meaning;       ///< in a phrase
        bool numeric = true;       ///< whether there are numbers below: tensors are pushed whole
        bool factor = true;        ///< whether there is one local derivative: not where many numbers flow into one
        double local = 0;
        double product = 0;                     ///< what is added
        double running = 0;                     ///< the adjoint of `to` after that ...
        bool complete = true;                   ///< ... unless other steps push to its tensor as a whole
        std::size_t arrived = 0, expected = 0;  ///< terms of that sum so far, and in the end
    };
    /// An element of a tensor, taken apart.
    struct Element {
        Index flat = 0;
        std::string name;
        double value = 0;
        Contributions sum;
    };
    struct Reverse {
        std::uint32_t number = 0;  ///< R<number>
        std::uint32_t row = 0;     ///< F<row> is the step that computed it
        std::string name, operation, computation, scope;
        std::string place;  ///< as above
        bool reached = false;
        bool tensor = false;
        Quantity value, adjoint;
        std::vector<Term> terms;            ///< what added up to the adjoint, in the order of the sweep
        std::vector<Push> pushes;           ///< what is handed on
        std::vector<Element> elements;      ///< of a tensor: those that were asked for and the largest; all if there are few
        std::string why;                    ///< what is incoming, in a phrase
        std::vector<std::string> operands;  ///< their names; of a constant number, the number
        Flags flags;
    };
    /// What is drawn: rows, and scopes too large to be drawn row by row.
    struct Graph {
        struct Node {
            std::uint32_t row = 0;  ///< of a scope, its last row
            std::string name, operation, scope;
            std::size_t rows = 1;  ///< how many it stands for
            std::string shape;     ///< empty for a Scalar
            Quantity value, adjoint;
            bool variable = false, reached = false;
        };
        struct Edge {
            std::size_t from = 0, to = 0;  ///< positions of the operand and the result among the nodes
            std::string symbol;            ///< the local derivative
            bool numeric = true;
            double local = 0, product = 0;
        };
        std::vector<Node> nodes;  ///< in the order of the program
        std::vector<Edge> edges;
        std::vector<std::string> constants;  ///< of every node, its constant operands, in words
        std::string refused;                 ///< why nothing is drawn; empty if something is
    };

    /// What somebody else has to say about a step back, as a comparison with manual gradients does (check/remarks.hpp): text, Markdown and
    /// the page show it there.
    struct Remark {
        enum class Kind : std::uint8_t {
            right,
            wrong,      ///< the page leads from one of these to the next
            inherited,  ///< wrong only because of what came before
        };
        std::uint32_t step = 0;  ///< R<step>
        Kind kind = Kind::right;
        std::string text;
    };

    std::string title;
    std::string loss;
    double loss_value = 0;
    std::vector<Forward> forward;
    std::vector<Reverse> reverse;
    std::size_t rows = 0, variables = 0;  ///< on the tape up to L, shown or not
    std::vector<DenseLayer> layers;       ///< dense layers written with matmul or affine
    std::vector<DenseWeight> weights;     ///< what was asked for, else of every layer the largest; and weights that are Scalars
    std::vector<Paths> paths;             ///< of what was asked for, and of the variables, as many as is reasonable
    std::vector<Remark> remarks;          ///< none from trace()
    Graph graph;
    ExplainOptions options;
};

namespace internal {
Trace trace_tape(std::uint32_t root, RecordingId id, const ExplainOptions& options);
[[noreturn]] void throw_not_a_loss(const Shape& shape);
template <class T>
const Place& loss_place(const Tensor<T>& loss) {
    if (loss.size() != 1) throw_not_a_loss(loss.shape());
    return loss.place();
}
}  // namespace internal

/// Everything that happened up to L and back, read from its tape; no code of the user runs again.
/// cost     one sweep, and JVPs of operations on tensors for the elements that are taken apart
/// throws   TapeError if L is a constant or stale, or (detail) if the tape keeps derivatives only; ShapeError if L has several elements;
///          ValueError for options outside their range
[[nodiscard]] inline Trace trace(const Scalar& loss, const ExplainOptions& options = {}) {
    return internal::trace_tape(loss.row(), loss.recording(), options);
}
template <class T>
[[nodiscard]] Trace trace(const Tensor<T>& loss, const ExplainOptions& options = {}) {
    const Place& place = internal::loss_place(loss);
    return internal::trace_tape(place.row, place.id, options);
}

}  // namespace v1
}  // namespace autodiff

// SPDX-License-Identifier: MIT
/// The parts of an explanation that are about one number: what added up to its adjoint, along which paths, and, for a weight of a dense
/// layer, the three factors of every sample. Plain data; reading.hpp and its sources fill it in. Next: trace.hpp, a whole tape.
#pragma once

#include "autodiff/gradient.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace autodiff {
inline namespace v1 {

/// How the derivative of the loss L by x is written: dL/dx, or x with a bar.
enum class Notation : std::uint8_t { leibniz, bar };

struct ExplainOptions {
    Index first_index = 0;   ///< what the first index of an axis is called: 0, or 1 as in mathematics; the API itself counts from 0
    std::size_t terms = 5;   ///< of a long sum, how many are shown; the rest is one number
    std::size_t rows = 200;  ///< of a long tape, how many are shown in either direction
    int digits = 6;          ///< significant digits of every number, 1 to 17
    Notation notation = Notation::leibniz;
    std::vector<Scalar> elements{};              ///< to be taken apart in any case: Scalars, or elements of tensors like `W(3, 5)`
    std::vector<std::array<Index, 2>> images{};  ///< {28, 28}: an axis with 784 entries is drawn as an image of that size
    std::size_t collapse = 40;                   ///< a scope with more rows than that is drawn as one box
    bool quiz = false;                           ///< a page begins with its products hidden
    std::string title{};                         ///< of a page and a document
};

/// One path of the chain rule: incoming adjoint of a value that was computed from x, times its local derivative.
struct Contribution {
    std::string through;     ///< the value that was computed from x
    std::string operation;   ///< and by what
    double incoming = 0;     ///< dL/d(through)
    double local = 0;        ///< d(through)/dx
    double product = 0;      ///< incoming * local; 0 where nothing is incoming
    std::uint32_t step = 0;  ///< the reverse step of (through) that makes it: R<step>
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

/// Every way from x to L, its local derivatives multiplied along it. Their sum is dL/dx.
struct Paths {
    struct Hop {
        std::string to;          ///< the value that is reached by this hop
        std::uint32_t step = 0;  ///< its reverse step: R<step>
        double local = 0;        ///< derivative of `to` by the value before
    };
    struct Path {
        std::vector<Hop> hops;  ///< from x to L
        double product = 0;
    };
    std::string of;           ///< x
    bool asked = false;       ///< among options.elements
    bool counted = false;     ///< false: more values lie between x and L than are looked at, and nothing below is known
    std::uint64_t count = 0;  ///< how many paths there are; the largest number stands for all above it
    std::vector<Path> shown;  ///< the ones with the largest |product| first
    double rest = 0;          ///< total - the products that are shown
    double total = 0;         ///< dL/dx, what the sweep says
    double magnitude = 0;     ///< the sum of all |products|: far above |total|, the paths cancel
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
    bool featured = false;           ///< among options.elements; if none is, the largest of its layer
};

/// All three factors of all weights of a dense layer that is written with matmul or affine. Per sample a row; weight W_ij is the product
/// abar[n, j] * slope[n, j] * input[n, i], summed over n.
struct DenseLayer {
    std::uint32_t weight_row = 0, z_row = 0, a_row = 0;  ///< forward steps F<row>; a_row is z_row if no activation follows
    std::uint32_t input_row = 0;                         ///< 0 if the input is a constant
    std::string weight, activation, derivative;
    bool inputs_first = true;  ///< W is [in, out]; otherwise it stands left of its input and is [out, in]
    Index samples = 0, inputs = 0, outputs = 0;
    std::vector<double> input;              ///< [samples, inputs]
    std::vector<double> abar, slope, z, a;  ///< [samples, outputs] each
};

}  // namespace v1
}  // namespace autodiff

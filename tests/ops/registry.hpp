// SPDX-License-Identifier: MIT
/// The registry of tensor operations: for each one, how to call it, operands to call it on, and its value by plain loops.
/// The suites in values.cpp, derivatives.cpp and agreement.cpp run over all of it, so an operation is tested by being listed;
/// the entries stand in entries_*.cpp, by theme. completeness.cpp fails when a primitive has no entry.
#pragma once

#include "autodiff/autodiff.hpp"

#include <boost/test/unit_test.hpp>
#include <functional>
#include <random>
#include <string>
#include <vector>

namespace registry {

using namespace autodiff;

template <class T>
using Operands = std::vector<Tensor<T>>;
template <class T>
using Call = std::function<Tensor<T>(const Operands<T>&)>;
using Position = std::vector<Index>;
using Indices = std::vector<Index>;

/// One call of an operation: its parameters are fixed inside, its differentiable operands are given.
struct Sample {
    std::string what;
    Operands<double> operands;
    Call<double> in_double;
    Call<float> in_float;
    Call<double> reference;                ///< by plain loops
    std::size_t first_differentiable = 0;  ///< operands before this one have no derivative (the order of polygamma)
    bool steps = false;                    ///< the value is a staircase in double: no differences
};

struct Entry {
    std::string name;
    std::vector<Sample> samples;

    /// `f` is generic in the vector of operands, so that it can be called in double and in float.
    template <class F, class Reference>
    Sample& add(std::string what, Operands<double> operands, F f, Reference reference) {
        samples.push_back({std::move(what), std::move(operands), Call<double>(f), Call<float>(f), Call<double>(reference)});
        return samples.back();
    }
};

/// Every entry, made once.
const std::vector<Entry>& entries();

void add_elementwise(std::vector<Entry>& to);
void add_reductions(std::vector<Entry>& to);
void add_layouts(std::vector<Entry>& to);
void add_splits(std::vector<Entry>& to);
void add_indexing(std::vector<Entry>& to);
void add_linear(std::vector<Entry>& to);
void add_linear_algebra(std::vector<Entry>& to);
void add_scalars(std::vector<Entry>& to);
void add_control(std::vector<Entry>& to);

/// Operands from a fixed seed.
class Draw {
  public:
    explicit Draw(unsigned seed) : engine_(seed) {}
    Tensor<double> uniform(const Shape& shape, double low = -1, double high = 1);
    /// Distinct values 0.25 apart, none near an integer, and none near one of another `operand`: differences do not cross a kink.
    Tensor<double> distinct(const Shape& shape, int operand = 0);

  private:
    std::mt19937_64 engine_;
};

// For references --------------------------------------------------------------------------------------------------------------------

inline Shape shape_of(const Position& extents) { return Shape(std::span<const Index>(extents)); }
Position extents_of(const Shape& shape);

/// f(position) for every position, row-major.
template <class F>
void for_each_position(const Shape& shape, const F& f) {
    Position p(static_cast<std::size_t>(shape.rank()), 0);
    for (Index n = 0; n < shape.size(); ++n) {
        f(std::as_const(p));
        for (std::size_t axis = p.size(); axis-- > 0;) {
            if (++p[axis] < shape.extents()[axis]) break;
            p[axis] = 0;
        }
    }
}
template <class T>
T read(const Tensor<T>& x, const Position& p) {
    return x.begin_data()[x.offset_of(std::span<const Index>(p))];
}
/// The element that a larger tensor sees at p, aligned at the last axis.
template <class T>
T read_broadcast(const Tensor<T>& x, const Position& p) {
    Position own(p.end() - x.rank(), p.end());
    for (std::size_t axis = 0; axis < own.size(); ++axis)
        if (x.shape().extents()[axis] == 1) own[axis] = 0;
    return read(x, own);
}
/// y[p] = f(p)
template <class F>
Tensor<double> built(const Shape& shape, const F& f) {
    std::vector<double> values;
    for_each_position(shape, [&](const Position& p) { values.push_back(static_cast<double>(f(p))); });
    return Tensor<double>(shape, values);
}
/// NumPy's rule, written again.
Shape broadcast_shape(const Shape& a, const Shape& b);
/// `p` with `value` in place of its entry `axis`.
Position with(Position p, Index axis, Index value);

// For comparisons -------------------------------------------------------------------------------------------------------------------

/// Empty if |got - expected| <= tolerance * (the largest |expected|), element by element; else what differs first.
template <class T, class R>
std::string difference(const Tensor<T>& got, const Tensor<R>& expected, double tolerance);
/// Empty if both have the same shape and the same bits.
template <class T>
std::string bit_difference(const Tensor<T>& got, const Tensor<T>& expected);

/// What went wrong in one entry; asserted once, because assertions are slow.
class Failures {
  public:
    explicit Failures(const Entry& entry) : entry_(entry) {}
    void note(const Sample& sample, const std::string& what) {
        if (!what.empty()) text_ += "\n  " + entry_.name + " " + sample.what + ": " + what;
    }
    ~Failures() { BOOST_CHECK_MESSAGE(text_.empty(), entry_.name << text_); }
    Failures(const Failures&) = delete;
    Failures& operator=(const Failures&) = delete;

  private:
    const Entry& entry_;
    std::string text_;
};

/// test(sample, failures) for every sample of every entry.
template <class F>
void for_each_sample(const F& test) {
    for (const Entry& entry : entries()) {
        Failures failures(entry);
        for (const Sample& sample : entry.samples) {
            try {
                test(sample, failures);
            } catch (const std::exception& e) {
                failures.note(sample, std::string("threw ") + e.what());
            }
        }
    }
}

/// What one sweep gives: the value, and the adjoint of each operand that was recorded (empty for constants).
template <class T>
struct Swept {
    Tensor<T> y;
    Operands<T> adjoint;
};
/// The adjoints of the operands for L = sum(u * f(operands)). `recorded` says which operands are variables; all of them by default.
template <class T>
Swept<T> sweep(const Call<T>& f, const Operands<T>& operands, const Tensor<T>& u, unsigned recorded = ~0u,
               Detail detail = Detail::operations);
/// A fixed cotangent for a result of this shape: never all ones, which hide mistakes.
template <class T>
Tensor<T> cotangent(const Shape& shape);

Operands<float> in_float(const Operands<double>& x);

}  // namespace registry

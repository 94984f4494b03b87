// SPDX-License-Identifier: MIT
/// Mistakes made on purpose: a model with its derivation by hand, step by step, and for every step the usual ways to get it wrong.
///
/// A step computes one adjoint from values and from adjoints above it, as a student would; a wrong one is put in its place, and what
/// follows is computed from the wrong result. The comparison must find the step and name the mistake.
#pragma once

#include "autodiff/autodiff.hpp"
#include "autodiff/check/compare.hpp"

#include <functional>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

namespace mistakes {

using namespace autodiff;
using T = Tensor<double>;

/// Values of the model and adjoints found so far: `v("a1")`, `v("dz1")`.
class Values {
  public:
    [[nodiscard]] const T& operator()(const std::string& name) const { return at_.at(name); }
    void set(const std::string& name, const T& x) { at_[name] = x.constant(); }

  private:
    std::map<std::string, T> at_;
};

using Rule = std::function<T(const Values&)>;

struct Wrong {
    std::string kind;  ///< the name that it must be given
    Rule made;
};
struct Step {
    std::string name;  ///< of the adjoint
    Rule right;
    std::vector<Wrong> wrong;
};

struct Model {
    std::string name;
    std::unique_ptr<Tape> tape = std::make_unique<Tape>();
    T loss;
    Values values;
    std::vector<Step> steps;  ///< in the order of a backward pass

    /// A value with a name, on the tape and for the derivation.
    T named(const std::string& as, const T& y) {
        tape->name(y, as);
        values.set(as, y);
        return y;
    }
    T variable(const std::string& as, const T& x) {
        values.set(as, x);
        return tape->variable(x, as);
    }
    void step(const std::string& adjoint, Rule right, std::vector<Wrong> wrong = {});
};

T random(std::mt19937_64& rng, const Shape& shape, double scale = 1);

/// What to do wrong: the position of a step and of one of its mistakes.
struct Injection {
    std::size_t step, mistake;
};
/// The derivation by hand, handed in as tensors of Numbers, with some steps done wrong. `made` says which of them came out wrong at all.
template <class Number>
ManualGradients derived(const Model& model, const std::vector<Injection>& wrong, std::vector<bool>& made);

/// Empty if the comparison finds what was injected and nothing else; else what is the matter.
template <class Number = double>
std::string judged(const Model& model, const std::vector<Injection>& wrong);

/// Makes a model. One at a time: the newest live tape is the one that records.
using Maker = std::function<std::unique_ptr<Model>()>;
const std::vector<Maker>& models();

}  // namespace mistakes

// SPDX-License-Identifier: MIT
/// Sub-programs as one operation: y = f(x) whose derivative is found when it is asked for, not when it is recorded.
///
/// What checkpoint.hpp, custom.hpp and implicit.hpp have in common. A Subprogram says how to record itself once more; from that alone
/// come its VJP and JVP (on an inner tape, which is thrown away) and, because the VJP of a sub-program is a sub-program too, any order.
/// Each of them overrides what it knows a better way for. Values flow as flat lists of Scalars and tensors; the templates at the end
/// take a user's structs apart and put them together again.
#pragma once

#include "autodiff/node.hpp"
#include "autodiff/structure.hpp"
#include "autodiff/value.hpp"

#include <functional>
#include <memory>
#include <string>
#include <tuple>
#include <variant>
#include <vector>

namespace autodiff {
inline namespace v1 {
namespace internal {

/// Adjoints or tangents, one per value, of rank 0 for a Scalar; each may be absent.
using Flows = std::vector<AnyTensor>;

/// What is not recorded has no variable; what stands on one row is one variable.
inline constexpr std::uint32_t no_variable = 0xffffffffu;
/// For each value the first one that stands on the same row: the number of its variable. Constants have none.
using Variables = std::vector<std::uint32_t>;

/// Where a sub-program was called: everything as constants.
struct Point {
    Detail detail = Detail::operations;  ///< of the tape that called
    Values x, y;
    Variables variable;  ///< of x
};

class Subprogram : public std::enable_shared_from_this<Subprogram> {
  public:
    virtual ~Subprogram() = default;
    [[nodiscard]] virtual std::string_view name() const = 0;
    /// y = f(x), on the tape that records.
    [[nodiscard]] virtual Values run(const Values& x) const = 0;
    /// xbar += J^T ybar, in numbers: for the variables among x. What xbar holds already has flown there before.
    virtual void pull(const Point& at, const Flows& ybar, Flows& xbar) const;
    /// J xdot, in numbers
    [[nodiscard]] virtual Flows push(const Point& at, const Flows& xdot) const;
    /// J^T ybar as recorded values; absent where x has no variable of its own.
    [[nodiscard]] virtual Flows recorded_pull(const Values& x, const Values& y, const Flows& ybar) const;
    /// J xdot as recorded values
    [[nodiscard]] virtual Flows recorded_push(const Values& x, const Flows& xdot) const;
};

[[nodiscard]] bool present(const AnyTensor& flow);
[[nodiscard]] std::size_t bytes_of(const Value& x);
[[nodiscard]] Variables variables_of(const Values& x);
/// As a tensor of rank 0 if it is a Scalar, and back.
[[nodiscard]] AnyTensor as_flow(const Value& x);
[[nodiscard]] Value as_value(const AnyTensor& flow);
[[nodiscard]] AnyTensor zeros_like(const Value& x);
void add_flow(AnyTensor& sum, AnyTensor part);
[[nodiscard]] Value new_variable(Tape& tape, const Value& x);

/// f() while an inner tape records; what it captures from another tape is reported with the remedy.
/// throws TapeError naming the operation if it uses a value of another tape
void in_isolation(std::string_view name, const std::function<void()>& f, Detail detail = Detail::derivatives);

/// A tape on which a sub-program is recorded, swept and recorded again.
class InnerRecording {
  public:
    InnerRecording(std::string_view name, Detail detail) : name_(name), tape_(detail) {}

    /// y = f(x) for variables in place of x, instead of what was recorded before. throws as in_isolation, and if y is not of this tape
    void record(const Values& x, const Variables& variable, const std::function<Values(const Values&)>& f);
    /// The same with names for the variables, which messages use: those that x has on the calling tape.
    void record_named(const Values& x, const std::function<Values(const Values&)>& f);
    [[nodiscard]] const Values& x() const noexcept { return x_; }
    [[nodiscard]] const Values& y() const noexcept { return y_; }
    /// xbar += J^T ybar for the variables
    void pull(const Flows& ybar, Flows& xbar) const;
    /// J xdot
    [[nodiscard]] Flows push(const Flows& xdot) const;

  private:
    void check_inside() const;
    std::string_view name_;
    Tape tape_;
    Values x_, y_;
    Variables variable_;
};

/// throws ValueError naming the operation unless both are the same, bit by bit: a function that is run again must do the same again
void check_same(std::string_view name, const Values& again, const Values& before);

/// Appends y, constants, as the results of a sub-program at x; y itself where x is not recorded or `depends` says no.
[[nodiscard]] Values append_call(std::shared_ptr<const Subprogram> program, const Values& x, Values y, const std::vector<bool>& depends);
/// y = f(x) as one operation: runs it in isolation, keeps nothing but x and y, appends the results. `first` runs it the first time.
[[nodiscard]] Values call(const std::shared_ptr<const Subprogram>& program, const Values& x,
                          const std::function<Values(const Values&)>& first);
[[nodiscard]] Values call(const std::shared_ptr<const Subprogram>& program, const Values& x);

/// x, ybar -> J^T ybar, as a sub-program: how the second order comes about. ybar has the results named in `arrived`, and what is returned
/// belongs to the arguments named in `wanted`.
[[nodiscard]] std::shared_ptr<const Subprogram> vjp_of(std::shared_ptr<const Subprogram> program, std::size_t arguments,
                                                       std::vector<std::uint32_t> wanted, std::vector<std::uint32_t> arrived);

// Structs --------------------------------------------------------------------------------------------------------------------------

/// A number stands for a Scalar.
template <class X>
using Lifted = std::conditional_t<Arithmetic<X>, Scalar, X>;

/// Something with values inside: what flows into a sub-program, or out of it.
template <class X>
concept Leafy = AScalar<X> || ADifferentiableTensor<X> || Structure<X>;

template <class X, class F>
void for_each_leaf(X& x, F f) {
    const auto visit = [&f](std::string_view, auto& leaf) { f(leaf); };
    walk<false>(std::string(), x, visit);
}
template <class X>
Values leaves(const X& x) {
    Values result;
    for_each_leaf(x, [&result](const auto& leaf) { result.emplace_back(leaf); });
    return result;
}
/// x with other leaves, in order. throws std::bad_variant_access, never for leaves of the same types
template <class X>
X with_leaves(X x, const Values& values, std::size_t from = 0) {
    for_each_leaf(x, [&]<class L>(L& leaf) { leaf = std::get<L>(values[from++]); });
    return x;
}
/// x as it is, with constants in place of its recorded values.
template <class X>
X with_constant_leaves(const X& x) {
    return with_leaves(x, constants(leaves(x)));
}

/// A user's function of arguments that have leaves, or not: then they are carried along.
template <class F, class... X>
class Function final : public Subprogram {
  public:
    using Result = std::remove_cvref_t<std::invoke_result_t<F&, const X&...>>;
    static_assert(Leafy<Result>, "the function must return a Scalar, a Tensor, or a struct or tuple of them");

    Function(std::string_view name, F f, const X&... x) : name_(name), f_(std::move(f)), x_(with_constant_leaves(std::tuple<X...>(x...))) {}
    [[nodiscard]] std::string_view name() const override { return name_; }
    [[nodiscard]] Values run(const Values& values) const override { return leaves(apply(values)); }
    [[nodiscard]] Result apply(const Values& values) const {
        const std::tuple<X...> x = with_leaves(x_, values);
        F f = f_;  // each time from the same state: what it changes inside itself does not carry over
        return std::apply(f, x);
    }

  private:
    std::string_view name_;  // of a literal
    F f_;
    std::tuple<X...> x_;
};

}  // namespace internal
}  // namespace v1
}  // namespace autodiff

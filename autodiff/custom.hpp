// SPDX-License-Identifier: MIT
/// Operations of your own: a value and its vector-Jacobian product, as functions of plain numbers and tensors.
///
///     const auto cube = custom("cube", [](double x) { return x * x * x; },                              // y
///                                      [](double ybar, double y, double x) { return 3 * x * x * ybar; });   // xbar
///     Scalar y = cube(x);
///
///     const auto scale = custom("scale", [](const Tensor<double>& x, double a) { ... },
///                               [](const Tensor<double>& ybar, const Tensor<double>& y, const Tensor<double>& x, double a) {
///                                   return std::tuple{..., ...};                                            // xbar, abar
///                               })
///                            .jvp([](const Tensor<double>& xdot, double adot, const Tensor<double>& y, const Tensor<double>& x, double a) { ... })
///                            .definition([](const auto& x, const auto& a) { return x * a; });
///
/// Scalars arrive as double, tensors as constants. With a definition, the composition that the operation stands for, it has every mode
/// and order; with a jvp, forward mode; with neither, asking for them throws. Nothing else is needed: no class, no registration.
#pragma once

#include "autodiff/call.hpp"

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

namespace autodiff {
inline namespace v1 {

struct CustomOptions {
    /// Whether the first use compares the vjp with differences of the value (some elements of each operand), and the definition with the
    /// value. A vjp that is wrong on purpose (a straight-through estimator) says no.
#ifdef NDEBUG
    bool check = false;
#else
    bool check = true;
#endif
};

/// In place of a contribution: nothing flows to this operand.
inline constexpr std::monostate no_adjoint{};

namespace internal {

struct Missing {};

/// What the engine knows of a custom operation: lists in, lists out.
class CustomProgram : public Subprogram {
  public:
    explicit CustomProgram(std::string name) : name_(std::move(name)) {}
    [[nodiscard]] std::string_view name() const override { return name_; }
    [[nodiscard]] virtual Value value(const Values& x) const = 0;
    /// One contribution per operand, or another number of them, which is an error.
    [[nodiscard]] virtual Flows vjp(const Value& ybar, const Value& y, const Values& x) const = 0;
    [[nodiscard]] virtual bool has_jvp() const = 0;
    [[nodiscard]] virtual Value jvp(const Values& xdot, const Value& y, const Values& x) const = 0;
    [[nodiscard]] virtual bool has_definition() const = 0;

    void pull(const Point& at, const Flows& ybar, Flows& xbar) const override;
    [[nodiscard]] Flows push(const Point& at, const Flows& xdot) const override;
    [[nodiscard]] Flows recorded_pull(const Values& x, const Values& y, const Flows& ybar) const override;
    [[nodiscard]] Flows recorded_push(const Values& x, const Flows& xdot) const override;
    /// The vjp's contributions, after making sure that they fit.
    [[nodiscard]] Flows contributions(const AnyTensor& ybar, const Value& y, const Values& x) const;

  private:
    std::string name_;
};

/// Appends y = value(x) as one row. The first use with recorded operands is checked if `unchecked` is given and still true.
Value call_custom(const std::shared_ptr<const CustomProgram>& program, const Values& x, std::atomic<bool>* unchecked);

/// An operand as the user's functions see it.
template <class X>
using Plain = std::conditional_t<AScalar<X>, double, X>;
template <class P>
P plain(const Value& x) {
    if constexpr (Arithmetic<P>) {
        if (const auto* number = std::get_if<Tensor<double>>(&x)) return number->item();
        return std::get<Scalar>(x).value();
    } else {
        return std::get<P>(x).constant();
    }
}
/// A result or a contribution as the engine sees it.
template <class P>
Value value_of(const P& p) {
    if constexpr (Arithmetic<P>)
        return Scalar(p);
    else
        return p;
}
template <class P>
AnyTensor flow_of(const P& p) {
    if constexpr (std::same_as<P, std::monostate> || std::same_as<P, std::nullopt_t>)
        return {};
    else if constexpr (Arithmetic<P>)
        return Tensor<double>(static_cast<double>(p));
    else
        return p;
}

template <class Functions, class... X>
class CustomOperation final : public CustomProgram {
    using All = std::index_sequence_for<X...>;
    using Y = std::remove_cvref_t<std::invoke_result_t<const typename Functions::Value&, const Plain<X>&...>>;
    static_assert(Arithmetic<Y> || ADifferentiableTensor<Y>, "the value of a custom operation is a number or a Tensor");

  public:
    using Result = std::conditional_t<Arithmetic<Y>, Scalar, Y>;

    CustomOperation(std::string name, Functions functions) : CustomProgram(std::move(name)), functions_(std::move(functions)) {}

    [[nodiscard]] Value value(const Values& x) const override { return value_of(with(x, All{}, functions_.value)); }
    [[nodiscard]] Flows vjp(const Value& ybar, const Value& y, const Values& x) const override {
        return each(with(x, All{}, functions_.vjp, plain<Plain<Result>>(ybar), plain<Plain<Result>>(y)));
    }
    [[nodiscard]] bool has_jvp() const override { return !std::same_as<typename Functions::Jvp, Missing>; }
    [[nodiscard]] Value jvp(const Values& xdot, const Value& y, const Values& x) const override {
        if constexpr (std::same_as<typename Functions::Jvp, Missing>)
            return y;
        else
            return push(xdot, y, x, All{});
    }
    [[nodiscard]] bool has_definition() const override { return !std::same_as<typename Functions::Definition, Missing>; }
    [[nodiscard]] Values run(const Values& x) const override {
        if constexpr (std::same_as<typename Functions::Definition, Missing>)
            return {value(x)};
        else
            return define(x, All{});
    }

  private:
    template <std::size_t... K, class F, class... First>
    static auto with(const Values& x, std::index_sequence<K...>, const F& f, const First&... first) {
        return f(first..., plain<Plain<X>>(x[K])...);
    }
    template <std::size_t... K>
    Value push(const Values& xdot, const Value& y, const Values& x, std::index_sequence<K...>) const {
        return value_of(functions_.jvp(plain<Plain<X>>(xdot[K])..., plain<Plain<Result>>(y), plain<Plain<X>>(x[K])...));
    }
    template <std::size_t... K>
    Values define(const Values& x, std::index_sequence<K...>) const {
        return {value_of<Result>(functions_.definition(std::get<X>(x[K])...))};
    }
    template <class C>
    static Flows each(const C& contributions) {
        Flows flows;
        if constexpr (TupleLike<C>) {
            static_assert(std::tuple_size_v<C> == sizeof...(X), "the vjp returns one contribution per operand");
            std::apply([&flows](const auto&... c) { (flows.push_back(flow_of(c)), ...); }, contributions);
        } else if constexpr (ATensor<C> || !Range<C>) {
            static_assert(sizeof...(X) == 1, "the vjp returns one contribution per operand, in a tuple or a vector");
            flows.push_back(flow_of(contributions));
        } else {
            for (const auto& c : contributions) flows.push_back(flow_of(c));
        }
        return flows;
    }

    Functions functions_;
};

template <class V, class B, class J, class D>
struct CustomFunctions {
    using Value = V;
    using Jvp = J;
    using Definition = D;
    V value;
    B vjp;
    J jvp;
    D definition;
};

}  // namespace internal

/// An operation made by `custom`: call it with Scalars, numbers and tensors of float or double.
template <class V, class B, class J = internal::Missing, class D = internal::Missing>
class Custom {
    using Functions = internal::CustomFunctions<V, B, J, D>;

  public:
    Custom(std::string name, Functions functions, const CustomOptions& options)
        : name_(std::move(name)), functions_(std::move(functions)), options_(options),
          unchecked_(std::make_shared<std::atomic<bool>>(options.check)) {}

    /// jvp(xdot..., y, x...) -> ydot, in numbers. Operands without a tangent have zeros.
    template <class F>
    [[nodiscard]] auto jvp(F f) const {
        return Custom<V, B, F, D>(name_, {functions_.value, functions_.vjp, std::move(f), functions_.definition}, options_);
    }
    /// definition(x...) -> y of recorded values: a generic function of the same operands, composed of other operations.
    template <class F>
    [[nodiscard]] auto definition(F f) const {
        return Custom<V, B, J, F>(name_, {functions_.value, functions_.vjp, functions_.jvp, std::move(f)}, options_);
    }

    /// One row. throws what the value function throws, and leaves the tape as it was;
    /// ValueError on first use if the check is on and the vjp disagrees with differences of the value
    template <class... X>
        requires(sizeof...(X) > 0 && ((AScalar<X> || Arithmetic<X> || ADifferentiableTensor<X>)&&...))
    [[nodiscard]] auto operator()(const X&... x) const {
        using Program = internal::CustomOperation<Functions, internal::Lifted<X>...>;
        const auto program = std::make_shared<const Program>(name_, functions_);
        const internal::Values values{internal::Value(internal::Lifted<X>(x))...};
        return std::get<typename Program::Result>(internal::call_custom(program, values, unchecked_.get()));
    }

  private:
    std::string name_;
    Functions functions_;
    CustomOptions options_;
    std::shared_ptr<std::atomic<bool>> unchecked_;
};

/// y = value(x...)
/// vjp      vjp(ybar, y, x...) -> one contribution per operand: itself, a tuple or a std::vector of them, `no_adjoint` for none
/// saves    x, y
///
/// The functions are called with constants and must not use recorded values besides; they may be called from each thread that sweeps.
/// throws   in the sweep ShapeError, naming operation and operand, if a contribution has another shape than its operand or is missing;
///          TapeError (detail) in forward mode without jvp and definition, and in a sweep that records itself without definition
template <class V, class B>
[[nodiscard]] Custom<V, B> custom(std::string_view name, V value, B vjp, const CustomOptions& options = {}) {
    return Custom<V, B>(std::string(name), {std::move(value), std::move(vjp), {}, {}}, options);
}

}  // namespace v1
}  // namespace autodiff

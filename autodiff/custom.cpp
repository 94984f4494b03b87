// SPDX-License-Identifier: MIT
// Custom operations: what their functions return is not trusted, and their first use is checked against differences.
#include "autodiff/custom.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <fmt/format.h>
#include <limits>

namespace autodiff {
inline namespace v1 {
namespace internal {

namespace {

/// Whether a flow has the element type of a value.
bool fits(const AnyTensor& flow, const Value& x) {
    return std::holds_alternative<Tensor<float>>(flow) == std::holds_alternative<Tensor<float>>(x);
}
Shape shape_of_flow(const AnyTensor& flow) { return shape_of(as_value(flow)); }

}  // namespace

Flows CustomProgram::contributions(const AnyTensor& ybar, const Value& y, const Values& x) const {
    Flows parts;
    in_isolation(name_, [&] { parts = vjp(as_value(ybar), y, x); });
    if (parts.size() != x.size())
        throw ShapeError(name_, fmt::format("{} contributions from its vjp, one per operand", x.size()), fmt::format("{}", parts.size()),
                         parts.size() < x.size() ? fmt::format("there is none for operand {}", parts.size()) : std::string());
    for (std::size_t k = 0; k < x.size(); ++k) {
        if (std::holds_alternative<std::monostate>(parts[k])) continue;
        if (!fits(parts[k], x[k]))
            throw ShapeError(name_, fmt::format("a contribution of the type of operand {} from its vjp", k), "the other floating type");
        if (shape_of_flow(parts[k]) != shape_of(x[k]))
            throw ShapeError(name_, fmt::format("a contribution of shape {} to operand {} from its vjp", to_string(shape_of(x[k])), k),
                             to_string(shape_of_flow(parts[k])));
        parts[k] = as_flow(constant_of(as_value(parts[k])));
    }
    return parts;
}

void CustomProgram::pull(const Point& at, const Flows& ybar, Flows& xbar) const {
    Flows parts = contributions(ybar[0], at.y[0], at.x);
    for (std::size_t k = 0; k < parts.size(); ++k)
        if (at.variable[k] != no_variable) add_flow(xbar[at.variable[k]], std::move(parts[k]));
}

Flows CustomProgram::push(const Point& at, const Flows& xdot) const {
    if (!has_jvp()) {
        if (has_definition()) {
            InnerRecording inner(name_, at.detail);
            inner.record(at.x, at.variable, [this](const Values& x) { return run(x); });
            return inner.push(xdot);
        }
        throw TapeError(TapeError::Kind::detail, name_, "an operation with a jvp or a definition, for forward mode", "one with a vjp only",
                        "give it .jvp(...) or .definition(...)");
    }
    Values moved;
    for (std::size_t k = 0; k < at.x.size(); ++k) {
        const AnyTensor& own = at.variable[k] == no_variable ? xdot[k] : xdot[at.variable[k]];
        moved.push_back(as_value(std::holds_alternative<std::monostate>(own) ? zeros_like(at.x[k]) : own));
    }
    Value ydot;
    in_isolation(name_, [&] { ydot = jvp(moved, at.y[0], at.x); });
    if (shape_of(ydot) != shape_of(at.y[0]))
        throw ShapeError(name_, fmt::format("a tangent of shape {} from its jvp", to_string(shape_of(at.y[0]))), to_string(shape_of(ydot)));
    return {as_flow(constant_of(ydot))};
}

namespace {

[[noreturn]] void throw_no_definition(std::string_view name) {
    throw TapeError(TapeError::Kind::detail, name, "an operation with a definition, for a derivative that is recorded itself",
                    "one whose derivative is a plain function", "give it .definition(...)");
}

}  // namespace

Flows CustomProgram::recorded_pull(const Values& x, const Values& y, const Flows& ybar) const {
    if (!has_definition()) throw_no_definition(name_);
    return Subprogram::recorded_pull(x, y, ybar);
}
Flows CustomProgram::recorded_push(const Values& x, const Flows& xdot) const {
    if (!has_definition()) throw_no_definition(name_);
    return Subprogram::recorded_push(x, xdot);
}

// The check of the first use ------------------------------------------------------------------------------------------------------

namespace {

/// Elements of x to be moved: all of a small tensor, some of a large one.
std::vector<Index> probed(const Value& x) {
    constexpr Index most = 24;
    const Index n = shape_of(x).size();
    std::vector<Index> elements;
    for (Index i = 0; i < std::min(n, most); ++i) elements.push_back(n <= most ? i : i * (n - 1) / (most - 1));
    return elements;
}

double element(const Value& x, Index i) {
    return std::visit(
        [i]<class X>(const X& v) -> double {
            if constexpr (AScalar<X>)
                return v.value();
            else
                return static_cast<double>(v.contiguous().data()[static_cast<std::size_t>(i)]);
        },
        x);
}
Value moved(const Value& x, Index i, double to) {
    return std::visit(
        [&]<class X>(const X& v) -> Value {
            if constexpr (AScalar<X>) {
                return Scalar(to);
            } else {
                X changed = v.constant();
                in_place(changed)[static_cast<std::size_t>(i)] = static_cast<typename X::value_type>(to);
                return changed;
            }
        },
        x);
}

/// Weights for the elements of the result: a fixed cotangent, no two alike.
Value cotangent(const Value& y) {
    return std::visit(
        []<class X>(const X& v) -> Value {
            if constexpr (AScalar<X>) {
                return Scalar(1.0);
            } else {
                X u = X::zeros(v.shape());
                const auto values = in_place(u);
                for (std::size_t i = 0; i < values.size(); ++i)
                    values[i] = static_cast<typename X::value_type>(0.75 + 0.5 * std::sin(1.0 + 2.4 * static_cast<double>(i)));
                return u;
            }
        },
        y);
}

class Check {
  public:
    Check(const CustomProgram& program, const Values& x, const Value& y) : program_(program), x_(x), u_(cotangent(y)) {
        in_float_ = std::holds_alternative<Tensor<float>>(y) ||
                    std::any_of(x.begin(), x.end(), [](const Value& v) { return std::holds_alternative<Tensor<float>>(v); });
        parts_ = program.contributions(as_flow(u_), y, x);
    }

    void operand(std::size_t k) const {
        if (std::holds_alternative<std::monostate>(parts_[k])) return;  // said to have no derivative
        for (const Index i : probed(x_[k])) {
            const double claimed = element(as_value(parts_[k]), i);
            if (const std::optional<double> found = disagreeing(k, i, claimed))
                throw ValueError(
                    program_.name(),
                    fmt::format("{:.6g} for the derivative by element {} of operand {}, from differences of its value", *found, i, k),
                    fmt::format("{:.6g} from its vjp", claimed), "correct the vjp, or make the operation with {.check = false}");
        }
    }

  private:
    /// <u, value(x)> with one element moved, and the size of its terms.
    [[nodiscard]] std::pair<double, double> weighted(std::size_t k, Index i, double to) const {
        Values x = x_;
        x[k] = moved(x[k], i, to);
        const Value y = program_.value(x);
        std::pair<double, double> sum{0, 0};
        for (Index j = 0; j < shape_of(y).size(); ++j) {
            const double term = element(u_, j) * element(y, j);
            sum.first += term, sum.second += std::abs(term);
        }
        return sum;
    }
    /// What differences say, if they say something else. At a kink any number between the one-sided slopes is a derivative.
    [[nodiscard]] std::optional<double> disagreeing(std::size_t k, Index i, double claimed) const {
        const double x = element(x_[k], i),
                     epsilon = in_float_ ? std::numeric_limits<float>::epsilon() : std::numeric_limits<double>::epsilon();
        const auto [middle, size] = weighted(k, i, x);
        if (!std::isfinite(claimed) || !std::isfinite(middle)) return {};
        std::optional<double> closest;
        double distance = std::numeric_limits<double>::infinity();
        // From wide to narrow: truncation shrinks, rounding grows; a right vjp agrees at some step.
        for (double h = std::cbrt(epsilon) * std::max(1.0, std::abs(x)) * 8; h > std::sqrt(epsilon) * std::max(1.0, std::abs(x)) / 8;
             h /= 4) {
            const auto at = [&](double to) { return element(moved(x_[k], i, to), i); };  // as the operand's type rounds it
            const double right = at(x + h), left = at(x - h);
            const double up = weighted(k, i, right).first, down = weighted(k, i, left).first;
            if (!std::isfinite(up) || !std::isfinite(down)) continue;  // the edge of the domain
            const double slope = (up - down) / (right - left), from_left = (middle - down) / (x - left),
                         from_right = (up - middle) / (right - x);
            const double rounding = 16 * epsilon * size / h, scale = std::max(std::abs(slope), std::abs(claimed));
            const double allowed = rounding + (in_float_ ? 2e-2 : 1e-5) * scale;
            if (std::abs(slope - claimed) <= allowed) return {};
            if (claimed >= std::min(from_left, from_right) - allowed && claimed <= std::max(from_left, from_right) + allowed &&
                std::abs(from_left - from_right) > 0.1 * scale)
                return {};
            if (const double error = std::abs(slope - claimed); error < distance) distance = error, closest = slope;
        }
        return closest;
    }

    const CustomProgram& program_;
    const Values& x_;
    Value u_;
    Flows parts_;
    bool in_float_ = false;
};

/// The definition must be the value, up to rounding.
void check_definition(const CustomProgram& program, const Values& x, const Value& y) {
    Values defined;
    in_isolation(program.name(), [&] { defined = program.run(x); });
    const double tolerance = std::holds_alternative<Tensor<float>>(y) ? 1e-4 : 1e-9;
    if (shape_of(defined[0]) != shape_of(y))
        throw ShapeError(program.name(), fmt::format("shape {} from its definition, as its value has", to_string(shape_of(y))),
                         to_string(shape_of(defined[0])));
    double size = 0;
    for (Index i = 0; i < shape_of(y).size(); ++i) size = std::max(size, std::abs(element(y, i)));
    for (Index i = 0; i < shape_of(y).size(); ++i)
        if (const double a = element(y, i), b = element(defined[0], i); std::abs(a - b) > tolerance * size)
            throw ValueError(program.name(), fmt::format("{:.9g} at element {} from its definition, as its value has", a, i),
                             fmt::format("{:.9g}", b));
}

}  // namespace

Value call_custom(const std::shared_ptr<const CustomProgram>& program, const Values& x, std::atomic<bool>* unchecked) {
    const std::string_view name = program->name();
    bool differentiable = false;
    for (const Value& v : x)
        differentiable = std::visit([name](const auto& operand) { return source(name, operand).row != 0; }, v) || differentiable;
    const Values plain = constants(x);
    Value y;
    in_isolation(name, [&] { y = program->value(plain); });
    if (recorded(y)) throw TapeError(TapeError::Kind::wrong_tape, name, "a constant from its value function", "a recorded value");
    if (!differentiable) return y;
    if (unchecked->load(std::memory_order_relaxed)) {
        in_isolation(name, [&] {
            const Check check(*program, plain, y);
            for (std::size_t k = 0; k < x.size(); ++k) check.operand(k);
            if (program->has_definition()) check_definition(*program, plain, y);
        });
        unchecked->store(false, std::memory_order_relaxed);
    }
    return append_call(program, x, {y}, {true})[0];
}

}  // namespace internal
}  // namespace v1
}  // namespace autodiff

// SPDX-License-Identifier: MIT
// Implicit values: solving for them in plain numbers, and the linear equations of their derivatives.
#include "autodiff/implicit.hpp"

#include "autodiff/kernels/gmres.hpp"
#include "autodiff/ops/arithmetic.hpp"
#include "autodiff/scalar.hpp"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <limits>
#include <numeric>

namespace autodiff {
inline namespace v1 {
namespace internal {

namespace {

using Vector = std::vector<double>;

// Lists of values as vectors ------------------------------------------------------------------------------------------------------

Index size_of(const Value& x) {
    return std::visit(
        []<class X>(const X& v) -> Index {
            if constexpr (AScalar<X>)
                return 1;
            else
                return v.size();
        },
        x);
}

void append_to(Vector& vector, const AnyTensor& flow, const Value& like) {
    std::visit(
        [&]<class X>(const X& v) {
            if constexpr (std::same_as<X, std::monostate>) {
                vector.resize(vector.size() + static_cast<std::size_t>(size_of(like)), 0.0);
            } else {
                const X row_major = v.contiguous();
                vector.insert(vector.end(), row_major.data().begin(), row_major.data().end());
            }
        },
        flow);
}
Vector vector_of(const Flows& flows, const Values& like) {
    Vector vector;
    for (std::size_t k = 0; k < like.size(); ++k) append_to(vector, flows[k], like[k]);
    return vector;
}
Vector vector_of(const Values& x) {
    Vector vector;
    for (const Value& v : x) append_to(vector, as_flow(constant_of(v)), v);
    return vector;
}
Values values_of(std::span<const double> vector, const Values& like) {
    Values x;
    for (const Value& v : like) {
        const auto n = static_cast<std::size_t>(size_of(v));
        x.push_back(std::visit(
            [&]<class X>(const X& form) -> Value {
                if constexpr (AScalar<X>) {
                    return Scalar(vector[0]);
                } else {
                    X tensor = X::uninitialised(form.shape());
                    std::transform(vector.begin(), vector.begin() + static_cast<std::ptrdiff_t>(n), tensor.fill_data(),
                                   [](double e) { return static_cast<typename X::value_type>(e); });
                    return tensor;
                }
            },
            v));
        vector = vector.subspan(n);
    }
    return x;
}
Flows flows_of(std::span<const double> vector, const Values& like) {
    Flows flows;
    for (const Value& v : values_of(vector, like)) flows.push_back(as_flow(v));
    return flows;
}

double largest(const Vector& v) {
    double m = 0;
    for (const double e : v) m = std::isfinite(e) ? std::max(m, std::abs(e)) : std::numeric_limits<double>::infinity();
    return m;
}
double length(const Vector& v) { return std::sqrt(std::inner_product(v.begin(), v.end(), v.begin(), 0.0)); }

Values joined(const Values& a, const Values& b) {
    Values x = a;
    x.insert(x.end(), b.begin(), b.end());
    return x;
}
std::vector<std::uint32_t> counted(std::size_t from, std::size_t to) {
    std::vector<std::uint32_t> indices(to - from);
    std::iota(indices.begin(), indices.end(), static_cast<std::uint32_t>(from));
    return indices;
}

// Residuals -----------------------------------------------------------------------------------------------------------------------

/// z, theta -> g(z, theta), which is f(z, theta) - z for a fixed point. The equation is that it is 0.
class Residual final : public Subprogram {
  public:
    Residual(Equation equation, std::shared_ptr<const Subprogram> f) : equation_(equation), f_(std::move(f)) {}
    [[nodiscard]] std::string_view name() const override { return f_->name(); }
    [[nodiscard]] Values run(const Values& x) const override {
        Values r = f_->run(x);
        if (equation_ == Equation::fixed_point)
            for (std::size_t k = 0; k < r.size(); ++k)
                r[k] = std::visit([&]<class X>(const X& v) -> Value { return v - std::get<X>(x[k]); }, r[k]);
        return r;
    }

  private:
    Equation equation_;
    std::shared_ptr<const Subprogram> f_;
};

/// u, (z, theta, zbar) -> (dg/dz)^T u + zbar: the adjoint equation, linear in u.
class AdjointResidual final : public Subprogram {
  public:
    AdjointResidual(const std::shared_ptr<const Subprogram>& residual, std::size_t states, std::size_t parameters)
        : states_(states), given_(states + parameters), vjp_(vjp_of(residual, given_, counted(0, states), counted(0, states))) {}
    [[nodiscard]] std::string_view name() const override { return vjp_->name(); }
    [[nodiscard]] Values run(const Values& x) const override {
        const auto at = [&x](std::size_t k) { return x.begin() + static_cast<std::ptrdiff_t>(k); };
        Values given(at(states_), at(states_ + given_));
        given.insert(given.end(), at(0), at(states_));
        Values r = vjp_->run(given);
        for (std::size_t k = 0; k < states_; ++k)
            r[k] = std::visit([&]<class X>(const X& v) -> Value { return v + std::get<X>(x[states_ + given_ + k]); }, r[k]);
        return r;
    }

  private:
    std::size_t states_, given_;
    std::shared_ptr<const Subprogram> vjp_;
};

/// theta -> the z for which a residual is 0.
class Implicit final : public Subprogram {
  public:
    Implicit(std::shared_ptr<const Subprogram> residual, std::shared_ptr<const Subprogram> contraction, Values z0, Detail detail,
             ImplicitOptions options)
        : residual_(std::move(residual)), contraction_(std::move(contraction)), z0_(std::move(z0)), detail_(detail), options_(options) {
        for (const Value& v : z0_)
            epsilon_ = std::max(epsilon_, std::holds_alternative<Tensor<float>>(v) ? double{std::numeric_limits<float>::epsilon()}
                                                                                   : std::numeric_limits<double>::epsilon());
        options_.tolerance = std::max(options_.tolerance, 8 * epsilon_);
    }
    [[nodiscard]] std::string_view name() const override { return residual_->name(); }

    [[nodiscard]] Values run(const Values& theta) const override {
        return append_call(shared_from_this(), theta, contraction_ != nullptr ? iterate(constants(theta)) : newton(constants(theta)),
                           std::vector<bool>(z0_.size(), true));
    }

    void pull(const Point& at, const Flows& ybar, Flows& xbar) const override {
        const Recorded g(*this, at.y, at.x, at.variable);
        Vector b = vector_of(ybar, at.y), u(b.size());
        for (double& v : b) v = -v;
        solve([&g](std::span<const double> v, std::span<double> result) { g.transposed(v, result); }, b, u);
        Flows flows(z0_.size());
        for (std::size_t k = 0; k < xbar.size(); ++k) flows.push_back(std::move(xbar[k]));
        g.recording.pull(flows_of(u, at.y), flows);
        for (std::size_t k = 0; k < xbar.size(); ++k) xbar[k] = std::move(flows[z0_.size() + k]);
    }

    [[nodiscard]] Flows push(const Point& at, const Flows& xdot) const override {
        const Recorded g(*this, at.y, at.x, at.variable);
        Flows moved(z0_.size());
        moved.insert(moved.end(), xdot.begin(), xdot.end());
        Vector b = vector_of(g.recording.push(moved), at.y), zdot(b.size());
        for (double& v : b) v = -v;
        solve([&g](std::span<const double> v, std::span<double> result) { g.product(v, result); }, b, zdot);
        return flows_of(zdot, at.y);
    }

    [[nodiscard]] Flows recorded_pull(const Values& theta, const Values& z, const Flows& zbar) const override {
        const std::size_t states = z0_.size();
        Values given = joined(z, theta);
        for (std::size_t k = 0; k < states; ++k)
            given.push_back(like(std::holds_alternative<std::monostate>(zbar[k]) ? zeros_like(z[k]) : zbar[k], z[k]));
        Values start;
        for (const Value& v : z) start.push_back(like(zeros_like(v), v));
        const auto adjoint = std::make_shared<const Implicit>(std::make_shared<const AdjointResidual>(residual_, states, theta.size()),
                                                              nullptr, std::move(start), Detail::operations,
                                                              ImplicitOptions{std::max(options_.tolerance, 1e-10), 10});
        const Values u = adjoint->run(given);
        Values at = joined(z, theta);
        at.insert(at.end(), u.begin(), u.end());
        std::vector<std::uint32_t> wanted;
        const Variables variable = variables_of(theta);
        for (std::uint32_t k = 0; k < theta.size(); ++k)
            if (variable[k] == k) wanted.push_back(static_cast<std::uint32_t>(states) + k);
        const Values parts = call(vjp_of(residual_, states + theta.size(), wanted, counted(0, states)), at);
        Flows thetabar(theta.size());
        for (std::size_t k = 0; k < wanted.size(); ++k) thetabar[wanted[k] - states] = as_flow(parts[k]);
        return thetabar;
    }

  private:
    static Value like(const AnyTensor& flow, const Value& form) {
        if (std::holds_alternative<Scalar>(form)) return Scalar(std::get<Tensor<double>>(flow));
        return as_value(flow);
    }

    /// g recorded once at (z, theta); products with its Jacobian by sweeping that.
    struct Recorded {
        Recorded(const Implicit& implicit, const Values& z, const Values& theta, const Variables& variable)
            : states(z), recording(implicit.name(), implicit.detail_) {
            Variables all;
            for (std::uint32_t k = 0; k < z.size(); ++k) all.push_back(k);
            for (const std::uint32_t v : variable) all.push_back(v == no_variable ? v : v + static_cast<std::uint32_t>(z.size()));
            recording.record(joined(z, theta), all, [&implicit](const Values& x) { return implicit.residual_->run(x); });
            implicit.check_shapes(recording.y());
        }
        void transposed(std::span<const double> u, std::span<double> result) const {
            Flows flows(recording.x().size());
            recording.pull(flows_of(u, states), flows);
            const Vector v = vector_of(flows, states);
            std::copy(v.begin(), v.end(), result.begin());
        }
        void product(std::span<const double> v, std::span<double> result) const {
            Flows flows = flows_of(v, states);
            flows.resize(recording.x().size());
            const Vector r = vector_of(recording.push(flows), states);
            std::copy(r.begin(), r.end(), result.begin());
        }
        const Values& states;
        InnerRecording recording;
    };

    void check_shapes(const Values& r) const {
        bool same = r.size() == z0_.size();
        for (std::size_t k = 0; same && k < r.size(); ++k) same = shape_text(r[k]) == shape_text(z0_[k]);
        if (same) return;
        const auto text = [](const Values& x) {
            std::string all;
            for (const Value& v : x) all += (all.empty() ? "" : ", ") + shape_text(v);
            return all;
        };
        throw ShapeError(name(), "a function that returns the shapes of z, " + text(z0_), text(r));
    }
    static std::string shape_text(const Value& x) {
        return std::visit(
            []<class X>(const X& v) -> std::string {
                if constexpr (AScalar<X>)
                    return "a Scalar";
                else
                    return to_string(v.shape());
            },
            x);
    }

    void solve(const kernels::Apply& a, const Vector& b, Vector& x) const {
        if (!std::isfinite(largest(b))) {  // what has arrived is no number, and neither is what follows
            std::fill(x.begin(), x.end(), std::numeric_limits<double>::quiet_NaN());
            return;
        }
        const double wanted = std::max(1e-14, 4 * epsilon_), enough = std::max(options_.tolerance, 100 * epsilon_) * 1e2;
        const double error = kernels::gmres(a, b, x, {.tolerance = wanted});
        if (!(error <= enough))
            throw ValueError(name(), fmt::format("a linear equation of the derivative that can be solved to {:.3g}", enough),
                             fmt::format("a residual of {:.3g}", error), "the Jacobian is singular or nearly so at the solution");
    }

    [[nodiscard]] Values iterate(const Values& theta) const {
        Values z = z0_;
        double change = 0;
        for (Index i = 0; i < options_.max_iterations; ++i) {
            Values next;
            in_isolation(name(), [&] { next = contraction_->run(joined(z, theta)); });
            for (const Value& v : next)
                if (recorded(v))
                    throw TapeError(TapeError::Kind::wrong_tape, name(), "a function of its arguments",
                                    "one that returns a recorded value");
            check_shapes(next);
            const Vector before = vector_of(z), after = vector_of(next);
            Vector difference(after.size());
            for (std::size_t k = 0; k < after.size(); ++k) difference[k] = after[k] - before[k];
            z = std::move(next);
            change = largest(difference);
            if (!std::isfinite(change)) break;
            if (change <= options_.tolerance * (1 + largest(after))) return z;
        }
        throw ValueError(name(),
                         fmt::format("an iteration that converges to {:.3g} within {} steps", options_.tolerance, options_.max_iterations),
                         fmt::format("a last change of {:.3g}", change), "start nearer, or damp the function until it is a contraction");
    }

    [[nodiscard]] Values newton(const Values& theta) const {
        Values z = z0_;
        const Variables constant(theta.size(), no_variable);
        const auto value = [&](const Values& at) {
            Values r;
            in_isolation(
                name(), [&] { r = constants(residual_->run(joined(at, theta))); }, detail_);
            return vector_of(r);
        };
        double step = 0, size = 0;
        for (Index i = 0; i < options_.max_iterations; ++i) {
            const Recorded g(*this, z, theta, constant);
            Vector b = vector_of(g.recording.y()), delta(b.size());
            size = length(b);
            if (size == 0) return z;
            if (!std::isfinite(size)) break;
            for (double& v : b) v = -v;
            const double error = kernels::gmres([&g](std::span<const double> v, std::span<double> r) { g.product(v, r); }, b, delta,
                                                {.tolerance = std::max(1e-14, 4 * epsilon_)});
            if (!(error <= 0.1))
                throw ValueError(name(), "a Jacobian dg/dz that can be inverted", fmt::format("one that is singular at step {}", i + 1),
                                 "start elsewhere");
            const Vector from = vector_of(z);
            if (!std::isfinite(largest(from)) || !std::isfinite(largest(delta))) break;
            double damping = 1;
            Vector to(from.size());
            for (int halvings = 0;; ++halvings, damping /= 2) {
                for (std::size_t k = 0; k < to.size(); ++k) to[k] = from[k] + damping * delta[k];
                step = damping * largest(delta);
                // At rounding level g cannot become smaller; the step itself says that this is the end.
                if (largest(delta) <= options_.tolerance * (1 + largest(from)) || length(value(values_of(to, z))) < size || halvings == 40)
                    break;
            }
            z = values_of(to, z);
            if (largest(delta) <= options_.tolerance * (1 + largest(from))) return z;
        }
        throw ValueError(name(),
                         fmt::format("Newton's method to converge to {:.3g} within {} steps", options_.tolerance, options_.max_iterations),
                         fmt::format("a last step of {:.3g} where |g| is {:.3g}", step, size), "start nearer to the root");
    }

    std::shared_ptr<const Subprogram> residual_, contraction_;
    Values z0_;
    Detail detail_;
    ImplicitOptions options_;
    double epsilon_ = 0;
};

}  // namespace

Values solve_implicit(Equation equation, std::shared_ptr<const Subprogram> f, const Values& z0, const Values& theta,
                      ImplicitOptions options) {
    const std::string_view name = f->name();
    for (const Value& v : theta) std::visit([name](const auto& x) { static_cast<void>(source(name, x)); }, v);
    auto contraction = equation == Equation::fixed_point ? f : nullptr;
    const auto residual = std::make_shared<const Residual>(equation, std::move(f));
    const Detail detail = current == &no_tape ? Detail::derivatives : Tape::from(*current).detail();
    return std::make_shared<const Implicit>(residual, std::move(contraction), z0, detail, options)->run(theta);
}

}  // namespace internal
}  // namespace v1
}  // namespace autodiff

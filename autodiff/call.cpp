// SPDX-License-Identifier: MIT
// Sub-programs: their rows on the calling tape, and the sub-program that is a VJP. The inner tape is inner_recording.cpp.
#include "autodiff/call.hpp"

#include "autodiff/ops/arithmetic.hpp"
#include "autodiff/ops/compare.hpp"
#include "autodiff/ops/reduce.hpp"
#include "autodiff/recorded_gradient.hpp"
#include "autodiff/scalar.hpp"

namespace autodiff {
inline namespace v1 {
namespace internal {

// What follows from run() alone ---------------------------------------------------------------------------------------------------

void Subprogram::pull(const Point& at, const Flows& ybar, Flows& xbar) const {
    InnerRecording inner(name(), at.detail);
    inner.record(at.x, at.variable, [this](const Values& x) { return run(x); });
    check_same(name(), inner.y(), at.y);
    inner.pull(ybar, xbar);
}

Flows Subprogram::push(const Point& at, const Flows& xdot) const {
    InnerRecording inner(name(), at.detail);
    inner.record(at.x, at.variable, [this](const Values& x) { return run(x); });
    check_same(name(), inner.y(), at.y);
    return inner.push(xdot);
}

namespace {

class VjpOf final : public Subprogram {
  public:
    VjpOf(std::shared_ptr<const Subprogram> program, std::size_t arguments, std::vector<std::uint32_t> wanted,
          std::vector<std::uint32_t> arrived)
        : program_(std::move(program)), arguments_(arguments), wanted_(std::move(wanted)), arrived_(std::move(arrived)) {}
    [[nodiscard]] std::string_view name() const override { return program_->name(); }

    /// The gradient of <ybar, f(x)>, as recorded values.
    [[nodiscard]] Values run(const Values& given) const override {
        Values x(given.begin(), given.begin() + static_cast<std::ptrdiff_t>(arguments_));
        for (const std::uint32_t k : wanted_)
            if (!recorded(x[k])) x[k] = new_variable(Tape::from(*current), x[k]);
        const Values y = program_->run(x);
        Scalar product = 0;
        for (std::size_t j = 0; j < arrived_.size(); ++j)
            if (const Value& result = y[arrived_[j]]; recorded(result)) product += inner_product(given[arguments_ + j], result);
        Values xbar;
        if (!product.recorded()) {
            for (const std::uint32_t k : wanted_) xbar.push_back(as_value_like(zeros_like(x[k]), x[k]));
            return xbar;
        }
        const RecordedGradient g = recorded_gradient(product);
        for (const std::uint32_t k : wanted_) xbar.push_back(std::visit([&g](const auto& v) -> Value { return g[v]; }, x[k]));
        return xbar;
    }

  private:
    static Value as_value_like(const AnyTensor& flow, const Value& x) {
        if (std::holds_alternative<Scalar>(x)) return Scalar(std::get<Tensor<double>>(flow));
        return as_value(flow);
    }
    static Scalar inner_product(const Value& ybar, const Value& y) {
        return std::visit(
            [&ybar]<class X>(const X& v) -> Scalar {
                if constexpr (AScalar<X>)
                    return (std::holds_alternative<Scalar>(ybar) ? std::get<Scalar>(ybar) : Scalar(std::get<Tensor<double>>(ybar))) * v;
                else
                    return cast<double>(sum(std::get<X>(ybar) * v));
            },
            y);
    }

    std::shared_ptr<const Subprogram> program_;
    std::size_t arguments_;
    std::vector<std::uint32_t> wanted_, arrived_;
};

std::vector<std::uint32_t> own_variables(const Variables& variable) {
    std::vector<std::uint32_t> own;
    for (std::uint32_t k = 0; k < variable.size(); ++k)
        if (variable[k] == k) own.push_back(k);
    return own;
}

}  // namespace

std::shared_ptr<const Subprogram> vjp_of(std::shared_ptr<const Subprogram> program, std::size_t arguments,
                                         std::vector<std::uint32_t> wanted, std::vector<std::uint32_t> arrived) {
    return std::make_shared<VjpOf>(std::move(program), arguments, std::move(wanted), std::move(arrived));
}

Flows Subprogram::recorded_pull(const Values& x, const Values&, const Flows& ybar) const {
    const std::vector<std::uint32_t> wanted = own_variables(variables_of(x));
    std::vector<std::uint32_t> arrived;
    Values given = x;
    for (std::uint32_t j = 0; j < ybar.size(); ++j)
        if (present(ybar[j])) arrived.push_back(j), given.push_back(as_value(ybar[j]));
    const Values parts = call(vjp_of(shared_from_this(), x.size(), wanted, arrived), given);
    Flows xbar(x.size());
    for (std::size_t k = 0; k < wanted.size(); ++k) xbar[wanted[k]] = as_flow(parts[k]);
    return xbar;
}

/// x, ybar -> J^T ybar is linear in ybar, and the transpose of that map is J: its VJP at xdot, whatever ybar.
Flows Subprogram::recorded_push(const Values& x, const Flows& xdot) const {
    std::vector<std::uint32_t> moved, results, seeds;
    for (std::uint32_t k = 0; k < xdot.size(); ++k)
        if (present(xdot[k])) moved.push_back(k);
    Values given = x, y;
    in_isolation(
        name(), [&] { y = constants(run(constants(x))); }, Detail::operations);
    for (std::uint32_t j = 0; j < y.size(); ++j) {
        results.push_back(j), seeds.push_back(static_cast<std::uint32_t>(given.size()));
        given.push_back(as_value(zeros_like(y[j])));
    }
    const std::size_t arguments = given.size();
    std::vector<std::uint32_t> parts;
    for (std::uint32_t k = 0; k < moved.size(); ++k) parts.push_back(k), given.push_back(as_value(xdot[moved[k]]));
    const Values ydot = call(vjp_of(vjp_of(shared_from_this(), x.size(), moved, results), arguments, seeds, parts), given);
    Flows flows;
    for (const Value& v : ydot) flows.push_back(as_flow(v));
    return flows;
}

// Rows ----------------------------------------------------------------------------------------------------------------------------

namespace {

/// What the rows of one call share.
struct Called {
    std::shared_ptr<const Subprogram> program;
    Values x, y;  ///< as recorded
    Point at;
    std::vector<std::uint32_t> result;  ///< of each row
};

/// One result of a call; the first row of them has the VJP of all.
class Call final : public Primitive {
  public:
    Call(std::shared_ptr<const Called> called, std::size_t row) : called_(std::move(called)), row_(row) {}
    [[nodiscard]] std::string_view name() const override { return called_->program->name(); }
    [[nodiscard]] std::size_t further_results() const override { return row_ == 0 ? called_->result.size() - 1 : 0; }
    [[nodiscard]] bool is_further_result() const override { return row_ != 0; }

    void vjp(Pullback& pull) const override {
        if (row_ != 0) return;
        const Called& c = *called_;
        Flows ybar(c.at.y.size());
        for (std::size_t row = 0; row < c.result.size(); ++row) ybar[c.result[row]] = pull.ybar_of(row);
        Flows xbar(c.x.size());
        if (pull.records()) {
            xbar = c.program->recorded_pull(c.x, c.y, ybar);
        } else {
            for (std::size_t k = 0; k < xbar.size(); ++k)
                if (c.at.variable[k] == k) xbar[k] = pull.take(k);
            c.program->pull(c.at, ybar, xbar);
        }
        for (std::size_t k = 0; k < xbar.size(); ++k) pull.put(k, std::move(xbar[k]));
    }

    [[nodiscard]] AnyTensor jvp(const Pushforward& push) const override {
        const Called& c = *called_;
        Flows xdot(c.x.size());
        for (std::size_t k = 0; k < xdot.size(); ++k)
            if (c.at.variable[k] == k && push.has(k))
                xdot[k] =
                    std::holds_alternative<Tensor<float>>(c.x[k]) ? AnyTensor(push.tangent<float>(k)) : AnyTensor(push.tangent<double>(k));
        const std::uint32_t j = c.result[row_];
        AnyTensor ydot = (push.records() ? c.program->recorded_push(c.x, xdot) : c.program->push(c.at, xdot))[j];
        return present(ydot) ? ydot : zeros_like(c.at.y[j]);
    }

  private:
    std::shared_ptr<const Called> called_;
    std::size_t row_;
};

}  // namespace

Values append_call(std::shared_ptr<const Subprogram> program, const Values& x, Values y, const std::vector<bool>& depends) {
    const std::string_view name = program->name();
    Sources operands;
    for (const Value& v : x) operands.push_back(std::visit([name](const auto& operand) { return source(name, operand); }, v));
    auto called = std::make_shared<Called>();
    for (std::uint32_t j = 0; j < y.size(); ++j)
        if (depends[j]) called->result.push_back(j);
    if (called->result.empty() || !any_recorded(operands)) return y;
    Tape& tape = Tape::from(*current);
    called->program = std::move(program);
    called->x = x;
    called->at = {tape.detail(), constants(x), y, variables_of(x)};
    const auto append_result = [&](std::size_t row) {
        Value& result = y[called->result[row]];
        auto primitive = std::make_unique<const Call>(called, row);
        std::visit(
            [&]<class X>(X& v) {
                if constexpr (AScalar<X>)
                    v = append_scalar(v.value(), operands, std::move(primitive));
                else
                    v = append(v, operands, std::move(primitive));
            },
            result);
    };
    if (called->result.size() == 1) {
        append_result(0);
    } else {
        const Mark before = tape.mark();
        try {
            for (std::size_t row = 0; row < called->result.size(); ++row) append_result(row);
        } catch (...) {
            tape.rewind(before);
            throw;
        }
    }
    called->y = y;
    return y;
}

Values call(const std::shared_ptr<const Subprogram>& program, const Values& x, const std::function<Values(const Values&)>& first) {
    const std::string_view name = program->name();
    for (const Value& v : x) std::visit([name](const auto& operand) { static_cast<void>(source(name, operand)); }, v);
    if (current == &no_tape) return first(x);
    Values y;
    std::vector<bool> depends;
    {
        InnerRecording inner(name, Tape::from(*current).detail());
        inner.record_named(x, first);
        for (const Value& v : inner.y()) depends.push_back(recorded(v));
        y = constants(inner.y());
    }
    return append_call(program, x, std::move(y), depends);
}

Values call(const std::shared_ptr<const Subprogram>& program, const Values& x) {
    return call(program, x, [&](const Values& inner) { return program->run(inner); });
}

}  // namespace internal
}  // namespace v1
}  // namespace autodiff

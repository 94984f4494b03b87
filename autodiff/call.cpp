// SPDX-License-Identifier: MIT
// Sub-programs: recorded on an inner tape and swept there, their rows on the calling tape, and the sub-program that is a VJP.
#include "autodiff/call.hpp"

#include "autodiff/ops/arithmetic.hpp"
#include "autodiff/ops/compare.hpp"
#include "autodiff/ops/reduce.hpp"
#include "autodiff/recorded_gradient.hpp"
#include "autodiff/sweep.hpp"

#include <algorithm>
#include <cstring>
#include <fmt/format.h>

namespace autodiff {
inline namespace v1 {
namespace internal {

// Values --------------------------------------------------------------------------------------------------------------------------

namespace {

Place place_of(const Value& x) {
    return std::visit(
        []<class X>(const X& v) -> Place {
            if constexpr (AScalar<X>)
                return {v.row(), v.recording(), no_node};
            else
                return v.place();
        },
        x);
}

/// f(tensor) for a flow that is there.
template <class F>
void if_present(AnyTensor& flow, const F& f) {
    std::visit(
        [&f]<class X>(X& x) {
            if constexpr (!std::same_as<X, std::monostate>) f(x);
        },
        flow);
}
bool present(const AnyTensor& flow) { return !std::holds_alternative<std::monostate>(flow); }

/// What a captured value throws. A type of its own, so that a sub-program around this one does not explain it once more.
struct CapturedValue : TapeError {
    using TapeError::TapeError;
};

[[noreturn]] void throw_captured(std::string_view name, std::string_view what) {
    throw CapturedValue(TapeError::Kind::wrong_tape, name, "a function of its arguments", fmt::format("one that uses another value ({})", what),
                        "pass the value as an argument too, or stop_gradient of it outside");
}

template <class F>
void explaining_captures(std::string_view name, const F& f) {
    try {
        f();
    } catch (const CapturedValue&) {
        throw;
    } catch (const TapeError& e) {
        if (e.kind() != TapeError::Kind::wrong_tape) throw;
        throw_captured(name, e.what());
    }
}

}  // namespace

bool recorded(const Value& x) {
    return std::visit([](const auto& v) { return v.recorded(); }, x);
}
Value constant(const Value& x) {
    return std::visit(
        []<class X>(const X& v) -> Value {
            if constexpr (AScalar<X>)
                return Scalar(v.value());
            else
                return v.constant();
        },
        x);
}
Values constants(const Values& x) {
    Values result;
    result.reserve(x.size());
    for (const Value& v : x) result.push_back(constant(v));
    return result;
}
std::size_t bytes_of(const Value& x) {
    return std::visit(
        []<class X>(const X& v) -> std::size_t {
            if constexpr (AScalar<X>)
                return sizeof(double);
            else
                return static_cast<std::size_t>(v.size()) * sizeof(typename X::value_type);
        },
        x);
}

Variables variables_of(const Values& x) {
    Variables variable(x.size(), no_variable);
    std::vector<Place> places;
    for (std::uint32_t k = 0; k < x.size(); ++k) {
        places.push_back(place_of(x[k]));
        if (places[k].row == 0) continue;
        variable[k] = k;
        for (std::uint32_t earlier = 0; earlier < k; ++earlier)
            if (places[earlier].row == places[k].row && places[earlier].id == places[k].id && x[earlier].index() == x[k].index()) {
                variable[k] = variable[earlier];
                break;
            }
    }
    return variable;
}

AnyTensor as_flow(const Value& x) {
    return std::visit(
        []<class X>(const X& v) -> AnyTensor {
            if constexpr (AScalar<X>)
                return from_scalar<double>(v);
            else
                return v;
        },
        x);
}
Value as_value(const AnyTensor& flow) {
    if (const auto* f = std::get_if<Tensor<float>>(&flow)) return *f;
    return std::get<Tensor<double>>(flow);
}

AnyTensor zeros_like(const Value& x) {
    return std::visit(
        []<class X>(const X& v) -> AnyTensor {
            if constexpr (AScalar<X>)
                return Tensor<double>(0.0);
            else
                return X::zeros(v.shape());
        },
        x);
}

void add_flow(AnyTensor& sum, AnyTensor part) {
    if (!present(sum)) {
        sum = std::move(part);
        return;
    }
    if_present(part, [&sum]<class X>(X& x) { sum = std::get<X>(sum) + x; });
}

void check_same(std::string_view name, const Values& again, const Values& before) {
    bool same = again.size() == before.size();
    for (std::size_t j = 0; same && j < again.size(); ++j)
        same = std::visit(
            [&]<class X>(const X& a) {
                const auto* b = std::get_if<X>(&before[j]);
                if (b == nullptr) return false;
                if constexpr (AScalar<X>) {
                    const double u = a.value(), v = b->value();
                    return std::memcmp(&u, &v, sizeof(double)) == 0;
                } else {
                    if (a.shape() != b->shape()) return false;
                    const X u = a.contiguous(), v = b->contiguous();
                    return u.size() == 0 || std::memcmp(u.begin_data(), v.begin_data(), bytes_of(a)) == 0;
                }
            },
            again[j]);
    if (!same)
        throw ValueError(name, "the same result when the function is run again for its derivative", "another one",
                         "whatever it draws at random or reads elsewhere must be an argument");
}

namespace {

Value new_variable(Tape& tape, const Value& x) {
    return std::visit(
        [&tape]<class X>(const X& v) -> Value {
            if constexpr (AScalar<X>)
                return tape.variable(v.value());
            else
                return tape.variable(v.constant());
        },
        x);
}

}  // namespace

// An inner tape -------------------------------------------------------------------------------------------------------------------

void in_isolation(std::string_view name, const std::function<void()>& f, Detail detail) {
    const Tape inner(detail);
    explaining_captures(name, f);
}

void InnerRecording::record(const Values& x, const Variables& variable, const std::function<Values(const Values&)>& f) {
    if (tape_.list().rows > 1) tape_.clear();
    variable_ = variable;
    x_.clear(), y_.clear();
    for (std::size_t k = 0; k < x.size(); ++k) {
        if (variable[k] == no_variable)
            x_.push_back(constant(x[k]));
        else if (variable[k] < k)
            x_.push_back(x_[variable[k]]);
        else
            x_.push_back(new_variable(tape_, x[k]));
    }
    explaining_captures(name_, [&] { y_ = f(x_); });
    check_inside();
}

void InnerRecording::record_named(const Values& x, const std::function<Values(const Values&)>& f) {
    record(x, variables_of(x), [&](const Values& inner) {
        for (std::size_t k = 0; k < x.size(); ++k) {
            const Place outer = place_of(x[k]);
            if (outer.row == 0) continue;
            if (const std::string_view name = Tape::of(outer.row, outer.id, name_).given_name(outer.row); !name.empty())
                std::visit([&](const auto& v) { tape_.name(v, name); }, inner[k]);
        }
        return f(inner);
    });
}

/// A captured value that is returned as it stands has met no operation that would have refused it.
void InnerRecording::check_inside() const {
    for (const Value& y : y_)
        if (const Place place = place_of(y); place.row != 0 && !tape_.holds(place.row, place.id))
            throw_captured(name_, fmt::format("it returns {} of another tape", Tape::of(place.row, place.id, name_).name_of(place.row)));
}

void InnerRecording::pull(const Flows& ybar, Flows& xbar) const {
    std::uint32_t root = 0;
    for (std::size_t j = 0; j < y_.size(); ++j)
        if (present(ybar[j])) root = std::max(root, place_of(y_[j]).row);
    if (root == 0) return;
    const WengertList& list = tape_.list();
    std::vector<double> numbers(std::size_t{root} + 1, nothing);
    Adjoints<double> adjoints{numbers.data(), std::vector<AnyTensor>(nodes_up_to(tape_.nodes(), root))};
    // What has flown to the variables before stands there already, so that the sums go on in the order of an unbroken recording.
    const auto each_variable = [&](const auto& f) {
        for (std::size_t k = 0; k < x_.size(); ++k)
            if (const Place place = place_of(x_[k]); variable_[k] == k && place.row <= root) f(place, xbar[k]);
    };
    each_variable([&](const Place& place, AnyTensor& flow) {
        if (place.node != no_node)
            adjoints.block[place.node] = std::move(flow);
        else if (present(flow))
            numbers[place.row] = std::get<Tensor<double>>(flow).item() + 0.0;
    });
    for (std::size_t j = 0; j < y_.size(); ++j) {
        const Place place = place_of(y_[j]);
        if (place.row == 0 || !present(ybar[j])) continue;
        if (place.node != no_node)
            add_flow(adjoints.block[place.node], ybar[j]);
        else
            numbers[place.row] += std::get<Tensor<double>>(ybar[j]).item() + 0.0;
    }
    reverse_sweep(list, tape_.nodes(), adjoints, root, [&list](std::uint32_t, std::uint32_t first) { return list.partial + first; });
    each_variable([&](const Place& place, AnyTensor& flow) {
        if (place.node != no_node)
            flow = std::move(adjoints.block[place.node]);
        else if (numbers[place.row] != 0 || !std::signbit(numbers[place.row]))
            flow = Tensor<double>(numbers[place.row]);
        else
            flow = {};
    });
}

Flows InnerRecording::push(const Flows& xdot) const {
    const std::uint32_t last = tape_.list().rows - 1;
    std::vector<double> numbers(std::size_t{last} + 1, 0.0);
    Adjoints<double> tangents{numbers.data(), std::vector<AnyTensor>(tape_.nodes().size())};
    for (std::size_t k = 0; k < x_.size(); ++k) {
        if (variable_[k] != k || !present(xdot[k])) continue;
        const Place place = place_of(x_[k]);
        if (place.node != no_node)
            tangents.block[place.node] = xdot[k];
        else
            numbers[place.row] = std::get<Tensor<double>>(xdot[k]).item();
    }
    tangent_sweep(tape_.list(), tape_.nodes(), tangents, last);
    Flows ydot;
    for (const Value& y : y_) {
        const Place place = place_of(y);
        if (place.row == 0)
            ydot.emplace_back();
        else if (place.node == no_node)
            ydot.emplace_back(Tensor<double>(numbers[place.row]));
        else
            ydot.push_back(tangents.block[place.node]);
    }
    return ydot;
}

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
        for (const std::uint32_t k : wanted_)
            xbar.push_back(std::visit([&g](const auto& v) -> Value { return g[v]; }, x[k]));
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
    in_isolation(name(), [&] { y = constants(run(constants(x))); }, Detail::operations);
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
                xdot[k] = std::holds_alternative<Tensor<float>>(c.x[k]) ? AnyTensor(push.tangent<float>(k)) : AnyTensor(push.tangent<double>(k));
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

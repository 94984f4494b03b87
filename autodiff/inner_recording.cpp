// SPDX-License-Identifier: MIT
// Lists of values, and the inner tape on which a sub-program is recorded and swept. How its rows come about: call.cpp.
#include "autodiff/call.hpp"

#include "autodiff/ops/arithmetic.hpp"
#include "autodiff/sweep.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <fmt/format.h>

namespace autodiff {
inline namespace v1 {
namespace internal {

// Values --------------------------------------------------------------------------------------------------------------------------

namespace {

/// f(tensor) for a flow that is there.
template <class F>
void if_present(AnyTensor& flow, const F& f) {
    std::visit(
        [&f]<class X>(X& x) {
            if constexpr (!std::same_as<X, std::monostate>) f(x);
        },
        flow);
}
/// What a captured value throws. A type of its own, so that a sub-program around this one does not explain it once more.
struct CapturedValue : TapeError {
    using TapeError::TapeError;
};

[[noreturn]] void throw_captured(std::string_view name, std::string_view what) {
    throw CapturedValue(TapeError::Kind::wrong_tape, name, "a function of its arguments",
                        fmt::format("one that uses another value ({})", what),
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

bool present(const AnyTensor& flow) { return !std::holds_alternative<std::monostate>(flow); }

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

AnyTensor zeros_like(const Value& x) { return as_flow(zero_like(x)); }

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
            x_.push_back(constant_of(x[k]));
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

}  // namespace internal
}  // namespace v1
}  // namespace autodiff

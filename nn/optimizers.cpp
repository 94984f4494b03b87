// SPDX-License-Identifier: MIT
// The arithmetic of the steps, for float and double parameters side by side.
#include "nn/optimizers.hpp"

#include "autodiff/elementwise.hpp"

#include <cmath>
#include <fmt/format.h>

namespace nn {
inline namespace v1 {

using autodiff::Scalar;
using autodiff::Tensor;

namespace {

/// The slot of every part: made at the first step, the same parameters ever after.
template <class T>
internal::Slot<T>& slot(std::string_view optimizer, std::vector<internal::AnySlot>& slots, std::size_t i, const internal::Part<T>& part) {
    const auto says = [](const std::string& name, const autodiff::Shape& shape) { return fmt::format("{} {}", name, to_string(shape)); };
    if (i == slots.size()) slots.emplace_back(internal::Slot<T>{part.name, part.gradient.shape(), {}, {}});
    auto* found = std::get_if<internal::Slot<T>>(&slots[i]);
    if (found == nullptr || found->name != part.name || found->shape != part.gradient.shape())
        throw autodiff::ValueError(
            optimizer, found ? "the parameter of earlier steps, " + says(found->name, found->shape) : "the element type of earlier steps",
            says(part.name, part.gradient.shape()), "make a new optimizer for another model");
    return *found;
}

void match(std::string_view optimizer, std::vector<internal::AnySlot>& slots, const std::vector<internal::AnyPart>& parts) {
    if (!slots.empty() && slots.size() != parts.size())
        throw autodiff::ValueError(optimizer, fmt::format("the {} parameters of earlier steps", slots.size()),
                                   fmt::format("{}", parts.size()), "make a new optimizer for another model");
    for (std::size_t i = 0; i < parts.size(); ++i) std::visit([&](const auto& part) { slot(optimizer, slots, i, part); }, parts[i]);
}

/// f(slot, x, g) for all parts, with the values as spans.
template <class F>
void for_each_part(std::string_view optimizer, std::vector<internal::AnySlot>& slots, std::vector<internal::AnyPart>& parts, F f) {
    match(optimizer, slots, parts);
    for (std::size_t i = 0; i < parts.size(); ++i)
        std::visit([&](auto& part) { f(slot(optimizer, slots, i, part), in_place(*part.parameter), part.gradient.data()); }, parts[i]);
}

template <class T>
std::span<T> memory(Tensor<T>& state, const autodiff::Shape& shape) {
    if (state.shape() != shape) state = Tensor<T>::zeros(shape);
    return in_place(state);
}

void check_at_least(std::string_view optimizer, std::string_view what, double value, double least) {
    if (!(value >= least) || !std::isfinite(value))
        throw autodiff::ValueError(optimizer, fmt::format("{} of at least {}", what, least), fmt::format("{}", value));
}

}  // namespace

namespace internal {

template <class T>
void Pairs::pair(std::string_view optimizer, std::size_t i, std::string_view name, Tensor<T>& x) {
    auto* part = i < parts.size() ? std::get_if<Part<T>>(&parts[i]) : nullptr;
    if (part == nullptr) throw autodiff::ValueError(optimizer, fmt::format("a gradient for {}", name), "none of its type at this place");
    if (part->gradient.shape() != x.shape())
        throw autodiff::ShapeError(optimizer, fmt::format("a gradient {} for {}", to_string(x.shape()), name),
                                   to_string(part->gradient.shape()));
    part->parameter = &x;
}
void Pairs::throw_recorded(std::string_view optimizer, std::string_view name) {
    throw autodiff::TapeError(autodiff::TapeError::Kind::wrong_tape, optimizer, fmt::format("{} on no tape", name), "a recorded value",
                              "step the model from which the variables were made");
}
template void Pairs::pair(std::string_view, std::size_t, std::string_view, Tensor<float>&);
template void Pairs::pair(std::string_view, std::size_t, std::string_view, Tensor<double>&);

void check_options(std::string_view optimizer, const AdamOptions& options) {
    check_at_least(optimizer, "an lr", options.lr, 0);
    check_at_least(optimizer, "an eps", options.eps, 0);
    check_at_least(optimizer, "a weight_decay", options.weight_decay, 0);
    for (const double beta : {options.betas.first, options.betas.second})
        if (!(beta >= 0 && beta < 1)) throw autodiff::ValueError(optimizer, "betas from 0 to less than 1", fmt::format("{}", beta));
}

void AdamSteps::advance(std::string_view optimizer, std::vector<AnyPart>& parts, const AdamOptions& options, bool decoupled) {
    check_options(optimizer, options);
    match(optimizer, slots_, parts);
    ++steps_;
    const double correction_1 = 1 - std::pow(options.betas.first, static_cast<double>(steps_));
    const double correction_2 = 1 - std::pow(options.betas.second, static_cast<double>(steps_));
    for_each_part(optimizer, slots_, parts, [&]<class T>(Slot<T>& slot, std::span<T> x, std::span<const T> gradient) {
        const auto b1 = static_cast<T>(options.betas.first), b2 = static_cast<T>(options.betas.second);
        // 1 - b2 in float would be wrong in the fifth digit.
        const auto c1 = static_cast<T>(1 - options.betas.first), c2 = static_cast<T>(1 - options.betas.second);
        // x - lr / correction_1 m / (sqrt(v / correction_2) + eps), with numerator and denominator times sqrt(correction_2)
        const double root = std::sqrt(correction_2);
        const auto rate = static_cast<T>(options.lr / correction_1 * root), least = static_cast<T>(options.eps * root);
        const std::span<T> m = memory(slot.first, slot.shape), v = memory(slot.second, slot.shape);
        if (options.weight_decay == 0)
            return autodiff::elementwise_update(
                [](auto x0, auto m0, auto v0, auto g, auto beta1, auto beta2, auto rest1, auto rest2, auto step, auto epsilon) {
                    const Scalar m1 = beta1 * m0 + rest1 * g, v1 = beta2 * v0 + rest2 * g * g;
                    return std::array<Scalar, 3>{x0 - step * m1 / (sqrt(v1) + epsilon), m1, v1};
                },
                std::array{x, m, v}, gradient, b1, b2, c1, c2, rate, least);
        const auto added = static_cast<T>(decoupled ? 0 : options.weight_decay);
        const auto kept = static_cast<T>(decoupled ? 1 - options.lr * options.weight_decay : 1);
        autodiff::elementwise_update(
            [](auto x0, auto m0, auto v0, auto g0, auto beta1, auto beta2, auto rest1, auto rest2, auto step, auto epsilon, auto decay,
               auto shrink) {
                const Scalar g = g0 + decay * x0, m1 = beta1 * m0 + rest1 * g, v1 = beta2 * v0 + rest2 * g * g;
                return std::array<Scalar, 3>{shrink * x0 - step * m1 / (sqrt(v1) + epsilon), m1, v1};
            },
            std::array{x, m, v}, gradient, b1, b2, c1, c2, rate, least, added, kept);
    });
}

template <class T>
double sum_of_squares(const Tensor<T>& x) {
    const Tensor<T> values = x.contiguous();
    double sum = 0;
    for (const T v : values.data()) sum += static_cast<double>(v) * static_cast<double>(v);
    return sum;
}
template <class T>
void scale(Tensor<T>& x, double factor) {
    for (T& v : in_place(x)) v *= static_cast<T>(factor);
}
template <class T>
void clip(Tensor<T>& x, double bound) {
    const auto b = static_cast<T>(bound);
    for (T& v : in_place(x)) v = v > b ? b : v < -b ? -b : v;
}
void check_bound(std::string_view operation, double bound) {
    if (!(bound > 0)) throw autodiff::ValueError(operation, "a positive bound", fmt::format("{}", bound));
}

template double sum_of_squares(const Tensor<float>&);
template double sum_of_squares(const Tensor<double>&);
template void scale(Tensor<float>&, double);
template void scale(Tensor<double>&, double);
template void clip(Tensor<float>&, double);
template void clip(Tensor<double>&, double);

}  // namespace internal

SGD::SGD(SgdOptions chosen) : options(chosen) {
    check_at_least("sgd", "an lr", options.lr, 0);
    check_at_least("sgd", "a momentum", options.momentum, 0);
    check_at_least("sgd", "a weight_decay", options.weight_decay, 0);
    if (options.nesterov && options.momentum == 0) throw autodiff::ValueError("sgd", "a momentum for nesterov", "0");
}

void SGD::advance(std::vector<internal::AnyPart>& parts) {
    for_each_part("sgd", slots_, parts, [this]<class T>(internal::Slot<T>& slot, std::span<T> x, std::span<const T> gradient) {
        const auto lr = static_cast<T>(options.lr), momentum = static_cast<T>(options.momentum),
                   decay = static_cast<T>(options.weight_decay);
        if (momentum == 0 && decay == 0)
            return autodiff::elementwise_update([](auto x0, auto g, auto rate) { return std::array<Scalar, 1>{x0 - rate * g}; },
                                                std::array{x}, gradient, lr);
        if (momentum == 0)
            return autodiff::elementwise_update(
                [](auto x0, auto g, auto rate, auto lambda) { return std::array<Scalar, 1>{x0 - rate * (g + lambda * x0)}; }, std::array{x},
                gradient, lr, decay);
        const std::span<T> v = memory(slot.first, slot.shape);
        if (options.nesterov)
            autodiff::elementwise_update(
                [](auto x0, auto v0, auto g0, auto rate, auto mu, auto lambda) {
                    const Scalar g = g0 + lambda * x0, v1 = mu * v0 + g;
                    return std::array<Scalar, 2>{x0 - rate * (g + mu * v1), v1};
                },
                std::array{x, v}, gradient, lr, momentum, decay);
        else
            autodiff::elementwise_update(
                [](auto x0, auto v0, auto g0, auto rate, auto mu, auto lambda) {
                    const Scalar v1 = mu * v0 + (g0 + lambda * x0);
                    return std::array<Scalar, 2>{x0 - rate * v1, v1};
                },
                std::array{x, v}, gradient, lr, momentum, decay);
    });
}

}  // namespace v1
}  // namespace nn

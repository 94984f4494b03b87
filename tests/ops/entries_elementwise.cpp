// SPDX-License-Identifier: MIT
// Entries of the element-wise operations: every rule of the list, by its code, on tensors that broadcast.
#include "tests/ops/registry.hpp"

#include <concepts>
#include <fmt/format.h>

namespace registry {

namespace {

template <class R>
constexpr bool has_kink = std::same_as<R, rules::Abs> || std::same_as<R, rules::Relu> || std::same_as<R, rules::Sign> ||
                          std::same_as<R, rules::Floor> || std::same_as<R, rules::Maximum> || std::same_as<R, rules::Minimum> ||
                          std::same_as<R, rules::Where> || std::derived_from<R, rules::Relation>;

template <class R>
Tensor<double> operand(Draw& draw, const Shape& shape, Interval domain, int which) {
    return has_kink<R> ? draw.distinct(shape, which) : draw.uniform(shape, domain.low, domain.high);
}

template <class R>
Entry unary(Draw& draw) {
    Entry entry{std::string(R::name), {}};
    for (const Shape& shape : {Shape{}, Shape{1}, Shape{0}, Shape{3}, Shape{2, 3}, Shape{2, 0, 3}, Shape{2, 1, 3, 2}})
        entry.add(
            to_string(shape), {operand<R>(draw, shape, R::domain, 0)}, [](const auto& x) { return apply_unary(code_of<R>, x[0]); },
            [](const Operands<double>& x) { return built(x[0].shape(), [&](const Position& p) { return R::value(read(x[0], p)); }); });
    return entry;
}

template <class R>
Entry binary(Draw& draw) {
    Entry entry{std::string(R::name), {}};
    const std::vector<std::pair<Shape, Shape>> shapes{{{}, {}},         {{1}, {1}},          {{2, 3}, {2, 3}},
                                                      {{2, 3}, {3}},    {{}, {2, 3}},        {{2, 1}, {1, 3}},
                                                      {{0}, {1}},       {{2, 0}, {}},        {{2, 1, 3}, {3, 1}},
                                                      {{1, 3}, {2, 3}}, {{2}, {3, 2, 1, 2}}, {{1, 1}, {2}},
                                                      {{0, 3}, {1, 3}}, {{3, 0}, {3, 0}},    {{2, 1, 1, 3}, {1, 2, 2, 1}}};
    for (const auto& [a, b] : shapes) {
        Sample& sample = entry.add(
            to_string(a) + " and " + to_string(b), {operand<R>(draw, a, R::domain_a, 0), operand<R>(draw, b, R::domain_b, 1)},
            [](const auto& x) { return apply_binary(code_of<R>, x[0], x[1]); },
            [](const Operands<double>& x) {
                return built(broadcast_shape(x[0].shape(), x[1].shape()),
                             [&](const Position& p) { return R::value(read_broadcast(x[0], p), read_broadcast(x[1], p)); });
            });
        if (derivative(code_of<R>, 0) == "not defined") sample.first_differentiable = 1;
    }
    return entry;
}

template <class R>
Entry ternary(Draw& draw) {
    Entry entry{std::string(R::name), {}};
    const std::vector<std::array<Shape, 3>> shapes{{Shape{}, Shape{}, Shape{}},      {Shape{2, 3}, Shape{2, 3}, Shape{2, 3}},
                                                   {Shape{2, 3}, Shape{3}, Shape{}}, {Shape{2, 1}, Shape{1, 3}, Shape{1}},
                                                   {Shape{0}, Shape{}, Shape{1}},    {Shape{3}, Shape{2, 1}, Shape{2, 2, 1}}};
    for (const auto& [a, b, c] : shapes)
        entry.add(
            fmt::format("{}, {} and {}", to_string(a), to_string(b), to_string(c)),
            {operand<R>(draw, a, R::domain_a, 0), operand<R>(draw, b, R::domain_b, 1), operand<R>(draw, c, R::domain_c, 2)},
            [](const auto& x) { return apply_ternary(code_of<R>, x[0], x[1], x[2]); },
            [](const Operands<double>& x) {
                return built(broadcast_shape(broadcast_shape(x[0].shape(), x[1].shape()), x[2].shape()), [&](const Position& p) {
                    return R::value(read_broadcast(x[0], p), read_broadcast(x[1], p), read_broadcast(x[2], p));
                });
            });
    return entry;
}

void add_where(std::vector<Entry>& to, Draw& draw) {
    Entry entry{"where", {}};
    const Tensor<bool> square(Shape{2, 3}, {true, false, true, false, false, true}), row(Shape{3}, {false, true, true}), one(true),
        column(Shape{2, 1}, {false, true});
    const std::vector<std::tuple<Tensor<bool>, Shape, Shape>> cases{{square, {2, 3}, {2, 3}},
                                                                    {square, {3}, {}},
                                                                    {row, {2, 3}, {1, 3}},
                                                                    {one, {2}, {2}},
                                                                    {one, {}, {}},
                                                                    {column, {3}, {1}},
                                                                    {Tensor<bool>::full({0}, true), {1}, {}}};
    for (const auto& [c, a, b] : cases)
        entry.add(
            fmt::format("{} ? {} : {}", to_string(c.shape()), to_string(a), to_string(b)), {draw.uniform(a), draw.uniform(b)},
            [c = c](const auto& x) { return where(c, x[0], x[1]); },
            [c = c](const Operands<double>& x) {
                return built(broadcast_shape(broadcast_shape(x[0].shape(), x[1].shape()), c.shape()),
                             [&](const Position& p) { return read_broadcast(c, p) ? read_broadcast(x[0], p) : read_broadcast(x[1], p); });
            });
    to.push_back(std::move(entry));
}

}  // namespace

void add_elementwise(std::vector<Entry>& to) {
    Draw draw(101);
    rules::for_each<rules::Unary>([&]<class R>(R) { to.push_back(unary<R>(draw)); });
    rules::for_each<rules::Binary>([&]<class R>(R) { to.push_back(binary<R>(draw)); });
    rules::for_each<rules::Ternary>([&]<class R>(R) { to.push_back(ternary<R>(draw)); });
    add_where(to, draw);

    Entry cast_there_and_back{"cast", {}};
    for (const Shape& shape : {Shape{}, Shape{0}, Shape{2, 3}}) {
        Sample& sample = cast_there_and_back.add(
            to_string(shape), {draw.distinct(shape)},
            [](const auto& x) {
                using T = typename std::remove_cvref_t<decltype(x[0])>::value_type;
                using Other = std::conditional_t<std::same_as<T, double>, float, double>;
                return cast<T>(cast<Other>(x[0]));
            },
            [](const Operands<double>& x) { return x[0]; });
        sample.steps = true;
    }
    to.push_back(std::move(cast_there_and_back));
}

}  // namespace registry

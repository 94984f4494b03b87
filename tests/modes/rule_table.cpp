// SPDX-License-Identifier: MIT
// The table of rules: everything that is instantiated once for each of them.
#include "tests/modes/rule_table.hpp"

#include <cmath>
#include <concepts>
#include <utility>

namespace modes {

namespace {

using namespace autodiff;

/// T for N = 0, Dual<T> for N = 1, Dual<Dual<T>> for N = 2 ...
template <class T, std::size_t N>
struct NestedDual {
    using type = Dual<typename NestedDual<T, N - 1>::type>;
};
template <class T>
struct NestedDual<T, 0> {
    using type = T;
};
template <class T, std::size_t N>
using Nested = typename NestedDual<T, N>::type;

/// x + v_1 eps_1 + ... + v_N eps_N for one operand
template <class T, std::size_t N>
Nested<T, N> seeded(double x, std::span<const Operands> along, std::size_t operand) {
    if constexpr (N == 0)
        return static_cast<T>(x);
    else
        return {seeded<T, N - 1>(x, along.first(N - 1), operand), Nested<T, N - 1>(static_cast<T>(along[N - 1][operand]))};
}
/// The coefficient of eps_1 ... eps_N
template <class T, std::size_t N>
T mixed(const Nested<T, N>& y) {
    if constexpr (N == 0)
        return y;
    else
        return mixed<T, N - 1>(y.tangent);
}

/// y = R(x), spelled as programs do.
template <class R, class... X>
auto spelled(X&&... x) {
    if constexpr (std::same_as<R, rules::Add>)
        return (std::forward<X>(x) + ...);
    else if constexpr (std::same_as<R, rules::Sub>)
        return (std::forward<X>(x) - ...);
    else if constexpr (std::same_as<R, rules::Mul>)
        return (std::forward<X>(x) * ...);
    else if constexpr (std::same_as<R, rules::Div>)
        return (std::forward<X>(x) / ...);
    else if constexpr (std::same_as<R, rules::Neg>)
        return (-std::forward<X>(x), ...);
    else
        return apply(R{}, std::forward<X>(x)...);
}

template <class R>
constexpr std::size_t arity_of = static_cast<std::size_t>(arity(code_of<R>));

/// R of an array of operands of any number type.
template <class R, class X>
auto called(const X* x) {
    if constexpr (std::floating_point<X>) {
        if constexpr (arity_of<R> == 1)
            return R::value(x[0]);
        else if constexpr (arity_of<R> == 2)
            return R::value(x[0], x[1]);
        else
            return R::value(x[0], x[1], x[2]);
    } else {
        if constexpr (arity_of<R> == 1)
            return spelled<R>(x[0]);
        else if constexpr (arity_of<R> == 2)
            return spelled<R>(x[0], x[1]);
        else
            return spelled<R>(x[0], x[1], x[2]);
    }
}

template <class R, class T, std::size_t N>
T derivative_along(const Operands& x, std::span<const Operands> along) {
    std::array<Nested<T, N>, 3> operands;
    for (std::size_t k = 0; k < 3; ++k) operands[k] = seeded<T, N>(x[k], along, k);
    return mixed<T, N>(called<R>(operands.data()));
}
template <class R, class T>
T derivative_of(const Operands& x, std::span<const Operands> along) {
    switch (along.size()) {
    case 0:
        return derivative_along<R, T, 0>(x, along);
    case 1:
        return derivative_along<R, T, 1>(x, along);
    case 2:
        return derivative_along<R, T, 2>(x, along);
    default:
        return derivative_along<R, T, 3>(x, along);
    }
}

template <class R>
Scalar scalars(const std::array<Scalar*, 3>& x, Temporary which) {
    if constexpr (arity_of<R> == 1) {
        return which == Temporary::none ? spelled<R>(std::as_const(*x[0])) : spelled<R>(std::move(*x[0]));
    } else if constexpr (arity_of<R> == 2) {
        switch (which) {
        case Temporary::none:
            return spelled<R>(std::as_const(*x[0]), std::as_const(*x[1]));
        case Temporary::first:
            return spelled<R>(std::move(*x[0]), std::as_const(*x[1]));
        default:
            return spelled<R>(std::move(*x[0]), std::move(*x[1]));
        }
    } else {
        return which == Temporary::all ? spelled<R>(std::move(*x[0]), std::move(*x[1]), std::move(*x[2]))
                                       : spelled<R>(std::as_const(*x[0]), std::as_const(*x[1]), std::as_const(*x[2]));
    }
}

template <class R>
Rule rule() {
    Rule r{R::name,
           code_of<R>,
           arity_of<R>,
           {},
           {},
           [](const Operands& x) { return called<R>(x.data()); },
           derivative_of<R, double>,
           derivative_of<R, long double>,
           scalars<R>,
           nullptr,
           nullptr,
           called<R, Dual2>};
    for (std::size_t k = 0; k < r.arity; ++k) r.differentiable[k] = derivative(code_of<R>, k) != "not defined";
    if constexpr (arity_of<R> == 1) {
        r.domain[0] = R::domain;
    } else {
        r.domain[0] = R::domain_a, r.domain[1] = R::domain_b;
        if constexpr (arity_of<R> == 3) r.domain[2] = R::domain_c;
    }
    if constexpr (arity_of<R> == 2) {
        r.with_number = [](const Scalar& a, double b) { return spelled<R>(a, b); };
        r.number_with = [](double a, const Scalar& b) { return spelled<R>(a, b); };
    }
    return r;
}

}  // namespace

const std::vector<Rule>& rule_table() {
    static const std::vector<Rule> table = [] {
        std::vector<Rule> list;
        rules::for_each<rules::All>([&list]<class R>(R) { list.push_back(rule<R>()); });
        return list;
    }();
    return table;
}

bool Rule::near_a_kink(const Operands& x, double margin) const {
    if (code == code_of<rules::Abs> || code == code_of<rules::Relu> || code == code_of<rules::Sign>) return std::abs(x[0]) < margin;
    if (code == code_of<rules::Floor>) return std::abs(x[0] - std::round(x[0])) < margin;
    const bool compares = code == code_of<rules::Less> || code == code_of<rules::LessEqual> || code == code_of<rules::Equal> ||
                          code == code_of<rules::NotEqual>;
    if (compares || code == code_of<rules::Maximum> || code == code_of<rules::Minimum>) return std::abs(x[0] - x[1]) < margin;
    // The first operand of the others chooses: at 0 they are what no difference sees.
    if (code == code_of<rules::Where> || code == code_of<rules::ChainProduct> || code == code_of<rules::ChainSum> ||
        code == code_of<rules::Through>)
        return std::abs(x[0]) < margin;
    return false;
}

std::vector<Operands> points_of(const Rule& rule, std::mt19937_64& random, int how_many) {
    std::vector<Operands> points;
    const auto add = [&](const Operands& x) {
        if (!rule.near_a_kink(x)) points.push_back(x);
    };
    const auto drawn = [&] {
        Operands x{};
        for (std::size_t k = 0; k < rule.arity; ++k)
            x[k] = std::uniform_real_distribution<double>(rule.domain[k].low, rule.domain[k].high)(random);
        return x;
    };
    for (std::size_t k = 0; k < rule.arity; ++k)
        for (const double special : {rule.domain[k].low, rule.domain[k].high, -2.0, -1.0, -0.5, 0.0, 0.5, 1.0, 2.0, 3.0}) {
            Operands x = drawn();
            x[k] = special;
            if (special >= rule.domain[k].low && special <= rule.domain[k].high) add(x);
        }
    for (std::size_t special = points.size(); points.size() < special + static_cast<std::size_t>(how_many);) add(drawn());
    return points;
}

Operands direction_for(const Rule& rule, std::mt19937_64& random) {
    Operands v{};
    for (std::size_t k = 0; k < rule.arity; ++k) {
        const double drawn = std::uniform_real_distribution<double>(0.25, 1)(random);
        v[k] = !rule.differentiable[k] ? 0 : random() % 2 == 0 ? drawn : -drawn;
    }
    return v;
}

}  // namespace modes

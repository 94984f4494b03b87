// SPDX-License-Identifier: MIT
// Assembling: folding, reuse, identities, removal of what is dead.
#include "autodiff/program/program.hpp"

#include "autodiff/node.hpp"
#include "autodiff/scalar.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <fmt/format.h>

namespace autodiff {
inline namespace v1 {
namespace program {

namespace {

bool is_comparison(Operation o) {
    return o == code_of<rules::Less> || o == code_of<rules::LessEqual> || o == code_of<rules::Equal> || o == code_of<rules::NotEqual>;
}

}  // namespace

// Assembler ---------------------------------------------------------------------------------------------------------------------------

std::size_t Assembler::Hash::operator()(const Instruction& i) const noexcept {
    std::uint64_t h = static_cast<std::uint64_t>(i.operation);
    for (const Value v : i.x) h = (h ^ static_cast<std::uint32_t>(v)) * 0x9e3779b97f4a7c15u, h ^= h >> 29;
    return static_cast<std::size_t>(h);
}

Value Assembler::constant(double c) {
    const auto [at, is_new] = constants_.try_emplace(std::bit_cast<std::uint64_t>(c));
    if (is_new) {
        at->second = Value{constant_bit | static_cast<std::uint32_t>(program_.constants.size())};
        program_.constants.push_back(c);
    }
    return at->second;
}

/// Whether v can only be a finite number: then 0 * v is 0, and a product with it needs no guard against 0 * inf.
bool Assembler::finite(Value v) const {
    if (is_constant(v)) return std::isfinite(program_.constant(v));
    const Instruction* const maker = program_.maker_of(v);
    if (maker == nullptr) return false;
    if (is_comparison(maker->operation)) return true;
    return maker->operation == code_of<rules::Where> && is_constant(maker->x[1]) && is_constant(maker->x[2]) && finite(maker->x[1]) &&
           finite(maker->x[2]);
}

/// Where v is c ? 1 : 0 (or c ? 0 : 1), the c; a product with it is a choice.
const Instruction* Assembler::mask(Value v, bool& inverted) const {
    const Instruction* const maker = program_.maker_of(v);
    if (maker == nullptr || maker->operation != code_of<rules::Where>) return nullptr;
    inverted = equals(maker->x[1], 0) && equals(maker->x[2], 1);
    return inverted || (equals(maker->x[1], 1) && equals(maker->x[2], 0)) ? maker : nullptr;
}

bool Assembler::fold(Operation operation, const std::array<Value, 3>& x, Value& y) {
    const auto n = static_cast<std::size_t>(arity(operation));
    for (std::size_t k = 0; k < n; ++k)
        if (!is_constant(x[k])) return false;
    const auto c = [&](std::size_t k) { return program_.constant(x[k]); };
    y = constant(visit(operation, [&]<class R>(R) -> double {
        if constexpr (rules::UnaryRule<R>)
            return R::value(c(0));
        else if constexpr (rules::BinaryRule<R>)
            return R::value(c(0), c(1));
        else
            return R::value(c(0), c(1), c(2));
    }));
    return true;
}

/// Identities that hold for every number, the sign of a zero apart. true: the result is y; false: operation and x may have become simpler.
bool Assembler::simplify(Operation& operation, std::array<Value, 3>& x, Value& y) {
    using namespace rules;
    const auto become = [&](Operation o, Value a, Value b = {}) { operation = o, x = {a, b, Value{}}; };
    const auto is = [&](Value v) { return y = v, true; };
    // The products of the sweep are plain ones where nothing can be 0 * inf.
    if (operation == code_of<ChainSum>) {
        if (equals(x[2], 0)) {
            become(code_of<ChainProduct>, x[0], x[1]);
        } else if (equals(x[1], 1)) {
            become(code_of<Add>, x[2], x[0]);
        } else if (equals(x[1], -1)) {
            become(code_of<Sub>, x[2], x[0]);
        } else if (bool inverted = false; mask(x[1], inverted) != nullptr || finite(x[1]) || (is_constant(x[0]) && !equals(x[0], 0))) {
            const Value product = append(code_of<ChainProduct>, {x[0], x[1], Value{}});
            become(code_of<Add>, x[2], product);
        }
    }
    if (operation == code_of<ChainProduct>) {
        bool inverted = false;
        if (const Instruction* const m = mask(x[1], inverted)) {
            const Value zero = constant(0);
            operation = code_of<Where>;
            x = {m->x[0], inverted ? zero : x[0], inverted ? x[0] : zero};
        }
    }
    if (operation == code_of<ChainProduct> && (finite(x[1]) || (is_constant(x[0]) && !equals(x[0], 0)))) operation = code_of<Mul>;
    if (operation == code_of<Through> && (finite(x[1]) || (is_constant(x[0]) && !equals(x[0], 0)))) return is(x[1]);
    if (operation == code_of<Where>) {
        if (is_constant(x[0])) return is(equals(x[0], 0) ? x[2] : x[1]);
        if (x[1] == x[2]) return is(x[1]);
    }
    if (operation == code_of<Mul>) {
        if (equals(x[0], 1)) return is(x[1]);
        if (equals(x[1], 1)) return is(x[0]);
        if (equals(x[0], -1)) become(code_of<Neg>, x[1]);
        if (operation == code_of<Mul> && equals(x[1], -1)) become(code_of<Neg>, x[0]);
    }
    if (operation == code_of<Div>) {
        if (equals(x[1], 1)) return is(x[0]);
        // -y / b of a y = a / b, the derivative by b, where 1 / b, the derivative by a, is at hand.
        if (const Instruction* neg = program_.maker_of(x[0]); neg != nullptr && neg->operation == code_of<Neg>)
            if (const Instruction* div = program_.maker_of(neg->x[0]);
                div != nullptr && div->operation == code_of<Div> && div->x[1] == x[1])
                if (const auto known = known_.find({code_of<Div>, {constant(1), x[1], Value{}}}); known != known_.end())
                    become(code_of<Mul>, x[0], known->second);
    }
    if (operation == code_of<NotEqual> && equals(x[1], 0))
        if (const Instruction* c = program_.maker_of(x[0]); c != nullptr && is_comparison(c->operation)) return is(x[0]);
    if (operation == code_of<Add>) {
        if (equals(x[0], 0)) return is(x[1]);
        if (equals(x[1], 0)) return is(x[0]);
    }
    if (operation == code_of<Sub>) {
        if (equals(x[1], 0)) return is(x[0]);
        if (equals(x[0], 0)) become(code_of<Neg>, x[1]);
    }
    if (operation == code_of<Neg>)
        if (const Instruction* inner = program_.maker_of(x[0]); inner != nullptr && inner->operation == code_of<Neg>)
            return is(inner->x[0]);
    // One order for what has none, so that a * b is found again as b * a.
    if ((operation == code_of<Add> || operation == code_of<Mul> || operation == code_of<Equal> || operation == code_of<NotEqual>)&&x[1] <
        x[0])
        std::swap(x[0], x[1]);
    return false;
}

Value Assembler::append(Operation operation, std::array<Value, 3> x) {
    for (auto k = static_cast<std::size_t>(arity(operation)); k < 3; ++k) x[k] = Value{};
    Value y{};
    if (fold(operation, x, y) || simplify(operation, x, y)) return y;
    const Instruction instruction{operation, x};
    const auto [at, is_new] = known_.try_emplace(instruction, Value{program_.values()});
    if (is_new) program_.code.push_back(instruction);
    return at->second;
}

Program Assembler::finish(std::span<const Value> outputs, std::span<const Guard> guards) && {
    Program live;
    live.inputs = program_.inputs;
    std::vector<bool> needed(program_.values(), false), constant_needed(program_.constants.size(), false);
    const auto need = [&](Value v) { (is_constant(v) ? constant_needed : needed)[index_of(v)] = true; };
    for (const Value v : outputs) need(v);
    for (const Guard& guard : guards)
        if (!is_constant(guard.condition)) need(guard.condition);
    for (std::size_t k = program_.code.size(); k-- > 0;)
        if (needed[program_.inputs + k])
            for (std::size_t x = 0; x < operands(program_.code[k]); ++x) need(program_.code[k].x[x]);

    std::vector<Value> moved(program_.values()), constant_moved(program_.constants.size());
    const auto now = [&](Value v) { return (is_constant(v) ? constant_moved : moved)[index_of(v)]; };
    for (std::uint32_t k = 0; k < program_.inputs; ++k) moved[k] = Value{k};
    for (std::size_t k = 0; k < program_.constants.size(); ++k)
        if (constant_needed[k]) {
            constant_moved[k] = Value{constant_bit | static_cast<std::uint32_t>(live.constants.size())};
            live.constants.push_back(program_.constants[k]);
        }
    for (std::size_t k = 0; k < program_.code.size(); ++k)
        if (needed[program_.inputs + k]) {
            moved[program_.inputs + k] = Value{live.values()};
            Instruction i = program_.code[k];
            for (std::size_t x = 0; x < operands(i); ++x) i.x[x] = now(i.x[x]);
            live.code.push_back(i);
        }
    for (const Value v : outputs) live.outputs.push_back(now(v));
    for (const Guard& guard : guards) {
        if (is_constant(guard.condition)) continue;
        const Guard g{now(guard.condition), guard.holds, guard.place};
        const auto same = [&g](const Guard& other) { return other.condition == g.condition && other.holds == g.holds; };
        if (live.guards.empty() ||
            std::none_of(live.guards.end() - std::min<std::ptrdiff_t>(8, std::ssize(live.guards)), live.guards.end(), same))
            live.guards.push_back(g);
    }
    return live;
}

}  // namespace program
}  // namespace v1
}  // namespace autodiff

// SPDX-License-Identifier: MIT
/// The first half of a plan: what is computed once and what at each point, what is added up in one step, where each output leaves. The
/// operands are still values of the program; plan.cpp gives them their places.
#pragma once

#include "autodiff/program/plan.hpp"

#include <algorithm>

namespace autodiff {
inline namespace v1 {
namespace program {

/// A sum is cut into steps of at most so many terms: their operands have to stay alive until it is computed.
inline constexpr std::size_t most_terms = 24;
struct DraftTerm {
    Value a{}, b{};
    Term::Kind kind = Term::Kind::plus;
};

inline constexpr std::uint32_t none = 0xffffffffu;

/// A step whose operands are still values.
struct Draft {
    enum class Kind : std::uint8_t { rule, sum, deliver, sum_over_points } kind = Kind::rule;
    Operation operation{};
    std::uint32_t to = none;  // a column or a sum over points
    Value y{};                // else: the value computed
    std::array<Value, 3> x{};
    std::uint32_t terms = 0, count = 0;
};

class Drafter {
  public:
    Drafter(const Program& program, const std::vector<bool>& shared, std::span<const Delivery> deliveries)
        : program_(program),
          uniform_(program.values(), false),
          uses_(program.values(), 0),
          sum_of_(program.values(), none),
          taken_(program.values(), false),
          sums_for_(program.values(), none) {
        classify(shared);
        for (std::size_t k = 0; k < deliveries.size(); ++k) add_output(program.outputs[k], deliveries[k]);
        for (std::size_t k = 0; k < program.code.size(); ++k) gather(Value{program.inputs + static_cast<std::uint32_t>(k)});
        take_for_sums();
        for (std::uint32_t k = 0; k < outputs.size(); ++k)
            if (!outputs[k].uniform && sums_for_[index_of(outputs[k].value)] == none) in_order_.push_back(k);
        std::stable_sort(in_order_.begin(), in_order_.end(), [this](auto a, auto b) { return outputs[a].value < outputs[b].value; });
        for (std::uint32_t v = 0; v < program.values(); ++v) emit(Value{v});
    }

    [[nodiscard]] bool uniform(Value v) const { return is_constant(v) || uniform_[index_of(v)]; }

    struct Output {
        Delivery delivery;
        bool uniform;
        Value value;
        std::uint32_t place;
    };
    std::vector<Draft> prologue, main;
    std::vector<DraftTerm> terms;
    std::vector<Output> outputs;
    std::uint32_t columns = 0, sums = 0;

  private:
    using Sum = std::vector<DraftTerm>;

    void classify(const std::vector<bool>& shared) {
        for (std::uint32_t k = 0; k < program_.inputs; ++k) uniform_[k] = shared[k];
        for (std::uint32_t k = 0; k < program_.code.size(); ++k) {
            const Instruction& i = program_.code[k];
            bool all = true;
            for (std::size_t x = 0; x < operands(i); ++x) {
                all = all && uniform(i.x[x]);
                if (!is_constant(i.x[x])) ++uses_[index_of(i.x[x])];
            }
            uniform_[program_.inputs + k] = all;
        }
    }

    void add_output(Value v, Delivery delivery) {
        if (!is_constant(v)) ++uses_[index_of(v)];
        const bool once = uniform(v);
        outputs.push_back({delivery, once, v, delivery == Delivery::each ? columns++ : sums++});
    }

    /// Whether the value may disappear into a step of its only user.
    [[nodiscard]] bool can_be_taken(Value v, bool into_uniform) const {
        return program_.maker_of(v) != nullptr && uses_[index_of(v)] == 1 && uniform(v) == into_uniform && !taken_[index_of(v)];
    }
    /// v as one term: a product that nobody else needs is computed on the way.
    DraftTerm term(Value v, bool minus, bool into_uniform) {
        const auto plain = minus ? Term::Kind::minus : Term::Kind::plus;
        if (!can_be_taken(v, into_uniform)) return {v, v, plain};
        const Instruction& i = *program_.maker_of(v);
        if (i.operation == code_of<rules::Mul> || i.operation == code_of<rules::ChainProduct>) {
            taken_[index_of(v)] = true;
            return product(i.x[0], i.x[1], i.operation == code_of<rules::ChainProduct>, minus);
        }
        if (i.operation == code_of<rules::Neg>) {
            taken_[index_of(v)] = true;
            return {i.x[0], i.x[0], minus ? Term::Kind::plus : Term::Kind::minus};
        }
        return {v, v, plain};
    }
    /// a b as a term; a sign in a factor becomes the term's.
    DraftTerm product(Value a, Value b, bool chain, bool minus) {
        for (Value* factor : {&a, &b})
            if (const Instruction* i = program_.maker_of(*factor);
                i != nullptr && i->operation == code_of<rules::Neg> && !taken_[index_of(*factor)]) {
                --uses_[index_of(*factor)];
                *factor = i->x[0], minus = !minus;
                if (!is_constant(*factor)) ++uses_[index_of(*factor)];
            }
        if (chain) return {a, b, minus ? Term::Kind::minus_chain : Term::Kind::chain};
        return {a, b, minus ? Term::Kind::minus_product : Term::Kind::product};
    }
    /// The sum that v is, if it can grow in its user; else v as its only term.
    Sum beginning(Value v, bool into_uniform) {
        if (has_sum(v, into_uniform)) {
            taken_[index_of(v)] = true;
            return std::move(sum_[sum_of_[index_of(v)]]);
        }
        return {term(v, false, into_uniform)};
    }
    [[nodiscard]] bool has_sum(Value v, bool into_uniform) const {
        return can_be_taken(v, into_uniform) && sum_of_[index_of(v)] != none && sum_[sum_of_[index_of(v)]].size() < most_terms;
    }

    /// If v is a sum, collects its terms, in the order in which the program adds them.
    void gather(Value v) {
        const Instruction& i = *program_.maker_of(v);
        const bool once = uniform(v);
        Sum sum;
        if (i.operation == code_of<rules::Add>) {
            const bool exchange = !has_sum(i.x[0], once) && has_sum(i.x[1], once);
            sum = beginning(i.x[exchange ? 1 : 0], once);
            sum.push_back(term(i.x[exchange ? 0 : 1], false, once));
        } else if (i.operation == code_of<rules::Sub>) {
            sum = beginning(i.x[0], once);
            sum.push_back(term(i.x[1], true, once));
        } else if (i.operation == code_of<rules::ChainSum>) {
            sum = beginning(i.x[2], once);
            sum.push_back(product(i.x[0], i.x[1], true, false));
        } else {
            return;
        }
        sum_of_[index_of(v)] = static_cast<std::uint32_t>(sum_.size());
        sum_.push_back(std::move(sum));
    }

    /// Outputs that are summed over points take what only they need.
    void take_for_sums() {
        for (std::uint32_t k = 0; k < outputs.size(); ++k) {
            const Output& output = outputs[k];
            if (output.uniform || output.delivery == Delivery::each) continue;
            const Value v = output.value;
            if (!can_be_taken(v, false)) continue;
            Sum sum = beginning(v, false);
            if (!taken_[index_of(v)]) continue;
            sums_for_[index_of(v)] = output.place;
            sum_of_[index_of(v)] = static_cast<std::uint32_t>(sum_.size());
            sum_.push_back(std::move(sum));
        }
    }

    void append_terms(Draft& draft, const Sum& sum) {
        draft.terms = static_cast<std::uint32_t>(terms.size()), draft.count = static_cast<std::uint32_t>(sum.size());
        terms.insert(terms.end(), sum.begin(), sum.end());
    }

    void emit(Value v) {
        const std::uint32_t k = index_of(v);
        if (sums_for_[k] != none) {
            Draft draft{Draft::Kind::sum_over_points};
            draft.to = sums_for_[k];
            append_terms(draft, sum_[sum_of_[k]]);
            main.push_back(draft);
            return;
        }
        if (taken_[k] || (uses_[k] == 0 && k >= program_.inputs)) return;  // part of another step, or of no use any more
        if (const Instruction* i = program_.maker_of(v)) {
            Draft draft;
            draft.y = v;
            if (sum_of_[k] != none) {
                draft.kind = Draft::Kind::sum;
                append_terms(draft, sum_[sum_of_[k]]);
            } else {
                draft.operation = i->operation, draft.x = i->x;
                for (std::size_t x = operands(*i); x < 3; ++x) draft.x[x] = i->x[0];
            }
            // What only one output needs goes to its column at once.
            if (next_output_ < in_order_.size() && uses_[k] == 1)
                if (const Output& output = outputs[in_order_[next_output_]]; output.value == v && output.delivery == Delivery::each)
                    draft.to = output.place, ++next_output_;
            (uniform(v) ? prologue : main).push_back(draft);
        }
        if (!uniform(v)) deliver(v);
    }

    void deliver(Value v) {
        for (; next_output_ < in_order_.size() && outputs[in_order_[next_output_]].value == v; ++next_output_) {
            const Output& output = outputs[in_order_[next_output_]];
            Draft draft{output.delivery == Delivery::each ? Draft::Kind::deliver : Draft::Kind::sum_over_points};
            draft.to = output.place;
            draft.x = {v, v, v};
            if (draft.kind == Draft::Kind::sum_over_points) append_terms(draft, {{v, v, Term::Kind::plus}});
            main.push_back(draft);
        }
    }

    const Program& program_;
    std::vector<bool> uniform_;
    std::vector<std::uint32_t> uses_;
    std::vector<Sum> sum_;
    std::vector<std::uint32_t> sum_of_;  // per value: its sum
    std::vector<bool> taken_;            // per value: computed inside its user's step
    std::vector<std::uint32_t> sums_for_;
    std::vector<std::uint32_t> in_order_;  // varying outputs that no step has taken, by value
    std::size_t next_output_ = 0;
};

}  // namespace program
}  // namespace v1
}  // namespace autodiff

// SPDX-License-Identifier: MIT
// From a program to steps: what is computed once, what is added up in one step, where each value is kept.
#include "autodiff/function/plan.hpp"

#include <algorithm>

namespace autodiff {
inline namespace v1 {
namespace function {

namespace {

/// A sum is cut into steps of at most so many terms: their operands have to stay alive until it is computed.
constexpr std::size_t most_terms = 24;
/// What a block may keep: half a usual first-level cache, else a part of the second level.
constexpr std::size_t small_block = 32 * 1024, large_block = 1024 * 1024;

struct DraftTerm {
    Value a{}, b{};
    Term::Kind kind = Term::Kind::plus;
};

constexpr std::uint32_t none = 0xffffffffu;

/// A step whose operands are still values.
struct Draft {
    enum class Kind : std::uint8_t { rule, sum, deliver, sum_over_points } kind = Kind::rule;
    Operation operation{};
    std::uint32_t to = none;       // a column or a sum over points
    Value y{};                     // else: the value computed
    std::array<Value, 3> x{};
    std::uint32_t terms = 0, count = 0;
};

class Drafter {
  public:
    Drafter(const Program& program, const std::vector<bool>& shared, std::span<const Delivery> deliveries)
        : program_(program), uniform_(program.values(), false), uses_(program.values(), 0), sum_of_(program.values(), none),
          taken_(program.values(), false), sums_for_(program.values(), none) {
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
            if (const Instruction* i = program_.maker_of(*factor); i != nullptr && i->operation == code_of<rules::Neg> && !taken_[index_of(*factor)]) {
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

/// Slots for values of one list of steps: a value gives its slot back after its last use, and the next one takes it.
class Slots {
  public:
    explicit Slots(std::size_t values) : last_(values, 0), place_(values, none) {}
    void use(Value v, std::uint32_t step) { last_[index_of(v)] = std::max(last_[index_of(v)], step + 1); }
    void keep(Value v) { last_[index_of(v)] = none; }
    std::uint32_t take(Value v) {
        std::uint32_t place = count_;
        if (free_.empty())
            ++count_;
        else
            place = free_.back(), free_.pop_back();
        return place_[index_of(v)] = place;
    }
    void release_after(Value v, std::uint32_t step) {
        if (last_[index_of(v)] != step + 1) return;
        last_[index_of(v)] = 0;  // once, also if the step names it twice
        free_.push_back(place_[index_of(v)]);
    }
    [[nodiscard]] bool used(Value v) const { return last_[index_of(v)] != 0; }
    [[nodiscard]] std::uint32_t place(Value v) const { return place_[index_of(v)]; }
    [[nodiscard]] std::uint32_t count() const noexcept { return count_; }

  private:
    std::vector<std::uint32_t> last_, place_;
    std::vector<std::uint32_t> free_;
    std::uint32_t count_ = 0;
};

template <class F>
void for_each_operand(const Draft& draft, const std::vector<DraftTerm>& terms, const F& f) {
    if (draft.count == 0) {
        for (const Value v : draft.x) f(v);
    } else {
        for (std::uint32_t t = draft.terms; t < draft.terms + draft.count; ++t) f(terms[t].a), f(terms[t].b);
    }
}

template <class T>
Kernel<T> kernel_of(const Draft& draft, const LaneKernels<T>& kernels) {
    switch (draft.kind) {
    case Draft::Kind::sum:
        return kernels.sum;
    case Draft::Kind::deliver:
        return kernels.deliver;
    case Draft::Kind::sum_over_points:
        return kernels.sum_over_points;
    case Draft::Kind::rule:
        break;
    }
    return kernels.of_rule[static_cast<std::size_t>(draft.operation)];
}

}  // namespace

template <class T>
Plan<T> make_plan(const Program& program, const std::vector<bool>& shared, std::span<const Delivery> deliveries) {
    const Drafter drafter(program, shared, deliveries);
    Plan<T> plan;
    plan.lanes = &lane_kernels<T>();
    plan.columns = drafter.columns, plan.sums = drafter.sums;

    // The prologue: constants and shared inputs keep their slots, results that the main steps or the user read do too.
    Slots scalars(program.values());
    std::vector<std::uint32_t> constant_place(program.constants.size(), none);
    std::uint32_t fixed = 0;
    for (std::uint32_t k = 0; k < program.inputs; ++k)
        if (shared[k]) {
            plan.shared.push_back({k, fixed++});
            scalars.keep(Value{k}), scalars.take(Value{k});
        }
    std::vector<bool> constant_read(program.constants.size(), false);
    const auto read = [&](Value v) {
        if (is_constant(v))
            constant_read[index_of(v)] = true;
        else if (drafter.uniform(v))
            scalars.keep(v);
    };
    for (std::uint32_t s = 0; s < drafter.prologue.size(); ++s)
        for_each_operand(drafter.prologue[s], drafter.terms, [&](Value v) {
            if (is_constant(v))
                constant_read[index_of(v)] = true;
            else if (scalars.place(v) == none)
                scalars.use(v, s);
        });
    for (const Draft& draft : drafter.main) for_each_operand(draft, drafter.terms, read);
    for (const auto& output : drafter.outputs) read(output.value);
    for (std::uint32_t k = 0; k < program.constants.size(); ++k)
        if (constant_read[k]) {
            constant_place[k] = fixed++;
            plan.constants.emplace_back(static_cast<T>(program.constants[k]), constant_place[k]);
        }
    const std::uint32_t inputs = static_cast<std::uint32_t>(plan.shared.size()), constants = fixed - inputs;
    // Shared inputs were taken first, so results are numbered on after them; the constants stand in between.
    const auto scalar_place = [&](Value v) {
        if (is_constant(v)) return constant_place[index_of(v)];
        const std::uint32_t place = scalars.place(v);
        return place < inputs ? place : place + constants;
    };
    const auto finish = [&](Steps<T>& steps, const Draft& draft, std::uint32_t y, const LaneKernels<T>& kernels, const auto& place) {
        Step<T> step{kernel_of(draft, kernels), y, 0, 0, 0};
        if (draft.count == 0) {
            step.a = place(draft.x[0]), step.b = place(draft.x[1]), step.c = place(draft.x[2]);
        } else {
            step.a = static_cast<std::uint32_t>(steps.terms.size()), step.b = draft.count;
            for (std::uint32_t t = draft.terms; t < draft.terms + draft.count; ++t)
                steps.terms.push_back({place(drafter.terms[t].a), place(drafter.terms[t].b), drafter.terms[t].kind});
        }
        steps.steps.push_back(step);
    };
    for (std::uint32_t s = 0; s < drafter.prologue.size(); ++s) {
        const Draft& draft = drafter.prologue[s];
        for_each_operand(draft, drafter.terms, [&](Value v) {
            if (!is_constant(v)) scalars.release_after(v, s);
        });
        scalars.take(draft.y);
        finish(plan.prologue, draft, scalar_place(draft.y), scalar_kernels<T>(), scalar_place);
    }
    plan.prologue.slots = scalars.count() + constants;

    // The main steps: vectors of what is uniform first, then the slots, then the sums.
    Slots slots(program.values());
    std::vector<std::uint32_t> vector_of(program.values(), none), vector_of_constant(program.constants.size(), none);
    std::uint32_t vectors = 0;
    for (std::uint32_t s = 0; s < drafter.main.size(); ++s)
        for_each_operand(drafter.main[s], drafter.terms, [&](Value v) {
            if (!drafter.uniform(v)) return slots.use(v, s);
            std::uint32_t& place = (is_constant(v) ? vector_of_constant : vector_of)[index_of(v)];
            if (place != none) return;
            place = vectors++;
            plan.spread.push_back({scalar_place(v), place});
        });
    // Slots are counted in blocks while they are handed out; how wide a block may be follows from their number.
    std::vector<std::uint32_t> y_of(drafter.main.size());
    std::vector<std::uint32_t> x_of;  // per operand, in the order of for_each_operand
    for (std::uint32_t k = 0; k < program.inputs; ++k)
        if (!shared[k] && slots.used(Value{k})) plan.varying.push_back({k, slots.take(Value{k})});
    for (std::uint32_t s = 0; s < drafter.main.size(); ++s) {
        const Draft& draft = drafter.main[s];
        for_each_operand(draft, drafter.terms, [&](Value v) { x_of.push_back(drafter.uniform(v) ? 0 : slots.place(v)); });
        for_each_operand(draft, drafter.terms, [&](Value v) {
            if (!drafter.uniform(v)) slots.release_after(v, s);
        });
        y_of[s] = draft.to == none ? slots.take(draft.y) : draft.to;
    }
    plan.main.slots = slots.count();
    const std::size_t vector_bytes = plan.lanes->size * sizeof(T);
    plan.vectors = 8;
    while (plan.vectors > 4 && plan.main.slots * plan.vectors * vector_bytes > small_block) plan.vectors /= 2;
    while (plan.vectors > 1 && plan.main.slots * plan.vectors * vector_bytes > large_block) plan.vectors /= 2;
    plan.first_sum = vectors + plan.main.slots * plan.vectors;
    plan.width = plan.first_sum + plan.sums;
    for (auto& load : plan.varying) load.place = vectors + load.place * plan.vectors;
    std::size_t operand = 0;
    for (std::uint32_t s = 0; s < drafter.main.size(); ++s) {
        const Draft& draft = drafter.main[s];
        std::uint32_t y = y_of[s];
        if (draft.kind == Draft::Kind::sum_over_points)
            y += plan.first_sum;
        else
            y = draft.to == none ? vectors + y * plan.vectors : to_column | y;
        finish(plan.main, draft, y, *plan.lanes, [&](Value v) {
            const std::uint32_t slot = x_of[operand++];
            if (drafter.uniform(v)) return repeated | (is_constant(v) ? vector_of_constant : vector_of)[index_of(v)];
            return vectors + slot * plan.vectors;
        });
    }
    for (const auto& output : drafter.outputs)
        plan.outputs.push_back({output.delivery, output.uniform, output.place, output.uniform ? scalar_place(output.value) : 0});
    return plan;
}
template Plan<float> make_plan(const Program&, const std::vector<bool>&, std::span<const Delivery>);
template Plan<double> make_plan(const Program&, const std::vector<bool>&, std::span<const Delivery>);

}  // namespace function
}  // namespace v1
}  // namespace autodiff

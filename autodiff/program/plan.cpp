// SPDX-License-Identifier: MIT
// From drafted steps to a plan: where each value is kept, and for how long.
#include "autodiff/program/plan.hpp"

#include "autodiff/program/draft.hpp"

#include <algorithm>

namespace autodiff {
inline namespace v1 {
namespace program {

namespace {

/// What the slots of a tile may take: half a usual first-level cache, else a part of the second level. And how wide a tile may be.
constexpr std::size_t small_tile = 24 * 1024, large_tile = 1024 * 1024;
constexpr std::uint32_t most_vectors = 64;

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
template <class T>
ScalarKernel<T> kernel_of(const Draft& draft, const ScalarKernels<T>& kernels) {
    return draft.kind == Draft::Kind::sum ? kernels.sum : kernels.of_rule[static_cast<std::size_t>(draft.operation)];
}

/// Which term of a sum of two is a value as it is; -1 if neither is, or for other steps.
int plain_of_two(const Draft& draft, const DraftTerm* terms) {
    if (draft.kind != Draft::Kind::sum || draft.count != 2) return -1;
    return terms[0].kind == Term::Kind::plus ? 0 : terms[1].kind == Term::Kind::plus ? 1 : -1;
}

/// Which of two terms is the positive product that a kernel begins with to add the other one to it; -1 if there is no such kernel.
int first_of_products(const Draft& draft, const DraftTerm* terms) {
    using enum Term::Kind;
    if (draft.kind != Draft::Kind::sum || draft.count != 2) return -1;
    for (const int k : {0, 1})
        if ((terms[k].kind == product || terms[k].kind == chain) && terms[1 - k].kind != plus) return k;
    return -1;
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
    /// A step from a draft, its operands at place(value).
    const auto finish = [&]<class S>(std::vector<S>& steps, const Draft& draft, std::uint32_t y, const auto& kernels, const auto& place) {
        S step{kernel_of(draft, kernels), y, 0, 0, 0};
        const DraftTerm* const terms = drafter.terms.data() + draft.terms;
        if (draft.count == 0) {
            step.a = place(draft.x[0]), step.b = place(draft.x[1]), step.c = place(draft.x[2]);
            if constexpr (std::same_as<S, Step<T>>) step.d = step.a;
        } else if (const int one = plain_of_two(draft, terms); one >= 0 && std::same_as<S, Step<T>>) {
            const DraftTerm &c = terms[one], &other = terms[1 - one];
            if constexpr (std::same_as<S, Step<T>>)
                step.kernel = kernels.add_term[static_cast<std::size_t>(other.kind)], step.d = place(other.a);
            step.a = place(other.a), step.b = place(other.b), step.c = place(c.a);
        } else if (const int first = first_of_products(draft, terms); first >= 0 && std::same_as<S, Step<T>>) {
            const DraftTerm &p = terms[first], &q = terms[1 - first];
            if constexpr (std::same_as<S, Step<T>>)
                step.kernel = kernels.products[static_cast<std::size_t>(p.kind)][static_cast<std::size_t>(q.kind)], step.d = place(q.b);
            step.a = place(p.a), step.b = place(p.b), step.c = place(q.a);
        } else {
            step.a = static_cast<std::uint32_t>(plan.terms.size()), step.b = draft.count;
            for (std::uint32_t t = 0; t < draft.count; ++t) plan.terms.push_back({place(terms[t].a), place(terms[t].b), terms[t].kind});
        }
        steps.push_back(step);
    };
    for (std::uint32_t s = 0; s < drafter.prologue.size(); ++s) {
        const Draft& draft = drafter.prologue[s];
        for_each_operand(draft, drafter.terms, [&](Value v) {
            if (!is_constant(v)) scalars.release_after(v, s);
        });
        scalars.take(draft.y);
        finish(plan.prologue, draft, scalar_place(draft.y), scalar_kernels<T>(), scalar_place);
    }
    plan.prologue_slots = scalars.count() + constants;

    // The main steps: which inputs they read, what the prologue has for them, and slots for the rest.
    Slots slots(program.values());
    std::vector<std::uint32_t> spread_of(program.values(), none), spread_of_constant(program.constants.size(), none);
    const auto spread = [&](Value v) -> std::uint32_t& { return (is_constant(v) ? spread_of_constant : spread_of)[index_of(v)]; };
    for (std::uint32_t s = 0; s < drafter.main.size(); ++s)
        for_each_operand(drafter.main[s], drafter.terms, [&](Value v) {
            if (!drafter.uniform(v)) return slots.use(v, s);
            if (spread(v) != none) return;
            spread(v) = static_cast<std::uint32_t>(plan.spread.size());
            plan.spread.push_back(scalar_place(v));
        });
    std::vector<std::uint32_t> varying_of(program.inputs, none);
    for (std::uint32_t k = 0; k < program.inputs; ++k)
        if (!shared[k] && slots.used(Value{k})) {
            varying_of[k] = static_cast<std::uint32_t>(plan.varying.size());
            plan.varying.push_back(k);
        }
    const auto is_input = [&](Value v) { return program.is_input(v); };
    std::vector<std::uint32_t> y_of(drafter.main.size());
    std::vector<std::uint32_t> result_of(program.values(), none);
    for (std::uint32_t s = 0; s < drafter.main.size(); ++s) {
        const Draft& draft = drafter.main[s];
        for_each_operand(draft, drafter.terms, [&](Value v) {
            if (!drafter.uniform(v) && !is_input(v)) slots.release_after(v, s);
        });
        y_of[s] = draft.to;
        if (draft.to != none) continue;
        y_of[s] = result_of[index_of(draft.y)] = static_cast<std::uint32_t>(plan.results.size());
        plan.results.push_back(slots.take(draft.y));
    }
    plan.slots = slots.count();
    const std::size_t vector_bytes = plan.lanes->size * sizeof(T);
    plan.vectors = most_vectors;
    while (plan.vectors > 4 && plan.slots * plan.vectors * vector_bytes > small_tile) plan.vectors /= 2;
    while (plan.vectors > 1 && plan.slots * plan.vectors * vector_bytes > large_tile) plan.vectors /= 2;
    for (std::uint32_t s = 0; s < drafter.main.size(); ++s) {
        const Draft& draft = drafter.main[s];
        const std::uint32_t first = draft.kind == Draft::Kind::sum_over_points ? plan.first_sum()
                                    : draft.to == none                         ? plan.first_result()
                                                                               : plan.first_column();
        finish(plan.main, draft, first + y_of[s], *plan.lanes, [&](Value v) {
            if (drafter.uniform(v)) return plan.first_spread() + spread(v);
            return is_input(v) ? varying_of[index_of(v)] : plan.first_result() + result_of[index_of(v)];
        });
    }
    for (const auto& output : drafter.outputs) {
        if (output.delivery == Delivery::each && !output.uniform) plan.written.push_back(output.place);
        plan.outputs.push_back({output.delivery, output.uniform, output.place, output.uniform ? scalar_place(output.value) : 0});
    }
    return plan;
}
template Plan<float> make_plan(const Program&, const std::vector<bool>&, std::span<const Delivery>);
template Plan<double> make_plan(const Program&, const std::vector<bool>&, std::span<const Delivery>);

}  // namespace program
}  // namespace v1
}  // namespace autodiff

// SPDX-License-Identifier: MIT
#include "autodiff/ops/formula.hpp"

#include "autodiff/node.hpp"
#include "autodiff/ops/formula_derived.hpp"
#include "autodiff/ops/formula_pass.hpp"
#include "autodiff/ops/layout.hpp"
#include "autodiff/ops/linear.hpp"
#include "autodiff/program/derivative.hpp"

#include <algorithm>
#include <fmt/format.h>

namespace autodiff {
inline namespace v1 {

using program::Program;
using program::Value;

Formula::Formula(std::string name, Program program) : name_(std::move(name)), program_(std::move(program)) {
    if (program_.inputs < 1 || program_.inputs > most_operands || program_.outputs.size() != 1)
        throw ValueError(name_, fmt::format("a function of 1 to {} operands with one result", most_operands),
                         fmt::format("{} operands and {} results", program_.inputs, program_.outputs.size()));
    if (!program_.guards.empty())
        throw ValueError(name_, "one formula for all elements", "a branch on " + program::comparison_of(program_, program_.guards[0]),
                         "choose with where(), which takes both sides");
    plans_ = std::make_unique<const Plans>(program_);
}

Formula::~Formula() = default;

const Formula& Formula::of(Operation rule) {
    // Never destroyed: a tensor may be used as long as the process runs.
    static auto& made = *new std::array<std::atomic<const Formula*>, rules::All::size + 1>{};
    static auto& making = *new std::mutex;
    std::atomic<const Formula*>& place = made[static_cast<std::size_t>(rule)];
    if (const Formula* const formula = place.load(std::memory_order_acquire)) [[likely]]
        return *formula;
    const auto operands = static_cast<std::uint32_t>(arity(rule));
    program::Assembler assembler(operands);
    std::array<Value, 3> x{};
    for (std::uint32_t k = 0; k < operands; ++k) x[k] = assembler.input(k);
    const Value y[] = {assembler.append(rule, x)};
    auto formula = std::make_unique<const Formula>(std::string(autodiff::name(rule)), std::move(assembler).finish(y, {}));
    const std::lock_guard lock(making);
    if (place.load() == nullptr) place.store(formula.release(), std::memory_order_release);
    return *place.load();
}

const Formula::Derived& Formula::derived(unsigned recorded) const {
    return derived_.get(recorded, [&] { return std::make_unique<const Derived>(program_, recorded); });
}

namespace {

template <class T>
class Elementwise final : public Primitive {
  public:
    Elementwise(const Formula& formula, unsigned recorded, std::span<const Tensor<T>* const> x)
        : formula_(formula), derived_(formula.derived(recorded)), recorded_(recorded) {
        for (std::size_t k = 0; k < x.size(); ++k)
            if ((derived_.read & bit(k)) != 0) save(k, *x[k]);
    }
    [[nodiscard]] std::string_view name() const override { return formula_.name(); }
    [[nodiscard]] bool saves_result() const override { return derived_.reads_result; }

    void vjp(Pullback& pull) const override {
        if (pull.records()) return record_vjp(pull);
        const Tensor<T> ybar = pull.ybar<T>();
        const std::size_t n = operands();
        ShortList<program::Target<T>, 3> targets;
        std::array<Pullback::Destination<T>, 3> few;
        std::vector<Pullback::Destination<T>> many(n > few.size() ? n : 0);
        Pullback::Destination<T>* const to = many.empty() ? few.data() : many.data();
        ShortList<Index, 12> strides;
        strides.reserve(n * static_cast<std::size_t>(ybar.rank()));  // so that none moves
        unsigned added = 0;
        bool sums = false;
        for (std::size_t k = 0; k < n; ++k) {
            if (derived_.part(k) == Part::ybar) pull.add(k, sum_to(ybar, pull.shape(k)));
            if (derived_.part(k) != Part::computed) continue;
            const Shape& x = pull.shape(k);
            if (x == ybar.shape()) {
                to[k] = pull.destination<T>(k);
                if (to[k].adds()) added |= bit(k);
                targets.push_back({to[k].values()});
                continue;
            }
            sums = true;
            to[k] = pull.fresh_destination<T>(k);
            const Strides own = broadcast_strides(x, row_major(x), ybar.shape());
            strides.insert(strides.end(), own.begin(), own.end());
            targets.push_back({to[k].values(), program::Arrival::assigned, strides.end() - own.size(), x.size()});
        }
        if (targets.empty()) return;
        Pass<T> pass(ybar.shape());
        for (std::size_t k = 0; k < n; ++k) has(k) ? pass.add(saved(k)) : pass.skip();
        derived_.reads_result ? pass.add(pull.result<T>()) : pass.skip();
        pass.add(ybar);
        for (std::size_t k = 0; k < n; ++k)
            if ((added & bit(k)) != 0) pass.add(to[k].values());
        pass.run(derived_.pull_plans(added).template get<T>(), std::span<const program::Target<T>>(targets.data(), targets.size()), sums);
        for (std::size_t k = 0; k < n; ++k)
            if (derived_.part(k) == Part::computed) pull.arrive(k, std::move(to[k]));
    }

    [[nodiscard]] AnyTensor jvp(const Pushforward& push) const override {
        const Shape& shape = push.result_shape();
        if (push.records()) {
            std::vector<Tensor<T>> inputs = recorded_inputs(push);
            for (std::size_t k = 0; k < operands(); ++k)
                if ((recorded_ & bit(k)) != 0) inputs.push_back(push.has(k) ? push.tangent<T>(k) : Tensor<T>::zeros({}));
            return broadcast_to(run_recorded(derived_.push, std::move(inputs))[0], shape);
        }
        Pass<T> pass(shape);
        for (std::size_t k = 0; k < operands(); ++k) has(k) ? pass.add(saved(k)) : pass.skip();
        derived_.reads_result ? pass.add(push.result<T>()) : pass.skip();
        const Tensor<T> zero = Tensor<T>::zeros({});
        for (std::size_t k = 0; k < operands(); ++k)
            if ((recorded_ & bit(k)) != 0) pass.add(push.has(k) ? push.tangent<T>(k) : zero);
        Tensor<T> ydot = Tensor<T>::uninitialised(shape);
        const program::Target<T> target{ydot.fill_data()};
        pass.run(derived_.push_plans->template get<T>(), std::span(&target, 1), false);
        return ydot;
    }

  private:
    using Part = Formula::Derived::Part;
    [[nodiscard]] std::size_t operands() const { return formula_.program().inputs; }

    void record_vjp(Pullback& pull) const {
        std::vector<Tensor<T>> inputs = recorded_inputs(pull);
        inputs.push_back(pull.ybar<T>());
        // Only the contributions that are wanted: the others would make rows that nobody reads.
        Program wanted = derived_.pull;
        std::vector<std::size_t> whose;
        std::vector<Value> outputs;
        for (std::size_t k = 0, next = 0; k < operands(); ++k) {
            if ((recorded_ & bit(k)) == 0) continue;
            const Value xbar = derived_.pull.outputs[next++];
            if (pull.wants(k) && derived_.part(k) != Part::nothing) whose.push_back(k), outputs.push_back(xbar);
        }
        if (outputs.size() < wanted.outputs.size()) wanted = program::with_outputs(derived_.pull, outputs);
        const Shape y = inputs.back().shape();
        const std::vector<Tensor<T>> xbar = run_recorded(wanted, std::move(inputs));
        for (std::size_t i = 0; i < whose.size(); ++i) pull.add(whose[i], sum_to(broadcast_to(xbar[i], y), pull.shape(whose[i])));
    }
    /// Operands and result as a sweep that records itself sees them.
    template <class Sweep>
    [[nodiscard]] std::vector<Tensor<T>> recorded_inputs(const Sweep& sweep) const {
        std::vector<Tensor<T>> inputs;
        for (std::size_t k = 0; k < operands(); ++k) inputs.push_back(has(k) ? sweep.saved(saved(k)) : Tensor<T>());
        inputs.push_back(derived_.reads_result ? sweep.template result<T>() : Tensor<T>());
        return inputs;
    }

    [[nodiscard]] bool has(std::size_t k) const { return (derived_.read & bit(k)) != 0; }
    void save(std::size_t k, const Tensor<T>& x) {
        if (k < first_.size()) {
            first_[k] = x;
            return;
        }
        more_.resize(k + 1 - first_.size());
        more_.back() = x;
    }
    [[nodiscard]] const Tensor<T>& saved(std::size_t k) const { return k < first_.size() ? first_[k] : more_[k - first_.size()]; }

    const Formula& formula_;
    const Formula::Derived& derived_;
    unsigned recorded_;
    std::array<Tensor<T>, 3> first_;  // operands that are read
    std::vector<Tensor<T>> more_;
};

}  // namespace

template <class T>
Tensor<T> Formula::operator()(std::span<const Tensor<T>* const> x) const {
    if (x.size() != program_.inputs) throw ValueError(name_, fmt::format("{} operands", program_.inputs), fmt::format("{}", x.size()));
    Sources operands;
    unsigned recorded = 0;
    Shape shape = x[0]->shape();
    for (std::size_t k = 0; k < x.size(); ++k) {
        operands.push_back(source(name_, *x[k]));
        if (operands.back().row != 0) recorded |= bit(k);
        if (k > 0 && x[k]->shape() != shape) shape = broadcast(shape, x[k]->shape(), name_);
    }
    Tensor<T> y = Tensor<T>::uninitialised(shape);
    Pass<T> pass(y.shape());
    for (const Tensor<T>* const operand : x) pass.add(*operand);
    const program::Target<T> target{y.fill_data()};
    pass.run(plans_->get<T>(), std::span(&target, 1), false);
    if (recorded == 0) return y;
    return append(std::move(y), std::move(operands), std::make_unique<const Elementwise<T>>(*this, recorded, x));
}
template <class T>
Tensor<T> Formula::fused_or_recorded(std::span<const Tensor<T>> x) const {
    if (current != &no_tape && Tape::from(*current).detail() == Detail::operations)
        if (std::any_of(x.begin(), x.end(), [](const Tensor<T>& operand) { return operand.recorded(); })) {
            Shape shape;
            for (const Tensor<T>& operand : x) shape = broadcast(shape, operand.shape(), name_);
            return broadcast_to(run_recorded(program_, std::vector<Tensor<T>>(x.begin(), x.end()))[0], shape);
        }
    std::array<const Tensor<T>*, most_operands> operands;
    for (std::size_t k = 0; k < x.size(); ++k) operands[k] = &x[k];
    return (*this)(std::span<const Tensor<T>* const>(operands.data(), x.size()));
}
template <class T>
Tensor<T> Formula::summed(std::span<const Tensor<T>> x, const Shape& to) const {
    Shape shape = to;
    for (const Tensor<T>& operand : x) shape = broadcast(shape, operand.shape(), name_);
    Tensor<T> y = Tensor<T>::uninitialised(to);
    Pass<T> pass(shape);
    for (const Tensor<T>& operand : x) pass.add(operand);
    const Strides strides = broadcast_strides(to, y.strides(), shape);
    const program::Target<T> target{y.fill_data(), program::Arrival::assigned, strides.data(), y.size()};
    pass.run(plans_->get<T>(), std::span(&target, 1), true);
    return y;
}
template Tensor<float> Formula::summed(std::span<const Tensor<float>>, const Shape&) const;
template Tensor<double> Formula::summed(std::span<const Tensor<double>>, const Shape&) const;
template Tensor<float> Formula::fused_or_recorded(std::span<const Tensor<float>>) const;
template Tensor<double> Formula::fused_or_recorded(std::span<const Tensor<double>>) const;
template Tensor<float> Formula::operator()(std::span<const Tensor<float>* const>) const;
template Tensor<double> Formula::operator()(std::span<const Tensor<double>* const>) const;

}  // namespace v1
}  // namespace autodiff

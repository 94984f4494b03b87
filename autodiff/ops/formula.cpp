// SPDX-License-Identifier: MIT
#include "autodiff/ops/formula.hpp"

#include "autodiff/kernels/storage.hpp"
#include "autodiff/node.hpp"
#include "autodiff/ops/arithmetic.hpp"
#include "autodiff/ops/layout.hpp"
#include "autodiff/ops/linear.hpp"
#include "autodiff/program/derivative.hpp"
#include "autodiff/program/run_summed.hpp"

#include <algorithm>
#include <cstdlib>
#include <fmt/format.h>

namespace autodiff {
inline namespace v1 {

namespace {

using program::Program;
using program::Value;

constexpr unsigned bit(std::size_t k) { return 1u << k; }

std::vector<bool> as_list(unsigned bits, std::size_t n) {
    std::vector<bool> list(n);
    for (std::size_t k = 0; k < n; ++k) list[k] = (bits & bit(k)) != 0;
    return list;
}

/// Where derivatives are recorded: any point will do, for a program without guards.
std::vector<double> example(std::size_t n) {
    std::vector<double> point(n);
    for (std::size_t k = 0; k < n; ++k) point[k] = 0.5 + 0.0625 * static_cast<double>(k);
    return point;
}

template <class T>
program::Plan<T> plan_of(const Program& program) {
    return program::make_plan<T>(program, std::vector<bool>(program.inputs, false),
                                 std::vector<program::Delivery>(program.outputs.size(), program::Delivery::each));
}

/// The inputs that a program reads, as bits.
unsigned reads(const Program& program) {
    unsigned bits = 0;
    const auto read = [&](Value v) {
        if (program.is_input(v)) bits |= bit(program::index_of(v));
    };
    for (const program::Instruction& i : program.code)
        for (std::size_t k = 0; k < program::operands(i); ++k) read(i.x[k]);
    for (const Value v : program.outputs) read(v);
    return bits;
}

/// The program on recorded tensors: one row an instruction.
template <class T>
std::vector<Tensor<T>> run_recorded(const Program& program, std::vector<Tensor<T>> values) {
    const auto at = [&](Value v) {
        return program::is_constant(v) ? Tensor<T>(static_cast<T>(program.constant(v))) : values[program::index_of(v)];
    };
    for (const program::Instruction& i : program.code) {
        const Formula& rule = Formula::of(i.operation);
        const Tensor<T> a = at(i.x[0]);
        if (program::operands(i) == 1)
            values.push_back(rule(a));
        else if (program::operands(i) == 2)
            values.push_back(rule(a, at(i.x[1])));
        else
            values.push_back(rule(a, at(i.x[1]), at(i.x[2])));
    }
    std::vector<Tensor<T>> outputs;
    for (const Value v : program.outputs) outputs.push_back(at(v));
    return outputs;
}

}  // namespace

struct Formula::Plans {
    explicit Plans(const Program& program) : of_float(plan_of<float>(program)), of_double(plan_of<double>(program)) {}
    template <class T>
    [[nodiscard]] const program::Plan<T>& get() const {
        if constexpr (std::same_as<T, float>)
            return of_float;
        else
            return of_double;
    }
    program::Plan<float> of_float;
    program::Plan<double> of_double;
};

/// The pullback and the pushforward for the recorded operands. Contributions that are ybar itself, or nothing, need no pass.
class Formula::Derived {
  public:
    enum class Part : std::uint8_t { computed, ybar, nothing };

    Derived(const Program& program, unsigned recorded) : operands_(program.inputs) {
        const std::vector<bool> active = as_list(recorded, operands_);
        const std::vector<double> point = example(operands_);
        pull = program::pullback(program, point, active);
        push = program::pushforward(program, point, active, false);
        std::vector<Value> computed;
        for (std::size_t k = 0, next = 0; k < operands_; ++k) {
            part_.push_back(Part::nothing);
            if (!active[k]) continue;
            const Value xbar = pull.outputs[next++];
            if (xbar == Value{static_cast<std::uint32_t>(operands_ + 1)})
                part_[k] = Part::ybar;
            else if (!program::is_constant(xbar) || pull.constant(xbar) != 0)
                part_[k] = Part::computed, computed.push_back(xbar);
        }
        contributions_ = program::with_outputs(pull, computed);
        push_plans = std::make_unique<const Plans>(program::pushforward(program, point, active, true));
        const unsigned both = reads(pull) | reads(push);
        read = both & (bit(operands_) - 1);
        reads_result = (both & bit(operands_)) != 0;
    }
    [[nodiscard]] Part part(std::size_t k) const { return part_[k]; }
    /// For the contributions that are computed; those of operands whose bit is set are added to what is there, further inputs.
    [[nodiscard]] const Plans& pull_plans(unsigned added) const {
        return pull_plans_.get(added, [&] {
            std::vector<bool> sums;
            for (std::size_t k = 0; k < operands_; ++k)
                if (part_[k] == Part::computed) sums.push_back((added & bit(k)) != 0);
            return std::make_unique<const Plans>(program::with_sums(contributions_, sums));
        });
    }

    Program pull, push;
    std::unique_ptr<const Plans> push_plans;
    unsigned read = 0;  ///< operands that derivatives are written in terms of
    bool reads_result = false;

  private:
    std::size_t operands_;
    std::vector<Part> part_;
    Program contributions_;
    MadeOnce<Plans> pull_plans_;
};

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

/// The operands of one pass over the elements of y's shape.
template <class T>
class Pass {
  public:
    explicit Pass(const Shape& y) : y_(y) {}
    void add(const Tensor<T>& x) {
        if (x.size() == 1 || std::all_of(x.strides().begin(), x.strides().end(), [](Index step) { return step == 0; })) {
            layout_.push_back(repeats);  // one number, for an adjoint perhaps because the result was summed
        } else if (x.shape() == y_ && x.is_contiguous()) {
            layout_.push_back(dense);
        } else if (is_across(x)) {
            copies_.push_back(x.contiguous());
            return add(copies_.back());
        } else {
            flat_ = false;
            layout_.push_back(static_cast<int>(strides_.size()));
            const Strides own = broadcast_strides(x.shape(), x.strides(), y_);
            strides_.insert(strides_.end(), own.begin(), own.end());
        }
        operands_.push_back({x.begin_data(), nullptr});
    }
    void add(const T* values) {
        layout_.push_back(dense);
        operands_.push_back({values, nullptr});
    }
    /// In place of an operand that the program does not read.
    void skip() {
        operands_.push_back({});
        layout_.push_back(repeats);
    }
    /// targets: of the program's outputs, in order; `sums` says whether some of them are sums
    void run(const program::Plan<T>& plan, std::span<const program::Target<T>> targets, bool sums) {
        ShortList<program::Output<T>, 4> outputs;
        for (const auto& target : targets) outputs.push_back({target.first, target.arrival});
        const std::span<const program::Output<T>> to(outputs.data(), outputs.size());
        if (flat_ && !sums) {
            constexpr Index one = 1, none = 0;
            for (std::size_t k = 0; k < operands_.size(); ++k) operands_[k].strides = layout_[k] == dense ? &one : &none;
            const Index n = y_.size();
            return program::run<T>(plan, std::span(&n, 1), inputs(), to);
        }
        const Strides in_order = row_major(y_), none(in_order.size(), 0);
        for (std::size_t k = 0; k < operands_.size(); ++k)
            operands_[k].strides = layout_[k] == dense     ? in_order.data()
                                   : layout_[k] == repeats ? none.data()
                                                           : strides_.data() + layout_[k];
        if (sums)
            program::run_summed<T>(plan, y_.extents(), inputs(), targets);
        else
            program::run<T>(plan, y_.extents(), inputs(), to);
    }

  private:
    static constexpr int dense = -1, repeats = -2;  // else where its strides begin
    /// Whether the values of a row lie far apart while those of a column lie side by side: a copy, by tiles, is cheaper than reading it so.
    static bool is_across(const Tensor<T>& x) {
        if (x.size() < 256) return false;
        const Index step = std::abs(x.strides().back());
        if (step <= 1 || x.shape()[-1] == 1) return false;
        for (Index axis = 0; axis + 1 < x.rank(); ++axis) {
            const Index other = std::abs(x.strides()[static_cast<std::size_t>(axis)]);
            if (x.shape()[axis] > 1 && other != 0 && other < step) return true;
        }
        return false;
    }
    [[nodiscard]] std::span<const program::Input<T>> inputs() const { return {operands_.data(), operands_.size()}; }

    const Shape& y_;
    bool flat_ = true;
    ShortList<program::Input<T>, 5> operands_;
    ShortList<int, 5> layout_;
    ShortList<Index, 16> strides_;
    std::vector<Tensor<T>> copies_;
};

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
                // One tensor for two operands: both sums would begin with what is there now, and one would be lost.
                if (to[k].adds() && std::any_of(to, to + k, [&](auto& earlier) { return earlier.values() == to[k].values(); }))
                    to[k] = pull.fresh_destination<T>(k);
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

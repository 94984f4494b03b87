// SPDX-License-Identifier: MIT
// The loop that keeps snapshots: forwards to the result, backwards one recorded step at a time.
#include "autodiff/checkpoint.hpp"

#include "autodiff/revolve.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <mutex>

namespace autodiff {
inline namespace v1 {
namespace internal {

namespace {

constexpr std::string_view loop_name = "checkpointed_loop";

Values joined(const Values& state, const Values& parameters) {
    Values x = state;
    x.insert(x.end(), parameters.begin(), parameters.end());
    return x;
}
Values state_of(const Values& x, std::size_t leaves) { return Values(x.begin(), x.begin() + static_cast<std::ptrdiff_t>(leaves)); }
Values parameters_of(const Values& x, std::size_t leaves) { return Values(x.begin() + static_cast<std::ptrdiff_t>(leaves), x.end()); }

LoopState run_step(const LoopStep& step, Index i, const LoopState& state, const Values& parameters) {
    LoopState next = step.run(i, state, parameters);
    if (next.leaves.size() != state.leaves.size())
        throw ShapeError(loop_name, fmt::format("a state of {} Scalars and tensors from step {}", state.leaves.size(), i),
                         fmt::format("{}", next.leaves.size()));
    return next;
}

/// One step as a sub-program, for recorded sweeps: the loop is then a chain of calls, which keeps the states and nothing inside.
class OneStep final : public Subprogram {
  public:
    OneStep(std::shared_ptr<const LoopStep> step, Index i, std::shared_ptr<const void> form, std::size_t leaves)
        : step_(std::move(step)), i_(i), form_(std::move(form)), leaves_(leaves) {}
    [[nodiscard]] std::string_view name() const override { return loop_name; }
    [[nodiscard]] Values run(const Values& x) const override { return next(x).leaves; }
    [[nodiscard]] LoopState next(const Values& x) const {
        return run_step(*step_, i_, {state_of(x, leaves_), form_}, parameters_of(x, leaves_));
    }

  private:
    std::shared_ptr<const LoopStep> step_;
    Index i_;
    std::shared_ptr<const void> form_;
    std::size_t leaves_;
};

struct Snapshot {
    Index at;
    LoopState state;
};

/// Who walks along the loop: one inner tape for every step, and the count of what it did.
class Walker {
  public:
    Walker(const LoopStep& step, Detail detail, Values parameters, const Variables& variable, std::size_t leaves)
        : step_(step), inner_(loop_name, detail), parameters_(std::move(parameters)), first_(variable), later_(variable) {
        // After the first step, every state is made of new values; parameters may still share a row with one another.
        for (std::uint32_t k = 0; k < later_.size(); ++k) {
            if (k < leaves)
                later_[k] = k;
            else if (later_[k] < leaves)
                later_[k] = static_cast<std::uint32_t>(
                    std::find(first_.begin() + static_cast<std::ptrdiff_t>(leaves), first_.end(), first_[k]) - first_.begin());
        }
    }
    /// Runs and records step i.
    LoopState record(Index i, const LoopState& state) {
        LoopState next;
        inner_.record(joined(state.leaves, parameters_), i == 0 ? first_ : later_, [&](const Values& x) {
            next = run_step(step_, i, {state_of(x, state.leaves.size()), state.form}, parameters_of(x, state.leaves.size()));
            return next.leaves;
        });
        next.leaves = constants(next.leaves);
        return next;
    }
    LoopState advance(Index from, Index to, LoopState state) {
        for (Index i = from; i < to; ++i) state = record(i, state);
        done.advances += to - from;
        return state;
    }
    void keep(std::vector<Snapshot>& snapshots, Index at, LoopState state) {
        snapshots.push_back({at, std::move(state)});
        std::size_t bytes = 0;
        for (const Snapshot& s : snapshots)
            for (const Value& v : s.state.leaves) bytes += bytes_of(v);
        done.snapshots = std::max(done.snapshots, static_cast<Index>(snapshots.size()));
        done.bytes = std::max(done.bytes, bytes);
    }
    [[nodiscard]] const InnerRecording& inner() const noexcept { return inner_; }
    LoopStatistics done{};

  private:
    const LoopStep& step_;
    InnerRecording inner_;
    Values parameters_;
    Variables first_, later_;
};

class Loop final : public Subprogram {
  public:
    Loop(std::shared_ptr<const LoopStep> step, std::shared_ptr<const void> form, std::size_t leaves, Index n, LoopOptions options)
        : step_(std::move(step)), form_(std::move(form)), leaves_(leaves), n_(n), options_(std::move(options)) {}
    [[nodiscard]] std::string_view name() const override { return loop_name; }

    [[nodiscard]] Values run(const Values& x) const override {
        const Values parameters = parameters_of(x, leaves_);
        LoopState state{state_of(x, leaves_), form_};
        for (Index i = 0; i < n_; ++i) {
            const auto one = std::make_shared<const OneStep>(step_, i, state.form, leaves_);
            std::shared_ptr<const void> form;
            state.leaves = call(one, joined(state.leaves, parameters), [&](const Values& inner) {
                LoopState next = one->next(inner);
                form = next.form;
                return std::move(next.leaves);
            });
            state.form = form;
        }
        return state.leaves;
    }

    /// The last state, and whether each of its leaves depends on what x has recorded. Keeps the first snapshots for the first sweep.
    [[nodiscard]] LoopState forward(const Values& x, Detail detail, std::vector<bool>& depends) {
        const Variables variable = variables_of(x);
        const bool differentiable = std::any_of(variable.begin(), variable.end(), [](std::uint32_t v) { return v != no_variable; });
        Walker walker(*step_, detail, constants(parameters_of(x, leaves_)), variable, leaves_);
        LoopState state{constants(state_of(x, leaves_)), form_};
        std::vector<Snapshot> kept;
        if (differentiable) walker.keep(kept, 0, state);
        for (Index at = 0; at < n_;) {
            const Index next = differentiable ? next_stop(kept, at, n_) : n_;
            state = walker.advance(at, next, std::move(state));
            at = next;
            if (at < n_) walker.keep(kept, at, state);
        }
        for (const Value& y : walker.inner().y()) depends.push_back(recorded(y));
        kept_ = std::move(kept);
        report(walker.done);
        return state;
    }

    void pull(const Point& at, const Flows& ybar, Flows& xbar) const override {
        Walker walker(*step_, at.detail, parameters_of(at.x, leaves_), at.variable, leaves_);
        std::vector<Snapshot> kept = take_kept();
        walker.done.snapshots = static_cast<Index>(kept.size());
        if (kept.empty()) walker.keep(kept, 0, {state_of(at.x, leaves_), form_});
        Flows zbar = ybar, before_first(xbar.begin(), xbar.begin() + static_cast<std::ptrdiff_t>(leaves_)),
              parameter_bar(xbar.begin() + static_cast<std::ptrdiff_t>(leaves_), xbar.end());
        exchange_shared(at.variable, before_first, parameter_bar);
        Values expected = at.y;
        for (Index end = n_; end > 0;) {
            const Snapshot& top = kept.back();
            if (const Index next = next_stop(kept, top.at, end); next < end) {
                walker.keep(kept, next, walker.advance(top.at, next, top.state));
                continue;
            }
            const LoopState state = walker.advance(top.at, end - 1, top.state);
            check_same(loop_name, walker.record(end - 1, state).leaves, expected);
            ++walker.done.recordings;
            expected = state.leaves;
            if (--end == 0) exchange_shared(at.variable, before_first, parameter_bar);
            Flows flows = end == 0 ? before_first : Flows(leaves_);
            flows.insert(flows.end(), std::make_move_iterator(parameter_bar.begin()), std::make_move_iterator(parameter_bar.end()));
            if (end == 0) before_first.clear();
            walker.inner().pull(zbar, flows);
            zbar.assign(std::make_move_iterator(flows.begin()),
                        std::make_move_iterator(flows.begin() + static_cast<std::ptrdiff_t>(leaves_)));
            parameter_bar.assign(std::make_move_iterator(flows.begin() + static_cast<std::ptrdiff_t>(leaves_)),
                                 std::make_move_iterator(flows.end()));
            if (kept.back().at == end) kept.pop_back();
        }
        std::move(zbar.begin(), zbar.end(), xbar.begin());
        std::move(parameter_bar.begin(), parameter_bar.end(), xbar.begin() + static_cast<std::ptrdiff_t>(leaves_));
        report(walker.done);
    }

    [[nodiscard]] Flows push(const Point& at, const Flows& xdot) const override {
        Walker walker(*step_, at.detail, parameters_of(at.x, leaves_), at.variable, leaves_);
        LoopState state{state_of(at.x, leaves_), form_};
        Flows flows = xdot;
        for (std::size_t k = leaves_; k < flows.size(); ++k)
            if (at.variable[k] < leaves_) flows[k] = flows[at.variable[k]];
        for (Index i = 0; i < n_; ++i) {
            state = walker.record(i, state);
            const Flows zdot = walker.inner().push(flows);
            std::copy(zdot.begin(), zdot.end(), flows.begin());
        }
        walker.done.advances += n_;
        check_same(loop_name, state.leaves, at.y);
        report(walker.done);
        flows.resize(leaves_);
        return flows;
    }

  private:
    /// The next position at which a snapshot is due, or the end of the stretch if there is no more room for one.
    [[nodiscard]] Index next_stop(const std::vector<Snapshot>& kept, Index at, Index end) const {
        const Index room = options_.snapshots - static_cast<Index>(kept.size());
        return room < 1 || end - at < 2 ? end : at + revolve::next_snapshot(end - at, room + 1);
    }
    /// A parameter that is also the first state: between the last step and the first, what has flown there belongs to the parameter.
    void exchange_shared(const Variables& variable, Flows& state, Flows& parameters) const {
        for (std::size_t k = leaves_; k < variable.size(); ++k)
            if (variable[k] < leaves_ &&
                std::find(variable.begin() + static_cast<std::ptrdiff_t>(leaves_), variable.end(), variable[k]) - variable.begin() ==
                    static_cast<std::ptrdiff_t>(k))
                std::swap(state[variable[k]], parameters[k - leaves_]);
    }
    /// The snapshots of the forward run serve one sweep, which gives them back piece by piece; later ones begin at the first state.
    [[nodiscard]] std::vector<Snapshot> take_kept() const {
        const std::scoped_lock lock(mutex_);
        return std::exchange(kept_, {});
    }
    void report(const LoopStatistics& done) const {
        if (options_.statistics == nullptr) return;
        const std::scoped_lock lock(mutex_);
        LoopStatistics& all = *options_.statistics;
        all.snapshots = std::max(all.snapshots, done.snapshots), all.bytes = std::max(all.bytes, done.bytes);
        all.advances += done.advances, all.recordings += done.recordings;
    }

    std::shared_ptr<const LoopStep> step_;
    std::shared_ptr<const void> form_;
    std::size_t leaves_;
    Index n_;
    LoopOptions options_;
    mutable std::mutex mutex_;
    mutable std::vector<Snapshot> kept_;
};

}  // namespace

LoopState run_loop(std::shared_ptr<const LoopStep> step, LoopState first, const Values& parameters, Index n, const LoopOptions& options) {
    if (n < 0) throw ValueError(loop_name, "a number of steps >= 0", fmt::format("{}", n));
    if (options.snapshots < 1) throw ValueError(loop_name, "at least 1 snapshot, the first state", fmt::format("{}", options.snapshots));
    if (n == 0) return first;
    const std::size_t leaves = first.leaves.size();
    const Values x = joined(first.leaves, parameters);
    for (const Value& v : x) std::visit([](const auto& operand) { static_cast<void>(source(loop_name, operand)); }, v);
    if (current == &no_tape) {
        for (Index i = 0; i < n; ++i) first = run_step(*step, i, first, parameters);
        return first;
    }
    const auto loop = std::make_shared<Loop>(std::move(step), first.form, leaves, n, options);
    std::vector<bool> depends;
    LoopState last = loop->forward(x, Tape::from(*current).detail(), depends);
    last.leaves = append_call(loop, x, std::move(last.leaves), depends);
    return last;
}

}  // namespace internal
}  // namespace v1
}  // namespace autodiff

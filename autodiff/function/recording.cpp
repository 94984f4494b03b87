// SPDX-License-Identifier: MIT
#include "autodiff/function/recording.hpp"

#include "autodiff/error.hpp"
#include "autodiff/function/variant.hpp"
#include "autodiff/program/run.hpp"

#include <algorithm>
#include <fmt/format.h>
#include <mutex>
#include <shared_mutex>

namespace autodiff {
inline namespace v1 {
namespace function {

/// The memory of the last results, used again when nobody else holds it any more: fresh pages cost more than what is computed into them.
struct Memory {
    std::mutex mutex;
    std::array<Tensor<float>, 2> float_results;
    std::array<Tensor<double>, 2> double_results;

    template <class T>
    Tensor<T> take(Shape shape) {
        const std::lock_guard lock(mutex);
        auto& kept = results<T>();
        Tensor<T>* place = nullptr;
        for (Tensor<T>& result : kept)
            if (result.size() == 0 || result.unique()) place = &result;
        if (place == nullptr) return Tensor<T>::uninitialised(std::move(shape));
        const Index size = shape.size();
        if (place->size() < size || place->size() > 2 * size) *place = {}, *place = Tensor<T>::uninitialised(Shape{size});
        Strides strides{shape[1], 1};
        return place->with_layout(std::move(shape), std::move(strides), 0);
    }

  private:
    template <class T>
    auto& results() {
        if constexpr (std::same_as<T, float>)
            return float_results;
        else
            return double_results;
    }
};

/// How a batch is computed, and where its results go.
struct Means {
    Memory& memory;
    bool flush_denormals;
};

struct Recording::Variants {
    mutable std::shared_mutex mutex;
    Inputs inputs;
    Memory memory;
    std::vector<std::unique_ptr<const Variant>> all;
    const Variant* first = nullptr;  // all.front(), to be read while another thread appends

    [[nodiscard]] std::vector<const Variant*> now() const {
        const std::shared_lock lock(mutex);
        std::vector<const Variant*> variants;
        for (const auto& v : all) variants.push_back(v.get());
        return variants;
    }
};

// Batch -------------------------------------------------------------------------------------------------------------------------------

template <class T>
Tensor<T> Batch<T>::column(Index k) const {
    const Index pitch = columns.shape()[1];
    return columns.with_layout({n}, {1}, k * pitch);
}
template <class T>
Tensor<T> Batch<T>::columns_from(Index k, Index count) const {
    return jacobian(k, 0, -1, count);
}
template <class T>
Tensor<T> Batch<T>::jacobian(Index first, Index all, Index m, Index count) const {
    const Index pitch = columns.shape()[1];
    Extents extents{n};
    Strides strides{1};
    if (m >= 0) extents.push_back(m), strides.push_back(all * pitch);
    if (count >= 0) extents.push_back(count), strides.push_back(pitch);
    return columns.with_layout(Shape(std::span<const Index>(extents.data(), extents.size())), strides, first * pitch);
}
template struct Batch<float>;
template struct Batch<double>;

// Recording ---------------------------------------------------------------------------------------------------------------------------

Recording::Recording(Record record, std::vector<double> example, const std::vector<Role>& roles)
    : record_(std::move(record)), example_(std::move(example)), variants_(std::make_unique<Variants>()) {
    if (example_.empty()) throw ValueError("record", "at least one input", "none");
    for (const Role& role : roles) {
        variants_->inputs.shared.push_back(role.shared);
        variants_->inputs.active.push_back(role.active);
        if (role.active) variants_->inputs.active_shared.push_back(role.shared);
    }
    variants_->all.push_back(std::make_unique<const Variant>(record_(example_), example_, variants_->inputs));
    variants_->first = variants_->all.front().get();
}
Recording::~Recording() = default;

const Program& Recording::program() const noexcept { return variants_->first->forward(); }
std::size_t Recording::active_inputs() const noexcept { return variants_->inputs.active_shared.size(); }
std::size_t Recording::variants() const { return variants_->now().size(); }

std::size_t Recording::answers(Question question) const {
    if (question == Question::values) return outputs();
    if (question == Question::curvature) return active_inputs();
    return outputs() * (1 + active_inputs());
}

const Variant& Recording::record_at(std::span<const double> point) const {
    auto variant = std::make_unique<const Variant>(record_(point), std::vector<double>(point.begin(), point.end()), variants_->inputs);
    if (variant->forward().outputs.size() != outputs())
        throw ValueError("Function", fmt::format("{} outputs at every point", outputs()),
                         fmt::format("{}", variant->forward().outputs.size()));
    const std::unique_lock lock(variants_->mutex);
    variants_->all.push_back(std::move(variant));
    return *variants_->all.back();
}

namespace {

[[noreturn]] void throw_branch_changed(const Variant& variant, const Guard& failed, std::size_t point) {
    // In the words of the recorded function: a program of derivatives numbers its results anew.
    const Program& program = variant.forward();
    const auto same = [&failed](const Guard& guard) { return guard.place == failed.place; };
    const Guard& guard = *std::find_if(program.guards.begin(), program.guards.end(), same);
    const std::string comparison = comparison_of(program, guard);
    throw BranchChanged(
        point, guard.place,
        fmt::format("comparison {} of the recording, {}, to be {}", guard.place, comparison, guard.holds ? "true" : "false"),
        fmt::format("{} at point {}", guard.holds ? "false" : "true", point),
        "write it with where(), which records both sides, or replay with OnBranch::re_record");
}

/// The answer of one variant; nullptr, or the guard that fails.
const Guard* answer_at(const Variant& variant, Question question, std::span<const double> inputs, std::span<double> answer) {
    const Plan<double>& plan = variant.point_plan(question);
    if (!variant.guarded()) return run_at<double>(plan, inputs, answer), nullptr;
    const Program& program = variant.program(question);
    std::vector<double> all(plan.outputs.size());
    run_at<double>(plan, inputs, all);
    for (std::size_t g = 0; g < program.guards.size(); ++g)
        if ((all[answer.size() + g] != 0) != program.guards[g].holds) return &program.guards[g];
    std::copy_n(all.begin(), answer.size(), answer.begin());
    return nullptr;
}

}  // namespace

void Recording::at(Question question, std::span<const double> inputs, OnBranch on_branch, std::span<double> answer) const {
    const Variant& first = *variants_->first;
    const Guard* const failed = answer_at(first, question, inputs, answer);
    if (failed == nullptr) return;
    if (on_branch == OnBranch::report) throw_branch_changed(first, *failed, 0);
    const std::vector<const Variant*> variants = variants_->now();
    for (std::size_t v = 1; v < variants.size(); ++v)
        if (answer_at(*variants[v], question, inputs, answer) == nullptr) return;
    const Variant& here = record_at(inputs.first(example_.size()));
    if (const Guard* const again = answer_at(here, question, inputs, answer); again != nullptr)
        throw_branch_changed(here, *again, 0);  // a function that does not do the same twice
}

namespace {

template <class T>
Batch<T> run_plan(const Plan<T>& plan, Index n, std::span<const Column<T>> inputs, const Means& means) {
    constexpr Index line = 64 / static_cast<Index>(sizeof(T));  // so that every column begins on a line of the cache
    const Index pitch = (n + line - 1) / line * line;
    Batch<T> batch{n, means.memory.take<T>(Shape{static_cast<Index>(plan.columns), pitch}), std::vector<T>(plan.sums)};
    std::vector<Input<T>> from;
    for (const Column<T>& column : inputs) from.push_back({column.first, &column.step});
    std::vector<Output<T>> to;
    for (Index k = 0; k < static_cast<Index>(plan.columns); ++k) to.push_back({batch.columns.fill_data() + k * pitch});
    run<T>(plan, std::span(&n, 1), from, to, batch.sums, means.flush_denormals);
    return batch;
}

/// The inputs at some of the points, one after the other.
template <class T>
class Gathered {
  public:
    Gathered(std::span<const Column<T>> inputs, std::span<const Index> points) {
        for (const Column<T>& column : inputs)
            if (column.step != 0) {
                for (const Index i : points) numbers_.push_back(column.first[i * column.step]);
            }
        const T* next = numbers_.data();
        for (const Column<T>& column : inputs) {
            columns.push_back(column.step == 0 ? column : Column<T>{next, 1});
            if (column.step != 0) next += points.size();
        }
    }
    std::vector<Column<T>> columns;

  private:
    std::vector<T> numbers_;
};

/// Answers some of the points by one variant: their places in the columns, and their share of the sums.
template <class T>
void answer_some(const Variant& variant, Question question, std::span<const Column<T>> inputs, std::span<const Index> points,
                 const Means& means, Batch<T>& into) {
    if (points.empty()) return;
    const Gathered<T> gathered(inputs, points);
    const Batch<T> part = run_plan<T>(variant.batch_plan<T>(question), std::ssize(points), gathered.columns, means);
    const Index pitch = into.columns.shape()[1], part_pitch = part.columns.shape()[1];
    for (Index k = 0; k < into.columns.shape()[0]; ++k)
        for (std::size_t i = 0; i < points.size(); ++i)
            into.columns.fill_data()[k * pitch + points[i]] = part.columns.begin_data()[k * part_pitch + static_cast<Index>(i)];
    for (std::size_t k = 0; k < into.sums.size(); ++k) into.sums[k] += part.sums[k];
}

/// The guard that fails at one point of a batch, computed as the recording computes: the rounding of lanes, or of float, decides nothing.
template <class T>
const Guard* failed_guard_at(const Variant& variant, std::span<const Column<T>> inputs, Index i, std::size_t outputs,
                             std::vector<double>& point) {
    point.clear();
    for (const Column<T>& column : inputs) point.push_back(static_cast<double>(column.first[i * column.step]));
    std::vector<double> answer(outputs);
    return answer_at(variant, Question::values, point, answer);
}

}  // namespace

/// Answers the points that the first recording does not hold for.
template <class T>
void Recording::spread_over_variants(Question question, std::span<const Column<T>> inputs, std::vector<Index> points, const Means& means,
                                     Batch<T>& into) const {
    const std::span<const Column<T>> x = inputs.first(example_.size());
    std::vector<double> point;
    for (std::size_t v = 1;; ++v) {
        const std::vector<const Variant*> variants = variants_->now();
        const bool is_new = v >= variants.size();
        // No recording holds for the next points as the lanes see them. One may hold all the same; only else is there a branch to record.
        std::size_t known = 0;
        for (; is_new && known < points.size(); ++known) {
            const auto holds = [&](const Variant* w) { return failed_guard_at<T>(*w, x, points[known], outputs(), point) == nullptr; };
            const auto variant = std::find_if(variants.begin(), variants.end(), holds);
            if (variant == variants.end()) break;
            answer_some<T>(**variant, question, inputs, std::span(points).subspan(known, 1), means, into);
        }
        points.erase(points.begin(), points.begin() + static_cast<std::ptrdiff_t>(known));
        if (points.empty()) return;
        const Variant& variant = is_new ? record_at(point) : *variants[v];
        const Gathered<T> gathered(inputs, points);
        const std::span<const Column<T>> own = std::span(gathered.columns).first(example_.size());
        const Batch<T> failed = run_plan<T>(variant.failed_guards_plan<T>(), std::ssize(points), own, means);
        std::vector<Index> held, left;
        for (std::size_t i = 0; i < points.size(); ++i)
            // A recording holds at its own point, whatever the lanes say about it.
            ((is_new && i == 0) || failed.columns.begin_data()[i] == 0 ? held : left).push_back(points[i]);
        answer_some<T>(variant, question, inputs, held, means, into);
        points = std::move(left);
    }
}

template <class T>
Batch<T> Recording::over(Question question, Index n, std::span<const Column<T>> inputs, OnBranch on_branch, bool flush_denormals) const {
    const Means means{variants_->memory, flush_denormals};
    const Variant& first = *variants_->first;
    const Plan<T>& plan = first.batch_plan<T>(question);
    if (!first.guarded() || n == 0) return run_plan<T>(plan, n, inputs, means);

    const Batch<T> failed = run_plan<T>(first.failed_guards_plan<T>(), n, inputs.first(example_.size()), means);
    std::vector<Index> held, others;
    for (Index i = 0; i < n; ++i) (failed.columns.begin_data()[i] == 0 ? held : others).push_back(i);
    if (others.empty()) return run_plan<T>(plan, n, inputs, means);
    if (on_branch == OnBranch::report) {
        std::vector<double> point;
        for (const Index i : others)
            if (const Guard* const guard = failed_guard_at<T>(first, inputs.first(example_.size()), i, outputs(), point); guard != nullptr)
                throw_branch_changed(first, *guard, static_cast<std::size_t>(i));
        return run_plan<T>(plan, n, inputs, means);
    }
    Batch<T> all{n, means.memory.take<T>(Shape{static_cast<Index>(plan.columns), n}), std::vector<T>(plan.sums)};
    answer_some<T>(first, question, inputs, held, means, all);
    spread_over_variants<T>(question, inputs, std::move(others), means, all);
    return all;
}
template Batch<float> Recording::over(Question, Index, std::span<const Column<float>>, OnBranch, bool) const;
template Batch<double> Recording::over(Question, Index, std::span<const Column<double>>, OnBranch, bool) const;

}  // namespace function
}  // namespace v1
}  // namespace autodiff

// SPDX-License-Identifier: MIT
#include "autodiff/check/gradcheck_function.hpp"

#include "autodiff/check/gradcheck_rounding.hpp"
#include "autodiff/explain/words.hpp"
#include "autodiff/kinds.hpp"
#include "autodiff/ops/arithmetic.hpp"
#include "autodiff/ops/reduce.hpp"

#include <algorithm>
#include <cmath>
#include <fmt/format.h>
#include <limits>

namespace autodiff {
inline namespace v1 {
namespace internal {

std::vector<double> numbers_of(const Values& x) {
    std::vector<double> numbers;
    for (const Value& value : x)
        std::visit(
            [&numbers]<class V>(const V& v) {
                if constexpr (AScalar<V>) {
                    numbers.push_back(v.value());
                } else {
                    const V row_major = v.contiguous();
                    numbers.insert(numbers.end(), row_major.data().begin(), row_major.data().end());
                }
            },
            value);
    return numbers;
}

Values values_like(const Values& x, const std::vector<double>& numbers) {
    Values values;
    values.reserve(x.size());
    std::size_t next = 0;
    for (const Value& value : x)
        std::visit(
            [&]<class V>(const V& like) {
                if constexpr (AScalar<V>) {
                    values.emplace_back(Scalar(numbers[next++]));
                } else {
                    V v = V::uninitialised(like.shape());
                    for (Index i = 0; i < v.size(); ++i) v.fill_data()[i] = static_cast<typename V::value_type>(numbers[next++]);
                    values.emplace_back(std::move(v));
                }
            },
            value);
    return values;
}

bool has_float(const Values& x) {
    return std::any_of(x.begin(), x.end(), [](const Value& v) { return std::holds_alternative<Tensor<float>>(v); });
}

GradcheckFunction::GradcheckFunction(const GradcheckProblem& problem, GradcheckCounts& counts)
    : problem_(problem), counts_(counts), eps_(std::numeric_limits<double>::epsilon()), x_(numbers_of(problem.x)) {
    for (std::size_t v = 0; v < problem.x.size(); ++v) {
        const Shape shape = shape_of(problem.x[v]);
        const std::size_t first = leaf_.size(), end = first + static_cast<std::size_t>(shape.size());
        leaves_.push_back({first, end, shape, std::holds_alternative<Tensor<float>>(problem.x[v]), printable(problem.names[v])});
        leaf_.resize(end, v);
    }
}

void GradcheckFunction::evaluate_at_x(bool float_results) {
    if (float_results || has_float(problem_.x)) eps_ = std::numeric_limits<float>::epsilon();
    value_ = value(x_);
}

Values GradcheckFunction::shaped(const std::vector<double>& x) const { return values_like(problem_.x, x); }

double GradcheckFunction::scale(std::size_t k) const {
    const double size = std::abs(x_[k]);
    return size > 1 && std::isfinite(size) ? std::exp2(std::ceil(std::log2(size))) : 1;
}

std::string GradcheckFunction::name(std::size_t k) const {
    const Leaf& leaf = leaf_of(k);
    return leaf.shape.rank() == 0 ? leaf.name : fmt::format("{}[{}]", leaf.name, position(leaf.shape, k - leaf.first));
}

namespace {

/// One run of f on a tape of its own, which can be swept as often as one likes.
struct Run {
    std::unique_ptr<Tape> tape;
    std::optional<Recording> recording;  // none if no result depends on x

    Run(const GradcheckProblem& problem, const Values& x, Detail detail)
        : tape(std::make_unique<Tape>(detail, TapeLimits{}, HeldBy::function)) {
        recording.emplace(*tape, "gradcheck", Sweeps::plain);
        Values arguments;
        for (std::size_t v = 0; v < x.size(); ++v)
            std::visit([&](const auto& value) { arguments.emplace_back(recording->argument(value, problem.names[v])); }, x[v]);
        Values results = problem.f(arguments);
        if (std::any_of(results.begin(), results.end(), [](const Value& y) { return recorded(y); }))
            recording->finish(std::move(results));
        else
            recording.reset();
    }
};

/// As users record: derivatives only, unless f asks for more.
Run recorded_as_usual(const GradcheckProblem& problem, const Values& x) {
    try {
        Run run(problem, x, Detail::derivatives);
        if (!run.tape->missed_operations()) {
            run.tape->finish();
            return run;
        }
    } catch (const TapeError& e) {
        if (e.kind() != TapeError::Kind::detail) throw;
    }
    Run run(problem, x, Detail::operations);
    run.tape->finish();
    return run;
}

std::vector<double> pulled(const Run& run, const Values& x, const Values& y, const std::vector<double>& v) {
    if (!run.recording) return std::vector<double>(numbers_of(x).size(), 0.0);
    return numbers_of(run.recording->pull(seeds_at_all(values_like(y, v))));
}

class First final : public GradcheckFunction {
  public:
    First(const GradcheckProblem& p, GradcheckCounts& c)
        : GradcheckFunction(p, c), y_(constants(p.f(p.x))), run_(recorded_as_usual(p, p.x)), number_(numbers_of(y_).size()) {
        c.evaluations += 2;
        evaluate_at_x(has_float(y_));
    }
    [[nodiscard]] std::vector<double> value(const std::vector<double>& at) const override {
        ++counts().evaluations;
        std::vector<double> y = numbers_of(problem().f(shaped(at)));
        if (y.size() != number_)
            throw ShapeError("gradcheck", fmt::format("{} results near x as at x", number_), fmt::format("{}", y.size()));
        return y;
    }
    [[nodiscard]] std::unique_ptr<const Branches> branches(const std::vector<double>& at) const override {
        ++counts().evaluations;
        auto kept = std::make_unique<WithTape>(problem(), shaped(at));
        return std::unique_ptr<const Branches>(std::move(kept));
    }
    [[nodiscard]] std::vector<double> pull(const std::vector<double>& v) const override {
        ++counts().sweeps;
        return pulled(run_, problem().x, y_, v);
    }
    [[nodiscard]] std::vector<double> pull_at(const std::vector<double>& at, const std::vector<double>& v) const override {
        ++counts().evaluations, ++counts().sweeps;
        const Values point = shaped(at);
        return pulled(recorded_as_usual(problem(), point), point, y_, v);
    }
    [[nodiscard]] std::optional<std::vector<double>> push(const std::vector<double>& u, std::string& why) const override {
        if (!run_.recording) return std::vector<double>(number_, 0.0);
        ++counts().sweeps;
        try {
            return numbers_of(run_.recording->push(seeds_at_all(shaped(u))));
        } catch (const TapeError& e) {
            if (e.kind() != TapeError::Kind::detail) throw;
            why = e.what();
            return std::nullopt;
        }
    }
    [[nodiscard]] double rounding(const std::vector<double>& v) const override {
        const Run& run = here();
        return run.recording ? eps() * RowAdjoints(*run.tape, run.recording->results(), values_like(y_, v)).values() : 0;
    }
    [[nodiscard]] double rounding_of_slope(const std::vector<double>& v, const std::vector<double>& u) const override {
        const Run& run = here();
        if (!run.recording) return 0;
        return eps() * RowAdjoints(*run.tape, run.recording->results(), values_like(y_, v)).slopes(run.recording->arguments(), shaped(u));
    }
    [[nodiscard]] std::vector<double> recorded_value() const override {
        return run_.recording ? numbers_of(run_.recording->values()) : value_at_x();
    }
    [[nodiscard]] std::string result(std::size_t i) const override {
        if (number_ == 1) return "y";
        const auto all = groups();
        std::size_t v = 0;
        while (i >= all[v].second) ++v;
        const std::string name = y_.size() == 1 ? "y" : fmt::format("y{}", v);
        const Shape shape = shape_of(y_[v]);
        return shape.rank() == 0 ? name : fmt::format("{}[{}]", name, position(shape, i - all[v].first));
    }
    [[nodiscard]] std::vector<std::pair<std::size_t, std::size_t>> groups() const override {
        std::vector<std::pair<std::size_t, std::size_t>> result;
        std::size_t first = 0;
        for (const Value& y : y_) {
            const auto size = static_cast<std::size_t>(shape_of(y).size());
            result.emplace_back(first, first + size);
            first += size;
        }
        return result;
    }

    /// Branches read the names of their tape when they are asked.
    struct WithTape : Branches {
        WithTape(const GradcheckProblem& problem, const Values& x) : WithTape(Run(problem, x, Detail::operations)) {}
        explicit WithTape(Run made) : Branches(*made.tape, made.recording ? made.recording->results() : Values()), run(std::move(made)) {
            run.tape->finish();
        }
        Run run;
    };

  private:
    [[nodiscard]] const Run& here() const {
        if (here_ == nullptr) here_ = std::make_unique<WithTape>(problem(), problem().x);
        return here_->run;
    }
    Values y_;
    Run run_;
    std::size_t number_;
    mutable std::unique_ptr<const WithTape> here_;  // with operations, when first needed
};

class Second final : public GradcheckFunction {
  public:
    Second(const GradcheckProblem& p, std::vector<double> v, GradcheckCounts& c)
        : GradcheckFunction(p, c), v_(std::move(v)), run_(p, p.x, Detail::operations) {
        ++c.evaluations;
        if (run_.recording) gradient_ = differentiated(run_, v_);
        run_.tape->finish();
        evaluate_at_x(run_.recording && has_float(run_.recording->results()));
    }
    [[nodiscard]] std::vector<double> value(const std::vector<double>& at) const override {
        ++counts().evaluations, ++counts().sweeps;
        const Values point = shaped(at);
        const Run run = recorded_as_usual(problem(), point);
        return run.recording ? pulled(run, point, run.recording->values(), v_) : std::vector<double>(at.size(), 0.0);
    }
    [[nodiscard]] std::unique_ptr<const Branches> branches(const std::vector<double>& at) const override {
        ++counts().evaluations;
        return std::make_unique<const First::WithTape>(problem(), shaped(at));
    }
    [[nodiscard]] std::vector<double> pull(const std::vector<double>& v) const override {
        ++counts().sweeps;
        return gradient_ ? numbers_of(gradient_->pull(seeds_at_all(shaped(v)))) : std::vector<double>(x().size(), 0.0);
    }
    [[nodiscard]] double rounding(const std::vector<double>& v) const override {
        return gradient_ ? eps() * RowAdjoints(*run_.tape, gradient_->results(), shaped(v)).values() : 0;
    }
    [[nodiscard]] double rounding_of_slope(const std::vector<double>& v, const std::vector<double>& u) const override {
        return gradient_ ? eps() * RowAdjoints(*run_.tape, gradient_->results(), shaped(v)).slopes(gradient_->arguments(), shaped(u)) : 0;
    }
    [[nodiscard]] std::vector<double> pull_at(const std::vector<double>& at, const std::vector<double>& v) const override {
        ++counts().evaluations, ++counts().sweeps;
        Run run(problem(), shaped(at), Detail::operations);
        return run.recording ? numbers_of(differentiated(run, v_).pull(seeds_at_all(shaped(v)))) : std::vector<double>(v.size(), 0.0);
    }
    [[nodiscard]] std::optional<std::vector<double>> push(const std::vector<double>& u, std::string&) const override {
        ++counts().sweeps;
        return gradient_ ? numbers_of(gradient_->push(seeds_at_all(shaped(u)))) : std::vector<double>(x().size(), 0.0);
    }
    [[nodiscard]] std::string result(std::size_t i) const override { return "dy/d" + name(i); }
    [[nodiscard]] std::vector<std::pair<std::size_t, std::size_t>> groups() const override {
        std::vector<std::pair<std::size_t, std::size_t>> result;
        for (const Leaf& leaf : leaves()) result.emplace_back(leaf.first, leaf.end);
        return result;
    }

  private:
    /// <v, f> as a result of the same recording, differentiated there.
    static Recording differentiated(Run& run, const std::vector<double>& v);
    std::vector<double> v_;
    Run run_;
    std::optional<Recording> gradient_;
};

Recording Second::differentiated(Run& run, const std::vector<double>& v) {
    const Values& y = run.recording->results();
    const Values weights = values_like(y, v);
    Scalar total;
    for (std::size_t k = 0; k < y.size(); ++k)
        total = total + std::visit(
                            [&]<class Y>(const Y& result) -> Scalar {
                                const Y& weight = std::get<Y>(weights[k]);
                                if constexpr (AScalar<Y>)
                                    return result * weight;
                                else
                                    return as_scalar(sum(result * weight));
                            },
                            y[k]);
    Recording one(*run.recording);
    one.finish({Value(total)});
    return one.gradient();
}

}  // namespace

std::unique_ptr<const GradcheckFunction> function_of(const GradcheckProblem& problem, GradcheckCounts& counts) {
    return std::make_unique<const First>(problem, counts);
}

std::unique_ptr<const GradcheckFunction> gradient_of(const GradcheckProblem& problem, std::vector<double> v, GradcheckCounts& counts) {
    return std::make_unique<const Second>(problem, std::move(v), counts);
}

}  // namespace internal
}  // namespace v1
}  // namespace autodiff

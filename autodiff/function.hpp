// SPDX-License-Identifier: MIT
/// Record once, replay anywhere: at a new point, at many points in SIMD lanes and threads, with derivatives.
///
///     auto f = autodiff::record([](auto S, auto sigma) { return black_scholes(S, sigma); }, 100.0, 0.2);
///     f(101.0, 0.25);                          // a number
///     f.gradient(101.0, 0.25);                 // a tuple of numbers
///     f.gradient(S_batch, sigma_batch);        // a tuple of tensors: one entry per point
///
/// `record` runs the function once, on a tape, and keeps a simplified program (program/program.hpp): dead rows are removed, common
/// subexpressions merged, constants folded, chains of additions fused. Comparisons that decided a branch guard it (OnBranch); `where`
/// records both sides. A loop whose bounds depend on data is a branch like any other.
#pragma once

#include "autodiff/function/arguments.hpp"

#include <array>
#include <span>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

namespace autodiff {
inline namespace v1 {

/// A recorded function. Its arguments are given either for one point, each of the kind it was recorded with, or for many:
///   - for a number: a Tensor [n], a std::vector or span of n numbers; for k numbers: a Tensor [n, k], row-major or any view;
///   - for a shared one: as recorded. Arguments recorded as passive(...) are given like others and have no place in derivatives.
/// A batch is computed in float or in double, by the type of its first argument that is not shared. What it returns per point is a
/// Tensor with the points first ([n], [n, k], ...); several components are a view of one column each (`contiguous()` for row-major).
/// cost     a batch runs in SIMD lanes and, if large, in threads; the result is the same for any number of threads
/// It keeps the memory of its last two results, for when nobody else holds them any more.
/// throws   BranchChanged at a point where a recorded comparison comes out differently, if OnBranch::report is asked for; else such
///          points of a batch are recorded anew; ShapeError if the arguments have different numbers of points
/// A Function may be called by several threads at once, unless the function it was made from may not.
template <class F, class... X>
class Function {
    using Parameters = std::tuple<internal::Parameter<X>...>;
    using Active = decltype(std::tuple_cat(std::declval<internal::OnlyActive<internal::Parameter<X>>>()...));
    using WithDirections = decltype(std::tuple_cat(std::declval<Parameters>(), std::declval<Active>()));
    static constexpr std::size_t arguments = sizeof...(X);
    using Result = std::invoke_result_t<const F&, const typename internal::Parameter<X>::Variable&...>;
    static constexpr bool scalar_result = std::is_convertible_v<Result, Scalar>;
    template <class... A>
    static constexpr bool one_point = (internal::is_one_point<internal::Parameter<X>, A> && ...);

  public:
    explicit Function(F f, const X&... example)
        : counts_{internal::Parameter<X>::count(example)...},
          recording_(std::make_shared<const function::Recording>(
              [f = std::move(f), counts = counts_](std::span<const double> point) { return record_at(f, counts, point); }, packed(example...),
              roles(example...))) {}

    /// f(x...): a number, or a std::vector of them where f returns several; of a batch a Tensor [n], or [n, m].
    template <class... A>
    [[nodiscard]] auto operator()(const A&... a) const {
        using Q = function::Question;
        if constexpr (one_point<A...>) {
            return values_of(at(Q::values, a...).data());
        } else {
            return values_of(over<A...>(Q::values, a...));
        }
    }

    /// dy/dx of a function with one result, each of its argument's kind; with several arguments a std::tuple.
    /// Of a batch: [n] or [n, k]; of a shared argument, its own kind, summed over the points.
    template <class... A>
    [[nodiscard]] auto gradient(const A&... a) const {
        return value_and_gradient(a...).second;
    }
    template <class... A>
    [[nodiscard]] auto value_and_gradient(const A&... a) const {
        static_assert(scalar_result, "a gradient is of a function with one result; ask for the jacobian");
        using Q = function::Question;
        if constexpr (one_point<A...>) {
            const Answer answer = at(Q::gradient, a...);
            return std::pair{answer.data()[0], parts_of(answer.data() + 1)};
        } else {
            const auto batch = over<A...>(Q::gradient, a...);
            return std::pair{batch.column(0), parts_of(batch, 1)};
        }
    }
    /// The sum of f over the points of a batch, and its gradient: the loss of a fit, whose parameters are shared.
    template <class... A>
        requires(!one_point<A...>)
    [[nodiscard]] auto sum_and_gradient(const A&... a) const {
        static_assert(scalar_result, "a gradient is of a function with one result");
        const auto batch = over<A...>(function::Question::sum_gradient, a...);
        return std::pair{batch.sums[0], parts_of(batch, 0, 1)};
    }
    /// dy[j]/dx[i] of a function with m results: [m] or [m, k]; without the m for one result; of a batch with the points first.
    /// Shared arguments are not summed over.
    template <class... A>
    [[nodiscard]] auto jacobian(const A&... a) const {
        return value_and_jacobian(a...).second;
    }
    template <class... A>
    [[nodiscard]] auto value_and_jacobian(const A&... a) const {
        using Q = function::Question;
        if constexpr (one_point<A...>) {
            const Answer answer = at(Q::jacobian, a...);
            return std::pair{values_of(answer.data()), jacobian_parts(answer.data() + recording_->outputs())};
        } else {
            const auto batch = over<A...>(Q::jacobian, a...);
            return std::pair{values_of(batch), jacobian_parts(batch)};
        }
    }
    /// H v, H the Hessian of f (of the sum of its results): arguments x..., and then v... for all that are not passive, of the same kinds.
    /// Returned as a gradient.
    template <class... A>
        requires(sizeof...(A) == std::tuple_size_v<WithDirections>)
    [[nodiscard]] auto hvp(const A&... a) const {
        using Q = function::Question;
        constexpr bool one = [&]<std::size_t... k>(std::index_sequence<k...>) {
            return (internal::is_one_point<std::tuple_element_t<k, WithDirections>, A> && ...);
        }(std::index_sequence_for<A...>());
        if constexpr (one) {
            const Answer answer = at(Q::curvature, a...);
            return parts_of(answer.data());
        } else {
            return parts_of(over<A...>(Q::curvature, a...), 0);
        }
    }

    /// The same function with another answer to changed branches. By default one point reports them, and a batch records anew.
    [[nodiscard]] Function on_branch(OnBranch answer) const {
        Function other = *this;
        other.one_point_on_branch_ = other.batch_on_branch_ = answer;
        return other;
    }
    /// The same function, whose batches take numbers below 2^-126 (float; 2^-1022 in double) for 0. Many CPUs need a hundred times as long
    /// for such numbers as for others, and softmax or exp make plenty of them in float. Results change where they matter.
    [[nodiscard]] Function flush_denormals(bool flush = true) const {
        Function other = *this;
        other.flush_denormals_ = flush;
        return other;
    }
    /// How many recordings, of different branches, there are by now.
    [[nodiscard]] std::size_t recordings() const { return recording_->variants(); }
    /// The program that was recorded first, one operation a line.
    [[nodiscard]] std::string to_string() const { return function::to_string(recording_->program()); }
    [[nodiscard]] const function::Program& program() const noexcept { return recording_->program(); }

  private:
    using Counts = std::array<std::size_t, arguments>;

    static std::vector<double> packed(const X&... example) {
        std::vector<double> numbers;
        (internal::for_each_number(internal::Parameter<X>::example(example), [&](auto x) { numbers.push_back(static_cast<double>(x)); }), ...);
        return numbers;
    }
    static std::vector<function::Role> roles(const X&... example) {
        std::vector<function::Role> roles;
        (roles.insert(roles.end(), internal::Parameter<X>::count(example),
                      function::Role{internal::Parameter<X>::is_shared, !internal::Parameter<X>::is_passive}),
         ...);
        return roles;
    }
    /// The numbers in argument k: of x, and then of v.
    [[nodiscard]] std::size_t count_of(std::size_t k) const {
        if (k < arguments) return counts_[k];
        constexpr std::array<bool, arguments> is_passive{internal::Parameter<X>::is_passive...};
        std::size_t argument = 0;
        for (std::size_t left = k - arguments; is_passive[argument] || left-- > 0;) ++argument;
        return counts_[argument];
    }
    static function::Program record_at(const F& f, const Counts& counts, std::span<const double> point) {
        Tape tape;
        std::vector<Scalar> inputs, outputs;
        for (const double x : point) inputs.push_back(tape.variable(x));
        std::size_t argument = 0, next = 0;
        const auto take = [&]<class P>(std::type_identity<P>) {
            const std::size_t begin = next, count = counts[argument++];
            next += count;
            return P::variable(std::span<const Scalar>(inputs).subspan(begin, count));
        };
        // Braces keep the order of the arguments.
        const std::tuple<typename internal::Parameter<X>::Variable...> variables{take(std::type_identity<internal::Parameter<X>>{})...};
        internal::append_outputs(std::apply(f, variables), outputs);
        return function::assemble(tape, inputs, outputs);
    }

    // One point: small answers stay off the heap.
    class Answer {
      public:
        explicit Answer(std::size_t n) : size_(n) {
            if (n > few_.size()) many_.resize(n);
        }
        [[nodiscard]] double* data() { return many_.empty() ? few_.data() : many_.data(); }
        [[nodiscard]] const double* data() const { return many_.empty() ? few_.data() : many_.data(); }
        [[nodiscard]] std::span<double> span() { return {data(), size_}; }

      private:
        std::size_t size_;
        std::array<double, 32> few_;
        std::vector<double> many_;
    };
    template <class... A>
    Answer at(function::Question question, const A&... a) const {
        static_assert(sizeof...(A) == arguments || sizeof...(A) == std::tuple_size_v<WithDirections>);
        Answer inputs(recording_->inputs() + (sizeof...(A) == arguments ? 0 : recording_->active_inputs())), answer(recording_->answers(question));
        std::size_t argument = 0, next = 0;
        const auto put = [&](const auto& x) {
            const std::size_t begin = next;
            const std::size_t count = count_of(argument);
            internal::for_each_number(x, [&](auto number) {
                if (next < begin + count) inputs.data()[next] = static_cast<double>(number);
                ++next;
            });
            if (next - begin != count) internal::throw_wrong_count(argument, count, next - begin);
            ++argument;
        };
        (put(a), ...);
        recording_->at(question, inputs.span(), one_point_on_branch_, answer.span());
        return answer;
    }
    static auto values_of_one(const double* y, std::size_t m) {
        if constexpr (scalar_result)
            return static_cast<void>(m), *y;
        else
            return std::vector<double>(y, y + m);
    }
    auto values_of(const double* y) const { return values_of_one(y, recording_->outputs()); }
    /// take(P, numbers) for every argument that is differentiated by; its results as a tuple, or the only one.
    template <class Take>
    auto for_each_active(const Take& take) const {
        std::size_t argument = 0;
        const auto one = [&]<class P>(std::type_identity<P>) {
            const std::size_t count = counts_[argument++];
            if constexpr (P::is_passive)
                return static_cast<void>(count), std::tuple<>();
            else
                return std::tuple<decltype(take(std::type_identity<P>{}, count))>(take(std::type_identity<P>{}, count));
        };
        std::tuple<decltype(one(std::type_identity<internal::Parameter<X>>{}))...> parts{one(std::type_identity<internal::Parameter<X>>{})...};
        auto flat = std::apply([](auto&... part) { return std::tuple_cat(std::move(part)...); }, parts);
        static_assert(std::tuple_size_v<decltype(flat)> > 0, "everything is passive: there is nothing to differentiate by");
        if constexpr (std::tuple_size_v<decltype(flat)> == 1)
            return std::get<0>(std::move(flat));
        else
            return flat;
    }
    auto parts_of(const double* dy) const {
        return for_each_active([&dy]<class P>(std::type_identity<P>, std::size_t count) {
            auto part = P::template gather<double>(count, dy);
            dy += count;
            return part;
        });
    }
    auto jacobian_parts(const double* dy) const {
        const std::size_t m = recording_->outputs(), active = recording_->active_inputs();
        return for_each_active([&]<class P>(std::type_identity<P>, std::size_t count) {
            std::vector<double> part;
            for (std::size_t j = 0; j < m; ++j) part.insert(part.end(), dy + j * active, dy + j * active + count);
            dy += count;
            return Tensor<double>(shape_of(m, count, P::is_number), part);
        });
    }
    static Shape shape_of(std::size_t m, std::size_t count, bool is_number) {
        Extents extents;
        if (!scalar_result) extents.push_back(static_cast<Index>(m));
        if (!is_number) extents.push_back(static_cast<Index>(count));
        return Shape(std::span<const Index>(extents.data(), extents.size()));
    }

    // Many points.
    template <class... A>
    auto over(function::Question question, const A&... a) const {
        return [&]<std::size_t... k>(std::index_sequence<k...>) {
            // The element type: of the arguments that differ from point to point.
            using T = std::common_type_t<
                float, std::conditional_t<std::tuple_element_t<k, WithDirections>::is_shared, float, typename internal::BatchElement<A>::type>...>;
            internal::Columns<T> columns;
            (add<T, std::tuple_element_t<k, WithDirections>>(columns, k, a), ...);
            return recording_->template over<T>(question, columns.n, columns.columns, batch_on_branch_, flush_denormals_);
        }(std::index_sequence_for<A...>());
    }
    template <class T, class P, class A>
    void add(internal::Columns<T>& columns, std::size_t argument, const A& a) const {
        if constexpr (P::is_shared)
            columns.add_shared(argument, count_of(argument), a);
        else if constexpr (ATensor<A>)
            columns.add(argument, a, P::is_number, count_of(argument));
        else
            columns.add(argument, std::span<const T>(a));
    }
    template <class T>
    auto values_of(const function::Batch<T>& batch) const {
        if constexpr (scalar_result)
            return batch.column(0);
        else
            return batch.columns_from(0, static_cast<Index>(recording_->outputs()));
    }
    /// Derivatives by argument: columns from `column` on, and of shared arguments, sums from `sum` on.
    template <class T>
    auto parts_of(const function::Batch<T>& batch, Index column, std::size_t sum = 0) const {
        return for_each_active([&]<class P>(std::type_identity<P>, std::size_t count) {
            if constexpr (P::is_shared) {
                const T* const first = batch.sums.data() + sum;
                sum += count;
                return P::template gather<T>(count, first);
            } else {
                const Index first = column;
                column += static_cast<Index>(count);
                return P::is_number ? batch.column(first) : batch.columns_from(first, static_cast<Index>(count));
            }
        });
    }
    template <class T>
    auto jacobian_parts(const function::Batch<T>& batch) const {
        const Index m = static_cast<Index>(recording_->outputs()), active = static_cast<Index>(recording_->active_inputs());
        Index first = m;
        return for_each_active([&]<class P>(std::type_identity<P>, std::size_t count) {
            const Tensor<T> part = batch.jacobian(first, active, scalar_result ? -1 : m, P::is_number ? -1 : static_cast<Index>(count));
            first += static_cast<Index>(count);
            return part;
        });
    }

    Counts counts_;
    std::shared_ptr<const function::Recording> recording_;
    OnBranch one_point_on_branch_ = OnBranch::report, batch_on_branch_ = OnBranch::re_record;
    bool flush_denormals_ = false;
};

/// Records f at the example: each argument a number, a std::vector or std::array of numbers, or shared(...) or passive(...) of these; f gets Scalars, or
/// containers of them, and returns a Scalar, or several (a container, a std::tuple).
/// throws   ValueError without any input, and if f uses tensor operations; whatever f throws
template <class F, class... X>
    requires(sizeof...(X) > 0)
[[nodiscard]] Function<std::decay_t<F>, X...> record(F&& f, const X&... example) {
    return Function<std::decay_t<F>, X...>(std::forward<F>(f), example...);
}

}  // namespace v1
}  // namespace autodiff

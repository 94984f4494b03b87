// SPDX-License-Identifier: MIT
// This library, recorded once and replayed: REPLAY_NUMBER (float or double) in lanes, in REPLAY_THREADS threads, or, with REPLAY_ONE, one
// point after the other. The recording is not measured. Points come one column a variable; results are read from where they lie.
#include "autodiff/function.hpp"
#include "autodiff/kernels/threads.hpp"

#include "side.hpp"

#include <memory>
#include <optional>
#include <sched.h>

using namespace autodiff;
using benchmark::Bundle, benchmark::BlackScholes, benchmark::Gmm;

namespace {

/// Each task as a recorded function; `record` makes it for the number type of the plain function too.
template <class Task>
auto recorded(const Task&);
template <>
auto recorded(const BlackScholes& task) {
    return record(
        [&task](const auto& x) {
            Scalar y;
            task.evaluate(0, x.data(), &y);
            return y;
        },
        std::vector<double>{100, 90, 0.05, 0.2, 1});
}
template <>
auto recorded(const Bundle& task) {
    return record(
        [](const auto& x, const auto& observed) {
            std::array<Scalar, 2> y;
            Bundle::residual(x.data(), observed.data(), y.data());
            return y;
        },
        std::vector<double>(task.inputs().begin(), task.inputs().begin() + 15),
        passive(std::array{task.observed()[0], task.observed()[1]}));
}
template <>
[[maybe_unused]] auto recorded(const Gmm& task) {
    return record([](const auto& x, const auto& point) { return Gmm::of_point(x.data(), Gmm::Prepared<Scalar>(x.data()), point.data()); },
                  shared(task.inputs()), passive(std::vector<double>(task.data().begin(), task.data().begin() + Gmm::d)));
}
[[maybe_unused]] auto rest_of(const Gmm& task) {
    return record([&task](const auto& x) { return task.without_points(x.data(), Gmm::Prepared<Scalar>(x.data())); }, task.inputs());
}

/// n points of k numbers, from one point after the other to one column after the other.
template <class T>
Tensor<T> by_columns(const std::vector<double>& rows, std::size_t n) {
    const std::size_t k = rows.size() / n;
    std::vector<T> columns(rows.size());
    for (std::size_t p = 0; p < n; ++p)
        for (std::size_t j = 0; j < k; ++j) columns[j * n + p] = static_cast<T>(rows[p * k + j]);
    const auto points = static_cast<Index>(n);
    return Tensor<T>(Shape{static_cast<Index>(k), points}, columns).with_layout(Shape{points, static_cast<Index>(k)}, {1, points}, 0);
}

class Replay {
    using T = REPLAY_NUMBER;

  public:
#if REPLAY_THREADS > 1
    static constexpr bool wall = true;
#endif
#if defined(REPLAY_ONE)
    template <class Task>
    static constexpr bool supports = std::is_same_v<Task, Bundle> || std::is_same_v<Task, BlackScholes>;
#else
    template <class Task>
    static constexpr bool supports = std::is_same_v<Task, Bundle> || std::is_same_v<Task, BlackScholes> || std::is_same_v<Task, Gmm>;
#endif

    explicit Replay() {
        kernels::set_threads(REPLAY_THREADS);
#if REPLAY_THREADS > 1
        cpu_set_t all;  // the driver has pinned us to one
        CPU_ZERO(&all);
        for (int i = 0; i < CPU_SETSIZE; ++i) CPU_SET(i, &all);
        sched_setaffinity(0, sizeof all, &all);
#endif
    }

    template <class Task>
    void prepare(const Task& task) {
        if constexpr (std::is_same_v<Task, Gmm>)
            points_ = by_columns<T>(task.data(), task.data().size() / Gmm::d);
        else
            points_ = by_columns<T>(task.inputs(), task.points());
        if constexpr (std::is_same_v<Task, Bundle>) observed_ = by_columns<T>(task.observed(), task.points());
        // Float has less room below 1: what softmax makes of far points would be denormal.
        function<Task>().emplace(recorded(task).flush_denormals(std::is_same_v<T, float>));
        if constexpr (std::is_same_v<Task, Gmm>) rest_.emplace(rest_of(task));
    }

    template <class Task>
    double differentiate(const Task& task, std::size_t, std::span<double> gradient) {
        const auto& f = *function<Task>();
#if defined(REPLAY_ONE)
        double total = 0;
        constexpr std::size_t n = std::is_same_v<Task, Bundle> ? 15 : 5;
        std::array<double, n> x;
        double* out = gradient.data();
        for (std::size_t p = 0; p < task.points(); ++p) {
            std::copy_n(task.inputs().data() + p * n, n, x.data());
            if constexpr (std::is_same_v<Task, Bundle>) {
                const auto [y, dy] = f.value_and_jacobian(x, std::array{task.observed()[2 * p], task.observed()[2 * p + 1]});
                total += y[0] + y[1];
                out = std::copy(dy.data().begin(), dy.data().end(), out);
            } else {
                const auto [y, dy] = f.value_and_gradient(x);
                total += y;
                out = std::copy(dy.begin(), dy.end(), out);
            }
        }
        return total;
#else
        static_cast<void>(task), static_cast<void>(gradient);
        double total = 0;
        if constexpr (std::is_same_v<Task, Gmm>) {
            auto [y, dy] = f.sum_and_gradient(task.inputs(), points_);
            auto [more, dmore] = rest_->value_and_gradient(task.inputs());
            sums_.assign(dy.begin(), dy.end());
            for (std::size_t i = 0; i < sums_.size(); ++i) sums_[i] += dmore[i];
            total = static_cast<double>(y) + more;
        } else if constexpr (std::is_same_v<Task, Bundle>) {
            auto [y, dy] = f.value_and_jacobian(points_, observed_);
            result_ = dy;
            for (Index o = 0; o < 2; ++o) total += sum_of(y, o);
        } else {
            auto [y, dy] = f.value_and_gradient(points_);
            result_ = dy;
            total = sum_of(y, 0);
        }
        return total;
#endif
    }

#if !defined(REPLAY_ONE)
    template <class Task>
    void unpack(const Task&, std::span<double> gradient) const {
        if constexpr (std::is_same_v<Task, Gmm>) {
            std::copy(sums_.begin(), sums_.end(), gradient.begin());
        } else {
            const Tensor<T> rows = result_.contiguous();
            std::copy(rows.data().begin(), rows.data().end(), gradient.begin());
        }
    }
#endif
    static std::size_t group() { return 1; }
    static std::size_t bytes() { return 0; }

  private:
    static double sum_of(const Tensor<T>& y, Index output) {
        const T* const column = y.begin_data() + (y.rank() > 1 ? output * y.strides()[1] : 0);
        double sum[8] = {};  // as the compiler likes it
        const Index n = y.shape()[0];
        for (Index i = 0; i + 8 <= n; i += 8)
            for (Index k = 0; k < 8; ++k) sum[k] += static_cast<double>(column[i + k]);
        for (Index i = n / 8 * 8; i < n; ++i) sum[0] += static_cast<double>(column[i]);
        return ((sum[0] + sum[1]) + (sum[2] + sum[3])) + ((sum[4] + sum[5]) + (sum[6] + sum[7]));
    }
    template <class Task>
    auto& function() {
        if constexpr (std::is_same_v<Task, Gmm>)
            return gmm_;
        else if constexpr (std::is_same_v<Task, Bundle>)
            return bundle_;
        else
            return black_scholes_;
    }
    std::optional<decltype(recorded(std::declval<const Gmm&>()))> gmm_;
    std::optional<decltype(rest_of(std::declval<const Gmm&>()))> rest_;
    std::optional<decltype(recorded(std::declval<const Bundle&>()))> bundle_;
    std::optional<decltype(recorded(std::declval<const BlackScholes&>()))> black_scholes_;
    Tensor<T> points_, observed_, result_;
    std::vector<double> sums_;
};

}  // namespace

int main(int argc, char** argv) {
    Replay side;
    return benchmark::run(argc, argv, side);
}

// SPDX-License-Identifier: MIT
// Random programs of 1 to 200 operations: reuse, constants, dead rows, choices, comparisons. What was recorded at one point gives at
// others what the tape gives there, or reports that another branch is taken.
#include "autodiff/function.hpp"
#include "autodiff/gradient.hpp"
#include "tests/function/near.hpp"

#include <boost/test/unit_test.hpp>
#include <random>
#include <vector>

namespace {

using namespace autodiff;

constexpr unsigned seed = 33550;

struct Step {
    unsigned kind;
    std::size_t a, b, c;
    double constant;
};

/// Every operation maps [-1, 1] into itself, and the sizes of its partials add up to at most 1, so that neither values nor sums of
/// products of partials grow. Then each of 200 operations adds a few roundings of at most 1e-16 to a value, and to an adjoint: 1e-13
/// in all for both, relative to 1, the bound of the sum of |terms| (the lanes' functions are good to a few ulps, and fuse products).
class Program {
  public:
    Program(std::mt19937_64& random, bool with_ifs) : inputs_(1 + random() % 4) {
        const std::size_t length = 1 + random() % 200;
        std::uniform_real_distribution<double> constant(-1, 1);
        for (std::size_t k = 0; k < length; ++k) {
            // Half of the operands are recent, so that programs are deep.
            const auto operand = [&] {
                const std::size_t n = inputs_ + k;
                return random() % 2 == 0 ? random() % n : n - 1 - random() % std::min<std::size_t>(n, 4);
            };
            steps_.push_back({static_cast<unsigned>(random() % (with_ifs ? 19 : 18)), operand(), operand(), operand(), constant(random)});
        }
    }
    [[nodiscard]] std::size_t inputs() const { return inputs_; }
    [[nodiscard]] std::size_t length() const { return steps_.size(); }

    /// `decided`: what the ifs said.
    [[nodiscard]] Scalar operator()(const std::vector<Scalar>& inputs, std::vector<bool>* decided = nullptr) const {
        std::vector<Scalar> x = inputs;
        for (const Step& step : steps_) {
            const Scalar a = x[step.a], b = x[step.b], c = x[step.c];
            const double k = step.constant;
            switch (step.kind) {
            case 0:
                x.push_back(0.5 * (a + b));
                break;
            case 1:
                x.push_back(0.5 * (a - b));
                break;
            case 2:
                x.push_back(0.5 * (a * b));
                break;
            case 3:
                x.push_back(fma(0.5 * a, b, k) / (1 + std::abs(k)));
                break;
            case 4:
                x.push_back(a / (3 + b));
                break;
            case 5:
                x.push_back(sin(a));
                break;
            case 6:
                x.push_back(tanh(a + k));
                break;
            case 7:
                x.push_back(atan(a));
                break;
            case 8:
                x.push_back(exp(a) / 3);
                break;
            case 9:
                x.push_back(0.5 * sqrt(a * a + 1));
                break;
            case 10:
                x.push_back(where(a < b, b, c));
                break;
            case 11:
                x.push_back(where(a <= k, a, -b));
                break;
            case 12:
                x.push_back(maximum(a, b));
                break;
            case 13:
                x.push_back(minimum(a, k));
                break;
            case 14:
                x.push_back(abs(a));
                break;
            case 15:
                x.push_back((a + b - c + k) * 0.25);
                break;
            case 16:
                x.push_back(0.5 * square(a));
                break;
            case 17:
                x.push_back(Scalar(k));
                break;
            default: {
                const bool holds = a < b + k;
                if (decided != nullptr) decided->push_back(holds);
                if (holds)
                    x.push_back(0.5 * (a + c));
                else
                    x.push_back(cos(b));
            }
            }
        }
        return x.back();
    }

  private:
    std::size_t inputs_;
    std::vector<Step> steps_;
};

struct Answer {
    double y;
    std::vector<double> dy;
    std::vector<bool> decided;
};
Answer by_the_tape(const Program& program, const std::vector<double>& at) {
    Answer answer{};
    Tape tape;
    std::vector<Scalar> x;
    for (const double each : at) x.push_back(tape.variable(each));
    const Scalar y = program(x, &answer.decided);
    answer.y = y.value();
    answer.dy.assign(x.size(), 0);
    if (y.recorded()) {
        const Gradient g = gradient(y);
        for (std::size_t k = 0; k < x.size(); ++k) answer.dy[k] = g[x[k]];
    }
    return answer;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(function_random_programs)

BOOST_AUTO_TEST_CASE(replays_agree_with_the_tape_at_other_points) {
    constexpr std::size_t programs = 150, points = 67;
    std::mt19937_64 random(seed);
    std::uniform_real_distribution<double> anywhere(-1, 1);
    std::size_t held = 0, changed = 0, dead = 0;
    test::Near near(fmt::format("random programs, seed {}", seed), 0, 1e-13);
    for (std::size_t number = 0; number < programs; ++number) {
        const Program program(random, number % 2 == 0);
        const std::size_t n = program.inputs();
        std::vector<std::vector<double>> x(points, std::vector<double>(n));
        std::vector<double> flat;
        for (auto& point : x)
            for (double& each : point) flat.push_back(each = anywhere(random));
        const auto f = record([program](const std::vector<Scalar>& at) { return program(at); }, x[0]);
        if (f.program().code.size() * 2 < program.length()) ++dead;
        const auto [y, dy] = f.value_and_gradient(Tensor<double>(Shape{points, static_cast<Index>(n)}, flat));
        const Answer at_example = by_the_tape(program, x[0]);
        for (std::size_t i = 0; i < points; ++i) {
            const Answer expected = by_the_tape(program, x[i]);
            const auto p = static_cast<Index>(i);
            near(y.at(p), expected.y, 1, "program {}, point {} of a batch", number, i);
            for (std::size_t k = 0; k < n; ++k)
                near(dy.at(p, static_cast<Index>(k)), expected.dy[k], 1, "program {}, dy/dx{} at point {} of a batch", number, k, i);
            if (i % 4 != 0) continue;
            try {
                const auto [y1, dy1] = f.value_and_gradient(x[i]);
                ++held;
                BOOST_TEST((expected.decided == at_example.decided), "program " << number << " went on at point " << i);
                near(y1, expected.y, 1, "program {}, point {}", number, i);
                for (std::size_t k = 0; k < n; ++k) near(dy1[k], expected.dy[k], 1, "program {}, dy/dx{} at point {}", number, k, i);
            } catch (const BranchChanged&) {
                ++changed;
                BOOST_TEST((expected.decided != at_example.decided), "program " << number << " reported point " << i);
            }
        }
    }
    BOOST_TEST(held > 1000u);
    BOOST_TEST(changed > 100u);
    BOOST_TEST(dead > 10u);
}

BOOST_AUTO_TEST_SUITE_END()

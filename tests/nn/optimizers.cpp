// SPDX-License-Identifier: MIT
// Five steps of every optimizer against the same recursion written as plain loops over one vector.
#include "nn/optimizers.hpp"

#include "autodiff/gradient.hpp"
#include "autodiff/ops/arithmetic.hpp"
#include "autodiff/ops/reduce.hpp"
#include "nn/linear.hpp"
#include "nn/schedules.hpp"
#include "tests/nn/says.hpp"
#include "tests/support/compare.hpp"

#include <functional>
#include <vector>

using namespace test;
using nn::Index;
using nn::Tensor;

namespace {

template <class T>
struct Model {
    nn::BasicLinear<T> linear{3, 2};
    Tensor<T> offset = Tensor<T>::ones({2, 1});
};
const auto flat = [](const auto& model) {
    std::vector<double> all;
    for (const auto& [name, tensor] : nn::parameters(model))
        for (const auto v : tensor.contiguous().data()) all.push_back(static_cast<double>(v));
    return all;
};
/// Gradients that change from step to step.
template <class T>
Model<T> gradient_at(int step) {
    nn::Random random{static_cast<std::uint64_t>(step) + 1};
    Model<T> g;
    g.linear.weight = random.normal_tensor<T>({3, 2});
    g.linear.bias = random.normal_tensor<T>({2});
    g.offset = random.normal_tensor<T>({2, 1});
    return g;
}
using Reference = std::function<void(int step, std::vector<double>& x, const std::vector<double>& g)>;

template <class T>
void follow(auto optimizer, const Reference& reference, double tolerance) {
    Model<T> model;
    auto x = flat(model);
    for (int step = 1; step <= 5; ++step) {
        const auto g = gradient_at<T>(step);
        optimizer.step(model, g);
        reference(step, x, flat(g));
        const auto got = flat(model);
        for (std::size_t i = 0; i < x.size(); ++i) BOOST_TEST(close(got[i], x[i], {.relative = tolerance, .absolute = tolerance}));
    }
}
void follow_both(const auto& optimizer, const std::function<Reference()>& reference) {
    follow<double>(optimizer, reference(), 1e-14);
    follow<float>(optimizer, reference(), 2e-6);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(nn_optimizers)

BOOST_AUTO_TEST_CASE(sgd_follows_its_recursion) {
    for (const nn::SgdOptions& o : {nn::SgdOptions{.lr = 0.1}, nn::SgdOptions{.lr = 0.1, .momentum = 0.9},
                                    nn::SgdOptions{.lr = 0.05, .momentum = 0.8, .nesterov = true, .weight_decay = 0.1},
                                    nn::SgdOptions{.lr = 0.1, .weight_decay = 0.01}})
        follow_both(nn::SGD{o}, [o]() -> Reference {
            return [o, v = std::vector<double>(10)](int, std::vector<double>& x, const std::vector<double>& gradient) mutable {
                for (std::size_t i = 0; i < x.size(); ++i) {
                    const double g = gradient[i] + o.weight_decay * x[i];
                    v[i] = o.momentum * v[i] + g;
                    x[i] -= o.lr * (o.nesterov ? g + o.momentum * v[i] : v[i]);
                }
            };
        });
}

Reference adam_reference(const nn::AdamOptions& o, bool decoupled) {
    return [=, m = std::vector<double>(10), v = std::vector<double>(10)](int step, std::vector<double>& x,
                                                                         const std::vector<double>& gradient) mutable {
        for (std::size_t i = 0; i < x.size(); ++i) {
            if (decoupled) x[i] -= o.lr * o.weight_decay * x[i];
            const double g = gradient[i] + (decoupled ? 0 : o.weight_decay * x[i]);
            m[i] = o.betas.first * m[i] + (1 - o.betas.first) * g;
            v[i] = o.betas.second * v[i] + (1 - o.betas.second) * g * g;
            const double mhat = m[i] / (1 - std::pow(o.betas.first, step)), vhat = v[i] / (1 - std::pow(o.betas.second, step));
            x[i] -= o.lr * mhat / (std::sqrt(vhat) + o.eps);
        }
    };
}

BOOST_AUTO_TEST_CASE(adam_follows_its_recursion) {
    for (const nn::AdamOptions& o :
         {nn::AdamOptions{.lr = 0.1}, nn::AdamOptions{.lr = 0.01, .betas = {0.8, 0.95}, .eps = 1e-3, .weight_decay = 0.1}})
        follow_both(nn::Adam{o}, [o] { return adam_reference(o, false); });
}

BOOST_AUTO_TEST_CASE(adamw_follows_its_recursion) {
    for (const nn::AdamOptions& o : {nn::AdamOptions{.lr = 0.1, .weight_decay = 0.01}, nn::AdamOptions{.lr = 0.01, .weight_decay = 0.5}})
        follow_both(nn::AdamW{o}, [o] { return adam_reference(o, true); });
}

BOOST_AUTO_TEST_CASE(weight_decay_is_the_gradient_of_half_a_square) {
    Model<double> decayed, penalised;
    const double lambda = 0.3;
    const auto f = [](const Model<double>& m) { return sum(square(m.linear(Tensor<double>::ones({4, 3})))) + sum(m.offset); };
    const auto penalty = [lambda](const Model<double>& m) {
        return lambda / 2 * (sum(square(m.linear.weight)) + sum(square(m.linear.bias)) + sum(square(m.offset)));
    };
    nn::SGD with{{.lr = 0.01, .weight_decay = lambda}}, without{{.lr = 0.01}};
    for (int step = 0; step < 3; ++step) {
        with.step(decayed, autodiff::gradient(f, decayed));
        without.step(penalised, autodiff::gradient([&](const Model<double>& m) { return f(m) + penalty(m); }, penalised));
    }
    const auto a = flat(decayed), b = flat(penalised);
    for (std::size_t i = 0; i < a.size(); ++i) BOOST_TEST(close(a[i], b[i], {.relative = 1e-13}));
}

BOOST_AUTO_TEST_CASE(optimizers_find_the_bottom_of_a_bowl) {
    const auto target = Tensor<double>::of({1, -2, 3});
    const auto run = [&](auto optimizer) {
        auto x = Tensor<double>::zeros({3});
        for (int step = 0; step < 500; ++step)
            optimizer.step(x, autodiff::gradient([&](const auto& v) { return sum(square(v - target)); }, x));
        for (Index i = 0; i < 3; ++i) BOOST_TEST(close(x.at(i), target.at(i), {.absolute = 1e-3}));
    };
    run(nn::SGD{{.lr = 0.1}});
    run(nn::SGD{{.lr = 0.05, .momentum = 0.9, .nesterov = true}});
    run(nn::Adam{{.lr = 0.1}});
}

BOOST_AUTO_TEST_CASE(scalars_are_parameters_too) {
    struct Physics {
        autodiff::Scalar viscosity = 2.0;
        Tensor<double> field = Tensor<double>::ones({2});
    };
    Physics p;
    const auto g = autodiff::gradient([](const Physics& q) { return q.viscosity * q.viscosity + autodiff::Scalar(sum(q.field)); }, p);
    nn::SGD optimizer{{.lr = 0.25}};
    optimizer.step(p, g);
    BOOST_TEST(p.viscosity.value() == 1);
    BOOST_TEST(!p.viscosity.recorded());
    BOOST_TEST(p.field.at(0) == 0.75);
}

BOOST_AUTO_TEST_CASE(copies_made_before_a_step_keep_their_values) {
    Model<double> model;
    const Model<double> copy = model;
    const auto before = flat(copy);
    nn::SGD{{.lr = 1}}.step(model, gradient_at<double>(1));
    BOOST_TEST(flat(copy) == before, boost::test_tools::per_element());
    BOOST_TEST(flat(model) != before);
}

BOOST_AUTO_TEST_CASE(what_does_not_fit_is_named_and_nothing_has_changed) {
    Model<double> model;
    const auto before = flat(model);
    auto g = gradient_at<double>(1);
    g.linear.bias = Tensor<double>::ones({3});
    nn::Adam adam;
    BOOST_CHECK_EXCEPTION(adam.step(model, g), autodiff::ShapeError, says("adam: expected a gradient [2] for linear.bias, got [3]"));
    BOOST_TEST(flat(model) == before, boost::test_tools::per_element());

    nn::SGD sgd;
    sgd.step(model, gradient_at<double>(1));
    Model<double> other;
    other.offset = Tensor<double>::ones({5});
    auto wide = gradient_at<double>(1);
    wide.offset = Tensor<double>::ones({5});
    const auto untouched = flat(other);
    BOOST_CHECK_EXCEPTION(
        sgd.step(other, wide), autodiff::ValueError,
        says("sgd: expected the parameter of earlier steps, offset [2, 1], got offset [5]; make a new optimizer for another model"));
    BOOST_TEST(flat(other) == untouched, boost::test_tools::per_element());
    auto single = Tensor<double>::ones({2});
    BOOST_CHECK_EXCEPTION(sgd.step(single, single.constant()), autodiff::ValueError,
                          says("sgd: expected the 3 parameters of earlier steps, got 1; make a new optimizer for another model"));

    autodiff::Tape tape;
    auto variable = tape.variable(Tensor<double>::ones({2}));
    BOOST_CHECK_EXCEPTION(nn::SGD{}.step(variable, Tensor<double>::ones({2})), autodiff::TapeError,
                          says("sgd: expected tensor on no tape, got a recorded value; step the model from which the variables were made"));
}

BOOST_AUTO_TEST_CASE(options_out_of_range_are_refused) {
    BOOST_CHECK_EXCEPTION(static_cast<void>(nn::SGD({.lr = -1})), autodiff::ValueError, says("sgd: expected an lr of at least 0, got -1"));
    BOOST_CHECK_EXCEPTION(static_cast<void>(nn::SGD({.nesterov = true})), autodiff::ValueError,
                          says("sgd: expected a momentum for nesterov, got 0"));
    BOOST_CHECK_EXCEPTION(static_cast<void>(nn::Adam({.betas = {0.9, 1}})), autodiff::ValueError,
                          says("adam: expected betas from 0 to less than 1, got 1"));
    BOOST_CHECK_EXCEPTION(static_cast<void>(nn::AdamW({.eps = -1e-8})), autodiff::ValueError,
                          says("adamw: expected an eps of at least 0, got -1e-08"));
}

BOOST_AUTO_TEST_CASE(clipping_by_norm_keeps_the_direction) {
    auto g = gradient_at<double>(1);
    const auto before = flat(g);
    double squares = 0;
    for (const double v : before) squares += v * v;
    const double norm = std::sqrt(squares);
    BOOST_TEST(close(nn::clip_gradient_norm(g, 2 * norm), norm, {.relative = 1e-15}));
    BOOST_TEST(flat(g) == before, boost::test_tools::per_element());
    BOOST_TEST(close(nn::clip_gradient_norm(g, norm / 4), norm, {.relative = 1e-15}));
    const auto after = flat(g);
    for (std::size_t i = 0; i < before.size(); ++i) BOOST_TEST(close(after[i], before[i] / 4, {.relative = 1e-14}));

    g.offset = Tensor<double>::full({2, 1}, std::numeric_limits<double>::infinity());
    BOOST_TEST(std::isinf(nn::clip_gradient_norm(g, 1)));
    BOOST_TEST(g.linear.bias.at(0) == after[6]);
    BOOST_CHECK_EXCEPTION(static_cast<void>(nn::clip_gradient_norm(g, 0)), autodiff::ValueError,
                          says("clip_gradient_norm: expected a positive bound, got 0"));
}

BOOST_AUTO_TEST_CASE(clipping_by_value_bounds_every_element) {
    auto g = Tensor<float>::of({-3, 0.5f, 2, 1});
    nn::clip_gradient_value(g, 1);
    BOOST_TEST(g.data() == (std::vector<float>{-1, 0.5f, 1, 1}), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(schedules_pass_through_their_points) {
    const nn::StepSchedule step{.lr = 1, .period = 10, .factor = 0.5};
    BOOST_TEST(step(0) == 1);
    BOOST_TEST(step(9) == 1);
    BOOST_TEST(step(10) == 0.5);
    BOOST_TEST(step(25) == 0.25);
    const nn::CosineSchedule cosine{.lr = 2, .steps = 100, .final_lr = 1};
    BOOST_TEST(cosine(0) == 2);
    BOOST_TEST(close(cosine(50), 1.5, {.relative = 1e-15}));
    BOOST_TEST(cosine(100) == 1);
    BOOST_TEST(cosine(1000) == 1);
    const nn::WarmupSchedule warm{4, nn::StepSchedule{.lr = 8, .period = 1000}};
    BOOST_TEST(warm(0) == 2);
    BOOST_TEST(warm(3) == 8);
    BOOST_TEST(warm(4) == 8);
}

BOOST_AUTO_TEST_SUITE_END()

// SPDX-License-Identifier: MIT
// Cost functions for Ceres: the same Jacobians as ceres::Jet gives, and Ceres' layouts. Next: ceres_solving.cpp.
#include "autodiff/adaptors/ceres.hpp"

#include "examples/bundle/scene.hpp"
#include "tests/support/compare.hpp"

#include <algorithm>
#include <array>
#include <boost/test/unit_test.hpp>
#include <ceres/autodiff_cost_function.h>
#include <ceres/rotation.h>
#include <Eigen/Geometry>
#include <random>
#include <vector>

using autodiff::CeresCostFunction;
using autodiff::DynamicCeresCostFunction;
using test::close;

namespace {

/// One residual of many parameters: reverse.
struct Energy {
    template <class T>
    bool operator()(const T* x, const T* y, T* r) const {
        using std::exp, std::log, std::pow, std::sqrt;
        T sum(0);
        for (int i = 0; i < 7; ++i) sum += exp(x[i] * y[i % 3]) / (T(1.5) + x[i] * x[i]);
        r[0] = log(sum) * sqrt(y[0] * y[0] + y[1] * y[1]) - pow(x[3] * x[3] + T(1), y[2]);
        return true;
    }
};
/// Many residuals of few parameters: forward; with a branch.
struct Decays {
    template <class T>
    bool operator()(const T* x, T* r) const {
        using std::atan2, std::exp, std::tanh;
        for (int i = 0; i < 12; ++i) r[i] = i % 2 == 0 ? exp(-x[0] * T(i)) * x[1] : (x[1] > x[2] ? atan2(x[2], x[0]) : tanh(x[1] - T(i)));
        return true;
    }
};
/// What bundle adjusters write, with Ceres' own rotations.
struct Pinhole {
    template <class T>
    bool operator()(const T* camera, const T* point, T* r) const {
        T q[3];
        ceres::AngleAxisRotatePoint(camera, point, q);
        for (int k = 0; k < 3; ++k) q[k] += camera[3 + k];
        r[0] = camera[6] * q[0] / (q[2] + T(5));
        r[1] = camera[6] * q[1] / (q[2] + T(5));
        return true;
    }
};
/// What users of Eigen write.
template <int rows>
struct Align {
    template <class T>
    bool operator()(const T* quaternion, const T* translation, T* r) const {
        const Eigen::Map<const Eigen::Quaternion<T>> q(quaternion);
        const Eigen::Map<const Eigen::Vector3<T>> t(translation);
        for (int k = 0; k < rows / 3; ++k) {
            Eigen::Map<Eigen::Vector3<T>> out(r + 3 * k);
            out = q * Eigen::Vector3<T>(T(k + 1), T(-0.5), T(0.25)) + t * (t.norm() + T(k));
        }
        return true;
    }
};

std::vector<double> draw(std::size_t n, std::mt19937& random) {
    std::uniform_real_distribution<double> number(-1, 1);
    std::vector<double> x(n);
    for (double& xi : x) xi = number(random);
    return x;
}

struct Evaluation {
    bool ok = false;
    std::vector<double> r;
    std::vector<std::vector<double>> jacobians;
};
/// Evaluates at the points x, and the Jacobians of the blocks that are wanted.
Evaluation evaluate(const ceres::CostFunction& cost, const std::vector<std::vector<double>>& x, const std::vector<bool>& wanted) {
    Evaluation e;
    e.r.assign(static_cast<std::size_t>(cost.num_residuals()), 77);
    std::vector<const double*> blocks;
    std::vector<double*> jacobians;
    e.jacobians.resize(x.size());
    for (std::size_t b = 0; b < x.size(); ++b) {
        blocks.push_back(x[b].data());
        e.jacobians[b].assign(e.r.size() * x[b].size(), 77);
        jacobians.push_back(wanted[b] ? e.jacobians[b].data() : nullptr);
    }
    e.ok = cost.Evaluate(blocks.data(), e.r.data(), jacobians.data());
    return e;
}

/// Ours against ceres::AutoDiffCostFunction at 20 points; every entry to 1e-14 of the largest of its row.
template <class F, int residuals, int... sizes>
void same_as_jet() {
    const CeresCostFunction<F, residuals, sizes...> ours{F{}};
    const ceres::AutoDiffCostFunction<F, residuals, sizes...> theirs(new F{});
    const std::vector<bool> all(sizeof...(sizes), true);
    std::mt19937 random(5);
    for (int trial = 0; trial < 20; ++trial) {
        const std::vector<std::vector<double>> x{draw(sizes, random)...};
        const Evaluation a = evaluate(ours, x, all), b = evaluate(theirs, x, all);
        BOOST_TEST(a.ok);
        BOOST_TEST(b.ok);
        for (std::size_t i = 0; i < a.r.size(); ++i) {
            double largest = 1;
            for (std::size_t k = 0; k < x.size(); ++k)
                for (std::size_t c = 0; c < x[k].size(); ++c) largest = std::max(largest, std::abs(b.jacobians[k][i * x[k].size() + c]));
            BOOST_TEST(close(a.r[i], b.r[i], {.relative = 1e-14, .absolute = 1e-14}));
            for (std::size_t k = 0; k < x.size(); ++k)
                for (std::size_t c = 0; c < x[k].size(); ++c) {
                    const std::size_t at = i * x[k].size() + c;
                    BOOST_TEST(close(a.jacobians[k][at], b.jacobians[k][at], {.absolute = 1e-14 * largest}));
                }
        }
    }
}

struct Refuses {
    template <class T>
    bool operator()(const T* x, T* r) const {
        r[0] = x[0];
        return x[0] < T(0);
    }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(ceres_jacobians)

BOOST_AUTO_TEST_CASE(jacobians_are_those_of_jet_with_one_residual) { same_as_jet<Energy, 1, 7, 3>(); }
BOOST_AUTO_TEST_CASE(jacobians_are_those_of_jet_with_many_residuals) { same_as_jet<Decays, 12, 3>(); }
BOOST_AUTO_TEST_CASE(jacobians_are_those_of_jet_with_rotations) { same_as_jet<Pinhole, 2, 7, 3>(); }
BOOST_AUTO_TEST_CASE(jacobians_are_those_of_jet_with_matrices_by_sweeps) { same_as_jet<Align<3>, 3, 4, 3>(); }
BOOST_AUTO_TEST_CASE(jacobians_are_those_of_jet_with_matrices_by_duals) { same_as_jet<Align<9>, 9, 4, 3>(); }
BOOST_AUTO_TEST_CASE(jacobians_are_those_of_jet_in_bundle_adjustment) { same_as_jet<bundle::Reprojection, 2, 9, 3>(); }

BOOST_AUTO_TEST_CASE(rotations_by_zero_have_a_derivative) {
    const bundle::Reprojection seen{10, 20};
    const CeresCostFunction<bundle::Reprojection, 2, 9, 3> ours(seen);
    const ceres::AutoDiffCostFunction<bundle::Reprojection, 2, 9, 3> theirs(new bundle::Reprojection(seen));
    const std::vector<std::vector<double>> x{{0, 0, 0, 0.1, -0.2, -6, 500, 0.05, 0.01}, {0.3, -0.4, 0.5}};
    const Evaluation a = evaluate(ours, x, {true, true}), b = evaluate(theirs, x, {true, true});
    for (std::size_t k = 0; k < 2; ++k)
        for (std::size_t i = 0; i < a.jacobians[k].size(); ++i)
            BOOST_TEST(close(a.jacobians[k][i], b.jacobians[k][i], {.relative = 1e-13, .absolute = 1e-13}));
}

BOOST_AUTO_TEST_CASE(null_jacobians_are_left_out) {
    const CeresCostFunction<Energy, 1, 7, 3> cost{Energy{}};
    std::mt19937 random(6);
    const std::vector<std::vector<double>> x{draw(7, random), draw(3, random)};
    const Evaluation all = evaluate(cost, x, {true, true}), first = evaluate(cost, x, {true, false}),
                     second = evaluate(cost, x, {false, true}), none = evaluate(cost, x, {false, false});
    const std::vector<double> untouched_first(7, 77), untouched_second(3, 77);
    BOOST_TEST((first.jacobians[0] == all.jacobians[0]));
    BOOST_TEST((first.jacobians[1] == untouched_second));
    BOOST_TEST((second.jacobians[0] == untouched_first));
    BOOST_TEST((second.jacobians[1] == all.jacobians[1]));
    BOOST_TEST((none.jacobians[0] == untouched_first));
    double r = 0;
    const std::array blocks{x[0].data(), x[1].data()};
    BOOST_TEST(cost.Evaluate(blocks.data(), &r, nullptr));
    for (const double other : {all.r[0], first.r[0], second.r[0], none.r[0]}) BOOST_TEST(close(r, other, {.ulps = 4}));
}

BOOST_AUTO_TEST_CASE(the_number_of_residuals_may_be_known_at_run_time) {
    const CeresCostFunction<Decays, ceres::DYNAMIC, 3> cost(Decays{}, 12);
    const CeresCostFunction<Decays, 12, 3> fixed{Decays{}};
    const std::vector<std::vector<double>> x{{0.2, 0.3, 0.4}};
    BOOST_TEST(cost.num_residuals() == 12);
    BOOST_TEST((evaluate(cost, x, {true}).jacobians == evaluate(fixed, x, {true}).jacobians));
}

BOOST_AUTO_TEST_CASE(the_sizes_of_arguments_may_be_known_at_run_time) {
    const auto f = []<class T>(const T* const* x, T* r) { return Energy{}(x[0], x[1], r); };
    DynamicCeresCostFunction cost(f);
    cost.AddParameterBlock(7);
    cost.AddParameterBlock(3);
    cost.SetNumResiduals(1);
    const CeresCostFunction<Energy, 1, 7, 3> fixed{Energy{}};
    std::mt19937 random(7);
    const std::vector<std::vector<double>> x{draw(7, random), draw(3, random)};
    BOOST_TEST((evaluate(cost, x, {true, true}).jacobians == evaluate(fixed, x, {true, true}).jacobians));
}

BOOST_AUTO_TEST_CASE(a_functor_may_refuse) {
    const CeresCostFunction<Refuses, 1, 1> cost{Refuses{}};
    BOOST_TEST(evaluate(cost, {{-1}}, {true}).ok);
    BOOST_TEST(!evaluate(cost, {{1}}, {true}).ok);
    BOOST_TEST(!evaluate(cost, {{1}}, {false}).ok);
    BOOST_TEST(!cost.failure());
}

BOOST_AUTO_TEST_SUITE_END()

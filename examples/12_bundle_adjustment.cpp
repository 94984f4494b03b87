// SPDX-License-Identifier: MIT
// Claim: Ceres Solver takes its Jacobians from the tape, and brings a disturbed scene back to the true one.
//
// Bundle adjustment: from where many cameras see many points, find the cameras (rotation, focal length, distortion and all) and the
// points at once. The scene is synthetic, so that the truth is known, and seen without noise, so that the best reprojection error is
// 0. Each observation has 12 parameters and 2 residuals: one recording and two sweeps. Ceres eliminates the points first (Schur).
// No image tells where the scene lies as a whole, nor how large it is: the shapes of the two scenes are compared.
#include "autodiff/adaptors/ceres.hpp"
#include "examples/bundle/scene.hpp"
#include "examples/evidence.hpp"

#include <ceres/solver.h>
#include <memory>

int main() {
    const bundle::Scene truth = bundle::true_scene(8, 60, 1);
    const bundle::Scene start = bundle::perturbed(truth, 0.1, 2);
    bundle::Scene scene = start;

    ceres::Problem problem;
    ceres::Solver::Options options;
    options.linear_solver_ordering = std::make_shared<ceres::ParameterBlockOrdering>();
    for (const bundle::Observation& seen : scene.observations) {
        double* camera = scene.cameras[seen.camera].data();
        double* point = scene.points[seen.point].data();
        const bundle::Reprojection error{seen.x, seen.y};
        problem.AddResidualBlock(new autodiff::CeresCostFunction<bundle::Reprojection, 2, 9, 3>(error), nullptr, camera, point);
        options.linear_solver_ordering->AddElementToGroup(point, 0);
        options.linear_solver_ordering->AddElementToGroup(camera, 1);
    }
    options.linear_solver_type = ceres::DENSE_SCHUR;
    options.logging_type = ceres::SILENT;
    options.max_num_iterations = 200;
    options.function_tolerance = options.gradient_tolerance = options.parameter_tolerance = 1e-16;
    ceres::Solver::Summary summary;
    ceres::Solve(options, &problem, &summary);
    autodiff::rethrow_failure(problem);

    fmt::print("{} cameras, {} points, {} observations, {} unknowns\n", scene.cameras.size(), scene.points.size(),
               scene.observations.size(), problem.NumParameters());
    fmt::print("reprojection error at the start: {:.1f} pixels\n\n", bundle::reprojection_error(start));
    Evidence evidence;
    evidence.check("the solver calls its solution usable", summary.IsSolutionUsable());
    evidence.check("reprojection error below 1e-9 pixels", bundle::reprojection_error(scene) < 1e-9);
    evidence.check("the start differs from the true shape by more than 0.1", bundle::largest_difference_of_shape(start, truth) > 0.1);
    evidence.check("the solution differs from it by less than 1e-9", bundle::largest_difference_of_shape(scene, truth) < 1e-9);
    return evidence.status();
}

// SPDX-License-Identifier: MIT
/// Bundle adjustment in small: a camera, what it sees of a point, and a synthetic scene whose true cameras and points are known.
///
/// The camera is that of Bundler and of the data set "Bundle Adjustment in the Large" (Agarwal, Snavely, Seitz, Szeliski, 2010): nine
/// numbers, a rotation vector (Rodrigues), a translation, a focal length, two radial coefficients; it looks down the negative z axis.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <numbers>
#include <random>
#include <vector>

namespace bundle {

using Camera = std::array<double, 9>;  ///< rotation vector, translation, focal length, k1, k2
using Point = std::array<double, 3>;

/// q = R(w) p by Rodrigues' formula, and by its expansion p + w x p where the angle vanishes, so that its derivative exists there.
template <class T>
std::array<T, 3> rotate(const T* w, const T* p) {
    using std::cos, std::sin, std::sqrt;
    const T square = w[0] * w[0] + w[1] * w[1] + w[2] * w[2];
    const std::array<T, 3> cross{w[1] * p[2] - w[2] * p[1], w[2] * p[0] - w[0] * p[2], w[0] * p[1] - w[1] * p[0]};
    if (!(square > 1e-24)) return {p[0] + cross[0], p[1] + cross[1], p[2] + cross[2]};
    const T angle = sqrt(square), c = cos(angle), s = sin(angle) / angle;
    const T along = (1.0 - c) * (w[0] * p[0] + w[1] * p[1] + w[2] * p[2]) / square;
    return {p[0] * c + cross[0] * s + w[0] * along, p[1] * c + cross[1] * s + w[1] * along, p[2] * c + cross[2] * s + w[2] * along};
}

/// Where a camera sees a point, in pixels: f (1 + k1 r^2 + k2 r^4) times the perspective image.
template <class T>
std::array<T, 2> project(const T* camera, const T* point) {
    const std::array<T, 3> q = rotate(camera, point);
    const T depth = q[2] + camera[5];
    const T x = -(q[0] + camera[3]) / depth, y = -(q[1] + camera[4]) / depth;
    const T r2 = x * x + y * y;
    const T scale = camera[6] * (1.0 + r2 * (camera[7] + r2 * camera[8]));
    return {scale * x, scale * y};
}

/// The reprojection error: what the camera should see less what was seen.
struct Reprojection {
    double x, y;
    template <class T>
    bool operator()(const T* camera, const T* point, T* residual) const {
        const std::array<T, 2> image = project(camera, point);
        residual[0] = image[0] - x;
        residual[1] = image[1] - y;
        return true;
    }
};

struct Observation {
    std::size_t camera, point;
    double x, y;
};

struct Scene {
    std::vector<Camera> cameras;
    std::vector<Point> points;
    std::vector<Observation> observations;
};

/// A number in [-1, 1), the same with every standard library.
inline double draw(std::mt19937_64& random) { return static_cast<double>(random() >> 11) * 0x1p-52 - 1; }

/// Points in a cube, and cameras on a circle around it that look at its middle. Every camera sees every point, without noise.
inline Scene true_scene(std::size_t cameras, std::size_t points, std::uint64_t seed) {
    std::mt19937_64 random(seed);
    Scene scene;
    for (std::size_t p = 0; p < points; ++p) scene.points.push_back({draw(random), draw(random), draw(random)});
    for (std::size_t c = 0; c < cameras; ++c) {
        const double turn = 2 * std::numbers::pi * static_cast<double>(c) / static_cast<double>(cameras) + 0.1;
        const double from_minus_pi = turn > std::numbers::pi ? turn - 2 * std::numbers::pi : turn;
        scene.cameras.push_back({0.1 * draw(random), from_minus_pi, 0.1 * draw(random), 0.2 * draw(random), 0.2 * draw(random), -6, 500,
                                 0.05 * draw(random), 0.01 * draw(random)});
    }
    for (std::size_t c = 0; c < cameras; ++c)
        for (std::size_t p = 0; p < points; ++p) {
            const std::array<double, 2> image = project(scene.cameras[c].data(), scene.points[p].data());
            scene.observations.push_back({c, p, image[0], image[1]});
        }
    return scene;
}

/// The scene with every number moved by up to `size` (the focal length by as much of itself): where the solver starts.
inline Scene perturbed(Scene scene, double size, std::uint64_t seed) {
    std::mt19937_64 random(seed);
    for (Camera& camera : scene.cameras) {
        for (double& number : camera) number += size * draw(random);
        camera[6] *= 1 + size * draw(random);
    }
    for (Point& point : scene.points)
        for (double& number : point) number += size * draw(random);
    return scene;
}

/// The root mean square of the reprojection errors, in pixels.
inline double reprojection_error(const Scene& scene) {
    double sum = 0;
    for (const Observation& seen : scene.observations) {
        const std::array<double, 2> image = project(scene.cameras[seen.camera].data(), scene.points[seen.point].data());
        sum += (image[0] - seen.x) * (image[0] - seen.x) + (image[1] - seen.y) * (image[1] - seen.y);
    }
    return std::sqrt(sum / static_cast<double>(2 * scene.observations.size()));
}

/// Rotation, translation and scale of the whole scene change no image; distances between points in units of one of them do not
/// depend on these. The largest difference of such ratios between two scenes of the same points.
inline double largest_difference_of_shape(const Scene& a, const Scene& b) {
    const auto distance = [](const Scene& scene, std::size_t p, std::size_t q) {
        double sum = 0;
        for (std::size_t k = 0; k < 3; ++k) sum += std::pow(scene.points[p][k] - scene.points[q][k], 2);
        return std::sqrt(sum);
    };
    double worst = 0;
    for (std::size_t p = 0; p < a.points.size(); ++p)
        for (std::size_t q = p + 1; q < a.points.size(); ++q)
            worst = std::max(worst, std::abs(distance(a, p, q) / distance(a, 0, 1) - distance(b, p, q) / distance(b, 0, 1)));
    return worst;
}

}  // namespace bundle

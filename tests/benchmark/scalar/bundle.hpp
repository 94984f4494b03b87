// SPDX-License-Identifier: MIT
/// Bundle adjustment: the weighted reprojection errors of 31,843 observations, the size of the first data set of ADBench.
#pragma once

#include "task.hpp"

namespace benchmark {

/// y = w (project(camera, X) - observed), two components. One point an observation, with 15 variables: the camera (rotation vector,
/// centre, focal length, principal point, two coefficients of radial distortion), X, w. Source: Snavely's camera model, as in ADBench.
class Bundle {
  public:
    static constexpr std::string_view name = "ba";
    static constexpr std::size_t outputs = 2;

    explicit Bundle(bool quick) : points_(quick ? 3184 : 31843) {
        constexpr std::size_t cameras = 49, places = 7776;
        for (std::size_t p = 0; p < points_; ++p) {
            const std::size_t camera = 16 * (p % cameras), place = 4 * (p % places);
            for (std::size_t j = 0; j < 3; ++j) inputs_.push_back(uniform(3, camera + j, -1, 1));
            for (std::size_t j = 3; j < 6; ++j) inputs_.push_back(uniform(3, camera + j, -0.5, 0.5));
            inputs_.push_back(uniform(3, camera + 6, 400, 800));
            for (std::size_t j = 7; j < 9; ++j) inputs_.push_back(uniform(3, camera + j, -10, 10));
            for (std::size_t j = 9; j < 11; ++j) inputs_.push_back(uniform(3, camera + j, -0.1, 0.1));
            for (std::size_t j = 0; j < 2; ++j) inputs_.push_back(uniform(4, place + j, -1, 1));
            inputs_.push_back(uniform(4, place + 2, 6, 9));
            inputs_.push_back(uniform(5, p));
            for (std::size_t j = 0; j < 2; ++j) observed_.push_back(uniform(6, 2 * p + j, -200, 200));
        }
    }
    [[nodiscard]] std::size_t points() const { return points_; }
    [[nodiscard]] std::size_t dimension() const { return 15; }
    [[nodiscard]] const std::vector<double>& inputs() const { return inputs_; }

    template <class T>
    void evaluate(std::size_t p, const T* x, T* y) const {
        residual(x, &observed_[2 * p], y);
    }
    [[nodiscard]] const std::vector<double>& observed() const { return observed_; }

    template <class T, class Observed>
    static void residual(const T* x, const Observed* observed, T* y) {
        const T *rotation = x, *centre = x + 3, &focal = x[6], *principal = x + 7, *distortion = x + 9, *place = x + 11, &weight = x[14];
        const T seen[3] = {place[0] - centre[0], place[1] - centre[1], place[2] - centre[2]};
        T camera[3];
        rotate(rotation, seen, camera);
        const T u = camera[0] / camera[2], v = camera[1] / camera[2];
        const T r2 = u * u + v * v;
        const T scale = 1.0 + distortion[0] * r2 + distortion[1] * (r2 * r2);
        y[0] = weight * (focal * (u * scale) + principal[0] - observed[0]);
        y[1] = weight * (focal * (v * scale) + principal[1] - observed[1]);
    }

  private:
    /// y = x rotated about the direction of r by the angle |r| (Rodrigues).
    template <class T>
    static void rotate(const T* r, const T* x, T* y) {
        using std::cos;
        using std::sin;
        using std::sqrt;
        const T angle2 = r[0] * r[0] + r[1] * r[1] + r[2] * r[2];
        if (angle2 > 0.0) {
            const T angle = sqrt(angle2), c = cos(angle), s = sin(angle), inverse = 1.0 / angle;
            const T w[3] = {r[0] * inverse, r[1] * inverse, r[2] * inverse};
            const T cross[3] = {w[1] * x[2] - w[2] * x[1], w[2] * x[0] - w[0] * x[2], w[0] * x[1] - w[1] * x[0]};
            const T along = (w[0] * x[0] + w[1] * x[1] + w[2] * x[2]) * (1.0 - c);
            for (std::size_t i = 0; i < 3; ++i) y[i] = x[i] * c + cross[i] * s + w[i] * along;
        } else {
            y[0] = x[0] + (r[1] * x[2] - r[2] * x[1]);
            y[1] = x[1] + (r[2] * x[0] - r[0] * x[2]);
            y[2] = x[2] + (r[0] * x[1] - r[1] * x[0]);
        }
    }

    std::size_t points_;
    std::vector<double> inputs_, observed_;
};

}  // namespace benchmark

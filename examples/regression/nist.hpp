// SPDX-License-Identifier: MIT
/// Nonlinear regression problems with certified answers: the Statistical Reference Datasets of NIST, and the four models used here.
///
/// A model is a formula, generic in its number type; `Residuals` compares it with the data. The optimisers see nothing else.
#pragma once

#include "autodiff/error.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <Eigen/QR>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

namespace nist {

struct Problem {
    std::array<std::vector<double>, 2> start;  ///< the two published starting values
    std::vector<double> certified;             ///< parameters of the best fit, to 11 digits
    double certified_sum_of_squares = 0;
    std::vector<double> x, y;
};

/// Reads a file of the collection as it is published. throws autodiff::LoadError if it is not one
inline Problem read(const std::string& path) {
    std::ifstream file(path);
    Problem problem;
    std::string line;
    bool data = false;
    while (std::getline(file, line)) {
        std::istringstream words(line);
        std::string first, equals;
        double a = 0, b = 0, c = 0;
        if (data) {
            if (words >> a >> b) problem.y.push_back(a), problem.x.push_back(b);
        } else if (line.starts_with("Data:") && line.find("Response") == std::string::npos) {
            data = true;  // the second line that begins so: the columns y and x follow
        } else if (line.starts_with("Residual Sum of Squares:")) {
            problem.certified_sum_of_squares = std::strtod(line.c_str() + line.find(':') + 1, nullptr);
        } else if (words >> first >> equals >> a >> b >> c && first.starts_with('b') && equals == "=") {
            problem.start[0].push_back(a);
            problem.start[1].push_back(b);
            problem.certified.push_back(c);
        }
    }
    if (problem.certified.empty() || problem.x.empty() || !(problem.certified_sum_of_squares > 0))
        throw autodiff::LoadError(0, "nist::read", "a file of the NIST StRD collection of nonlinear regressions", path);
    return problem;
}

/// y = b1 (1 - exp(-b2 x))
struct Misra1a {
    static constexpr auto name = "Misra1a";
    template <class T>
    static T predict(const T* b, double x) {
        using std::exp;
        return b[0] * (1.0 - exp(-b[1] * x));
    }
};
/// y = b1 (x^2 + x b2) / (x^2 + x b3 + b4)
struct MGH09 {
    static constexpr auto name = "MGH09";
    template <class T>
    static T predict(const T* b, double x) {
        return b[0] * (x * x + x * b[1]) / (x * x + x * b[2] + b[3]);
    }
};
/// y = (b1 + b2 x + b3 x^2 + b4 x^3) / (1 + b5 x + b6 x^2 + b7 x^3)
struct Thurber {
    static constexpr auto name = "Thurber";
    template <class T>
    static T predict(const T* b, double x) {
        return (b[0] + x * (b[1] + x * (b[2] + x * b[3]))) / (1.0 + x * (b[4] + x * (b[5] + x * b[6])));
    }
};
/// the same formula, other data
struct Hahn1 : Thurber {
    static constexpr auto name = "Hahn1";
};

/// residual[i] = y[i] - model(b, x[i]) for every observation
template <class Model>
struct Residuals {
    const Problem* problem;
    template <class T>
    bool operator()(const T* b, T* residual) const {
        for (std::size_t i = 0; i < problem->x.size(); ++i) residual[i] = problem->y[i] - Model::predict(b, problem->x[i]);
        return true;
    }
};
/// The same for one observation.
template <class Model>
struct Residual {
    double x, y;
    template <class T>
    bool operator()(const T* b, T* residual) const {
        residual[0] = y - Model::predict(b, x);
        return true;
    }
};

template <class Model>
double sum_of_squares(const Problem& problem, const double* b) {
    double sum = 0;
    for (std::size_t i = 0; i < problem.x.size(); ++i) {
        const double residual = problem.y[i] - Model::predict(b, problem.x[i]);
        sum += residual * residual;
    }
    return sum;
}

/// A sum of squares is flat to rounding where half of the digits are right, so that solvers stop there. Its gradient is not flat: a few
/// steps of Gauss and Newton find the other half. evaluate(b, residual, jacobian)
template <class Evaluate>
void polish(Eigen::VectorXd& b, const Evaluate& evaluate) {
    Eigen::VectorXd residual;
    Eigen::MatrixXd jacobian;
    for (int step = 0; step < 10; ++step) {
        evaluate(b, residual, jacobian);
        b -= jacobian.householderQr().solve(residual);
    }
}

/// How many leading digits two numbers share: -log10 of the relative error, 11 at most, which is what NIST certifies.
inline double digits(double got, double certified) {
    const double error = std::abs(got - certified) / std::abs(certified);
    return std::isfinite(error) ? std::min(11.0, -std::log10(error)) : 0;
}

/// The digits of the worst parameter or of the sum of squares, whichever has fewer.
template <class Model>
double certified_digits(const Problem& problem, const double* b) {
    double worst = digits(sum_of_squares<Model>(problem, b), problem.certified_sum_of_squares);
    for (std::size_t i = 0; i < problem.certified.size(); ++i) worst = std::min(worst, digits(b[i], problem.certified[i]));
    return worst;
}

}  // namespace nist

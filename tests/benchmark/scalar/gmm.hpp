// SPDX-License-Identifier: MIT
/// Negative log-likelihood of a Gaussian mixture with a Wishart prior: the GMM objective of ADBench (Srajer, Kukelova, Fitzgibbon, 2018).
#pragma once

#include "task.hpp"

namespace benchmark {

/// y = c + sum_i logsumexp_k(alpha_k + tr q_k - 1/2 |Q_k (x_i - mu_k)|^2) - n logsumexp(alpha) + prior(Q)
/// Q_k is lower triangular with diagonal exp(q_k). Variables: alpha [K], mu [K, d], then q_k [d] and the rest of Q_k by columns.
class Gmm {
  public:
    static constexpr std::string_view name = "gmm";
    static constexpr std::size_t outputs = 1;

    explicit Gmm(bool quick) : n_(quick ? 100 : 1000) {
        for (std::size_t i = 0; i < n_ * d; ++i) data_.push_back(normal(1, i));
        for (std::size_t i = 0; i < K * (1 + d + triangle); ++i) inputs_.push_back(normal(2, i));
    }
    [[nodiscard]] std::size_t points() const { return 1; }
    [[nodiscard]] std::size_t dimension() const { return inputs_.size(); }
    [[nodiscard]] const std::vector<double>& inputs() const { return inputs_; }

    template <class T>
    void evaluate(std::size_t, const T* x, T* y) const {
        const Prepared<T> prepared(x);
        T likelihood = 0.0;
        for (std::size_t i = 0; i < n_; ++i) likelihood += of_point(x, prepared, &data_[i * d]);
        y[0] = likelihood + without_points(x, prepared);
    }

    // The same as a sum over points, for tools that know what the points have in common.
    static constexpr std::size_t d = 10, K = 25, triangle = d * (d + 1) / 2;
    [[nodiscard]] const std::vector<double>& data() const { return data_; }

    /// exp(q) and the sums of q, which all points use.
    template <class T>
    struct Prepared {
        explicit Prepared(const T* x) : diagonal(K * d), trace(K) {
            using std::exp;
            const T* q = x + K + K * d;
            for (std::size_t k = 0; k < K; ++k) {
                const T* qk = q + k * triangle;
                T sum = qk[0];
                for (std::size_t j = 1; j < d; ++j) sum += qk[j];
                trace[k] = sum;
                for (std::size_t j = 0; j < d; ++j) diagonal[k * d + j] = exp(qk[j]);
            }
        }
        std::vector<T> diagonal, trace;
    };
    /// The term of one point.
    template <class T, class Number>
    static T of_point(const T* x, const Prepared<T>& prepared, const Number* point) {
        const T *alpha = x, *mu = x + K, *q = mu + K * d;
        T term[K], centred[d], product[d];
        for (std::size_t k = 0; k < K; ++k) {
            const T* below = q + k * triangle + d;
            for (std::size_t j = 0; j < d; ++j) centred[j] = point[j] - mu[k * d + j];
            for (std::size_t j = 0; j < d; ++j) product[j] = prepared.diagonal[k * d + j] * centred[j];
            for (std::size_t c = 0; c < d; ++c)
                for (std::size_t j = c + 1; j < d; ++j) product[j] += *below++ * centred[c];
            term[k] = alpha[k] + prepared.trace[k] - 0.5 * squared_norm(product, d);
        }
        return log_sum_exp(term);
    }
    /// What remains.
    template <class T>
    T without_points(const T* x, const Prepared<T>& prepared) const {
        return constant() - static_cast<double>(n_) * log_sum_exp(x) + prior(x + K + K * d, prepared.diagonal);
    }

  private:
    template <class T>
    static T squared_norm(const T* x, std::size_t n) {
        T sum = x[0] * x[0];
        for (std::size_t i = 1; i < n; ++i) sum += x[i] * x[i];
        return sum;
    }
    template <class T>
    static T log_sum_exp(const T* x) {
        using std::exp;
        using std::log;
        T largest = x[0];
        for (std::size_t k = 1; k < K; ++k) largest = choose(largest < x[k], x[k], largest);
        T sum = exp(x[0] - largest);
        for (std::size_t k = 1; k < K; ++k) sum += exp(x[k] - largest);
        return log(sum) + largest;
    }
    /// Wishart prior with gamma = 1 and m = 0, up to its constant: 1/2 sum_k |Q_k|^2.
    template <class T>
    static T prior(const T* q, const std::vector<T>& diagonal) {
        T sum = 0.0;
        for (std::size_t k = 0; k < K; ++k)
            sum += 0.5 * (squared_norm(&diagonal[k * d], d) + squared_norm(q + k * triangle + d, triangle - d));
        return sum;
    }
    /// -n d/2 log 2 pi, and the constant of the prior.
    [[nodiscard]] double constant() const {
        const double p = static_cast<double>(d);
        double log_gamma = 0.25 * p * (p - 1) * std::log(std::numbers::pi);
        for (std::size_t j = 0; j < d; ++j) log_gamma += std::lgamma(0.5 * (p + 1 - static_cast<double>(j)));
        const double of_prior = -(p + 1) * p * 0.5 * std::log(2.0) - log_gamma;
        return -static_cast<double>(n_) * p * 0.5 * std::log(2 * std::numbers::pi) - static_cast<double>(K) * of_prior;
    }

    std::size_t n_;
    std::vector<double> data_, inputs_;
};

}  // namespace benchmark

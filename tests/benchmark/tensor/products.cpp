// SPDX-License-Identifier: MIT
// Matrix products by hand, as one more side (side.hpp): what is left of a task if everything else were free. BENCHMARK_ONEDNN chooses
// dnnl_sgemm, otherwise it is cblas_sgemm.
//   matmul forward|gradient <m> <n> <k> [<batch>]     y = a b, and for "gradient" also ones b^T and a^T ones
//   mlp <batch> <optimizer>                           all products of one training step
#include "data.hpp"
#include "side.hpp"

#if defined(BENCHMARK_ONEDNN)
#include <dnnl.h>
#else
#include <cblas.h>
extern "C" {
[[gnu::weak]] char* openblas_get_config();
[[gnu::weak]] char* openblas_get_corename();
}
#endif

namespace benchmark {
namespace {

/// y = op(a) op(b), row-major; y: [m, n], and k is summed over.
void multiply(bool transpose_a, bool transpose_b, std::int64_t m, std::int64_t n, std::int64_t k, const float* a, const float* b,
              float* y) {
    const std::int64_t lda = transpose_a ? m : k, ldb = transpose_b ? k : n;
#if defined(BENCHMARK_ONEDNN)
    dnnl_sgemm(transpose_a ? 'T' : 'N', transpose_b ? 'T' : 'N', m, n, k, 1, a, lda, b, ldb, 0, y, n);
#else
    const auto transposed = [](bool yes) { return yes ? CblasTrans : CblasNoTrans; };
    cblas_sgemm(CblasRowMajor, transposed(transpose_a), transposed(transpose_b), static_cast<int>(m), static_cast<int>(n),
                static_cast<int>(k), 1, a, static_cast<int>(lda), b, static_cast<int>(ldb), 0, y, static_cast<int>(n));
#endif
}

std::size_t product(std::int64_t a, std::int64_t b, std::int64_t c = 1) { return static_cast<std::size_t>(a * b * c); }

class Product final : public Problem {
  public:
    Product(const Words& request)
        : gradient_(request[1] == "gradient"),
          m_(number(request, 2)),
          n_(number(request, 3)),
          k_(number(request, 4)),
          batch_(std::max<std::int64_t>(1, number(request, 5))),
          a_(draw(stream::input, product(batch_, m_, k_), 0, 1)),
          b_(draw(stream::parameter, product(batch_, k_, n_), 0, 1)),
          y_(product(batch_, m_, n_)),
          abar_(a_.size()),
          bbar_(b_.size()),
          ybar_(product(m_, n_), 1.0F) {}
    void step() override {
        for (std::int64_t i = 0; i < batch_; ++i) {
            const float *a = a_.data() + i * m_ * k_, *b = b_.data() + i * k_ * n_;
            multiply(false, false, m_, n_, k_, a, b, y_.data() + i * m_ * n_);
            if (!gradient_) continue;
            multiply(false, true, m_, k_, n_, ybar_.data(), b, abar_.data() + i * m_ * k_);
            multiply(true, false, k_, n_, m_, a, ybar_.data(), bbar_.data() + i * k_ * n_);
        }
    }
    [[nodiscard]] double loss() const override {
        double sum = 0;
        for (const float y : y_) sum += static_cast<double>(y);
        return gradient_ ? sum : 0;
    }
    [[nodiscard]] std::vector<float> result() const override {
        if (!gradient_) return y_;
        std::vector<float> both = abar_;
        both.insert(both.end(), bbar_.begin(), bbar_.end());
        return both;
    }

  private:
    bool gradient_;
    std::int64_t m_, n_, k_, batch_;
    std::vector<float> a_, b_, y_, abar_, bbar_, ybar_;
};

class MlpProducts final : public Problem {
  public:
    explicit MlpProducts(std::int64_t batch)
        : batch_(batch), x_(product(batch, 784), 0.5F), y_(x_), w_(product(784, 256), 0.5F), wbar_(w_) {}
    void step() override {
        constexpr std::int64_t widths[] = {extent::pixels, 256, 128, 10};
        for (int i = 0; i < 3; ++i) {
            const std::int64_t in = widths[i], out = widths[i + 1];
            multiply(false, false, batch_, out, in, x_.data(), w_.data(), y_.data());
            multiply(true, false, in, out, batch_, x_.data(), y_.data(), wbar_.data());
            if (i > 0) multiply(false, true, batch_, in, out, y_.data(), w_.data(), x_.data());
        }
    }
    [[nodiscard]] double loss() const override { return 0; }
    [[nodiscard]] std::vector<float> result() const override { return {}; }

  private:
    std::int64_t batch_;
    std::vector<float> x_, y_, w_, wbar_;
};

std::unique_ptr<Problem> make(const Words& request) {
    if (request[0] == "matmul") return std::make_unique<Product>(request);
    if (request[0] == "mlp") return std::make_unique<MlpProducts>(number(request, 1));
    return {};
}

std::string description() {
#if defined(BENCHMARK_ONEDNN)
    const dnnl_version_t* const v = dnnl_version();
    return "oneDNN " + std::to_string(v->major) + '.' + std::to_string(v->minor) + '.' + std::to_string(v->patch);
#else
    std::string text = openblas_get_config == nullptr ? "CBLAS" : openblas_get_config();
    if (openblas_get_corename != nullptr) text += std::string(", kernels for ") + openblas_get_corename();
    return text;
#endif
}

}  // namespace
}  // namespace benchmark

int main(int argc, char** argv) {
    return benchmark::serve(benchmark::parse_settings(argc, argv), benchmark::description(), benchmark::make);
}

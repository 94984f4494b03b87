// SPDX-License-Identifier: MIT
// The limits of the machine as one more side (side.hpp), of one thread: "peak", the multiply-adds of all registers; "copy <n>" and
// "triad <n>", y = s x and y = a + s b for n floats, with ordinary stores; "stream-copy <n>" and "stream-triad <n>", with stores that go
// past the caches. The work of an answer is in floating-point operations, or in bytes of floats read and written.
#include "data.hpp"
#include "side.hpp"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace benchmark {
namespace {

#if defined(__x86_64__)
#define FOR_AVX512 [[gnu::target("avx512f")]]
#define FOR_AVX2 [[gnu::target("avx2,fma")]]

constexpr int chains = 16, links = 4096;  // independent sums, and the length of each

FOR_AVX512 double peak_avx512(float factor) {
    const __m512 f = _mm512_set1_ps(factor);
    __m512 sums[chains];
    for (int k = 0; k < chains; ++k) sums[k] = _mm512_set1_ps(static_cast<float>(k));
    for (int i = 0; i < links; ++i)
        for (__m512& sum : sums) sum = _mm512_fmadd_ps(sum, f, f);
    double total = 0;
    for (const __m512& sum : sums) total += static_cast<double>(_mm512_cvtss_f32(sum));
    return total;
}
FOR_AVX2 double peak_avx2(float factor) {
    const __m256 f = _mm256_set1_ps(factor);
    __m256 sums[chains - 4];  // all registers but those for f
    for (int k = 0; k < chains - 4; ++k) sums[k] = _mm256_set1_ps(static_cast<float>(k));
    for (int i = 0; i < links; ++i)
        for (__m256& sum : sums) sum = _mm256_fmadd_ps(sum, f, f);
    double total = 0;
    for (const __m256& sum : sums) total += static_cast<double>(_mm256_cvtss_f32(sum));
    return total;
}
#else
#define FOR_AVX512
#define FOR_AVX2
#endif

typedef float Vector64 __attribute__((vector_size(64)));
typedef float Vector32 __attribute__((vector_size(32)));
typedef float Vector16 __attribute__((vector_size(16)));

/// y = a + s b, or s b if a is null, in whole vectors: the last one may go beyond n.
template <class Vector>
[[gnu::always_inline]] inline void plain(std::size_t n, const float* a, const float* b, float s, float* y) {
    const Vector *va = reinterpret_cast<const Vector*>(a), *vb = reinterpret_cast<const Vector*>(b);
    Vector* vy = reinterpret_cast<Vector*>(y);
    const std::size_t vectors = (n * sizeof(float) + sizeof(Vector) - 1) / sizeof(Vector);
    if (a == nullptr)
        for (std::size_t i = 0; i < vectors; ++i) vy[i] = s * vb[i];
    else
        for (std::size_t i = 0; i < vectors; ++i) vy[i] = va[i] + s * vb[i];
}
FOR_AVX512 void plain_avx512(std::size_t n, const float* a, const float* b, float s, float* y) { plain<Vector64>(n, a, b, s, y); }
FOR_AVX2 void plain_avx2(std::size_t n, const float* a, const float* b, float s, float* y) { plain<Vector32>(n, a, b, s, y); }
void plain_baseline(std::size_t n, const float* a, const float* b, float s, float* y) { plain<Vector16>(n, a, b, s, y); }

#if defined(__x86_64__)
void streamed(std::size_t n, const float* a, const float* b, float s, float* y) {
    const __m128 factor = _mm_set1_ps(s);
    for (std::size_t i = 0; i + 4 <= n; i += 4) {
        const __m128 term = _mm_mul_ps(factor, _mm_load_ps(b + i));
        _mm_stream_ps(y + i, a == nullptr ? term : _mm_add_ps(_mm_load_ps(a + i), term));
    }
    _mm_sfence();
}
bool has_avx512() { return __builtin_cpu_supports("avx512f") != 0; }
bool has_avx2() { return __builtin_cpu_supports("avx2") != 0 && __builtin_cpu_supports("fma") != 0; }
#else
bool has_avx512() { return false; }
bool has_avx2() { return false; }
#endif

#if defined(__x86_64__)
class Peak final : public Problem {
  public:
    void step() override { sum_ = has_avx512() ? peak_avx512(0.5F) : peak_avx2(0.5F); }
    [[nodiscard]] double loss() const override { return sum_; }
    [[nodiscard]] std::vector<float> result() const override { return {}; }
    [[nodiscard]] double work() const override { return 2.0 * links * (has_avx512() ? 16 * chains : 8 * (chains - 4)); }

  private:
    volatile double sum_ = 0;
};
#endif

class Traffic final : public Problem {
  public:
    Traffic(std::size_t n, bool triad, bool stream) : n_(n), triad_(triad), stream_(stream), buffer_(3 * room() + 16, 1.0F) {}
    void step() override {
        // Each begins at a cache line, and not at the same place of a page.
        float* const y = buffer_.data() + (16 - (reinterpret_cast<std::uintptr_t>(buffer_.data()) / sizeof(float)) % 16);
        const float *b = y + room(), *a = triad_ ? b + room() : nullptr;
#if defined(__x86_64__)
        if (stream_) return streamed(n_, a, b, 0.5F, y);
#endif
        (has_avx512() ? plain_avx512 : has_avx2() ? plain_avx2 : plain_baseline)(n_, a, b, 0.5F, y);
    }
    [[nodiscard]] double loss() const override { return 0; }
    [[nodiscard]] std::vector<float> result() const override { return {}; }
    [[nodiscard]] double work() const override { return static_cast<double>(n_ * sizeof(float)) * (triad_ ? 3 : 2); }

  private:
    [[nodiscard]] std::size_t room() const { return (n_ + 15) / 16 * 16 + 1040; }
    std::size_t n_;
    bool triad_, stream_;
    std::vector<float> buffer_;
};

std::unique_ptr<Problem> make(const Words& request) {
    const std::string& what = request[0];
#if defined(__x86_64__)
    if (what == "peak" && has_avx2()) return std::make_unique<Peak>();
#else
    if (what.starts_with("stream")) return {};
#endif
    if (what.ends_with("copy") || what.ends_with("triad"))
        return std::make_unique<Traffic>(static_cast<std::size_t>(number(request, 1)), what.ends_with("triad"), what.starts_with("stream"));
    return {};
}

}  // namespace
}  // namespace benchmark

int main(int argc, char** argv) {
    const benchmark::Settings settings = benchmark::parse_settings(argc, argv);
    return benchmark::serve(settings, benchmark::has_avx512() ? "AVX-512" : benchmark::has_avx2() ? "AVX2" : "baseline", benchmark::make);
}

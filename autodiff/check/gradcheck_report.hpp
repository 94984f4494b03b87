// SPDX-License-Identifier: MIT
/// What gradcheck() is asked and what it answers. Next: gradcheck.hpp.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace autodiff {
inline namespace v1 {

/// How the slope is found with which a derivative is compared.
enum class Method : std::uint8_t {
    automatic,  ///< central; Ridders for elements that disagree; the complex step where f takes complex numbers
    forward,    ///< (f(x + h) - f(x)) / h
    central,    ///< (f(x + h) - f(x - h)) / 2h
    ridders,    ///< central differences at many steps, extrapolated
    complex,    ///< Im f(x + ih) / h at h = 2^-66: no cancellation; needs takes_complex(f)
    dual_jvp,   ///< the engine's own forward mode: no step at all, but the same rules
};

/// Where f has a kink at x, so that there is no derivative.
enum class KinkPolicy : std::uint8_t {
    subgradient,  ///< the gradient must lie between the slopes on both sides
    report,       ///< such elements are listed, and not judged
    skip,         ///< neither
};

struct GradcheckOptions {
    /// What the arguments are called; without it x, or x0, x1, ..., or the names of a struct's members.
    std::vector<std::string> names{};
    /// An element passes if |gradient - difference| <= rtol max(|gradient|, |difference|) + atol + 4 e, e the error estimate of the
    /// difference. Without a value: rtol 1e-6, and atol what the noise of f does to a central difference, 20 eps max|f| / h or more.
    std::optional<double> rtol{}, atol{};
    /// The step of central differences; 0: eps^(1/3) max(1, |x_k|), rounded to a power of two (tests/check/steps.cpp prints why).
    double h = 0;
    Method method = Method::automatic;
    /// Random directions of +-1 that are checked first.
    int directions = 8;
    /// Up to so many elements each one is checked; of more, `sampled`: the first, last, largest and zero ones of each parameter, the rest
    /// at random. What the sample misses, the directions find.
    std::size_t all_up_to = 2000, sampled = 256;
    /// Of all that is random here. The environment variable AD_SEED overrides it; reports of failures print it.
    std::uint64_t seed = 0x5eed;
    /// 2: also the Hessian, by differences of gradients, and its symmetry.
    int order = 1;
    /// Whether a gradient that is wrong by 0.1 % must be caught; the sweep must repeat itself bit by bit; be linear and 0 for a cotangent
    /// of 0; be the transpose of forward mode.
    bool negative_control = true, reentrant = true, zero_cotangent = true, forward_mode = true;
    KinkPolicy kinks = KinkPolicy::subgradient;
    /// Of f. When they are spent, what has not been checked is said to be unresolved.
    std::size_t max_evals = 200'000;
};

enum class Verdict : std::uint8_t {
    pass,
    fail,        ///< at least one element is wrong, or the sweep broke a promise
    unresolved,  ///< differences are too noisy to tell, or the budget was spent
    vacuous,     ///< the check could not have failed
};
[[nodiscard]] std::string to_string(Verdict verdict);
[[nodiscard]] std::string to_string(Method method);

/// One comparison.
struct GradcheckElement {
    std::string name;       ///< `W[1, 2]`; for several results `dy[0]/dW[1, 2]`; for a direction, which
    std::size_t index = 0;  ///< in x, all arguments one after the other; of a direction, its number
    double gradient = 0;    ///< what is checked
    double difference = 0;  ///< what values of f say
    double error = 0;       ///< estimated error of the difference
    double noise = 0;       ///< the part of `allowed` that f's noise and the difference's error make: atol + 4 e
    double allowed = 0;     ///< how far both may be apart
    double step = 0;        ///< h, the smallest one that counted
    Method method = Method::central;
    Verdict verdict = Verdict::pass;
    bool on_kink = false;  ///< x has no derivative by this element: it was held against the slopes on both sides
    std::string note{};    ///< the kink it stands on, or why nothing could be said
    std::string cause{};   ///< what the mistake looks like
};

struct GradcheckStats {
    std::size_t inputs = 0, results = 0;  ///< numbers
    std::size_t checked = 0;              ///< elements (times results that were looked at)
    std::size_t directions = 0;
    std::size_t doubtful = 0;  ///< that needed more than a central difference
    std::size_t on_kinks = 0, skipped = 0;
    std::size_t evaluations = 0;  ///< of f
    std::size_t sweeps = 0;
    std::uint64_t seed = 0;
    double worst_ratio = 0;  ///< the largest |gradient - difference| / allowed
};

class GradReport {
  public:
    Verdict verdict = Verdict::pass;
    /// The worst elements that did not pass, at most 10, the worst first; directions only where no element explains them.
    std::vector<GradcheckElement> worst{};
    /// Everything that was compared, in order.
    std::vector<GradcheckElement> elements{}, directions{};
    /// What else was found: broken promises of the sweep, kinks, what could not be checked.
    std::vector<std::string> notes{};
    GradcheckStats stats{};

    /// All of it in words: elements, steps, likely causes.
    [[nodiscard]] std::string text() const;
    /// Whether the verdict is `pass`.
    [[nodiscard]] explicit operator bool() const noexcept { return verdict == Verdict::pass; }
};

}  // namespace v1
}  // namespace autodiff

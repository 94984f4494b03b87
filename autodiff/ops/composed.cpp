// SPDX-License-Identifier: MIT
#include "autodiff/ops/composed.hpp"

namespace autodiff {
inline namespace v1 {

namespace {

using internal::Flows;
using internal::Values;

/// The definition as a sub-program.
class Defined final : public internal::Subprogram {
  public:
    explicit Defined(std::shared_ptr<const Composed::Shared> shared) : shared_(std::move(shared)) {}
    [[nodiscard]] std::string_view name() const override { return shared_->name; }
    [[nodiscard]] Values run(const Values& x) const override { return shared_->definition(x); }

  private:
    std::shared_ptr<const Composed::Shared> shared_;
};

}  // namespace

void Composed::vjp(Pullback& pull) const {
    if (is_further_result()) return;
    if (!pull.records()) return pull_numbers(pull);
    Flows ybar;
    for (std::size_t j = 0; j < shared_->results; ++j) ybar.push_back(pull.ybar_of(j));
    const Flows xbar = std::make_shared<const Defined>(shared_)->recorded_pull(shared_->x, {}, ybar);
    for (std::size_t k = 0; k < xbar.size(); ++k) pull.put(k, xbar[k]);
}

AnyTensor Composed::jvp(const Pushforward& push) const {
    const Values& x = shared_->x;
    const internal::Variables variable = internal::variables_of(x);
    Flows xdot(x.size());
    for (std::size_t k = 0; k < x.size(); ++k)
        if (variable[k] == k && push.has(k))
            xdot[k] = std::holds_alternative<Tensor<float>>(x[k]) ? AnyTensor(push.tangent<float>(k)) : AnyTensor(push.tangent<double>(k));
    if (push.records()) return std::make_shared<const Defined>(shared_)->recorded_push(x, xdot)[result_];
    internal::InnerRecording inner(shared_->name, Detail::derivatives);
    const WithoutFastPaths as_defined;
    inner.record(internal::constants(x), variable, shared_->definition);
    return inner.push(xdot)[result_];
}

}  // namespace v1
}  // namespace autodiff

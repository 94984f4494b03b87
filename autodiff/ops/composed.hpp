// SPDX-License-Identifier: MIT
/// A primitive that is a composition with a fast path: its kernel computes values and plain VJPs; everything else (tangents, sweeps that
/// record themselves) runs the composition, on a tape of its own. When fast paths are taken: fast_paths.hpp. For the .cpp files of ops/.
#pragma once

#include "autodiff/call.hpp"
#include "autodiff/fast_paths.hpp"

namespace autodiff {
inline namespace v1 {

class Composed : public Primitive {
  public:
    /// The composition: results from operands, on the tape that records.
    using Definition = std::function<internal::Values(const internal::Values& x)>;

    /// What the rows of one operation with several results share.
    struct Shared {
        std::string_view name;  ///< of a literal
        internal::Values x;     ///< the operands, as recorded
        Definition definition;
        std::size_t results = 1;
    };
    explicit Composed(std::shared_ptr<const Shared> shared, std::size_t result = 0) : shared_(std::move(shared)), result_(result) {}

    [[nodiscard]] std::string_view name() const final { return shared_->name; }
    [[nodiscard]] std::size_t further_results() const final { return result_ == 0 ? shared_->results - 1 : 0; }
    [[nodiscard]] bool is_further_result() const final { return result_ != 0; }
    void vjp(Pullback& pull) const final;
    [[nodiscard]] AnyTensor jvp(const Pushforward& push) const final;

  protected:
    /// The kernel: called for the first result only, in sweeps that flow numbers.
    virtual void pull_numbers(Pullback& pull) const = 0;
    template <class T>
    [[nodiscard]] Tensor<T> operand(std::size_t k) const {
        return std::get<Tensor<T>>(shared_->x[k]).constant();
    }

  private:
    std::shared_ptr<const Shared> shared_;
    std::size_t result_;
};

/// A further result: whatever flows to it waits for the first one.
class ComposedResult final : public Composed {
  public:
    using Composed::Composed;

  private:
    void pull_numbers(Pullback&) const override {}
};

template <class... X>
std::shared_ptr<const Composed::Shared> composed(std::string_view name, Composed::Definition definition, const X&... x) {
    return std::make_shared<const Composed::Shared>(Composed::Shared{name, {x...}, std::move(definition)});
}

}  // namespace v1
}  // namespace autodiff

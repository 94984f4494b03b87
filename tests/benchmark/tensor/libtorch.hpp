// SPDX-License-Identifier: MIT
/// What the two files of libtorch's side share. Gradients by autograd::grad, which adds up nothing and has nothing to set to zero.
#pragma once

#include "data.hpp"
#include "side.hpp"

#include <torch/torch.h>

#include <functional>

namespace benchmark {

using torch::Tensor;

inline Tensor drawn(std::uint64_t stream, at::IntArrayRef shape, double low, double high) {
    const auto count = static_cast<std::size_t>(c10::multiply_integers(shape));
    std::vector<float> values = draw(stream, count, low, high);
    return torch::from_blob(values.data(), shape).clone();
}
inline std::vector<float> values_of(const std::vector<Tensor>& tensors) {
    std::vector<float> values;
    for (const Tensor& each : tensors) {
        const Tensor own = each.detach().contiguous();
        values.insert(values.end(), own.data_ptr<float>(), own.data_ptr<float>() + own.numel());
    }
    return values;
}
/// Forward and backward of a function of variables.
class Differentiated final : public Problem {
  public:
    /// transposed: matrices are weights [out, in], to be compared with [in, out].
    Differentiated(std::function<Tensor()> f, std::vector<Tensor> variables, bool transposed = false)
        : f_(std::move(f)), variables_(std::move(variables)), transposed_(transposed) {}
    void step() override {
        loss_ = f_();
        gradient_ = torch::autograd::grad({loss_}, variables_);
    }
    [[nodiscard]] double loss() const override { return loss_.item<double>(); }
    [[nodiscard]] std::vector<float> result() const override {
        std::vector<Tensor> compared = gradient_;
        for (Tensor& each : compared)
            if (transposed_ && each.dim() == 2) each = each.t();
        return values_of(compared);
    }

  private:
    std::function<Tensor()> f_;
    std::vector<Tensor> variables_;
    bool transposed_;
    Tensor loss_;
    std::vector<Tensor> gradient_;
};

/// Operations one by one, for a request like "exp forward 1000".
std::unique_ptr<Problem> make_operation(const Words& request);

}  // namespace benchmark

// SPDX-License-Identifier: MIT
#include "autodiff/kernels/elementwise.hpp"
#include "autodiff/ops/cell.hpp"
#include "autodiff/ops/composed.hpp"
#include "autodiff/ops/layout.hpp"
#include "autodiff/ops/matmul.hpp"
#include "autodiff/ops/recurrent.hpp"
#include "autodiff/ops/recurrent_steps.hpp"
#include "autodiff/ops/reduce.hpp"
#include "autodiff/ops/split.hpp"

#include <fmt/format.h>

namespace autodiff {
inline namespace v1 {

using internal::Values;
using namespace recurrent;

template <class T>
Tensor<T> gru_gates(const Tensor<T>& x, const Tensor<T>& u, const Tensor<T>& h) {
    if (x.rank() < 1 || h.rank() < 1 || x.shape()[-1] != 3 * h.shape()[-1] || u.rank() < 1 || u.shape()[-1] != x.shape()[-1])
        throw ShapeError("gru_gates", "x and u [.., 3 hidden] and h [.., hidden]",
                         fmt::format("{}, {} and {}", to_string(x.shape()), to_string(u.shape()), to_string(h.shape())));
    const std::vector<Tensor<T>> from_x = split(x, 3, -1), from_h = split(u, 3, -1);
    return elementwise(
        [](auto xr, auto xz, auto xn, auto ur, auto uz, auto un, auto before) {
            const auto z = sigmoid(xz + uz);
            return (1 - z) * tanh(xn + sigmoid(xr + ur) * un) + z * before;
        },
        from_x[0], from_x[1], from_x[2], from_h[0], from_h[1], from_h[2], h);
}

namespace {

template <class T>
Tensor<T> composed_gru(const Tensor<T>& x, const Tensor<T>& h, const Tensor<T>& weight, const Tensor<T>& bias, bool backwards) {
    const Steps steps{x.shape()[0], h.shape()[0], h.shape()[1], backwards};
    Tensor<T> state = h;
    std::vector<Tensor<T>> outputs(static_cast<std::size_t>(steps.count));
    for (Index k = 0; k < steps.count; ++k) {
        state = gru_gates(autodiff::select(x, 0, steps.at(k)), matmul(state, weight) + bias, state);
        outputs[static_cast<std::size_t>(steps.at(k))] = state;
    }
    return stack(outputs, 0);
}

/// operands x_r, x_z, x_n, u_r, u_z, u_n, h; results h', r, z, n
const CellProgram& gru_cell() {
    static const CellProgram& cell = *new CellProgram("gru", 7, 4, 1, [](const Scalar* x, Scalar* y) {
        const Scalar r = sigmoid(x[0] + x[3]), z = sigmoid(x[1] + x[4]), n = tanh(x[2] + r * x[5]);
        y[0] = (1 - z) * n + z * x[6], y[1] = r, y[2] = z, y[3] = n;
    });
    return cell;
}

template <class T>
class GruSequence final : public Composed {
  public:
    GruSequence(std::shared_ptr<const Shared> shared, const Steps& steps, const Tensor<T>& h, kernels::Storage saved)
        : Composed(std::move(shared)), steps_(steps), h_(h), saved_(std::move(saved)) {}

  private:
    void pull_numbers(Pullback& pull) const override {
        const Index n = steps_.n, hidden = steps_.hidden, width = 3 * hidden, plane = steps_.plane(), total = steps_.count * plane;
        const Tensor<T> initial = operand<T>(1).contiguous(), weight = operand<T>(2).contiguous(), ybar = pull.ybar<T>();
        Tensor<T> xbar = Tensor<T>::uninitialised({steps_.count, n, width}), ubar = Tensor<T>::uninitialised({steps_.count, n, width});
        Tensor<T> hbar = Tensor<T>::uninitialised({n, hidden}), before = Tensor<T>::zeros({n, hidden});
        const T* const saved = values<T>(saved_);  // r, z, n and u_n of every step
        for (Index k = steps_.count; k-- > 0;) {
            const Index t = steps_.at(k);
            kernels::copy<T>(hbar.fill_view(), step_of(ybar, t));
            kernels::accumulate<T>(hbar.fill_view(), before.view());
            Elements<T> elements(steps_);
            for (int operand = 0; operand < 5; ++operand) elements.skip();
            elements.in(saved + 3 * total + t * plane, hidden);
            elements.in(k == 0 ? initial.begin_data() : h_.begin_data() + steps_.at(k - 1) * plane, hidden);
            elements.in(h_.begin_data() + t * plane, hidden);
            for (Index q = 0; q < 3; ++q) elements.in(saved + q * total + t * plane, hidden);
            elements.in(hbar.begin_data(), hidden);
            for (Tensor<T>* const bar : {&xbar, &ubar})
                for (Index gate = 0; gate < 3; ++gate) elements.out(bar->fill_data() + t * n * width + gate * hidden, width);
            elements.out(before.fill_data());
            elements.run(gru_cell().pull<T>());
            kernels::matmul<T>(matrix<const T>(ubar.begin_data() + t * n * width, n, width), transposed(weight.begin_data(), hidden, width),
                               before.fill_view(), true);
        }
        if (pull.wants(1)) pull.add(1, before);
        if (pull.wants(2)) {
            Pullback::Destination<T> to = pull.destination<T>(2);
            add_weight_products(steps_, initial.begin_data(), h_.begin_data(), ubar.begin_data(), width, matrix(to.values(), hidden, width),
                                to.adds());
            pull.arrive(2, std::move(to));
        }
        if (pull.wants(3)) pull.add(3, sum(ubar, Axes{0, 1}));
        if (pull.wants(0)) pull.add(0, std::move(xbar));
    }
    Steps steps_;
    Tensor<T> h_;
    kernels::Storage saved_;
};

}  // namespace

template <class T>
Tensor<T> gru_sequence(const Tensor<T>& x, const Tensor<T>& h, const Tensor<T>& weight, const Tensor<T>& bias, bool backwards) {
    Sources operands = sources("gru_sequence", x, h, weight, bias);
    check_sequence("gru_sequence", 3, x, h, weight);
    if (bias.shape() != Shape{weight.shape()[1]})
        throw ShapeError("gru_sequence", "a bias " + to_string(Shape{weight.shape()[1]}), to_string(bias.shape()));
    const Steps steps{x.shape()[0], h.shape()[0], h.shape()[1], backwards};
    if (!internal::fast_path() || steps.plane() == 0) return composed_gru(x, h, weight, bias, backwards);

    const Index n = steps.n, hidden = steps.hidden, width = 3 * hidden, plane = steps.plane(), total = steps.count * plane;
    const Tensor<T> w = weight.constant().contiguous(), initial = h.constant().contiguous();
    const Tensor<T> b = broadcast_to(bias.constant(), Shape{n, width});
    Tensor<T> y = Tensor<T>::uninitialised({steps.count, n, hidden});
    const bool recorded = any_recorded(operands);
    kernels::Storage saved(recorded ? 4 * total : 3 * plane, sizeof(T));
    T* const memory = values<T>(saved);
    const kernels::Storage u(n * width, sizeof(T));
    for (Index k = 0; k < steps.count; ++k) {
        const Index t = steps.at(k);
        const T* const before = k == 0 ? initial.begin_data() : y.begin_data() + steps.at(k - 1) * plane;
        const View<T> product = matrix(values<T>(u), n, width);
        kernels::copy<T>(product, b.view());
        kernels::matmul<T>(matrix(before, n, hidden), matrix(w.begin_data(), hidden, width), product, true);
        const View<const T> given = step_of(x, t);
        const Tensor<T> row = given.strides[1] == 1 ? Tensor<T>() : autodiff::select(x.constant(), 0, t).contiguous();
        const T* const projected = row.size() == 0 ? given.data : row.begin_data();
        const Index step = row.size() == 0 ? given.strides[0] : width;
        Elements<T> elements(steps);
        for (Index gate = 0; gate < 3; ++gate) elements.in(projected + gate * hidden, step);
        for (Index gate = 0; gate < 3; ++gate) elements.in(values<T>(u) + gate * hidden, width);
        elements.in(before, hidden);
        elements.out(y.fill_data() + t * plane);
        for (Index q = 0; q < 3; ++q) elements.out(recorded ? memory + q * total + t * plane : memory + q * plane);
        elements.run(gru_cell().forward<T>());
        if (recorded)
            kernels::copy<T>(matrix(memory + 3 * total + t * plane, n, hidden),
                             View<const T>{product.data + 2 * hidden, Shape{n, hidden}, {width, 1}});
    }
    if (!recorded) return y;
    const auto definition = [backwards](const Values& v) -> Values {
        return {composed_gru(std::get<Tensor<T>>(v[0]), std::get<Tensor<T>>(v[1]), std::get<Tensor<T>>(v[2]), std::get<Tensor<T>>(v[3]),
                             backwards)};
    };
    auto primitive =
        std::make_unique<const GruSequence<T>>(composed("gru_sequence", definition, x, h, weight, bias), steps, y, std::move(saved));
    return append(std::move(y), std::move(operands), std::move(primitive));
}

#define WENGERT_INSTANTIATE(T)                                                                                                             \
    template Tensor<T> gru_gates(const Tensor<T>&, const Tensor<T>&, const Tensor<T>&);                                                    \
    template Tensor<T> gru_sequence(const Tensor<T>&, const Tensor<T>&, const Tensor<T>&, const Tensor<T>&, bool);
WENGERT_INSTANTIATE(float)
WENGERT_INSTANTIATE(double)
#undef WENGERT_INSTANTIATE

}  // namespace v1
}  // namespace autodiff

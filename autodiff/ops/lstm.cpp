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

namespace {

/// Rows of the results of one operation, one directly after the other.
template <class T>
void append_results(std::vector<Tensor<T>*> results, const Sources& operands, std::unique_ptr<const Composed> first,
                    const std::shared_ptr<const Composed::Shared>& shared) {
    Tape& tape = Tape::from(*current);
    const Mark before = tape.mark();
    try {
        std::vector<Tensor<T>> rows{append(*results[0], operands, std::move(first))};
        for (std::size_t k = 1; k < results.size(); ++k)
            rows.push_back(append(*results[k], operands, std::make_unique<const ComposedResult>(shared, k)));
        for (std::size_t k = 0; k < rows.size(); ++k) *results[k] = rows[k];
    } catch (...) {
        tape.rewind(before);
        throw;
    }
}

}  // namespace

template <class T>
LstmGates<T> lstm_gates(const Tensor<T>& z, const Tensor<T>& c) {
    if (z.rank() < 1 || c.rank() < 1 || z.shape()[-1] != 4 * c.shape()[-1])
        throw ShapeError("lstm_gates", "z [.., 4 hidden] and c [.., hidden]",
                         fmt::format("{} and {}", to_string(z.shape()), to_string(c.shape())));
    const std::vector<Tensor<T>> gate = split(z, 4, -1);
    const Tensor<T> next = elementwise([](auto i, auto f, auto g, auto memory) { return sigmoid(f) * memory + sigmoid(i) * tanh(g); },
                                       gate[0], gate[1], gate[2], c);
    return {elementwise([](auto o, auto memory) { return sigmoid(o) * tanh(memory); }, gate[3], next), next};
}

namespace {

template <class T>
LstmOutput<T> composed_lstm(const Tensor<T>& x, const Tensor<T>& h, const Tensor<T>& c, const Tensor<T>& weight, bool backwards) {
    const Steps steps{x.shape()[0], h.shape()[0], h.shape()[1], backwards};
    LstmGates<T> state{h, c};
    std::vector<Tensor<T>> outputs(static_cast<std::size_t>(steps.count));
    for (Index k = 0; k < steps.count; ++k) {
        state = lstm_gates(autodiff::select(x, 0, steps.at(k)) + matmul(state.h, weight), state.c);
        outputs[static_cast<std::size_t>(steps.at(k))] = state.h;
    }
    return {stack(outputs, 0), state.c};
}

/// operands i, f, g, o (before their functions), c; results h', c', the gates, tanh c'
const CellProgram& lstm_cell() {
    static const CellProgram& cell = *new CellProgram("lstm", 5, 7, 2, [](const Scalar* x, Scalar* y) {
        const Scalar i = sigmoid(x[0]), f = sigmoid(x[1]), g = tanh(x[2]), o = sigmoid(x[3]), c = f * x[4] + i * g, t = tanh(c);
        y[0] = o * t, y[1] = c, y[2] = i, y[3] = f, y[4] = g, y[5] = o, y[6] = t;
    });
    return cell;
}

template <class T>
class LstmSequence final : public Composed {
  public:
    LstmSequence(std::shared_ptr<const Shared> shared, const Steps& steps, const Tensor<T>& h, kernels::Storage saved)
        : Composed(std::move(shared)), steps_(steps), h_(h), saved_(std::move(saved)) {}

  private:
    void pull_numbers(Pullback& pull) const override {
        const Index n = steps_.n, hidden = steps_.hidden, width = 4 * hidden, plane = steps_.plane(), total = steps_.count * plane;
        const Tensor<T> initial_h = operand<T>(1).contiguous(), initial_c = operand<T>(2).contiguous(), weight = operand<T>(3).contiguous();
        const AnyTensor of_h = pull.ybar_of(0), of_c = pull.ybar_of(1);
        Tensor<T> zbar = Tensor<T>::uninitialised({steps_.count, n, width});
        Tensor<T> hbar = Tensor<T>::uninitialised({n, hidden}), cbar = Tensor<T>::zeros({n, hidden}),
                  cbar_before = Tensor<T>::uninitialised({n, hidden});
        if (const auto* given = std::get_if<Tensor<T>>(&of_c)) kernels::copy<T>(cbar.fill_view(), given->view());
        const T* const saved = values<T>(saved_);  // c, then the gates and tanh c of every step
        for (Index k = steps_.count; k-- > 0;) {
            const Index t = steps_.at(k);
            if (const auto* given = std::get_if<Tensor<T>>(&of_h))
                kernels::copy<T>(hbar.fill_view(), step_of(*given, t));
            else
                std::fill_n(hbar.fill_data(), plane, T{0});
            if (k + 1 < steps_.count)
                kernels::matmul<T>(matrix<const T>(zbar.begin_data() + steps_.at(k + 1) * n * width, n, width),
                                   transposed(weight.begin_data(), hidden, width), hbar.fill_view(), true);
            Elements<T> elements(steps_);
            for (int gate = 0; gate < 4; ++gate) elements.skip();
            elements.in(k == 0 ? initial_c.begin_data() : saved + steps_.at(k - 1) * plane, hidden);
            elements.in(h_.begin_data() + t * plane, hidden);
            for (Index q = 0; q < 6; ++q) elements.in(saved + q * total + t * plane, hidden);
            elements.in(hbar.begin_data(), hidden), elements.in(cbar.begin_data(), hidden);
            T* const to = zbar.fill_data() + t * n * width;
            for (Index gate = 0; gate < 4; ++gate) elements.out(to + gate * hidden, width);
            elements.out(cbar_before.fill_data());
            elements.run(lstm_cell().pull<T>());
            std::swap(cbar, cbar_before);
        }
        const T* const first = zbar.begin_data() + steps_.at(0) * n * width;
        if (pull.wants(1)) {
            Pullback::Destination<T> to = pull.destination<T>(1);
            kernels::matmul<T>(matrix(first, n, width), transposed(weight.begin_data(), hidden, width), matrix(to.values(), n, hidden),
                               to.adds());
            pull.arrive(1, std::move(to));
        }
        if (pull.wants(2)) pull.add(2, cbar);
        if (pull.wants(3)) {
            Pullback::Destination<T> to = pull.destination<T>(3);
            add_weight_products(steps_, initial_h.begin_data(), h_.begin_data(), zbar.begin_data(), width,
                                matrix(to.values(), hidden, width), to.adds());
            pull.arrive(3, std::move(to));
        }
        if (pull.wants(0)) pull.add(0, std::move(zbar));
    }
    Steps steps_;
    Tensor<T> h_;
    kernels::Storage saved_;
};

}  // namespace

template <class T>
LstmOutput<T> lstm_sequence(const Tensor<T>& x, const Tensor<T>& h, const Tensor<T>& c, const Tensor<T>& weight, bool backwards) {
    Sources operands = sources("lstm_sequence", x, h, c, weight);
    check_sequence("lstm_sequence", 4, x, h, weight);
    if (c.shape() != h.shape()) throw ShapeError("lstm_sequence", "a state c " + to_string(h.shape()), to_string(c.shape()));
    const Steps steps{x.shape()[0], h.shape()[0], h.shape()[1], backwards};
    if (!internal::fast_path() || steps.plane() == 0) return composed_lstm(x, h, c, weight, backwards);

    const Index n = steps.n, hidden = steps.hidden, width = 4 * hidden, plane = steps.plane(), total = steps.count * plane;
    const Tensor<T> w = weight.constant().contiguous(), initial_h = h.constant().contiguous(), initial_c = c.constant().contiguous();
    LstmOutput<T> y{Tensor<T>::uninitialised({steps.count, n, hidden}), Tensor<T>::uninitialised({n, hidden})};
    const bool recorded = any_recorded(operands);
    // Without a tape nothing is saved: all steps use the same memory, two planes for c.
    kernels::Storage saved(recorded ? 6 * total : 7 * plane, sizeof(T));
    T* const memory = values<T>(saved);
    const kernels::Storage z(n * width, sizeof(T));
    for (Index k = 0; k < steps.count; ++k) {
        const Index t = steps.at(k);
        const T* const h_before = k == 0 ? initial_h.begin_data() : y.h.begin_data() + steps.at(k - 1) * plane;
        const auto c_after = [&](Index step) { return recorded ? memory + steps.at(step) * plane : memory + (step % 2) * plane; };
        kernels::copy<T>(matrix(values<T>(z), n, width), step_of(x, t));
        kernels::matmul<T>(matrix(h_before, n, hidden), matrix(w.begin_data(), hidden, width), matrix(values<T>(z), n, width), true);
        Elements<T> elements(steps);
        for (Index gate = 0; gate < 4; ++gate) elements.in(values<T>(z) + gate * hidden, width);
        elements.in(k == 0 ? initial_c.begin_data() : c_after(k - 1), hidden);
        elements.out(y.h.fill_data() + t * plane);
        elements.out(c_after(k));
        for (Index q = 1; q < 6; ++q) elements.out(recorded ? memory + q * total + t * plane : memory + (q + 1) * plane);
        elements.run(lstm_cell().forward<T>());
        if (k + 1 == steps.count) std::copy_n(c_after(k), plane, y.c.fill_data());
    }
    if (!recorded) return y;
    const auto definition = [backwards](const Values& v) -> Values {
        const LstmOutput<T> result = composed_lstm(std::get<Tensor<T>>(v[0]), std::get<Tensor<T>>(v[1]), std::get<Tensor<T>>(v[2]),
                                                   std::get<Tensor<T>>(v[3]), backwards);
        return {result.h, result.c};
    };
    const auto shared = std::make_shared<const Composed::Shared>(Composed::Shared{"lstm_sequence", {x, h, c, weight}, definition, 2});
    append_results<T>({&y.h, &y.c}, operands, std::make_unique<const LstmSequence<T>>(shared, steps, y.h, std::move(saved)), shared);
    return y;
}

#define WENGERT_INSTANTIATE(T)                                                                                                             \
    template LstmGates<T> lstm_gates(const Tensor<T>&, const Tensor<T>&);                                                                  \
    template LstmOutput<T> lstm_sequence(const Tensor<T>&, const Tensor<T>&, const Tensor<T>&, const Tensor<T>&, bool);
WENGERT_INSTANTIATE(float)
WENGERT_INSTANTIATE(double)
#undef WENGERT_INSTANTIATE

}  // namespace v1
}  // namespace autodiff

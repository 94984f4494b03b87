// SPDX-License-Identifier: MIT
// The order of the steps made is `Steps`; everything else is the same for both directions of time.
#include "autodiff/ops/recurrent.hpp"

#include "autodiff/kernels/elementwise.hpp"
#include "autodiff/kernels/gemm.hpp"
#include "autodiff/ops/cell.hpp"
#include "autodiff/ops/composed.hpp"
#include "autodiff/ops/layout.hpp"
#include "autodiff/ops/matmul.hpp"
#include "autodiff/ops/reduce.hpp"
#include "autodiff/ops/split.hpp"

#include <fmt/format.h>

namespace autodiff {
inline namespace v1 {

namespace {

using internal::Values;

/// Which steps there are, in the order in which they are made.
struct Steps {
    Index count, n, hidden;
    bool backwards;
    [[nodiscard]] Index at(Index k) const { return backwards ? count - 1 - k : k; }
    [[nodiscard]] Index plane() const { return n * hidden; }  ///< numbers of one step in [steps, n, hidden]
};

template <class T>
View<T> matrix(T* data, Index rows, Index columns) {
    return {data, Shape{rows, columns}, {columns, 1}};
}
template <class T>
View<const T> transposed(const T* data, Index rows, Index columns) {  // of what lies as [rows, columns]
    return {data, Shape{columns, rows}, {1, columns}};
}

/// One step of x: [n, width]
template <class T>
View<const T> step_of(const Tensor<T>& x, Index t) {
    return {x.begin_data() + t * x.strides()[0], Shape{x.shape()[1], x.shape()[2]}, {x.strides()[1], x.strides()[2]}};
}

/// A program at every element of [n, hidden], the operands and results of which lie in rows of different lengths.
template <class T>
class Elements {
  public:
    explicit Elements(const Steps& steps) : extents_{steps.n, steps.hidden} {}
    void in(const T* first, Index row) { strides_.push_back(row), inputs_.push_back({first, nullptr}); }
    /// An input that the program does not read.
    void skip() { in(nullptr, 0); }
    void out(T* first) { outputs_.push_back({first}); }
    void out(T* first, Index row) { outputs_.push_back({first}), rows_.push_back({outputs_.size() - 1, row}); }
    void run(const program::Plan<T>& plan) {
        ShortList<Index, 32> strides;
        for (const Index row : strides_) strides.push_back(row), strides.push_back(1);
        for (std::size_t k = 0; k < inputs_.size(); ++k) inputs_[k].strides = strides.data() + 2 * k;
        ShortList<Index, 12> to;
        for (const auto& [output, row] : rows_) to.push_back(row), to.push_back(1);
        for (std::size_t k = 0; k < rows_.size(); ++k) outputs_[rows_[k].first].strides = to.data() + 2 * k;
        program::run<T>(plan, extents_, std::span<const program::Input<T>>(inputs_), std::span<const program::Output<T>>(outputs_));
    }

  private:
    std::array<Index, 2> extents_;
    std::vector<program::Input<T>> inputs_;
    std::vector<Index> strides_;
    std::vector<program::Output<T>> outputs_;
    std::vector<std::pair<std::size_t, Index>> rows_;
};

/// y = what lies in all steps, saved between a forward pass and its pullback.
template <class T>
T* values(const kernels::Storage& storage) {
    return reinterpret_cast<T*>(storage.bytes());
}

/// Wbar += sum over the steps of h[t-1]^T zbar[t], for states that lie one step after the other.
template <class T>
void add_weight_products(const Steps& steps, const T* initial, const T* h, const T* zbar, Index width, const View<T>& wbar, bool add) {
    const Index first = steps.at(0);
    kernels::matmul<T>(transposed(initial, steps.n, steps.hidden), matrix(zbar + first * steps.n * width, steps.n, width), wbar, add);
    if (steps.count == 1) return;
    const Index rows = (steps.count - 1) * steps.n;  // of the states after all steps but the last one made
    kernels::matmul<T>(transposed(h + (steps.backwards ? steps.plane() : 0), rows, steps.hidden),
                       matrix(zbar + (steps.backwards ? 0 : steps.n * width), rows, width), wbar, true);
}

template <class T>
void check_sequence(std::string_view name, Index gates, const Tensor<T>& x, const Tensor<T>& h, const Tensor<T>& weight) {
    const bool fits = x.rank() == 3 && h.rank() == 2 && x.shape()[0] >= 1 && x.shape()[1] == h.shape()[0] &&
                      x.shape()[2] == gates * h.shape()[1] && weight.shape() == Shape{h.shape()[1], x.shape()[2]};
    if (!fits)
        throw ShapeError(
            name, fmt::format("x [steps, n, {0} hidden] of at least one step, states [n, hidden], a weight [hidden, {0} hidden]", gates),
            fmt::format("{}, {} and {}", to_string(x.shape()), to_string(h.shape()), to_string(weight.shape())));
}

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

// LSTM --------------------------------------------------------------------------------------------------------------------------------

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

// GRU ---------------------------------------------------------------------------------------------------------------------------------

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
    template LstmGates<T> lstm_gates(const Tensor<T>&, const Tensor<T>&);                                                                  \
    template Tensor<T> gru_gates(const Tensor<T>&, const Tensor<T>&, const Tensor<T>&);                                                    \
    template LstmOutput<T> lstm_sequence(const Tensor<T>&, const Tensor<T>&, const Tensor<T>&, const Tensor<T>&, bool);                    \
    template Tensor<T> gru_sequence(const Tensor<T>&, const Tensor<T>&, const Tensor<T>&, const Tensor<T>&, bool);
WENGERT_INSTANTIATE(float)
WENGERT_INSTANTIATE(double)

}  // namespace v1
}  // namespace autodiff

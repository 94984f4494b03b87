// SPDX-License-Identifier: MIT
// Backpropagation through time: the recursions that papers derive for RNN, LSTM and GRU, out of the sweep. Weights lead from row to column
// here, so the formulas' W h is our h W.
#include "nn/recurrent.hpp"
#include "autodiff/derivatives.hpp"
#include "tests/formulas/recovered.hpp"
#include "tests/formulas/second_order.hpp"

using namespace test;

namespace {

const Index steps = 5, n = 2, in = 3, hidden = 4;

double sig(double z) { return 1 / (1 + std::exp(-z)); }

/// One table per step.
std::vector<Table> per_step(Index count, Index columns) { return std::vector<Table>(static_cast<std::size_t>(count), Table(n, columns)); }
Table& of(std::vector<Table>& tables, Index t) { return tables[static_cast<std::size_t>(t)]; }

/// z[s, j] = sum_i x[s, i] W[i, j] + b[j], for x[t] of a sequence
template <class At>
Table product(const At& x, Index inputs, const Tensor<double>& weight, const Tensor<double>& bias) {
    Table z(n, weight.shape()[1]);
    for (Index s = 0; s < n; ++s)
        for (Index j = 0; j < weight.shape()[1]; ++j) {
            z(s, j).add(bias.at(j));
            for (Index i = 0; i < inputs; ++i) z(s, j).add(x(s, i) * weight.at(i, j));
        }
    return z;
}

/// What every cell has: dW_ih = sum x_t^T d_t, dW_hh = sum h_(t-1)^T u_t, biases, dx_t = d_t W_ih^T; d and u are the adjoints of the two
/// products, which are equal but for GRU.
template <class Cell>
void check_parameters(const Cell& cell, const Cell& g, const Tensor<double>& x, const Tensor<double>& dx, std::vector<Table>& h_before,
                      std::vector<Table>& d, std::vector<Table>& u) {
    const Index columns = cell.weight_ih.shape()[1];
    Table dW_ih(in, columns), dW_hh(hidden, columns), db_ih(1, columns), db_hh(1, columns), dX(steps * n, in);
    for (Index t = 0; t < steps; ++t)
        for (Index s = 0; s < n; ++s)
            for (Index j = 0; j < columns; ++j) {
                const double from_x = of(d, t).at(s, j), from_h = of(u, t).at(s, j);
                db_ih(0, j).add(from_x), db_hh(0, j).add(from_h);
                for (Index i = 0; i < in; ++i) {
                    dW_ih(i, j).add(x.at(t, s, i) * from_x);
                    dX(t * n + s, i).add(from_x * cell.weight_ih.at(i, j));
                }
                for (Index i = 0; i < hidden; ++i) dW_hh(i, j).add(of(h_before, t).at(s, i) * from_h);
            }
    check_recovers("weight_ih", g.weight_ih, dW_ih);
    check_recovers("weight_hh", g.weight_hh, dW_hh);
    check_recovers("bias_ih", g.bias_ih, db_ih);
    check_recovers("bias_hh", g.bias_hh, db_hh);
    check_recovers("x", dx, dX);
}

/// The state from h of all steps before each of them.
std::vector<Table> before(const Tensor<double>& first, std::vector<Table>& after) {
    std::vector<Table> h = per_step(steps, hidden);
    for (Index t = 0; t < steps; ++t)
        for (Index s = 0; s < n; ++s)
            for (Index j = 0; j < hidden; ++j) of(h, t)(s, j).add(t == 0 ? first.at(0, s, j) : of(after, t - 1).at(s, j));
    return h;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(formulas_recurrent)

// delta_t = (C_t + delta_(t+1) W_hh^T) (1 - h_t^2),  dW_hh = sum h_(t-1)^T delta_t,  dW_ih = sum x_t^T delta_t
// source: Werbos (1990), "Backpropagation through time: what it does and how to do it"
BOOST_AUTO_TEST_CASE(elman_network_follows_backpropagation_through_time) {
    const nn::BasicRNN<double> layer(in, hidden, {}, 1);
    const auto& cell = layer.layers[0];
    const auto x = random_tensor({steps, n, in}, 2), h0 = random_tensor({1, n, hidden}, 3), C = random_tensor({steps, n, hidden}, 4);
    const auto loss = [&](const auto& l, const auto& input, const auto& first) { return sum(C * l(input, first).output); };
    const auto [L, parts] = value_and_gradient(loss, layer, x, h0);
    const auto& [g, dx, dh0] = parts;

    std::vector<Table> h = per_step(steps, hidden), delta = per_step(steps, hidden);
    for (Index t = 0; t < steps; ++t) {
        const Table a = product([&](Index s, Index i) { return x.at(t, s, i); }, in, cell.weight_ih, cell.bias_ih);
        const Table b = product([&](Index s, Index i) { return t == 0 ? h0.at(0, s, i) : of(h, t - 1).at(s, i); }, hidden, cell.weight_hh,
                                cell.bias_hh);
        for (Index s = 0; s < n; ++s)
            for (Index j = 0; j < hidden; ++j) of(h, t)(s, j).add(std::tanh(a.at(s, j) + b.at(s, j)));
    }
    Table dH0(n, hidden);
    for (Index t = steps; t-- > 0;)
        for (Index s = 0; s < n; ++s)
            for (Index j = 0; j < hidden; ++j) {
                double arrived = C.at(t, s, j);
                for (Index k = 0; t + 1 < steps && k < hidden; ++k) arrived += of(delta, t + 1).at(s, k) * cell.weight_hh.at(j, k);
                of(delta, t)(s, j).add(arrived * (1 - of(h, t).at(s, j) * of(h, t).at(s, j)));
            }
    for (Index s = 0; s < n; ++s)
        for (Index j = 0; j < hidden; ++j)
            for (Index k = 0; k < hidden; ++k) dH0(s, j).add(of(delta, 0).at(s, k) * cell.weight_hh.at(j, k));
    std::vector<Table> h_before = before(h0, h);
    check_parameters(cell, g.layers[0], x, dx, h_before, delta, delta);
    check_recovers("h0", dh0, dH0);

    check_all_differences([&](const auto& l) { return loss(l, x, h0); }, layer, g);
    check_differences([&](const auto& moved) { return loss(layer, moved, h0); }, x, dx);
    check_differences([&](const auto& moved) { return loss(layer, x, moved); }, h0, dh0);
    check_hessian_of(layer, {x, h0}, 5, [](const auto& l, const Inputs& v) { return l(v[0], v[1]).output; });
}

// dh_t/dh_k = product of W_hh diag(1 - h^2) over the steps between, which decays or grows with their number
// source: Pascanu, Mikolov, Bengio (2013), "On the difficulty of training recurrent neural networks", equations 5 to 7
BOOST_AUTO_TEST_CASE(the_jacobian_between_two_steps_is_a_product_and_its_norm_decays) {
    nn::BasicRNNCell<double> cell(in, hidden, true, 6);
    const double length = std::sqrt(sum(square(cell.weight_hh)).item());
    cell.weight_hh = cell.weight_hh * (0.9 / length);  // so its largest singular value is at most 0.9
    const Index count = 12;
    const auto x = random_tensor({count, 1, in}, 7);
    const auto state_after = [&](Index t, const Tensor<double>& first) {
        Tensor<double> h = reshape(first, {1, hidden});
        for (Index k = 0; k < t; ++k) h = cell(reshape(slice(x, {{k, k + 1}}), {1, in}), h);
        return reshape(h, {hidden});
    };
    const auto h0 = random_tensor({hidden}, 8);
    Table product_so_far(hidden, hidden);  // [to, from]
    for (Index i = 0; i < hidden; ++i) product_so_far(i, i).add(1);
    double norm_before = 2;
    for (Index t = 1; t <= count; ++t) {
        const auto h = state_after(t, h0);
        Table longer(hidden, hidden);
        for (Index i = 0; i < hidden; ++i)
            for (Index j = 0; j < hidden; ++j)
                for (Index k = 0; k < hidden; ++k)
                    longer(i, j).add((1 - h.at(i) * h.at(i)) * cell.weight_hh.at(k, i) * product_so_far.at(k, j));
        product_so_far = longer;
        const auto J = autodiff::jacobian([&](const auto& first) { return state_after(t, first); }, h0);
        check_recovers("dh_t/dh_0", J, product_so_far);
        const double norm = std::sqrt(sum(square(J)).item());
        BOOST_TEST(norm <= std::pow(0.9, t));
        BOOST_TEST(norm < norm_before);
        norm_before = norm;
    }
    BOOST_TEST(norm_before < 0.05);

    // Without a bend, and with singular values of 1.25, it explodes: here exactly.
    cell.nonlinearity = nn::Nonlinearity::relu;
    cell.weight_hh = 1.25 * Tensor<double>::eye(hidden);
    cell.weight_ih = Tensor<double>::zeros({in, hidden});
    cell.bias_ih = cell.bias_hh = Tensor<double>::zeros({hidden});
    const auto J = autodiff::jacobian([&](const auto& first) { return state_after(count, first); }, Tensor<double>::ones({hidden}));
    for (Index i = 0; i < hidden; ++i)
        for (Index j = 0; j < hidden; ++j) BOOST_TEST(J.at(i, j) == (i == j ? std::pow(1.25, count) : 0));
}

// dc = dc' + dh o (1 - tanh^2 c),  dz_i = dc g i (1 - i),  dz_f = dc c_(t-1) f (1 - f),  dz_g = dc i (1 - g^2),
// dz_o = dh tanh(c) o (1 - o),  dc_(t-1) = dc f,  dh_(t-1) = dz W_hh^T
// source: Hochreiter and Schmidhuber (1997); Greff et al. (2017), "LSTM: a search space odyssey", appendix A
BOOST_AUTO_TEST_CASE(lstm_follows_the_equations_of_its_gates) {
    const nn::BasicLSTM<double> layer(in, hidden, {}, 11);
    const auto& cell = layer.layers[0];
    const auto x = random_tensor({steps, n, in}, 12), C = random_tensor({steps, n, hidden}, 13), D = random_tensor({1, n, hidden}, 14);
    const nn::LstmState<double> first{random_tensor({1, n, hidden}, 15), random_tensor({1, n, hidden}, 16)};
    const auto loss = [&](const auto& l, const auto& input, const auto& initial) {
        const auto [y, state] = l(input, initial);
        return sum(C * y) + sum(D * state.c);
    };
    const auto [L, parts] = value_and_gradient(loss, layer, x, first);
    const auto& [g, dx, dfirst] = parts;

    std::vector<Table> h = per_step(steps, hidden), c = per_step(steps, hidden), gate = per_step(steps, 4 * hidden);
    for (Index t = 0; t < steps; ++t) {
        const Table a = product([&](Index s, Index i) { return x.at(t, s, i); }, in, cell.weight_ih, cell.bias_ih);
        const Table b = product([&](Index s, Index i) { return t == 0 ? first.h.at(0, s, i) : of(h, t - 1).at(s, i); }, hidden,
                                cell.weight_hh, cell.bias_hh);
        for (Index s = 0; s < n; ++s)
            for (Index j = 0; j < hidden; ++j) {
                const auto z = [&](Index k) { return a.at(s, k * hidden + j) + b.at(s, k * hidden + j); };
                const double i = sig(z(0)), f = sig(z(1)), bent = std::tanh(z(2)), o = sig(z(3));
                const double memory = f * (t == 0 ? first.c.at(0, s, j) : of(c, t - 1).at(s, j)) + i * bent;
                for (Index k = 0; const double value : {i, f, bent, o}) of(gate, t)(s, k++ * hidden + j).add(value);
                of(c, t)(s, j).add(memory);
                of(h, t)(s, j).add(o * std::tanh(memory));
            }
    }
    std::vector<Table> dz = per_step(steps, 4 * hidden);
    Table dh(n, hidden), dc(n, hidden);  // what comes from the step after
    for (Index s = 0; s < n; ++s)
        for (Index j = 0; j < hidden; ++j) dc(s, j).add(D.at(0, s, j));
    for (Index t = steps; t-- > 0;) {
        Table dh_before(n, hidden), dc_before(n, hidden);
        for (Index s = 0; s < n; ++s)
            for (Index j = 0; j < hidden; ++j) {
                const auto value = [&](Index k) { return of(gate, t).at(s, k * hidden + j); };
                const double i = value(0), f = value(1), bent = value(2), o = value(3), bent_c = std::tanh(of(c, t).at(s, j));
                const double arrived = C.at(t, s, j) + dh.at(s, j), memory = dc.at(s, j) + arrived * o * (1 - bent_c * bent_c);
                const double c_before = t == 0 ? first.c.at(0, s, j) : of(c, t - 1).at(s, j);
                of(dz, t)(s, j).add(memory * bent * i * (1 - i));
                of(dz, t)(s, hidden + j).add(memory * c_before * f * (1 - f));
                of(dz, t)(s, 2 * hidden + j).add(memory * i * (1 - bent * bent));
                of(dz, t)(s, 3 * hidden + j).add(arrived * bent_c * o * (1 - o));
                dc_before(s, j).add(memory * f);
            }
        for (Index s = 0; s < n; ++s)
            for (Index i = 0; i < hidden; ++i)
                for (Index k = 0; k < 4 * hidden; ++k) dh_before(s, i).add(of(dz, t).at(s, k) * cell.weight_hh.at(i, k));
        dh = dh_before, dc = dc_before;
    }
    std::vector<Table> h_before = before(first.h, h);
    check_parameters(cell, g.layers[0], x, dx, h_before, dz, dz);
    check_recovers("h0", dfirst.h, dh);
    check_recovers("c0", dfirst.c, dc);

    check_all_differences([&](const auto& l) { return loss(l, x, first); }, layer, g);
    check_differences([&](const auto& moved) { return loss(layer, moved, first); }, x, dx);
    check_differences([&](const auto& moved) { return loss(layer, x, nn::LstmState<double>{first.h, moved}); }, first.c, dfirst.c);
    check_hessian_of(layer, {x, first.h, first.c}, 17, [](const auto& l, const Inputs& v) { return l(v[0], {v[1], v[2]}).output; });
}

// dn = dh (1 - z)(1 - n^2),  dz = dh (h - n) z (1 - z),  dr = dn (h U_n + b_hn) r (1 - r); on the side of U the part of n is dn r;
// dh_(t-1) = dh z + du U^T
// source: Cho et al. (2014), in the form of PyTorch's GRU
BOOST_AUTO_TEST_CASE(gru_follows_the_equations_of_its_gates) {
    const nn::BasicGRU<double> layer(in, hidden, {}, 21);
    const auto& cell = layer.layers[0];
    const auto x = random_tensor({steps, n, in}, 22), h0 = random_tensor({1, n, hidden}, 23), C = random_tensor({steps, n, hidden}, 24);
    const auto loss = [&](const auto& l, const auto& input, const auto& first) { return sum(C * l(input, first).output); };
    const auto [L, parts] = value_and_gradient(loss, layer, x, h0);
    const auto& [g, dx, dh0] = parts;

    std::vector<Table> h = per_step(steps, hidden), gate = per_step(steps, 4 * hidden);  // r, z, n and h U_n + b_hn
    const auto h_at = [&](Index t, Index s, Index j) { return t < 0 ? h0.at(0, s, j) : of(h, t).at(s, j); };
    for (Index t = 0; t < steps; ++t) {
        const Table a = product([&](Index s, Index i) { return x.at(t, s, i); }, in, cell.weight_ih, cell.bias_ih);
        const Table b = product([&](Index s, Index i) { return h_at(t - 1, s, i); }, hidden, cell.weight_hh, cell.bias_hh);
        for (Index s = 0; s < n; ++s)
            for (Index j = 0; j < hidden; ++j) {
                const double r = sig(a.at(s, j) + b.at(s, j)), z = sig(a.at(s, hidden + j) + b.at(s, hidden + j));
                const double u = b.at(s, 2 * hidden + j), bent = std::tanh(a.at(s, 2 * hidden + j) + r * u);
                for (Index k = 0; const double value : {r, z, bent, u}) of(gate, t)(s, k++ * hidden + j).add(value);
                of(h, t)(s, j).add((1 - z) * bent).add(z * h_at(t - 1, s, j));
            }
    }
    std::vector<Table> d = per_step(steps, 3 * hidden), du = per_step(steps, 3 * hidden);
    Table dh(n, hidden);
    for (Index t = steps; t-- > 0;) {
        Table dh_before(n, hidden);
        for (Index s = 0; s < n; ++s)
            for (Index j = 0; j < hidden; ++j) {
                const auto value = [&](Index k) { return of(gate, t).at(s, k * hidden + j); };
                const double r = value(0), z = value(1), bent = value(2), u = value(3), arrived = C.at(t, s, j) + dh.at(s, j);
                const double dn = arrived * (1 - z) * (1 - bent * bent);
                const double dz = arrived * (h_at(t - 1, s, j) - bent) * z * (1 - z), dr = dn * u * r * (1 - r);
                for (Index k = 0; const double part : {dr, dz, dn}) of(d, t)(s, k++ * hidden + j).add(part);
                for (Index k = 0; const double part : {dr, dz, dn * r}) of(du, t)(s, k++ * hidden + j).add(part);
                dh_before(s, j).add(arrived * z);
            }
        for (Index s = 0; s < n; ++s)
            for (Index i = 0; i < hidden; ++i)
                for (Index k = 0; k < 3 * hidden; ++k) dh_before(s, i).add(of(du, t).at(s, k) * cell.weight_hh.at(i, k));
        dh = dh_before;
    }
    std::vector<Table> h_before = before(h0, h);
    check_parameters(cell, g.layers[0], x, dx, h_before, d, du);
    check_recovers("h0", dh0, dh);

    check_all_differences([&](const auto& l) { return loss(l, x, h0); }, layer, g);
    check_differences([&](const auto& moved) { return loss(layer, moved, h0); }, x, dx);
    check_differences([&](const auto& moved) { return loss(layer, x, moved); }, h0, dh0);
    check_hessian_of(layer, {x, h0}, 25, [](const auto& l, const Inputs& v) { return l(v[0], v[1]).output; });
}

BOOST_AUTO_TEST_SUITE_END()

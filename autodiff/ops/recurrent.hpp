// SPDX-License-Identifier: MIT
/// The recurrences of LSTM and GRU over a whole sequence: compositions with a fast path (fast_paths.hpp). What the input contributes has been
/// computed for all steps at once; a step adds the product with the state, and the gates are one pass.
#pragma once

#include "autodiff/tensor.hpp"

namespace autodiff {
inline namespace v1 {

/// h and c of one step.
template <class T>
struct LstmGates {
    Tensor<T> h, c;
};
/// i, f, g, o = the four quarters of z along its last axis;  c' = sigmoid(f) c + sigmoid(i) tanh(g),  h' = sigmoid(o) tanh(c')
/// z: [.., 4 hidden]   c, h', c': [.., hidden]
template <class T>
LstmGates<T> lstm_gates(const Tensor<T>& z, const Tensor<T>& c);

/// r = sigmoid(x_r + u_r),  z = sigmoid(x_z + u_z),  n = tanh(x_n + r u_n),  h' = (1 - z) n + z h
/// x, u: [.., 3 hidden], their thirds are r, z, n   h, h': [.., hidden]
template <class T>
Tensor<T> gru_gates(const Tensor<T>& x, const Tensor<T>& u, const Tensor<T>& h);

/// What an LSTM gives: h after every step, c after the last one.
template <class T>
struct LstmOutput {
    Tensor<T> h;  ///< [steps, n, hidden]
    Tensor<T> c;  ///< [n, hidden]
};
/// h[t], c[t] = lstm_gates(x[t] + h[t-1] W, c[t-1]) for t = 0, 1, .., or, `backwards`, from the last step to the first
/// x: [steps, n, 4 hidden]   h, c: [n, hidden], before the first step made   W: [hidden, 4 hidden]
/// vjp      with z the argument of the gates, from the last step made to the first:  hbar = ybar[t] + zbar[t+1] W^T,
///          cbar = cbar[t+1] f[t+1] + hbar o (1 - tanh^2 c),  zbar = (cbar g i (1 - i), cbar c[t-1] f (1 - f), cbar i (1 - g^2),
///          hbar tanh(c) o (1 - o));  xbar = zbar,  Wbar = sum_t h[t-1]^T zbar[t], one product for all steps
/// saves    h, c, tanh c and the gates of every step
/// throws   ShapeError unless there is a step and the shapes fit
/// source   Hochreiter and Schmidhuber (1997), "Long short-term memory"; the derivative: Greff et al. (2017), appendix A
template <class T>
LstmOutput<T> lstm_sequence(const Tensor<T>& x, const Tensor<T>& h, const Tensor<T>& c, const Tensor<T>& weight, bool backwards = false);

/// h[t] = gru_gates(x[t], h[t-1] W + b, h[t-1])        x: [steps, n, 3 hidden]   h: [n, hidden]   W: [hidden, 3 hidden]   b: [3 hidden]
/// y: [steps, n, hidden], h after every step
/// vjp      hbar = ybar[t] + zhat hbar[t+1] + ubar[t+1] W^T; xbar and ubar from the gates;  Wbar = sum_t h[t-1]^T ubar[t],  bbar = sum_t ubar[t]
/// saves    y, the gates and the third third of h W + b of every step
/// throws   ShapeError unless there is a step and the shapes fit
/// source   Cho et al. (2014), in the form of cuDNN and PyTorch
template <class T>
Tensor<T> gru_sequence(const Tensor<T>& x, const Tensor<T>& h, const Tensor<T>& weight, const Tensor<T>& bias, bool backwards = false);

}  // namespace v1
}  // namespace autodiff

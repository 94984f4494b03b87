// SPDX-License-Identifier: MIT
// Attention with one head and with several, and the residual block around it: what papers derive with the softmax's Jacobian.
#include "autodiff/ops/matmul.hpp"
#include "nn/transformer.hpp"
#include "tests/formulas/recovered.hpp"
#include "tests/formulas/second_order.hpp"

using namespace test;

namespace {

/// A matrix by its elements.
using At = std::function<double(Index, Index)>;

/// One head by plain loops: P = softmax(s Q K^T), O = P V; dV = P^T dO, dP = dO V^T, dS = P (dP - rowsum(dP P)), dQ = s dS K, dK = s dS^T Q
/// source: Vaswani et al. (2017), 3.2.1; Dao et al. (2022), "FlashAttention", algorithm 4
struct Head {
    Table P, O, dP, dS, dQ, dK, dV;
    Head(Index queries, Index keys, Index width, Index values, const At& Q, const At& K, const At& V, const At& dO, const At& visible)
        : P(queries, keys),
          O(queries, values),
          dP(queries, keys),
          dS(queries, keys),
          dQ(queries, width),
          dK(keys, width),
          dV(keys, values) {
        const double scale = 1 / std::sqrt(static_cast<double>(width));
        for (Index i = 0; i < queries; ++i) {
            double total = 0;
            std::vector<double> e(static_cast<std::size_t>(keys));
            for (Index j = 0; j < keys; ++j) {
                double s = 0;
                for (Index c = 0; c < width; ++c) s += scale * Q(i, c) * K(j, c);
                total += e[static_cast<std::size_t>(j)] = visible(i, j) != 0 ? std::exp(s) : 0;
            }
            double row = 0;  // of dP P
            for (Index j = 0; j < keys; ++j) {
                P(i, j).add(total > 0 ? e[static_cast<std::size_t>(j)] / total : 0);
                for (Index c = 0; c < values; ++c) {
                    O(i, c).add(P.at(i, j) * V(j, c));
                    dV(j, c).add(P.at(i, j) * dO(i, c));
                    dP(i, j).add(dO(i, c) * V(j, c));
                }
                row += dP.at(i, j) * P.at(i, j);
            }
            for (Index j = 0; j < keys; ++j) {
                dS(i, j).add(P.at(i, j) * dP.at(i, j)).add(-P.at(i, j) * row);
                for (Index c = 0; c < width; ++c) {
                    dQ(i, c).add(scale * dS.at(i, j) * K(j, c));
                    dK(j, c).add(scale * dS.at(i, j) * Q(i, c));
                }
            }
        }
    }
};
At elements(const Tensor<double>& x) {
    return [x](Index i, Index j) { return x.at(i, j); };
}
double everything(Index, Index) { return 1; }
double causal(Index i, Index j) { return j <= i ? 1 : 0; }

}  // namespace

BOOST_AUTO_TEST_SUITE(formulas_attention)

BOOST_AUTO_TEST_CASE(scaled_dot_product_attention_follows_its_backward_pass) {
    const Index queries = 4, keys = 5, width = 3, values = 2;
    const auto q = random_tensor({queries, width}, 1), k = random_tensor({keys, width}, 2), v = random_tensor({keys, values}, 3);
    const auto C = random_tensor({queries, values}, 4);
    const autodiff::Tensor<bool> some({queries, keys}, {true, false, true, true,  false, true, true,  true, false, true,
                                                        true, true,  true, false, true,  true, false, true, true,  true});
    const autodiff::Tensor<bool> blind({queries, keys}, {true,  false, true,  true,  false, true, true,  true, false, true,
                                                         false, false, false, false, false, true, false, true, true,  true});
    struct Case {
        const char* name;
        nn::AttentionOptions options;
        At visible;
    };
    for (const auto& [name, options, visible] :
         {Case{"all", {}, everything}, Case{"causal", {.causal = true}, causal},
          Case{"masked", {.mask = some}, [&](Index i, Index j) { return some.at(i, j) ? 1 : 0; }},
          Case{"a query that sees nothing", {.mask = blind}, [&](Index i, Index j) { return blind.at(i, j) ? 1 : 0; }},
          Case{"masked and causal", {.mask = some, .causal = true}, [&](Index i, Index j) { return some.at(i, j) && j <= i ? 1 : 0; }}}) {
        BOOST_TEST_CONTEXT(name) {
            const auto f = [&options = options](const auto& a, const auto& b, const auto& c) {
                return nn::scaled_dot_product_attention(a, b, c, options);
            };
            const auto [L, parts] =
                value_and_gradient([&](const auto& a, const auto& b, const auto& c) { return sum(C * f(a, b, c)); }, q, k, v);
            const auto& [dq, dk, dv] = parts;
            const Head head(queries, keys, width, values, elements(q), elements(k), elements(v), elements(C), visible);
            check_recovers("P", nn::attention_weights(q, k, options), head.P);
            check_recovers("O", f(q, k, v), head.O);
            check_recovers("dQ", dq, head.dQ);
            check_recovers("dK", dk, head.dK);
            check_recovers("dV", dv, head.dV);
            check_differences([&](const auto& moved) { return sum(C * f(moved, k, v)); }, q, dq);
            check_differences([&](const auto& moved) { return sum(C * f(q, moved, v)); }, k, dk);
            check_differences([&](const auto& moved) { return sum(C * f(q, k, moved)); }, v, dv);
            check_hessian_at(
                {q, k, v}, [&](const Inputs& x) { return weighed(f(x[0], x[1], x[2])); }, 5);
        }
    }
}

// With K the identity and scale 1 the queries are the scores themselves, so that their gradient is dS.
BOOST_AUTO_TEST_CASE(scores_above_the_diagonal_of_a_causal_mask_have_gradient_0_exactly) {
    const Index tokens = 5, values = 3;
    const auto s = random_tensor({tokens, tokens}, 6), v = random_tensor({tokens, values}, 7), C = random_tensor({tokens, values}, 8);
    const auto identity = Tensor<double>::eye(tokens);
    const auto dS = value_and_gradient(
                        [&](const auto& scores) {
                            return sum(C * nn::scaled_dot_product_attention(scores, identity, v, {.causal = true, .scale = 1.0}));
                        },
                        s)
                        .second;
    Index below = 0;
    for (Index i = 0; i < tokens; ++i) {
        Terms row;
        for (Index j = 0; j < tokens; ++j) {
            row.add(dS.at(i, j));
            if (j > i) BOOST_TEST(dS.at(i, j) == 0);
            if (j <= i && i > 0) below += dS.at(i, j) != 0 ? 1 : 0;
        }
        BOOST_TEST(std::abs(row.value) <= 1e-15 * (1 + row.size));  // a softmax does not see a constant added to its row
    }
    BOOST_TEST(below == tokens * (tokens + 1) / 2 - 1);
}

// rowsum(dP P) = rowsum(dO O), by which a backward pass needs no row of P at once        source: Dao et al. (2022), algorithm 4
BOOST_AUTO_TEST_CASE(row_sums_of_the_weights_adjoints_are_those_of_the_outputs) {
    const auto q = random_tensor({4, 3}, 9), k = random_tensor({6, 3}, 10), v = random_tensor({6, 2}, 11), C = random_tensor({4, 2}, 12);
    const auto P = nn::attention_weights(q, k);
    const auto dP = value_and_gradient([&](const auto& weights) { return sum(C * matmul(weights, v)); }, P).second;
    const auto O = nn::scaled_dot_product_attention(q, k, v);
    for (Index i = 0; i < 4; ++i) {
        Terms formula;
        for (Index c = 0; c < 2; ++c) formula.add(C.at(i, c) * O.at(i, c));
        double tape = 0;
        for (Index j = 0; j < 6; ++j) tape += dP.at(i, j) * P.at(i, j);
        BOOST_TEST(recovers(tape, formula));
    }
}

// With heads side by side: dW_in = [x^T dQ, x^T dK, x^T dV],  dW_o = O^T C,  dx = dQ W_q^T + dK W_k^T + dV W_v^T
BOOST_AUTO_TEST_CASE(multi_head_attention_has_the_blocks_of_its_packed_weight) {
    const Index n = 2, tokens = 3, width = 4, heads = 2, each = width / heads;
    nn::BasicMultiheadAttention<double> layer(width, heads, {}, 13);
    layer.in_proj_bias = random_tensor({3 * width}, 14);
    layer.out_proj.bias = random_tensor({width}, 15);
    const auto x = random_tensor({n, tokens, width}, 16), C = random_tensor(x.shape(), 17);
    const auto loss = [&](const auto& l, const auto& input) { return sum(C * l(input, {.causal = true})); };
    const auto [L, parts] = value_and_gradient(loss, layer, x);
    const auto& [g, dx] = parts;

    Table dW_in(width, 3 * width), db_in(1, 3 * width), dW_out(width, width), db_out(1, width), dX(n * tokens, width);
    for (Index s = 0; s < n; ++s) {
        Table in(tokens, 3 * width), d_joined(tokens, width), d_in(tokens, 3 * width);
        for (Index t = 0; t < tokens; ++t) {
            for (Index j = 0; j < 3 * width; ++j) {
                in(t, j).add(layer.in_proj_bias.at(j));
                for (Index i = 0; i < width; ++i) in(t, j).add(x.at(s, t, i) * layer.in_proj_weight.at(i, j));
            }
            for (Index j = 0; j < width; ++j) {
                db_out(0, j).add(C.at(s, t, j));
                for (Index i = 0; i < width; ++i) d_joined(t, i).add(C.at(s, t, j) * layer.out_proj.weight.at(i, j));
            }
        }
        for (Index h = 0; h < heads; ++h) {
            const auto block = [&](Index part) -> At {
                return [&in, first = part * width + h * each](Index t, Index c) { return in.at(t, first + c); };
            };
            const Head head(
                tokens, tokens, each, each, block(0), block(1), block(2), [&](Index t, Index c) { return d_joined.at(t, h * each + c); },
                causal);
            for (Index t = 0; t < tokens; ++t)
                for (Index c = 0; c < each; ++c) {
                    for (Index part = 0; const Table* d : {&head.dQ, &head.dK, &head.dV})
                        d_in(t, part++ * width + h * each + c).add(d->at(t, c));
                    for (Index j = 0; j < width; ++j) dW_out(h * each + c, j).add(head.O.at(t, c) * C.at(s, t, j));
                }
        }
        for (Index t = 0; t < tokens; ++t)
            for (Index j = 0; j < 3 * width; ++j) {
                db_in(0, j).add(d_in.at(t, j));
                for (Index i = 0; i < width; ++i) {
                    dW_in(i, j).add(x.at(s, t, i) * d_in.at(t, j));
                    dX(s * tokens + t, i).add(d_in.at(t, j) * layer.in_proj_weight.at(i, j));
                }
            }
    }
    check_recovers("in_proj_weight", g.in_proj_weight, dW_in);
    check_recovers("in_proj_bias", g.in_proj_bias, db_in);
    check_recovers("out_proj.weight", g.out_proj.weight, dW_out);
    check_recovers("out_proj.bias", g.out_proj.bias, db_out);
    check_recovers("x", dx, dX);

    check_all_differences([&](const auto& l) { return loss(l, x); }, layer, g);
    check_differences([&](const auto& moved) { return loss(layer, moved); }, x, dx);
    check_hessian_of(layer, {x}, 18, [](const auto& l, const Inputs& v) { return l(v[0], {.causal = true}); });
}

// The bias of the keys adds the same to all scores of a query, so it cannot matter.
BOOST_AUTO_TEST_CASE(the_bias_of_the_keys_has_no_gradient) {
    const Index width = 4;
    const nn::BasicMultiheadAttention<double> layer(width, 2, {}, 19);
    const auto x = random_tensor({2, 3, width}, 20), C = random_tensor(x.shape(), 21);
    const auto g = autodiff::gradient([&](const nn::BasicMultiheadAttention<double>& l) { return sum(C * l(x)); }, layer);
    for (Index j = 0; j < width; ++j) {
        BOOST_TEST(std::abs(g.in_proj_bias.at(width + j)) < 1e-15);
        BOOST_TEST(std::abs(g.in_proj_bias.at(2 * width + j)) > 1e-3);
    }
}

BOOST_AUTO_TEST_SUITE_END()

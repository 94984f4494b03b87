// SPDX-License-Identifier: MIT
// Dense, convolution, normalisation and attention models, each with its derivation by hand.
#include "mistakes_injected.hpp"

namespace mistakes {

namespace {

using Name = std::string;

/// x W + b, two layers, mean squared error.      x: [n, 3]   hidden and output: 4
std::unique_ptr<Model> dense(std::uint64_t seed, Index n) {
    auto model = std::make_unique<Model>();
    Model& m = *model;
    std::mt19937_64 rng(seed);
    m.name = fmt::format("dense, {} samples", n);
    const T x = m.variable("x", random(rng, {n, 3})), W1 = m.variable("W1", random(rng, {3, 4})), b1 = m.variable("b1", random(rng, {4})),
            W2 = m.variable("W2", random(rng, {4, 4})), b2 = m.variable("b2", random(rng, {4})), t = random(rng, {n, 4});
    m.values.set("t", t);
    const T z1 = m.named("z1", matmul(x, W1) + b1), a1 = m.named("a1", sigmoid(z1)), z2 = m.named("z2", matmul(a1, W2) + b2),
            a2 = m.named("a2", tanh(z2));
    m.loss = mean(square(a2 - t));
    const double count = 4.0 * static_cast<double>(n);
    m.step("da2", [count](const Values& v) { return 2.0 / count * (v("a2") - v("t")); },
           {{"factor", [count](const Values& v) { return 1.0 / count * (v("a2") - v("t")); }},
            {"factor", [](const Values& v) { return 2.0 * (v("a2") - v("t")); }}});
    m.step("dz2", [](const Values& v) { return v("da2") * (1.0 - square(v("a2"))); },
           {{"missing_derivative", [](const Values& v) { return v("da2"); }},
            {"wrong_derivative", [](const Values& v) { return v("da2") * (1.0 - square(tanh(v("a2")))); }},
            {"wrong_derivative", [](const Values& v) { return v("da2") * (1.0 - square(v("z2"))); }},
            {"wrong_derivative", [](const Values& v) { return v("da2") * v("a2"); }},
            {"wrong_derivative", [](const Values& v) { return v("da2") * (1.0 - v("a2")); }},
            {"wrong_derivative", [](const Values& v) { return v("da2") * sigmoid(v("z2")) * (1.0 - sigmoid(v("z2"))); }},
            {"wrong_derivative", [](const Values& v) { return v("da2") * v("a2") * (1.0 - v("a2")); }},
            {"wrong_derivative", [](const Values& v) { return v("da2") * square(1.0 - square(v("a2"))); }}});
    m.step("db2", [](const Values& v) { return sum(v("dz2"), 0); },
           {{"factor", [](const Values& v) { return mean(v("dz2"), 0); }},
            {"one_sample", [n](const Values& v) { return select(v("dz2"), 0, n - 1); }}});
    m.step("dW2", [](const Values& v) { return matmul(transpose(v("a1")), v("dz2")); },
           {{"wrong_operand", [](const Values& v) { return matmul(transpose(v("z1")), v("dz2")); }},
            {"one_sample",
             [n](const Values& v) {
                 return matmul(transpose(slice(v("a1"), {{n - 1, n, 1}})), slice(v("dz2"), {{n - 1, n, 1}}));
             }},
            {"transposed", [](const Values& v) { return matmul(transpose(v("dz2")), v("a1")); }},
            {"wrong_adjoint", [](const Values& v) { return matmul(transpose(v("a1")), v("da2")); }},
            {"weight_decay", [](const Values& v) { return matmul(transpose(v("a1")), v("dz2")) + 0.01 * v("W2"); }}});
    m.step("da1", [](const Values& v) { return matmul(v("dz2"), transpose(v("W2"))); },
           {{"not_transposed", [](const Values& v) { return matmul(v("dz2"), v("W2")); }},
            {"one_unit",
             [](const Values& v) {
                 return matmul(slice(v("dz2"), {{}, {3, 4, 1}}), slice(transpose(v("W2")), {{3, 4, 1}}));
             }},
            {"updated_weights", [](const Values& v) { return matmul(v("dz2"), transpose(v("W2") - 0.1 * v("dW2"))); }}});
    m.step("dz1", [](const Values& v) { return v("da1") * v("a1") * (1.0 - v("a1")); },
           {{"missing_derivative", [](const Values& v) { return v("da1"); }},
            {"wrong_derivative", [](const Values& v) { return v("da1") * sigmoid(v("a1")) * (1.0 - sigmoid(v("a1"))); }},
            {"wrong_derivative", [](const Values& v) { return v("da1") * v("a1"); }},
            {"wrong_derivative", [](const Values& v) { return v("da1") * (1.0 - v("a1")); }},
            {"wrong_derivative", [](const Values& v) { return v("da1") * (1.0 - square(tanh(v("z1")))); }},
            {"wrong_derivative", [](const Values& v) { return v("da1") * (1.0 - square(v("a1"))); }},
            {"wrong_derivative", [](const Values& v) { return v("da1") * v("z1") * (1.0 - v("z1")); }},
            {"wrong_derivative", [](const Values& v) { return v("da1") * square(v("a1") * (1.0 - v("a1"))); }}});
    m.step("db1", [](const Values& v) { return sum(v("dz1"), 0); },
           {{"factor", [](const Values& v) { return mean(v("dz1"), 0); }},
            {"one_sample", [](const Values& v) { return select(v("dz1"), 0, 0); }}});
    m.step("dW1", [](const Values& v) { return matmul(transpose(v("x")), v("dz1")); });
    m.step("dx", [](const Values& v) { return matmul(v("dz1"), transpose(v("W1"))); });
    if (n == 4) {  // everything square: a sum over the wrong axis and a missing transpose keep the shape
        m.steps[2].wrong.push_back({"wrong_axis", [](const Values& v) { return sum(v("dz2"), 1); }});
        m.steps[3].wrong.push_back({"not_transposed", [](const Values& v) { return matmul(v("a1"), v("dz2")); }});
    }
    return model;
}

/// One layer and the fused loss.
std::unique_ptr<Model> classifier(std::uint64_t seed) {
    auto model = std::make_unique<Model>();
    Model& m = *model;
    std::mt19937_64 rng(seed);
    m.name = "dense, softmax cross-entropy";
    const T x = m.variable("x", random(rng, {10, 3})), W = m.variable("W", random(rng, {3, 4})), b = m.variable("b", random(rng, {4}));
    // As many labels of each kind as of no other: else a permuted db would be a shifted one, too.
    const Tensor<Index> labels({10}, std::vector<Index>{0, 2, 1, 3, 2, 3, 3, 1, 2, 3});
    const T z = m.named("z", matmul(x, W) + b);
    m.loss = mean(softmax_cross_entropy(z, labels));
    m.values.set("p", softmax(z.constant()));
    m.values.set("y", cast<double>(unsqueeze(labels, -1) == Tensor<Index>::arange(4)));
    m.step("dz", [](const Values& v) { return (v("p") - v("y")) / 10.0; },
           {{"no_one_at_label", [](const Values& v) { return v("p") / 10.0; }},
            {"factor", [](const Values& v) { return v("p") - v("y"); }},
            {"no_softmax", [](const Values& v) { return (v("z") - v("y")) / 10.0; }},
            {"wrong_axis", [](const Values& v) { return (softmax(v("z"), 0) - v("y")) / 10.0; }},
            {"missing_derivative", [](const Values& v) { return v("y") / v("p") / -10.0; }},
            {"softmax_again", [](const Values& v) { return (v("p") - v("y")) / 10.0 * v("p") * (1.0 - v("p")); }},
            {"softmax_again", [](const Values& v) {
                 const T g = (v("p") - v("y")) / 10.0;
                 return v("p") * (g - sum(g * v("p"), -1, true));
             }}});
    m.step("db", [](const Values& v) { return sum(v("dz"), 0); }, {{"factor", [](const Values& v) { return mean(v("dz"), 0); }}});
    m.step("dW", [](const Values& v) { return matmul(transpose(v("x")), v("dz")); },
           {{"one_sample", [](const Values& v) {
                 return matmul(transpose(slice(v("x"), {{9, 10, 1}})), slice(v("dz"), {{9, 10, 1}}));
             }}});
    m.step("dx", [](const Values& v) { return matmul(v("dz"), transpose(v("W"))); });
    return model;
}

/// Two 3x3 convolutions with a skip connection, the second one with a bias.      x: [2, 2, 4, 4]
std::unique_ptr<Model> convolution(std::uint64_t seed) {
    auto model = std::make_unique<Model>();
    Model& m = *model;
    std::mt19937_64 rng(seed);
    m.name = "convolution";
    const Conv2dGeometry same{.padding = {1, 1}};
    const T x = m.variable("x", random(rng, {3, 2, 4, 4})), K1 = m.variable("K1", random(rng, {2, 2, 3, 3}, 0.4)),
            K2 = m.variable("K2", random(rng, {2, 2, 3, 3}, 0.4)), b = m.variable("b", random(rng, {2})), c = random(rng, {3, 2, 4, 4});
    m.values.set("c", c);
    const T z1 = m.named("z1", conv2d(x, K1, same)), h = m.named("h", tanh(z1)),
            z2 = m.named("z2", conv2d(h, K2, same) + reshape(b, {1, 2, 1, 1})), y = m.named("y", h + z2);
    m.loss = sum(y * c);
    m.step("dy", [](const Values& v) { return v("c"); });
    m.step("dz2", [](const Values& v) { return v("dy"); });
    m.step("db",
           [](const Values& v) {
               return sum(v("dz2"), {0, 2, 3});
           },
           {{"factor",
             [](const Values& v) {
                 return mean(v("dz2"), {0, 2, 3});
             }},
            {"one_sample", [](const Values& v) {
                 return sum(select(v("dz2"), 0, 2), {1, 2});
             }}});
    m.step("dK2", [same](const Values& v) { return conv2d_weight(v("h"), v("dz2"), v("K2").shape(), same); },
           {{"wrong_operand", [same](const Values& v) { return conv2d_weight(v("z1"), v("dz2"), v("K2").shape(), same); }},
            {"flipped",
             [same](const Values& v) {
                 return flip(conv2d_weight(v("h"), v("dz2"), v("K2").shape(), same), {2, 3});
             }},
            {"transposed", [same](const Values& v) {
                 return transpose(conv2d_weight(v("h"), v("dz2"), v("K2").shape(), same), {1, 0, 2, 3});
             }}});
    m.step("dh", [same](const Values& v) { return v("dy") + conv2d_input(v("dz2"), v("K2"), v("h").shape(), same); },
           {{"overwritten", [same](const Values& v) { return conv2d_input(v("dz2"), v("K2"), v("h").shape(), same); }},
            {"forgotten_path", [](const Values& v) { return v("dy"); }},
            {"not_transposed", [same](const Values& v) { return v("dy") + conv2d(v("dz2"), v("K2"), same); }},
            {"updated_weights",
             [same](const Values& v) { return v("dy") + conv2d_input(v("dz2"), v("K2") - 0.01 * v("dK2"), v("h").shape(), same); }}});
    m.step("dz1", [](const Values& v) { return v("dh") * (1.0 - square(v("h"))); },
           {{"missing_derivative", [](const Values& v) { return v("dh"); }},
            {"wrong_derivative", [](const Values& v) { return v("dh") * (1.0 - square(v("z1"))); }},
            {"wrong_derivative", [](const Values& v) { return v("dh") * v("h") * (1.0 - v("h")); }}});
    m.step("dK1", [same](const Values& v) { return conv2d_weight(v("x"), v("dz1"), v("K1").shape(), same); });
    m.step("dx", [same](const Values& v) { return conv2d_input(v("dz1"), v("K1"), v("x").shape(), same); },
           {{"not_transposed", [same](const Values& v) { return conv2d(v("dz1"), v("K1"), same); }}});
    return model;
}

/// Layer normalisation between a dense layer and a tanh.
std::unique_ptr<Model> normalisation(std::uint64_t seed) {
    auto model = std::make_unique<Model>();
    Model& m = *model;
    std::mt19937_64 rng(seed);
    m.name = "normalisation";
    const T x = m.variable("x", random(rng, {4, 3})), W = m.variable("W", random(rng, {3, 5})), g = m.variable("g", random(rng, {5})),
            b = m.variable("b", random(rng, {5})), c = random(rng, {4, 5});
    m.values.set("c", c);
    const T z = m.named("z", matmul(x, W)), centred = z - mean(z, 1, true), s = rsqrt(mean(square(centred), 1, true) + 1e-3),
            n = m.named("n", centred * s), y = m.named("y", n * g + b), a = m.named("a", tanh(y));
    m.values.set("s", s);
    m.loss = sum(a * c);
    m.step("da", [](const Values& v) { return v("c"); });
    m.step("dy", [](const Values& v) { return v("da") * (1.0 - square(v("a"))); },
           {{"missing_derivative", [](const Values& v) { return v("da"); }}});
    m.step("db", [](const Values& v) { return sum(v("dy"), 0); }, {{"factor", [](const Values& v) { return mean(v("dy"), 0); }}});
    m.step("dg", [](const Values& v) { return sum(v("dy") * v("n"), 0); },
           {{"missing_derivative", [](const Values& v) { return sum(v("dy"), 0); }},
            {"one_sample", [](const Values& v) { return select(v("dy") * v("n"), 0, 3); }},
            {"wrong_operand", [](const Values& v) { return sum(v("dy") * v("z"), 0); }}});
    m.step("dn", [](const Values& v) { return v("dy") * v("g"); }, {{"missing_derivative", [](const Values& v) { return v("dy"); }}});
    m.step("dz", [](const Values& v) { return v("s") * (v("dn") - mean(v("dn"), 1, true) - v("n") * mean(v("dn") * v("n"), 1, true)); },
           {{"treated_as_constant", [](const Values& v) { return v("s") * v("dn"); }},
            {"treated_as_constant", [](const Values& v) { return v("s") * (v("dn") - mean(v("dn"), 1, true)); }},
            {"treated_as_constant", [](const Values& v) { return v("s") * (v("dn") - v("n") * mean(v("dn") * v("n"), 1, true)); }}});
    m.step("dW", [](const Values& v) { return matmul(transpose(v("x")), v("dz")); });
    m.step("dx", [](const Values& v) { return matmul(v("dz"), transpose(v("W"))); });
    return model;
}

/// One head: q, k and v from one x.      x: [5, 3]   width 3
std::unique_ptr<Model> attention(std::uint64_t seed) {
    auto model = std::make_unique<Model>();
    Model& m = *model;
    std::mt19937_64 rng(seed);
    m.name = "attention";
    const double scale = 0.5;
    const T x = m.variable("x", random(rng, {5, 3})), Wq = m.variable("Wq", random(rng, {3, 3})),
            Wk = m.variable("Wk", random(rng, {3, 3})), Wv = m.variable("Wv", random(rng, {3, 3})), c = random(rng, {5, 3});
    m.values.set("c", c);
    const T q = m.named("q", matmul(x, Wq)), k = m.named("k", matmul(x, Wk)), v = m.named("v", matmul(x, Wv)),
            s = m.named("s", matmul(q, transpose(k)) * scale), p = m.named("p", softmax(s)), o = m.named("o", matmul(p, v));
    m.loss = sum(o * c);
    m.step("do", [](const Values& w) { return w("c"); });
    m.step("dv", [](const Values& w) { return matmul(transpose(w("p")), w("do")); },
           {{"not_transposed", [](const Values& w) { return matmul(w("p"), w("do")); }},
            {"wrong_operand", [](const Values& w) { return matmul(transpose(w("s")), w("do")); }}});
    m.step("dp", [](const Values& w) { return matmul(w("do"), transpose(w("v"))); },
           {{"wrong_operand", [](const Values& w) { return matmul(w("do"), transpose(w("k"))); }}});
    m.step("ds", [](const Values& w) { return w("p") * (w("dp") - sum(w("dp") * w("p"), -1, true)); },
           {{"missing_derivative", [](const Values& w) { return w("dp"); }},
            {"diagonal_only", [](const Values& w) { return w("dp") * w("p") * (1.0 - w("p")); }}});
    m.step("dk", [scale](const Values& w) { return scale * matmul(transpose(w("ds")), w("q")); },
           {{"factor", [](const Values& w) { return matmul(transpose(w("ds")), w("q")); }},
            {"wrong_operand", [scale](const Values& w) { return scale * matmul(transpose(w("ds")), w("v")); }}});
    m.step("dq", [scale](const Values& w) { return scale * matmul(w("ds"), w("k")); },
           {{"factor", [](const Values& w) { return matmul(w("ds"), w("k")); }},
            {"wrong_operand", [scale](const Values& w) { return scale * matmul(w("ds"), w("q")); }}});
    for (const Name to : {"v", "k", "q"})
        m.step("dW" + to, [to](const Values& w) { return matmul(transpose(w("x")), w("d" + to)); },
               {{"transposed", [to](const Values& w) { return matmul(transpose(w("d" + to)), w("x")); }}});
    const auto through = [](const Values& w, const Name& to) { return matmul(w("d" + to), transpose(w("W" + to))); };
    m.step("dx", [through](const Values& w) { return through(w, "q") + through(w, "k") + through(w, "v"); },
           {{"overwritten", [through](const Values& w) { return through(w, "q"); }},
            {"forgotten_path", [through](const Values& w) { return through(w, "q") + through(w, "k"); }},
            {"updated_weights", [through](const Values& w) {
                 return through(w, "q") + through(w, "k") + matmul(w("dv"), transpose(w("Wv") - 0.1 * w("dWv")));
             }}});
    return model;
}

}  // namespace

const std::vector<Maker>& models() {
    static const std::vector<Maker> all{[] { return dense(1, 5); },    [] { return dense(2, 4); },      [] { return classifier(3); },
                                        [] { return convolution(4); }, [] { return normalisation(5); }, [] { return attention(6); }};
    return all;
}

}  // namespace mistakes

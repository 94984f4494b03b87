# SPDX-License-Identifier: MIT
"""JAX: every task one jitted function, a training step together with its optimizer. The number of threads follows the CPUs that the
driver allows."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

import side
from side import InitialParameters, Problem, drawn


class Differentiated(Problem):
    def __init__(self, f, *x, result=lambda g: g):
        self.f = jax.jit(jax.value_and_grad(f, argnums=tuple(range(len(x)))))
        self.x, self.arrays = jax.device_put(x), result

    def run(self, times):
        for _ in range(times):
            self.answer = self.f(*self.x)
        jax.block_until_ready(self.answer)

    def loss(self):
        return float(self.answer[0])

    def result(self):
        return jax.tree.leaves(self.arrays(self.answer[1]))


def sgd_step(parameters, gradient, state):
    return jax.tree.map(lambda p, g: p - side.SGD_RATE * g, parameters, gradient), state


def adam_step(parameters, gradient, state, b1=0.9, b2=0.999, eps=1e-8):
    steps, m, v = state
    steps += 1
    m = jax.tree.map(lambda m, g: b1 * m + (1 - b1) * g, m, gradient)
    v = jax.tree.map(lambda v, g: b2 * v + (1 - b2) * g * g, v, gradient)
    c1, c2 = (-jnp.expm1(steps * np.log(b)) for b in (b1, b2))  # 1 - b^steps, without loss of digits
    step = lambda p, m, v: p - side.ADAM_RATE * (m / c1) / (jnp.sqrt(v / c2) + eps)
    return jax.tree.map(step, parameters, m, v), (steps, m, v)


class Trained(Problem):
    trains = True

    def __init__(self, loss_function, parameters, optimizer, result=lambda p: p):
        update = adam_step if optimizer == "adam" else sgd_step
        self.start, self.arrays = parameters, result

        @functools.partial(jax.jit, donate_argnums=(0, 1))
        def step(parameters, state):
            loss, gradient = jax.value_and_grad(loss_function)(parameters)
            return loss, *update(parameters, gradient, state)

        self.step = step

    def restart(self):
        self.parameters = jax.tree.map(jnp.array, self.start)
        self.state = (jnp.float32(0), jax.tree.map(jnp.zeros_like, self.parameters), jax.tree.map(jnp.zeros_like, self.parameters))

    def run(self, times):
        for _ in range(times):
            self.value, self.parameters, self.state = self.step(self.parameters, self.state)
        jax.block_until_ready(self.parameters)

    def loss(self):
        return float(self.value)

    def result(self):
        return jax.tree.leaves(self.arrays(self.parameters))


def layers(initial, *widths):
    return [(initial.weight(n, m), initial.bias(m)) for n, m in zip(widths, widths[1:])]


def dense_layers(parameters, x):
    for weight, bias in parameters[:-1]:
        x = jax.nn.relu(x @ weight + bias)
    weight, bias = parameters[-1]
    return x @ weight + bias


def cross_entropy(logits, labels):
    return -jnp.mean(jnp.take_along_axis(jax.nn.log_softmax(logits), labels[:, None], axis=1))


def mlp(batch, optimizer):
    images, labels = jnp.array(drawn(side.INPUT, (batch, side.PIXELS), 0, 1)), jnp.array(side.drawn_labels(batch))
    parameters = layers(InitialParameters(), side.PIXELS, 256, 128, 10)
    return Trained(lambda p: cross_entropy(dense_layers(p, images), labels), parameters, optimizer)


def lenet():
    """Channels last and pooling by reshape, the fastest of four ways on a CPU; images of one channel are the same numbers either way."""
    images = jnp.array(drawn(side.INPUT, (side.LENET_BATCH, 28, 28, 1), 0, 1))
    labels = jnp.array(side.drawn_labels(side.LENET_BATCH))
    initial = InitialParameters()
    kernels = [(initial.weight(m, n, 5, 5).transpose(2, 3, 1, 0), initial.bias(m)) for n, m in ((1, 6), (6, 16))]
    parameters = (kernels, layers(initial, 400, 120, 84, 10))

    def pool(x):
        n, height, width, channels = x.shape
        return x.reshape(n, height // 2, 2, width // 2, 2, channels).max((2, 4))

    def loss(p):
        x = images
        for (kernel, bias), padding in zip(p[0], ("SAME", "VALID")):
            x = lax.conv_general_dilated(x, kernel, (1, 1), padding, dimension_numbers=("NHWC", "HWIO", "NHWC"))
            x = pool(jax.nn.relu(x + bias))
        return cross_entropy(dense_layers(p[1], x.transpose(0, 3, 1, 2).reshape(side.LENET_BATCH, 400)), labels)

    def as_ours(p):
        return [(kernel.transpose(3, 2, 0, 1), bias) for kernel, bias in p[0]], p[1]

    return Trained(loss, parameters, "sgd", as_ours)


def dense(batch):
    [(weight, bias)] = layers(InitialParameters(), side.PIXELS, side.DENSE)
    x, y = jnp.array(drawn(side.INPUT, (batch, side.PIXELS), 0, 1)), jnp.array(drawn(side.TARGET, (batch, side.DENSE), 0, 1))
    return Differentiated(lambda w: 0.5 * jnp.sum((jax.nn.sigmoid(x @ w + bias) - y) ** 2), weight)


def tanh_chain(n, steps, lowest_factor):
    def f(x, a, b):
        y = x
        for _ in range(steps):
            y = jnp.tanh(y * a + b)
        return jnp.sum(y)

    return Differentiated(
        f, drawn(side.INPUT, (n,), -1, 1), drawn(side.PARAMETER, (n,), lowest_factor, 1.5), drawn(side.PARAMETER + 1, (n,), 0, 0.5))


def lstm():
    x = jnp.array(drawn(side.INPUT, (side.LSTM_STEPS, side.LSTM_BATCH, side.LSTM_INPUT), -1, 1))
    initial, gates = InitialParameters(), 4 * side.LSTM_HIDDEN
    parameters = (initial.weight(side.LSTM_INPUT, gates), initial.weight(side.LSTM_HIDDEN, gates), initial.bias(gates), np.zeros(gates, np.float32))

    def loss(p):
        input_weight, hidden_weight, input_bias, hidden_bias = p

        def step(state, from_input):
            h, c = state
            i, f, g, o = jnp.split(from_input + h @ hidden_weight, 4, axis=-1)
            c = jax.nn.sigmoid(f) * c + jax.nn.sigmoid(i) * jnp.tanh(g)
            h = jax.nn.sigmoid(o) * jnp.tanh(c)
            return (h, c), h

        zeros = jnp.zeros((side.LSTM_BATCH, side.LSTM_HIDDEN))
        return 0.5 * jnp.sum(lax.scan(step, (zeros, zeros), x @ input_weight + (input_bias + hidden_bias))[1] ** 2)

    return Differentiated(loss, parameters)


def transformer():
    width, heads, each = side.ENCODER_WIDTH, side.ENCODER_HEADS, side.ENCODER_WIDTH // side.ENCODER_HEADS
    shape = (side.ENCODER_BATCH, side.ENCODER_TOKENS, width)
    initial = InitialParameters()
    linears = [layers(initial, n, m)[0] for n, m in ((width, 3 * width), (width, width), (width, side.ENCODER_INNER), (side.ENCODER_INNER, width))]
    norms = [(np.ones(width, np.float32), np.zeros(width, np.float32)) for _ in range(2)]
    y = jnp.array(drawn(side.TARGET, shape, -1, 1))

    def norm(x, p):
        return p[0] * jax.nn.standardize(x, axis=-1, epsilon=1e-5) + p[1]

    def linear(x, p):
        return x @ p[0] + p[1]

    def loss(p, x):
        (projection, attention_output, inner, outer), (first_norm, second_norm) = p
        q, k, v = jnp.moveaxis(linear(x, projection).reshape(*shape[:2], 3, heads, each), 2, 0)  # [batch, tokens, heads, each]
        seen = jax.nn.dot_product_attention(q, k, v).reshape(shape)
        h = norm(x + linear(seen, attention_output), first_norm)
        return 0.5 * jnp.sum((norm(h + linear(jax.nn.relu(linear(h, inner)), outer), second_norm) - y) ** 2)

    return Differentiated(loss, (linears, norms), drawn(side.INPUT, shape, -1, 1))


def make(_, task, *words):
    jax.clear_caches()
    if task == "dense":
        return dense(int(words[0]))
    if task == "mlp":
        return mlp(int(words[0]), words[1])
    if task == "elementwise":
        return tanh_chain(int(words[0]), side.ELEMENTWISE_STEPS, 0.5)
    if task == "lenet":
        return lenet()
    if task == "lstm":
        return lstm()
    if task == "transformer":
        return transformer()
    if task == "chain":
        return tanh_chain(1, side.CHAIN_STEPS, 1)
    return None


def hello():
    jax.config.update("jax_enable_x64", True)
    W = jnp.array([[1.0, 2, 3], [4, 5, 6]])
    X = jnp.array([[1.0, 2], [3, 4]])
    L, (da, dW) = jax.value_and_grad(lambda a, W: jnp.sum(X @ (a * W)) + W[1, 2] ** 2, argnums=(0, 1))(0.3, W)
    return float(L), float(da), float(dW[1, 2])


if __name__ == "__main__":
    side.serve(make, lambda _: f"JAX {jax.__version__}, jit, CPU", lambda _: None, hello)

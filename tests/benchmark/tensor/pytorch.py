# SPDX-License-Identifier: MIT
"""PyTorch 2, eager or with --compile, each task as its tutorials write it, with the fused optimizers.

Compiling takes some 10 seconds a task. Measured on one core, the compiled functions were faster than eager ones only for short element-wise
tasks, so it is left to the option --compile of `run`. On an AMD CPU the MKL inside the package multiplies with AVX2 at most, half of what
an AVX-512 core reaches, and has no setting against that.
"""

import torch
from torch import nn
from torch.nn import functional as F

import side
from side import InitialParameters, Problem, drawn


def tensor(stream, shape, low, high):
    return torch.from_numpy(drawn(stream, shape, low, high))


class Differentiated(Problem):
    def __init__(self, f, variables, transposed=False):
        self.f, self.variables, self.transposed = f, variables, transposed

    def run(self, times):
        for _ in range(times):
            self.value = self.f()
            self.gradient = torch.autograd.grad(self.value, self.variables)

    def loss(self):
        return self.value.item()

    def result(self):
        return [g.t() if self.transposed and g.dim() == 2 else g for g in self.gradient]


class Trained(Problem):
    trains = True

    def __init__(self, model, loss_function, optimizer):
        self.model, self.loss_function, self.make_optimizer = model, loss_function, optimizer
        self.start = {name: x.clone() for name, x in model.state_dict().items()}

    def restart(self):
        self.model.load_state_dict(self.start)
        self.optimizer = self.make_optimizer(self.model.parameters())

    def run(self, times):
        for _ in range(times):
            self.optimizer.zero_grad()
            self.value = self.loss_function()
            self.value.backward()
            self.optimizer.step()

    def loss(self):
        return self.value.item()

    def result(self):
        return [(x.t() if x.dim() == 2 else x).detach() for x in self.model.parameters()]


@torch.no_grad()
def initialised(model):
    """Draws the parameters, but the second bias of an LSTM is 0."""
    initial = InitialParameters()
    for name, x in model.named_parameters():
        if "norm" in name:
            continue
        if "bias_hh" in name:
            x.zero_()
        elif x.dim() == 2:
            x.copy_(torch.from_numpy(initial.weight(*reversed(x.shape))).t())
        else:
            x.copy_(torch.from_numpy(initial.weight(*x.shape) if x.dim() > 1 else initial.bias(*x.shape)))
    return model


def mlp():
    return nn.Sequential(nn.Linear(side.PIXELS, 256), nn.ReLU(), nn.Linear(256, 128), nn.ReLU(), nn.Linear(128, 10))


def lenet():
    return nn.Sequential(
        nn.Conv2d(1, 6, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
        nn.Linear(400, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, 10))  # fmt: skip


def classifier(compiled, model, images, optimizer):
    model = initialised(model)
    labels = torch.from_numpy(side.drawn_labels(images.shape[0]))
    loss = compiled(lambda: F.cross_entropy(model(images), labels))
    make = {
        "sgd": lambda parameters: torch.optim.SGD(parameters, lr=side.SGD_RATE, fused=True),
        "adam": lambda parameters: torch.optim.Adam(parameters, lr=side.ADAM_RATE, fused=True),
    }
    return Trained(model, loss, make[optimizer])


def dense(compiled, batch):
    layer = initialised(nn.Linear(side.PIXELS, side.DENSE))
    layer.bias.requires_grad_(False)
    x, y = tensor(side.INPUT, (batch, side.PIXELS), 0, 1), tensor(side.TARGET, (batch, side.DENSE), 0, 1)
    f = compiled(lambda: 0.5 * F.mse_loss(torch.sigmoid(layer(x)), y, reduction="sum"))
    return Differentiated(f, [layer.weight], transposed=True)


def tanh_chain(compiled, n, steps, lowest_factor):
    x = tensor(side.INPUT, (n,), -1, 1).requires_grad_()
    a = tensor(side.PARAMETER, (n,), lowest_factor, 1.5).requires_grad_()
    b = tensor(side.PARAMETER + 1, (n,), 0, 0.5).requires_grad_()

    def f():
        y = x
        for _ in range(steps):
            y = torch.tanh(y * a + b)
        return y.sum()

    return Differentiated(compiled(f), [x, a, b])


def lstm(compiled):
    layer = initialised(nn.LSTM(side.LSTM_INPUT, side.LSTM_HIDDEN))
    x = tensor(side.INPUT, (side.LSTM_STEPS, side.LSTM_BATCH, side.LSTM_INPUT), -1, 1)
    f = compiled(lambda: 0.5 * layer(x)[0].square().sum())
    return Differentiated(f, list(layer.parameters()), transposed=True)


def transformer(compiled):
    block = nn.TransformerEncoderLayer(
        side.ENCODER_WIDTH, side.ENCODER_HEADS, side.ENCODER_INNER, dropout=0.0, batch_first=True)  # fmt: skip
    block = initialised(block)
    shape = (side.ENCODER_BATCH, side.ENCODER_TOKENS, side.ENCODER_WIDTH)
    x, y = tensor(side.INPUT, shape, -1, 1).requires_grad_(), tensor(side.TARGET, shape, -1, 1)
    f = compiled(lambda: 0.5 * F.mse_loss(block(x), y, reduction="sum"))
    return Differentiated(f, [*block.parameters(), x], transposed=True)


def make(options, task, *words):
    torch.compiler.reset()
    compiled = torch.compile if options.compile else lambda f: f
    if task == "dense":
        return dense(compiled, int(words[0]))
    if task == "mlp":
        return classifier(compiled, mlp(), tensor(side.INPUT, (int(words[0]), side.PIXELS), 0, 1), words[1])
    if task == "elementwise":
        return tanh_chain(compiled, int(words[0]), side.ELEMENTWISE_STEPS, 0.5)
    if task == "lenet":
        return classifier(compiled, lenet(), tensor(side.INPUT, (side.LENET_BATCH, 1, 28, 28), 0, 1), "sgd")
    if task == "lstm":
        return lstm(compiled)
    if task == "transformer":
        return transformer(compiled)
    if task == "chain":
        return tanh_chain(compiled, 1, side.CHAIN_STEPS, 1)
    return None


def hello():
    a = torch.tensor(0.3, dtype=torch.float64, requires_grad=True)
    W = torch.tensor([[1, 2, 3], [4, 5, 6]], dtype=torch.float64, requires_grad=True)
    X = torch.tensor([[1, 2], [3, 4]], dtype=torch.float64)
    L = (X @ (a * W)).sum() + W[1, 2] ** 2
    da, dW = torch.autograd.grad(L, [a, W])
    return L.item(), da.item(), dW[1, 2].item()


def description(options):
    return f"PyTorch {torch.__version__}, {torch.backends.cpu.get_cpu_capability()}{', compiled' if options.compile else ''}"


if __name__ == "__main__":
    side.serve(make, description, torch.set_num_threads, hello)

# SPDX-License-Identifier: MIT
# The numbers in pytorch_answers.cpp: `python pytorch_answers.py`, with any PyTorch 2. Parameters, inputs and cotangents are given by formulas, in
# float64, so nothing depends on a generator. One number stands for a tensor: its product with a wave, which sees every element and its place.
import torch
from torch import nn

torch.set_default_dtype(torch.float64)


def count(t):
    return torch.arange(t.numel(), dtype=torch.float64)


def filled(shape, j):
    t = torch.empty(shape)
    return (0.4 * torch.sin(0.7 * count(t) + j)).reshape(shape)


def probe(t):
    return float((t.detach().flatten() * torch.cos(1.3 * count(t) + 0.5)).sum())


def show(name, values):
    print(f'{name}: {{{", ".join(f"{v:.17g}" for v in values)}}}')


def answers(name, model, shapes, call=lambda model, *x: model(*x)):
    for j, p in enumerate(model.parameters()):
        p.data = filled(p.shape, j)
    x = [filled(shape, 100 + j).requires_grad_() for j, shape in enumerate(shapes)]
    results = call(model, *x)
    results = results if isinstance(results, tuple) else (results,)
    sum((filled(y.shape, 200 + j) * y).sum() for j, y in enumerate(results)).backward()
    show(name, [probe(t) for t in results] + [probe(t.grad) for t in x] + [probe(p.grad) for p in model.parameters()])


def flat_lstm(model, x, h, c):
    y, (h, c) = model(x, (h, c))
    return y, h, c


steps = (4, 2, 3)
answers("rnn", nn.RNN(3, 5, 2, nonlinearity="relu"), [steps], lambda m, x: m(x))
answers("rnn, batch first", nn.RNN(3, 5, batch_first=True), [(2, 4, 3)], lambda m, x: m(x))
answers("lstm", nn.LSTM(3, 5, 2, bidirectional=True), [steps, (4, 2, 5), (4, 2, 5)], flat_lstm)
answers("lstm without bias", nn.LSTM(3, 5, bias=False), [steps, (1, 2, 5), (1, 2, 5)], flat_lstm)
answers("gru", nn.GRU(3, 5, 2, bidirectional=True), [steps, (4, 2, 5)], lambda m, x, h: m(x, h))

tokens = (2, 3, 8)
causal = torch.ones(3, 3).triu(1) > 0
padding = torch.tensor([[False, False, True], [False, False, False]])
attention = lambda **options: nn.MultiheadAttention(8, 2, batch_first=True, **options)
answers("self-attention", attention(), [tokens], lambda m, x: m(x, x, x)[0])
answers("self-attention, causal", attention(), [tokens], lambda m, x: m(x, x, x, attn_mask=causal)[0])
answers("cross-attention, padded", attention(), [(2, 4, 8), tokens],
        lambda m, q, kv: m(q, kv, kv, key_padding_mask=padding, average_attn_weights=False))
answers("attention, other widths", attention(kdim=4, vdim=6, bias=False), [(2, 4, 8), (2, 3, 4), (2, 3, 6)],
        lambda m, q, k, v: m(q, k, v)[0])

block = dict(dim_feedforward=6, dropout=0, batch_first=True)
answers("encoder layer", nn.TransformerEncoderLayer(8, 2, **block), [tokens],
        lambda m, x: m(x, src_key_padding_mask=padding))
answers("encoder layer, norm first, gelu", nn.TransformerEncoderLayer(8, 2, activation="gelu", norm_first=True, **block), [tokens])
answers("decoder layer", nn.TransformerDecoderLayer(8, 2, **block), [tokens, (2, 4, 8)],
        lambda m, x, memory: m(x, memory, tgt_mask=causal))
answers("decoder layer, norm first", nn.TransformerDecoderLayer(8, 2, norm_first=True, **block), [tokens, (2, 4, 8)],
        lambda m, x, memory: m(x, memory, tgt_mask=causal))
stack = nn.TransformerEncoder(nn.TransformerEncoderLayer(8, 2, norm_first=True, **block), 2, nn.LayerNorm(8), enable_nested_tensor=False)
answers("encoder", stack, [tokens])

image = (2, 4, 3, 5)
answers("rms norm", nn.RMSNorm(6, eps=1e-5), [(4, 6)])
answers("group norm", nn.GroupNorm(2, 4), [image])
answers("instance norm", nn.InstanceNorm2d(4), [image])
answers("weight norm", nn.utils.weight_norm(nn.Linear(4, 3), dim=0), [(5, 4)])
answers("conv1d", nn.Conv1d(4, 6, 3, stride=2, padding=2, dilation=2, groups=2), [(2, 4, 9)])
answers("conv transpose", nn.ConvTranspose2d(4, 6, (3, 2), stride=(2, 3), padding=(1, 0), output_padding=(1, 2), dilation=(2, 1), groups=2),
        [image])

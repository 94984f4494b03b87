# SPDX-License-Identifier: MIT
"""What the sides in Python share: the protocol of side.hpp and the numbers of data.hpp.

A side has `make(task, *words)`, which returns a Problem or None. Run with `--hello` it takes one gradient of a small tensor instead.
"""

import argparse
import sys
import time

import numpy as np

COMPARED_STEPS = 5  # of training
INPUT, TARGET, LABEL, OTHER, PARAMETER = 1, 2, 3, 4, 10  # streams

PIXELS, DENSE = 784, 128
ELEMENTWISE_STEPS, CHAIN_STEPS = 10, 333
LSTM_STEPS, LSTM_BATCH, LSTM_INPUT, LSTM_HIDDEN = 32, 32, 128, 128
ENCODER_BATCH, ENCODER_TOKENS, ENCODER_WIDTH, ENCODER_HEADS, ENCODER_INNER = 16, 64, 128, 4, 512
LENET_BATCH = 64
SGD_RATE, ADAM_RATE = 0.01, 1e-3


def uniform(stream, indices, low=0.0, high=1.0):
    """random.hpp, for an array of indices."""
    z = np.uint64(stream << 40) + (indices.astype(np.uint64) + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    z ^= z >> np.uint64(31)
    return low + (high - low) * (((z >> np.uint64(11)).astype(np.float64) + 0.5) * 2.0**-53)


def drawn(stream, shape, low, high):
    return uniform(stream, np.arange(int(np.prod(shape))), low, high).astype(np.float32).reshape(shape)


def drawn_labels(count):
    return np.floor(10 * uniform(LABEL, np.arange(count))).astype(np.int64)


class InitialParameters:
    """The parameters of a model in the order of their declaration, a weight [in, out] or a kernel, then its bias."""

    def __init__(self):
        self.stream = PARAMETER

    def weight(self, *shape):
        self.bound = 1 / np.sqrt(np.prod(shape[1:]) if len(shape) == 4 else shape[0])
        return self.bias(*shape)

    def bias(self, *shape):
        self.stream += 1
        return drawn(self.stream - 1, shape, -self.bound, self.bound)


class Problem:
    """Something to time; see side.hpp."""

    trains = False

    def restart(self):
        """Takes training back to its start."""

    def run(self, times):
        """So many steps, complete when it returns."""
        raise NotImplementedError

    def loss(self):
        raise NotImplementedError

    def result(self):
        """Arrays in the shapes of ours."""
        raise NotImplementedError


def checksum(values):
    indices = np.arange(0, values.size, 1 + (values.size >> 18))
    terms = values[indices].astype(np.float64) * uniform(99, indices, 0.5, 1.5)
    return terms.sum(), np.abs(terms).sum()


def flat(arrays):
    return np.concatenate([np.asarray(a, dtype=np.float32).ravel() for a in arrays])


class Repeater:
    def __init__(self, problem, clock, seconds):
        self.problem, self.clock, self.seconds, self.times = problem, clock, seconds, 0

    def time(self, times):
        begin = self.clock()
        self.problem.run(times)
        return self.clock() - begin

    def calibrate(self):
        times = 1
        taken = self.time(times)
        while taken < self.seconds / 4:
            times *= 2
            taken = self.time(times)
        self.times = max(1, int(self.seconds / taken * times))

    def answer(self):
        p = self.problem
        p.restart()
        before = flat(p.result()) if p.trains else 0
        p.run(COMPARED_STEPS if p.trains else 1)
        loss = p.loss()
        total, magnitude = checksum(flat(p.result()) - before)
        if self.times == 0:
            self.calibrate()
        return f"{self.time(self.times) / self.times:.9g} {loss:.17g} {total:.17g} {magnitude:.17g} 0"


def serve(make, description, set_threads, hello):
    parser = argparse.ArgumentParser()
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--milliseconds", type=float, default=20)
    parser.add_argument("--compile", action="store_true")
    parser.add_argument("--hello", action="store_true")
    options = parser.parse_args()
    if options.hello:
        print("%.6f %.6f %.6f" % hello())
        return
    set_threads(options.threads)
    clock = time.process_time if options.threads == 1 else time.perf_counter
    print("ready", description(options), flush=True)
    current, repeater = None, None
    for line in sys.stdin:
        if line != current:
            current, repeater = line, None
            problem = make(options, *line.split())
            if problem is not None:
                repeater = Repeater(problem, clock, 1e-3 * options.milliseconds)
        print("-" if repeater is None else repeater.answer(), flush=True)

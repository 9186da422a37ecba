# SPDX-License-Identifier: Apache-2.0
"""The network of the tagger and how it is fitted; tag.py feeds it.

The features of a word add up in HIDDEN cells, those above nothing add up to a score for each tag, and a linear-chain
conditional random field reads the scores of a run together. Fitted by Adam on the likelihood of whole runs; at each step a
part of the features and of the cells is left out, so that none is relied on alone. Deterministic for the same input and
numpy, up to how the machine rounds.
"""
import numpy as np
import scipy.sparse as sparse

HIDDEN, EPOCHS, BATCH, RATE = 64, 28, 128, 2e-3
FEATURES_OUT, CELLS_OUT, DECAY, SHRINK = 0.2, 0.4, 1e-5, 0.05


class Net:
    """features: rows of the first layer; tags: columns of the second. Around a run is the first tag, none."""

    def __init__(self, features, tags, rng):
        f = np.float32
        self.rows = rng.normal(0, 0.05, (features, HIDDEN)).astype(f)
        self.cells = np.zeros(HIDDEN, f)
        self.out = rng.uniform(-1, 1, (HIDDEN, tags)).astype(f) / f(np.sqrt(HIDDEN))
        self.tags = np.zeros(tags, f)
        self.steps = np.zeros((tags, tags), f)

    def parts(self):
        return [self.rows, self.cells, self.out, self.tags, self.steps]

    def score(self, x):
        return np.maximum(x @ self.rows + self.cells, 0) @ self.out + self.tags


def log_sum(v, axis):
    top = v.max(axis, keepdims=True)
    return np.log(np.exp(v - top).sum(axis)) + top.squeeze(axis)


class Padded:
    """Scores of runs of several lengths as one array: (run, word, tag)."""

    def __init__(self, scores, lengths):
        self.lengths, longest = lengths, lengths.max()
        self.mask = np.arange(longest) < lengths[:, None]
        self.v = np.zeros((len(lengths), longest, scores.shape[1]), np.float32)
        self.v[self.mask] = scores
        self.last = np.arange(len(lengths)), lengths - 1

    def forward(self, steps):
        out = np.empty_like(self.v)
        out[:, 0] = steps[0] + self.v[:, 0]
        for t in range(1, self.v.shape[1]):
            out[:, t] = log_sum(out[:, t - 1, :, None] + steps, 1) + self.v[:, t]
        return out

    def backward(self, steps):
        out = np.empty_like(self.v)
        out[:, -1] = steps[:, 0]
        for t in range(self.v.shape[1] - 2, -1, -1):
            on = log_sum(steps + (self.v[:, t + 1] + out[:, t + 1])[:, None, :], 2)
            out[:, t] = np.where(self.mask[:, t + 1, None], on, steps[:, 0])
        return out


def likelihood(padded, steps):
    """For each word how likely each tag is, and how often each tag is expected behind another."""
    forward, backward = padded.forward(steps), padded.backward(steps)
    total = log_sum(forward[padded.last] + steps[:, 0], 1)[:, None, None]
    each = np.full_like(padded.v, 0)
    each[padded.mask] = np.exp((forward + backward - total)[padded.mask])
    pair = forward[:, :-1, :, None] + steps + (padded.v[:, 1:] + backward[:, 1:])[:, :, None, :] - total[..., None]
    behind = np.exp(pair[padded.mask[:, 1:]]).sum(0)
    behind[0] += each[:, 0].sum(0)
    behind[:, 0] += each[padded.last].sum(0)
    return each[padded.mask], behind


def observed(tags, lengths, n):
    behind = np.zeros((n, n), np.float32)
    end = np.cumsum(lengths)
    first = np.zeros(len(tags), bool)
    first[end - lengths] = True
    np.add.at(behind, (np.where(first, 0, np.roll(tags, 1)), tags), 1)
    np.add.at(behind, (tags[end - 1], 0), 1)
    return behind


def gradients(net, x, tags, lengths, rng):
    x.data = (rng.random(x.nnz) >= FEATURES_OUT).astype(np.float32)
    sum_ = x @ net.rows + net.cells
    kept = (rng.random(sum_.shape) >= CELLS_OUT).astype(np.float32) / np.float32(1 - CELLS_OUT) * (sum_ > 0)
    above = sum_ * kept
    each, behind = likelihood(Padded(above @ net.out + net.tags, lengths), net.steps)
    each[np.arange(len(tags)), tags] -= 1
    each /= len(tags)
    below = each @ net.out.T * kept
    rows = x.T @ below + np.float32(2 * DECAY) * net.rows
    return [rows, below.sum(0), above.T @ each, each.sum(0), (behind - observed(tags, lengths, len(net.tags))) / len(tags)]


class Adam:
    def __init__(self, parts):
        self.mean = [np.zeros_like(p) for p in parts]
        self.square = [np.zeros_like(p) for p in parts]
        self.t = 0

    def step(self, parts, gradients, rate):
        self.t += 1
        size = rate * np.sqrt(1 - 0.999**self.t) / (1 - 0.9**self.t)
        for p, g, m, s in zip(parts, gradients, self.mean, self.square):
            m += np.float32(0.1) * (g - m)
            s += np.float32(0.001) * (g * g - s)
            p -= np.float32(size) * m / (np.sqrt(s) + np.float32(1e-8))


def batches(lengths, order, rng):
    """Runs of like length together, in an order of no meaning."""
    order = rng.permutation(order)
    for k in range(0, len(order), BATCH * 20):
        part = order[k:k + BATCH * 20]
        part = part[np.argsort(lengths[part], kind="stable")]
        cut = [part[j:j + BATCH] for j in range(0, len(part), BATCH)]
        for j in rng.permutation(len(cut)):
            yield cut[j]


def fit(x, tags, lengths, order, count):
    """x: a row for each word (CSR), tags its tag, lengths of the runs, order: the runs, some more than once."""
    rng = np.random.default_rng(1)
    net = Net(x.shape[1], count, rng)
    adam, first = Adam(net.parts()), np.cumsum(lengths) - lengths
    steps, total = 0, EPOCHS * (len(order) // BATCH)
    for _ in range(EPOCHS):
        for runs in batches(lengths, order, rng):
            at = np.concatenate([np.arange(first[r], first[r] + lengths[r]) for r in runs])
            rate = RATE * max(0.02, 1 - steps / total)
            adam.step(net.parts(), gradients(net, x[at], tags[at], lengths[runs], rng), rate)
            steps += 1
            norm = np.maximum(np.sqrt((net.rows * net.rows).sum(1, keepdims=True)), np.float32(1e-9))
            net.rows *= np.maximum(1 - np.float32(rate * SHRINK) / norm, 0)
    return net


def matrix(words, number):
    """words: the features of each; number: feature -> column; others are left out."""
    index, at = [], [0]
    for features in words:
        index += [number[f] for f in features if f in number]
        at.append(len(index))
    data = np.ones(len(index), np.float32)
    return sparse.csr_matrix((data, np.array(index, np.int32), np.array(at, np.int32)), (len(at) - 1, len(number)))

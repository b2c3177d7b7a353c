"""Writes the vectors of this folder.

    python3 -m venv v && v/bin/pip install numpy==2.4.6 scipy==1.17.1 scikit-learn==1.9.1 river==0.26.1
    v/bin/python make.py

`learn.json`: rows with two or three features, and what a model that has learnt from all rows before says of each. Logistic: FTRL-Proximal
written again over NumPy from the paper; linear: the weighted ridge solution by `numpy.linalg.solve`, no recursion in it. Standard
deviations are taken over all rows so far at once.
"""

import json
import os

import numpy as np

HERE = os.path.dirname(os.path.abspath(__file__))
RNG = np.random.default_rng(20260113)


def write(name, value):
    with open(os.path.join(HERE, name), "w") as file:
        json.dump(value, file, separators=(",", ":"))
        file.write("\n")


def standard(history, row, scale):
    """`row` in deviations from the mean of `history`, 0 where there are none."""
    if not scale:
        return np.append(row, 1.0)
    if len(history) == 0:
        return np.append(np.zeros_like(row), 1.0)
    deviation = np.std(history, axis=0)
    centred = row - np.mean(history, axis=0)
    return np.append(np.divide(centred, deviation, out=np.zeros_like(centred), where=deviation > 1e-12), 1.0)


def logistic(rows, ups, alpha, beta, l1, l2, scale):
    width = rows.shape[1] + 1
    z, n = np.zeros(width), np.zeros(width)
    said = []

    def weights():
        shrunk = np.maximum(np.abs(z) - l1, 0)
        return -np.sign(z) * shrunk / ((beta + np.sqrt(n)) / alpha + l2)

    for t, up in enumerate(ups):
        said.append(1 / (1 + np.exp(-standard(rows[:t], rows[t], scale) @ weights())))
        x = standard(rows[: t + 1], rows[t], scale)
        w = weights()
        gradient = (1 / (1 + np.exp(-x @ w)) - up) * x
        sigma = (np.sqrt(n + gradient**2) - np.sqrt(n)) / alpha
        z += gradient - sigma * w
        n += gradient**2
    return said


def linear(rows, labels, l2, forgetting, scale):
    width = rows.shape[1] + 1
    information, moment = l2 * np.eye(width), np.zeros(width)
    said = []
    for t, label in enumerate(labels):
        said.append(float(standard(rows[:t], rows[t], scale) @ np.linalg.solve(information, moment)))
        x = standard(rows[: t + 1], rows[t], scale)
        # forgetting stops where it would make the model less sure than it was at first
        kept = information + np.outer(x, x) / forgetting
        widest = np.max(np.diag(np.linalg.inv(kept)))
        if forgetting == 1 or widest > forgetting / l2:
            information, moment = kept, moment + x * label / forgetting
        else:
            information, moment = forgetting * kept, forgetting * moment + x * label
    return said


def learn():
    rows = np.round(RNG.normal(size=(160, 3)) * [1, 5, 0.02] + [0, 3, 0.1], 4)
    odds = rows @ [1.5, -0.2, 10] - 0.5
    ups = (RNG.random(160) < 1 / (1 + np.exp(-odds))).astype(int)
    labels = np.round(rows @ [0.5, -0.1, 3] + 0.2 + RNG.normal(size=160) * 0.3, 5)
    models = []
    for scale in [True, False]:
        for rate, beta, l1, l2 in [(0.1, 1, 0, 1), (1, 0.5, 0.3, 0)]:
            params = {"model": "logistic", "rate": rate, "beta": beta, "l1": l1, "l2": l2, "scale": scale}
            models.append({"params": params, "said": logistic(rows, ups, rate, beta, l1, l2, scale)})
        for l2, forgetting in [(1, 1), (0.01, 1), (0.5, 0.97)]:
            params = {"model": "linear", "l2": l2, "forgetting": forgetting, "scale": scale}
            models.append({"params": params, "said": linear(rows, labels, l2, forgetting, scale)})
    write("learn.json", {"rows": rows.tolist(), "ups": ups.tolist(), "labels": labels.tolist(), "models": models})


if __name__ == "__main__":
    learn()

"""Writes the vectors of this folder.

    python3 -m venv v && v/bin/pip install numpy==2.4.6 scipy==1.17.1 scikit-learn==1.9.1 river==0.26.1
    v/bin/python make.py

`learn.json`: rows with two or three features, and what a model that has learnt from all rows before says of each. Logistic: FTRL-Proximal
written again over NumPy from the paper; linear: the weighted ridge solution by `numpy.linalg.solve`, no recursion in it. Standard
deviations are taken over all rows so far at once. `calibrate.json`: SciPy's minimum of Platt's loss, scikit-learn's isotonic regression,
quantiles by counting. `drift.json`: where river finds changes.
"""

import json
import os

import numpy as np
from river._river_rust.drift import AdaptiveWindowing
from river.drift import PageHinkley
from scipy import optimize
from sklearn.isotonic import IsotonicRegression

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


def platt(p, ups):
    """The minimum by BFGS over exact gradients, without the Newton steps of the paper."""
    odds = np.log(p / (1 - p))
    high, low = (ups.sum() + 1) / (ups.sum() + 2), 1 / ((1 - ups).sum() + 2)
    target = np.where(ups == 1, high, low)

    def loss(at):
        x = at[0] * odds + at[1]
        return np.sum(target * x + np.logaddexp(0, -x))

    def gradient(at):
        rest = target - 1 / (1 + np.exp(at[0] * odds + at[1]))
        return np.array([np.sum(rest * odds), np.sum(rest)])

    start = optimize.minimize(loss, [0.0, 0.0], jac=gradient, method="BFGS", options={"gtol": 1e-9}).x
    slope, shift = optimize.root(gradient, start, tol=1e-14).x
    return slope, shift


def conformal(errors, coverage):
    """Smallest error that at least `coverage` of n + 1 are at or below: the definition, by counting."""
    for q in sorted(errors):
        if sum(e <= q for e in errors) >= coverage * (len(errors) + 1) - 1e-9:
            return q
    return None


def calibrate():
    window = 150
    p = np.round(RNG.random(window) * 0.98 + 0.01, 2)
    ups = (RNG.random(window) < 1 / (1 + np.exp(-(0.5 * np.log(p / (1 - p)) + 0.4)))).astype(int)
    ask = np.round(np.linspace(0.005, 0.995, 67), 4)
    slope, shift = platt(p, ups)
    iso = IsotonicRegression(out_of_bounds="clip").fit(p, ups)
    margin = 1 / (window + 2)
    errors = np.round(RNG.standard_t(3, window) * 0.01, 5)
    bounds = {str(c): conformal(np.abs(errors).tolist(), c) for c in [0.5, 0.8, 0.9, 0.99, 0.999]}
    write(
        "calibrate.json",
        {
            "p": p.tolist(),
            "ups": ups.tolist(),
            "ask": ask.tolist(),
            "platt": (1 / (1 + np.exp(slope * np.log(ask / (1 - ask)) + shift))).tolist(),
            "isotonic": np.clip(iso.predict(ask), margin, 1 - margin).tolist(),
            "errors": errors.tolist(),
            "bounds": bounds,
        },
    )


def drift():
    """Losses that change their mean now and then, and where river finds it. Its ADWIN drops everything after a change, its inner window
    does not: that is asked, as in the paper."""
    levels = np.repeat([0.2, 0.6, 0.5, 0.5, 0.1, 0.35], 400)
    losses = np.round(np.clip(levels + RNG.normal(size=len(levels)) * 0.15, 0, None), 4)
    found = {}
    for delta in [0.002, 0.3]:
        window = AdaptiveWindowing(delta=delta, clock=32, max_buckets=5, min_window_length=5, grace_period=10)
        found[f"adwin {delta}"] = [i for i, loss in enumerate(losses) if window.update(float(loss))]
    for delta, threshold in [(0.005, 5), (0.02, 12)]:
        test = PageHinkley(min_instances=30, delta=delta, threshold=threshold)
        at = []
        for i, loss in enumerate(losses):
            test.update(float(loss))
            if test.drift_detected:
                at.append(i)
        found[f"page_hinkley {delta} {threshold}"] = at
    write("drift.json", {"losses": losses.tolist(), "found": found})


if __name__ == "__main__":
    learn()
    calibrate()
    drift()

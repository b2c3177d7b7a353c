"""Writes `synthetic.json`: headlines and the points of `mood` that their definition gives, with NumPy.

    python3 -m venv v && v/bin/pip install numpy==2.4.6
    v/bin/python make.py
"""

import json
import os

import numpy as np

SECOND = 10**9
EVERY, HALF_LIFE, HORIZON, PRIOR = 600 * SECOND, 2_400 * SECOND, 9_000 * SECOND, 0.25
START = 1_723_161_255 * SECOND

random = np.random.default_rng(11)
count = 60
ts = np.sort(START + random.integers(0, 40_000, count) * SECOND)
symbols = random.choice(["AAPL", "MSFT", "XOM"], count)
sentiment = np.round(random.uniform(-1, 1, count), 3)
confidence = np.round(random.uniform(0, 1, count), 3)
credibility = np.round(random.uniform(0.2, 1, count), 2)


def at(symbol, t):
    age = t - ts
    active = (symbols == symbol) & (age >= 0) & (age < HORIZON)
    if not active.any():
        return None
    weight = confidence[active] * credibility[active] * np.exp2(-(age[active] / HALF_LIFE))
    mood = np.dot(weight, sentiment[active]) / (weight.sum() + PRIOR)
    return {"ts_event": str(t), "symbol": symbol, "mood": mood, "mood_weight": weight.sum(), "headlines": int(active.sum())}


points = np.arange(START // EVERY * EVERY, START + 60_000 * SECOND, EVERY)
grid = [row for t in points for symbol in ("AAPL", "MSFT", "XOM") if (row := at(symbol, int(t)))]
rows = [row for t, symbol in sorted(set(zip(ts.tolist(), symbols.tolist()))) if (row := at(symbol, t))]
document = {
    "versions": {"numpy": np.__version__},
    "params": {"every": f"{EVERY}ns", "half_life": f"{HALF_LIFE}ns", "horizon": f"{HORIZON}ns", "prior_weight": PRIOR},
    "headlines": [
        {"ts_event": str(t), "symbol": str(s), "sentiment": a, "confidence": c, "credibility": r}
        for t, s, a, c, r in zip(ts, symbols, sentiment.tolist(), confidence.tolist(), credibility.tolist())
    ],
    "grid": grid,
    "row": rows,
}
with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "synthetic.json"), "w") as file:
    file.write("{\n" + ",\n".join(
        f'"{key}": [\n' + ",\n".join(json.dumps(row) for row in value) + "\n]" if isinstance(value, list) else f'"{key}": {json.dumps(value)}'
        for key, value in document.items()
    ) + "\n}\n")

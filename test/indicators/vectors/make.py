"""Writes the TA-Lib vectors of this folder.

    python3 -m venv v && v/bin/pip install TA-Lib==0.8.2 numpy && v/bin/python make.py [FOLDER_WITH_DATA]

`talib.json`: small synthetic series, whole. `long.json`: samples of a million bars that the test makes by the same integer
recurrence. `btc.json`: samples of `bars/btc-perp-1m-2022-01.csv.gz` of the data folder; left as it is without that folder.
"""

import csv
import gzip
import json
import os
import sys

import numpy as np
import talib

HERE = os.path.dirname(os.path.abspath(__file__))
VERSIONS = {"TA-Lib": talib.__version__, "TA-Lib C": talib.__ta_version__.decode().split()[0], "numpy": np.__version__}


def outputs(h, l, c, v):
    macd = talib.MACD(c, 12, 26, 9)
    upper, middle, lower = talib.BBANDS(c, 20, 2, 2)
    k, d = talib.STOCH(h, l, c, 5, 3, 0, 3, 0)
    return {
        "sma_20": talib.SMA(c, 20),
        "ema_20": talib.EMA(c, 20),
        "rsi_14": talib.RSI(c, 14),
        "macd_12_26_9": macd[0],
        "macd_12_26_9_signal": macd[1],
        "macd_12_26_9_hist": macd[2],
        "bbands_20_2_lower": lower,
        "bbands_20_2_middle": middle,
        "bbands_20_2_upper": upper,
        "atr_14": talib.ATR(h, l, c, 14),
        "stoch_5_3_3_k": k,
        "stoch_5_3_3_d": d,
        "adx_14": talib.ADX(h, l, c, 14),
        "obv": talib.OBV(c, v),
        "stddev_20_1": talib.STDDEV(c, 20, 1),
    }


def plain(values):
    return [None if np.isnan(x) else float(x) for x in values]


def sampled(columns, rows):
    return {name: plain(values[rows]) for name, values in columns.items()}


def synthetic(name, close, random, spread):
    high = close + spread * random.random(len(close))
    low = close - spread * random.random(len(close))
    volume = np.round(random.random(len(close)) * 1000, 3)
    columns = {"high": high, "low": low, "close": close, "volume": volume}
    return {
        "name": name,
        "inputs": {key: plain(values) for key, values in columns.items()},
        "outputs": {key: plain(values) for key, values in outputs(high, low, close, volume).items()},
    }


def small():
    random = np.random.default_rng(20240808)
    walk = 100 + np.cumsum(random.normal(size=90))
    flat = np.concatenate([50 + np.cumsum(random.normal(size=45)), np.full(60, 47.3), 47.3 + np.cumsum(random.normal(size=20))])
    return [
        synthetic("random walk", walk, random, 1),
        synthetic("moves, then flat, then moves", flat, random, 0),
        synthetic("never moves", np.full(50, 0.1), random, 0),
        synthetic("only rises", 1000 + np.arange(60) * 0.25, random, 0.1),
        synthetic("tiny prices", 1e-8 * (100 + np.cumsum(random.normal(size=60))), random, 1e-8),
        synthetic("large prices, small moves", 61680 + np.round(np.cumsum(random.normal(size=60)), 1) / 10, random, 0.1),
        synthetic("too short for most", 10 + random.random(16), random, 1),
    ]


def million():
    """The same integers as in the test: ticks of 0.01 between 5,000 and 20,000."""
    n = 1_000_000
    state, ticks = 12345, 10_000
    h, l, c, v = (np.empty(n) for _ in range(4))
    for i in range(n):
        drawn = []
        for _ in range(4):
            state = (state * 1103515245 + 12345) & 0x7FFFFFFF
            drawn.append(state >> 16)
        step = drawn[0] % 21 - 10
        ticks = ticks + step if 5_000 <= ticks + step <= 20_000 else ticks - step
        c[i] = ticks / 100
        h[i] = (ticks + drawn[1] % 30) / 100
        l[i] = (ticks - drawn[2] % 30) / 100
        v[i] = drawn[3] / 1000
    rows = [99, 9_999, 499_999, 900_000, 999_998, 999_999]
    return {"rows": rows, "closes": plain(c[rows]), "outputs": sampled(outputs(h, l, c, v), rows)}


def btc(folder):
    path = os.path.join(folder, "bars", "btc-perp-1m-2022-01.csv.gz")
    with gzip.open(path, "rt") as file:
        bars = list(csv.DictReader(file))
    h, l, c, v = (np.array([float(bar[key]) for bar in bars]) for key in ("high", "low", "close", "volume"))
    rows = [*range(0, 60, 5), *range(1_000, len(c), 1_000), len(c) - 1]
    return {"bars": len(c), "rows": rows, "outputs": sampled(outputs(h, l, c, v), rows)}


def write(name, content):
    with open(os.path.join(HERE, name), "w") as file:
        json.dump({"versions": VERSIONS, **content}, file, separators=(",", ":"))
        file.write("\n")


write("talib.json", {"series": small()})
write("long.json", million())
if len(sys.argv) > 1:
    write("btc.json", btc(sys.argv[1]))

"""Writes the vectors of this folder: features of quotes and trades in batch, with pandas, from the whole of a capture at once.

    python3 -m venv v && v/bin/pip install numpy==2.4.6 pandas==3.1.1
    v/bin/python make.py FOLDER_WITH_DATA

`usdm.json`: what `order_flow` is to give for `binance/usdm-btcusdt-20240808.ndjson.gz`, which is not copied: rows, nulls and sums by
column, and every 25th row whole. No loop over quotes: shifts, groups and searches over columns, unlike the kernel.
"""

import gzip
import json
import os
import sys

import numpy as np
import pandas as pd

HERE = os.path.dirname(os.path.abspath(__file__))
SECOND = 1_000_000_000
STALE = 60 * SECOND
RETURNS = [2, 5, 10]


def read(path):
    quotes, trades = [], []
    for line in gzip.open(path, "rt"):
        data = json.loads(line.split(" ", 1)[1]).get("data", {})
        if data.get("e") == "bookTicker":
            quotes.append([data["T"] * 1_000_000, *(float(data[key]) for key in "bBaA")])
        elif data.get("e") == "trade":
            trades.append([data["T"] * 1_000_000, float(data["q"]), -1.0 if data["m"] else 1.0])
    quotes = pd.DataFrame(quotes, columns=["ts", "bid", "bid_size", "ask", "ask_size"]).sort_values("ts", kind="stable", ignore_index=True)
    trades = pd.DataFrame(trades, columns=["ts", "size", "sign"]).sort_values("ts", kind="stable", ignore_index=True)
    return quotes, trades


def features(quotes, trades):
    q, p = quotes, quotes.shift(1)
    fresh = (q.ts - p.ts) <= STALE
    mid = (q.bid + q.ask) / 2
    # Cont, Kukanov and Stoikov (2014), section 2.1
    e = (
        np.where(q.bid >= p.bid, q.bid_size, 0.0)
        - np.where(q.bid <= p.bid, p.bid_size, 0.0)
        - np.where(q.ask <= p.ask, q.ask_size, 0.0)
        + np.where(q.ask >= p.ask, p.ask_size, 0.0)
    )
    e = pd.Series(e).where(fresh, 0.0)
    squared = (np.log(mid).diff() ** 2).where(fresh, 0.0)
    ends = (q.ts // SECOND + 1) * SECOND
    # every end from the first, until the last quote of all is stale
    last_end = (q.ts.iloc[-1] + STALE) // SECOND * SECOND
    grid = pd.Index(np.arange(ends.iloc[0], last_end + 1, SECOND), name="ts_event")
    at = np.searchsorted(q.ts.to_numpy(), grid.to_numpy(), side="left") - 1
    state, age = q.iloc[at].reset_index(drop=True), grid.to_numpy() - q.ts.to_numpy()[at]
    assert (age <= STALE).all()
    known = pd.Series(mid.to_numpy()[at])
    depth = state.bid_size + state.ask_size
    rows = pd.DataFrame(
        {
            "ts_event": grid,
            "mid": known,
            "microprice": (state.bid * state.ask_size + state.ask * state.bid_size) / depth,
            "spread": state.ask - state.bid,
            "spread_bps": (state.ask - state.bid) / known * 1e4,
            "imbalance": (state.bid_size - state.ask_size) / depth,
        }
    )
    by_end = lambda values, keys: values.groupby(keys).sum().reindex(grid, fill_value=0).to_numpy()
    rows["order_flow_imbalance"] = by_end(e, ends)
    rows["realised_variance"] = by_end(squared, ends)
    rows["quotes"] = by_end(pd.Series(1, index=q.index), ends)
    trade_ends = (trades.ts // SECOND + 1) * SECOND
    rows["volume"] = by_end(trades["size"], trade_ends)
    rows["signed_volume"] = by_end(trades["size"] * trades.sign, trade_ends)
    rows["trades"] = by_end(pd.Series(1, index=trades.index), trade_ends)
    for name, length in [("mid_return", 1), *((f"return_{k}", k) for k in RETURNS)]:
        rows[name] = np.log(known / known.shift(length))
    return rows


def written(value):
    return None if pd.isna(value) else (int(value) if isinstance(value, (int, np.integer)) else float(value))


if __name__ == "__main__":
    rows = features(*read(os.path.join(sys.argv[1], "binance", "usdm-btcusdt-20240808.ndjson.gz")))
    columns = [name for name in rows.columns if name != "ts_event"]
    document = {
        "versions": {"numpy": np.__version__, "pandas": pd.__version__},
        "rows": len(rows),
        "first": str(rows.ts_event.iloc[0]),
        "last": str(rows.ts_event.iloc[-1]),
        "columns": {
            name: {"nulls": int(rows[name].isna().sum()), "sum": written(rows[name].sum()), "magnitude": written(rows[name].abs().sum())}
            for name in columns
        },
        "samples": [
            {"row": int(i), "ts_event": str(rows.ts_event[i]), **{name: written(rows[name][i]) for name in columns}}
            for i in range(0, len(rows), 25)
        ],
    }
    with open(os.path.join(HERE, "usdm.json"), "w") as file:
        json.dump(document, file, indent=1)
        file.write("\n")

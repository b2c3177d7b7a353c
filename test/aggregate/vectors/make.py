"""Writes `taq.json`: aggregates of the trades of `taq` of the data folder, every so manyth window and sums over all; the data are not copied.

    python3 -m venv v && v/bin/pip install pandas==3.1.1 numpy==2.4.6
    v/bin/python make.py FOLDER_WITH_DATA

Rows are sorted by time, those of one time as they stand in the file. Each row is put into all windows that it lies in, then pandas groups
by venue and window.
"""

import gzip
import json
import os
import sys
from decimal import Decimal

import pandas as pd

with gzip.open(os.path.join(sys.argv[1], "taq", "trades-raw.csv.gz"), "rt") as file:
    header = next(file).strip().split(",")
    rows = [line.strip().split(",") for line in file]
at, ex, price, size = (header.index(name) for name in ("DT", "EX", "PRICE", "SIZE"))
trades = pd.DataFrame(
    {
        "t": [int(Decimal(row[at]) * 10**9) for row in rows],
        "venue": [row[ex] for row in rows],
        "price": [float(row[price]) for row in rows],
        "size": [float(row[size]) for row in rows],
    }
).sort_values("t", kind="stable")

MINUTE = 60_000_000_000
results = []
for every, size_ns, by in ((MINUTE, MINUTE, ["venue"]), (MINUTE, 5 * MINUTE, ["venue"]), (1_000_000_000, 30_000_000_000, [])):
    first = trades.t // every * every + every
    exploded = pd.concat([trades.assign(end=first + i * every) for i in range(size_ns // every)])
    exploded = exploded[exploded.end - size_ns <= exploded.t].sort_values("t", kind="stable")
    groups = exploded.groupby(["end", *by], sort=True)
    frame = groups.agg(
        trades=("price", "size"),
        volume=("size", "sum"),
        mean=("price", "mean"),
        var=("price", "var"),
        low=("price", "min"),
        high=("price", "max"),
        first=("price", "first"),
        last=("price", "last"),
    ).reset_index()
    columns = ["trades", "volume", "mean", "var", "low", "high", "first", "last"]
    step = max(1, len(frame) // 25)
    sample = [
        {name: (None if pd.isna(value) else str(value) if name in ("end", "venue") else float(value)) for name, value in row.items()}
        for row in frame.iloc[::step].to_dict("records")
    ]
    results.append(
        {
            "every": f"{every}ns",
            "size": f"{size_ns}ns",
            "by": by,
            "windows": len(frame),
            "sums": {name: float(frame[name].sum()) for name in columns},
            "sample": sample,
        }
    )
with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "taq.json"), "w") as file:
    json.dump({"versions": {"pandas": pd.__version__}, "results": results}, file, indent=1)
    file.write("\n")

"""Writes `taq.json`: digests of the trades of `taq` of the data folder joined to its quotes; the data are not copied.

    python3 -m venv v && v/bin/pip install pandas==3.1.1 numpy==2.4.6
    v/bin/python make.py FOLDER_WITH_DATA

Rows are sorted by time, those of one time as they stand in the file, and numbered so. A digest is the SHA-256 of the numbers of the quotes,
one a trade, -1 without one, as little-endian int64. Numbers come from pandas.merge_asof; the script stops where a plain search by the
definition (bisect over the times of the quotes of the venue) differs.
"""

import bisect
import gzip
import hashlib
import json
import os
import sys
from decimal import Decimal

import numpy as np
import pandas as pd

FOLDER = os.path.join(sys.argv[1], "taq")


def read(name):
    with gzip.open(os.path.join(FOLDER, name), "rt") as file:
        header = next(file).strip().split(",")
        rows = [line.strip().split(",") for line in file]
    at, ex = header.index("DT"), header.index("EX")
    rows = sorted(((int(Decimal(row[at]) * 10**9), row[ex]) for row in rows), key=lambda row: row[0])
    return pd.DataFrame({"t": [t for t, _ in rows], "ex": [ex for _, ex in rows]})


def plainly(trades, quotes, by_venue, tolerance, exact):
    times, numbers = {}, {}
    for number, (t, ex) in enumerate(zip(quotes.t, quotes.ex)):
        key = ex if by_venue else ""
        times.setdefault(key, []).append(t)
        numbers.setdefault(key, []).append(number)
    found = []
    for t, ex in zip(trades.t, trades.ex):
        some = times.get(ex if by_venue else "", [])
        at = (bisect.bisect_right(some, t) if exact else bisect.bisect_left(some, t)) - 1
        fits = at >= 0 and (tolerance is None or t - some[at] <= tolerance)
        found.append(numbers[ex if by_venue else ""][at] if fits else -1)
    return np.array(found, dtype="<i8")


def joined(trades, quotes, by_venue, tolerance, exact):
    right = quotes.assign(number=np.arange(len(quotes)))
    by = {"by": "ex"} if by_venue else {}
    if not by_venue:
        right = right.drop(columns="ex")
    frame = pd.merge_asof(trades, right, on="t", tolerance=tolerance, allow_exact_matches=exact, **by)
    return frame.number.fillna(-1).to_numpy().astype("<i8")


trades, quotes = read("trades-raw.csv.gz"), read("quotes-raw.csv.gz")
results = []
for by_venue in (True, False):
    for tolerance in (None, 1_000_000_000):
        for exact in (True, False):
            numbers = joined(trades, quotes, by_venue, tolerance, exact)
            if not (numbers == plainly(trades, quotes, by_venue, tolerance, exact)).all():
                sys.exit(f"pandas and the definition differ: {by_venue} {tolerance} {exact}")
            results.append(
                {
                    "by_venue": by_venue,
                    "tolerance": tolerance and f"{tolerance}ns",
                    "ties": "include" if exact else "exclude",
                    "unmatched": int((numbers < 0).sum()),
                    "digest": hashlib.sha256(numbers.tobytes()).hexdigest(),
                }
            )
with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "taq.json"), "w") as file:
    json.dump({"versions": {"pandas": pd.__version__}, "trades": len(trades), "quotes": len(quotes), "results": results}, file, indent=2)
    file.write("\n")

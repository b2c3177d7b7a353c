"""Quotes of the three Binance captures, read with Python's json and decimal modules only: counts, exact sums, last quote, digest.

python3 test/normalize/vectors/quotes.py ../shared/data/binance > test/normalize/vectors/quotes.json
"""

import gzip
import hashlib
import json
import sys
from decimal import Decimal

CAPTURES = {
    "usdm-btcusdt-20240808": (Decimal("0.10"), Decimal("0.001")),
    "cm-btcusd_perp-20240808": (Decimal("0.1"), Decimal("1")),
    "spot-btcusdt-20240808": (Decimal("0.01"), Decimal("0.00001")),
}


def steps(text, step):
    value = Decimal(text) / step
    assert value == value.to_integral_value(), (text, step)
    return int(value)


def quotes(path, tick, lot):
    for line in gzip.open(path, "rt"):
        received, payload = line.split(" ", 1)
        message = json.loads(payload)
        if not message.get("stream", "").endswith("@bookTicker"):
            continue
        data = message["data"]
        at = int(received) if "T" not in data else data["T"] * 1_000_000
        sides = [steps(data["b"], tick), steps(data["B"], lot), steps(data["a"], tick), steps(data["A"], lot)]
        yield [at, int(received), data["u"], *sides]


def summary(folder, name):
    tick, lot = CAPTURES[name]
    rows = list(quotes(f"{folder}/{name}.ndjson.gz", tick, lot))
    digest = hashlib.sha256("".join(",".join(map(str, row)) + "\n" for row in rows).encode()).hexdigest()
    columns = ["ts_event", "ts_recv", "sequence", "bid_ticks", "bid_lots", "ask_ticks", "ask_lots"]
    return {
        "rows": len(rows),
        "sums": {column: str(sum(row[at] for row in rows)) for at, column in enumerate(columns) if at > 2},
        "last": {column: str(rows[-1][at]) for at, column in enumerate(columns)},
        "sha256": digest,
    }


if __name__ == "__main__":
    print(json.dumps({name: summary(sys.argv[1], name) for name in CAPTURES}, indent=2))

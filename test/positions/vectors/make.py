"""Writes the vectors of this folder.

    python3 -m venv v && v/bin/pip install beancount==2.3.6 coinbasis==0.1.0 && v/bin/python make.py

`realised.json`: series of fills and, after each of them, what two independent programs say of the position: Beancount's booking
(FIFO, LIFO; long and short) and coinbasis (FIFO, LIFO, average cost; long only, which is all that it knows). Amounts are decimals as text.
A fill through zero is booked as two postings by Beancount: what it closes, then what it opens.
"""

import json
import os
import random
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal, getcontext
from importlib.metadata import version

from beancount import loader
from beancount.core import data
from beancount.core.inventory import Inventory
from coinbasis import Buy, CostBasisMethod, Portfolio, Sell

HERE = os.path.dirname(os.path.abspath(__file__))
FIRST = date(2020, 1, 1)
getcontext().prec = 60


def series(seed, fills, tick, lot, short):
    """Random fills: price a multiple of `tick`, size of `lot`; without `short` never more is sold than held."""
    draw = random.Random(seed)
    position, price, rows = 0, 10_000, []
    for _ in range(fills):
        price = max(1, price + draw.randint(-200, 200))
        size = draw.randint(1, 40) * draw.choice([1, 1, 1, 7])
        sell = draw.random() < 0.5
        if not short and sell:
            if position == 0:
                sell = False
            else:
                size = position if draw.random() < 0.1 else min(size, position)
        position += -size if sell else size
        rows.append({"side": "sell" if sell else "buy", "price": str(Decimal(price) * tick), "size": str(Decimal(size) * lot)})
    return rows


def beancount(rows, method):
    """After each fill: realised profit so far and what the open lots were bought for (below zero: sold for)."""
    lines = [f'{FIRST} open Assets:Stock STK "{method}"', f"{FIRST} open Assets:Cash", f"{FIRST} open Income:Profit"]
    position = Decimal(0)
    for day, row in enumerate(rows, 1):
        signed = Decimal(row["size"]) * (1 if row["side"] == "buy" else -1)
        price = Decimal(row["price"])
        closing = Decimal(0)
        if position * signed < 0:
            closing = min(abs(position), abs(signed)) * (1 if signed > 0 else -1)
        opening = signed - closing
        lines.append(f'{FIRST + timedelta(days=day)} * "fill {day}"')
        if closing:
            lines.append(f"  Assets:Stock  {closing} STK {{}} @ {price} USD")
            lines.append("  Income:Profit")
        if opening:
            lines.append(f"  Assets:Stock  {opening} STK {{{price} USD}}")
        lines.append(f"  Assets:Cash  {-signed * price} USD")
        position += signed
    entries, errors, _ = loader.load_string("\n".join(lines) + "\n")
    if errors:
        raise SystemExit(errors[:3])
    held, realised, after = Inventory(), Decimal(0), []
    for entry in entries:
        if not isinstance(entry, data.Transaction):
            continue
        for posting in entry.postings:
            if posting.account == "Assets:Stock":
                held.add_position(posting)
            if posting.account == "Income:Profit":
                realised -= posting.units.number
        cost = sum((lot.units.number * lot.cost.number for lot in held), Decimal(0))
        after.append({"realised": str(realised), "cost": str(cost)})
    return after


def coinbasis(rows, method):
    """The same by coinbasis, asked anew after every fill, since it answers for a whole history."""
    start = datetime(2020, 1, 1, tzinfo=timezone.utc)
    history, after = [], []
    for day, row in enumerate(rows, 1):
        kind = Buy if row["side"] == "buy" else Sell
        when = start + timedelta(days=day)
        history.append(kind(when, "main", "STK", Decimal(row["size"]), Decimal(row["price"]), Decimal(0)))
        portfolio = Portfolio.from_transactions(history)
        realised = sum((gain.gain for gain in portfolio.realized_gains(method)), Decimal(0))
        cost = sum((holding.cost_basis for holding in portfolio.holdings(method)), Decimal(0))
        after.append({"realised": f"{realised:.30f}", "cost": f"{cost:.30f}"})
    return after


def write(name, content):
    with open(os.path.join(HERE, name), "w") as file:
        json.dump(content, file, separators=(",", ":"))
        file.write("\n")


def one(name, seed, fills, tick, lot, short):
    rows = series(seed, fills, Decimal(tick), Decimal(lot), short)
    answers = [
        {"by": "beancount", "method": "fifo", "after": beancount(rows, "FIFO")},
        {"by": "beancount", "method": "lifo", "after": beancount(rows, "LIFO")},
    ]
    if not short:
        answers += [
            {"by": "coinbasis", "method": method.name.lower(), "after": coinbasis(rows, method)}
            for method in (CostBasisMethod.FIFO, CostBasisMethod.LIFO, CostBasisMethod.AVERAGE)
        ]
    return {"name": name, "tick": tick, "lot": lot, "fills": rows, "answers": answers}


write(
    "realised.json",
    {
        "versions": {name: version(name) for name in ("beancount", "coinbasis")},
        "series": [
            one("shares, long", 1, 250, "0.01", "1", False),
            one("coins, long", 2, 150, "0.1", "0.001", False),
            one("shares, long and short", 3, 400, "0.01", "1", True),
            one("coins, long and short", 4, 300, "0.1", "0.001", True),
        ],
    },
)

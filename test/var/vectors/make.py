"""Writes the vectors of this folder.

    python3 -m venv v && v/bin/pip install QuantLib==1.44 empyrical-reloaded==0.7.1 scipy==1.17.1 numpy==2.4.6 mpmath==1.4.1
    v/bin/python make.py [FOLDER_WITH_DATA]

`synthetic.json`: small series, whole, with what is expected of some of their rows. `backtest.json`: tests of breaches. `edhec.json`: what is
expected of `risk/edhec.csv` of the data folder, which is not copied; left as it is without that folder.

Numbers come from NumPy, SciPy and mpmath; where QuantLib or empyrical compute the same, the script stops if they differ.
"""

import csv
import json
import os
import sys

import empyrical
import mpmath
import numpy as np
import QuantLib as ql
import scipy
from scipy import stats

mpmath.mp.dps = 50
HERE = os.path.dirname(os.path.abspath(__file__))
VERSIONS = {
    "QuantLib": ql.__version__,
    "empyrical-reloaded": empyrical.__version__,
    "numpy": np.__version__,
    "scipy": scipy.__version__,
    "mpmath": mpmath.__version__,
}
CONFIDENCES = [0.9, 0.95, 0.975, 0.99]
LAMBDA = 0.94


def same(a, b, tolerance=1e-12):
    assert abs(a - b) <= tolerance * max(abs(a), abs(b)) + 1e-17, (a, b)


def tail_of(confidence):
    """The tail as the decimal that is meant: 0.05, not 0.050000000000000044."""
    return round(1 - confidence, 9)


def historical(x, confidence):
    """Both quantiles: type 7 with the mean below it, type 1 with the mean of the quantile function over the tail."""
    tail = tail_of(confidence)
    linear = np.quantile(x, tail, method="linear")
    below = x[x < linear]
    order = np.sort(x)
    n = len(x)
    # the quantile function is the step function of the sorted values: its integral over (0, tail) in exact rationals
    edge = mpmath.mpf(str(tail)) * n
    integral, at = mpmath.mpf(0), 0
    while edge > at:
        integral += mpmath.mpf(float(order[at])) * min(mpmath.mpf(1), edge - at)
        at += 1
    inverted = order[at - 1]
    lowest = int((n - 1) * mpmath.mpf(str(tail))) + 1
    if edge != int(edge) and (n - 1) * mpmath.mpf(str(tail)) != lowest - 1:
        same(linear, empyrical.value_at_risk(x, tail))
        if order[lowest - 1] != order[min(lowest, n - 1)]:
            same(below.mean(), empyrical.conditional_value_at_risk(x, tail))
        risk = ql.RiskStatistics()
        for value in x:
            risk.add(float(value))
        if inverted < 0:
            same(-inverted, risk.valueAtRisk(1 - tail))
    return {
        "linear": [float(linear), float(below.mean() if len(below) else linear)],
        "inverted_cdf": [float(inverted), float(integral / edge)],
    }


def gaussian(x, confidence):
    tail = tail_of(confidence)
    z = stats.norm.ppf(tail)
    risk = ql.RiskStatistics()
    for value in x:
        risk.add(float(value))
    population = risk.standardDeviation() * ((len(x) - 1) / len(x)) ** 0.5
    same(x.mean() + z * x.std(), risk.mean() + ql.InverseCumulativeNormal()(tail) * population, 1e-7)
    return [x.mean() + z * x.std(), x.mean() - stats.norm.pdf(z) / tail * x.std()]


def cornish_fisher_mp(x, confidence):
    """`VaR` and `ES` of PerformanceAnalytics, method "modified", on numbers of mpmath; the integrals as in its function `Ipower`."""
    tail = mpmath.mpf(str(tail_of(confidence)))
    z = mpmath.sqrt(2) * mpmath.erfinv(2 * tail - 1)
    n = len(x)
    mean = sum(x) / n
    m2, m3, m4 = (sum((v - mean) ** k for v in x) / n for k in (2, 3, 4))
    skew, kurt = m3 / m2 ** mpmath.mpf("1.5"), m4 / m2**2 - 3
    h = z + (z**2 - 1) * skew / 6 + (z**3 - 3 * z) * kurt / 24 - (2 * z**3 - 5 * z) * skew**2 / 36
    phi, cdf = mpmath.npdf(h), mpmath.ncdf(h)

    def integral(power):
        if power % 2 == 0:
            p = power // 2
            full = mpmath.mpf(1)
            for j in range(1, p + 1):
                full *= 2 * j
            total = full * phi
            for i in range(1, p + 1):
                part = mpmath.mpf(1)
                for j in range(1, i + 1):
                    part *= 2 * j
                total += full / part * h ** (2 * i) * phi
            return total
        p = (power - 1) // 2
        full = mpmath.mpf(1)
        for j in range(0, p + 1):
            full *= 2 * j + 1
        total = -full * cdf
        for i in range(0, p + 1):
            part = mpmath.mpf(1)
            for j in range(0, i + 1):
                part *= 2 * j + 1
            total += full / part * h ** (2 * i + 1) * phi
        return total

    es = phi
    es += (integral(4) - 6 * integral(2) + 3 * phi) * kurt / 24
    es += (integral(3) - 3 * integral(1)) * skew / 6
    es += (integral(6) - 15 * integral(4) + 45 * integral(2) - 15 * phi) * skew**2 / 72
    return mean + h * mpmath.sqrt(m2), mean + mpmath.sqrt(m2) * min(-es / tail, h)


def cornish_fisher(x, confidence):
    return [float(v) for v in cornish_fisher_mp([mpmath.mpf(float(v)) for v in x], confidence)]


def ewma(history, confidence):
    """Over all rows, weights divided by their sum."""
    tail = tail_of(confidence)
    weights = LAMBDA ** np.arange(len(history) - 1, -1, -1.0)
    deviation = np.sqrt(np.average(history**2, weights=weights))
    return [stats.norm.ppf(tail) * deviation, -stats.norm.pdf(stats.norm.ppf(tail)) / tail * deviation]


def risk_of(values, window, row):
    x, history = values[max(0, row + 1 - window) : row + 1], values[: row + 1]
    return [
        {
            "confidence": confidence,
            "historical": historical(x, confidence),
            "gaussian": [float(v) for v in gaussian(x, confidence)],
            "cornish_fisher": cornish_fisher(x, confidence),
            "ewma": [float(v) for v in ewma(history, confidence)],
        }
        for confidence in CONFIDENCES
    ]


def risks(values, window, rows):
    return [{"row": row, "risks": risk_of(values, window, row)} for row in rows]


def drawdown(x):
    level = np.concatenate([[1], np.cumprod(1 + x)])
    return 1 - level / np.maximum.accumulate(level)


def performance(x, history, bench, bench_history, periods, risk_free, minimum):
    """PerformanceAnalytics: SharpeRatio (StdDev), SortinoRatio, CalmarRatio, maxDrawdown, Return.annualized, StdDev.annualized."""
    lost = drawdown(x)
    growth = np.prod(1 + x)
    annual = growth ** (periods / len(x)) - 1
    short = np.minimum(x - minimum, 0)
    deviation = x.std(ddof=1)
    sharpe = (x.mean() - risk_free) / deviation
    sortino = (x.mean() - minimum) / np.sqrt(np.mean(short**2)) if (short < 0).any() else None
    same(growth - 1, empyrical.cum_returns_final(x), 1e-10)
    same(annual, empyrical.annual_return(x, annualization=periods), 1e-10)
    same(-lost.max(), empyrical.max_drawdown(x), 1e-10)
    calmar = annual / lost.max() if lost.max() > 0 else None
    if calmar is not None:
        same(calmar, empyrical.calmar_ratio(x, annualization=periods), 1e-10)
    same(deviation * periods**0.5, empyrical.annual_volatility(x, annualization=periods), 1e-10)
    same(sharpe * periods**0.5, empyrical.sharpe_ratio(x, risk_free, annualization=periods), 1e-10)
    if sortino is not None:
        same(sortino * periods**0.5, empyrical.sortino_ratio(x, minimum, annualization=periods), 1e-10)
    weights = LAMBDA ** np.arange(len(history) - 1, -1, -1.0)
    product = np.sum(weights * history * bench_history)
    beta = np.cov(x, bench, ddof=0)[0, 1] / bench.var()
    same(beta, empyrical.beta(x, bench), 1e-9)
    return {
        "cumulative_return": growth - 1,
        "annual_return": annual,
        "volatility": deviation * periods**0.5,
        "sharpe": sharpe,
        "sortino": sortino,
        "calmar": calmar,
        "drawdown": lost[-1],
        "max_drawdown": lost.max(),
        "beta": beta,
        "correlation": np.corrcoef(x, bench)[0, 1],
        "beta_ewma": product / np.sum(weights * bench_history**2),
        "correlation_ewma": product / np.sqrt(np.sum(weights * history**2) * np.sum(weights * bench_history**2)),
    }


def performances(values, bench, window, rows, periods, risk_free, minimum):
    def at(row):
        first = 0 if window is None else max(0, row + 1 - window)
        x = slice(first, row + 1)
        found = performance(values[x], values[: row + 1], bench[x], bench[: row + 1], periods, risk_free, minimum)
        return {"row": row, "results": {name: None if value is None else float(value) for name, value in found.items()}}

    return {
        "params": {"window": window, "periods_per_year": periods, "risk_free": risk_free, "minimum_acceptable_return": minimum},
        "rows": [at(row) for row in rows],
    }


def contributions(assets, weights, confidence):
    """Derivatives of the measures by each weight: central differences of 25 digits more than are kept."""
    tail = mpmath.mpf(str(tail_of(confidence)))
    z = mpmath.sqrt(2) * mpmath.erfinv(2 * tail - 1)
    exact = [[mpmath.mpf(float(v)) for v in column] for column in assets]
    given = [mpmath.mpf(float(w)) for w in weights]

    def portfolio(w):
        return [sum(a * b for a, b in zip(w, row)) for row in zip(*exact)]

    def normal(x):
        mean = sum(x) / len(x)
        deviation = mpmath.sqrt(sum((v - mean) ** 2 for v in x) / len(x))
        return mean + z * deviation, mean - mpmath.npdf(z) / tail * deviation

    def squares(x):
        weight = [mpmath.mpf(str(LAMBDA)) ** (len(x) - 1 - i) for i in range(len(x))]
        deviation = mpmath.sqrt(sum(a * b * b for a, b in zip(weight, x)) / sum(weight))
        return z * deviation, -mpmath.npdf(z) / tail * deviation

    def worst(x):
        """Type 7 with the mean below it."""
        order = sorted(x)
        at = (len(x) - 1) * tail
        low = int(at)
        value = order[low] + (at - low) * (order[low + 1] - order[low])
        below = [v for v in x if v < value]
        return value, sum(below) / len(below)

    step = mpmath.mpf(10) ** -20
    found = {}
    for name, of in (
        ("gaussian", normal),
        ("cornish_fisher", lambda x: cornish_fisher_mp(x, confidence)),
        ("ewma", squares),
        ("historical", worst),
    ):
        marginals = []
        for i in range(len(given)):
            up = of(portfolio([w + step if j == i else w for j, w in enumerate(given)]))
            down = of(portfolio([w - step if j == i else w for j, w in enumerate(given)]))
            marginals.append([float((a - b) / (2 * step)) for a, b in zip(up, down)])
        found[name] = {"total": [float(v) for v in of(portfolio(given))], "marginals": marginals}
    return {"confidence": confidence, "weights": [float(w) for w in weights], "methods": found}


def plain(values):
    return [float(v) for v in values]


def synthetic():
    random = np.random.default_rng(20240808)
    fat = np.round(0.01 * random.standard_t(4, 120), 6)
    return [
        ("fat tails", fat, [1, 2, 24, 25, 60, 119]),
        ("many equal values", np.round(random.normal(size=80) * 2) / 100, [24, 40, 79]),
        ("all gains", 0.01 + 0.001 * random.random(60), [30, 59]),
        ("one crash", np.concatenate([np.full(40, 0.001) + 1e-5 * random.random(40), [-0.4], 0.002 * random.random(30)]), [40, 50, 64, 66, 70]),
        ("large, as differences", np.round(1e6 * random.standard_t(5, 90), 2), [50, 89]),
    ]


def lr_part(count, probability):
    return 0.0 if count == 0 else count * np.log(probability)


def christoffersen(hits):
    """LR of independence by the likelihoods as they are written in the paper."""
    n = np.zeros((2, 2))
    for first, second in zip(hits, hits[1:]):
        n[int(first), int(second)] += 1
    pi01 = n[0, 1] / n[0].sum() if n[0].sum() else 0
    pi11 = n[1, 1] / n[1].sum() if n[1].sum() else 0
    pi = n[:, 1].sum() / n.sum()
    under = lr_part(n[:, 0].sum(), 1 - pi) + lr_part(n[:, 1].sum(), pi)
    over = lr_part(n[0, 0], 1 - pi01) + lr_part(n[0, 1], pi01) + lr_part(n[1, 0], 1 - pi11) + lr_part(n[1, 1], pi11)
    return max(0.0, -2 * (under - over))


def backtest():
    """Breaches in runs of `run`, evenly spread, so that they can be told in three numbers."""
    cases = []
    for observations, breaches, run, confidence in [
        (250, 0, 1, 0.99), (250, 2, 1, 0.99), (250, 4, 1, 0.99), (250, 5, 1, 0.99), (250, 6, 2, 0.99), (250, 7, 1, 0.99),
        (250, 8, 4, 0.99), (250, 9, 3, 0.99), (250, 10, 1, 0.99), (250, 10, 10, 0.99), (252, 20, 1, 0.95), (252, 20, 4, 0.95),
        (500, 13, 1, 0.975), (1000, 1, 1, 0.999), (1000, 51, 3, 0.95), (1000, 100, 10, 0.99), (1000, 400, 7, 0.99),
        (5000, 250, 1, 0.95), (20000, 1, 1, 0.99), (100, 100, 100, 0.99), (10, 1, 1, 0.9), (2, 1, 1, 0.99), (1, 0, 1, 0.95),
    ]:  # fmt: skip
        hits = pattern(observations, breaches, run)
        tail = tail_of(confidence)
        kupiec = 2 * (
            lr_part(breaches, breaches / observations / tail)
            + lr_part(observations - breaches, (observations - breaches) / observations / (1 - tail))
        )
        apart = christoffersen(hits) if observations > 1 else 0.0
        same(stats.chi2.cdf(kupiec, 1), ql.CumulativeChiSquareDistribution(1)(float(kupiec)), 1e-7)
        if observations < 2000:
            same(stats.binom.cdf(breaches, observations, tail), ql.CumulativeBinomialDistribution(tail, observations)(breaches), 1e-7)
        cases.append(
            {
                **{"observations": observations, "breaches": breaches, "run": run, "confidence": confidence},
                "kupiec_lr": float(kupiec),
                "kupiec_p": float(stats.chi2.sf(kupiec, 1)),
                "independence_lr": float(apart),
                "independence_p": float(stats.chi2.sf(apart, 1)),
                "conditional_p": float(stats.chi2.sf(kupiec + apart, 2)),
                "basel_probability": float(stats.binom.cdf(breaches, observations, tail)),
            }
        )
    return cases


def pattern(observations, breaches, run):
    """Breach or not, by observation; the same as in the test."""
    hits = np.zeros(observations, dtype=bool)
    runs = -(-breaches // run)
    left = breaches
    for i in range(runs):
        start = i * observations // runs
        length = min(run, left)
        hits[start : start + length] = True
        left -= length
    assert hits.sum() == breaches
    return list(hits)


def edhec(folder):
    with open(os.path.join(folder, "risk", "edhec.csv")) as file:
        rows = list(csv.reader(file))
    names = ["_".join("".join(c if c.isalnum() else " " for c in name).split()).lower() for name in rows[0][1:]]
    columns = {name: np.array([float(row[i + 1]) for row in rows[1:]]) for i, name in enumerate(names)}
    bench = columns["funds_of_funds"]
    weights = [0.4, 0.3, 0.2, -0.1, 0.2]
    assets = [columns[name] for name in names[:5]]
    return {
        "series": {
            name: {
                "windows": [
                    {"window": 152, "rows": risks(values, 152, [151])},
                    {"window": 60, "rows": risks(values, 60, [59, 100, 151])},
                    {"window": 36, "rows": risks(values, 36, [35, 36, 90, 151])},
                ],
                "performance": [
                    performances(values, bench, None, [12, 75, 151], 12, 0.0, 0.0),
                    performances(values, bench, 24, [40, 99, 151], 12, 0.001, 0.002),
                ],
            }
            for name, values in columns.items()
        },
        "portfolio": {"columns": names[:5], "rows": 152, **contributions(assets, weights, 0.95)},
    }


def write(name, content):
    with open(os.path.join(HERE, name), "w") as file:
        json.dump({"versions": VERSIONS, "lambda": LAMBDA, **content}, file, separators=(",", ":"))
        file.write("\n")


small = synthetic()
write(
    "synthetic.json",
    {
        "series": [
            {"name": name, "values": plain(values), "windows": [{"window": 25, "rows": risks(values, 25, rows)}]} for name, values, rows in small
        ],
        "portfolio": {
            "columns": [plain(small[0][1][:60]), plain(small[1][1][:60] + 1e-5 * np.arange(60) ** 1.5), plain(small[2][1])],
            **contributions([small[0][1][:60], small[1][1][:60] + 1e-5 * np.arange(60) ** 1.5, small[2][1]], [0.5, 1.5, -0.25], 0.975),
        },
    },
)
write("backtest.json", {"cases": backtest()})
if len(sys.argv) > 1:
    write("edhec.json", edhec(sys.argv[1]))

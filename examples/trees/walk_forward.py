"""Testing on what came later: folds with an embargo, and losses beside those of what knows no feature."""

from collections.abc import Callable, Iterator

import numpy as np
from history import History

Answers = dict[str, np.ndarray]  # p_up, and perhaps lower and upper
Fit = Callable[[History], Callable[[np.ndarray], Answers]]  # learns, and gives what answers
LOWER, UPPER = 0.05, 0.95  # quantiles that an interval of 90 % lies between


def folds(history: History, count: int, embargo_days: int) -> Iterator[tuple[History, History]]:
    """What is learned from and what is tested, `count` times: each part in turn, by all labels that were known an embargo before it."""
    edges = np.linspace(0, len(history), count + 2).astype(int)
    for start, end in zip(edges[1:-1], edges[2:]):
        tested = history.part(np.arange(start, end))
        yield history.part(history.known + np.timedelta64(embargo_days, "D") <= tested.origin[0]), tested


def losses(history: History, given: Answers) -> Answers:
    """By row: log-loss of `p_up`; of an interval the mean pinball loss of its bounds, and whether it holds the return."""
    p = np.clip(np.where(history.up, given["p_up"], 1 - given["p_up"]), 1e-12, 1)
    told = {"log_loss": -np.log(p)}
    if "lower" in given:
        below, above = history.returns - given["lower"], history.returns - given["upper"]
        pinball = np.maximum(LOWER * below, (LOWER - 1) * below) + np.maximum(UPPER * above, (UPPER - 1) * above)
        told |= {"pinball": pinball / 2, "covered": ((below >= 0) & (above <= 0)).astype(float)}
    return told


def base(learned: History, tested: History) -> Answers:
    """Answers of what knows no feature: how often it rose before, and the quantiles of the returns before."""
    told = {"p_up": learned.up.mean(), "lower": np.quantile(learned.returns, LOWER), "upper": np.quantile(learned.returns, UPPER)}
    return {name: np.full(len(tested), value) for name, value in told.items()}


def compared(pairs: list[tuple[Answers, Answers]], block: int, seed: int) -> dict:
    """Means of the losses of a model and of the base, and of the gain with its 95 % interval: by resampling blocks of `block` rows, since labels
    that overlap are no independent draws."""
    metrics = {"tested": int(sum(len(model["log_loss"]) for model, _ in pairs))}
    for name in pairs[0][0]:
        model, naive = (np.concatenate([pair[side][name] for pair in pairs]) for side in (0, 1))
        metrics |= {name: short(model.mean()), f"base_{name}": short(naive.mean())}
        if name != "covered":
            gain = naive - model
            starts = np.random.default_rng(seed).integers(0, len(gain) - block + 1, (2000, len(gain) // block))
            means = gain[starts[:, :, None] + np.arange(block)].mean(axis=(1, 2))
            metrics |= {f"{name}_gain": short(gain.mean()), f"{name}_gain_95": [short(v) for v in np.quantile(means, [0.025, 0.975])]}
    return metrics


def short(value: float) -> float:
    return float(f"{value:.6g}")


def tested(history: History, fit: Fit, count: int, embargo_days: int) -> list[tuple[Answers, Answers]]:
    """Losses of a model and of the base in each fold."""
    return [(losses(late, fit(early)(late.x)), losses(late, base(early, late))) for early, late in folds(history, count, embargo_days)]

"""Gradient boosted trees and, for comparison, a linear model, of the rows that Millrace wrote to features.csv. Writes both to models/, each
with its card, and what they say of the days that they never saw to models/answers.csv."""

import csv
import sys

import lightgbm as lgb
import numpy as np
import sklearn
from card import write_model
from convert import answers, from_lightgbm, from_sklearn
from history import History, day, read
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from walk_forward import LOWER, UPPER, base, compared, losses, short, tested

FEATURES = ["return_1", "return_5", "return_20", "trend", "volatility_10", "volatility_60", "rsi_14", "day_range", "range_14", "volume_ratio"]
HORIZON = "7d"  # of operator `label`
EMBARGO_DAYS = 7  # between the last label that is learned from and the first day that is tested
FOLDS = 5
HOLD_OUT = day("2018-01-01")  # days from here on are in no fold and in no model
SEED = 1
TREES = {"num_leaves": 4, "learning_rate": 0.05, "min_data_in_leaf": 100, "feature_fraction": 0.7}
ROUNDS = 40
REPEATABLE = {"seed": SEED, "deterministic": True, "force_row_wise": True, "num_threads": 1, "verbosity": -1}


def boosters(history: History) -> dict[str, lgb.Booster]:
    """Trees for the direction, and for the bounds of an interval of the return."""

    def trained(label: np.ndarray, **objective) -> lgb.Booster:
        return lgb.train(TREES | REPEATABLE | objective, lgb.Dataset(history.x, label), ROUNDS)

    return {
        "direction": trained(history.up, objective="binary"),
        "lower": trained(history.returns, objective="quantile", alpha=LOWER),
        "upper": trained(history.returns, objective="quantile", alpha=UPPER),
    }


def trees(history: History):
    trained = boosters(history)
    return lambda x: {"p_up" if name == "direction" else name: booster.predict(x) for name, booster in trained.items()}


def logistic(history: History):
    return make_pipeline(StandardScaler(), LogisticRegression(random_state=SEED)).fit(history.x.astype(np.float64), history.up)


def linear(history: History):
    model = logistic(history)
    return lambda x: {"p_up": model.predict_proba(x.astype(np.float64))[:, 1]}


def agreed(name: str, trainer: np.ndarray, onnx: np.ndarray) -> None:
    """Stops where ONNX does not say what the trainer says."""
    worst = float(np.max(np.abs(trainer - onnx.reshape(len(trainer)))))
    if not worst < 1e-6:
        sys.exit(f"{name}: ONNX differs from the trainer by {worst}")
    print(f"{name}: ONNX differs from the trainer by {worst:.1e} at most")


def main() -> None:
    """Makes, tests and writes the models."""
    history = read("features.csv", FEATURES)
    early = history.part(history.known + np.timedelta64(EMBARGO_DAYS, "D") <= HOLD_OUT)
    late = history.part(history.origin >= HOLD_OUT)
    trained = {
        "rows": len(early),
        "base": {name: short(values[0]) for name, values in base(early, late).items()},
        "left_out": history.left_out,
        "from": str(early.origin[0]),
        "to": str(early.known[-1]),
        "data_sha256": history.sha256,
        "seed": SEED,
        "folds": FOLDS,
        "embargo_days": EMBARGO_DAYS,
    }

    def metrics(fit) -> dict:
        """Walking forward before the hold-out, and on the hold-out itself; blocks of two months."""
        held_out = [(losses(late, fit(early)(late.x)), losses(late, base(early, late)))]
        return compared(tested(early, fit, FOLDS, EMBARGO_DAYS), 40, SEED) | {"hold_out": compared(held_out, 40, SEED)}

    width = len(FEATURES)
    final = boosters(early)
    model = from_lightgbm(final, width)
    said = answers(model, history.x)
    outputs = {"direction": said["direction_probabilities"][:, 1], "lower": said["lower_variable"], "upper": said["upper_variable"]}
    for name, output in outputs.items():
        agreed(name, final[name].predict(history.x), output)
    horizon = {"horizon": HORIZON, "p_up": "direction_probabilities[1]", "lower": "lower_variable", "upper": "upper_variable"}
    versions = {"lightgbm": lgb.__version__, "parameters": TREES | {"rounds": ROUNDS}}
    write_model("models/trees.onnx", model, "trees", FEATURES, [horizon], trained | versions, metrics(trees))

    shadow = logistic(early)
    model = from_sklearn(shadow, width)
    agreed("linear", shadow.predict_proba(history.x.astype(np.float64))[:, 1], answers(model, history.x)["probabilities"][:, 1])
    versions = {"scikit_learn": sklearn.__version__}
    horizon = {"horizon": HORIZON, "p_up": "probabilities[1]"}
    write_model("models/linear.onnx", model, "linear", FEATURES, [horizon], trained | versions, metrics(linear))

    with open("models/answers.csv", "w", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(["day", "p_up", "lower", "upper", "linear_p_up"])
        columns = [*trees(early)(late.x).values(), linear(early)(late.x)["p_up"]]
        table.writerows([date, *(f"{value:.9f}" for value in row)] for date, row in zip(late.origin, np.column_stack(columns)))


if __name__ == "__main__":
    main()

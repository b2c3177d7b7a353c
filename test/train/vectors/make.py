"""Makes linear.json: coefficients of ridge and logistic regression by scikit-learn 1.9.1, and the metrics of its forecasts.

    python3 -m venv v && v/bin/pip install scikit-learn==1.9.1 && v/bin/python make.py

Features are standardised with the population deviation, as StandardScaler does. Logistic regression minimises
    sum log-loss + l2 / 2 * |w|^2, which is C = 1 / l2 there; ridge minimises sum squares + l2 * |w|^2.
"""
import json
import pathlib

import numpy as np
from sklearn.calibration import calibration_curve
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import log_loss, roc_auc_score
from sklearn.preprocessing import StandardScaler

rng = np.random.default_rng(7)
ROWS, WIDTH = 200, 4
x = np.round(rng.normal(size=(ROWS, WIDTH)) * [1, 10, 0.01, 1] + [0, 100, 0, 0], 6)
x[:, 3] = 2.5  # a feature that never changes
z = 0.8 * x[:, 0] + 0.05 * (x[:, 1] - 100) - 40 * x[:, 2]
up = (rng.random(ROWS) < 1 / (1 + np.exp(-z))).astype(int)
y = np.round(0.001 * z + rng.normal(size=ROWS) * 0.002, 9)

scaler = StandardScaler().fit(x)
scaled = scaler.transform(x)
found = {}
for l2 in (0.5, 10.0):
    logistic = LogisticRegression(C=1 / l2, solver="newton-cholesky", tol=1e-14, max_iter=1000).fit(scaled, up)
    ridge = Ridge(alpha=l2, solver="cholesky").fit(scaled, y)
    p = logistic.predict_proba(scaled)[:, 1]
    observed, predicted = calibration_curve(up, p, n_bins=10, strategy="quantile")
    found[str(l2)] = {
        "logistic": {"weights": logistic.coef_[0].tolist(), "bias": float(logistic.intercept_[0])},
        "ridge": {"weights": ridge.coef_.tolist(), "bias": float(ridge.intercept_)},
        "p": p.tolist(),
        "log_loss": float(log_loss(up, p)),
        "area_under_curve": float(roc_auc_score(up, p)),
        "calibration": {"observed": observed.tolist(), "predicted": predicted.tolist()},
    }
path = pathlib.Path(__file__).with_name("linear.json")
path.write_text(json.dumps({"x": x.tolist(), "up": up.tolist(), "y": y.tolist(), "found": found}) + "\n")

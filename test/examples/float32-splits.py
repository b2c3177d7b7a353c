"""Trees of LightGBM over features whose values are neighbours among the float32s: how far ONNX is from the trainer at most, as
`convert.py` of examples/trees makes it, and as the converter alone does."""

import json

import lightgbm as lgb
import numpy as np
import onnxmltools
from convert import INPUT, OPSET, LightgbmFloats, answers, from_lightgbm


def differences(seed: int) -> dict[str, float]:
    random = np.random.default_rng(seed)
    values = [np.float32(random.normal())]
    for _ in range(40):
        values.append(np.nextafter(values[-1], np.float32(np.inf)))
    x = np.array(values)[random.integers(0, 41, (2000, 2))]
    up = (x[:, 0] > values[20]) ^ (random.random(2000) < 0.2)
    booster = lgb.train({"objective": "binary", "num_leaves": 8, "verbosity": -1}, lgb.Dataset(x, up), 10)
    alone = onnxmltools.convert_lightgbm(booster, initial_types=[(INPUT, LightgbmFloats([None, 2]))], target_opset=OPSET, zipmap=False)
    trainer = booster.predict(x)
    worst = lambda given: float(np.abs(given[:, 1] - trainer).max())
    return {
        "converted": worst(answers(from_lightgbm({"up": booster}, 2), x)["up_probabilities"]),
        "alone": worst(answers(alone, x)["probabilities"]),
    }


print(json.dumps([differences(seed) for seed in range(5)]))

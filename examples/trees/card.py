"""The card that `predict` wants beside a model: what goes in, what comes out, and which file it is of."""

import hashlib
import json
from pathlib import Path

import onnx


def write_model(path: str, model: onnx.ModelProto, name: str, features: list[str], horizons: list[dict], trained: dict, metrics: dict) -> None:
    """Writes a model, and its card as `PATH.json`. A horizon is `{"horizon": "7d", "p_up": "probabilities[1]", ...}`: for each answer (`p_up`,
    `p_down`, `expected_return`, `lower`, `upper`) the output that gives it, and in brackets its column. `trained` and `metrics` are for people.
    The model carries the names of its features too, so that a card that names others, or in another order, is told before anything starts."""
    onnx.helper.set_model_props(model, {"millrace.features": json.dumps(features)})
    binary = model.SerializeToString()
    card = {
        "format": "millrace-model",
        "version": 1,
        "name": name,
        "sha256": hashlib.sha256(binary).hexdigest(),
        "features": features,
        "horizons": horizons,
        "trained": trained,
        "metrics": metrics,
    }
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    Path(path).write_bytes(binary)
    Path(f"{path}.json").write_text(json.dumps(card, indent=2) + "\n")

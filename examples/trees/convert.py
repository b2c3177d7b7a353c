"""Models of LightGBM and scikit-learn to ONNX as `predict` takes it: one input [rows, features] of float32, outputs of float32."""

import lightgbm as lgb
import numpy as np
import onnx
import onnxmltools
import onnxruntime
import skl2onnx
from onnx import compose, helper
from onnxmltools.convert.common.data_types import FloatTensorType as LightgbmFloats
from skl2onnx.common.data_types import FloatTensorType as SklearnFloats

INPUT = "features"
OPSET = 15


def float32_splits(booster: lgb.Booster) -> lgb.Booster:
    """The same trees with every threshold rounded down to a float32. LightGBM splits at float64, ONNX at float32: rounded to the nearest, a
    threshold could land on a value that lay above it. Rounded down, `x <= threshold` is the same for every x that is a float32."""

    def down(text: str) -> str:
        value = float(text)
        near = np.float32(value)
        return repr(float(near if float(near) <= value else np.nextafter(near, np.float32(-np.inf))))

    lines = []
    for line in booster.model_to_string().splitlines():
        key, _, values = line.partition("=")
        if key == "tree_sizes":
            continue  # lengths of the text before; optional
        lines.append(f"threshold={' '.join(map(down, values.split()))}" if key == "threshold" else line)
    return lgb.Booster(model_str="\n".join(lines) + "\n")


def from_lightgbm(boosters: dict[str, lgb.Booster], width: int) -> onnx.ModelProto:
    """One model of several boosters over the same features: outputs `NAME_probabilities` [rows, 2] of a classifier, `NAME_variable` [rows, 1]
    of a regression."""
    nodes, constants, outputs, opsets = [], [], [], {}
    for name, booster in boosters.items():
        part = onnxmltools.convert_lightgbm(
            float32_splits(booster), initial_types=[(INPUT, LightgbmFloats([None, width]))], target_opset=OPSET, zipmap=False
        )
        opsets.update({opset.domain: max(opset.version, opsets.get(opset.domain, 1)) for opset in part.opset_import})
        graph = compose.add_prefix(part, f"{name}_", rename_inputs=False).graph
        nodes += graph.node
        constants += graph.initializer
        outputs += [output for output in graph.output if output.type.tensor_type.elem_type == onnx.TensorProto.FLOAT]
    features = helper.make_tensor_value_info(INPUT, onnx.TensorProto.FLOAT, ["n", width])
    graph = helper.make_graph(nodes, "trees", [features], outputs, constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid(*opset) for opset in opsets.items()], ir_version=8)
    onnx.checker.check_model(model)
    return model


def from_sklearn(model, width: int) -> onnx.ModelProto:
    """A classifier of scikit-learn; `zipmap` off, since a list of maps is no tensor. Output `probabilities` [rows, 2]."""
    return skl2onnx.convert_sklearn(
        model, "linear", initial_types=[(INPUT, SklearnFloats([None, width]))], target_opset=OPSET, options={id(model): {"zipmap": False}}
    )


def answers(model: onnx.ModelProto, x: np.ndarray) -> dict[str, np.ndarray]:
    """What ONNX Runtime gives to rows, by output."""
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    return dict(zip([output.name for output in session.get_outputs()], session.run(None, {INPUT: x})))

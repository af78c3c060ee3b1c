"""Writes tiny_encoder.onnx: one 4x4 convolution with stride 4, image [1,3,8,8] to embedding
[1,2,2,2], its weights stored as f16 with a cast to f32 behind them."""

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

weights = (np.arange(2 * 3 * 4 * 4).reshape(2, 3, 4, 4) % 13 - 6).astype(np.float16) / 16
bias = np.array([0.5, -0.25], np.float32)
graph = helper.make_graph(
    [
        helper.make_node("Cast", ["weights_f16"], ["weights"], to=TensorProto.FLOAT),
        helper.make_node("Conv", ["image", "weights", "bias"], ["features"], strides=[4, 4]),
        helper.make_node("Identity", ["features"], ["image_embeddings"]),
    ],
    "tiny",
    [helper.make_tensor_value_info("image", TensorProto.FLOAT, [1, 3, 8, 8])],
    [helper.make_tensor_value_info("image_embeddings", TensorProto.FLOAT, [1, 2, 2, 2])],
    [numpy_helper.from_array(weights, "weights_f16"), numpy_helper.from_array(bias, "bias")],
)
model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
onnx.checker.check_model(model, full_check=True)
onnx.save(model, Path(__file__).with_name("tiny_encoder.onnx"))

"""Writes tiny_decoder.onnx: a graph with the inputs and outputs of SAM's official decoder export whose answers show what it
was given. Needs onnx.

Mask k, 8x8: mask_input * has_mask_input + 1000 k + sum of (x + 100 y) * label over the points + mean of the embedding.
"""

import pathlib

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper


def constant(name, values):
    return numpy_helper.from_array(np.asarray(values), name)


nodes = [
    helper.make_node("MatMul", ["point_coords", "axes"], ["places"]),
    helper.make_node("Unsqueeze", ["point_labels", "last"], ["labels"]),
    helper.make_node("Mul", ["places", "labels"], ["labelled"]),
    helper.make_node("ReduceSum", ["labelled", "points"], ["sum"], keepdims=1),
    helper.make_node("Reshape", ["sum", "ones"], ["clicked"]),
    helper.make_node("Reshape", ["has_mask_input", "ones"], ["has_mask"]),
    helper.make_node("Mul", ["mask_input", "has_mask"], ["mask"]),
    helper.make_node("ReduceMean", ["image_embeddings"], ["mean"], axes=[1, 2, 3], keepdims=1),
    helper.make_node("Add", ["mask", "numbers"], ["numbered"]),
    helper.make_node("Add", ["numbered", "clicked"], ["prompted"]),
    helper.make_node("Add", ["prompted", "mean"], ["low_res_masks"]),
    helper.make_node("ReduceMean", ["low_res_masks"], ["iou_predictions"], axes=[2, 3], keepdims=0),
    helper.make_node("ReduceMax", ["orig_im_size"], ["longest"], keepdims=0),
    helper.make_node("Mul", ["low_res_masks", "longest"], ["masks"]),
]
inputs = {
    "image_embeddings": [1, 2, 2, 2],
    "point_coords": [1, "points", 2],
    "point_labels": [1, "points"],
    "mask_input": [1, 1, 8, 8],
    "has_mask_input": [1],
    "orig_im_size": [2],
}
outputs = {"masks": [1, 4, 8, 8], "iou_predictions": [1, 4], "low_res_masks": [1, 4, 8, 8]}
graph = helper.make_graph(
    nodes,
    "tiny_decoder",
    [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in inputs.items()],
    [helper.make_tensor_value_info(name, TensorProto.FLOAT, shape) for name, shape in outputs.items()],
    [
        constant("axes", np.array([[1.0], [100.0]], np.float32)),
        constant("last", np.array([2], np.int64)),
        constant("points", np.array([1], np.int64)),
        constant("ones", np.array([1, 1, 1, 1], np.int64)),
        constant("numbers", 1000 * np.arange(4, dtype=np.float32).reshape(1, 4, 1, 1)),
    ],
)
model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
onnx.checker.check_model(model, full_check=True)
onnx.save(model, pathlib.Path(__file__).with_name("tiny_decoder.onnx"))

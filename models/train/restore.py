"""Takes a shipped bundle up again: its weights become a model that trains on."""

import numpy as np
import onnx
import torch
from onnx import numpy_helper
from safetensors.torch import load_file
from torch import nn

from model import Model


def folded_convolutions(path):
    """Weight and bias of every convolution of an encoder.onnx, in the order in which they run."""
    graph = onnx.load(path).graph
    known = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    for node in graph.node:
        if node.op_type == "Cast" and node.input[0] in known:
            known[node.output[0]] = known[node.input[0]].astype(np.float32)
    return [
        [torch.from_numpy(known[name].astype(np.float32)) for name in node.input[1:3]]
        for node in graph.node
        if node.op_type == "Conv"
    ]


@torch.no_grad()
def restore(bundle, images):
    """The model of the folder `bundle`. Its batch norms were folded away; they return with the statistics of `images`
    (the encoder's input, [N, 3, S, S]), so that it computes what it did."""
    model = Model()
    decoder = {name: tensor.float() for name, tensor in load_file(f"{bundle}/decoder.safetensors").items()}
    missing, unknown = model.load_state_dict(decoder, strict=False)
    if unknown or any(not name.startswith(("image_encoder.", "dense_head.")) for name in missing):
        raise ValueError(f"{bundle}/decoder.safetensors is not of this model: {unknown} {missing}")
    encoder = model.image_encoder.eval()
    waiting = iter(folded_convolutions(f"{bundle}/encoder.onnx"))
    bias = {}

    def convolve(module, _):
        weight, folded = next(waiting)
        module.weight.copy_(weight)
        bias["last"] = folded
        if module.bias is not None:
            module.bias.copy_(folded)

    def norm(module, inputs):
        mean, variance = inputs[0].mean((0, 2, 3)), inputs[0].var((0, 2, 3), unbiased=False)
        module.running_mean.copy_(mean)
        module.running_var.copy_(variance)
        module.weight.copy_((variance + module.eps).sqrt())
        module.bias.copy_(mean + bias["last"])

    hooks = [
        module.register_forward_pre_hook(convolve if isinstance(module, nn.Conv2d) else norm)
        for module in encoder.modules()
        if isinstance(module, (nn.Conv2d, nn.BatchNorm2d))
    ]
    encoder(images)
    for hook in hooks:
        hook.remove()
    if next(waiting, None) is not None:
        raise ValueError(f"{bundle}/encoder.onnx has more convolutions than this model")
    return model

"""Takes a shipped bundle up again: its weights become a model that trains on."""

import numpy as np
import onnx
import torch
from onnx import numpy_helper
from safetensors.torch import load_file
from torch import nn

from encoder import Bottleneck, Residual
from model import Model


def module_path(node):
    """`/fine/fine.1/body/body.0/body.0.0/Conv` -> `fine.1.body.0.0`: an exported node is named after the modules around
    it, each within the last one that is not its prefix."""
    parts = []
    for scope in node.split("/")[1:-1]:
        if parts and scope.startswith(parts[-1] + "."):
            parts[-1] = scope
        else:
            parts.append(scope)
    return ".".join(parts)


def folded_convolutions(path):
    """Weight and bias of every convolution of an encoder.onnx, by the path of its module."""
    graph = onnx.load(path).graph
    known = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    for node in graph.node:
        # Half precision is cast, bytes are scaled, and weights that are equal are exported once.
        if node.op_type in ("Cast", "Identity") and node.input[0] in known:
            known[node.output[0]] = known[node.input[0]].astype(np.float32)
        elif node.op_type == "DequantizeLinear" and node.input[0] in known:
            scale = known[node.input[1]].reshape(-1, 1, 1, 1)
            known[node.output[0]] = known[node.input[0]].astype(np.float32) * scale
    return {
        module_path(node.name): [torch.from_numpy(known[name].astype(np.float32)) for name in node.input[1:3]]
        for node in graph.node
        if node.op_type == "Conv"
    }


@torch.no_grad()
def restore(bundle, images):
    """The model of the folder `bundle`. Its batch norms were folded away; they return with the statistics of `images`
    (the encoder's input, [N, 3, S, S]), so that it computes what it did. Residual blocks that the bundle does not have
    yet start near identities: a deeper model goes on from where a shallower one was."""
    model = Model()
    decoder = {name: tensor.float() for name, tensor in load_file(f"{bundle}/decoder.safetensors").items()}
    missing, unknown = model.load_state_dict(decoder, strict=False)
    if unknown or any(not name.startswith(("image_encoder.", "dense_head.")) for name in missing):
        raise ValueError(f"{bundle}/decoder.safetensors is not of this model: {unknown} {missing}")
    encoder = model.image_encoder.eval()
    waiting = folded_convolutions(f"{bundle}/encoder.onnx")
    known, folded = {}, {}
    for name, module in encoder.named_modules():
        if isinstance(module, (Residual, Bottleneck)) and not any(path.startswith(f"{name}.") for path in waiting):
            norms = [part for part in module.modules() if isinstance(part, nn.BatchNorm2d)]
            # Not at zero: Muon turns kernels at full rate whatever their share is, so a weight that begins there finds a
            # random direction at every step, and stays. Four blocks of an earlier version never came to life.
            norms[-1].weight.fill_(0.2)
        elif isinstance(module, nn.Conv2d) and name in waiting:
            known[module] = waiting.pop(name)
    if waiting:
        raise ValueError(f"{bundle}/encoder.onnx has convolutions that this model has not: {sorted(waiting)}")

    def convolve(module, _):
        weight, folded["bias"] = known.get(module, (None, None))
        if weight is not None:
            module.weight.copy_(weight)
            if module.bias is not None:
                module.bias.copy_(folded["bias"])

    def norm(module, inputs):
        mean, variance = inputs[0].mean((0, 2, 3)), inputs[0].var((0, 2, 3), unbiased=False)
        module.running_mean.copy_(mean)
        module.running_var.copy_(variance)
        if folded["bias"] is not None:
            module.weight.copy_((variance + module.eps).sqrt())
            module.bias.copy_(mean + folded["bias"])

    hooks = [
        module.register_forward_pre_hook(convolve if isinstance(module, nn.Conv2d) else norm)
        for module in encoder.modules()
        if isinstance(module, (nn.Conv2d, nn.BatchNorm2d))
    ]
    encoder(images)
    for hook in hooks:
        hook.remove()
    return model

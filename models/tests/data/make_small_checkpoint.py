"""Writes small_sam.pt: a SAM of width 8 with the names of a large one, as torch.save writes it, in f16, every value 0.25. Needs
torch and safetensors."""

import pathlib

import torch
from safetensors import safe_open

HERE = pathlib.Path(__file__).parent
DECODER = HERE / "../../../runtime/tests/data/small_decoder.safetensors"

# That one has 24 and 12 channels, which eight heads do not divide.
DIVIDED = {24: 16, 12: 8}


def both(shapes, module, weight):
    shapes[f"{module}.weight"] = weight
    shapes[f"{module}.bias"] = weight[:1]


shapes = {}
encoder = "image_encoder"
both(shapes, f"{encoder}.patch_embed.proj", [8, 3, 4, 4])
shapes[f"{encoder}.pos_embed"] = [1, 5, 5, 8]
for index, length in enumerate([3, 9]):
    block = f"{encoder}.blocks.{index}"
    both(shapes, f"{block}.norm1", [8])
    both(shapes, f"{block}.attn.qkv", [24, 8])
    both(shapes, f"{block}.attn.proj", [8, 8])
    shapes[f"{block}.attn.rel_pos_h"] = [length, 4]
    shapes[f"{block}.attn.rel_pos_w"] = [length, 4]
    both(shapes, f"{block}.norm2", [8])
    both(shapes, f"{block}.mlp.lin1", [12, 8])
    both(shapes, f"{block}.mlp.lin2", [8, 12])
shapes[f"{encoder}.neck.0.weight"] = [16, 8, 1, 1]
both(shapes, f"{encoder}.neck.1", [16])
shapes[f"{encoder}.neck.2.weight"] = [16, 16, 3, 3]
both(shapes, f"{encoder}.neck.3", [16])
with safe_open(DECODER, "pt") as file:
    for name in file.keys():
        shapes[name] = [DIVIDED.get(side, side) for side in file.get_slice(name).get_shape()]

tensors = {name: torch.full(shape, 0.25, dtype=torch.float16) for name, shape in shapes.items()}
torch.save(tensors, HERE / "small_sam.pt")

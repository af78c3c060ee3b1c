#!/usr/bin/env python3
"""Writes an image encoder with the layers of NanoSAM's, with random weights, as ONNX: something to measure int8 with.

    residual_encoder.py OUT.onnx [--size 1024]

A ResNet18 (He et al. 2015, table 1), its last features brought from stride 32 to 16 by a transposed convolution, two
convolutions to SAM's 256 channels, and an encoding of position. Batch norms are set by what drawn pictures give, so that
values are as tame as those of a trained network.
"""

import argparse
import io
import pathlib

import onnx
import torch
from torch import nn


class Block(nn.Module):
    """Two 3x3 convolutions around a shortcut, which is a 1x1 convolution where the size changes."""

    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False),
            nn.BatchNorm2d(outputs),
            nn.ReLU(),
            nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False),
            nn.BatchNorm2d(outputs),
        )
        self.shortcut = nn.Identity()
        if stride != 1 or inputs != outputs:
            self.shortcut = nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs))

    def forward(self, x):
        return torch.relu(self.body(x) + self.shortcut(x))


class ResidualEncoder(nn.Module):
    """[1, 3, S, S], normalised -> [1, 256, S/16, S/16]."""

    def __init__(self, size):
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, 64, 7, 2, 3, bias=False), nn.BatchNorm2d(64), nn.ReLU(), nn.MaxPool2d(3, 2, 1))
        widths = (64, 64, 128, 256, 512)
        stages = [
            nn.Sequential(Block(inputs, outputs, 1 if inputs == outputs else 2), Block(outputs, outputs, 1))
            for inputs, outputs in zip(widths, widths[1:])
        ]
        self.stages = nn.Sequential(*stages)
        self.up = nn.Sequential(nn.ConvTranspose2d(512, 256, 3, 2, 1, 1), nn.GELU())
        self.neck = nn.Sequential(nn.Conv2d(256, 256, 3, 1, 1), nn.GELU(), nn.Conv2d(256, 256, 1))
        self.position = nn.Parameter(0.02 * torch.randn(1, 256, size // 16, size // 16))

    def forward(self, image):
        return self.neck(self.up(self.stages(self.stem(image)))) + self.position


def pictures(count, size):
    """Patches of colour under waves of all lengths, of about unit deviation."""
    blocks = torch.randn(count, 3, size // 32, size // 32)
    patches = nn.functional.interpolate(blocks, size=(size, size), mode="nearest")
    across = torch.linspace(0, 1, size)
    waves = sum(torch.sin(2**octave * across + octave) / octave for octave in range(2, 9))
    return 0.8 * patches + 0.3 * (waves[:, None] + waves) + 0.1 * torch.randn(count, 3, size, size)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("--size", type=int, default=1024, help="side of the input in pixels, a multiple of 32")
    options = parser.parse_args()
    if options.size < 32 or options.size % 32:
        parser.error(f"--size {options.size} is not a multiple of 32")
    torch.manual_seed(1)
    encoder = ResidualEncoder(options.size)
    for module in encoder.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, nonlinearity="relu")
        if isinstance(module, nn.BatchNorm2d):
            # The mean over all batches, not a moving one.
            module.momentum = None
    with torch.no_grad():
        for _ in range(2):
            encoder.stages(encoder.stem(pictures(2, 256)))
    encoder.eval()
    buffer = io.BytesIO()
    torch.onnx.export(
        encoder,
        torch.zeros(1, 3, options.size, options.size),
        buffer,
        input_names=["image"],
        output_names=["image_embeddings"],
        opset_version=17,
        dynamo=False,
    )
    model = onnx.load_from_string(buffer.getvalue())
    onnx.checker.check_model(model, full_check=True)
    options.out.write_bytes(model.SerializeToString())


if __name__ == "__main__":
    main()

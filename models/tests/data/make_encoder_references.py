"""Writes what the encoder tests compare with. Needs torch, pillow and the golden files.

    python3 make_encoder_references.py GOLDEN_FOLDER [--solve]

The encoders below are written from the formulas of the reference implementations. Results are
computed in float64, on truck_resized.png as SAM normalises it, and stored as [:, ::8, ::8] of the
embedding.

The golden embeddings are of another input. The reference's models were given random values
everywhere, also in the buffers pixel_mean and pixel_std, which are not saved with a checkpoint. Six
numbers, solved from the golden files, explain all of their values up to float32's rounding; GOLDEN
has them, `--solve` finds them again, and `check` proves it before anything is written. They go into
the metadata of what is written.
"""

import json
import math
import sys
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image

from make_references import Decoder, arguments, load, save

HERE = Path(__file__).parent
SAM = ([123.675, 116.28, 103.53], [58.395, 57.12, 57.375])
GOLDEN = {
    "mobile_sam_random": (
        [1.1101908810706287, -0.13311748729543774, -1.9961781440197184],
        [0.09456820569938998, 0.02762113632425517, -1.6778185387342832],
    ),
    "sam_vit_small_random": (
        [0.7147698206364274, -0.37605204543863574, -0.09756695936695421],
        [-0.5553152876774207, -1.657086616359436, 0.020898639266114072],
    ),
}


class Layers:
    """What both encoders are made of. Images are [rows, columns, channels]."""

    def __init__(self, weights):
        self.w = {name: value.double() for name, value in weights.items()}

    def linear(self, name, x):
        return F.linear(x, self.w[f"{name}.weight"], self.w[f"{name}.bias"])

    def norm(self, name, x, epsilon):
        weight, bias = self.w[f"{name}.weight"], self.w[f"{name}.bias"]
        return F.layer_norm(x, x.shape[-1:], weight, bias, epsilon)

    def convolution(self, name, x, **options):
        x = x.permute(2, 0, 1)[None]
        weight, bias = self.w[f"{name}.weight"], self.w.get(f"{name}.bias")
        return F.conv2d(x, weight, bias, **options)[0].permute(1, 2, 0)

    def windows(self, x, size, attention):
        """Applies `attention` to [windows, size * size, channels] of an image padded with zeros."""
        rows, columns, channels = x.shape
        down, across = -rows % size, -columns % size
        x = F.pad(x, (0, 0, 0, across, 0, down))
        grid = (x.shape[0] // size, x.shape[1] // size)
        x = x.reshape(grid[0], size, grid[1], size, channels).transpose(1, 2)
        x = attention(x.reshape(-1, size * size, channels))
        x = x.reshape(*grid, size, size, channels).transpose(1, 2)
        x = x.reshape(rows + down, columns + across, channels)
        return x[:rows, :columns]

    def neck(self, x):
        x = self.norm("neck.1", self.convolution("neck.0", x), 1e-6)
        x = self.norm("neck.3", self.convolution("neck.2", x, padding=1), 1e-6)
        return x.permute(2, 0, 1)


class SamVit(Layers):
    def attention(self, name, x, side):
        windows, tokens, width = x.shape
        tables = [self.w[f"{name}.rel_pos_{axis}"] for axis in "hw"]
        head = tables[0].shape[1]
        qkv = self.linear(f"{name}.qkv", x).reshape(windows, tokens, 3, width // head, head)
        q, k, v = qkv.permute(2, 0, 3, 1, 4)
        distance = torch.arange(side)[:, None] - torch.arange(side) + side - 1
        by_place = q.reshape(windows, -1, side, side, head)
        rows = torch.einsum("bnyxc,ykc->bnyxk", by_place, tables[0][distance])
        columns = torch.einsum("bnyxc,xkc->bnyxk", by_place, tables[1][distance])
        scores = (q / math.sqrt(head) @ k.transpose(-1, -2)).reshape(*rows.shape, side)
        scores = scores + rows[..., None] + columns[..., None, :]
        shares = scores.reshape(*q.shape[:2], tokens, tokens).softmax(-1)
        mixed = (shares @ v).transpose(1, 2).reshape(windows, tokens, width)
        return self.linear(f"{name}.proj", mixed)

    def __call__(self, image):
        size = self.w["patch_embed.proj.weight"].shape[-1]
        x = self.convolution("patch_embed.proj", image, stride=size) + self.w["pos_embed"][0]
        depth = 0
        while (name := f"blocks.{depth}") + ".norm1.weight" in self.w:
            side = (self.w[f"{name}.attn.rel_pos_h"].shape[0] + 1) // 2
            attention = lambda x: self.attention(f"{name}.attn", x, side)
            x = x + self.windows(self.norm(f"{name}.norm1", x, 1e-6), side, attention)
            hidden = F.gelu(self.linear(f"{name}.mlp.lin1", self.norm(f"{name}.norm2", x, 1e-6)))
            x = x + self.linear(f"{name}.mlp.lin2", hidden)
            depth += 1
        return self.neck(x)


class TinyVit(Layers):
    def normalised(self, name, x, stride=1):
        weight = self.w[f"{name}.c.weight"]
        x = x.permute(2, 0, 1)[None]
        groups = x.shape[1] // weight.shape[1]
        x = F.conv2d(x, weight, None, stride, weight.shape[-1] // 2, 1, groups)
        parameters = [self.w[f"{name}.bn.{p}"] for p in ("running_mean", "running_var", "weight", "bias")]
        return F.batch_norm(x, *parameters, training=False, eps=1e-5)[0].permute(1, 2, 0)

    def bottleneck(self, name, x, stride=1):
        x = F.gelu(self.normalised(f"{name}.conv1", x))
        return self.normalised(f"{name}.conv3", F.gelu(self.normalised(f"{name}.conv2", x, stride)))

    def attention(self, name, x):
        x = self.norm(f"{name}.norm", x, 1e-5)
        windows, tokens, width = x.shape
        biases = self.w[f"{name}.attention_biases"]
        heads = biases.shape[0]
        qkv = self.linear(f"{name}.qkv", x).reshape(windows, tokens, heads, -1)
        q, k, v = (part.transpose(1, 2) for part in qkv.chunk(3, -1))
        size, offsets, indices = math.isqrt(tokens), {}, []
        places = [(row, column) for row in range(size) for column in range(size)]
        for a in places:
            for b in places:
                offset = (abs(a[0] - b[0]), abs(a[1] - b[1]))
                indices.append(offsets.setdefault(offset, len(offsets)))
        biases = biases[:, torch.tensor(indices)].reshape(heads, tokens, tokens)
        shares = (q @ k.transpose(-1, -2) / math.sqrt(width // heads) + biases).softmax(-1)
        return self.linear(f"{name}.proj", (shares @ v).transpose(1, 2).reshape(windows, tokens, width))

    def block(self, name, x):
        if f"{name}.conv1.c.weight" in self.w:
            return F.gelu(x + self.bottleneck(name, x))
        size = math.isqrt(self.w[f"{name}.attn.attention_biases"].shape[1])
        x = x + self.windows(x, size, lambda x: self.attention(f"{name}.attn", x))
        x = self.normalised(f"{name}.local_conv", x)
        hidden = F.gelu(self.linear(f"{name}.mlp.fc1", self.norm(f"{name}.mlp.norm", x, 1e-5)))
        return x + self.linear(f"{name}.mlp.fc2", hidden)

    def __call__(self, image):
        x = F.gelu(self.normalised("patch_embed.seq.0", image, 2))
        x = self.normalised("patch_embed.seq.2", x, 2)
        for stage in range(4):
            depth = 0
            while any(key.startswith(f"layers.{stage}.blocks.{depth}.") for key in self.w):
                x = self.block(f"layers.{stage}.blocks.{depth}", x)
                depth += 1
            if stage < 3:
                x = self.bottleneck(f"layers.{stage}.downsample", x, 1 if stage == 2 else 2)
        return self.neck(x)


def normalised(pixels, mean, std):
    x = (pixels - torch.tensor(mean).double()) / torch.tensor(std).double()
    return F.pad(x, (0, 0, 0, 1024 - x.shape[1], 0, 1024 - x.shape[0]))


def solve(encoder, pixels, expected, mean, std, steps=3):
    """Improves mean and standard deviation by Gauss and Newton's method."""
    numbers = torch.tensor([*mean, *std]).double()
    error = lambda n: (encoder(normalised(pixels, n[:3].tolist(), n[3:].tolist())) - expected).flatten()
    for _ in range(steps):
        step = torch.diag(numbers) * 1e-5
        slopes = [(error(numbers + s) - error(numbers - s)) / 2e-5 for s in step]
        change = torch.linalg.lstsq(torch.stack(slopes, 1), -error(numbers)[:, None]).solution[:, 0]
        numbers = numbers * (1 + change)
        print(numbers.tolist(), error(numbers).abs().max().item())
    return numbers[:3].tolist(), numbers[3:].tolist()


def check_masks(embedding, weights, golden, prompts):
    """Prints how far the golden masks are from those in float64, from the image on."""
    decoder = Decoder(weights, torch.float64)
    worst, worst_iou = 0, 0
    for name, prompt in prompts.items():
        if f"truck.{name}.multi.iou" not in golden:
            continue
        masks, ious = decoder(embedding, **arguments(prompt, golden))
        for kind, which in (("multi", slice(1, 4)), ("single", slice(0, 1))):
            expected = golden[f"truck.{name}.{kind}.low_res"].double()
            error = (masks[which] - expected).pow(2).mean().sqrt() / expected.std()
            worst = max(worst, error.item())
            error = (ious[which] - golden[f"truck.{name}.{kind}.iou"]).abs().max()
            worst_iou = max(worst_iou, error.item())
    print(f"masks differ by {worst:.1e} of the deviation (RMS), IoUs by {worst_iou:.1e}")


def write(folder, name, extension, kind):
    golden, metadata = load(folder / f"{name}.safetensors")
    weights = torch.load(folder / f"{name}{extension}", weights_only=True)
    prefix = "image_encoder."
    encoder = kind({k.removeprefix(prefix): v for k, v in weights.items() if k.startswith(prefix)})
    pixels = torch.from_numpy(np.array(Image.open(folder / "truck_resized.png").convert("RGB"))).double()
    expected = golden["truck.embedding"][0].double()
    mean, std = GOLDEN[name]
    if "--solve" in sys.argv:
        mean, std = solve(encoder, pixels, expected, mean, std)
    embedding = encoder(normalised(pixels, mean, std))
    error = (embedding - expected).abs().max() / expected.std()
    print(f"{name}: differs from the golden embedding by {error:.1e} of the deviation")
    assert error < 3e-5
    decoder = {k: v for k, v in weights.items() if not k.startswith(prefix)}
    check_masks(embedding, decoder, golden, json.loads(metadata["prompts"]))
    embedding = encoder(normalised(pixels, *SAM))
    metadata = {"step": "8", "golden_mean": json.dumps(mean), "golden_std": json.dumps(std)}
    save(HERE / f"{name}_encoder.safetensors", {"embedding": embedding[:, ::8, ::8]}, metadata)


torch.set_num_threads(1)
with torch.no_grad():
    write(Path(sys.argv[1]), "mobile_sam_random", ".pt", TinyVit)
    write(Path(sys.argv[1]), "sam_vit_small_random", ".pth", SamVit)

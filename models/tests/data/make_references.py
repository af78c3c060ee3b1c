"""Writes what the decoder tests compare with. Needs torch and the golden files.

    python3 make_references.py GOLDEN_FOLDER

The decoder below is written from the paper and the reference implementation's formulas. In float32
it gives the golden files bit for bit, or differs by one rounding; `check` proves it before anything
is written. Results are computed in float64.

Random weights make attention scores in the thousands, and then float32's rounding alone moves single
logits by a twentieth of their deviation. So besides the golden files, which are therefore compared
by their mean error, there are results for the same weights with the query projections of the
attentions to and from the image divided by 256, which are compared value by value.
"""

import json
import math
import struct
import sys
from pathlib import Path

import torch
import torch.nn.functional as F

HERE = Path(__file__).parent
RUNTIME_DATA = HERE / "../../../runtime/tests/data"
IMAGE_ATTENTIONS = ("cross_attn", "final_attn")


def load(path):
    data = path.read_bytes()
    size = struct.unpack("<Q", data[:8])[0]
    header = json.loads(data[8 : 8 + size])
    metadata = header.pop("__metadata__", {})
    tensors = {}
    for name, info in header.items():
        start, end = info["data_offsets"]
        dtype = {"F32": torch.float32, "F16": torch.float16}[info["dtype"]]
        raw = bytearray(data[8 + size + start : 8 + size + end])
        tensors[name] = torch.frombuffer(raw, dtype=dtype).reshape(info["shape"])
    return tensors, metadata


def save(path, tensors, metadata):
    header, offset, body = {"__metadata__": metadata}, 0, b""
    for name, tensor in sorted(tensors.items()):
        raw = tensor.detach().to(torch.float32).contiguous().numpy().tobytes()
        header[name] = {
            "dtype": "F32",
            "shape": list(tensor.shape),
            "data_offsets": [offset, offset + len(raw)],
        }
        offset += len(raw)
        body += raw
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(struct.pack("<Q", len(text)) + text + body)


class Decoder:
    """SAM's prompt encoder and mask decoder in any floating-point type."""

    def __init__(self, weights, dtype, heads=8, input_size=1024):
        self.w = {name: value.to(dtype) for name, value in weights.items()}
        self.dtype, self.heads, self.input_size = dtype, heads, input_size

    def linear(self, name, x):
        return F.linear(x, self.w[f"{name}.weight"], self.w[f"{name}.bias"])

    def token_norm(self, name, x):
        weight, bias = self.w[f"{name}.weight"], self.w[f"{name}.bias"]
        return F.layer_norm(x, (x.shape[-1],), weight, bias, 1e-5)

    def image_norm(self, name, x):
        mean = x.mean(0, keepdim=True)
        variance = ((x - mean) ** 2).mean(0, keepdim=True)
        x = (x - mean) / torch.sqrt(variance + 1e-6)
        return self.w[f"{name}.weight"][:, None, None] * x + self.w[f"{name}.bias"][:, None, None]

    def positional(self, fractions):
        gaussian = self.w["prompt_encoder.pe_layer.positional_encoding_gaussian_matrix"]
        angles = (2 * fractions - 1) @ gaussian * (2 * math.pi)
        return torch.cat([angles.sin(), angles.cos()], -1)

    def attention(self, name, q, k, v):
        def split(x, projection):
            x = self.linear(f"{name}.{projection}", x)
            return x.reshape(x.shape[0], self.heads, -1).transpose(0, 1)

        q, k, v = split(q, "q_proj"), split(k, "k_proj"), split(v, "v_proj")
        weights = torch.softmax(q @ k.transpose(1, 2) / math.sqrt(q.shape[-1]), -1)
        merged = (weights @ v).transpose(0, 1).reshape(q.shape[1], -1)
        return self.linear(f"{name}.out_proj", merged)

    def mlp(self, name, x):
        depth = 0
        while f"{name}.layers.{depth}.weight" in self.w:
            x = self.linear(f"{name}.layers.{depth}", F.relu(x) if depth else x)
            depth += 1
        return x

    def tokens(self, points, labels, box):
        """Points and box in pixels of the input."""
        vector = lambda name: self.w[f"prompt_encoder.{name}.weight"][0]
        encode = lambda p: self.positional((p.to(self.dtype) + 0.5) / self.input_size)
        result = []
        for point, label in zip(points, labels):
            result.append(encode(point[None])[0] + vector(f"point_embeddings.{label}"))
        if len(points) and box is None:
            result.append(vector("not_a_point_embed"))
        if box is not None:
            corners = encode(box.reshape(2, 2))
            result += [corners[i] + vector(f"point_embeddings.{2 + i}") for i in (0, 1)]
        return torch.stack(result) if result else self.w["mask_decoder.iou_token.weight"][:0]

    def dense(self, mask):
        if mask is None:
            return self.w["prompt_encoder.no_mask_embed.weight"].reshape(-1, 1, 1)
        name = "prompt_encoder.mask_downscaling"

        def convolve(index, x, stride):
            weight, bias = self.w[f"{name}.{index}.weight"], self.w[f"{name}.{index}.bias"]
            return F.conv2d(x[None], weight, bias, stride=stride)[0]

        x = mask.to(self.dtype)[None]
        x = F.gelu(self.image_norm(f"{name}.1", convolve(0, x, 2)))
        x = F.gelu(self.image_norm(f"{name}.4", convolve(3, x, 2)))
        return convolve(6, x, 1)

    def __call__(self, embedding, points=(), labels=(), box=None, mask=None):
        """All masks' logits and predicted IoUs."""
        channels, size, _ = embedding.shape
        centres = (torch.arange(size, dtype=self.dtype) + 0.5) / size
        grid = torch.stack(torch.meshgrid(centres, centres, indexing="xy"), -1)
        image_encoding = self.positional(grid).reshape(size * size, channels)
        image = (embedding.to(self.dtype) + self.dense(mask)).flatten(1).T
        mask_tokens = self.w["mask_decoder.mask_tokens.weight"]
        tokens = torch.cat(
            [self.w["mask_decoder.iou_token.weight"], mask_tokens, self.tokens(points, labels, box)]
        )
        encoding, x = tokens, tokens
        t, depth = "mask_decoder.transformer", 0
        while f"{t}.layers.{depth}.norm1.weight" in self.w:
            layer = f"{t}.layers.{depth}"
            if depth == 0:
                x = self.attention(f"{layer}.self_attn", x, x, x)
            else:
                x = x + self.attention(f"{layer}.self_attn", x + encoding, x + encoding, x)
            x = self.token_norm(f"{layer}.norm1", x)
            name = f"{layer}.cross_attn_token_to_image"
            x = x + self.attention(name, x + encoding, image + image_encoding, image)
            x = self.token_norm(f"{layer}.norm2", x)
            hidden = F.relu(self.linear(f"{layer}.mlp.lin1", x))
            x = self.token_norm(f"{layer}.norm3", x + self.linear(f"{layer}.mlp.lin2", hidden))
            name = f"{layer}.cross_attn_image_to_token"
            image = image + self.attention(name, image + image_encoding, x + encoding, x)
            image = self.token_norm(f"{layer}.norm4", image)
            depth += 1
        name = f"{t}.final_attn_token_to_image"
        x = x + self.attention(name, x + encoding, image + image_encoding, image)
        x = self.token_norm(f"{t}.norm_final_attn", x)

        def upscale(index, features):
            name = f"mask_decoder.output_upscaling.{index}"
            weight, bias = self.w[f"{name}.weight"], self.w[f"{name}.bias"]
            return F.conv_transpose2d(features[None], weight, bias, stride=2)[0]

        features = upscale(0, image.T.reshape(channels, size, size))
        features = F.gelu(self.image_norm("mask_decoder.output_upscaling.1", features))
        features = F.gelu(upscale(3, features))
        name = "mask_decoder.output_hypernetworks_mlps"
        count = mask_tokens.shape[0]
        kernels = torch.stack([self.mlp(f"{name}.{i}", x[1 + i]) for i in range(count)])
        masks = (kernels @ features.flatten(1)).reshape(count, 4 * size, 4 * size)
        return masks, self.mlp("mask_decoder.iou_prediction_head", x[0])


def arguments(prompt, tensors):
    """A golden file's prompt in pixels of the input; the image is 1800x1200, resized to 1024x683."""
    scale = torch.tensor([1024 / 1800, 683 / 1200], dtype=torch.float64)
    scaled = lambda values: (torch.tensor(values, dtype=torch.float64).reshape(-1, 2) * scale).float()
    result = {}
    if "point_coords" in prompt:
        result["points"] = scaled(prompt["point_coords"])
        result["labels"] = prompt["point_labels"]
    if "box" in prompt:
        result["box"] = scaled(prompt["box"])
    if "mask_from" in prompt:
        source = f"truck.{prompt['mask_from']}.multi"
        result["mask"] = tensors[f"{source}.low_res"][tensors[f"{source}.iou"].argmax()]
    return result


def large(folder, name, extension):
    golden, metadata = load(folder / f"{name}.safetensors")
    prompts = json.loads(metadata["prompts"])
    weights = torch.load(folder / f"{name}{extension}", weights_only=True)
    weights = {k: v for k, v in weights.items() if not k.startswith("image_encoder")}
    softened = {
        k: v / 256 if "q_proj" in k and any(a in k for a in IMAGE_ATTENTIONS) else v
        for k, v in weights.items()
    }
    embedding = golden["truck.embedding"][0]
    results = {}
    for prompt_name, prompt in prompts.items():
        if f"truck.{prompt_name}.multi.iou" not in golden:
            continue
        call = arguments(prompt, golden)
        masks, _ = Decoder(weights, torch.float32)(embedding, **call)
        exact, _ = Decoder(weights, torch.float64)(embedding, **call)
        for kind, which in (("multi", slice(1, 4)), ("single", slice(0, 1))):
            reference = golden[f"truck.{prompt_name}.{kind}.low_res"].double()
            deviation = reference.std()
            check = (masks[which].double() - reference).pow(2).mean().sqrt() / deviation
            rounding = (exact[which] - reference).pow(2).mean().sqrt() / deviation
            largest = (exact[which] - reference).abs().max() / deviation
            print(f"{name} {prompt_name} {kind}: float32 differs by {check:.1e}, float64 by {rounding:.1e} (largest {largest:.1e})")
            assert check < 1e-3, "not the reference's formulas"
        masks, iou = Decoder(softened, torch.float64)(embedding, **call)
        # An odd step meets every one of the 16 pixels of a position.
        results[f"{prompt_name}.low_res"] = masks[:, ::9, ::9]
        results[f"{prompt_name}.iou"] = iou
    save(HERE / f"{name}_softened.safetensors", results, {"query_divisor": "256", "step": "9"})


def small():
    """A decoder in which no two sizes are alike, and that needs no golden file."""
    torch.manual_seed(1)
    channels, inner, size, hidden, masks = 24, 12, 6, 40, 3
    middle, upscaled, mask_inner, mask_outer = 10, 7, 3, 5
    weights = {}

    def matrix(name, *shape, fan_in=None):
        weights[name] = torch.randn(shape) / math.sqrt(fan_in or shape[-1])

    def vector(name, length):
        weights[name] = torch.randn(length) * 0.2

    def linear(name, inputs, outputs):
        matrix(f"{name}.weight", outputs, inputs)
        vector(f"{name}.bias", outputs)

    def norm(name, length):
        weights[f"{name}.weight"] = 1 + torch.randn(length) * 0.2
        vector(f"{name}.bias", length)

    def attention(name, width):
        for projection in ("q_proj", "k_proj", "v_proj"):
            linear(f"{name}.{projection}", channels, width)
        linear(f"{name}.out_proj", width, channels)

    p = "prompt_encoder"
    matrix(f"{p}.pe_layer.positional_encoding_gaussian_matrix", 2, channels // 2, fan_in=1)
    for i in range(4):
        matrix(f"{p}.point_embeddings.{i}.weight", 1, channels, fan_in=1)
    matrix(f"{p}.not_a_point_embed.weight", 1, channels, fan_in=1)
    matrix(f"{p}.no_mask_embed.weight", 1, channels, fan_in=1)
    m = f"{p}.mask_downscaling"
    matrix(f"{m}.0.weight", mask_inner, 1, 2, 2, fan_in=4)
    vector(f"{m}.0.bias", mask_inner)
    norm(f"{m}.1", mask_inner)
    matrix(f"{m}.3.weight", mask_outer, mask_inner, 2, 2, fan_in=4 * mask_inner)
    vector(f"{m}.3.bias", mask_outer)
    norm(f"{m}.4", mask_outer)
    matrix(f"{m}.6.weight", channels, mask_outer, 1, 1, fan_in=mask_outer)
    vector(f"{m}.6.bias", channels)
    d = "mask_decoder"
    for i in range(3):
        layer = f"{d}.transformer.layers.{i}"
        attention(f"{layer}.self_attn", channels)
        attention(f"{layer}.cross_attn_token_to_image", inner)
        attention(f"{layer}.cross_attn_image_to_token", inner)
        linear(f"{layer}.mlp.lin1", channels, hidden)
        linear(f"{layer}.mlp.lin2", hidden, channels)
        for j in range(1, 5):
            norm(f"{layer}.norm{j}", channels)
    attention(f"{d}.transformer.final_attn_token_to_image", inner)
    norm(f"{d}.transformer.norm_final_attn", channels)
    matrix(f"{d}.iou_token.weight", 1, channels, fan_in=1)
    matrix(f"{d}.mask_tokens.weight", masks, channels, fan_in=1)
    matrix(f"{d}.output_upscaling.0.weight", channels, middle, 2, 2, fan_in=channels)
    vector(f"{d}.output_upscaling.0.bias", middle)
    norm(f"{d}.output_upscaling.1", middle)
    matrix(f"{d}.output_upscaling.3.weight", middle, upscaled, 2, 2, fan_in=middle)
    vector(f"{d}.output_upscaling.3.bias", upscaled)
    for i in range(masks):
        linear(f"{d}.output_hypernetworks_mlps.{i}.layers.0", channels, 11)
        linear(f"{d}.output_hypernetworks_mlps.{i}.layers.1", 11, upscaled)
    linear(f"{d}.iou_prediction_head.layers.0", channels, 9)
    linear(f"{d}.iou_prediction_head.layers.1", 9, 8)
    linear(f"{d}.iou_prediction_head.layers.2", 8, 5)
    linear(f"{d}.iou_prediction_head.layers.3", 5, masks)

    # The input's side is no power of two, so that a forgotten division shows.
    heads, input_size = 3, 90
    save(
        RUNTIME_DATA / "small_decoder.safetensors",
        weights,
        {"num_heads": str(heads), "input_size": str(input_size)},
    )
    decoder = Decoder(weights, torch.float64, heads, input_size)
    embedding = torch.randn(channels, size, size)
    mask = torch.randn(4 * size, 4 * size) * 5
    points = torch.tensor([[10.0, 20.0], [70.0, 33.0], [89.0, 0.0]])
    box = torch.tensor([5.0, 8.0, 60.0, 77.0])
    prompts = {
        "point": {"points": points[:1], "labels": [1]},
        "points": {"points": points, "labels": [1, 0, 1]},
        "box": {"box": box},
        "box_points": {"box": box, "points": points[1:], "labels": [0, 1]},
        "mask": {"mask": mask},
        "all": {"box": box, "points": points[1:], "labels": [0, 1], "mask": mask},
    }
    results = {"embedding": embedding, "mask": mask}
    for name, prompt in prompts.items():
        results[f"{name}.low_res"], results[f"{name}.iou"] = decoder(embedding, **prompt)
    save(RUNTIME_DATA / "small_decoder_expected.safetensors", results, {})


if __name__ == "__main__":
    torch.set_num_threads(1)
    with torch.no_grad():
        small()
        large(Path(sys.argv[1]), "mobile_sam_random", ".pt")
        large(Path(sys.argv[1]), "sam_vit_small_random", ".pth")

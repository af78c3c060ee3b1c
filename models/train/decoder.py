"""SAM's prompt encoder and mask decoder, with the public state dictionary's names, at any dimension."""

import math

import torch
from torch import nn
from torch.nn import functional as F

EMBEDDING_STRIDE = 16


class LayerNorm2d(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(channels))
        self.bias = nn.Parameter(torch.zeros(channels))

    def forward(self, x):
        x = x.permute(0, 2, 3, 1)
        return F.layer_norm(x, x.shape[-1:], self.weight, self.bias, 1e-6).permute(0, 3, 1, 2)


class PositionEncoding(nn.Module):
    """Random Fourier features of points in 0..1."""

    def __init__(self, dim):
        super().__init__()
        self.register_buffer("positional_encoding_gaussian_matrix", torch.randn(2, dim // 2))

    def forward(self, unit):
        """Points in 0..1 of the model's input, x first, [..., 2] -> [..., dim]."""
        x, y = (2 * unit.float() - 1).unbind(-1)
        across, down = self.positional_encoding_gaussian_matrix
        # Not as a matrix product: mixed precision would round the angles to a quarter of a radian.
        angles = 2 * math.pi * (x.unsqueeze(-1) * across + y.unsqueeze(-1) * down)
        return torch.cat([angles.sin(), angles.cos()], -1)


class PromptEncoder(nn.Module):
    def __init__(self, dim, mask_channels=16):
        super().__init__()
        self.pe_layer = PositionEncoding(dim)
        self.point_embeddings = nn.ModuleList(nn.Embedding(1, dim) for _ in range(4))
        self.not_a_point_embed = nn.Embedding(1, dim)
        self.no_mask_embed = nn.Embedding(1, dim)
        self.mask_downscaling = nn.Sequential(
            nn.Conv2d(1, mask_channels // 4, 2, 2),
            LayerNorm2d(mask_channels // 4),
            nn.GELU(),
            nn.Conv2d(mask_channels // 4, mask_channels, 2, 2),
            LayerNorm2d(mask_channels),
            nn.GELU(),
            nn.Conv2d(mask_channels, dim, 1),
        )

    def points(self, coordinates, labels, input_size):
        """Pixels of an input of `input_size` [N, K, 2] and labels [N, K] (-1 padding, 0, 1, 2, 3) -> [N, K, dim]."""
        encoded = self.pe_layer((coordinates + 0.5) / input_size)
        table = torch.cat([self.not_a_point_embed.weight] + [e.weight for e in self.point_embeddings])
        return encoded * (labels >= 0).unsqueeze(-1) + table[labels + 1]

    def grid(self, cells):
        """Encodings [cells * cells, dim] of the embedding's cells, row by row."""
        centres = (torch.arange(cells, device=self.no_mask_embed.weight.device) + 0.5) / cells
        return self.pe_layer(torch.stack(torch.meshgrid(centres, centres, indexing="xy"), -1)).flatten(0, 1)


class Attention(nn.Module):
    def __init__(self, dim, heads, downsample=1):
        super().__init__()
        self.heads = heads
        inner = dim // downsample
        self.q_proj, self.k_proj, self.v_proj = (nn.Linear(dim, inner) for _ in range(3))
        self.out_proj = nn.Linear(inner, dim)

    def forward(self, q, k, v):
        q, k, v = (self.heads_of(layer, x) for layer, x in ((self.q_proj, q), (self.k_proj, k), (self.v_proj, v)))
        weights = (q @ k.transpose(-1, -2) / math.sqrt(q.shape[-1])).softmax(-1)
        return self.out_proj((weights.to(v.dtype) @ v).transpose(1, 2).flatten(2))


    def heads_of(self, layer, x):
        """A projection of tokens [N, T, dim] -> [N, heads, T, channels]."""
        return layer(x).unflatten(-1, (self.heads, -1)).transpose(1, 2)

    def keys(self, asking, layer):
        """What each head of each of the queries (or keys) `asking` [N, heads, T, channels] looks for in features that `layer`
        would project: [N, heads * T, dim]. Tokens are few, so this is far less than projecting every place of an image."""
        kernel = layer.weight.unflatten(0, (self.heads, -1))
        return (asking @ kernel / math.sqrt(asking.shape[-1])).flatten(1, 2)

    def from_image(self, q, placed, image):
        """Tokens q [N, T, dim] attend to an image [N, P, dim], `placed` with its encodings of position: what
        `self(q, placed, image)` says. The bias of keys is the same for all places, so it counts for nothing."""
        scores = self.keys(self.heads_of(self.q_proj, q), self.k_proj) @ placed.transpose(1, 2)
        seen = (scores.softmax(-1) @ image).unflatten(1, (self.heads, -1))
        kernel = self.v_proj.weight.unflatten(0, (self.heads, -1))
        return self.out_proj((seen @ kernel.transpose(1, 2)).transpose(1, 2).flatten(2) + self.v_proj.bias)

    def to_image(self, placed, k, v):
        """An image with its encodings of position [N, P, dim] attends to tokens k, v [N, T, dim]: what `self(placed, k, v)`
        says."""
        k, v = self.heads_of(self.k_proj, k), self.heads_of(self.v_proj, v)
        bias = k @ self.q_proj.bias.unflatten(0, (self.heads, -1, 1)) / math.sqrt(k.shape[-1])
        scores = torch.baddbmm(bias.flatten(1, 2), self.keys(k, self.q_proj), placed.transpose(1, 2))
        # Softmax over tokens with places innermost runs along the places.
        weights = scores.unflatten(1, (self.heads, -1)).softmax(2).flatten(1, 2)
        told = v @ self.out_proj.weight.unflatten(1, (self.heads, -1)).permute(1, 2, 0)
        return weights.transpose(1, 2) @ told.flatten(1, 2) + self.out_proj.bias


class MLP(nn.Module):
    """Linear layers with ReLU between them."""

    def __init__(self, *sizes):
        super().__init__()
        self.layers = nn.ModuleList(nn.Linear(a, b) for a, b in zip(sizes, sizes[1:]))

    def forward(self, x):
        for index, layer in enumerate(self.layers):
            x = layer(x if index == 0 else F.relu(x))
        return x


class TokenMLP(nn.Module):
    def __init__(self, dim, hidden):
        super().__init__()
        self.lin1, self.lin2 = nn.Linear(dim, hidden), nn.Linear(hidden, dim)

    def forward(self, x):
        return self.lin2(F.relu(self.lin1(x)))


class Block(nn.Module):
    def __init__(self, dim, heads, hidden, first):
        super().__init__()
        self.first = first
        self.self_attn = Attention(dim, heads)
        self.cross_attn_token_to_image = Attention(dim, heads, 2)
        self.mlp = TokenMLP(dim, hidden)
        self.cross_attn_image_to_token = Attention(dim, heads, 2)
        self.norm1, self.norm2, self.norm3, self.norm4 = (nn.LayerNorm(dim) for _ in range(4))

    def forward(self, tokens, image, token_pe, image_pe):
        if self.first:
            tokens = self.self_attn(tokens, tokens, tokens)
        else:
            q = tokens + token_pe
            tokens = tokens + self.self_attn(q, q, tokens)
        tokens = self.norm1(tokens)
        placed = image + image_pe
        tokens = self.norm2(tokens + self.cross_attn_token_to_image.from_image(tokens + token_pe, placed, image))
        tokens = self.norm3(tokens + self.mlp(tokens))
        image = self.norm4(image + self.cross_attn_image_to_token.to_image(placed, tokens + token_pe, tokens))
        return tokens, image


class Transformer(nn.Module):
    def __init__(self, dim, heads, hidden, depth):
        super().__init__()
        self.layers = nn.ModuleList(Block(dim, heads, hidden, index == 0) for index in range(depth))
        self.final_attn_token_to_image = Attention(dim, heads, 2)
        self.norm_final_attn = nn.LayerNorm(dim)

    def forward(self, image, image_pe, tokens):
        token_pe = tokens
        for layer in self.layers:
            tokens, image = layer(tokens, image, token_pe, image_pe)
        update = self.final_attn_token_to_image.from_image(tokens + token_pe, image + image_pe, image)
        return self.norm_final_attn(tokens + update), image


class MaskDecoder(nn.Module):
    MASKS = 4

    def __init__(self, dim, heads=8, hidden=512, depth=2):
        super().__init__()
        self.transformer = Transformer(dim, heads, hidden, depth)
        self.iou_token = nn.Embedding(1, dim)
        self.mask_tokens = nn.Embedding(self.MASKS, dim)
        self.output_upscaling = nn.Sequential(
            nn.ConvTranspose2d(dim, dim // 4, 2, 2),
            LayerNorm2d(dim // 4),
            nn.GELU(),
            nn.ConvTranspose2d(dim // 4, dim // 8, 2, 2),
            nn.GELU(),
        )
        self.output_hypernetworks_mlps = nn.ModuleList(MLP(dim, dim, dim, dim // 8) for _ in range(self.MASKS))
        self.iou_prediction_head = MLP(dim, dim, dim, self.MASKS)

    def forward(self, image, half, quarter, image_pe, prompts):
        """A square image with the dense prompt added [N, P, dim], fine features to add while upscaling [N, P, dim] and
        [N, P, 2 * dim], encodings [P, dim], prompts [N, K, dim] -> logits [N, 4, 4h, 4h] (the single mask, then three;
        P = h * h) and predicted IoUs [N, 4]."""
        side = math.isqrt(image.shape[1])
        own = torch.cat([self.iou_token.weight, self.mask_tokens.weight]).expand(len(prompts), -1, -1)
        tokens = torch.cat([own, prompts], 1)
        tokens, image = self.transformer(image, image_pe, tokens)
        rows = torch.stack([mlp(tokens[:, 1 + i]) for i, mlp in enumerate(self.output_hypernetworks_mlps)], 1)
        fine = self.upscale(image, half, quarter)
        logits = fine @ rows.to(fine.dtype).transpose(1, 2)
        # [N, h, w, rows of 2, columns of 2, rows of 2, columns of 2, masks] in the order of the picture.
        logits = logits.view(-1, side, side, 2, 2, 2, 2, self.MASKS).permute(0, 7, 1, 3, 5, 2, 4, 6)
        logits = logits.reshape(len(logits), self.MASKS, 4 * side, 4 * side)
        return logits.float(), self.iou_prediction_head(tokens[:, 0]).float()

    def upscale(self, image, half, quarter):
        """`output_upscaling` of [N, h * w, dim] -> [N, h * w * 16, dim / 8], 16 places of each cell in its order. As
        kernels are of the stride's size, transposed convolutions are products, and channels stay last all the way."""
        first, norm, activation, second, _ = self.output_upscaling
        image = spread(first, image)
        image = F.layer_norm(image + half.reshape(image.shape), norm.weight.shape, norm.weight, norm.bias, 1e-6)
        image = spread(second, activation(image))
        return activation(image + quarter.reshape(image.shape))


def spread(layer, x):
    """A transposed convolution of kernel and stride 2 over the places [N, P, in] -> [N, P * 4, out]."""
    kernel = layer.weight.permute(2, 3, 1, 0).flatten(0, 2)
    return F.linear(x, kernel, layer.bias.repeat(4)).reshape(len(x), -1, layer.out_channels)

"""Encoder, prompt encoder and mask decoder together, and the head that dense training adds."""

import torch
from torch import nn

from decoder import EMBEDDING_STRIDE, MaskDecoder, PromptEncoder
from encoder import Encoder

INPUT_SIZE = 512
DIM = 128
EMBEDDING_CHANNELS = 4 * DIM
MEAN = (123.675, 116.28, 103.53)
STD = (58.395, 57.12, 57.375)


class DenseHead(nn.Module):
    """Embedding -> at stride 4: two vectors a position, one for wholes and one for finest pieces, whose directions
    count, and two boundary logits. Used in training only."""

    VECTOR = 32

    def __init__(self, dim):
        super().__init__()
        self.up = nn.Sequential(
            nn.ConvTranspose2d(dim, 96, 2, 2), nn.ReLU(), nn.ConvTranspose2d(96, 2 * self.VECTOR + 2, 2, 2)
        )

    def forward(self, embedding):
        embedding = embedding[:, : self.up[0].in_channels]
        whole, piece, edges = self.up(embedding).split([self.VECTOR, self.VECTOR, 2], 1)
        return whole, piece, edges.float()


class Model(nn.Module):
    def __init__(self, dim=DIM, **encoder):
        super().__init__()
        self.image_encoder = Encoder(dim, **encoder)
        self.prompt_encoder = PromptEncoder(dim)
        self.mask_decoder = MaskDecoder(dim)
        self.dense_head = DenseHead(dim)

    def decode(self, embedding, index, coordinates, labels, masks=None):
        """Prompts [N, K], pixels of the input, on images `index` [N] of `embedding` [B, 4 * dim, h, h]. Inputs of any
        size share one encoding of position, relative to the size."""
        cells = embedding.shape[-1]
        prompts = self.prompt_encoder.points(coordinates, labels, cells * EMBEDDING_STRIDE)
        if masks is None:
            dense = self.prompt_encoder.no_mask_embed.weight
        else:
            dense = rows(self.prompt_encoder.mask_downscaling(masks.unsqueeze(1)))
        dim = dense.shape[-1]
        image, half, quarter = rows(embedding).index_select(0, index).split([dim, dim, 2 * dim], 2)
        return self.mask_decoder(image + dense, half, quarter, self.prompt_encoder.grid(cells), prompts)


def rows(image):
    """[N, C, h, w] -> [N, h * w, C], places one after another."""
    return image.flatten(2).transpose(1, 2).contiguous()


def normalise(rgb):
    """Bytes [B, H, W, 3] -> the encoder's input [B, 3, H, W]."""
    mean = torch.tensor(MEAN, device=rgb.device)
    std = torch.tensor(STD, device=rgb.device)
    return ((rgb.float() - mean) / std).permute(0, 3, 1, 2)


def mixed_precision(device):
    """bfloat16 for what may be in it, where the machine multiplies it; elsewhere converting costs more than it saves."""
    kind, processor = device.split(":")[0], torch.cpu.get_capabilities()
    fast = kind != "cpu" or processor.get("amx_bf16", False) or processor.get("avx512_bf16", False)
    return torch.autocast(kind, torch.bfloat16, enabled=fast)

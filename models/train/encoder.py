"""The image encoder: plain convolutions, ReLU, batch norms that fold away; made to be quantised."""

import torch
from torch import nn


def convolution(inputs, outputs, kernel, stride=1, relu=True):
    """Convolution, batch norm and, unless told otherwise, ReLU. Kernels of the stride's size do not pad."""
    layers = [
        nn.Conv2d(inputs, outputs, kernel, stride, 1 if kernel == 3 else 0, bias=False),
        nn.BatchNorm2d(outputs),
    ]
    return nn.Sequential(*layers, nn.ReLU(inplace=True)) if relu else nn.Sequential(*layers)


class Residual(nn.Module):
    """Two 3x3 convolutions around a shortcut; `width` is the number of channels between them."""

    def __init__(self, channels, width):
        super().__init__()
        self.first = convolution(channels, width, 3)
        self.second = convolution(width, channels, 3, relu=False)
        self.relu = nn.ReLU(inplace=True)

    def forward(self, x):
        return self.relu(x + self.second(self.first(x)))


class Bottleneck(nn.Module):
    """A 3x3 convolution at `width` channels between two 1x1 ones, around a shortcut."""

    def __init__(self, channels, width):
        super().__init__()
        self.body = nn.Sequential(
            convolution(channels, width, 1), convolution(width, width, 3), convolution(width, channels, 1, relu=False)
        )
        self.relu = nn.ReLU(inplace=True)

    def forward(self, x):
        return self.relu(x + self.body(x))


class Encoder(nn.Module):
    """[N, 3, S, S], normalised -> [N, 4 * dim, S/16, S/16].

    Strides 4, 8, 16 and 32 all feed the first `dim` channels, each folded to stride 16 by a convolution whose
    kernel is its stride. Behind them come the fine features that the decoder adds while it upscales (SAM 2's
    high-resolution features): `dim` channels hold dim / 4 at 2 x 2 places of each cell, 2 * dim hold dim / 8 at
    4 x 4 places.
    """

    def __init__(self, dim=128, widths=(16, 32, 64, 128, 192), depths=(2, 5, 5, 8)):
        super().__init__()
        stem, fine, middle, coarse, context = widths
        self.stem = convolution(3, stem, 3, 2)
        self.fine = nn.Sequential(
            convolution(stem, fine, 3, 2), *(Bottleneck(fine, fine // 2) for _ in range(depths[0]))
        )
        self.middle = nn.Sequential(
            convolution(fine, middle, 3, 2), *(Residual(middle, middle) for _ in range(depths[1]))
        )
        self.coarse = nn.Sequential(
            convolution(middle, coarse, 3, 2), *(Residual(coarse, coarse // 2) for _ in range(depths[2]))
        )
        self.context = nn.Sequential(
            convolution(coarse, context, 3, 2), *(Bottleneck(context, context // 2) for _ in range(depths[3]))
        )
        self.from_context = convolution(context, dim, 1, relu=False)
        self.from_coarse = convolution(coarse, dim, 1, relu=False)
        self.from_middle = convolution(middle, dim, 2, 2, relu=False)
        self.from_fine = convolution(fine, dim, 4, 4, relu=False)
        self.relu = nn.ReLU(inplace=True)
        self.neck = nn.Sequential(Residual(dim, dim), nn.Conv2d(dim, dim, 1))
        # They start as nothing: a decoder that never saw them goes on from where it was.
        self.add_at_half, self.add_at_quarter = nn.Conv2d(middle, dim // 4, 1), nn.Conv2d(fine, dim // 8, 1)
        for layer in (self.add_at_half, self.add_at_quarter):
            nn.init.zeros_(layer.weight)
            nn.init.zeros_(layer.bias)

    def forward(self, image):
        fine = self.fine(self.stem(image))
        middle = self.middle(fine)
        coarse = self.coarse(middle)
        context = self.from_context(self.context(coarse))
        context = nn.functional.interpolate(context, scale_factor=2.0, mode="nearest")
        joined = context + self.from_coarse(coarse) + self.from_middle(middle) + self.from_fine(fine)
        added = places_first(self.add_at_half(middle)), places_first(places_first(self.add_at_quarter(fine)))
        return torch.cat([self.neck(self.relu(joined)), *added], 1)


def places_first(x):
    """[N, C, 2h, 2w] -> [N, 4 * C, h, w]: the channels of a cell's upper left place, then of its upper right, lower
    left and lower right place."""
    n, channels, height, width = x.shape
    x = x.reshape(n, channels, height // 2, 2, width // 2, 2)
    return x.permute(0, 3, 5, 1, 2, 4).reshape(n, 4 * channels, height // 2, width // 2)


def multiply_adds(model, size):
    """Multiply-adds of the convolutions for one image of `size` pixels a side."""
    total = 0

    def count(module, _, output):
        nonlocal total
        kernel = module.kernel_size[0] * module.kernel_size[1]
        total += output.numel() * module.in_channels * kernel // module.groups

    hooks = [m.register_forward_hook(count) for m in model.modules() if isinstance(m, nn.Conv2d)]
    with torch.no_grad():
        model.eval()(torch.zeros(1, 3, size, size))
    for hook in hooks:
        hook.remove()
    return total

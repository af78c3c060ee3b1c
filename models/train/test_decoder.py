"""Attention between tokens and an image, as factors and as it is written in the paper, gives the same."""

import torch

from decoder import Attention


def main():
    torch.manual_seed(1)
    for tokens, places, downsample in ((7, 64, 2), (9, 36, 1), (12, 4, 4)):
        attention = Attention(32, 4, downsample).double()
        asked = torch.randn(3, tokens, 32, dtype=torch.double)
        image = torch.randn(3, places, 32, dtype=torch.double)
        placed = image + torch.randn(places, 32, dtype=torch.double)
        torch.testing.assert_close(attention.from_image(asked, placed, image), attention(asked, placed, image))
        torch.testing.assert_close(attention.to_image(placed, asked, 2 * asked), attention(placed, asked, 2 * asked))


if __name__ == "__main__":
    main()

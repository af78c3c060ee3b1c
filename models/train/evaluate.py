"""The held-out score: one click or one box on things of images that training never saw, at full size."""

import numpy as np
import torch

import clicks
import data
from losses import overlap
from model import mixed_precision, normalise


@torch.no_grad()
def evaluate(model, held_out, images, device, per_image=4):
    """mIoU over `per_image` things of each of `images` images: a click at the centre or anywhere (best of three,
    top-scored), and a box. `score` is their mean."""
    model.eval()
    rng = np.random.default_rng(0)
    found = {"oracle": [], "top": [], "box": []}
    for number in range(min(images, len(held_out))):
        rgb, labels, parents, _ = held_out.get(number)
        levels = data.chains(parents)[labels].transpose(2, 0, 1)
        example = data.Example(rgb, levels, (0, 0))
        with mixed_precision(device):
            picture = normalise(torch.from_numpy(np.array(rgb)).unsqueeze(0).to(device))
            embedding = model.image_encoder(picture.contiguous(memory_format=torch.channels_last))
            for boxes in (False, True):
                drawn = clicks.first_prompts(rng, [example], per_image, boxes)
                if drawn is None:
                    continue
                index, targets, _, _, coordinates, signs = (part.to(device) for part in drawn)
                logits, predicted = model.decode(embedding, index, coordinates, signs)
                reached = overlap(logits, targets.unsqueeze(1))
                if boxes:
                    found["box"] += reached[:, 0].tolist()
                else:
                    three = reached[:, 1:]
                    best = predicted[:, 1:].argmax(1, keepdim=True)
                    found["oracle"] += three.max(1).values.tolist()
                    found["top"] += three.gather(1, best).squeeze(1).tolist()
    means = {name: round(float(np.mean(values)), 4) for name, values in found.items()}
    return {**means, "score": round(float(np.mean(list(means.values()))), 4)}

"""Simulated people: the first prompt, and the next ones where the last answer was wrong."""

import cv2
import numpy as np
import torch

import data
from data import STRIDE


def first_prompts(rng, examples, per_image, boxes):
    """Targets and first prompts on every example: one point each (with the padding point), or with `boxes` a noisy box
    each. -> images [N], targets [N, h, w], nested truths [N, 3, h, w] and their weights [N, 3], coordinates [N, 2, 2],
    labels [N, 2]; or None if there is nothing to click."""
    size = examples[0].rgb.shape[0]
    images, depths, nested, repeats, coordinates = [], [], [], [], []
    for index, example in enumerate(examples):
        drawn = data.draw_targets(rng, example.levels, per_image, smallest=max(24, size * size // 2600))
        if drawn is None:
            continue
        for depth, name, point in zip(*drawn):
            x, y = point.astype(int)
            chain = example.levels[:, y, x]
            masks = (example.levels == chain[:, None, None]).astype(np.uint8) * 255
            images.append(index)
            depths.append(depth)
            small = [cv2.resize(mask, (size // STRIDE,) * 2, interpolation=cv2.INTER_AREA) for mask in masks]
            nested.append(small)
            areas = [STRIDE * STRIDE / 255 * mask.sum() for mask in small]
            # A level that repeats its parent, or is a sliver, teaches nothing new.
            repeats.append([1.0, chain[1] != chain[0] and areas[1] > 24, chain[2] != chain[1] and areas[2] > 24])
            if boxes:
                box = data.bounding_box(masks[depth])
                coordinates.append(data.noisy_box(rng, box, size))
            else:
                coordinates.append(np.array([point, [0, 0]]))
    if not images:
        return None
    nested = torch.from_numpy(np.array(nested)).float() / 255
    depths = torch.tensor(np.array(depths))
    labels = torch.tensor([2, 3] if boxes else [1, -1]).repeat(len(images), 1)
    targets = nested[torch.arange(len(images)), depths]
    coordinates = torch.tensor(np.stack(coordinates), dtype=torch.float32)
    return torch.tensor(images), targets, nested, torch.tensor(repeats).float(), coordinates, labels


def error_points(logits, targets):
    """One more point a prompt, drawn from where thresholded logits [N, h, w] and targets differ (from the target where
    they agree): coordinates [N, 1, 2] in input pixels, labels [N, 1] (1 missed, 0 wrongly covered)."""
    ours, theirs = logits > 0, targets > 0.5
    wrong = (ours != theirs).flatten(1).float()
    weights = torch.where(wrong.sum(1, keepdim=True) > 0, wrong, theirs.flatten(1).float() + 1e-9)
    pick = torch.multinomial(weights, 1)
    width = targets.shape[-1]
    cell = torch.cat([pick % width, pick // width], 1).float()
    points = (cell + torch.rand_like(cell)) * STRIDE
    return points.unsqueeze(1), theirs.flatten(1).gather(1, pick).long()

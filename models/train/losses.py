"""What training minimises."""

import itertools

import torch
from torch.nn import functional as F

PERMUTATIONS = torch.tensor(list(itertools.permutations(range(3))))


def mask_loss(logits, truth, focal_weight=20.0, balanced_weight=0.0):
    """Focal and dice, 20 : 1, of logits and soft truth [..., h, w] -> [...]; or, for a young decoder that would learn to
    answer nothing from them, cross-entropy with inside and outside weighted alike."""
    logits, truth = torch.broadcast_tensors(logits, truth)
    cross = F.binary_cross_entropy_with_logits(logits, truth, reduction="none")
    probability = logits.sigmoid()
    right = probability * truth + (1 - probability) * (1 - truth)
    balance = 0.25 * truth + 0.75 * (1 - truth)
    focal = (balance * cross * (1 - right) ** 2).mean((-1, -2))
    overlap = (probability * truth).sum((-1, -2))
    dice = 1 - (2 * overlap + 1) / (probability.sum((-1, -2)) + truth.sum((-1, -2)) + 1)
    if balanced_weight:
        inside = (cross * truth).sum((-1, -2)) / truth.sum((-1, -2)).clamp(min=1)
        outside = (cross * (1 - truth)).sum((-1, -2)) / (1 - truth).sum((-1, -2)).clamp(min=1)
        dice = dice + balanced_weight * (inside + outside) / 2
    return focal_weight * focal + dice


def overlap(logits, truth):
    """IoU of thresholded logits with thresholded truth [..., h, w] -> [...]."""
    ours, theirs = logits > 0, truth > 0.5
    both = (ours & theirs).sum((-1, -2))
    either = (ours | theirs).sum((-1, -2))
    return both / either.clamp(min=1)


def nested_loss(logits, truths, weights, *mask_weights):
    """Three masks [N, 3, h, w] against the nested truths of a point [N, 3, h, w] with weights [N, 3] (zero for one
    that repeats another): each truth is taught to the mask that the cheapest assignment gives it."""
    with torch.no_grad():
        # Every fourth pixel of every fourth row tells which goes with which.
        pairs = mask_loss(logits[:, :, None, ::4, ::4], truths[:, None, :, ::4, ::4], *mask_weights)
        costs = (pairs[:, PERMUTATIONS, torch.arange(3)] * weights.unsqueeze(1)).sum(-1)
        # Row n: the truth that each of the three masks is taught.
        owner = PERMUTATIONS.argsort(1).to(costs.device)[costs.argmin(1)]
    rows = torch.arange(len(logits)).unsqueeze(1)
    owned = weights[rows, owner]
    return (mask_loss(logits, truths[rows, owner], *mask_weights) * owned).sum(1) / weights.sum(1)


def dense_loss(whole, piece, edges, levels, positions=384):
    """Supervised contrast (cosine / 0.1) between positions drawn with weight 1 / sqrt(segment size), for wholes and
    for finest pieces, and cross-entropy of boundaries. `levels` [B, 3, S, S] at full size, features at a quarter."""
    names = levels[:, :, 2::4, 2::4].long()
    total = sum(contrast(vectors, names[:, level], positions) for vectors, level in ((whole, 0), (piece, 2)))
    truth = torch.stack([boundary(levels[:, 0]), boundary(levels[:, 2])], 1)
    weight = 1 + 4 * truth
    known = (levels[:, :1, 2::4, 2::4] != 255).float()
    edge = (F.binary_cross_entropy_with_logits(edges, truth, reduction="none") * weight * known).mean()
    return total / 2 + edge


def contrast(vectors, named, positions):
    """Mean over `positions` places of each image; vectors [B, C, h, w] of any length, names [B, h, w]."""
    named = named.flatten(1)
    sizes = torch.stack([torch.bincount(row, minlength=256) for row in named])
    weights = sizes.gather(1, named).float().rsqrt() * (named != 255)
    picks = torch.multinomial(weights, positions, replacement=True)
    drawn = vectors.flatten(2).gather(2, picks.unsqueeze(1).expand(-1, vectors.shape[1], -1))
    drawn = F.normalize(drawn.float(), dim=1)
    # A position drawn twice is no evidence.
    again = picks.unsqueeze(1) == picks.unsqueeze(2)
    labels = named.gather(1, picks)
    same = (labels.unsqueeze(1) == labels.unsqueeze(2)) & ~again
    log = (drawn.transpose(1, 2) @ drawn / 0.1).float().masked_fill(again, -1e4).log_softmax(2)
    return -(log.masked_fill(~same, 0).sum(2) / same.sum(2).clamp(min=1)).mean()


def boundary(names):
    """1 where a 4x4 block of labels [B, S, S] holds more than one, at a quarter of the size."""
    blocks = names.float().unsqueeze(1)
    return (F.max_pool2d(blocks, 5, 4, 2) != -F.max_pool2d(-blocks, 5, 4, 2)).float().squeeze(1)

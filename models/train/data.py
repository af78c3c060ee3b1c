"""Crops of procedural images, and the things in them that can be asked for."""

import glob
import math
import os

import cv2
import numpy as np
from safetensors import safe_open

NOTHING = 255
"""Label of padding, and parent of a node that has none."""


SHARES = {"flat": 2.0, "space": 1.0}
"""How often images of each style are drawn, as far as there are any."""


class Shards:
    """All shards STYLE-SEED.safetensors of a folder that are there by now; a generator may still be adding more."""

    def __init__(self, folder):
        self.folder, self.open = folder, {}
        self.refresh()

    def refresh(self):
        for path in sorted(glob.glob(f"{self.folder}/*.safetensors")):
            if path not in self.open:
                with safe_open(path, "np") as file:
                    rgb = file.get_slice("rgb")
                    count, size = rgb.get_shape()[:2]
                    meta = {name: file.get_tensor(name) for name in ("parents", "kinds")}
                self.open[path] = (np.memmap(path, np.uint8, "r"), offsets(path), count, size, meta)
        self.paths = list(self.open)

    def __len__(self):
        return sum(entry[2] for entry in self.open.values())

    def draw(self, rng):
        """Any image: first its style, by `SHARES`, then one of that style."""
        ranges, first = {}, 0
        for path in self.paths:
            style, count = os.path.basename(path).split("-")[0], self.open[path][2]
            ranges.setdefault(style, []).append((first, count))
            first += count
        styles = list(ranges)
        shares = np.array([SHARES[style] for style in styles])
        shards = ranges[styles[rng.choice(len(styles), p=shares / shares.sum())]]
        counts = np.array([count for _, count in shards])
        first, count = shards[rng.choice(len(shards), p=counts / counts.sum())]
        return self.get(int(first + rng.integers(count)))

    def get(self, index):
        for path in self.paths:
            count = self.open[path][2]
            if index < count:
                break
            index -= count
        raw, starts, _, size, meta = self.open[path]
        pixels = size * size
        rgb = raw[starts["rgb"] + index * pixels * 3 :][: pixels * 3].reshape(size, size, 3)
        labels = raw[starts["labels"] + index * pixels :][:pixels].reshape(size, size)
        return rgb, labels, meta["parents"][index], meta["kinds"][index]


def offsets(path):
    """Byte offset of every tensor of a safetensors file."""
    import json
    import struct

    with open(path, "rb") as file:
        length = struct.unpack("<Q", file.read(8))[0]
        header = json.loads(file.read(length))
    return {name: 8 + length + entry["data_offsets"][0] for name, entry in header.items() if name != "__metadata__"}


def chains(parents):
    """[255, 3] u8: for every label its whole, the part of it and the subpart of that; the last known one repeats."""
    table = np.full((256, 3), NOTHING, np.uint8)
    for label in range(255):
        chain = [label]
        while parents[chain[0]] != NOTHING:
            chain.insert(0, int(parents[chain[0]]))
        table[label] = [chain[0], chain[min(1, len(chain) - 1)], chain[min(2, len(chain) - 1)]]
    return table


class Example:
    """One crop: `rgb` [S, S, 3] u8 and `levels` [3, S, S] u8, the whole, part and subpart at each pixel."""

    def __init__(self, rgb, levels, padding):
        self.rgb, self.levels, self.padding = rgb, levels, padding


def crop(rng, image, size, whole):
    """A random square of an image at `size` pixels; `whole`: the entire image as often as not, and most of it otherwise.
    Flipped, recoloured and sometimes padded right and below, as photographs that are not square are."""
    rgb, labels, parents, _ = image
    full = len(rgb)
    # Elongated photographs are scaled by their longer side: the model sees padding.
    pad_x, pad_y = 0, 0
    if rng.random() < (0.6 if whole else 0.25):
        pad = int(size * rng.uniform(0.1, 0.45)) // 2 * 2
        pad_x, pad_y = (pad, 0) if rng.random() < 0.3 else (0, pad)
    smallest = full * 0.6 if whole else min(size, full) * 0.8
    side = int(math.exp(rng.uniform(math.log(smallest), math.log(full))))
    if whole and rng.random() < 0.5:
        side = full
    take_w, take_h = round(side * (size - pad_x) / size), round(side * (size - pad_y) / size)
    x, y = rng.integers(0, full - take_w + 1), rng.integers(0, full - take_h + 1)
    part, named = rgb[y : y + take_h, x : x + take_w], labels[y : y + take_h, x : x + take_w]
    target = (size - pad_x, size - pad_y)
    if part.shape[:2] != target[::-1]:
        part = cv2.resize(part, target, interpolation=cv2.INTER_AREA if side > size else cv2.INTER_LINEAR)
        named = cv2.resize(named, target, interpolation=cv2.INTER_NEAREST)
    if rng.random() < 0.5:
        part, named = cv2.flip(part, 1), cv2.flip(named, 1)
    part = recolour(rng, part)
    levels = np.full((3, size, size), NOTHING, np.uint8)
    for level, table in zip(levels, chains(parents).T):
        level[: size - pad_y, : size - pad_x] = cv2.LUT(named, np.ascontiguousarray(table))
    canvas = np.zeros((size, size, 3), np.uint8)
    canvas[: size - pad_y, : size - pad_x] = part
    return Example(canvas, levels, (pad_x, pad_y))


def recolour(rng, rgb):
    """Channels swapped, colour removed, light changed: what a thing is does not hang on them."""
    mix = np.eye(3, 4, dtype=np.float32)
    if rng.random() < 0.3:
        mix = mix[rng.permutation(3)]
    if rng.random() < 0.4:
        keep = rng.uniform(0, 1) if rng.random() < 0.5 else 1.0
        mix = (keep * mix + (1 - keep) * mix.mean(0)) * rng.uniform(0.6, 1.3)
        mix[:, 3] = rng.normal() * 8
    return cv2.transform(rgb, mix)


def paste(rng, example, donor):
    """Lays up to three whole things of `donor`, a crop of the same size, before what `example` shows (copy-paste, Ghiasi et
    al. 2021): no two steps see the same image, and things are cut up by others in ever new ways."""
    size = len(example.rgb)
    free = np.flatnonzero(sum(map(areas_of, example.levels))[:NOTHING] == 0)
    areas = areas_of(donor.levels[0])[:NOTHING]
    names = np.flatnonzero((areas > size * size / 400) & (areas < size * size / 5))
    known = example.levels[0] != NOTHING
    for whole in rng.permutation(names)[: rng.integers(1, 4)]:
        mask = donor.levels[0] == whole
        x0, y0, x1, y1 = bounding_box(mask)
        scale = min(math.exp(rng.uniform(math.log(0.5), math.log(1.6))), size / max(x1 - x0, y1 - y0))
        width, height = max(2, round((x1 - x0) * scale)), max(2, round((y1 - y0) * scale))
        cut = np.s_[y0:y1, x0:x1]
        names_cut = np.flatnonzero(areas_of(donor.levels[:, mask]))
        # A thing at the crop's edge is not seen whole: its outline there would be the crop's.
        if min(x0, y0) == 0 or max(x1, y1) == size or len(names_cut) > len(free):
            continue
        table = np.full(256, NOTHING, np.uint8)
        table[names_cut], free = free[: len(names_cut)], free[len(names_cut) :]
        solid = cv2.resize(mask[cut].astype(np.float32), (width, height), interpolation=cv2.INTER_AREA)
        rgb = cv2.resize(donor.rgb[cut], (width, height), interpolation=cv2.INTER_AREA)
        levels = table[donor.levels[:, y0:y1, x0:x1]].transpose(1, 2, 0)
        levels = cv2.resize(levels, (width, height), interpolation=cv2.INTER_NEAREST)
        if rng.random() < 0.5:
            solid, rgb, levels = solid[:, ::-1], rgb[:, ::-1], levels[:, ::-1]
        # Its middle is inside the picture, its edges need not be.
        left, top = (int(rng.integers(size)) - side // 2 for side in (width, height))
        here = np.s_[max(top, 0) : min(top + height, size), max(left, 0) : min(left + width, size)]
        there = np.s_[max(-top, 0) : min(height, size - top), max(-left, 0) : min(width, size - left)]
        cover = cv2.GaussianBlur(np.ascontiguousarray(solid), (0, 0), rng.uniform(0.4, 1.2))[there] * known[here]
        gain = rng.uniform(0.7, 1.2)
        shown = example.rgb[here] * (1 - cover[..., None]) + np.minimum(rgb[there] * gain, 255) * cover[..., None]
        example.rgb[here] = shown
        inside = (solid[there] > 0.5) & known[here] & (levels[there][..., 0] != NOTHING)
        example.levels[:, here[0], here[1]] = np.where(inside, levels[there].transpose(2, 0, 1), example.levels[:, here[0], here[1]])


STRIDE = 4
"""Pixels of the input per low-resolution mask pixel."""


def draw_targets(rng, levels, count, smallest):
    """`count` times a thing of the crop and a first point on it: levels [count] (0 whole, 1 part, 2 subpart), names
    [count], points [count, 2]. Objects of at least `smallest` pixels are drawn first (weight: square root of area, up to
    three times as much for those that fill little of their box, thin or cut up by what lies before them), then the depth
    asked for. Looks at every `STRIDE`th pixel of every `STRIDE`th row only."""
    levels = levels[:, STRIDE // 2 :: STRIDE, STRIDE // 2 :: STRIDE]
    smallest = smallest / STRIDE**2
    wholes, areas = np.unique(levels[0], return_counts=True)
    known = (wholes != NOTHING) & (areas >= smallest)
    wholes, areas = wholes[known], areas[known]
    if len(wholes) == 0:
        return None
    width = levels.shape[2]
    flat = levels.reshape(3, -1)
    weights = np.sqrt(areas) * (3 - 2 * np.array([filled(levels[0] == whole) for whole in wholes]))
    picks = []
    for whole in rng.choice(wholes, count, p=weights / weights.sum()):
        inside = np.flatnonzero(flat[0] == whole)
        pixel = inside[rng.integers(len(inside))]
        depth = rng.choice(3, p=(0.6, 0.28, 0.12))
        name = flat[depth, pixel]
        # The depth at which this name first appears: a thing without parts is its own part.
        while depth > 0 and flat[depth - 1, pixel] == name:
            depth -= 1
        mask = levels[depth] == name
        if mask.sum() < smallest:
            depth, name = 0, whole
            mask = levels[0] == whole
        point = centre(mask) if rng.random() < 0.5 else (pixel % width, pixel // width)
        picks.append((depth, name, [part * STRIDE + STRIDE // 2 for part in point]))
    depths, names, points = zip(*picks)
    return np.array(depths), np.array(names), np.array(points, np.float32)


def centre(mask):
    """The point of a mask that is farthest from its boundary; the frame's edge counts as boundary."""
    padded = cv2.copyMakeBorder(mask.astype(np.uint8), 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=0)
    distance = cv2.distanceTransform(padded, cv2.DIST_L2, 3)[1:-1, 1:-1]
    y, x = np.unravel_index(distance.argmax(), distance.shape)
    return x, y


def bounding_box(mask):
    """x0, y0, x1, y1 of a mask's pixels, the last column and row included."""
    columns, rows = np.flatnonzero(mask.any(0)), np.flatnonzero(mask.any(1))
    return columns[0], rows[0], columns[-1] + 1, rows[-1] + 1


def areas_of(labels):
    """[256]: how many pixels have each label."""
    return np.bincount(labels.ravel(), minlength=256)


def filled(mask):
    """The part of its box that a mask fills, in 0..1."""
    x0, y0, x1, y1 = bounding_box(mask)
    return mask.sum() / ((x1 - x0) * (y1 - y0))


def noisy_box(rng, box, size):
    """The box as it comes: exact from those who know the thing, and with noise of up to a tenth of its sides, at most 20
    pixels, from those in a hurry."""
    x0, y0, x1, y1 = box
    sides = np.array([x1 - x0, y1 - y0, x1 - x0, y1 - y0], np.float32)
    deviation = rng.uniform(0, 0.1) if rng.random() < 0.6 else 0.0
    noise = np.clip(rng.normal(size=4) * deviation * sides, -20, 20)
    x0, y0, x1, y1 = np.clip(np.array(box, np.float32) + noise, 0, size)
    return np.array([[min(x0, x1), min(y0, y1)], [max(x0, x1), max(y0, y1)]], np.float32)

"""Writes rle.json: masks with the run lengths and the compressed text that pycocotools gives them.

Needs numpy and pycocotools. A mask is stored as the x of the first and one past the last pixel of
every horizontal run, row by row, which is independent of the column-wise runs under test.
"""

import json
import pathlib

import numpy as np
from pycocotools import mask as coco


def ellipse(width, height, cx, cy, rx, ry):
    y, x = np.mgrid[:height, :width]
    return ((x - cx) / rx) ** 2 + ((y - cy) / ry) ** 2 <= 1


def only(width, height, *pixels):
    mask = np.zeros((height, width), bool)
    for x, y in pixels:
        mask[y, x] = True
    return mask


def masks():
    random = np.random.default_rng(7)
    yield "empty", np.zeros((5, 7), bool)
    yield "full", np.ones((5, 7), bool)
    yield "one pixel, empty", np.zeros((1, 1), bool)
    yield "one pixel, full", np.ones((1, 1), bool)
    yield "first pixel", only(6, 4, (0, 0))
    yield "last pixel", only(6, 4, (5, 3))
    yield "one row", np.array([[0, 1, 1, 0, 1]], bool)
    yield "one column", np.array([[1], [0], [0], [1]], bool)
    yield "checkerboard", np.indices((6, 9)).sum(0) % 2 == 0
    yield "noise", random.random((23, 31)) < 0.4
    # Runs of 15, 16, 17, 511, 512, 513 ..., where the number of characters changes.
    runs = [15, 16, 17, 1, 511, 512, 513, 2, 16383, 16384, 16385, 31, 32, 33, 1023, 1024]
    column = np.repeat(np.arange(len(runs)) % 2 == 1, runs)
    yield "group boundaries", column[:, None]
    # Each run far shorter or longer than the one two before it.
    runs = [3, 40000, 50000, 5, 7, 90000, 70000, 1, 1, 600, 33]
    column = np.repeat(np.arange(len(runs)) % 2 == 1, runs)
    yield "negative differences", column[:, None]
    yield "wider than a strip", ellipse(200, 90, 120, 40, 75, 33) & ~ellipse(200, 90, 130, 45, 20, 10)
    yield "long runs", ellipse(1800, 1200, 900, 600, 700, 590)


def main():
    vectors = []
    for name, mask in masks():
        height, width = mask.shape
        encoded = coco.encode(np.asfortranarray(mask.astype(np.uint8)))
        assert encoded["size"] == [height, width]
        edges = np.diff(np.pad(mask.astype(np.int8), ((0, 0), (1, 1))), axis=1)
        rows = [np.flatnonzero(row).tolist() for row in edges]
        # Equal rows are stored once, with how often they follow one another.
        packed = []
        for row in rows:
            if packed and packed[-1][1] == row:
                packed[-1][0] += 1
            else:
                packed.append([1, row])
        vectors.append(
            {
                "name": name,
                "size": [height, width],
                "rows": packed,
                "counts": encoded["counts"].decode("ascii"),
                "area": int(coco.area(encoded)),
                "bbox": [int(v) for v in coco.toBbox(encoded)],
            }
        )
    path = pathlib.Path(__file__).with_name("rle.json")
    lines = ",\n".join(json.dumps(vector, separators=(",", ":")) for vector in vectors)
    path.write_text(f"[\n{lines}\n]\n")


if __name__ == "__main__":
    main()

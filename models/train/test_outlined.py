"""What is outlined is drawn as its file says, and all that lies before a thing is cut out of it."""

import glob
import json
import os

import numpy as np

from outlined import HERE, SMALLEST_PIECE, masks, pieces

SQUARE = [[0, 0], [99, 0], [99, 59], [0, 59]]
BAR = [[40, 0], [59, 0], [59, 59], [40, 59]]


def main():
    drawn = masks({"bar": {"outlines": [BAR]}, "wall": {"outlines": [SQUARE], "before": ["bar"]}}, 1.0, (100, 60))
    assert (drawn["bar"] > 0).sum() == 20 * 60 and (drawn["wall"] > 0).sum() == 80 * 60
    found = dict(pieces(drawn))
    assert sorted(found) == ["bar 1", "wall 1", "wall 2"], sorted(found)
    assert all((mask > 0).sum() == 40 * 60 for name, mask in found.items() if name.startswith("wall"))
    # A quarter as wide it is too small to be a piece.
    small = masks({"bar": {"outlines": [BAR]}}, 0.25, (25, 15))
    assert (small["bar"] > 0).sum() < SMALLEST_PIECE and not list(pieces(small))

    files = sorted(glob.glob(os.path.join(HERE, "*.json")))
    assert len(files) == 2, files
    for path in files:
        with open(path) as file:
            outlined = json.load(file)
        for photograph, things in outlined.items():
            corners = [corner for thing in things.values() for outline in thing["outlines"] for corner in outline]
            size = tuple(np.max(corners, axis=0) + 1)
            assert np.min(corners) >= 0, photograph
            drawn = masks(things, 1.0, size)
            for name, mask in drawn.items():
                assert (mask > 0).any(), f"{photograph}: nothing of {name} is left"
            for name, thing in things.items():
                if "click" in thing:
                    x, y = thing["click"]
                    assert drawn[name][y, x] > 0, f"{photograph}: the click on {name} is beside it"


if __name__ == "__main__":
    main()

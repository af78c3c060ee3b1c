"""Makes a folder for `fixate eval` of photographs and of what is outlined in them.

    python3 outlined.py PHOTOGRAPHS... OUT [--outlines regions.json --pieces] [--width 481]

The outlines were drawn point by point, by eye and with no method of segmentation; they are a few pixels off in places, and nothing is
trained on them:

- outlined.json: things in four photographs of the Segment Anything project, dog.jpg, dogs.jpg, groceries.jpg and truck.jpg.
- regions.json: all that is in nine photographs, from things to sky and ground, as the Berkeley segmentation data set divides
  images. They come with scikit-image (skimage/data: astronaut, camera, chelsea, coffee, motorcycle_left, rocket), with
  scikit-learn (sklearn/datasets/images: china, flower) and with Rust's documentation (embedded-book/assets/f3.jpg).

A file names, for each thing, its `outlines` (polygons of pixels x, y), the things that lie `before` it and are listed before it, and
the `click` of those that CARD.md lists. PHOTOGRAPHS are the folders that have the photographs.
"""

import argparse
import json
import os

import cv2
import numpy as np

HERE = os.path.dirname(os.path.abspath(__file__))

# Pieces that are smaller nobody would point at, pixels of an image that is as wide as it is evaluated.
SMALLEST_PIECE = 250


def masks(things, scale, size):
    """Name -> [h, w] u8, 255 inside, of an image that is `size` (w, h) after scaling."""
    drawn = {}
    for name, thing in things.items():
        mask = np.zeros(size[::-1], np.uint8)
        for outline in thing["outlines"]:
            cv2.fillPoly(mask, [np.round(np.array(outline) * scale).astype(np.int32)], 255)
        for before in thing.get("before", []):
            mask[drawn[before] > 0] = 0
        drawn[name] = mask
    return drawn


def pieces(drawn):
    """Each piece that hangs together by itself: (name, mask)."""
    for name, mask in drawn.items():
        count, labels, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=4)
        for piece in range(1, count):
            if stats[piece, cv2.CC_STAT_AREA] >= SMALLEST_PIECE:
                yield f"{name} {piece}", np.where(labels == piece, 255, 0).astype(np.uint8)


def read(folders, photograph):
    for folder in folders:
        path = os.path.join(folder, photograph)
        if os.path.exists(path):
            image = cv2.imread(path)
            if image is None:
                raise SystemExit(f"{path} is not an image")
            return image
    raise SystemExit(f"{photograph} is in none of {', '.join(folders)}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("photographs", nargs="+", help="folders of the photographs")
    parser.add_argument("out", help="folder to write to")
    parser.add_argument("--outlines", default=os.path.join(HERE, "outlined.json"), help="what is outlined (outlined.json)")
    parser.add_argument("--pieces", action="store_true", help="each piece of a thing that hangs together is asked for by itself")
    parser.add_argument("--width", type=int, help="pixels of a row (as they are)")
    arguments = parser.parse_args()
    with open(arguments.outlines) as file:
        outlined = json.load(file)
    for photograph, things in outlined.items():
        image = read(arguments.photographs, photograph)
        width = image.shape[1]
        scale = (arguments.width or width) / width
        size = (round(width * scale), round(image.shape[0] * scale))
        if size[0] != width:
            image = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
        name = os.path.splitext(photograph)[0]
        os.makedirs(f"{arguments.out}/{name}_masks", exist_ok=True)
        cv2.imwrite(f"{arguments.out}/{name}.png", image)
        drawn = masks(things, scale, size)
        for thing, mask in pieces(drawn) if arguments.pieces else drawn.items():
            cv2.imwrite(f"{arguments.out}/{name}_masks/{thing.replace(' ', '_')}.png", mask)


if __name__ == "__main__":
    main()

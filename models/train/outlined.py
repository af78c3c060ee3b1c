"""Makes a folder for `fixate eval` of photographs and the outlines of things in them that outlined.json has.

    python3 outlined.py PHOTOGRAPHS OUT [--width 481]

The outlines were drawn by hand, a few pixels off in places, on four photographs of the Segment Anything project's: dog.jpg,
dogs.jpg, groceries.jpg and truck.jpg, which the folder PHOTOGRAPHS has. Nothing is trained on them. outlined.json names, for each
thing, its `outlines` (polygons of pixels x, y), the things that lie `before` it and are listed before it, and the `click` of
those that CARD.md lists.
"""

import argparse
import json
import os

import cv2
import numpy as np


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


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("photographs", help="folder of the four photographs")
    parser.add_argument("out", help="folder to write to")
    parser.add_argument("--width", type=int, help="pixels of a row (as they are)")
    arguments = parser.parse_args()
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "outlined.json")) as file:
        outlined = json.load(file)
    for photograph, things in outlined.items():
        path = os.path.join(arguments.photographs, photograph)
        image = cv2.imread(path)
        if image is None:
            parser.error(f"{path} is not there or not an image")
        width = image.shape[1]
        scale = (arguments.width or width) / width
        size = (round(width * scale), round(image.shape[0] * scale))
        if size[0] != width:
            image = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
        name = os.path.splitext(photograph)[0]
        os.makedirs(f"{arguments.out}/{name}_masks", exist_ok=True)
        cv2.imwrite(f"{arguments.out}/{name}.png", image)
        for thing, mask in masks(things, scale, size).items():
            cv2.imwrite(f"{arguments.out}/{name}_masks/{thing.replace(' ', '_')}.png", mask)


if __name__ == "__main__":
    main()

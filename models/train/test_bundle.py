"""What fixate decodes with an exported bundle is what PyTorch decodes: points and boxes on a picture of noise.

    python test_bundle.py BUNDLE FIXATE...        FIXATE: the command, as `cargo run --release --quiet --`
"""

import subprocess
import sys
import tempfile

import cv2
import numpy as np
import torch
from safetensors.torch import load_file

from model import INPUT_SIZE, Model

PROMPTS = (
    (["--point", "100,200"], [[100, 200], [0, 0]], [1, -1]),
    (["--point", "100,200", "--point", "31,400,bg"], [[100, 200], [31, 400], [0, 0]], [1, 0, -1]),
    (["--box", "40,60,300,200"], [[40, 60], [300, 200]], [2, 3]),
)


@torch.no_grad()
def main(bundle, *fixate):
    model = Model().eval()
    decoder = {name: tensor.float() for name, tensor in load_file(f"{bundle}/decoder.safetensors").items()}
    model.load_state_dict(decoder, strict=False)
    with tempfile.TemporaryDirectory() as folder:
        picture = np.random.default_rng(0).integers(0, 256, (INPUT_SIZE // 16, INPUT_SIZE // 16, 3), np.uint8)
        cv2.imwrite(f"{folder}/picture.png", cv2.resize(picture, (INPUT_SIZE, INPUT_SIZE), interpolation=cv2.INTER_CUBIC))
        for number, (arguments, points, labels) in enumerate(PROMPTS):
            embedding, logits = f"{folder}/embedding.safetensors", f"{folder}/logits_{number}.safetensors"
            files = ["--embedding", embedding, "--logits", logits, "--out", f"{folder}/out"]
            always = ["--multimask", "always", "--model", bundle]
            subprocess.run([*fixate, "segment", f"{folder}/picture.png", *arguments, *always, *files], check=True,
                           stdout=subprocess.DEVNULL)
            coordinates = torch.tensor([points], dtype=torch.float32)
            expected, predicted = model.decode(load_file(embedding)["image_embeddings"], torch.tensor([0]), coordinates,
                                               torch.tensor([labels]))
            found = load_file(logits)
            tolerance = 1e-3 * expected.std().item()
            torch.testing.assert_close(found["low_res_logits"], expected[0, 1:], rtol=0, atol=tolerance)
            torch.testing.assert_close(found["iou_predictions"], predicted[0, 1:], rtol=0, atol=1e-3)


if __name__ == "__main__":
    main(*sys.argv[1:])

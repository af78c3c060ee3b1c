#!/usr/bin/env python3
"""fixate beside ONNX Runtime and OpenVINO on the same bundle, in one run: do they agree, and who takes how long?

    compare.py [--bundle DIR] [--threads 1,2] [--runs N] [--skip-encoder]

The engines take turns, so that a machine whose speed changes is unfair to none of them. Nothing is installed; an
engine that is not there is left out, and said so. Build fixate first: cargo build --release.
Exit status 0 if all engines agree, 1 if they do not or something is missing, 2 for a mistake in the arguments.
"""

import argparse
import pathlib
import statistics
import tempfile
import time

from engines import ROOT, Fixate, fail, peers

# Decodes per encoder run, as in `fixate bench`.
DECODES = 20

# Where the prompt is, as a share of the image's side.
PLACE = (0.4, 0.55)

PROMPT_INPUTS = ["image_embeddings", "point_coords", "point_labels", "mask_input", "has_mask_input"]


try:
    import numpy
    import onnx
    import onnx.utils
except ImportError as missing:
    fail(f"the Python package {missing.name} is missing; pip install numpy onnx onnxruntime")


def picture(side):
    """A square image with soft and sharp edges, so that nothing has to be resized."""
    y, x = numpy.mgrid[0:side, 0:side] / side
    channels = [numpy.sin(9 * x + 4 * y), numpy.cos(7 * y - 3 * x), numpy.sin(5 * x * y + 1)]
    image = 127 + 90 * numpy.stack(channels, axis=-1)
    image[(x - PLACE[0]) ** 2 + (y - PLACE[1]) ** 2 < 0.03] = (220, 60, 40)
    return image.astype(numpy.uint8)


def write_ppm(path, image):
    """Writes an image in the simplest of formats."""
    height, width, _ = image.shape
    path.write_bytes(b"P6\n%d %d\n255\n" % (width, height) + image.tobytes())


def decoder_inputs(embedding, point, mask_side):
    """One point and the padding point, as SAM's signature has them."""
    return {
        "image_embeddings": embedding,
        "point_coords": numpy.array([[point, (0, 0)]], numpy.float32),
        "point_labels": numpy.array([[1, -1]], numpy.float32),
        "mask_input": numpy.zeros((1, 1, mask_side, mask_side), numpy.float32),
        "has_mask_input": numpy.zeros(1, numpy.float32),
    }


def low_resolution_decoder(exported, folder):
    """The decoder up to the masks that fixate times too: without bringing them to an image's size."""
    inputs = {value.name for value in onnx.load(exported).graph.input}
    if not inputs.issuperset(PROMPT_INPUTS):
        fail(f"the bundle's decoder takes {sorted(inputs)}; only SAM's signature can be compared")
    path = folder / "decoder.low.onnx"
    onnx.utils.extract_model(str(exported), str(path), PROMPT_INPUTS, ["low_res_masks", "iou_predictions"])
    return path


def share(found, expected):
    """The root of the mean square difference, as a share of the deviation."""
    difference = numpy.asarray(found, numpy.float64).ravel() - numpy.asarray(expected, numpy.float64).ravel()
    deviation = numpy.asarray(expected, numpy.float64).std()
    return float(numpy.sqrt((difference**2).mean()) / max(deviation, 1e-30))


def timed(engine, inputs, runs):
    """The median of some runs, in milliseconds."""
    times = []
    for _ in range(runs):
        started = time.perf_counter()
        engine(inputs)
        times.append((time.perf_counter() - started) * 1e3)
    return statistics.median(times)


def thread_counts(text):
    """Numbers with commas between them."""
    counts = [int(part) for part in text.split(",")]
    if not all(1 <= count <= 256 for count in counts):
        raise ValueError(text)
    return counts


def positive(text):
    """A whole number from 1."""
    number = int(text)
    if number < 1:
        raise ValueError(text)
    return number


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bundle", type=pathlib.Path, help="folder with bundle.toml [default: the shipped model]")
    parser.add_argument("--threads", type=thread_counts, default=[1, 2], help="such as 1,2,4 [default: 1,2]")
    parser.add_argument("--runs", type=positive, default=10, help="encoder runs of each engine [default: 10]")
    parser.add_argument("--skip-encoder", action="store_true", help="compare decoders alone")
    parser.add_argument(
        "--decoder-precision",
        choices=["f32", "int16"],
        help="of fixate's decoder; peers are in f32 [default: the fastest that the processor has]",
    )
    parser.add_argument(
        "--tolerance",
        type=float,
        help="largest difference (RMS, as a share of the deviation) that counts as the same [default: 1e-3, of masks in int16 1e-2]",
    )
    parser.add_argument(
        "--fixate", type=pathlib.Path, default=ROOT / "target" / "release" / "fixate", help="the command to time"
    )
    return parser.parse_args()


def tolerance(what, options):
    """How large a difference counts as none."""
    if options.tolerance is not None:
        return options.tolerance
    return 1e-3 if what == "embedding" or options.decoder_precision == "f32" else 1e-2


class Comparison:
    """The files and inputs that all engines are given, and what fixate answers."""

    def __init__(self, options, folder):
        self.fixate = Fixate(options.fixate, options.bundle, options.decoder_precision)
        entries = self.fixate.manifest()["encoder"]
        encoder = next((entry for entry in entries if entry["precision"] == "f32"), entries[0])
        # What is exported for the peers.
        self.fixate.precision = encoder["precision"]
        exported = self.fixate.run("model", "export", options.bundle or "default", "-o", folder / "onnx")
        self.model = exported["model"]
        side, coordinates = exported["input_size"], exported["coordinate_size"]
        image = picture(side)
        write_ppm(folder / "image.ppm", image)
        point = [round(share * side) for share in PLACE]
        self.embedding, self.logits, self.ious = self.fixate.answer(folder / "image.ppm", point, folder)

        manifest = self.fixate.manifest()
        mean, deviation = (numpy.array(manifest["input"][key], numpy.float32) for key in ("mean", "std"))
        pixels = (image.astype(numpy.float32) - mean) / deviation
        self.encoder_inputs = {encoder.get("input", "image"): pixels.transpose(2, 0, 1)[None].copy()}
        self.encoder_output = encoder.get("output", "image_embeddings")
        point = [place * coordinates / side for place in point]
        self.decoder_inputs = decoder_inputs(self.embedding, point, self.logits.shape[-1])
        self.encoder_file = folder / "onnx" / "encoder.onnx"
        self.decoder_file = low_resolution_decoder(folder / "onnx" / "decoder.onnx", folder)

    def differences(self, peer, skip_encoder):
        """How far a peer's results are from fixate's, by what they are."""
        answer = peer(self.decoder_file, 1)(self.decoder_inputs)
        found = {
            "masks": share(answer["low_res_masks"], self.logits),
            "predicted IoUs": share(answer["iou_predictions"], self.ious),
        }
        if not skip_encoder:
            embedding = peer(self.encoder_file, 1)(self.encoder_inputs)[self.encoder_output]
            found["embedding"] = share(embedding, self.embedding)
        return found

    def medians(self, engines, threads, options):
        """The median of each engine's stages over rounds in which they take turns, in milliseconds."""
        stages = ["decoder"] if options.skip_encoder else ["encoder", "decoder"]
        parts = {
            "encoder": (self.encoder_file, self.encoder_inputs, 1),
            "decoder": (self.decoder_file, self.decoder_inputs, DECODES),
        }
        loaded = {(peer.name, stage): peer(parts[stage][0], threads) for peer in engines for stage in stages}
        rounds = min(options.runs, 5)
        runs = -(-options.runs // rounds)
        times = {}
        for _ in range(rounds):
            for stage, median in self.fixate.times(threads, runs).items():
                times.setdefault(("fixate", stage), []).append(median)
            for (name, stage), engine in loaded.items():
                _, inputs, repeats = parts[stage]
                # One to warm up, as fixate does.
                engine(inputs)
                times.setdefault((name, stage), []).append(timed(engine, inputs, runs * repeats))
        return stages, {key: statistics.median(values) for key, values in times.items()}


def main():
    options = arguments()
    if not options.fixate.exists():
        fail(f"{options.fixate} is missing; cargo build --release makes it")
    engines = peers()
    with tempfile.TemporaryDirectory() as folder:
        comparison = Comparison(options, pathlib.Path(folder))
        agree = True
        for peer in engines:
            for what, difference in comparison.differences(peer, options.skip_encoder).items():
                same = difference <= tolerance(what, options)
                agree &= same
                print(f"{peer.name}: {what} differ by {difference:.1e} of the deviation{'' if same else ' WRONG'}")
        print(f"\n{comparison.model}, milliseconds, median; ratio: fixate / peer")
        heads = "".join(f"{peer.name:>14}{'ratio':>8}" for peer in engines)
        print(f"threads  {'stage':<18}{'fixate':>10}{heads}")
        for threads in options.threads:
            stages, medians = comparison.medians(engines, threads, options)
            for stage in stages:
                own = medians["fixate", stage]
                others = [medians[peer.name, stage] for peer in engines]
                cells = "".join(f"{other:>14.3f}{own / other:>8.3f}" for other in others)
                print(f"{threads:>7}  {stage:<18}{own:>10.3f}{cells}")
            # What peers have no like of is compared with their encoder or decoder.
            kinds = [kind for name, kind in medians if name == "fixate" and kind not in ("encoder", "decoder")]
            for kind in kinds:
                stage = "encoder" if kind == "keyframe cache" else "decoder"
                if stage not in stages:
                    continue
                own = medians["fixate", kind]
                others = [medians[peer.name, stage] for peer in engines]
                cells = "".join(f"{stage:>14}{own / other:>8.3f}" for other in others)
                print(f"{threads:>7}    {kind:<16}{own:>10.3f}{cells}")
    if not agree:
        fail("the engines do not agree")


if __name__ == "__main__":
    main()

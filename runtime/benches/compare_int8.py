#!/usr/bin/env python3
"""Int8 encoders side by side: a bundle's own in fixate and in ONNX Runtime, and what ONNX Runtime's own tool makes of the
f32 encoder.

    compare_int8.py BUNDLE [--threads 1,2] [--runs N]

BUNDLE has an encoder in f32 and one in int8, as `fixate calibrate quantize` writes them. The engines take turns. Nothing is
installed. Build fixate first: cargo build --release. Exit status 0 if both engines make the same of the same file, 1 if
they do not or something is missing, 2 for a mistake in the arguments.
"""

import argparse
import logging
import pathlib
import statistics
import tempfile

from compare import numpy, picture, positive, share, thread_counts, timed, write_ppm
from engines import ROOT, Fixate, OnnxRuntime, fail, read_safetensors

try:
    from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static
    from onnxruntime.quantization.shape_inference import quant_pre_process
except ImportError as missing:
    fail(f"the Python package {missing.name} is missing; pip install onnx onnxruntime sympy")


class One(CalibrationDataReader):
    """A single input to calibrate with: ranges of random weights need no more, and time does not depend on them."""

    def __init__(self, inputs):
        self.rest = [inputs]

    def get_next(self):
        return self.rest.pop() if self.rest else None


def static(source, inputs, activations, folder):
    """What ONNX Runtime's own tool makes of an encoder, for activations of a type."""
    prepared = folder / "prepared.onnx"
    quant_pre_process(str(source), str(prepared))
    path = folder / f"static {activations.name}.onnx"
    options = {"quant_format": QuantFormat.QDQ, "per_channel": True, "activation_type": activations}
    quantize_static(str(prepared), str(path), One(inputs), weight_type=QuantType.QInt8, **options)
    return path


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("bundle", type=pathlib.Path, help="folder with bundle.toml")
    parser.add_argument("--threads", type=thread_counts, default=[1, 2], help="such as 1,2,4 [default: 1,2]")
    parser.add_argument("--runs", type=positive, default=10, help="runs of each encoder [default: 10]")
    parser.add_argument(
        "--fixate", type=pathlib.Path, default=ROOT / "target" / "release" / "fixate", help="the command to time"
    )
    return parser.parse_args()


def main():
    options = arguments()
    if not options.fixate.exists():
        fail(f"{options.fixate} is missing; cargo build --release makes it")
    logging.disable(logging.WARNING)
    fixate = Fixate(options.fixate, options.bundle)
    manifest = fixate.manifest()
    entries = {entry["precision"]: entry for entry in manifest["encoder"]}
    if not {"f32", "int8"} <= set(entries):
        fail(f"{options.bundle} has encoders in {sorted(entries)}; f32 and int8 are needed")
    side = manifest["input"]["size"]
    image = picture(side)
    mean, deviation = (numpy.array(manifest["input"][key], numpy.float32) for key in ("mean", "std"))
    pixels = ((image.astype(numpy.float32) - mean) / deviation).transpose(2, 0, 1)[None].copy()
    inputs = {precision: {entry.get("input", "image"): pixels} for precision, entry in entries.items()}
    files = {precision: options.bundle / entry["file"] for precision, entry in entries.items()}
    output = entries["int8"].get("output", "image_embeddings")
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        write_ppm(folder / "image.ppm", image)
        embedding = folder / "embedding.safetensors"
        of = ["segment", folder / "image.ppm", "--point", f"{side // 2},{side // 2}", "--out", folder / "out"]
        fixate.run(*of, "--precision", "int8", "--embedding", embedding, *fixate.model())
        ours = read_safetensors(embedding)["image_embeddings"].ravel()
        theirs, plain = (
            OnnxRuntime(files["int8"], 1, optimised=optimised)(inputs["int8"])[output].ravel()
            for optimised in (True, False)
        )
        # Where a value lies between two codes, the order of additions decides, and all that follows is others' codes. How far
        # that carries is what the peer's own two ways of computing tell.
        far, bound = share(ours, theirs), max(2 * share(plain, theirs), 1e-3)
        print(f"the same file in both engines: {far:.1e} of the deviation apart (RMS), {bound:.1e} allowed")
        peers = {"f32": (files["f32"], inputs["f32"]), "the same int8": (files["int8"], inputs["int8"])}
        for activations in (QuantType.QUInt8, QuantType.QInt8):
            path = static(files["f32"], inputs["f32"], activations, folder)
            peers[f"static int8, {activations.name}"] = (path, inputs["f32"])
        rounds = min(options.runs, 5)
        runs = -(-options.runs // rounds)
        for threads in options.threads:
            loaded = {name: (OnnxRuntime(path, threads), given) for name, (path, given) in peers.items()}
            times = {}
            for _ in range(rounds):
                for precision in ("f32", "int8"):
                    bench = ["bench", "--threads", threads, "--runs", runs, "--decodes", 1, "--precision", precision]
                    report = fixate.run(*bench, *fixate.model())
                    times.setdefault(f"fixate {precision}", []).append(report["encoder"]["p50_ms"])
                for name, (engine, given) in loaded.items():
                    engine(given)
                    times.setdefault(f"onnxruntime {name}", []).append(timed(engine, given, runs))
            medians = {name: statistics.median(found) for name, found in times.items()}
            print(f"\n{threads} thread(s)" + " " * 21 + "ms   fixate int8 / it")
            for name, median in medians.items():
                print(f"  {name:<28}{median:>8.1f}{medians['fixate int8'] / median:>12.3f}")
    if far > bound:
        fail("the engines do not agree")


if __name__ == "__main__":
    main()

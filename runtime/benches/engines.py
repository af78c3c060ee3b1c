"""The engines that `compare.py` compares: fixate itself, ONNX Runtime and OpenVINO."""

import json
import pathlib
import struct
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]


def fail(message):
    """Ends the run with one line."""
    print(f"compare.py: {message}", file=sys.stderr)
    sys.exit(1)


try:
    import numpy
    import onnxruntime
except ImportError as missing:
    fail(f"the Python package {missing.name} is missing; pip install numpy onnx onnxruntime")

try:
    import tomllib
except ImportError:
    fail("Python 3.11 or newer is needed, for tomllib")


def read_safetensors(path):
    """The f32 tensors of a file, by name."""
    content = path.read_bytes()
    (length,) = struct.unpack("<Q", content[:8])
    header = json.loads(content[8 : 8 + length])
    header.pop("__metadata__", None)
    tensors = {}
    for name, entry in header.items():
        if entry["dtype"] != "F32":
            fail(f"{path}: {name} is {entry['dtype']}, not F32")
        start, end = (8 + length + offset for offset in entry["data_offsets"])
        tensors[name] = numpy.frombuffer(content[start:end], "<f4").reshape(entry["shape"])
    return tensors


class Fixate:
    """The command, and the bundle that it works with."""

    name = "fixate"

    def __init__(self, command, bundle, decoder_precision=None):
        # Of the encoder; none for the one that the bundle prefers.
        self.precision = None
        # None for the fastest.
        self.decoder_precision = decoder_precision
        self.command = command
        self.bundle = bundle

    def run(self, *arguments):
        """What a command prints with --json."""
        command = [str(self.command), *map(str, arguments), "--json"]
        result = subprocess.run(command, capture_output=True, text=True)
        if result.returncode:
            fail(f"{' '.join(command)}: {result.stderr.strip()}")
        return json.loads(result.stdout)

    def model(self):
        """Arguments that name the bundle, and in what its encoder and its decoder compute, if that is decided."""
        bundle = ["--model", self.bundle] if self.bundle else []
        precision = ["--precision", self.precision] if self.precision else []
        products = ["--decoder-precision", self.decoder_precision] if self.decoder_precision else []
        return [*bundle, *precision, *products]

    def manifest(self):
        """What bundle.toml says."""
        folder = self.bundle or ROOT / "models" / "default"
        with open(folder / "bundle.toml", "rb") as file:
            return tomllib.load(file)

    def answer(self, image, point, folder):
        """The embedding, and the masks and predicted IoUs of a point: the single one, then the others."""
        x, y = point
        embedding = folder / "embedding.safetensors"
        logits, ious = [], []
        for multimask in ("never", "always"):
            file = folder / f"{multimask}.safetensors"
            arguments = ["segment", image, "--point", f"{x},{y}", "--out", folder / "out", "--multimask", multimask]
            self.run(*arguments, "--embedding", embedding, "--logits", file, *self.model())
            answer = read_safetensors(file)
            logits.append(answer["low_res_logits"])
            ious.append(answer["iou_predictions"])
        return read_safetensors(embedding)["image_embeddings"], numpy.concatenate(logits), numpy.concatenate(ious)

    def times(self, threads, runs):
        """Medians of `fixate bench`, in milliseconds: of the encoder and of each kind of decode."""
        report = self.run("bench", "--threads", threads, "--runs", runs, *self.model())
        kinds = {"encoder": report["encoder"], "keyframe cache": report["cache"], "decoder": report["decoder"]}
        variants = report.get("variants", {})
        # Peers compute all four masks, so that is what is compared with them.
        kinds["decoder"] = variants.pop("four_masks", kinds["decoder"])
        kinds |= {name.replace("_", " "): times for name, times in variants.items()}
        return {kind: times["p50_ms"] for kind, times in kinds.items()}


class OnnxRuntime:
    """ONNX Runtime on the CPU."""

    name = "onnxruntime"

    def __init__(self, path, threads, optimised=True):
        options = onnxruntime.SessionOptions()
        if not optimised:
            options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        self.session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        self.outputs = [output.name for output in self.session.get_outputs()]

    def __call__(self, inputs):
        return dict(zip(self.outputs, self.session.run(self.outputs, inputs)))


class OpenVino:
    """OpenVINO on the CPU."""

    name = "openvino"

    def __init__(self, path, threads):
        import openvino

        core = openvino.Core()
        options = {
            "INFERENCE_NUM_THREADS": threads,
            "NUM_STREAMS": 1,
            "PERFORMANCE_HINT": "LATENCY",
            # All engines compute in the same precision.
            "INFERENCE_PRECISION_HINT": "f32",
        }
        self.request = core.compile_model(str(path), "CPU", options).create_infer_request()

    def __call__(self, inputs):
        results = self.request.infer(inputs)
        return {output.get_any_name(): values for output, values in results.items()}


def peers():
    """The engines that are installed."""
    found = [OnnxRuntime]
    try:
        import openvino  # noqa: F401

        found.append(OpenVino)
    except ImportError:
        print("left out: the Python package openvino is missing; pip install openvino")
    return found

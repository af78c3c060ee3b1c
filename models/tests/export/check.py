#!/usr/bin/env python3
"""Whether an ONNX file is valid, and gives what is expected in ONNX Runtime.

    check.py MODEL.onnx CASES.safetensors [LARGEST_DIFFERENCE]

A case NAME is the tensors `NAME/in/INPUT` and `NAME/out/OUTPUT`, f32. Differences are shares of the expected
values' standard deviation. Exit status 0 if all cases agree, else 1 with a line for each that does not.
"""

import json
import struct
import sys

import numpy
import onnx
import onnxruntime


def read_safetensors(path):
    """The f32 tensors of a file, by name."""
    with open(path, "rb") as file:
        content = file.read()
    (length,) = struct.unpack("<Q", content[:8])
    header = json.loads(content[8 : 8 + length])
    header.pop("__metadata__", None)
    tensors = {}
    for name, entry in header.items():
        if entry["dtype"] != "F32":
            sys.exit(f"{path}: {name} is {entry['dtype']}, not F32")
        start, end = (8 + length + offset for offset in entry["data_offsets"])
        values = numpy.frombuffer(content[start:end], "<f4")
        tensors[name] = values.reshape(entry["shape"])
    return tensors


def cases_of(tensors):
    """Inputs and expected outputs of each case."""
    cases = {}
    for path, values in tensors.items():
        name, role, tensor = path.split("/")
        cases.setdefault(name, {"in": {}, "out": {}})[role][tensor] = values
    return cases


def difference(found, expected):
    """The largest difference, as a share of the expected values' deviation."""
    deviation = expected.std() if expected.size > 1 else abs(expected).max()
    return float(abs(found - expected).max() / max(deviation, 1e-30))


def main(model, file, largest="1e-3"):
    onnx.checker.check_model(model, full_check=True)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    cases = cases_of(read_safetensors(file))
    if not cases:
        sys.exit(f"{file}: no cases")
    failed = False
    for name, case in sorted(cases.items()):
        outputs = sorted(case["out"])
        for output, found in zip(outputs, session.run(outputs, case["in"])):
            expected = case["out"][output]
            if found.shape != expected.shape:
                print(f"{name}: {output} has shape {found.shape}, not {expected.shape}")
                failed = True
                continue
            share = difference(found, expected)
            wrong = not share <= float(largest)
            failed |= wrong
            print(f"{name}: {output} differs by {share:.1e} of the deviation{' WRONG' if wrong else ''}")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main(*sys.argv[1:])

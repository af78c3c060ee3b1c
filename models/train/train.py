"""Trains the shipped model on procedural images: dense pre-training, then clicks, then clicks at full size.

    python train.py --shards DIR --held-out DIR --work DIR

Resumes from DIR/last.pt; keeps DIR/best.pt by the held-out score. Runs on a CPU or on CUDA, in bfloat16 where
that is faster.
"""

import argparse
import copy
import json
import math
import os
import random
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import cv2
import numpy as np
import torch

import clicks
import data
from evaluate import evaluate
from losses import dense_loss, mask_loss, nested_loss, overlap
from model import INPUT_SIZE, Model, mixed_precision, normalise
from optimiser import Optimiser
from restore import restore


@dataclass
class Stage:
    """A stretch of training: crops of `size` pixels, `images` a step, `prompts` an image (none: dense loss alone).
    Without an encoder rate the encoder rests. `mask_weights`: focal, balanced cross-entropy. Rates fall to `floor` of
    themselves along a cosine."""

    name: str
    steps: int
    size: int
    images: int
    prompts: int
    rounds: int
    encoder_rate: float
    decoder_rate: float
    dense_weight: float
    mask_weights: tuple[float, float] = (20.0, 0.0)
    floor: float = 0.03


STAGES = {
    "full": [
        Stage("dense", 1800, 256, 12, 0, 0, 1e-3, 1e-3, 1.0),
        Stage("first clicks", 600, 256, 8, 8, 1, 0.0, 1e-3, 0.0, (0.0, 1.0), floor=1.0),
        Stage("clicks", 6000, 384, 10, 4, 2, 1e-3, 1e-3, 0.4, (2.0, 0.5), floor=0.1),
        Stage("full size", 3000, 512, 8, 4, 3, 2e-4, 4e-4, 0.25, (10.0, 0.2)),
    ],
    "further": [
        Stage("dense head", 150, 384, 8, 0, 0, 0.0, 2e-3, 1.0, floor=1.0),
        Stage("full size", 6000, 512, 8, 4, 3, 4e-4, 4e-4, 0.25, (10.0, 0.2), floor=0.02),
    ],
    "toy": [
        Stage("dense", 3, 128, 2, 0, 0, 1e-3, 1e-3, 1.0),
        Stage("first clicks", 2, 128, 2, 2, 1, 0.0, 1e-3, 0.0, (0.0, 1.0)),
        Stage("clicks", 3, 128, 2, 2, 2, 1e-3, 1e-3, 0.25),
        Stage("full size", 2, 512, 1, 2, 2, 1e-3, 1e-3, 0.25),
    ],
}


class Average:
    """Exponential moving average of the weights, over a tenth of the stage so far, 500 steps at the most; what is measured
    and shipped."""

    def __init__(self, model, decay=0.998):
        self.model, self.decay = copy.deepcopy(model).eval(), decay

    @torch.no_grad()
    def update(self, model, step):
        # Every fourth step is enough; a stage moves fast at first, and what came before it must not linger.
        if step % 4:
            return
        decay = min(self.decay, (1 + step) / (10 + step)) ** 4
        for ours, theirs in zip(self.model.state_dict().values(), model.state_dict().values()):
            if ours.dtype.is_floating_point:
                ours.lerp_(theirs.to(ours.dtype), 1 - decay)
            else:
                ours.copy_(theirs)


def batch(rng, shards, stage):
    """Examples of one step, from whatever shards are there by now; half of them with things of other images laid before them."""
    whole = stage.size == INPUT_SIZE
    shards.refresh()
    examples = [data.crop(rng, shards.draw(rng), stage.size, whole) for _ in range(stage.images)]
    for example in examples:
        if rng.random() < 0.5:
            data.paste(rng, example, data.crop(rng, shards.draw(rng), stage.size, whole))
    return examples


class Ahead:
    """Makes the next step's examples while this one is computed."""

    def __init__(self, rng, shards, stage):
        cv2.setNumThreads(1)
        self.worker, self.make = ThreadPoolExecutor(1), lambda: batch(rng, shards, stage)
        self.next = self.worker.submit(self.make)

    def __call__(self):
        examples = self.next.result()
        self.next = self.worker.submit(self.make)
        return examples

    def close(self):
        self.worker.shutdown(cancel_futures=True)


def encoder_input(examples, device):
    """The batch as the encoder sees it: padding is zero after normalisation."""
    rgb = torch.from_numpy(np.stack([example.rgb for example in examples])).to(device)
    known = torch.from_numpy(np.stack([example.levels[0] != data.NOTHING for example in examples])).to(device)
    return (normalise(rgb) * known.unsqueeze(1)).contiguous(memory_format=torch.channels_last)


def click_loss(model, embedding, rng, examples, stage):
    """SAM's simulated interaction over `stage.rounds` rounds."""
    boxes = rng.random() < 0.45
    drawn = clicks.first_prompts(rng, examples, stage.prompts, boxes)
    if drawn is None:
        return embedding.sum() * 0, {}
    index, targets, nested, weights, coordinates, labels = (part.to(embedding.device) for part in drawn)
    total, masks, notes = embedding.new_zeros((), dtype=torch.float32), None, {}
    # Most learn from the first prompt; each further round is half as frequent.
    rounds = min(int(rng.geometric(0.5)), stage.rounds)
    for turn in range(rounds):
        logits, predicted = model.decode(embedding, index, coordinates, labels, masks)
        one_point = turn == 0 and not boxes
        single = mask_loss(logits[:, 0], targets, *stage.mask_weights).mean()
        if one_point:
            three = nested_loss(logits[:, 1:], nested, weights, *stage.mask_weights).mean()
        else:
            three = mask_loss(logits[:, 1:], targets.unsqueeze(1), *stage.mask_weights).min(1).values.mean()
        reached = overlap(logits.detach(), targets.unsqueeze(1))
        ranking = (predicted - reached).square().mean()
        total = total + (0.5 * single + three if one_point else single + 0.3 * three) + ranking
        best = logits[:, 1:].detach()
        best = best[torch.arange(len(best)), predicted[:, 1:].argmax(1)] if one_point else logits[:, 0].detach()
        if turn == 0:
            notes = {"three": reached[:, 1:].max(1).values.mean().item(), "box" if boxes else "one": reached[:, 0].mean().item()}
        if turn + 1 == rounds:
            break
        masks = best.clamp(-32, 32)
        if rng.random() < 0.85:
            points, signs = clicks.error_points(best, targets)
            coordinates = torch.cat([coordinates, points], 1)
            labels = torch.cat([labels, signs], 1)
    return total / rounds, notes


def learning_rate(done, floor, warm=0.03):
    """Factor on a stage's rates after `done` of it, in 0..1: up in a line, then down along a cosine to `floor`."""
    return done / warm if done < warm else floor + (1 - floor) * 0.5 * (1 + math.cos(math.pi * done))


def progress(at, stage, hours):
    """How much of a stage is done, in 0..1. With `hours`, training ends that long after its first step however slow the
    machine is: the last stage is as far on as its time or its steps, whichever is further."""
    done = at["step"] / stage.steps
    if hours and at["stage"] == len(STAGES[at["schedule"]]) - 1:
        done = max(done, at["seconds"] / 3600 / hours)
    return min(done, 1.0)


def run(arguments):
    torch.manual_seed(arguments.seed)
    random.seed(arguments.seed)
    rng = np.random.default_rng(arguments.seed)
    device = arguments.device
    os.makedirs(arguments.work, exist_ok=True)
    shards, held_out = data.Shards(arguments.shards), data.Shards(arguments.held_out)
    if arguments.bundle and not os.path.exists(f"{arguments.work}/last.pt"):
        examples = batch(rng, shards, Stage("", 0, INPUT_SIZE, 24, 0, 0, 0.0, 0.0, 0.0))
        model = restore(arguments.bundle, encoder_input(examples, "cpu"))
    else:
        model = Model()
    model = model.to(device, memory_format=torch.channels_last)
    average = Average(model)
    optimiser = Optimiser(model)
    stages = STAGES[arguments.schedule]
    at = {"schedule": arguments.schedule, "stage": 0, "step": 0, "best": 0.0, "seconds": 0.0}
    last = f"{arguments.work}/last.pt"
    if os.path.exists(last):
        saved = torch.load(last, map_location=device, weights_only=True)
        model.load_state_dict(saved["model"])
        average.model.load_state_dict(saved["average"])
        if "optimiser" in saved:
            optimiser.load_state_dict(saved["optimiser"])
        at = saved["at"]
        rng = np.random.default_rng([arguments.seed, at["stage"], at["step"]])

    def save():
        state = {"model": model.state_dict(), "average": average.model.state_dict()}
        torch.save({**state, "optimiser": optimiser.state_dict(), "at": at}, last + ".new")
        os.replace(last + ".new", last)

    def log(**entry):
        with open(f"{arguments.work}/log.jsonl", "a") as file:
            file.write(json.dumps(entry) + "\n")
        print(entry, flush=True)

    while at["stage"] < len(stages):
        stage = stages[at["stage"]]
        model.train()
        model.image_encoder.train(stage.encoder_rate > 0)
        ahead = Ahead(np.random.default_rng(rng.integers(2**63)), shards, stage)
        losses, notes, since = [], {}, time.time()
        while (done := progress(at, stage, arguments.hours)) < 1:
            factor = learning_rate(done, stage.floor)
            optimiser.rates(stage.encoder_rate * factor, stage.decoder_rate * factor)
            examples = ahead()
            with mixed_precision(device):
                with torch.set_grad_enabled(stage.encoder_rate > 0):
                    embedding = model.image_encoder(encoder_input(examples, device))
                loss, told = embedding.new_zeros((), dtype=torch.float32), {}
                if stage.prompts:
                    loss, told = click_loss(model, embedding, rng, examples, stage)
            dense = loss.detach() * 0
            if stage.dense_weight:
                with mixed_precision(device):
                    features = model.dense_head(embedding)
                levels = torch.from_numpy(np.stack([example.levels for example in examples])).to(device)
                dense = dense_loss(*features, levels)
            (loss + stage.dense_weight * dense).backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimiser.step()
            optimiser.zero_grad()
            at["step"] += 1
            average.update(model, at["step"])
            losses.append((loss.item(), dense.item()))
            for name, value in told.items():
                notes.setdefault(name, []).append(value)
            if at["step"] % 50 == 0:
                clicked, contrast = np.mean(losses, 0)
                pace = (time.time() - since) / len(losses)
                at["seconds"] += time.time() - since
                log(stage=stage.name, step=at["step"], clicks=round(float(clicked), 4), dense=round(float(contrast), 4),
                    seconds_a_step=round(pace, 3), **{name: round(float(np.mean(v)), 3) for name, v in notes.items()})
                losses, notes, since = [], {}, time.time()
            if at["step"] % 300 == 0 or progress(at, stage, arguments.hours) >= 1:
                if stage.prompts:
                    score = evaluate(average.model, held_out, arguments.cases, device)
                    log(stage=stage.name, step=at["step"], held_out=score)
                    if score["score"] > at["best"]:
                        at["best"] = score["score"]
                        torch.save({"average": average.model.state_dict(), "at": at, "held_out": score}, f"{arguments.work}/best.pt")
                save()
                since = time.time()
        ahead.close()
        at["stage"], at["step"] = at["stage"] + 1, 0
        save()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shards", required=True, help="folder of training shards")
    parser.add_argument("--held-out", required=True, help="folder of shards of other seeds")
    parser.add_argument("--work", required=True, help="folder for checkpoints and the log")
    parser.add_argument("--bundle", help="start from the weights of this bundle, with the schedule `further`")
    parser.add_argument("--schedule", choices=STAGES, default="full")
    parser.add_argument("--cases", type=int, default=120, help="held-out images per measurement")
    parser.add_argument("--hours", type=float, help="end after this long, with rates that have fallen as they should by then")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    run(parser.parse_args())

"""Muon for matrices (convolutions among them, as [outputs, inputs x kernel]), AdamW for all else."""

import torch
from torch import nn


def matrix(weight):
    """A two-dimensional view of a weight, and how to lay out its gradient alike."""
    for order in (tuple(range(weight.ndim)), (0, 2, 3, 1)):
        try:
            return weight.detach().permute(order[: weight.ndim]).view(len(weight), -1), order[: weight.ndim]
        except (RuntimeError, ValueError):
            continue
    raise ValueError(f"a weight of shape {tuple(weight.shape)} has no matrix view")


class Optimiser:
    """Two groups, encoder and rest, each with its own learning rate."""

    def __init__(self, model):
        embeddings = {id(value) for module in model.modules() if isinstance(module, nn.Embedding) for value in module.parameters()}
        others, self.views = [[], []], [[], []]
        for name, weight in model.named_parameters():
            group = 0 if name.startswith("image_encoder.") else 1
            # The first layer mixes colours and the last ones answer: neither is a map between features.
            if weight.ndim < 2 or id(weight) in embeddings or min(matrix(weight)[0].shape) < 8:
                others[group].append(weight)
            else:
                view, order = matrix(weight)
                self.views[group].append((nn.Parameter(view), weight, order))
        matrices = [{"params": [view for view, _, _ in part]} for part in self.views]
        self.muon = torch.optim.Muon(matrices, weight_decay=0.02, adjust_lr_fn="match_rms_adamw")
        self.adam = torch.optim.AdamW([{"params": part} for part in others], betas=(0.9, 0.98), weight_decay=0.02)

    def rates(self, encoder, rest):
        for part in (self.muon, self.adam):
            part.param_groups[0]["lr"], part.param_groups[1]["lr"] = encoder, rest

    def step(self):
        for view, weight, order in self.views[0] + self.views[1]:
            view.grad = None if weight.grad is None else weight.grad.permute(order).reshape(view.shape)
        self.muon.step()
        self.adam.step()

    def zero_grad(self):
        self.adam.zero_grad(set_to_none=True)
        for _, weight, _ in self.views[0] + self.views[1]:
            weight.grad = None

    def state_dict(self):
        return {"muon": self.muon.state_dict(), "adam": self.adam.state_dict()}

    def load_state_dict(self, state):
        self.muon.load_state_dict(state["muon"])
        self.adam.load_state_dict(state["adam"])

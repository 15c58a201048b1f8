"""A convolutional network on 8x8 images of digits; its structure is part of the search.

crosstune run examples/digits.yaml     tunes it
python examples/digits.py              trains the default settings, and prints their scores
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial
from typing import Any

import optuna
import torch
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from torch import Tensor, nn
from torch.nn import functional

SEED = 0
"""Of the parts, the initial weights, the order of the images and the dropout: settings are
compared on the same ones, and `test` trains the very model that the trial trained."""

EPOCHS = 12
SIDE = 8

defaults = {
    "block": "plain",
    "depth": 2,
    "width": 16,
    "kernel": 3,
    "norm": "batch",
    "head": True,
    "head_layers": 1,
    "head_units_1": 64,
    "dropout": 0.2,
    "penalty": "none",
    "optimizer": "adam",
    "lr": 1e-3,
    "schedule": "constant",
    "batch": 32,
    "epochs": EPOCHS,
}
"""A small CNN as tutorials set it up: Adam with its own rate, batch normalisation, some dropout."""


@cache
def parts() -> dict[str, tuple[Tensor, Tensor]]:
    """The images and labels to train on (640), to tune on (500) and to test on (657)."""
    x, y = load_digits(return_X_y=True)
    x_rest, x_test, y_rest, y_test = train_test_split(
        x, y, train_size=1140, stratify=y, random_state=SEED
    )
    x_train, x_valid, y_train, y_valid = train_test_split(
        x_rest, y_rest, train_size=640, stratify=y_rest, random_state=SEED
    )
    named = {"train": (x_train, y_train), "valid": (x_valid, y_valid), "test": (x_test, y_test)}
    return {
        name: (
            torch.tensor(x / 8 - 1, dtype=torch.float32).reshape(-1, 1, SIDE, SIDE),
            torch.tensor(y),
        )
        for name, (x, y) in named.items()
    }


class PlainBlock(nn.Sequential):
    """Convolution, normalisation, ReLU."""

    def __init__(self, before: int, width: int, kernel: int, norm: str):
        super().__init__(
            nn.Conv2d(before, width, kernel, padding="same"), normalisation(norm, width), nn.ReLU()
        )


class ResidualBlock(nn.Module):
    """Two convolutions, added to what came in (He et al. 2016)."""

    def __init__(self, before: int, width: int, kernel: int, norm: str):
        super().__init__()
        self.first = PlainBlock(before, width, kernel, norm)
        self.second = nn.Conv2d(width, width, kernel, padding="same")
        self.norm = normalisation(norm, width)
        self.shortcut = nn.Identity() if before == width else nn.Conv2d(before, width, 1)

    def forward(self, x: Tensor) -> Tensor:
        return functional.relu(self.shortcut(x) + self.norm(self.second(self.first(x))))


BLOCKS = {"plain": PlainBlock, "residual": ResidualBlock}


def normalisation(norm: str, width: int) -> nn.Module:
    match norm:
        case "batch":
            return nn.BatchNorm2d(width)
        case "group":
            return nn.GroupNorm(4, width)
    return nn.Identity()


def network(params: dict[str, Any]) -> nn.Sequential:
    """The blocks, each of the first two halving the image, and the adaptive head."""
    width, layers = params["width"], []
    for i in range(params["depth"]):
        layers.append(
            BLOCKS[params["block"]](width if i else 1, width, params["kernel"], params["norm"])
        )
        if i < 2:
            layers.append(nn.MaxPool2d(2))
    layers += [nn.Flatten(), nn.Dropout(params["dropout"])]
    units = width * (SIDE >> min(params["depth"], 2)) ** 2
    # The conditions of the spec switch these layers on and off.
    for i in range(params.get("head_layers", 0)):
        wanted = params[f"head_units_{i + 1}"]
        layers += [nn.Linear(units, wanted), nn.ReLU(), nn.Dropout(params["dropout"])]
        units = wanted
    return nn.Sequential(*layers, nn.Linear(units, 10))


def optimizer(params: dict[str, Any], model: nn.Module) -> torch.optim.Optimizer:
    lr = params["lr"]
    match params["optimizer"]:
        case "sgd":
            return torch.optim.SGD(model.parameters(), lr, momentum=params["momentum"])
        case "rmsprop":
            return torch.optim.RMSprop(model.parameters(), lr)
    return torch.optim.Adam(model.parameters(), lr)


def schedule(
    params: dict[str, Any], optimizer: torch.optim.Optimizer, steps: int
) -> torch.optim.lr_scheduler.LRScheduler:
    """The learning rate over all steps."""
    scheduler = torch.optim.lr_scheduler
    match params["schedule"]:
        case "cosine":
            return scheduler.CosineAnnealingLR(optimizer, steps)
        case "step":
            return scheduler.StepLR(optimizer, max(1, steps // 3), params["step_factor"])
    return scheduler.ConstantLR(optimizer, 1.0)


def penalty(params: dict[str, Any], model: nn.Module) -> Tensor | float:
    """L1 and L2 of the weights, without biases and normalisation; absent ones are 0."""
    l1, l2 = params.get("l1", 0.0), params.get("l2", 0.0)
    if not l1 and not l2:
        return 0.0
    weights = torch.cat([weight.flatten() for weight in model.parameters() if weight.dim() > 1])
    return l1 * weights.abs().sum() + l2 * weights.square().sum()


def fit(
    params: dict[str, Any], report: Callable[[int, float], None] = lambda epoch, accuracy: None
) -> nn.Module:
    """The trained network; `report` is told the validation accuracy after each epoch."""
    torch.set_num_threads(1)  # for networks this small more are slower, and change the last digits
    x, y = parts()["train"]
    batch = params["batch"]
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(SEED)
        model = network(params)
        steps = params["epochs"] * -(-len(x) // batch)
        moving = optimizer(params, model)
        rate = schedule(params, moving, steps)
        for epoch in range(params["epochs"]):
            model.train()
            for chosen in torch.randperm(len(x)).split(batch):
                loss = functional.cross_entropy(model(x[chosen]), y[chosen])
                moving.zero_grad()
                (loss + penalty(params, model)).backward()
                moving.step()
                rate.step()
            report(epoch, scores(model, "valid")["accuracy"])
    return model


@torch.no_grad()
def scores(model: nn.Module, part: str) -> dict[str, float]:
    x, y = parts()[part]
    model.eval()
    logits = model(x)
    return {
        "accuracy": (logits.argmax(1) == y).double().mean().item(),
        "cross_entropy": functional.cross_entropy(logits, y).item(),
    }


def train(params: dict[str, Any], trial: optuna.Trial) -> dict[str, float]:
    """The objective: the scores on the validation part."""
    model = fit(params, partial(report_or_prune, trial))
    return {**scores(model, "valid"), "weights": sum(w.numel() for w in model.parameters())}


def report_or_prune(trial: optuna.Trial, epoch: int, accuracy: float) -> None:
    trial.report(accuracy, epoch)
    if trial.should_prune():
        raise optuna.TrialPruned


def test(params: dict[str, Any]) -> dict[str, float]:
    """The scores on the test part; `crosstune run` asks once, for the best trial."""
    return scores(fit(params), "test")


train.test = test


if __name__ == "__main__":
    model = fit(defaults)
    for part in ("valid", "test"):
        print(part, ", ".join(f"{name} {x:.4f}" for name, x in scores(model, part).items()))

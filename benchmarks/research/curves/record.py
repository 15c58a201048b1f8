"""Train every setting of a grid for 27 epochs and keep the validation curves.

    python -m crosstune.benchmarks.research.curves.record digits

The curves of a set are one file beside this one, about 5 minutes of work on one core. Training is
seeded; another version of torch may differ in the last digits, so a file names its own. No
constant of a pruner was chosen with the boosted trees: they are there to judge it.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
import xgboost
from sklearn.datasets import load_digits, load_sample_image
from sklearn.model_selection import train_test_split
from torch import Tensor, nn
from torch.nn import functional

from crosstune.benchmarks.research.curves.grids import EPOCHS, GRIDS, settings

Parts = tuple[Tensor, Tensor, Tensor, Tensor]
"""x to train on, x to validate on, and their targets."""


def digits() -> Parts:
    """8 x 8 images and their digits: 1,078 to train on, 719 to validate on."""
    images, labels = load_digits(return_X_y=True)
    x, x_valid, y, y_valid = train_test_split(
        images.astype("float32") / 16, labels, test_size=0.4, stratify=labels, random_state=0
    )
    return torch.tensor(x), torch.tensor(x_valid), torch.tensor(y), torch.tensor(y_valid)


def photo() -> Parts:
    """Places and colours of a photograph, 4,240 pixels in all, half of them to validate on."""
    colours = load_sample_image("flower.jpg")[::8, ::8].astype("float32") / 255
    rows, columns = colours.shape[:2]
    places = np.stack(
        np.meshgrid(np.linspace(-1, 1, rows), np.linspace(-1, 1, columns), indexing="ij"), -1
    ).astype("float32")
    x, x_valid, y, y_valid = train_test_split(
        places.reshape(-1, 2), colours.reshape(-1, 3), test_size=0.5, random_state=0
    )
    return torch.tensor(x), torch.tensor(x_valid), torch.tensor(y), torch.tensor(y_valid)


class Waves(nn.Module):
    """Random Fourier features of a place in the plane (Tancik et al. 2020)."""

    def __init__(self, frequency: float):
        super().__init__()
        self.waves = nn.Buffer(torch.randn(2, 32) * frequency)

    def forward(self, x: Tensor) -> Tensor:
        """From (n, 2) to (n, 64)."""
        phases = x @ self.waves
        return torch.cat([phases.sin(), phases.cos()], 1)


def classifier(setting: Mapping[str, Any]) -> tuple[nn.Module, torch.optim.Optimizer]:
    """One hidden layer, for the digits."""
    width = setting["width"]
    model = nn.Sequential(
        nn.Linear(64, width), nn.ReLU(), nn.Dropout(setting["dropout"]), nn.Linear(width, 10)
    )
    decay = setting["weight_decay"]
    if setting["optimizer"] == "sgd":
        return model, torch.optim.SGD(
            model.parameters(), setting["lr"], momentum=0.9, weight_decay=decay
        )
    return model, torch.optim.AdamW(model.parameters(), setting["lr"], weight_decay=decay)


def painter(setting: Mapping[str, Any]) -> tuple[nn.Module, torch.optim.Optimizer]:
    """From a place to a colour, for the photograph."""
    activation = {"relu": nn.ReLU, "tanh": nn.Tanh}[setting["activation"]]
    layers: list[nn.Module] = [Waves(setting["frequency"])]
    size = 64
    for _ in range(setting["depth"]):
        layers += [nn.Linear(size, setting["width"]), activation()]
        size = setting["width"]
    model = nn.Sequential(*layers, nn.Linear(size, 3))
    return model, torch.optim.Adam(model.parameters(), setting["lr"])


def mistakes(output: Tensor, target: Tensor) -> float:
    """The share of images classified as another digit."""
    return (output.argmax(1) != target).double().mean().item()


def distance(output: Tensor, target: Tensor) -> float:
    """The root of the mean squared error of the colours, which lie in [0, 1]."""
    return functional.mse_loss(output, target).sqrt().item()


SETS: dict[str, tuple[Callable[..., Any], ...]] = {
    "digits": (digits, classifier, functional.cross_entropy, mistakes),
    "photo": (photo, painter, functional.mse_loss, distance),
}


def curve(
    parts: Parts, setting: Mapping[str, Any], build: Any, criterion: Any, score: Any
) -> list[float]:
    """The validation score after each epoch.

    Args:
        parts: the data.
        setting: the hyperparameters.
        build: makes the model and its optimizer from `setting`.
        criterion: the training loss of outputs and targets.
        score: the validation score of outputs and targets.
    """
    x, x_valid, y, y_valid = parts
    torch.manual_seed(0)
    model, optimizer = build(setting)
    scores = []
    for _ in range(EPOCHS):
        model.train()
        for chosen in torch.split(torch.randperm(len(x)), setting["batch"]):
            optimizer.zero_grad()
            criterion(model(x[chosen]), y[chosen]).backward()
            optimizer.step()
        model.eval()
        with torch.no_grad():
            scores.append(score(model(x_valid), y_valid))
    return scores


def trees(setting: Mapping[str, Any]) -> list[float]:
    """The share of mistaken digits after each round of boosting: 718 to train on."""
    images, labels = load_digits(return_X_y=True)
    x, x_valid, y, y_valid = train_test_split(
        images, labels, test_size=0.6, stratify=labels, random_state=1
    )
    scores: dict[str, dict[str, list[float]]] = {}
    xgboost.train(
        {
            "objective": "multi:softmax",
            "num_class": 10,
            "eval_metric": "merror",
            "nthread": 1,
            "seed": 0,
            **setting,
        },
        xgboost.DMatrix(x, y),
        EPOCHS,
        evals=[(xgboost.DMatrix(x_valid, y_valid), "valid")],
        evals_result=scores,
        verbose_eval=False,
    )
    return scores["valid"]["merror"]


def record(name: str) -> None:
    """Train every setting of a set, and write the file."""
    torch.set_num_threads(1)
    train: Callable[[Mapping[str, Any]], list[float]] = trees
    if name in SETS:
        load, *how = SETS[name]
        parts = load()
        train = lambda setting: curve(parts, setting, *how)  # noqa: E731
    curves, grid = [], list(settings(name))
    for number, setting in enumerate(grid):
        curves.append(train(setting))
        if number % 50 == 0:
            print(f"{name}: {number} of {len(grid)}", flush=True)
    path = Path(__file__).with_name(f"{name}.npz")
    np.savez_compressed(
        path,
        curves=np.array(curves, "float32"),
        torch=torch.__version__,
        xgboost=xgboost.__version__,
    )
    print(f"{path.name}: {path.stat().st_size / 1000:.0f} kB")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name", choices=sorted(GRIDS))
    record(parser.parse_args().name)

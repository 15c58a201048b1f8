"""The settings that the curves were recorded for."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

EPOCHS = 27

GRIDS: dict[str, dict[str, list[Any]]] = {
    "digits": {
        "optimizer": ["sgd", "adam"],
        "lr": [0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3],
        "width": [16, 64, 256],
        "batch": [32, 64, 128],
        "dropout": [0.0, 0.25, 0.5],
        "weight_decay": [0.0, 0.0001, 0.01],
    },
    "photo": {
        "activation": ["relu", "tanh"],
        "frequency": [1, 2, 4, 8],
        "depth": [1, 2, 3],
        "width": [32, 64, 128],
        "lr": [0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03],
        "batch": [64, 128, 256],
    },
    "trees": {
        "eta": [0.01, 0.03, 0.1, 0.2, 0.3, 0.5, 0.8, 1.0],
        "max_depth": [1, 2, 3, 5, 8],
        "subsample": [0.3, 0.6, 1.0],
        "colsample_bytree": [0.2, 0.5, 1.0],
    },
}


def settings(name: str) -> Iterator[dict[str, Any]]:
    """The settings of a set, in the order of its file."""
    grid = GRIDS[name]
    for values in itertools.product(*grid.values()):
        yield dict(zip(grid, values, strict=True))

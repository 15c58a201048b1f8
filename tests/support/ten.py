"""The space of the identity tests: ten parameters, two levels of conditions, and an objective."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from crosstune import Bool, Choice, Float, Int, Space

SPACE = Space(
    {
        "lr": Float(1e-5, 1e-1, log=True),
        "units": Int(16, 256, step=16),
        "layers": Int(1, 4),
        "batch": Choice([16, 32, 64, 128], ordered=True),
        "optimizer": Choice(["adam", "sgd", "rmsprop"]),
        "momentum": Float(0.0, 0.99, when={"optimizer": "sgd"}),
        "nesterov": Bool(when={"optimizer": "sgd"}),
        "decay": Float(1e-6, 1e-2, log=True, when={"nesterov": True}),
        "dropout": Float(0.0, 0.5, step=0.1),
        "warmup": Int(1, 100, log=True),
    }
)


def loss(params: Mapping[str, Any]) -> float:
    """A smooth function with a minimum at zero, defined for every point of the space."""
    value = (math.log10(params["lr"]) + 3) ** 2
    value += ((params["units"] - 128) / 64) ** 2 + (params["layers"] - 2) ** 2 / 4
    value += (math.log2(params["batch"]) - 5) ** 2 / 4 + (params["dropout"] - 0.2) ** 2 * 10
    value += {"adam": 0.2, "sgd": 0.0, "rmsprop": 0.7}[params["optimizer"]]
    value += math.log(params["warmup"]) / 10
    if "momentum" in params:
        value += (params["momentum"] - 0.9) ** 2
    if params.get("nesterov"):
        value += (math.log10(params["decay"]) + 4) ** 2 / 10 - 0.1
    return value

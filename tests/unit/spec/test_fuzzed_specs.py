"""Ten thousand broken specs: each is carried out or refused, and none ends in a traceback."""

from __future__ import annotations

import copy
import json
import logging
import math
import random
from pathlib import Path
from typing import Any

import optuna
import pytest

import crosstune
from crosstune.errors import CrosstuneError

SPECS = 10_000
VALID: dict[str, Any] = {
    "name": "fuzz",
    "metric": {"name": "loss", "direction": "minimize"},
    "trials": 2,
    "seconds": 5.0,
    "seed": 1,
    "backend": "optuna",
    "sampler": {"name": "tpe", "n_startup_trials": 1},
    "pruner": {"name": "median", "n_warmup_steps": 1},
    "start": [{"rate": 0.01, "kind": "a"}],
    "prior": {"rate": 0.1, "units": {"at": 8, "spread": 0.3}},
    "space": {
        "rate": {"type": "float", "low": 1e-5, "high": 1.0, "log": True},
        "share": {"type": "float", "low": 0.0, "high": 1.0, "step": 0.25},
        "units": {"type": "int", "low": 1, "high": 64, "log": True},
        "kind": {
            "type": "choice",
            "values": ["a", "b", None, 1, True],
            "weights": [0.1, 0.2, 0.2, 0.2, 0.3],
        },
        "depth": {"type": "int", "low": 1, "high": 5, "when": {"kind": ["a", 1]}},
        "flag": {"type": "bool", "when": {"depth": [2, 3]}},
        "noise": {"type": "normal", "mu": 0.0, "sigma": 1.0, "low": -1.0, "high": 1.0},
        "scale": {"type": "lognormal", "mu": 0.0, "sigma": 1.0, "step": 0.5},
        "fixed": {"type": "constant", "value": 3},
    },
}
VALUES: list[Any] = [
    *(None, True, False, 0, 1, -1, 2, 7, 2**53, 2**53 + 1, -(2**63), 10**400, 0.5, -0.0, 1e-320),
    *(1e308, math.inf, -math.inf, math.nan, "", "a", "tpe", "float", "int", "choice", "normal"),
    *("optuna", "hyperopt", "keras_tuner", "crosstune", "grid", "cmaes", "gp", "x" * 2000, "\x00"),
    *("\ud800", "../../etc/passwd", "<script>", "os:system", "\x1b[2J", "1e999", "nan"),
    *([], {}, [None], [[]], ["a", "a"], {"": 1}, {"at": 1}, {"name": "tpe"}, {"kind": []}),
    *([1, 1.0, True], list(range(300)), {"x": {"type": "float"}}, {"when": {"a": 1}}),
]


def places(held: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The path of everything in a document."""
    found = [path] if path else []
    items = held.items() if isinstance(held, dict) else ()
    if isinstance(held, list):
        items = enumerate(held)  # type: ignore[assignment]
    for key, value in items:
        found += places(value, (*path, key))
    return found


def broken(rng: random.Random) -> dict[str, Any]:
    """The valid spec with one to four things changed, lost, renamed or moved."""
    spec = copy.deepcopy(VALID)
    for _ in range(rng.choice([1, 1, 2, 4])):
        path = rng.choice(places(spec))
        holder = spec
        for key in path[:-1]:
            holder = holder[key]
        match rng.randrange(5):
            case 0 | 1:
                holder[path[-1]] = copy.deepcopy(rng.choice(VALUES))
            case 2:
                del holder[path[-1]]
            case 3 if isinstance(holder, dict):
                holder[str(rng.choice(VALUES))[:30]] = holder.pop(path[-1])
            case _:
                holder[path[-1]] = copy.deepcopy(rng.choice(list(spec.values()) or [None]))
        if not places(spec):
            break
    return spec


def carry_out(plain: dict[str, Any], path: Path | None) -> bool:
    """Two trials of a spec; False where it is refused."""
    try:
        spec: Any = plain
        if path is not None:
            path.write_text(json.dumps(plain))
            spec = crosstune.Spec.load(path)
        crosstune.tune(spec, lambda params: float(len(params)), trials=2, seconds=5)
    except CrosstuneError:
        return False
    return True


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_ten_thousand_broken_specs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    logging.getLogger("crosstune").setLevel(logging.CRITICAL)
    rng = random.Random(0)
    count = {True: 0, False: 0}
    for number in range(SPECS):
        plain = broken(rng)
        try:
            count[carry_out(plain, tmp_path / "spec.json" if number % 2 else None)] += 1
        except Exception as error:
            raise AssertionError(f"spec {number}: {error!r}\n{plain!r}") from error
    with capsys.disabled():
        print(f"\n{SPECS} broken specs: {count[True]} carried out, {count[False]} refused")
    assert min(count.values()) > SPECS // 20

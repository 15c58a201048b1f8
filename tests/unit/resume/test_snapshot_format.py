"""A change to what a snapshot holds raises its format, so that an older one is not read."""

from __future__ import annotations

from typing import Any

from crosstune import Bool, Choice, Float, Space
from crosstune.engines.base import Outcome
from crosstune.resume.snapshots import FORMAT
from crosstune.samplers.gaussian_process.engine import GaussianProcessEngine

SPACE = Space({"x": Float(0.0, 1.0), "on": Bool(), "k": Choice(["a", "b", "c"])})
ATTRIBUTES = {
    "Curve": "end failed steps values",
    "CurveRegression": "_earlier _fitted_at _ignored _rests _scales _theta hyperparameters",
    "Encoding": (
        "_arcs _conditions _lines arcs column d dimensions ordered reals scale_of_place "
        "size space unordered"
    ),
    "GaussianProcessEngine": (
        "_beliefs _best _design _elsewhere _encoding _ends _found _hedge _inserted _observed "
        "_open _regression _rng _sign _space _startup _tried _without native proposers"
    ),
    "Hedge": "_tries _wins",
    "Hyperparameters": "additive amplitude lengths noise",
    "Observation": "curve epochs penalised row state value",
    "Options": "_edges _number _raw item n odds",
    "Real": "_coarse _high _low _scale item",
    "Regression": (
        "_choices _earlier _encoding _fitted_at _floor _ignored _rests _theta hyperparameters"
    ),
}


def attributes_of(thing: Any, by_class: dict[str, set[str]], seen: set[int]) -> None:
    """Add the attributes of our objects below a thing, by class."""
    if id(thing) in seen:
        return
    seen.add(id(thing))
    if isinstance(thing, dict):
        below = [*thing.values()]
    elif isinstance(thing, list | tuple | set | frozenset):
        below = [*thing]
    elif type(thing).__module__.startswith("crosstune.samplers"):
        by_class.setdefault(type(thing).__name__, set()).update(vars(thing))
        below = [*vars(thing).values()]
    else:
        return
    for part in below:
        attributes_of(part, by_class, seen)


def test_the_attributes_of_the_gaussian_process_are_those_of_the_format() -> None:
    engine = GaussianProcessEngine(SPACE, seed=0)
    for trial in range(12):
        params = engine.ask(trial)
        engine.tell(trial, Outcome("complete", float(params["x"] or 0.0)))
    by_class: dict[str, set[str]] = {}
    attributes_of(engine, by_class, set())
    shapes = {name: " ".join(sorted(names)) for name, names in sorted(by_class.items())}
    # Not equal? Raise FORMAT, and write what is here now.
    assert (FORMAT, shapes) == (5, ATTRIBUTES)

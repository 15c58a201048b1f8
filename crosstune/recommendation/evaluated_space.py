"""The space behind the trials of any study, declared or learnt from their distributions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)
from optuna.trial import FrozenTrial

from crosstune.engines import study_values as ledger
from crosstune.errors import SpecError
from crosstune.space.parameters import Bool, Choice, Constant, Float, Parameter
from crosstune.space.space import Params, Space


def space_of_trials(
    trials: Sequence[FrozenTrial], declared: Space | None
) -> tuple[Space, list[Params]]:
    """A space with all points of some trials, and the points.

    Args:
        trials: with parameters.
        declared: is used if it has all of them; None, or one without some: a space is learnt.
    """
    if declared is not None:
        try:
            return declared, [_declared_point(declared, trial) for trial in trials]
        except (SpecError, ValueError):
            pass  # trials of another origin, such as queued ones
    return learnt(trials)


def _declared_point(space: Space, trial: FrozenTrial) -> Params:
    point = ledger.read_point(space, trial.params)
    for name, item in space.items():
        if space.is_active(name, point) and name not in point and item.coordinate is not None:
            raise SpecError(f"{name!r} is missing")
    return point


def learnt(trials: Sequence[FrozenTrial]) -> tuple[Space, list[Params]]:
    """A space learnt from the distributions of trials, and their points.

    A parameter that some trials lack is conditional on a switch of its own, which is on where the
    parameter is present. Ranges that changed are united, and steps are left out: the space is for
    comparing trials, not for proposing.
    """
    laws: dict[str, list[BaseDistribution]] = {}
    for trial in trials:
        for name, law in trial.distributions.items():
            laws.setdefault(name, [])
            if law not in laws[name]:
                laws[name].append(law)
    present = {name: tuple(name in trial.params for trial in trials) for name in laws}
    switches: dict[tuple[bool, ...], str] = {}
    for pattern in present.values():
        if not all(pattern):
            switches.setdefault(pattern, _new_name(f"has {len(switches)}", laws))
    parameters: dict[str, Parameter] = {name: Bool() for name in switches.values()}
    options: dict[str, list[Any]] = {}
    for name, ranges in laws.items():
        when = {} if all(present[name]) else {switches[present[name]]: True}
        if isinstance(ranges[0], CategoricalDistribution):
            options[name] = _options(ranges)
        parameters[name] = _parameter(ranges, options.get(name, []), when)

    def point(number: int, trial: FrozenTrial) -> Params:
        row: Params = {switch: pattern[number] for pattern, switch in switches.items()}
        for name, value in trial.params.items():
            row[name] = value
            law = trial.distributions[name]
            if isinstance(law, CategoricalDistribution):
                option = law.choices[int(law.to_internal_repr(value))]
                row[name] = _position(options[name], option)
        return row

    return Space(parameters), [point(i, trial) for i, trial in enumerate(trials)]


def _parameter(
    ranges: Sequence[BaseDistribution], options: Sequence[Any], when: Mapping[str, Any]
) -> Parameter:
    if options:
        count = len(options)
        return Choice(range(count), when=when) if count > 1 else Constant(0, when=when)
    numeric = [law for law in ranges if isinstance(law, FloatDistribution | IntDistribution)]
    low, high = min(law.low for law in numeric), max(law.high for law in numeric)
    if low == high:
        return Constant(low, when=when)
    log = all(law.log for law in numeric) and low > 0
    return Float(float(low), float(high), log=log, when=when)


def _options(ranges: Sequence[BaseDistribution]) -> list[Any]:
    """The options of categorical distributions; any object can be one in Optuna."""
    options: list[Any] = []
    for law in ranges:
        for option in getattr(law, "choices", ()):
            if _position(options, option) < 0:
                options.append(option)
    return options


def _position(options: Sequence[Any], value: Any) -> int:
    """The position of a value, -1 without one; True is not 1, and NaN is itself."""
    for number, option in enumerate(options):
        if option is value or (type(option) is type(value) and option == value):
            return number
    return -1


def _new_name(name: str, taken: Mapping[str, object]) -> str:
    while name in taken:
        name += " "
    return name

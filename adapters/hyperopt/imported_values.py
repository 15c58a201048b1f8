"""How what Hyperopt drew becomes the values of a study."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from optuna.distributions import BaseDistribution, CategoricalDistribution, IntDistribution

from crosstune.adapters.hyperopt.native_space import HyperoptSpace
from crosstune.engines import study_values as ledger
from crosstune.errors import RequestError, SpecError
from crosstune.exchange import sidecar_data as kept
from crosstune.exchange.study_data import in_space, moved, observed, own
from crosstune.space.space import Space


class Coding:
    """How what Hyperopt drew becomes a value: by an `hp` space, by ours, or not at all.

    Attributes:
        space: what the study is to declare; None where it is not known.
        distributions: under which the study holds the values.
        mode: which form of our space drew.
        as_written: whether what crosstune wrote beside a trial can be taken.
    """

    def __init__(self, docs: Sequence[Any], held: dict[str, Any] | None, space: Any):
        self.notes: list[str] = []
        self.as_written = held is not None and space is None
        self.native: HyperoptSpace | None = None
        before = None if held is None else held["space"]
        self._before = None if before is None else Space(before)
        self.mode = "literal" if held is None else held["mode"]
        self.space: Space | None = None
        if isinstance(space, Space):
            self.space = space
        elif space is not None:
            self.space = HyperoptSpace(space)
        elif self._before is not None:
            self.space = self._before
        if isinstance(self.space, HyperoptSpace):
            self.native = self.space
        labels = dict.fromkeys(label for doc in docs for label in doc["misc"]["vals"])
        self.distributions: dict[str, BaseDistribution] = {}
        if self.space is not None:
            self.distributions.update(ledger.distributions(self.space))
        if held is not None:
            for name, distribution in kept.distributions(held).items():
                self.distributions.setdefault(name, distribution)
        unknown = [label for label in labels if label not in self.distributions]
        if unknown and self.space is not None:
            names = ", ".join(repr(label) for label in unknown)
            raise RequestError(f"the space has no {names}, which the trials have")
        for label in unknown:
            drawn = [number_of(v) for doc in docs for v in doc["misc"]["vals"][label]]
            if drawn:
                self.distributions[label] = observed(drawn)
        if unknown:
            self.notes.append(
                "no space is known, so a choice is the position of its option, and a range is what "
                "was seen of it. Give the hp space (--space module:name) or a spec (--spec)"
            )

    def params(self, vals: Mapping[str, Sequence[Any]], number: int) -> dict[str, Any]:
        """The parameters of a trial as the study holds them.

        Raises:
            SpecError: they are no point of the space.
        """
        drawn = {label: number_of(val[0]) for label, val in vals.items() if len(val)}
        if self.native is not None:
            outside = self.native.outside(drawn)
            if outside is not None:
                raise SpecError(
                    f"trial {number} is no point of the space: {outside!r} does not draw "
                    f"{drawn[outside]!r}"
                )
            return in_space(self.native, self.native.params(drawn), number)
        if self.space is None:
            return {name: self._value(name, raw) for name, raw in drawn.items()}
        space = self.space
        beside = {n: self._value(n, raw) for n, raw in drawn.items() if n not in space}
        point: dict[str, Any] = {}
        begun = bool(drawn) or not space.searched  # else it failed before the first suggestion
        for name, item in space.items():
            try:
                if name in drawn:
                    point[name] = self._decoded(name, drawn[name])
                elif begun and item.coordinate is None and space.is_active(name, point):
                    point[name] = item.only
            except SpecError as error:
                raise SpecError(f"trial {number} is no point of the space: {error}") from None
        return {**in_space(space, point, number), **beside}

    def written(self, params: Mapping[str, Any], number: int) -> dict[str, Any]:
        """The parameters that crosstune wrote beside a trial, under the space that is given.

        Raises:
            SpecError: they are no point of it.
        """
        assert self.space is not None
        return moved(params, self._before, self.space, number)

    def aside(self, vals: Mapping[str, Sequence[Any]]) -> dict[str, Any]:
        """What of a draw its value does not give back, such as which of two equal options."""
        if self.native is None:
            return {}
        return self.native.aside({label: number_of(val[0]) for label, val in vals.items() if val})

    def _value(self, name: str, raw: Any) -> Any:
        """A value by its distribution alone."""
        held = self.distributions[name]
        if isinstance(held, CategoricalDistribution):
            if not 0 <= raw < len(held.choices):
                raise SpecError(f"{name!r} has {len(held.choices)} values, and none at {raw!r}")
            return held.to_external_repr(raw)
        return int(raw) if isinstance(held, IntDistribution) else float(raw)

    def _decoded(self, name: str, raw: Any) -> Any:
        assert self.space is not None
        item = self.space[name]
        if self.mode == "exact":
            if item.coordinate is not None and not item.coordinate.contains(raw):
                raise SpecError(f"{name!r} is not drawn at {raw!r}")
            return item.decode(raw)
        held = ledger.distribution(item)
        if isinstance(held, CategoricalDistribution):
            if not 0 <= raw < len(held.choices):
                raise SpecError(f"{name!r} has {len(held.choices)} values, and none at {raw!r}")
            return ledger.read(item, held.choices[int(raw)])
        return own(item, raw)


def number_of(raw: Any) -> Any:
    """A number of Python's for one of numpy's."""
    return raw.item() if hasattr(raw, "item") else raw

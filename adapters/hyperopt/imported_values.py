"""Converts Hyperopt's draws into the values of a study."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from optuna.distributions import BaseDistribution, CategoricalDistribution, IntDistribution

from crosstune.adapters.hyperopt.native_space import HyperoptSpace
from crosstune.engines import study_values as ledger
from crosstune.errors import RequestError, SpecError
from crosstune.exchange import sidecar_data as sidecar
from crosstune.exchange.points import in_space, moved, own
from crosstune.exchange.study_data import observed
from crosstune.space.space import Space


class Coding:
    """Converts draws into values: by an `hp` space, by a `Space`, or by the draws alone.

    Args:
        docs: the documents of the trials.
        written: the data that crosstune wrote beside the trials; None if it did not write them.
        space: an `hp` space, a `Space`, or None.

    Attributes:
        space: to be declared for the study; None if it is unknown.
        distributions: under which the study stores the values.
        mode: the form of our space that the draws are of.

    Raises:
        RequestError: the trials have labels that are not in the space.
    """

    def __init__(self, docs: Sequence[Any], written: dict[str, Any] | None, space: Any):
        self.notes: list[str] = []
        self._as_written = written is not None and space is None
        self.native: HyperoptSpace | None = None
        before = None if written is None else written["space"]
        self._before = None if before is None else Space(before)
        self.mode = "literal" if written is None else written["mode"]
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
        if written is not None:
            for name, distribution in sidecar.distributions(written).items():
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
        """The parameters of a trial as the study stores them.

        Raises:
            SpecError: they are not a point of the space.
        """
        drawn = {label: number_of(val[0]) for label, val in vals.items() if len(val)}
        if self.native is not None:
            outside = self.native.outside(drawn)
            if outside is not None:
                raise SpecError(
                    f"trial {number} is not a point of the space: {outside!r} does not draw "
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
                raise SpecError(f"trial {number} is not a point of the space: {error}") from None
        return {**in_space(space, point, number), **beside}

    def written(self, params: Mapping[str, Any], number: int) -> dict[str, Any]:
        """The parameters that crosstune wrote beside a trial, converted to the new space.

        Raises:
            SpecError: they are not a point of it.
        """
        if self._as_written or self.space is None:
            return dict(params)
        return moved(params, self._before, self.space, number)

    def aside(self, vals: Mapping[str, Sequence[Any]]) -> dict[str, Any]:
        """Draws that their values do not determine, such as one of two equal options."""
        if self.native is None:
            return {}
        return self.native.aside({label: number_of(val[0]) for label, val in vals.items() if val})

    def _value(self, name: str, raw: Any) -> Any:
        """A value from its distribution alone."""
        distribution = self.distributions[name]
        if isinstance(distribution, CategoricalDistribution):
            return _choice(name, distribution, raw)
        return int(raw) if isinstance(distribution, IntDistribution) else float(raw)

    def _decoded(self, name: str, raw: Any) -> Any:
        assert self.space is not None
        item = self.space[name]
        if self.mode == "exact":
            if item.coordinate is not None and not item.coordinate.contains(raw):
                raise SpecError(f"{name!r} is not drawn at {raw!r}")
            return item.decode(raw)
        distribution = ledger.distribution(item)
        if isinstance(distribution, CategoricalDistribution):
            return ledger.read(item, _choice(name, distribution, raw))
        return own(item, raw)


def _choice(name: str, distribution: CategoricalDistribution, raw: Any) -> Any:
    if not 0 <= raw < len(distribution.choices):
        raise SpecError(f"{name!r} has {len(distribution.choices)} values, and none at {raw!r}")
    return distribution.choices[int(raw)]


def number_of(raw: Any) -> Any:
    """A number as a type of Python, not numpy."""
    return raw.item() if hasattr(raw, "item") else raw

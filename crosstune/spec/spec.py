"""The spec of a study: space, objective, metric, budget, engine."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from crosstune.engines import registry
from crosstune.engines.budget import check_patience, check_repeats
from crosstune.errors import RequestError, SpecError, no_such
from crosstune.space.belief import beliefs
from crosstune.space.parameters import shown
from crosstune.space.space import Params, Space
from crosstune.spec import files as specfile
from crosstune.spec.faults import readable
from crosstune.spec.foreign_space import as_space, engine_that_reads
from crosstune.spec.html import html_of_spec
from crosstune.spec.measures import Metric as Metric
from crosstune.spec.measures import MetricLimit, check_measures, mapping_of_names
from crosstune.spec.start import DEFAULTS, check_start
from crosstune.system.scalars import PLAIN, plain

_STRICT = ConfigDict(frozen=True, extra="forbid", strict=True, arbitrary_types_allowed=True)


class Named(BaseModel):
    """A sampler, pruner or scheduler: ``tpe``, or ``{name: tpe, n_startup_trials: 20}``."""

    model_config = ConfigDict(frozen=True, extra="allow", strict=True)

    name: Annotated[str, Field(min_length=1)]

    @property
    def options(self) -> dict[str, Any]:
        """The keys beside the name."""
        return dict(self.model_extra or {})

    def plain(self) -> str | dict[str, Any]:
        """The name alone if there are no options, else a mapping."""
        return {"name": self.name, **self.options} if self.options else self.name


class Spec(BaseModel):
    """A model-tuning study as a value, checked when it is made.

    Takes the keys of a spec file:

    Args:
        space: parameters by name, a Hyperopt space, or ``module:name`` for one of these.
        name: of the study; for a file it defaults to the file's name without its ending.
        objective: ``module:function``, found next to the file or installed, or a mapping that
            describes a scikit-learn estimator or a Keras hypermodel. May be left out and given
            to `tune`.
        metric: name and direction.
        metrics: two or more instead, each with a name and a direction. The best trials are then
            those that no other trial beats in all of them.
        constraints: bounds, `max` or `min`, on metrics that the objective returns.
        trials: the number of finished trials, with pruned and failed ones, of the whole study.
        seconds: of the search; with `trials`, whichever comes first.
        repeats: how many of the last trials evaluate leading points again, for a noisy objective.
        patience: the study ends after this number of trials in a row without an improvement.
        seed: any integer. None: a random one.
        backend, sampler: propose the trials.
        pruner: stops them early.
        scheduler: trains them in part, and continues those that are worth it; see
            docs/schedulers.md.
        start: known points, evaluated first; parameters that they leave out are drawn. An item may
            be "defaults", the point of the objective's own default values; so may the whole.
        prior: by parameter the value believed best, or a mapping of `at` and `spread`; for
            samplers that can use it.

        callbacks: of `tune` and `crosstune run`, called with the study and the finished trial:
            ``module:function``, or a mapping with the `name` of a class and its options.

    Raises:
        SpecError: a key or a value is wrong.

    >>> Spec(space={"x": {"type": "float", "low": -1, "high": 1}}, trials=20).backend
    'optuna'
    """

    model_config = _STRICT

    name: Annotated[str, Field(min_length=1)] = "study"
    objective: str | dict[str, Any] | None = None
    metric: Metric = Metric()
    metrics: tuple[Metric, ...] = ()
    constraints: tuple[MetricLimit, ...] = ()
    trials: Annotated[int, Field(ge=1)] | None = None
    seconds: Annotated[float, Field(gt=0, allow_inf_nan=False)] | None = None
    repeats: Annotated[int, Field(ge=0)] = 0
    patience: Annotated[int, Field(ge=1)] | None = None
    seed: int | None = None
    backend: str = registry.HOST
    sampler: Named = Named(name="bayesian")
    pruner: Named | None = None
    scheduler: Named | None = None
    start: tuple[dict[str, Any] | Literal["defaults"], ...] = ()
    prior: dict[str, Any] = Field(default_factory=dict)
    callbacks: tuple[Named, ...] = ()
    space: Space
    folder: Annotated[Path | None, Field(exclude=True, repr=False)] = None
    """Folder of the file: the objective and its data are looked for there first."""

    def __init__(self, **keys: Any):
        for key in keys:
            if key not in _KEYS and key != "folder":
                raise SpecError(no_such("key", key, _KEYS), (key,))
        if "space" not in keys:
            raise SpecError("'space' is missing: it maps the names to tune to their ranges")
        keys = {
            key: value if type(value) in PLAIN or key in _AS_THEY_ARE else plain(value)
            for key, value in keys.items()
        }
        try:
            keys["space"] = as_space(keys["space"], keys.get("folder"))
        except SpecError as error:
            raise error.under("space") from None
        check_start(keys.get("start"))
        try:
            super().__init__(**keys)
        except ValidationError as error:
            raise readable(error, _KEYS) from None
        check_measures(self.metric, self.metrics, self.constraints)
        if self.repeats and self.trials is not None:
            check_repeats(self.repeats, self.trials)
        check_patience(self.patience, self.repeats, len(self.objectives))
        for i, point in enumerate(self.start):
            try:
                if isinstance(point, dict):
                    self.space.check_point(point)
            except SpecError as error:
                raise error.under("start", i) from None
        try:
            beliefs(self.space, self.prior)
        except SpecError as error:
            raise error.under("prior") from None

    @field_validator("metric", "sampler", "pruner", "scheduler", mode="before")
    @classmethod
    def _short_name(cls, value: object) -> object:
        return {"name": value} if isinstance(value, str) else value

    _names = field_validator("metrics", "callbacks", mode="before")(mapping_of_names)

    @field_validator("start", "constraints", mode="before")
    @classmethod
    def _tuple(cls, value: object) -> object:
        if isinstance(value, str):
            return (value,)
        return tuple(value) if isinstance(value, list) else value

    @field_validator("seconds", mode="before")
    @classmethod
    def _float(cls, value: object) -> object:
        if not isinstance(value, int) or isinstance(value, bool):
            return value
        try:
            return float(value)
        except OverflowError:
            return math.inf  # refused by the field

    @property
    def objectives(self) -> tuple[Metric, ...]:
        """The metrics that are optimized: those of `metrics`, or the one."""
        return self.metrics or (self.metric,)

    @property
    def points(self) -> list[Params]:
        """The start points in the types of the space, without that of the default values.

        That one depends on the objective; `crosstune.objectives.default_start` makes it.
        """
        return [self.space.check_point(point) for point in self.start if isinstance(point, dict)]

    def with_start(self, start: str | Iterable[Mapping[str, Any] | str]) -> Spec:
        """The spec with other start points.

        Raises:
            SpecError: they are not in the space.
        """
        keys = {name: getattr(self, name) for name in type(self).model_fields}
        if isinstance(start, Iterable) and not isinstance(start, str | Mapping):
            start = [dict(point) if isinstance(point, Mapping) else point for point in start]
        return type(self)(**{**keys, "start": start})

    def _repr_html_(self) -> str:
        return html_of_spec(self.to_dict(), self.space.to_dict())

    @classmethod
    def load(cls, path: str | Path) -> Spec:
        """The spec in a YAML 1.2, TOML or JSON file.

        Raises:
            SpecError: with file, line and the path of keys.
            RequestError: the file cannot be read.
        """
        path = Path(path)
        document = specfile.read(path)
        try:
            if not isinstance(document.data, dict):
                raise SpecError(f"a spec is a mapping of keys, not {shown(document.data)}")
            for key in document.data:
                if key not in _KEYS:
                    raise SpecError(no_such("key", key, _KEYS), (str(key),))
            keys = {"name": path.stem, **document.data}
            return cls(**keys, folder=path.resolve().parent)
        except SpecError as error:
            raise error.at(str(path), document.line(error.path)) from None
        except RecursionError:
            raise SpecError(
                "its conditions are nested too deeply", ("space",), file=str(path)
            ) from None

    def to_dict(self) -> dict[str, Any]:
        """The keys of a spec file, without those at their defaults."""
        plain = self.model_dump(
            exclude={"space", "sampler", "pruner", "scheduler", "start", "callbacks"},
            exclude_defaults=True,
        )
        plain = {"name": self.name, **plain}
        for key in ("metrics", "constraints"):
            if key in plain:
                plain[key] = [item.model_dump(exclude_none=True) for item in getattr(self, key)]
        if self.sampler.plain() != "bayesian":
            plain["sampler"] = self.sampler.plain()
        if self.pruner is not None:
            plain["pruner"] = self.pruner.plain()
        if self.scheduler is not None:
            plain["scheduler"] = self.scheduler.plain()
        if self.callbacks:
            plain["callbacks"] = [callback.plain() for callback in self.callbacks]
        if self.start == (DEFAULTS,):
            plain["start"] = DEFAULTS
        elif self.start:
            plain["start"] = [p if isinstance(p, str) else dict(p) for p in self.start]
        plain["space"] = getattr(self.space, "source", None) or self.space.to_dict()
        return plain

    def save(self, path: str | Path) -> None:
        """Write the spec to a file; the ending (.yaml, .yml, .toml, .json) chooses the format.

        Raises:
            SpecError: the format has no such value (TOML has no null).
        """
        specfile.write(Path(path), self.to_dict())


_AS_THEY_ARE = ("space", "folder")
"""A space converts its own scalars; that of another library is left unchanged."""
_KEYS = [name for name in Spec.model_fields if name != "folder"]


def load(spec: Spec | str | Path | Mapping[str, Any]) -> Spec:
    """A spec from any form in which the user writes it; a Hyperopt space alone is one too."""
    match spec:
        case Spec():
            return spec
        case str() | Path():
            return Spec.load(spec)
        case Mapping() if "space" in spec or engine_that_reads(spec) is None:
            return Spec(**spec)
    if engine_that_reads(spec) is not None:
        return Spec(space=spec)
    raise RequestError(f"a spec, its file or a mapping is needed, not {spec!r}")

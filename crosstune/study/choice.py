"""Chooses the engine that a spec and its overrides name."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeAlias

from optuna.samplers import BaseSampler

from crosstune.engines import registry as adapters
from crosstune.engines import user_samplers
from crosstune.engines.base import Adapter
from crosstune.engines.budget import ends_by_itself, note_of_repeats
from crosstune.engines.record import SCHEDULER, run_record
from crosstune.engines.seeds import derived_seed
from crosstune.errors import RequestError, UnknownName, Unsupported
from crosstune.samplers.copies import let_copies_differ
from crosstune.samplers.engine import EngineSampler
from crosstune.samplers.grid import GridSampler
from crosstune.samplers.scalarisation import SCALARISE, of_options
from crosstune.samplers.scheduled.settings import Scheduler
from crosstune.space.belief import beliefs
from crosstune.space.space import Space
from crosstune.spec.foreign_space import NativeSpace
from crosstune.spec.spec import Named, Spec
from crosstune.study.several import with_scalarisation
from crosstune.study.warm_start import Earlier
from crosstune.study.warm_start import finished as earlier_trials
from crosstune.system.extras import require

OURS = "crosstune"
"""The backend of crosstune's own samplers."""

SamplerChoice: TypeAlias = str | Mapping[str, Any] | BaseSampler | type[BaseSampler]
"""A name, a mapping of a name and options, or the user's own Optuna sampler or a class of them."""

WARM_START = "warm_start"
"""The option of samplers that learn from earlier studies."""


@dataclass(frozen=True)
class ChosenEngine:
    """A backend, its algorithm with options, and the seed.

    Attributes:
        ours: whether crosstune's own grid runs instead of the backend.
        native: whether its suggestions are those of the library called by hand.
        notes: messages to the user about the choice.
        drawn: whether the seed was drawn, since none was set.
        scheduler: decides how far each trial is trained; None for whole trials.
    """

    adapter: Adapter
    algorithm: str
    options: Mapping[str, Any]
    seed: int
    ours: bool = False
    native: bool = True
    notes: tuple[str, ...] = field(default=())
    drawn: bool = False
    scheduler: Scheduler | None = None

    @property
    def label(self) -> str:
        """Backend and sampler, such as ``hyperopt:tpe``."""
        return f"{self.adapter.name}:{self.algorithm}"

    @property
    def reads_curves(self) -> bool:
        """True if it learns from all reports of a trial."""
        algorithm = None if self.ours else self.adapter.algorithms.get(self.algorithm)
        return algorithm is not None and algorithm.reads_curves

    @property
    def ends_by_itself(self) -> bool:
        """True if it decides when the search is over: a grid or a scheduler."""
        if self.scheduler is not None:
            return False
        return self.ours or ends_by_itself(self.adapter, self.algorithm)

    def sampler(self, space: Space | None) -> BaseSampler:
        """The Optuna sampler that runs it; without a space it learns one from the trials.

        Raises:
            Unsupported: it cannot search this space, or has to know it.
        """
        made: BaseSampler
        if self.scheduler is not None:
            adapter = adapters.get(OURS) if self.ours else self.adapter
            made = EngineSampler(
                adapter,
                self.algorithm,
                space=space,
                seed=self.seed,
                options=self.options,
                scheduler=self.scheduler,
            )
        elif self.ours:
            made = GridSampler(space=space, seed=self.seed, **self.options)
        else:
            direct = None
            if SCALARISE not in self.options:
                direct = self.adapter.sampler(
                    self.algorithm, space, seed=self.seed, options=self.options
                )
            made = direct or EngineSampler(
                self.adapter, self.algorithm, space=space, seed=self.seed, options=self.options
            )
        if self.drawn:
            let_copies_differ(made)
        return made

    def record(self) -> dict[str, Any]:
        """Its record in the study."""
        record = run_record(
            self.adapter,
            self.algorithm,
            self.options,
            self.seed,
            native=self.native,
            notes=self.notes,
        )
        return record if self.scheduler is None else {**record, SCHEDULER: self.scheduler.record()}


def scheduled(engine: ChosenEngine, scheduler: Scheduler | None) -> ChosenEngine:
    """The engine behind a scheduler, if there is one.

    Raises:
        Unsupported: it is a scheduler itself.
    """
    if scheduler is None:
        return engine
    return replace(engine, scheduler=scheduler, native=False, notes=(*engine.notes, scheduler.note))


def repeating(engine: ChosenEngine, repeats: int) -> ChosenEngine:
    """The engine, with a note that the last trials of the budget are not its proposals.

    Raises:
        Unsupported: it schedules trials, whose values belong to budgets of their own.
    """
    algorithm = engine.adapter.algorithms.get(engine.algorithm)
    schedules = not engine.ours and algorithm is not None and algorithm.scheduler
    if schedules or engine.scheduler is not None:
        raise Unsupported(
            f"{engine.label} decides how far each trial is trained, so a leader cannot be "
            "evaluated again as it was. Leave repeats out, or choose another sampler"
        )
    require("repeats", "crosstune[optuna]", "scipy", "threadpoolctl")
    return replace(engine, native=False, notes=(*engine.notes, note_of_repeats(repeats)))


def choose(
    spec: Spec,
    *,
    backend: str | None = None,
    sampler: SamplerChoice | None = None,
    seed: int | None = None,
    warm_start: Earlier | Iterable[Earlier] = (),
) -> ChosenEngine:
    """The engine that a spec and its overrides name.

    Args:
        spec: with backend, sampler and seed, if it sets them.
        backend, sampler, seed: replace the spec's. A sampler of the spec that another backend
            does not have becomes that backend's `bayesian`, with a note.
        warm_start: earlier studies to learn from, or their places.

    Raises:
        RequestError: there is no such backend, sampler or option, its library is missing, or it
            cannot learn from earlier studies.
    """
    wanted = spec.sampler if sampler is None else named(sampler)
    if user_samplers.is_name(wanted.name) and sampler is not None:
        if backend not in (None, adapters.HOST):
            raise RequestError(f"{wanted.name} is a sampler for Optuna, and not for {backend}")
        backend = adapters.HOST
    adapter = adapters.get(backend or spec.backend)
    notes: list[str] = []
    swapped = sampler is None and adapter.name != spec.backend
    options: Mapping[str, Any] = wanted.options
    names = ["random", "grid", "bayesian", *adapter.algorithms]
    if adapter.name == adapters.HOST and user_samplers.is_name(wanted.name):
        names.append(wanted.name)
    if swapped and wanted.name not in names:
        notes.append(f"{adapter.name} has no sampler {wanted.name!r}, so its 'bayesian' runs")
        wanted = Named(name="bayesian")
        options = {}
    if isinstance(spec.space, NativeSpace):
        notes += spec.space.notes_on(adapter.name)
    seed = spec.seed if seed is None else seed
    drawn = seed is None
    if seed is None:
        seed = secrets.randbits(31)
    ours = wanted.name == "grid" and not _has_grid(adapter, spec.space)
    if ours:
        notes.append(f"{adapter.name} has no grid for this space, so crosstune's own runs")
    algorithm = "grid" if ours else adapter.algorithm(wanted.name)
    if user_samplers.is_name(algorithm):
        notes += user_samplers.notes_on(algorithm)
    if spec.prior and not ours and adapter.algorithms[algorithm].takes("prior"):
        options = {"prior": spec.prior, **options}
    elif spec.prior:
        notes.append(f"{adapter.name}:{algorithm} has no use for the spec's prior")
    if options.get("prior"):
        beliefs(spec.space, options["prior"])
    options = _with_earlier(options, spec, warm_start)
    if warm_start and (ours or not adapter.algorithms[algorithm].takes(WARM_START)):
        raise RequestError(
            f"{adapter.name}:{algorithm} does not learn from earlier studies; crosstune:gp does"
        )
    options, scalarised = with_scalarisation(adapter, algorithm, options, spec, ours=ours)
    native = not ours and not scalarised
    notes += scalarised
    chosen = ChosenEngine(adapter, algorithm, options, seed, ours, native, tuple(notes), drawn)
    if not ours:
        adapter.algorithms[algorithm].check_options(chosen.label, of_options(options)[0])
    return chosen


def continued_engine(engine: ChosenEngine, finished: int) -> ChosenEngine:
    """The engine for the rest of a study.

    Its random state is fresh, so the seed is shifted, or it would propose the first trials again.
    A grid keeps its order, and leaves out what is evaluated.
    """
    walks = engine.ours or engine.adapter.algorithms[engine.algorithm].exhaustive
    seed = engine.seed if walks else derived_seed(engine.seed, finished)
    note = f"continued after {finished} finished trials with a fresh random state"
    return replace(engine, seed=seed, native=False, notes=(*engine.notes, note))


def _with_earlier(
    options: Mapping[str, Any], spec: Spec, warm_start: Earlier | Iterable[Earlier]
) -> Mapping[str, Any]:
    """Options of a sampler, with the trials of earlier studies instead of their places.

    Relative places in a spec file are relative to the file.
    """
    directions = [metric.direction for metric in spec.objectives]
    if warm_start:
        return {**options, WARM_START: earlier_trials(warm_start, directions)}
    if WARM_START not in options:
        return options
    studies = options[WARM_START]
    studies = [studies] if isinstance(studies, str) else studies
    folder = spec.folder or Path()
    if isinstance(studies, list | tuple):
        studies = [folder / s if isinstance(s, str) and "://" not in s else s for s in studies]
    return {**options, WARM_START: earlier_trials(studies, directions)}


def _has_grid(adapter: Adapter, space: Space) -> bool:
    if "grid" not in adapter.roles and "grid" not in adapter.algorithms:
        return False
    try:
        adapter.engine("grid", space, seed=0, maximize=False, options={})
    except Unsupported:
        return not any(space.conditions.values())
    return True


def named(value: SamplerChoice) -> Named:
    """Read a sampler or pruner as a user may name it; a user's sampler gets its name.

    Raises:
        RequestError: it is neither a name nor a mapping with one.
    """
    if user_samplers.is_sampler(value):
        return Named(name=user_samplers.name_of(value))
    if isinstance(value, str) and value:
        return Named(name=value)
    if not isinstance(value, str | Mapping):
        raise RequestError(
            f"a sampler or pruner is a name, or a mapping with a name and options, not {value!r}. "
            "An instance goes into a study of your own, as in optuna.create_study(pruner=...)"
        )
    if isinstance(value, str) or not value.get("name"):
        raise UnknownName(f"a sampler or pruner with options needs a name: {value!r}")
    return Named(**value)

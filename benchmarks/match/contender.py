"""Contenders: an engine and optionally a pruner, written as one string."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, TypeAlias

from optuna.samplers import BaseSampler

from crosstune import pruners
from crosstune.engines import registry, user_samplers
from crosstune.engines.base import Adapter
from crosstune.errors import MissingLibrary, RequestError
from crosstune.samplers.named import named_algorithm
from crosstune.spec.spec import Named, Spec
from crosstune.tuning.request import StudyRequest
from crosstune.tuning.scheduling import is_scheduler, written

Entry: TypeAlias = str | Mapping[str, Any] | type[BaseSampler]
"""A contender as a user writes it."""

REFERENCE = "optuna:random"
"""Random search, the reference of normalised regret."""

STARTUP = ("n_startup_trials", "n_startup_jobs", "num_initial_points", "startup")
"""Names of the option, in the libraries, for the number of random points that come first."""


@dataclass(frozen=True)
class Contender:
    """An engine with its options, and the pruner of its trials.

    Attributes:
        label: its name everywhere.
        backend, sampler: the engine.
        pruner: None for the pruner of the spec.
        scheduler: None for the scheduler of the spec.
        unlisted: module:class of a backend that `registry.names` does not list. A process that
            unpickles the contender registers it.
    """

    label: str
    backend: str
    sampler: Named
    pruner: Named | None = None
    scheduler: Named | None = None
    unlisted: str | None = None

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        if self.unlisted:
            registry.register(self.backend, self.unlisted)

    @property
    def is_random(self) -> bool:
        """True for a random search without a pruner or a scheduler."""
        is_random = registry.get(self.backend).roles["random"] == self.sampler.name
        return is_random and not self.pruner and not self.scheduler

    @property
    def startup(self) -> int | None:
        """The number of random points of its sampler that come first, if an option tells it."""
        algorithm = registry.get(self.backend).algorithms.get(self.sampler.name)
        if algorithm is None or algorithm.options is None:
            return None
        parameters = inspect.signature(algorithm.options()).parameters
        values = (
            self.sampler.options.get(o, parameters[o].default) for o in STARTUP if o in parameters
        )
        return next((number for number in values if isinstance(number, int)), None)

    def request(
        self, spec: Spec, seed: int, trials: int | None = None, study_name: str | None = None
    ) -> StudyRequest:
        """The request for a study of a spec, without its prior, which some engines cannot use.

        Args:
            spec: of the problem.
            seed: of the engine.
            trials: of the run; the default of an algorithm's option `trials`, if it has one.
            study_name: defaults to the spec's name.
        """
        spec = spec.model_copy(update={"prior": {}})
        sampler = self.sampler
        algorithm = registry.get(self.backend).algorithms.get(sampler.name)
        if trials is not None and algorithm is not None and "trials" in algorithm.ours:
            sampler = Named(name=sampler.name, **{"trials": trials, **sampler.options})
        return StudyRequest(
            spec=spec,
            own_loop=True,
            backend=self.backend,
            sampler=sampler.plain(),
            pruner=None if self.pruner is None else self.pruner.plain(),
            scheduler=None if self.scheduler is None else self.scheduler.plain(),
            trials=trials if self.scheduler is not None or spec.scheduler is not None else None,
            seed=seed,
            study_name=study_name,
        )


def contender(entry: Entry) -> Contender:
    """A contender from ``backend:sampler``, with ``+pruner`` or ``+scheduler``, or from a mapping.

    Args:
        entry: a class of Optuna samplers, or ``optuna:module:Class``, is a user's own; a mapping
            has `backend`, and may have `sampler`, `pruner` and `scheduler`, each a name or a
            mapping of a name and options, and a `label`. ``+none`` disables the spec's pruner. A
            scheduler is written with its epochs, ``+hyperband:50``; those that no pruner shares
            its name with take the epochs of the spec's scheduler without them.

    Raises:
        RequestError: there is no such backend, sampler or pruner, or its library is missing.

    >>> contender("hyperopt:tpe+median").label
    'hyperopt:tpe+median'
    >>> contender({"backend": "optuna", "sampler": {"name": "tpe", "gamma": 1}, "label": "x"}).label
    'x'
    """
    if isinstance(entry, type) or user_samplers.is_sampler(entry):
        entry = _of_class(entry)
    if isinstance(entry, str):
        engine, plus, pruning = entry.partition("+")
        if not engine or (plus and not pruning):
            raise RequestError(
                f"a contender is written backend:sampler, backend:sampler+pruner or "
                f"backend:sampler+scheduler:epochs, not {entry!r}"
            )
        adapter, algorithm = _engine(engine)
        named = Named(name=algorithm)
        scheduler = written(pruning) if is_scheduler(pruning) else None
        pruner = Named(name=pruning) if pruning and scheduler is None else None
        label = None
    else:
        keys = ("label", "backend", "sampler", "pruner", "scheduler")
        if not set(entry) <= set(keys) or "backend" not in entry:
            raise RequestError(
                f"a contender is a mapping of {', '.join(keys)}; backend is needed. Not {entry!r}"
            )
        named = _named(entry.get("sampler", "bayesian"))
        adapter, algorithm = _engine(f"{entry['backend']}:{named.name}")
        named = Named(name=algorithm, **named.options)
        pruner = _named(entry["pruner"]) if entry.get("pruner") else None
        scheduler = written(entry["scheduler"]) if entry.get("scheduler") else None
        label = entry.get("label")
    if "constraints_func" in named.options:
        raise RequestError(
            "a contender has no constraints_func: constraints are the problem's, so that all "
            "contenders have the same. Call trial.set_constraint in the objective (Optuna 5)"
        )
    if pruner is not None:
        pruners.create(pruner.name, pruner.options)
    parts = [f"{adapter.name}:{_shown(named)}", *([_shown(pruner)] if pruner else [])]
    if scheduler is not None:
        parts.append(_shown_scheduler(scheduler))
    unlisted = registry.unlisted().get(adapter.name)
    text = str(label or "+".join(parts))
    return Contender(text, adapter.name, named, pruner, scheduler, unlisted)


def contenders(entries: Iterable[Entry] | str | None) -> tuple[Contender, ...]:
    """The contenders of a match.

    Args:
        entries: as for `contender`, or one string with commas. None is the bayesian sampler of
            every installed engine, and random search.

    Raises:
        RequestError: see `contender`; fewer than two; or two of one label.
    """
    if entries is None:
        parties = []
        for name in registry.names():
            with suppress(MissingLibrary):
                parties.append(contender(f"{name}:bayesian"))
        parties.append(contender(REFERENCE))
    else:
        listed = entries.split(",") if isinstance(entries, str) else entries
        parties = [contender(one.strip() if isinstance(one, str) else one) for one in listed]
    labels = [party.label for party in parties]
    twice = sorted({label for label in labels if labels.count(label) > 1})
    if twice:
        raise RequestError(
            f"two contenders are called {twice[0]!r}. Name each once, or give a label"
        )
    if len(parties) < 2:
        raise RequestError("a match has two contenders or more")
    return tuple(parties)


def _of_class(sampler: BaseSampler | type[BaseSampler]) -> str:
    """The contender of a class, which other processes can import.

    Raises:
        RequestError: it is an instance, or no module has it.
    """
    if not isinstance(sampler, type):
        raise RequestError(
            f"each seed needs a fresh {type(sampler).__name__}: give the class in place of the "
            "instance"
        )
    name = user_samplers.name_of(sampler)
    if sampler.__module__ == "__main__" or "<locals>" in name:
        raise RequestError(f"{name} cannot be imported by other processes: put it into a module")
    return f"{registry.HOST}:{name}"


def _engine(name: str) -> tuple[Adapter, str]:
    """The backend and the native name of its algorithm; a grid is chosen later for the space."""
    backend, _, algorithm = name.partition(":")
    if algorithm == "grid":
        return registry.get(backend.replace("-", "_")), "grid"
    return named_algorithm(name)


def _named(entry: str | Mapping[str, Any]) -> Named:
    return Named(name=entry) if isinstance(entry, str) else Named(**entry)


def _shown_scheduler(scheduler: Named) -> str:
    """A scheduler, as it is written if it has no further options.

    >>> _shown_scheduler(Named(name="i-epoch", max_epochs=50))
    'i-epoch:50'
    """
    if list(scheduler.options) == ["max_epochs"]:
        return f"{scheduler.name}:{scheduler.options['max_epochs']}"
    return _shown(scheduler)


def _shown(named: Named) -> str:
    """The name with its options.

    >>> _shown(Named(name="tpe", gamma=1))
    'tpe(gamma=1)'
    """
    options = ", ".join(f"{key}={value!r}" for key, value in named.options.items())
    return f"{named.name}({options})" if options else named.name

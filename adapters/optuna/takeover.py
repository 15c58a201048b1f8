"""The takeover of Optuna: every `Study` gets the chosen engine as its sampler.

`Study.sampler` becomes a property, so it does not matter whether a study is created, loaded or
gets another sampler later. Code that reads, pickles or stores it finds a sampler as before.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from weakref import WeakKeyDictionary, WeakSet

import optuna
from optuna.samplers import BaseSampler, BruteForceSampler, GridSampler, PartialFixedSampler
from optuna.study import Study
from optuna.trial import FrozenTrial

from crosstune import _optuna
from crosstune.adapters.optuna.takeover_limit import OptunaLimit
from crosstune.adapters.optuna.takeover_schedule import ScheduledStudies
from crosstune.engines.budget import SearchBudget
from crosstune.engines.several import REFUSED, SCALARISED, support
from crosstune.samplers import constraints
from crosstune.samplers.copies import let_copies_differ, reseed_copy
from crosstune.samplers.engine import EngineSampler
from crosstune.samplers.scalarisation import NOTE
from crosstune.study.internal import is_own_study
from crosstune.takeover.choice import ScriptEngine

_OWN = "crosstune's own"
"""The key, among the attributes of a `Study`, that marks one of crosstune's own; copies keep it."""


def take_over(make: Callable[[], ScriptEngine]) -> None:
    """Drive, and log, every study that is made or loaded in this process from now on."""
    scheduled = ScheduledStudies(make, is_own)
    takeover = _Takeover(make, scheduled)
    for name in optuna.samplers.__all__:
        takeover.note_seeds(getattr(optuna.samplers, name))
    Study.sampler = property(takeover.sampler, takeover.adopt)
    Study.__setstate__ = takeover.restoring(Study.__setstate__)  # type: ignore[method-assign]
    limit = OptunaLimit(make, is_own, scheduled.includes)
    Study.ask = limit.asking(  # type: ignore[method-assign]
        takeover.asking(scheduled.asking(Study.ask))
    )
    Study.optimize = limit.optimizing(  # type: ignore[method-assign]
        takeover.optimizing(scheduled.optimizing(Study.optimize))
    )
    Study.tell = takeover.telling(Study.tell)  # type: ignore[method-assign]
    constraints.warn = lambda text: make().warn_of_constraints(text)


class _Takeover:
    def __init__(self, make: Callable[[], ScriptEngine], scheduled: ScheduledStudies):
        self._make, self._scheduled = make, scheduled
        self._swapped: WeakKeyDictionary[Study, dict[str, Any]] = WeakKeyDictionary()
        """Seed and replaced sampler of each study, for its record at its first trial."""
        self._ours: WeakSet[BaseSampler] = WeakSet()
        self._seeds: WeakKeyDictionary[BaseSampler, int] = WeakKeyDictionary()
        """The seeds of the script's own samplers."""

    @property
    def _choice(self) -> ScriptEngine:
        return self._make()

    def note_seeds(self, kind: type[BaseSampler]) -> None:
        """Remember the seed of each sampler of a class that takes one."""
        init = kind.__init__
        signature = inspect.signature(init)
        if "seed" not in signature.parameters:
            return

        @functools.wraps(init)
        def noted(sampler: BaseSampler, *args: Any, **kwargs: Any) -> None:
            init(sampler, *args, **kwargs)
            seed = signature.bind(sampler, *args, **kwargs).arguments.get("seed")
            if seed is not None:
                self._seeds[sampler] = int(seed)

        kind.__init__ = noted  # type: ignore[assignment,method-assign]

    @staticmethod
    def sampler(study: Study) -> BaseSampler:
        """The getter of `Study.sampler`."""
        sampler: BaseSampler = _attributes(study)["sampler"]
        return sampler

    def adopt(self, study: Study, sampler: BaseSampler) -> None:
        """The setter of `Study.sampler`."""
        if type(study) is not Study:  # A pruner's view of a study that was taken over.
            _attributes(study)["sampler"] = sampler
            return
        if is_own_study():
            _attributes(study)[_OWN] = True
        _attributes(study)["sampler"] = self._swap(study, sampler)
        if not is_own_study():
            self._choice.log(study)

    def _swap(self, study: Study, sampler: BaseSampler) -> BaseSampler:
        if _OWN in _attributes(study) or sampler in self._ours or not self._choice.swaps:
            return sampler
        choice = self._choice
        name = type(sampler).__name__
        count = len(study.directions)
        algorithm = choice.engine.adapter.algorithms[choice.engine.algorithm]
        able = support(algorithm, objectives=count, constraints=False)
        if able.kind == REFUSED:
            choice.leave(
                f"a study with {count} objectives",
                f"{choice.engine.label} does not take them: {able.reason}. {name} proposes",
            )
            return sampler
        scheduler = choice.engine.scheduler
        reason = _irreplaceable(sampler)
        if reason is None and scheduler is not None:
            reason = _unschedulable(sampler, count)
        if reason is not None:
            choice.leave(f"a study with {name}", reason)
            return sampler
        seed = choice.next_seed(self._seeds.get(sampler), len(_optuna.all_trials(study)))
        made = replace(choice.engine, seed=seed).sampler(None)
        self._ours.add(made)
        if self._seeds.get(sampler) is None:
            let_copies_differ(made)
        if isinstance(sampler, PartialFixedSampler):
            fixed, base = _optuna.partial_fixed(sampler)
            name = f"{type(base).__name__} (the fixed parameters stay)"
            made = PartialFixedSampler(fixed, made)
            self._ours.add(made)
        behind = "" if scheduler is None else f" with {scheduler.name}"
        engine = f"{choice.engine.label}{behind}"
        choice.say(f"{engine} proposes in place of {name}", f" (seed {seed})")
        self._swapped[study] = {"seed": seed, "replaced": type(sampler).__name__}
        return made

    def restoring(self, setstate: Callable[..., None]) -> Callable[..., None]:
        """`Study.__setstate__`, which swaps the sampler of a study pickled before the takeover."""

        @functools.wraps(setstate)
        def restored(study: Study, state: dict[Any, Any]) -> None:
            setstate(study, state)
            if _OWN in state or not self._choice.swaps:
                return
            sampler, chosen = self.sampler(study), self._choice.engine.sampler(None)
            base = sampler
            if isinstance(sampler, PartialFixedSampler):
                _, base = _optuna.partial_fixed(sampler)
            reseed_copy(base)
            same = getattr(sampler, "label", None) == getattr(chosen, "label", None)
            if type(sampler) is not type(chosen) or not same:
                self.adopt(study, sampler)

        return restored

    def asking(self, ask: Callable[..., optuna.Trial]) -> Callable[..., optuna.Trial]:
        """`Study.ask`, which first adds the record of the sampler to the study."""

        @functools.wraps(ask)
        def recorded(study: Study, *args: Any, **options: Any) -> optuna.Trial:
            self._note_engine(study)
            if not is_own_study():
                self._choice.log(study)
            return ask(study, *args, **options)

        return recorded

    def _note_engine(self, study: Study) -> None:
        """Write the record of a study whose first trial begins."""
        swapped = self._swapped.pop(study, None)
        if swapped is not None:
            self._scheduled.set_pruner(study)
            self._leave_record(study, **swapped)

    def _leave_record(self, study: Study, seed: int, replaced: str) -> None:
        from crosstune.engines.record import leave_record

        engine = self._choice.engine
        learns = isinstance(engine.sampler(None), EngineSampler)
        notes = [f"crosstune exec, in place of the script's {replaced}"]
        algorithm = engine.adapter.algorithms[engine.algorithm]
        able = support(algorithm, objectives=len(study.directions), constraints=False)
        if able.kind == SCALARISED:
            notes.append(NOTE)
        if engine.scheduler is not None:
            notes.append(engine.scheduler.note)
        if learns:
            notes.append("the space is learnt from the trials")
        native = not learns and replaced != "PartialFixedSampler"
        record = replace(engine, seed=seed, native=native, notes=tuple(notes)).record()
        first = len(study.get_trials(deepcopy=False))
        budget = SearchBudget(self._choice.trials)
        leave_record(study, record, first_trial=first, budget=budget, replaced=replaced)

    def optimizing(self, optimize: Callable[..., None]) -> Callable[..., None]:
        """`Study.optimize`, with a warning about constraints; a schedule is there before it."""
        signature = inspect.signature(optimize)

        @functools.wraps(optimize)
        def optimized(study: Study, *args: Any, **options: Any) -> None:
            call = signature.bind(study, *args, **options)
            if self._scheduled.includes(study):
                self._note_engine(study)
            if self._watches(study):
                callbacks = call.arguments.get("callbacks") or []
                call.arguments["callbacks"] = [*callbacks, _note_constraints]
            return optimize(*call.args, **call.kwargs)

        return optimized

    def telling(self, tell: Callable[..., FrozenTrial]) -> Callable[..., FrozenTrial]:
        """`Study.tell`, with a warning about constraints."""

        @functools.wraps(tell)
        def told(study: Study, *args: Any, **options: Any) -> FrozenTrial:
            trial = tell(study, *args, **options)
            if self._watches(study):
                _note_constraints(study, trial)
            return trial

        return told

    def _watches(self, study: Study) -> bool:
        """True if the sampler is ours, cannot use constraints, and does not warn by itself."""
        sampler = study.sampler
        return sampler in self._ours and constraints.must_be_watched(sampler)


def is_own(study: Study) -> bool:
    """True if a study is one of crosstune's own."""
    return is_own_study() or _OWN in _attributes(study)


def _note_constraints(study: Study, trial: FrozenTrial) -> None:
    constraints.note_constraints(study, study.sampler, trial)


def _irreplaceable(sampler: BaseSampler) -> str | None:
    """Why a script's sampler has to stay; None if it can be replaced."""
    if isinstance(sampler, GridSampler | BruteForceSampler):
        return "it proposes its own points, and ends the study after the last"
    if _optuna.has_constraints(sampler):
        return "its constraints are known to it alone"
    return None


def _unschedulable(sampler: BaseSampler, objectives: int) -> str | None:
    """Why a scheduler cannot decide how far the trials of a study are trained."""
    if objectives > 1:
        return "a scheduler compares learning curves of one metric"
    if isinstance(sampler, PartialFixedSampler):
        return "a scheduler proposes all parameters of a point"
    return None


def _attributes(study: Study) -> dict[str, Any]:
    """The attributes of a study; the view of it by Hyperband's pruner hides some."""
    attributes: dict[str, Any] = object.__getattribute__(study, "__dict__")
    return attributes

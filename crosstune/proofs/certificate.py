"""The certificate of a space: the law that each engine really draws, compared with the prior.

A verdict is computed: the law of the compiled native construct is derived, decoded as the engine
decodes it, and compared with the law of the parameter.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from crosstune.engines import budget as budgets
from crosstune.engines import registry as adapters
from crosstune.engines.base import MODES, Adapter
from crosstune.engines.budget import note_of_repeats
from crosstune.engines.several import in_words
from crosstune.errors import MissingLibrary, RequestError, UnknownName, no_such
from crosstune.objectives import prepare
from crosstune.objectives.default_start import with_defaults
from crosstune.space.defaults import DefaultPoint
from crosstune.space.law_distance import distance
from crosstune.space.parameters import TAIL, Normal, Parameter
from crosstune.space.space import Space
from crosstune.space.verdicts import APPROXIMATE, EXACT, REFUSED, Verdict
from crosstune.spec.foreign_space import NativeSpace
from crosstune.spec.located import located
from crosstune.spec.spec import Spec, load
from crosstune.system.scalars import plain_arguments
from crosstune.terminal.html import html_table
from crosstune.tuning.scheduling import scheduler_of


@dataclass(frozen=True)
class Certificate:
    """The result of `check`.

    Attributes:
        mode: of `Adapter.compile`, "exact" or "literal".
        verdicts: by engine and parameter.
        notes: by engine, notes on all its parameters.
        unchecked: by engine, why it was not checked, such as a library that is not installed.
        default_point: the default values that a spec with ``start: defaults`` begins with; None
            if it does not ask for them, or they cannot be determined.
        no_defaults: why they cannot be determined, or "".
    """

    mode: str
    verdicts: Mapping[str, Mapping[str, Verdict]]
    notes: Mapping[str, tuple[str, ...]]
    unchecked: Mapping[str, str]
    default_point: DefaultPoint | None = None
    no_defaults: str = ""

    def holds(self, *, strict: bool = False) -> bool:
        """Whether no checked engine refuses a parameter or, if `strict`, differs from its prior."""
        bad = (REFUSED, APPROXIMATE) if strict else (REFUSED,)
        return not any(
            verdict.kind in bad
            for verdicts in self.verdicts.values()
            for verdict in verdicts.values()
        )

    def _repr_html_(self) -> str:
        colours = {EXACT: "good", APPROXIMATE: "fair", REFUSED: "bad"}
        names = list(next(iter(self.verdicts.values()), {}))
        verdicts = [[by_name[name] for by_name in self.verdicts.values()] for name in names]
        rows = [(name, *row) for name, row in zip(names, verdicts, strict=True)]
        kinds = [("", *(colours[verdict.kind] for verdict in row)) for row in verdicts]
        reasons = {
            f"{engine}: {name}: {verdict.reason}": None
            for engine, by_name in self.verdicts.items()
            for name, verdict in by_name.items()
            if verdict.reason
        }
        notes = [f"{engine}: {note}" for engine, lines in self.notes.items() for note in lines]
        notes += [f"{engine}: {why}" for engine, why in self.unchecked.items()]
        title = f"What is drawn in {self.mode} mode"
        return html_table(
            title, ("parameter", *self.verdicts), rows, kinds=kinds, notes=[*reasons, *notes]
        )

    def to_dict(self) -> dict[str, Any]:
        """The form in which `crosstune check --json` prints it."""
        return {
            "mode": self.mode,
            "engines": {
                engine: {name: verdict.to_dict() for name, verdict in verdicts.items()}
                for engine, verdicts in self.verdicts.items()
            },
            "notes": {engine: list(notes) for engine, notes in self.notes.items() if notes},
            "unchecked": dict(self.unchecked),
            **({} if self.default_point is None else {"defaults": self.default_point.plain()}),
        }


@plain_arguments("spec")
def check(
    spec: Spec | Space | str | Path | Mapping[str, Any],
    *,
    mode: str = "exact",
    backends: Iterable[str] = (),
) -> Certificate:
    """Check how faithfully each engine draws each parameter of a spec, without running a trial.

    Args:
        spec: a spec, its file or mapping, or a space. Its objective is imported only for
            ``start: defaults``.
        mode: "exact", as studies run, or "literal", as the library's documentation would do it.
        backends: the engines to check; empty for all.

    Raises:
        SpecError: the spec is invalid.
        UnknownName: no such mode or backend.

    >>> from crosstune import Int, Space
    >>> space = Space({"units": Int(1, 8, log=True)})
    >>> print(check(space).verdicts["optuna"]["units"])
    exact
    """
    if mode not in MODES:
        raise UnknownName(no_such("mode", mode, MODES))
    default_point, no_defaults = None, ""
    cautions: tuple[str, ...] = ()
    several: Spec | None = None
    if isinstance(spec, Space):
        space = spec
    else:
        loaded, cautions = _read(spec)
        space = loaded.space
        default_point, no_defaults = _defaults_of(loaded)
        several = loaded if loaded.metrics or loaded.constraints else None
    verdicts: dict[str, dict[str, Verdict]] = {}
    notes: dict[str, tuple[str, ...]] = {}
    unchecked: dict[str, str] = {}
    for engine in backends or adapters.names():
        try:
            adapter = adapters.get(engine)
            verdicts[engine] = {name: _verdict(adapter, space, name, mode) for name in space}
            if isinstance(space, NativeSpace):
                verdicts[engine] = space.seen_from(engine, verdicts[engine])
            notes[engine] = (*adapter.cautions, *cautions)
            if several is not None:
                limited = bool(several.constraints)
                text = in_words(adapter, len(several.objectives), constraints=limited)
                notes[engine] = (*notes[engine], text)
        except MissingLibrary as error:
            unchecked[engine] = str(error)
        except NotImplementedError:
            unchecked[engine] = f"{engine} does not say what it draws (it has no `drawn`)"
    for by_name in verdicts.values():
        for name, verdict in by_name.items():
            if verdict.kind == REFUSED:
                able = [e for e in verdicts if verdicts[e][name].kind != REFUSED]
                by_name[name] = replace(verdict, elsewhere=tuple(able))
    return Certificate(mode, verdicts, notes, unchecked, default_point, no_defaults)


def _defaults_of(spec: Spec) -> tuple[DefaultPoint | None, str]:
    """The default values that a spec begins with, and why they cannot be determined."""
    try:
        return with_defaults(spec, lambda: prepare(spec, None, None).defaults())[1], ""
    except RequestError as error:
        return None, str(error)


def _read(spec: Spec | str | Path | Mapping[str, Any]) -> tuple[Spec, tuple[str, ...]]:
    """A spec, and what its budget means for every engine.

    Raises:
        SpecError: the spec is invalid, or its repeats are without a number of trials.
        RequestError: there is no such scheduler, or an option of it is invalid.
    """
    loaded = load(spec)
    with located(spec) as reading:
        reading.key = "repeats"
        repeats = budgets.settle(loaded, ends_by_itself=False).repeats
    with located(spec) as reading:
        reading.key = "scheduler"
        scheduler = scheduler_of(loaded)
    notes = [note_of_repeats(repeats)] if repeats else []
    notes += [] if scheduler is None else [scheduler.note]
    return loaded, tuple(f"{note}, so the study is not native" for note in notes)


def _verdict(adapter: Adapter, space: Space, name: str, mode: str) -> Verdict:
    item = space[name]
    alone = _with_ancestors(space, name)
    try:
        if item.coordinate is None:
            adapter.compile(alone, mode=mode)
            return Verdict.of(0.0)
        drawn = adapter.drawn(alone, name, mode=mode)
    except RequestError as error:
        return Verdict.refusal(str(error))
    return Verdict.of(distance(drawn.law, item, drawn.decode), (*drawn.notes, *_cut(item)))


def _cut(item: Parameter) -> tuple[str, ...]:
    if not isinstance(item, Normal) or (item.low is not None and item.high is not None):
        return ()
    return (f"a side without a bound is cut at the quantile {TAIL:g}, on every engine",)


def _with_ancestors(space: Space, name: str) -> Space:
    wanted = {name}
    for other in reversed(list(space)):
        if other in wanted:
            wanted |= set(space[other].when)
    return Space({other: item for other, item in space.items() if other in wanted})

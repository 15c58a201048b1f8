"""Ways to spend the epochs of a study, replayed on learning curves.

A method is written as a name with options, `i-epoch epochs=10 finalists=3`:

none                    every trial to the end; with `reports=false` the engine gets the last value
                        alone
i-epoch                 every trial `epochs` (10) epochs, then the `finalists` (3) best to the end
                        (arXiv 2404.04111). `told`: what the engine learns of a trial: `last`, the
                        value after these epochs; `ends`, the true end (an oracle); `pruned`, its
                        reports, and that it was pruned
knows-the-end           an oracle that stops, at report 2, what will not become the best
median, hyperband, ...  a pruner by its name, with its options
scheduler:NAME          a scheduler by its name, with its options:
                        `scheduler:freeze-thaw share=0.22`
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import optuna
from optuna.trial import Trial, TrialState

import crosstune
from crosstune import pruners
from crosstune.benchmarks.research.curves.sets import CurveSet
from crosstune.errors import RequestError, no_such

ENGINES = {
    "optuna:tpe": ("optuna", "tpe"),
    "crosstune:gp": ("crosstune", "gp"),
    "hyperopt:tpe": ("hyperopt", "tpe"),
    "keras_tuner:bayesian": ("keras_tuner", "bayesian"),
}
BASELINES = (
    "none",
    "knows-the-end",
    "i-epoch epochs=10 told=ends",
    "i-epoch epochs=1",
    "i-epoch epochs=2",
    "i-epoch epochs=5",
    "i-epoch epochs=10",
    "median",
    "successive-halving",
    "hyperband",
    "curve",
)
SCHEDULER = "scheduler:"
SCHEDULED = tuple(
    SCHEDULER + words
    for words in ("freeze-thaw share=0.22", "i-epoch first=10", "hyperband", "successive-halving")
)
ABLATIONS = {
    "told": [
        f"{SCHEDULER}freeze-thaw share=0.22 {words}"
        for words in (
            *(f"told={told}" for told in ("last", "end", "draw", "pruned", "nothing")),
            "told=last anew=false",
        )
    ],
    "first": [f"{SCHEDULER}freeze-thaw share=0.22 first={first}" for first in (1, 2, 3, 5, 10)],
    "share": [f"{SCHEDULER}freeze-thaw share={share}" for share in (0.14, 0.22, 0.3, 0.4)],
    "finalists": [f"i-epoch epochs=10 finalists={count}" for count in (1, 2, 3, 5, 10)],
}
"""Methods that differ in one choice: what the engine is told of unfinished trials, the first rung,
the share of the epochs, the finalists. With and without checkpoints are columns of every table.
"""
FREE = 3
"""How many complete trials come first with `knows-the-end`, as with the curve pruner."""
_OWN: dict[str, dict[str, Any]] = {
    "none": {"reports": True},
    "knows-the-end": {},
    "i-epoch": {"epochs": 10, "finalists": 3, "told": "last"},
}
_TOLD = ("last", "ends", "pruned")


@dataclass(frozen=True)
class SavingsResult:
    """What one study spent and found; ends are the true values after the last epoch.

    Attributes:
        share: of the epochs of all trials to the end, where paused trials continue.
        restarted: the same if a continued trial trains from its first epoch.
        returned: the end of the configuration that the method returns.
        proposed: the best end of any configuration that the engine proposed.
        complete: the number of configurations that were trained to the end.
        seconds: of the study on the wall clock.
    """

    share: float
    restarted: float
    returned: float
    proposed: float
    complete: int
    seconds: float


@dataclass
class _Account:
    """Counts epochs, and keeps the end of each configuration, while a study runs."""

    spent: int = 0
    restarted: int = 0
    ends: list[float] = field(default_factory=list)

    def spend(self, first: int, last: int) -> None:
        """Train from after epoch `first` up to epoch `last`."""
        self.spent += last - first
        self.restarted += last

    def result(self, returned: float, complete: int, epochs: int, seconds: float) -> SavingsResult:
        """The result, of a study whose trials have `epochs` epochs each."""
        whole = epochs * len(self.ends)
        return SavingsResult(
            self.spent / whole,
            self.restarted / whole,
            returned,
            min(self.ends),
            complete,
            round(seconds, 3),
        )


def parse(method: str) -> tuple[str, dict[str, Any]]:
    """The name and the options of a method, checked as far as this file knows them.

    Raises:
        RequestError: no such method or option.

    >>> parse("i-epoch epochs=5")
    ('i-epoch', {'epochs': 5, 'finalists': 3, 'told': 'last'})
    """
    name, *words = method.split()
    options = {}
    for word in words:
        option, equals, value = word.partition("=")
        if not equals:
            raise RequestError(f"{word!r} in {method!r} is not an option: write name=value.")
        options[option] = _value(value)
    if name.startswith(SCHEDULER):
        return name, options
    if name in pruners.NAMES and name != "none":
        pruners.create(name, options)
        return name, options
    if name not in _OWN:
        raise RequestError(no_such("method", name, [*_OWN, *pruners.NAMES, f"{SCHEDULER}NAME"]))
    defaults = _OWN[name]
    for option in options:
        if option not in defaults:
            raise RequestError(no_such(f"option of {name}", option, defaults))
    options = defaults | options
    if options.get("told", "last") not in _TOLD:
        raise RequestError(no_such("value of told", str(options["told"]), _TOLD))
    return name, options


def how(name: str, options: Mapping[str, Any], epochs: int) -> dict[str, Any]:
    """The pruner or the scheduler of a method, as arguments of `crosstune.tune`.

    Args:
        name, options: from `parse`.
        epochs: of a trial to the end.
    """
    if name.startswith(SCHEDULER):
        scheduler = {"name": name.removeprefix(SCHEDULER), "max_epochs": epochs, **options}
        return {"scheduler": scheduler}
    if name not in pruners.NAMES or name == "none":
        return {"pruner": "none"}
    longest = {"max_resource": epochs} if name == "hyperband" else {}
    return {"pruner": {"name": name, **longest, **options}}


def study(curves: CurveSet, engine: str, method: str, seed: int, trials: int) -> SavingsResult:
    """Replay one study.

    Args:
        curves: what its trials learn.
        engine: a key of `ENGINES`.
        method: as for `parse`.
        seed: of the study.
        trials: the number of configurations.

    Raises:
        RequestError: no such method or option.
    """
    name, options = parse(method)
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    before = time.perf_counter()
    account = _Account()
    spec = {"name": f"{curves.name}-{seed}", "metric": "value", "space": dict(curves.space)}
    backend, sampler = ENGINES[engine]
    arguments: dict[str, Any] = {
        "backend": backend,
        "sampler": sampler,
        "trials": trials,
        "seed": seed,
    }
    if name == "i-epoch":
        returned, complete = _i_epoch(curves, spec, arguments, options, account)
    else:
        arguments |= how(name, options, curves.epochs)
        oracle, silent = name == "knows-the-end", options.get("reports") is False
        returned, complete = _trained(curves, spec, arguments, account, oracle, silent)
    return account.result(returned, complete, curves.epochs, time.perf_counter() - before)


def _trained(
    curves: CurveSet,
    spec: dict[str, Any],
    arguments: dict[str, Any],
    account: _Account,
    oracle: bool,
    silent: bool,
) -> tuple[float, int]:
    """The returned end and the number of complete trials, with a pruner or a scheduler."""
    finished: list[float] = []

    def train(params: Mapping[str, Any], trial: Trial) -> float:
        curve, budget = curves.curve(params), crosstune.budget(trial)
        first, last = (budget.initial_epoch, budget.epochs) if budget else (0, curves.epochs)
        if first == 0:
            account.ends.append(curve[-1])
        for epoch in () if silent else range(first + 1, last + 1):
            trial.report(curve[epoch - 1], epoch)
            stopped = trial.should_prune() or (
                oracle and epoch == 2 and len(finished) >= FREE and curve[-1] >= min(finished)
            )
            if stopped:
                account.spend(first, epoch)
                raise optuna.TrialPruned
        account.spend(first, last)
        if last == curves.epochs:
            finished.append(curve[-1])
        return curve[last - 1]

    done = crosstune.tune(spec, train, **arguments)
    complete = done.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
    return min(finished), len(complete)


def _i_epoch(
    curves: CurveSet,
    spec: dict[str, Any],
    arguments: dict[str, Any],
    options: Mapping[str, Any],
    account: _Account,
) -> tuple[float, int]:
    """The returned end and the number of finalists."""
    epochs, seen = options["epochs"], []
    if not 1 <= epochs <= curves.epochs:
        raise RequestError(f"i-epoch: epochs is {epochs}; {curves.name} has 1 to {curves.epochs}.")

    def train(params: Mapping[str, Any], trial: Trial) -> float:
        curve = curves.curve(params)
        account.ends.append(curve[-1])
        account.spend(0, epochs)
        seen.append((curve[epochs - 1], curve[-1]))
        # The first is complete, so that a study has one.
        if options["told"] == "pruned" and len(seen) > 1:
            for epoch in range(1, epochs + 1):
                trial.report(curve[epoch - 1], epoch)
            raise optuna.TrialPruned
        return curve[-1] if options["told"] == "ends" else curve[epochs - 1]

    crosstune.tune(spec, train, **arguments)
    finalists = sorted(seen, key=lambda pair: pair[0])[: options["finalists"]]
    for _ in finalists:
        account.spend(epochs, curves.epochs)
    return min(end for _, end in finalists), len(finalists)


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text

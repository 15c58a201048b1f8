"""`crosstune run`: one study from request to summary."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from optuna.samplers import BaseSampler
from optuna.study import Study
from optuna.trial import FrozenTrial
from rich.console import Console
from rich.markup import escape

from crosstune.console import LiveLine, best_trial, count, duration, table
from crosstune.errors import CrosstuneError, RequestError
from crosstune.objective import prepare
from crosstune.spec import Spec, load
from crosstune.storage import describe
from crosstune.study import Engine, choose, open_study
from crosstune.tuning import DEFAULT_TRIALS, finished, run

FOLDER = Path("runs")


@dataclass(frozen=True)
class Request:
    """What the command line was given; None is what the spec says."""

    spec: Path
    backend: str | None = None
    sampler: str | None = None
    pruner: str | None = None
    trials: int | None = None
    seconds: float | None = None
    seed: int | None = None
    storage: str | None = None
    study_name: str | None = None
    resume: bool = False


@dataclass(frozen=True)
class Result:
    """The exit status and the object that `--json` prints."""

    exit_status: int
    summary: dict[str, Any]


def run_spec(request: Request, console: Console, *, debug: bool = False) -> Result:
    """Run it, showing a live line and a final table on `console`.

    Raises:
        RequestError: a bad request; nothing was evaluated.
    """
    spec = load(request.spec)
    engine = choose(spec, backend=request.backend, sampler=request.sampler, seed=request.seed)
    function = prepare(spec, None, None)
    place = request.storage or str(journal(spec, engine, resume=request.resume))
    study = open_study(
        spec,
        engine,
        pruner=request.pruner,
        storage=place,
        study_name=request.study_name,
        resume=request.resume,
    )
    trials = spec.trials if request.trials is None else request.trials
    seconds = spec.seconds if request.seconds is None else request.seconds
    if trials is None and seconds is None:
        trials = DEFAULT_TRIALS
    console.print(
        escape(f"{study.study_name}: {engine.label}, seed {engine.seed}, in {describe(place)}"),
        highlight=False,
    )
    clock = _Clock(study.sampler)
    before = time.monotonic()
    exit_status = 0
    with LiveLine(console, spec.metric.name, trials, finished(study)) as line:
        try:
            run(study, function, trials=trials, seconds=seconds, callbacks=[line])
        except KeyboardInterrupt:
            exit_status = 130
        except RequestError:
            raise
        except CrosstuneError as error:
            if debug:
                raise
            exit_status = error.exit_status
            line.__exit__()
            console.print(escape(f"crosstune: {error}"), style="red", highlight=False)
    seconds_taken = time.monotonic() - before
    if exit_status == 0 and best_trial(study) is None:
        exit_status = 1
    _report(study, spec, function, console, place, seconds_taken, exit_status)
    return Result(exit_status, _summary(study, engine, place, seconds_taken, clock.seconds))


def journal(spec: Spec, engine: Engine, *, resume: bool) -> Path:
    """A journal file of its own for a new run; with `resume` the latest one of this engine."""
    stem = f"{_as_file_name(spec.name)}-{engine.adapter.name}-{engine.algorithm}"
    number = 1
    path = FOLDER / f"{stem}.journal"
    latest = path
    while path.exists():
        latest = path
        number += 1
        path = FOLDER / f"{stem}-{number}.journal"
    if resume:
        return latest
    try:
        FOLDER.mkdir(parents=True, exist_ok=True)
        path.touch(exist_ok=False)
    except FileExistsError:
        return journal(spec, engine, resume=False)
    except OSError as error:
        raise RequestError(f"{path} cannot be written: {error.strerror}") from error
    return path


class _Clock:
    """How many seconds a sampler has worked, whatever sampler it is."""

    def __init__(self, sampler: BaseSampler):
        self.seconds = 0.0
        for name in (
            "before_trial",
            "infer_relative_search_space",
            "sample_relative",
            "sample_independent",
            "after_trial",
            "exhausted",  # EngineSampler's
        ):
            if hasattr(sampler, name):
                setattr(sampler, name, self._timed(getattr(sampler, name)))

    def _timed(self, method: Callable[..., Any]) -> Callable[..., Any]:
        def timed(*args: Any, **kwargs: Any) -> Any:
            before = time.monotonic()
            try:
                return method(*args, **kwargs)
            finally:
                self.seconds += time.monotonic() - before

        return timed


def _report(
    study: Study,
    spec: Spec,
    function: Any,
    console: Console,
    place: str,
    seconds: float,
    exit_status: int,
) -> None:
    states = count(study)
    text = ", ".join(f"{n} {state}" for state, n in sorted(states.items()))
    if exit_status == 130:
        console.print("interrupted; what is finished is kept", highlight=False)
    console.print(escape(f"{text} in {duration(seconds)}"), highlight=False)
    best = best_trial(study)
    if best is None:
        console.print("no trial has a value", highlight=False)
    else:
        console.print(table(study, spec.metric.name))
        if exit_status == 0:
            _print_test(function, best, console)
    if "://" not in place:
        console.print(escape(f"kept in {place}"), highlight=False)


def _print_test(function: Any, best: FrozenTrial, console: Console) -> None:
    scores = function.test(best)
    if scores is not None:
        text = ", ".join(f"{name} {value:.6g}" for name, value in scores.items())
        console.print(
            escape(f"trial {best.number} on the part held out for the test: {text}"),
            highlight=False,
            soft_wrap=True,
        )


def _summary(
    study: Study, engine: Engine, place: str, seconds: float, sampler_seconds: float
) -> dict[str, Any]:
    best = best_trial(study)
    return {
        "study": study.study_name,
        "storage": describe(place),
        "backend": engine.adapter.name,
        "sampler": engine.algorithm,
        "seed": engine.seed,
        "trials": dict(count(study)),
        "best_value": None if best is None else best.value,
        "best_params": None if best is None else best.params,
        "seconds": round(seconds, 3),
        "sampler_seconds": round(sampler_seconds, 3),
    }


def _as_file_name(name: str) -> str:
    kept = "".join(c if c.isalnum() or c in "-_." else "-" for c in name).strip(".-")
    return kept[:100] or "study"

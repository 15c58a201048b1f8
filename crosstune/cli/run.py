"""`crosstune run`: one study from request to summary."""

from __future__ import annotations

import math
import shlex
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import optuna
from optuna.study import Study
from optuna.trial import FrozenTrial
from rich.console import Console
from rich.markup import escape

from crosstune import pruners
from crosstune.callbacks.tensorboard.callback import TensorBoardCallback
from crosstune.cli.console import LiveLine, count, duration, table, values
from crosstune.engines import budget as budgets
from crosstune.engines import registry as adapters
from crosstune.engines.budget import Budget
from crosstune.engines.feasibility import best_trial, ranked, why_no_best
from crosstune.errors import (
    CrosstuneError,
    RequestError,
    RunError,
    SpecError,
    message_of,
    raised_by_user,
)
from crosstune.objectives import Prepared, prepare
from crosstune.resume.mismatch import FRESH
from crosstune.spec import files as specfile
from crosstune.spec.spec import Spec, load
from crosstune.study.choice import Engine, choose
from crosstune.study.clock import SamplerClock
from crosstune.study.earlier_names import as_recorded
from crosstune.study.lock import driving
from crosstune.study.storage import describe, file_at, open_storage
from crosstune.system.filenames import as_file_name
from crosstune.tuning.front import asked_seed, open_study
from crosstune.tuning.loop import finished, run

if TYPE_CHECKING:
    from crosstune.parallel.parallel_evaluation import Several

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
    warm_start: tuple[str, ...] = ()
    storage: str | None = None
    study_name: str | None = None
    resume: bool = False
    fresh: bool = False
    tensorboard: str | None = None
    workers: int | None = None
    dask: str | None = None
    lag: int | None = None
    trial_seconds: float | None = None
    host: str | None = None


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
    if request.fresh and not request.resume:
        raise RequestError("--fresh says how to go on with a study: give --resume with it")
    engine, function = checked(request, spec)
    if request.resume:
        there = request.storage or journal(spec, engine, request.study_name, resume=True)
        recorded = as_recorded(spec, there, request.study_name)
        if recorded is not spec:
            spec = recorded
            engine, function = checked(request, spec)
    several = _several(request, spec, function)
    if several is not None:
        engine = several.workers.noted(engine)
    log = TensorBoardCallback(request.tensorboard) if request.tensorboard else None
    place = request.storage or str(journal(spec, engine, request.study_name, resume=request.resume))
    with driving(file_at(place), request.study_name or spec.name):
        return _run(request, spec, engine, function, several, place, log, console, debug=debug)


def _run(
    request: Request,
    spec: Spec,
    engine: Engine,
    function: Prepared,
    several: Several | None,
    place: str,
    log: TensorBoardCallback | None,
    console: Console,
    *,
    debug: bool,
) -> Result:
    """Run it at a place where no other process does."""
    budget = budget_of(request, spec, engine)
    trials = budget.trials
    study = open_study(
        spec,
        engine,
        pruner=request.pruner,
        storage=place,
        study_name=request.study_name,
        resume=FRESH if request.fresh else request.resume,
        budget=budget,
        several=several,
        evaluated=function.evaluated(),
    )
    engine = replace(engine, seed=asked_seed(study))
    console.print(
        escape(f"{study.study_name}: {engine.label}, seed {engine.seed}, in {describe(place)}"),
        highlight=False,
        soft_wrap=True,
    )
    done = finished(study)
    if trials is not None and done >= trials:
        console.print(
            f"the study has {done} finished trials already, and --trials {trials} is their "
            "number in all: there is nothing left to do",
            highlight=False,
            soft_wrap=True,
        )
    clock = SamplerClock(study.sampler)
    before = time.monotonic()
    exit_status = 0
    with log or nullcontext(), LiveLine(console, spec.metric.name, trials, done) as line:
        if log is not None:
            log.attach(study)  # and its thread looks for what is new until the end
        try:
            run(
                study,
                function,
                trials=trials,
                seconds=budget.seconds,
                callbacks=[line],
                several=several,
            )
        except KeyboardInterrupt:
            exit_status = 130
        except RequestError:
            raise
        except CrosstuneError as error:
            if debug:
                raise
            exit_status = error.exit_status
            line.__exit__()
            console.print(
                escape(f"crosstune: {error}"), style="red", highlight=False, soft_wrap=True
            )
    seconds_taken = time.monotonic() - before
    if exit_status == 0 and best_trial(study) is None:
        exit_status = 1
    report(study, spec, function, console, place, request.tensorboard, seconds_taken, exit_status)
    return Result(exit_status, _summary(study, spec, engine, place, seconds_taken, clock.seconds))


def budget_of(request: Request, spec: Spec, engine: Engine) -> Budget:
    """The budget of a command: its options, else the spec's."""
    return budgets.settle(
        spec,
        trials=request.trials,
        seconds=request.seconds,
        ends_by_itself=engine.ends_by_itself,
    )


def checked(request: Request, spec: Spec) -> tuple[Engine, Prepared]:
    """The engine and the objective; all that can be refused is, before anything is written.

    Raises:
        RequestError: with file and line, where it is the spec and not an option that asks for it.
    """
    for name, budget in (("--trials", request.trials), ("--seconds", request.seconds)):
        if budget is not None and not 0 < budget < float("inf"):
            raise RequestError(f"{name} has to be above 0, not {budget!r}")
    with _stands_at(request, "backend", request.backend):
        adapters.get(request.backend or spec.backend)
    with _stands_at(request, "sampler", request.sampler or request.backend):
        engine = choose(
            spec,
            backend=request.backend,
            sampler=request.sampler,
            seed=request.seed,
            warm_start=request.warm_start,
        )
        engine.sampler(spec.space)
    with _stands_at(request, "pruner", request.pruner):
        if request.pruner is not None:
            pruners.create(request.pruner)
        elif spec.pruner is not None:
            pruners.create(spec.pruner.name, spec.pruner.options)
    with _stands_at(request, "objective", None):
        return engine, prepare(spec, None, None)


def _several(request: Request, spec: Spec, function: Prepared) -> Several | None:
    """Who evaluates, where it is not this process alone.

    Raises:
        RequestError: options that do not go together, or a library that is missing.
    """
    asked = (request.workers, request.dask, request.lag, request.trial_seconds, request.host)
    if all(each is None for each in asked):
        return None
    from crosstune.parallel.evaluate import Recipe
    from crosstune.parallel.parallel_evaluation import Several, Workers

    return Several(Workers(*asked), Recipe(spec, None, None), function)


@contextmanager
def _stands_at(request: Request, key: str, option: str | None) -> Iterator[None]:
    """Adds file, line and key to a refusal, unless an option of the command line caused it."""
    try:
        yield
    except RequestError as error:
        path = error.path if isinstance(error, SpecError) and error.path else (key,)
        if option is not None or (isinstance(error, SpecError) and error.file is not None):
            raise
        line = specfile.read(request.spec).line(path)
        if line is None:
            raise
        if isinstance(error, SpecError):
            placed: RequestError = SpecError(error.message, path, file=str(request.spec), line=line)
        else:
            placed = type(error)(f"{request.spec}:{line}: {key}: {error}")
        raise placed from error.__cause__ or error


def journal(spec: Spec, engine: Engine, study_name: str | None = None, *, resume: bool) -> Path:
    """A journal file of its own for a new run; with `resume` the latest one with this study.

    The file may be that of another study, as several names can give the same file name.
    """
    stem = f"{as_file_name(spec.name)}-{engine.adapter.name}-{engine.algorithm}"
    there: list[Path] = []
    path = FOLDER / f"{stem}.journal"
    while path.exists():
        there.append(path)
        path = FOLDER / f"{stem}-{len(there) + 1}.journal"
    if resume:
        return _with_study(study_name or spec.name, there) or path
    try:
        FOLDER.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RequestError(
            f"the folder {FOLDER} cannot be made: {error.strerror}. Use --storage"
        ) from error
    try:
        path.touch(exist_ok=False)
    except FileExistsError:
        return journal(spec, engine, study_name, resume=False)  # Another run was faster.
    except OSError as error:
        raise RequestError(f"{path} cannot be written: {error.strerror}") from error
    return path


def _with_study(name: str, files: list[Path]) -> Path | None:
    """The last file that holds a study; else the last one that holds none, or is damaged."""
    others: list[Path] = []
    for file in reversed(files):
        try:
            names = optuna.get_all_study_names(open_storage(file))
        except (RequestError, ValueError, KeyError):
            names = []
        if name in names:
            return file
        if not names:
            others.append(file)
    return others[0] if others else None


def report(
    study: Study,
    spec: Spec,
    function: Any,
    console: Console,
    place: str,
    log_dir: str | None,
    seconds: float,
    exit_status: int,
) -> None:
    """Show how a study stands, after a run that ended with `exit_status`."""
    states = count(study)
    text = ", ".join(f"{n} {state}" for state, n in sorted(states.items()))
    if exit_status == 130:
        console.print(
            "interrupted; what is finished is kept, and --resume goes on", highlight=False
        )
    console.print(escape(f"{text} in {duration(seconds)}"), highlight=False)
    best = best_trial(study)
    if best is None:
        console.print(why_no_best(study), highlight=False)
    else:
        console.print(table(study, spec.metric.name, spec.space))
        infeasible = states["complete"] - len(ranked(study))
        if infeasible:
            text = f"{infeasible} of {states['complete']} complete trials violate a constraint"
            console.print(text, highlight=False)
        if exit_status == 0:
            _print_test(function, best, console)
    if "://" not in place:
        console.print(escape(f"kept in {place}"), highlight=False, soft_wrap=True)
    if log_dir is not None:
        command = f"tensorboard --logdir {shlex.quote(log_dir)}"
        console.print(escape(f"look at it with: {command}"), highlight=False, soft_wrap=True)


def _print_test(function: Any, best: FrozenTrial, console: Console) -> None:
    try:
        with raised_by_user(RunError):
            scores = function.test(best)
    except CrosstuneError as error:
        console.print(
            escape(f"the test of trial {best.number} failed: {message_of(error)}"),
            style="red",
            highlight=False,
            soft_wrap=True,
        )
        return
    if scores is not None:
        text = ", ".join(f"{name} {value:.6g}" for name, value in scores.items())
        console.print(
            escape(f"trial {best.number} on the part held out for the test: {text}"),
            highlight=False,
            soft_wrap=True,
        )


def _summary(
    study: Study, spec: Spec, engine: Engine, place: str, seconds: float, sampler_seconds: float
) -> dict[str, Any]:
    """The object of `--json`; JSON has no infinity, so an infinite best value is null."""
    best = best_trial(study)
    value = None if best is None or best.value is None else best.value
    return {
        "study": study.study_name,
        "storage": describe(place),
        "backend": engine.adapter.name,
        "sampler": engine.algorithm,
        "seed": engine.seed,
        "trials": dict(count(study)),
        "best_value": value if value is not None and math.isfinite(value) else None,
        "best_params": None if best is None else values(spec.space, best),
        "seconds": round(seconds, 3),
        "sampler_seconds": round(sampler_seconds, 3),
    }

"""The command line.

Exit status: 0 done, 1 the run failed or its result cannot be written, 2 a bad request, 130
interrupted. Everything for people goes to standard error, or is dropped if it cannot be written, so
that standard output holds the `--json` line alone.
"""

from __future__ import annotations

import io
import json
import shutil
import sys
import textwrap
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NoReturn

import click

from crosstune import __version__
from crosstune.cli.compare import compare
from crosstune.cli.export import export
from crosstune.cli.import_ import import_
from crosstune.cli.worker import worker
from crosstune.errors import RequestError, described, message_of
from crosstune.system.interrupts import watched
from crosstune.terminal.streams import is_broken, lossy_stderr, lossy_stdout
from crosstune.terminal.text import log_to_stderr, say, show_error
from crosstune.terminal.urls import note_secrets

_EXAMPLES = """
\b
Examples:
  crosstune run examples/iris.yaml
  crosstune run examples/iris.yaml --backend hyperopt --trials 50
  crosstune backends
"""


@click.group(
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog=_EXAMPLES,
)
@click.version_option(__version__, prog_name="crosstune")
@click.pass_context
def crosstune(context: click.Context) -> None:
    """Tune a model with Optuna, Hyperopt or Keras Tuner from one spec.

    A spec names what to tune, by what measure and for how long; --backend swaps the engine that
    proposes the trials. The result is an Optuna study, whichever engine it was.
    """
    if context.invoked_subcommand != "exec":  # There the script sets up its logging.
        log_to_stderr()


def _not_empty(context: click.Context, option: click.Parameter, given: str | None) -> str | None:
    """Refuse an empty string, as an unset shell variable makes it."""
    if given == "":
        raise click.BadParameter("it is empty. Leave the option out to get what the spec says.")
    return given


_BACKEND = click.option(
    "-b",
    "--backend",
    metavar="NAME",
    callback=_not_empty,
    help="optuna, hyperopt, keras_tuner or crosstune.",
)
_DEBUG = click.option("--debug", is_flag=True, help="Show the traceback of an error.")


@crosstune.command(
    epilog="""
\b
SAMPLER is a role (random, grid, bayesian), which every backend has, or a native
name of the backend; `crosstune backends` lists them.

\b
Without --storage the study goes to runs/NAME-BACKEND-SAMPLER.journal, with a number if
that is taken. Look at it with: optuna-dashboard runs/....journal

\b
A run that was killed or stopped goes on with --resume to the same trials that it would have had.
The trial that was running is run again. Where a library was upgraded meanwhile, and trials would
differ, that is an error, and --resume --fresh goes on with an engine that learns from the trials.

\b
Several trials at a time, in processes of this machine; one that dies or hangs costs one trial:
  crosstune run spec.yaml --workers 4 --trial-seconds 600
The same history for 1 to 8 workers, at the price of suggestions that know 7 results fewer:
  crosstune run spec.yaml --workers 4 --ordered
On a Dask cluster, whose workers may come and go:
  crosstune run spec.yaml --dask tcp://10.0.0.1:8786 --host 10.0.0.5
Without a cluster manager, over a database: crosstune worker --help

\b
With --tensorboard logs, look at it while it runs with: tensorboard --logdir logs
Several studies may share a directory, and a resumed one goes on in its log. The log of a study
that is over: crosstune tensorboard runs/....journal logs
"""
)
@click.argument("spec", type=click.Path(path_type=Path))
@_BACKEND
@click.option(
    "-s", "--sampler", metavar="NAME", callback=_not_empty, help="random, grid, bayesian, tpe, ..."
)
@click.option("-p", "--pruner", metavar="NAME", callback=_not_empty, help="median, hyperband, ...")
@click.option("-n", "--trials", type=int, metavar="N", help="Finished trials of the study in all.")
@click.option("--seconds", type=float, metavar="S", help="How long to go on.")
@click.option("--seed", type=int, metavar="N", help="Any integer; the same one, the same trials.")
@click.option(
    "--warm-start",
    multiple=True,
    metavar="STUDY",
    help="Learn from an earlier study, a journal file or URL; for crosstune's gp. May be repeated.",
)
@click.option(
    "--storage",
    metavar="PLACE",
    callback=_not_empty,
    help="A journal file, or the URL of a database.",
)
@click.option(
    "--study",
    "study_name",
    metavar="NAME",
    callback=_not_empty,
    help="The study's name in its storage.",
)
@click.option("--resume", is_flag=True, help="Go on with the study that is there.")
@click.option(
    "--fresh",
    is_flag=True,
    help="With --resume: go on with a fresh engine that learns from the trials.",
)
@click.option(
    "--tensorboard",
    metavar="DIR",
    callback=_not_empty,
    help="Log the study there for TensorBoard, as it runs.",
)
@click.option("-w", "--workers", type=int, metavar="N", help="Trials at a time, each in a process.")
@click.option(
    "--dask", metavar="ADDRESS", callback=_not_empty, help="Of a Dask scheduler; or: local."
)
@click.option(
    "--ordered",
    "lag",
    type=int,
    is_flag=False,
    flag_value=7,
    metavar="[LAG]",
    help="The same history for any number of workers up to LAG + 1; LAG is 7.",
)
@click.option(
    "--trial-seconds", type=float, metavar="S", help="End a trial that takes longer, as failed."
)
@click.option(
    "--host",
    metavar="ADDRESS",
    callback=_not_empty,
    help="Of this machine, for Dask workers on others. Its network has to be trusted.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object on standard output.")
@_DEBUG
def run(
    spec: Path,
    backend: str | None,
    sampler: str | None,
    pruner: str | None,
    trials: int | None,
    seconds: float | None,
    seed: int | None,
    warm_start: tuple[str, ...],
    storage: str | None,
    study_name: str | None,
    resume: bool,
    fresh: bool,
    tensorboard: str | None,
    workers: int | None,
    dask: str | None,
    lag: int | None,
    trial_seconds: float | None,
    host: str | None,
    as_json: bool,
    debug: bool,
) -> None:
    """Run the study that SPEC describes, a YAML, TOML or JSON file."""
    import optuna

    from crosstune.cli.console import SafeConsole
    from crosstune.cli.run import run_spec, study_request

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    console = SafeConsole(stderr=True)
    if fresh and not resume:
        raise RequestError("--fresh says how to go on with a study: give --resume with it")
    request = study_request(
        spec,
        backend=backend,
        sampler=sampler,
        pruner=pruner,
        trials=trials,
        seconds=seconds,
        seed=seed,
        warm_start=warm_start,
        storage=storage,
        study_name=study_name,
        resume="fresh" if fresh else resume,
        workers=workers,
        executor=dask,
        lag=lag,
        trial_seconds=trial_seconds,
        host=host,
    )
    with lossy_stdout():
        result = run_spec(request, console, tensorboard=tensorboard, debug=debug)
    if as_json:
        click.echo(json.dumps(result.summary, allow_nan=False))
    sys.exit(result.exit_status)


@crosstune.command()
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object on standard output.")
@_DEBUG
def backends(as_json: bool, debug: bool) -> None:
    """List the engines, whether they are installed, and their samplers."""
    from crosstune.engines import registry as adapters
    from crosstune.errors import MissingLibrary

    found: dict[str, Any] = {}
    for name in adapters.names():
        try:
            adapter = adapters.get(name)
        except MissingLibrary as error:
            found[name] = {"installed": False, "reason": str(error)}
            continue
        from importlib.metadata import version

        found[name] = {
            "installed": True,
            "version": version(adapter.distribution),
            "roles": {role: adapter.roles.get(role, "grid (crosstune's)") for role in _ROLES},
            "samplers": {
                key: {"summary": algorithm.summary, "refused": algorithm.refused}
                for key, algorithm in adapter.algorithms.items()
            },
        }
    if as_json:
        click.echo(json.dumps(found))
        return
    width = max(shutil.get_terminal_size((200, 24)).columns, 40)
    for name, known in found.items():
        if not known["installed"]:
            click.echo(f"{name}: {known['reason']}")
            continue
        click.echo(f"{name} {known['version']}")
        for key, about in known["samplers"].items():
            roles = [role for role, native in known["roles"].items() if native == key]
            role = f" [{', '.join(roles)}]" if roles and roles != [key] else ""
            text = f"refused: {about['refused']}" if about["refused"] else about["summary"]
            lines = textwrap.wrap(text, width - 25, break_long_words=False, break_on_hyphens=False)
            click.echo(f"  {key + role:22} " + f"\n{'':25}".join(lines))


_ROLES = ("random", "grid", "bayesian")


@crosstune.command(
    epilog="""
\b
Each library runs as its own users would call it, on the space of SPEC, and crosstune beside it,
with the same seed and an objective that takes no time. Exit status 0 where every suggestion is
identical, else 1. All samplers together take minutes, most of them for Optuna's gp and Keras
Tuner's bayesian, which take up to a second for a suggestion. Another sampler is quick:
  crosstune verify spec.yaml --backend hyperopt --sampler tpe
"""
)
@click.argument("spec", type=click.Path(path_type=Path))
@click.option("-b", "--backend", "backends", multiple=True, metavar="NAME", help="Only this one.")
@click.option("-s", "--sampler", "samplers", multiple=True, metavar="NAME", help="Only this one.")
@click.option("-n", "--trials", type=click.IntRange(1), default=60, show_default=True)
@click.option("--seeds", type=click.IntRange(1), default=5, show_default=True)
@click.option(
    "--jobs",
    type=click.IntRange(1),
    metavar="N",
    help="Runs at once, each in a process. Default: one for each core, up to 4.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON array on standard output.")
@_DEBUG
def verify(
    spec: Path,
    backends: tuple[str, ...],
    samplers: tuple[str, ...],
    trials: int,
    seeds: int,
    jobs: int | None,
    as_json: bool,
    debug: bool,
) -> None:
    """Prove that each engine suggests what its library suggests by hand."""
    from crosstune.cli import verify as command

    sys.exit(
        command.run(
            spec,
            backends=backends,
            samplers=samplers,
            seeds=seeds,
            trials=trials,
            jobs=jobs,
            as_json=as_json,
        )
    )


@crosstune.command(
    epilog="""
\b
Exit status 0; 2 where an engine refuses a parameter, and with --strict where one is approximate.
--backend limits the question to the engine that the study is for.
"""
)
@click.argument("spec", type=click.Path(path_type=Path))
@click.option("--mode", default="exact", show_default=True, metavar="NAME", help="Or literal.")
@click.option("-b", "--backend", "backends", multiple=True, metavar="NAME", help="Only this one.")
@click.option("--strict", is_flag=True, help="Make an approximation an error.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object on standard output.")
@_DEBUG
def check(
    spec: Path, mode: str, backends: tuple[str, ...], strict: bool, as_json: bool, debug: bool
) -> None:
    """Say how faithfully each engine draws each parameter of SPEC."""
    from crosstune.cli import check as command

    sys.exit(command.run(spec, mode=mode, strict=strict, backends=backends, as_json=as_json))


@crosstune.command()
def schema() -> None:
    """Print the JSON Schema of a spec, for editors and other programs."""
    from crosstune.spec.schema import schema as made

    click.echo(json.dumps(made(), indent=2))


@crosstune.command(
    "exec",
    context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False},
    epilog="""
\b
Examples:
  crosstune exec --backend hyperopt train.py --epochs 3
  crosstune exec --backend keras_tuner --seed 1 -m my_package.train

\b
What follows the script belongs to the script. Its studies may have a sampler of their own or
none, use optimize() or ask and tell, prune, and suggest other parameters in each trial; calls of
hyperopt.fmin and searches of Keras Tuner are driven as well. A study
with several objectives, with a grid or with constraints stays as the script has it; that is said,
and is an error under --strict. What was swapped is said on standard error and kept in the study.
Without --backend and --sampler no sampler is swapped.
""",
)
@_BACKEND
@click.option("-s", "--sampler", metavar="NAME", callback=_not_empty, help="random, tpe, ...")
@click.option("--seed", type=int, metavar="N", help="Of the first study; others follow from it.")
@click.option(
    "-n",
    "--trials",
    type=click.IntRange(1),
    metavar="N",
    help="At most N trials in each study or search.",
)
@click.option(
    "--tensorboard", metavar="DIR", callback=_not_empty, help="Log every study there, as it runs."
)
@click.option("--strict", is_flag=True, help="Make a study that cannot be swapped an error.")
@click.option("-m", "module", is_flag=True, help="The target is a module, as in python -m.")
@_DEBUG
@click.argument("target", metavar="SCRIPT")
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def exec_(
    backend: str | None,
    sampler: str | None,
    seed: int | None,
    trials: int | None,
    tensorboard: str | None,
    strict: bool,
    module: bool,
    debug: bool,
    target: str,
    arguments: tuple[str, ...],
) -> Callable[[], None]:
    """Run a Python script whose studies the chosen engine drives, without an edit."""
    from crosstune.cli import exec as command

    return command.prepare(
        target,
        arguments,
        module=module,
        backend=backend,
        sampler=sampler,
        seed=seed,
        trials=trials,
        strict=strict,
        tensorboard=tensorboard,
    )


crosstune.add_command(compare)
crosstune.add_command(export)
crosstune.add_command(import_)
crosstune.add_command(worker)


@crosstune.command(
    epilog="""
\b
A log that is there is continued, without anything twice. Example:
  crosstune tensorboard runs/iris-optuna-tpe.journal logs
  tensorboard --logdir logs
"""
)
@click.argument("storage", metavar="STUDY")
@click.argument("log_dir", metavar="DIR", type=click.Path(path_type=Path))
@click.option(
    "--study", "study_name", metavar="NAME", callback=_not_empty, help="Only this one of several."
)
@click.option("--metric", metavar="NAME", callback=_not_empty, help="What the objective is called.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON array on standard output.")
@_DEBUG
def tensorboard(
    storage: str,
    log_dir: Path,
    study_name: str | None,
    metric: str | None,
    as_json: bool,
    debug: bool,
) -> None:
    """Log what STUDY, a journal file or the URL of a database, holds to DIR for TensorBoard."""
    from crosstune.cli import tensorboard as command

    sys.exit(command.run(storage, log_dir, study_name=study_name, metric=metric, as_json=as_json))


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command line and exit."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    for argument in given:
        note_secrets(argument)
    with lossy_stderr():
        script = _command(given)
    if callable(script):
        script()  # Out here, so that what it raises is not taken for an error of the command line.
    sys.exit(0)


def _command(given: Sequence[str]) -> Any:
    """What a command returns: the script that `exec` is to run, or None."""
    try:
        with watched():
            return crosstune.main(args=given, prog_name="crosstune", standalone_mode=False)
    except click.UsageError as error:
        shown = io.StringIO()
        error.show(shown)
        say(shown.getvalue().rstrip())
        sys.exit(2)
    except click.exceptions.Exit as error:
        sys.exit(error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        say("interrupted")
        sys.exit(130)
    except SystemExit:
        raise
    except BaseException as error:
        from crosstune.errors import CrosstuneError

        if isinstance(error, OSError | ValueError) and is_broken(sys.stdout):
            reason = error.strerror if isinstance(error, OSError) else error
            say(f"crosstune: the result cannot be written: {reason}")
            sys.exit(1)
        if "--debug" in given:
            show_error(error)
        elif isinstance(error, CrosstuneError):
            say(f"crosstune: {message_of(error)}")
        else:
            say(f"crosstune: {described(error)}\n(--debug shows where it was raised)")
        sys.exit(error.exit_status if isinstance(error, CrosstuneError) else 1)


if __name__ == "__main__":
    main()

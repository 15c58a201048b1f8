"""The command line.

Exit status: 0 done, 1 the run failed or its result cannot be written, 2 bad request, 130
interrupted. Messages go to standard error, or are dropped if it cannot be written, so that standard
output has only the `--json` line.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Sequence
from typing import Any, NoReturn

import click

from crosstune import __version__
from crosstune.cli.backends import backends
from crosstune.cli.check import check
from crosstune.cli.compare import compare
from crosstune.cli.completion import completion
from crosstune.cli.doctor import doctor
from crosstune.cli.exec import exec_
from crosstune.cli.export import export
from crosstune.cli.import_ import import_
from crosstune.cli.report import report
from crosstune.cli.run import run
from crosstune.cli.schema import schema
from crosstune.cli.spec import spec
from crosstune.cli.tensorboard import tensorboard
from crosstune.cli.verify import verify
from crosstune.cli.worker import worker
from crosstune.errors import described, message_of
from crosstune.system.interrupts import watched
from crosstune.terminal.streams import is_broken, lossy_stderr
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
    if context.invoked_subcommand not in ("exec", "spec"):  # which leave logging to the script
        log_to_stderr()


for command in (
    run,
    backends,
    doctor,
    verify,
    check,
    schema,
    spec,
    exec_,
    compare,
    report,
    export,
    import_,
    worker,
    tensorboard,
    completion,
):
    crosstune.add_command(command)


def main(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run the command line and exit."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    note_secrets(*words)
    with lossy_stderr():
        script = _command(words)
    if callable(script):
        script()  # Here, so that its exceptions are not reported as errors of the command line.
    sys.exit(0)


def _command(words: Sequence[str]) -> Any:
    """Run a command; returns the function that runs the script of `exec`, or None."""
    try:
        with watched():
            return crosstune.main(args=words, prog_name="crosstune", standalone_mode=False)
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
        if "--debug" in words:
            show_error(error)
        elif isinstance(error, CrosstuneError):
            say(f"crosstune: {message_of(error)}")
        else:
            say(f"crosstune: {described(error)}\n(--debug shows where it was raised)")
        sys.exit(error.exit_status if isinstance(error, CrosstuneError) else 1)


if __name__ == "__main__":
    main()

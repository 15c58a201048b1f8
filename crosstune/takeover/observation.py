"""Runs a script for its first trials, and keeps every study that it makes.

The script runs as under `crosstune exec`, with Optuna's random search in all of its studies, so
that its choices are seen alike.
"""

from __future__ import annotations

import contextlib
import functools
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

import wrapt

from crosstune.engines.registry import HOST
from crosstune.errors import CrosstuneError, described
from crosstune.takeover.install import install
from crosstune.takeover.script import run_module, run_script

if TYPE_CHECKING:
    from optuna.study import Study


def observed(
    target: str, arguments: Sequence[str], *, module: bool, trials: int, seed: int
) -> tuple[list[Study], str]:
    """The studies that a script made, and how it failed; empty if it did not.

    Args:
        target: a script, or the name of a module.
        arguments: of the script.
        module: whether the target is a module.
        trials: at most, in each study.
        seed: of the first study.
    """
    studies: list[Study] = []

    def keep(library: ModuleType) -> None:
        kind: Any = library.study.Study
        kind.__init__ = _noting(kind.__init__, studies)

    wrapt.register_post_import_hook(keep, HOST)
    install(backend=HOST, sampler="random", seed=seed, trials=trials)
    why = ""
    try:
        with contextlib.redirect_stdout(sys.stderr):  # standard output is for the draft
            if module:
                run_module(target, arguments)
            else:
                run_script(Path(target), arguments)
    except SystemExit as error:
        why = "" if error.code in (None, 0) else f"it exited with {error.code}"
    except CrosstuneError as error:
        why = str(error)
    except Exception as error:
        why = described(error)
    return studies, why


def _noting(init: Callable[..., None], studies: list[Study]) -> Callable[..., None]:
    """`Study.__init__`, which also keeps the study."""

    @functools.wraps(init)
    def noted(study: Study, *args: Any, **options: Any) -> None:
        init(study, *args, **options)
        if type(study).__name__ == "Study":  # not a pruner's view of one
            studies.append(study)

    return noted

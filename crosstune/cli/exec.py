"""`crosstune exec`: take over the studies of this process, then run the script in it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from crosstune.errors import RequestError
from crosstune.takeover.install import install
from crosstune.takeover.misplaced import check_order
from crosstune.takeover.script import run_module, run_script


def prepare(
    target: str,
    arguments: Sequence[str],
    *,
    module: bool,
    backend: str | None,
    sampler: str | None,
    seed: int | None,
    trials: int | None,
    strict: bool,
    tensorboard: str | None,
) -> Callable[[], None]:
    """What is left to call: the script itself.

    Raises:
        RequestError: there is no such script or engine.
    """
    if seed is not None and backend is None and sampler is None:
        raise RequestError("--seed is the engine's: name it, with --backend or --sampler")
    path = Path(target)
    if not module and not path.exists():
        raise RequestError(f"there is no script {target}")
    options = {
        "backend": backend,
        "sampler": sampler,
        "seed": seed,
        "trials": trials,
        "strict": strict,
        "tensorboard": tensorboard,
    }
    check_order(target, arguments, options)
    install(**options)
    if module:
        return partial(run_module, target, arguments)
    return partial(run_script, path, arguments)

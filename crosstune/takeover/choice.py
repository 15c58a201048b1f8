"""The engine that `crosstune exec` was asked for, and its messages."""

from __future__ import annotations

import atexit
import os
import secrets
import threading
import zlib
from collections.abc import Hashable
from functools import cached_property
from importlib.util import find_spec
from typing import TYPE_CHECKING

from crosstune.engines.registry import HOST
from crosstune.engines.seeds import derived_seed
from crosstune.errors import RequestError, Unsupported
from crosstune.takeover import shared
from crosstune.takeover.engines import is_ready
from crosstune.takeover.schedulers import check_written
from crosstune.terminal.text import say

if TYPE_CHECKING:
    from optuna.study import Study

    from crosstune.callbacks.tensorboard.callback import TensorBoardCallback
    from crosstune.study.choice import ChosenEngine


class ScriptEngine:
    """The engine for every study of a script.

    Its library is imported for the first study, since the script may first set variables that
    the library reads when it is imported.

    Args:
        backend, sampler: names; both None leaves every study to the script's own sampler.
        seed: of the script's first study; each later one has a seed derived from it.
        trials: the most trials of each study; None leaves the number to the script.
        scheduler: of every study, as its name with the epochs of a training, "i-epoch:50".
        strict: raise an error if a study stays with the script's own sampler.
        tensorboard: the folder of a TensorBoard log of every study; None for none.
        worker: whether this is a process that the script started.

    Raises:
        RequestError: the engine does not exist, or cannot search a space that it has to learn.
    """

    def __init__(
        self,
        backend: str | None = None,
        sampler: str | None = None,
        seed: int | None = None,
        *,
        trials: int | None = None,
        scheduler: str | None = None,
        strict: bool = False,
        tensorboard: str | None = None,
        worker: bool = False,
    ):
        self.swaps = backend is not None or sampler is not None
        self._backend = (backend or HOST).replace("-", "_")
        self._sampler = sampler or "bayesian"
        self._scheduler = scheduler
        if scheduler is not None and not self.swaps:
            raise RequestError(
                "a scheduler stands in front of an engine: name it, with --backend or --sampler"
            )
        if scheduler is not None and not worker:
            check_written(scheduler)
        if self.swaps and not worker and not is_ready(self._backend, self._sampler):
            self.engine  # noqa: B018  (raises)
        self.trials = trials
        self.strict = strict
        self._seed = secrets.randbits(31) if seed is None else seed
        self.seeded = seed is not None
        self._studies = 0
        self._by_script_seed: dict[Hashable, int] = {}
        self._lock = threading.Lock()
        self._said: set[str] = set()
        self._process = None if worker else os.getpid()
        if not worker:
            shared.make_folder()
        self._tensorboard = None if worker else tensorboard
        self._log: TensorBoardCallback | None = None
        if self._tensorboard is not None:
            if find_spec("tensorboard") is None:
                self._logger()  # raises
            atexit.register(self._close_log)

    @cached_property
    def engine(self) -> ChosenEngine:
        """Backend and algorithm, to be given the seed of each study; imports the library."""
        from crosstune.samplers.named import check_learns, named_algorithm
        from crosstune.study.choice import ChosenEngine

        adapter, algorithm = named_algorithm(f"{self._backend}:{self._sampler}")
        check_learns(adapter, algorithm)
        chosen = ChosenEngine(adapter, algorithm, {}, 0)
        if self._scheduler is None:
            return chosen
        from crosstune.samplers.scheduled.settings import Scheduler
        from crosstune.study.choice import scheduled

        name, epochs = self._scheduler.split(":")
        options = {"max_epochs": int(epochs)}
        made = Scheduler.of(name, options, reads_curves=chosen.reads_curves)
        return scheduled(chosen, made)

    def refuse_scheduler(self, what: str) -> None:
        """Raise Unsupported if a scheduler is asked for where nothing is paused.

        Args:
            what: the search, in words.
        """
        if self._scheduler is not None:
            raise Unsupported(
                f"{what} has no trials that report and are paused, so it takes no scheduler. Leave "
                "--scheduler out"
            )

    @property
    def is_first_process(self) -> bool:
        """True in the process that runs the script, False in those that the script started."""
        return os.getpid() == self._process

    def next_seed(self, script_seed: Hashable | None = None, trials: int = 0) -> int:
        """The seed of the next study.

        The first study has the seed of the command line, and the others have seeds derived from it.
        Without one it is the script's seed, or else a random one. Two studies with the same seed in
        the script have the same seed here. A process that the script started has its own seeds, or
        every worker would propose the same points.

        Args:
            script_seed: the seed in the script, or an object in its place.
            trials: the number that the study has: the same seed would propose the first again.
        """
        if trials:
            return derived_seed(self.next_seed(script_seed), trials)
        with self._lock:
            if script_seed is not None and script_seed in self._by_script_seed:
                return self._by_script_seed[script_seed]
            number, self._studies = self._studies, self._studies + 1
            seed = self._derived(number, script_seed)
            if script_seed is not None:
                self._by_script_seed[script_seed] = seed
            return seed

    def _derived(self, number: int, script_seed: Hashable | None) -> int:
        if not self.seeded and script_seed is not None:
            if isinstance(script_seed, int):
                return script_seed
            return zlib.crc32(repr(script_seed).encode())
        if not self.is_first_process:
            # It keeps the `__main__` that is there when it is imported, which is to be the script.
            import multiprocessing

            worker = multiprocessing.current_process().name
            if not self.seeded or worker == "MainProcess":  # Nothing tells it from its siblings.
                return secrets.randbits(31)
            return derived_seed(self._seed, number, worker)
        return self._seed if number == 0 else derived_seed(self._seed, number)

    def log(self, study: Study) -> None:
        """Show a study in TensorBoard, in the process that the user started only."""
        if self._tensorboard is not None and self.is_first_process:
            self._logger().attach(study)

    def _logger(self) -> TensorBoardCallback:
        with self._lock:
            if self._log is None:
                from crosstune.callbacks.tensorboard.callback import TensorBoardCallback

                assert self._tensorboard is not None
                self._log = TensorBoardCallback(self._tensorboard)
            return self._log

    def _close_log(self) -> None:
        if self._log is not None:
            self._log.close()

    def say(self, text: str, *details: str) -> None:
        """Write a line to standard error, the same `text` once in all processes of the script."""
        if self._is_new(text):
            say(f"crosstune exec: {text}{''.join(details)}")

    def _is_new(self, text: str) -> bool:
        """True if no process has written the text; from now on False."""
        with self._lock:
            if text in self._said:
                return False
            self._said.add(text)
        return shared.first("said", text)

    def warn_of_constraints(self, text: str) -> None:
        """Warn that the engine cannot use the constraints of the script's trials.

        Raises:
            Unsupported: under `strict`, if it was chosen on the command line.
        """
        if self.strict and self.swaps:
            raise Unsupported(f"{text} (--strict)")
        self.say(text)

    def leave(self, what: str, why: str) -> None:
        """Warn that a part of the script is not taken over.

        Raises:
            Unsupported: under `strict`.
        """
        if self.strict:
            raise Unsupported(f"{what} cannot be driven by {self.engine.label} (--strict): {why}")
        self.say(f"{what} is left unchanged: {why}")

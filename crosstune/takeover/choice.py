"""What `crosstune exec` was asked for, and what it says of it."""

from __future__ import annotations

import atexit
import multiprocessing
import os
import secrets
import shutil
import tempfile
import threading
import zlib
from collections.abc import Hashable
from pathlib import Path

from optuna.samplers import BaseSampler
from optuna.study import Study

from crosstune.errors import Unsupported
from crosstune.samplers.named import check_learns, named_algorithm, named_sampler
from crosstune.terminal import say

_SAID = "CROSSTUNE_EXEC_SAID"
"""The environment variable with a folder that has a file for each line that was said.

The script's processes inherit it, so that of several workers only the first says a line.
"""


class Choice:
    """The engine for every study of a script.

    Args:
        backend, sampler: names; both None leaves every study to the script's own sampler.
        seed: that of the script's first study; each later one has a seed derived from it.
        trials: a budget in place of the script's; None keeps that.
        strict: make it an error where a study stays with the script's own sampler.
        tensorboard: the folder of a TensorBoard log of every study; None for none.
        worker: whether this is a process that the script started.

    Raises:
        RequestError: there is no such engine, or it cannot search a space that it has to learn.
    """

    def __init__(
        self,
        backend: str | None = None,
        sampler: str | None = None,
        seed: int | None = None,
        *,
        trials: int | None = None,
        strict: bool = False,
        tensorboard: str | None = None,
        worker: bool = False,
    ):
        self.swaps = backend is not None or sampler is not None
        name = f"{backend or 'optuna'}:{sampler or 'bayesian'}"
        self.adapter, self.algorithm = named_algorithm(name)
        check_learns(self.adapter, self.algorithm)
        self.trials = trials
        self.strict = strict
        self._seed = secrets.randbits(31) if seed is None else seed
        self.seeded = seed is not None
        self._studies = 0
        self._by_given: dict[Hashable, int] = {}
        self._lock = threading.Lock()
        self._said: set[str] = set()
        self._process = None if worker else os.getpid()
        if not worker:
            self._share_what_is_said()
        self._log = None
        if tensorboard is not None and not worker:
            from crosstune.callbacks import TensorBoardCallback

            self._log = TensorBoardCallback(tensorboard)
            atexit.register(self._log.close)

    @property
    def label(self) -> str:
        """Backend and sampler, such as ``hyperopt:tpe``."""
        return f"{self.adapter.name}:{self.algorithm}"

    def next_seed(self, given: Hashable | None = None, trials: int = 0) -> int:
        """The seed of the next study.

        The first has the one of the command line, and those of the others follow from it.
        Without one it is the script's, or else a random one. Two studies that the script seeds
        alike are searched alike. A process that the script started has seeds of its own, or
        every worker would propose the same points.

        Args:
            given: the seed that the script gave, or whatever stands for it.
            trials: how many the study has: the same seed would propose the first again.
        """
        if trials:
            return zlib.crc32(repr((self.next_seed(given), trials)).encode())
        with self._lock:
            if given is not None and given in self._by_given:
                return self._by_given[given]
            number, self._studies = self._studies, self._studies + 1
            seed = self._derived(number, given)
            if given is not None:
                self._by_given[given] = seed
            return seed

    def _derived(self, number: int, given: Hashable | None) -> int:
        if not self.seeded and given is not None:
            return given if isinstance(given, int) else zlib.crc32(repr(given).encode())
        if os.getpid() != self._process:
            worker = multiprocessing.current_process().name
            if not self.seeded or worker == "MainProcess":  # Nothing tells it from its siblings.
                return secrets.randbits(31)
            return zlib.crc32(repr((self._seed, number, worker)).encode())
        return self._seed if number == 0 else zlib.crc32(repr((self._seed, number)).encode())

    def make(self, seed: int) -> BaseSampler:
        """A new sampler of the chosen engine."""
        return named_sampler(self.label, seed)

    def log(self, study: Study) -> None:
        """Show a study in TensorBoard; only the process that the user started does."""
        if self._log is not None and os.getpid() == self._process:
            self._log.attach(study)

    def say(self, text: str, *details: str) -> None:
        """One line on standard error, the same `text` once by all processes of the script."""
        if self._is_new(text):
            say(f"crosstune exec: {text}{''.join(details)}")

    def _is_new(self, text: str) -> bool:
        """Whether nobody has said it; from now on somebody has."""
        with self._lock:
            if text in self._said:
                return False
            self._said.add(text)
        folder = os.environ.get(_SAID)
        if folder is None:
            return True
        try:
            Path(folder, f"{zlib.crc32(text.encode()):08x}").touch(exist_ok=False)
        except FileExistsError:
            return False
        except OSError:  # The first process has ended, and took the folder along.
            pass
        return True

    def _share_what_is_said(self) -> None:
        try:
            folder = os.environ[_SAID] = tempfile.mkdtemp(prefix="crosstune-exec-")
        except OSError:  # There is no place for files: each process speaks for itself.
            return

        def remove() -> None:
            if os.getpid() == self._process:  # A fork of it runs this as well.
                shutil.rmtree(folder, ignore_errors=True)

        atexit.register(remove)

    def warn_of_constraints(self, text: str) -> None:
        """Say that the engine cannot use the constraints of the script's trials.

        Raises:
            Unsupported: under `strict`.
        """
        if self.strict:
            raise Unsupported(f"{text} (--strict)")
        self.say(text)

    def leave(self, what: str, why: str) -> None:
        """Say what stays as the script has it.

        Raises:
            Unsupported: under `strict`.
        """
        if self.strict:
            raise Unsupported(f"{what} cannot be driven by {self.label} (--strict): {why}")
        self.say(f"{what} stays as the script has it: {why}")

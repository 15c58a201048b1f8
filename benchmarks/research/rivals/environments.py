"""The environments of the rivals: a folder each, with pinned versions, made by one command."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import distributions
from pathlib import Path

from crosstune.errors import MissingLibrary, RequestError, RunError

INSIDE = Path(__file__).parent / "inside"
"""What runs in the environments, and the versions in them."""

PLACE = "CROSSTUNE_RIVALS"
"""The variable that names another folder than ``runs/rivals`` for the environments."""


@dataclass(frozen=True)
class Environment:
    """Where one rival is installed.

    Attributes:
        name: of the rival.
        shown: the libraries whose versions stand in the results.
        newest: the newest Python for which the pinned versions have wheels.
    """

    name: str
    shown: tuple[str, ...]
    newest: tuple[int, int] = (3, 13)

    @property
    def folder(self) -> Path:
        """Where it is, or would be."""
        return Path(os.environ.get(PLACE) or Path("runs") / "rivals").absolute() / self.name

    @property
    def requirements(self) -> Path:
        """Every version in it."""
        return INSIDE / f"requirements-{self.name}.txt"

    @property
    def is_installed(self) -> bool:
        """Whether it is there, whole, with the versions that are asked for now."""
        installed = self.folder / "installed.txt"
        return installed.is_file() and installed.read_bytes() == self.requirements.read_bytes()

    def check(self) -> None:
        """Raise MissingLibrary unless it is installed."""
        if not self.is_installed:
            raise MissingLibrary(
                f"{self.name} runs in an environment of its own, which is not in {self.folder}: "
                f"python -m crosstune.benchmarks.research.rivals install {self.name}"
            )

    def command(self) -> list[str]:
        """What starts the rival."""
        return [str(self._python), str(INSIDE / "serve.py"), f"{self.name}_rival"]

    def versions(self) -> Mapping[str, str]:
        """The versions of `shown` that are installed, such as ``{"smac": "2.4.1"}``.

        All but the first are marked as the rival's, since the match may use others itself.
        """
        versions = {
            distribution.metadata["Name"].lower(): distribution.version
            for distribution in distributions(path=[str(self._packages)])
        }
        first = self.shown[0]
        return {
            name if name == first else f"{name} of {first}": versions[name]
            for name in self.shown
            if name in versions
        }

    def install(self) -> None:
        """Make it anew, from the package index that pip uses here.

        Raises:
            RequestError: this Python is too new for the pinned versions.
            RunError: pip failed; what it said is on the standard error.
        """
        if sys.version_info[:2] > self.newest:
            raise RequestError(
                f"the versions pinned for {self.name} have no wheels for Python "
                f"{sys.version_info[0]}.{sys.version_info[1]}: install it with Python "
                f"{self.newest[0]}.{self.newest[1]}"
            )
        if self.folder.exists():
            shutil.rmtree(self.folder)
        for command in (
            [sys.executable, "-m", "venv", str(self.folder)],
            [str(self._python), "-m", "pip", "install", "-r", str(self.requirements)],
        ):
            if subprocess.run(command).returncode:
                raise RunError(f"{self.name} could not be installed: {' '.join(command)} failed")
        shutil.copyfile(self.requirements, self.folder / "installed.txt")

    @property
    def _python(self) -> Path:
        windows = os.name == "nt"
        return self.folder / ("Scripts/python.exe" if windows else "bin/python")

    @property
    def _packages(self) -> Path:
        if os.name == "nt":
            return self.folder / "Lib" / "site-packages"
        return next(self.folder.glob("lib/python*/site-packages"), self.folder)


ENVIRONMENTS = {
    environment.name: environment
    for environment in (
        Environment("smac", ("smac", "configspace", "scikit-learn")),
        # HEBO asks for numpy below 1.25.
        Environment("hebo", ("hebo", "pymoo", "torch", "numpy"), (3, 11)),
        Environment("ax", ("ax-platform", "botorch", "gpytorch", "torch")),
        Environment("nevergrad", ("nevergrad", "cma")),
    )
}

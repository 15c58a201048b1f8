"""What a folder's file system can do for a study: writing, links, locks."""

from __future__ import annotations

import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]


@dataclass(frozen=True)
class FolderChecks:
    """The outcome, None for what could not be tried.

    Attributes:
        writable: whether a file can be made.
        links: whether Optuna can lock a journal, by a symbolic link.
        locks: whether crosstune can keep a second process off a study, by `flock`.
    """

    writable: bool
    links: bool | None = None
    locks: bool | None = None

    @property
    def faults(self) -> list[str]:
        """What does not work, and what it means."""
        if not self.writable:
            return ["no file can be made there: choose another place with --storage"]
        said = []
        if self.links is False:
            said.append("no links, so no journal can be kept there: use a database")
        if self.locks is False:
            said.append("no locks, so nothing keeps a second process off a study there")
        return said


def checked(folder: Path) -> FolderChecks:
    """Try a folder, or the nearest one above it that exists. What is made is removed."""
    while not folder.is_dir() and folder != folder.parent:
        folder = folder.parent
    try:
        with tempfile.TemporaryDirectory(prefix=".crosstune-doctor-", dir=folder) as made:
            file = Path(made, "file")
            file.touch()
            return FolderChecks(True, _links(file), _locks(file))
    except OSError:
        return FolderChecks(False)


def _links(file: Path) -> bool:
    try:
        file.with_name("link").symlink_to(file)
    except (OSError, NotImplementedError):
        return False
    return True


def _locks(file: Path) -> bool:
    if fcntl is None:
        return False
    descriptor = os.open(file, os.O_RDWR)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    finally:
        os.close(descriptor)
    return True

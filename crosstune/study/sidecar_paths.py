"""The names of files beside the file of a study."""

from __future__ import annotations

import hashlib
from pathlib import Path


def beside(file: Path, study_name: str, ending: str) -> Path:
    """The path of a file that belongs to one study of a journal or database file.

    Args:
        file: the journal or database.
        study_name: its name in the file.
        ending: of the path, such as ``.snapshot``.

    >>> beside(Path("runs/iris.journal"), "iris", ".snapshot").name
    'iris.journal-47612b31.snapshot'
    """
    digest = hashlib.sha256(study_name.encode()).hexdigest()[:8]
    return file.with_name(f"{file.name}-{digest}{ending}")

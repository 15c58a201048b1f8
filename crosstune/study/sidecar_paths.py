"""What the files beside a study are called."""

from __future__ import annotations

import hashlib
from pathlib import Path


def beside(file: Path, study_name: str, ending: str) -> Path:
    """A file that belongs to one study of a journal or database file.

    >>> beside(Path("runs/iris.journal"), "iris", ".snapshot").name
    'iris.journal-47612b31.snapshot'
    """
    digest = hashlib.sha256(study_name.encode()).hexdigest()[:8]
    return file.with_name(f"{file.name}-{digest}{ending}")

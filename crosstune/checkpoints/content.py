"""The content of a checkpoint: checked, and written to a file."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from numbers import Integral
from pathlib import Path
from typing import TypeAlias

from crosstune.checkpoints.record import is_plain_name
from crosstune.checkpoints.stores import NoRoom, no_room
from crosstune.errors import RequestError

Content: TypeAlias = bytes | str | os.PathLike[str] | Callable[[Path], object]


def checked_name(content: Content, step: int, name: str | None, keep: int) -> str:
    """Check the arguments of `save`, and return the name of the file.

    Args:
        content, step, name, keep: as in `save`.

    Raises:
        RequestError: an argument is invalid.
    """
    if isinstance(step, bool) or not isinstance(step, Integral) or step < 0:
        raise RequestError(f"step is how many epochs are done, 0 or more, not {step!r}")
    if isinstance(keep, bool) or not isinstance(keep, int) or keep < 1:
        raise RequestError(f"keep is how many checkpoints to keep, 1 or more, not {keep!r}")
    if isinstance(content, str | os.PathLike):
        if not Path(content).is_file():
            raise RequestError(f"{os.fspath(content)} is no file, so it is no checkpoint to save")
        name = Path(content).name if name is None else name
    elif not isinstance(content, bytes) and not callable(content):
        raise RequestError(
            "a checkpoint is what writes a file at a path, or bytes, or the path of a file, not "
            f"{content!r}"
        )
    name = "checkpoint" if name is None else name
    if not is_plain_name(name):
        raise RequestError(f"name is that of a file without folders, not {name!r}")
    return name


@contextmanager
def as_file(content: Content, name: str) -> Iterator[Path]:
    """A file with the content.

    Raises:
        NoRoom: the disk is full. Other exceptions of the caller's function pass through.
    """
    if isinstance(content, str | os.PathLike):
        yield Path(content)
        return
    with tempfile.TemporaryDirectory(prefix="crosstune-") as folder:
        path = Path(folder) / name
        try:
            if isinstance(content, bytes):
                path.write_bytes(content)
            else:
                content(path)
        except Exception as error:
            reason = no_room(error)
            if reason is None:
                raise
            raise NoRoom(reason) from error
        if not path.is_file():
            raise RequestError(
                f"the function that was to write the checkpoint wrote no file at {path.name!r}. "
                "If it adds an ending, give name= with it"
            )
        yield path

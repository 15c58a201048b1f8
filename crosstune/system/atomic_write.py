"""Files and folders that are there whole or not at all."""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from crosstune.errors import RequestError


@contextmanager
def placed(path: str | os.PathLike[str], *, force: bool, mark: str | None = None) -> Iterator[Path]:
    """A new path beside `path`, to be written in the block, that takes its place at the end.

    If the block raises, what it wrote is removed and `path` is as it was.

    Args:
        force: whether what is at `path` may be replaced.
        mark: the file by which a folder is known to be one of the kind that may be replaced;
            None where a file is written.

    Raises:
        RequestError: something is there, or it cannot be written.
    """
    final = Path(os.path.realpath(path))
    check_free(final, force=force, mark=mark)
    for folder in final.parents:
        if os.path.lexists(folder) and not folder.is_dir():
            raise RequestError(f"{path} cannot be written: {folder} is no folder")
    part = final.with_name(f".{final.name}.{secrets.token_hex(4)}.part")
    try:
        final.parent.mkdir(parents=True, exist_ok=True)
        yield part
        check_free(final, force=force, mark=mark)
        _move(part, final)
    except OSError as error:
        raise RequestError(f"{path} cannot be written: {error.strerror or error}") from error
    finally:
        _remove(part)


def check_free(path: Path, *, force: bool, mark: str | None = None) -> None:
    """Raise a RequestError where something is at `path` that may not be replaced."""
    if not os.path.lexists(path):
        return
    if not force:
        raise RequestError(f"{path} is there already. Choose another path, or replace it: --force")
    if mark is None and not path.is_file():
        raise RequestError(f"{path} is no regular file, so it is not replaced")
    if mark is not None and not (path / mark).is_file():
        raise RequestError(f"{path} is no folder with {mark} in it, so it is not replaced")


def _move(part: Path, final: Path) -> None:
    if not final.is_dir():
        part.replace(final)
        return
    old = part.with_suffix(".old")
    final.rename(old)
    try:
        part.rename(final)
    except OSError:
        old.rename(final)
        raise
    shutil.rmtree(old, ignore_errors=True)


def _remove(path: Path) -> None:
    with suppress(OSError):
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)

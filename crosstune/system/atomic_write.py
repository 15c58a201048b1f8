"""Files and folders that are written completely or not at all."""

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
    """A temporary path to write in the block, which replaces `path` at the end of it.

    If the block raises, its output is removed and `path` is unchanged.

    Args:
        path, force, mark: as in `check_free`.

    Raises:
        RequestError: `path` may not be replaced, or cannot be written.
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
    """Check that nothing is at `path`, or something that may be replaced.

    Args:
        path: of a file or a folder.
        force: whether an existing file or folder may be replaced.
        mark: the file that identifies a folder which may be replaced; None if `path` is for a file.

    Raises:
        RequestError: something else is there.
    """
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

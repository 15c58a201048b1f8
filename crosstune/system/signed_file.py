"""Files that only this user on this machine can have written: signed, private, written whole.

A snapshot is a pickle, and reading a pickle runs what it says. So a file is read only where it is
the user's own, closed to others, and signed with a key that is in the user's state folder and
nowhere else; it is unpickled after that. What was copied from elsewhere, damaged or cut is told
from what is whole by the same signature.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import platform
import secrets
import tempfile
from contextlib import suppress
from pathlib import Path

from crosstune.system.files import regular

_MAGIC = b"crosstune snapshot 1\n"
_KEY_BYTES = 32
_SIGNATURE_BYTES = 32
_NO_FOLLOW = getattr(os, "O_NOFOLLOW", 0)


class Untrusted(Exception):
    """A file that is not read, and why."""


def state_folder() -> Path:
    """Where the key is: `crosstune` in XDG_STATE_HOME, or in `~/.local/state`."""
    given = Path(os.environ.get("XDG_STATE_HOME", ""))
    home = given if given.is_absolute() else Path.home() / ".local" / "state"
    return home / "crosstune"


def write(path: Path, content: bytes) -> None:
    """Put a signed file in place of the one that is there, in one step.

    Raises:
        OSError: it cannot be written; the former one is left.
        Untrusted: there is no key that is the user's alone.
    """
    key = _key(make=True)
    new = path.with_name(f".{path.name}.new")
    with suppress(FileNotFoundError):
        new.unlink()  # what a killed process has left; only one process writes at a time
    held = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _NO_FOLLOW, 0o600)
    try:
        with os.fdopen(held, "wb") as file:
            file.write(_MAGIC + _signature(key, content) + content)
            file.flush()
            os.fsync(file.fileno())
        new.replace(path)
    except BaseException:
        with suppress(OSError):
            new.unlink()
        raise


def read(path: Path) -> bytes:
    """The content of a signed file.

    Raises:
        FileNotFoundError: there is none.
        OSError: it cannot be read.
        Untrusted: it is not the user's own, open to others, damaged, or signed by another key.
    """
    whole = _read_own(path)
    signature = whole[len(_MAGIC) : len(_MAGIC) + _SIGNATURE_BYTES]
    content = whole[len(_MAGIC) + _SIGNATURE_BYTES :]
    if not whole.startswith(_MAGIC):
        raise Untrusted("it is no snapshot of this version")
    if not hmac.compare_digest(signature, _signature(_key(make=False), content)):
        raise Untrusted("it is damaged, or was not written by this user on this machine")
    return content


def _signature(key: bytes, content: bytes) -> bytes:
    machine = f"{platform.node()}\n{platform.machine()}\n".encode()
    return hmac.new(key, _MAGIC + machine + content, hashlib.sha256).digest()


def _key(*, make: bool) -> bytes:
    path = state_folder() / "snapshot.key"
    try:
        key = _read_own(path)
    except FileNotFoundError:
        if not make:
            raise Untrusted("this user has no key on this machine") from None
        key = _made_key(path)
    if len(key) != _KEY_BYTES:
        raise Untrusted(f"the key {path} is damaged. Remove it to get a new one")
    return key


def _made_key(path: Path) -> bytes:
    """A new key; the one of another process, where that was faster."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    key = secrets.token_bytes(_KEY_BYTES)
    held, name = tempfile.mkstemp(prefix=".key.", dir=path.parent)
    try:
        with os.fdopen(held, "wb") as file:
            file.write(key)
            file.flush()
            os.fsync(file.fileno())
        os.link(name, path)  # fails where there is one, and puts a whole one
    except FileExistsError:
        return _read_own(path)
    finally:
        with suppress(OSError):
            Path(name).unlink()
    return key


def _read_own(path: Path) -> bytes:
    """The content of a regular file that is the user's alone.

    Raises:
        OSError: it cannot be read.
        Untrusted: others can write or read it, or own it.
    """
    with os.fdopen(regular(path, os.O_RDONLY | _NO_FOLLOW), "rb") as file:
        found = os.fstat(file.fileno())
        if os.name == "posix":
            if found.st_uid != os.getuid():
                raise Untrusted(f"{path} belongs to another user")
            if found.st_mode & 0o077:
                raise Untrusted(f"{path} is open to others: chmod 600 makes it private")
        return file.read()

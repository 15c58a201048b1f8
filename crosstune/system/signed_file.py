"""Signed private files that only this user on this machine can have written.

A snapshot is a pickle, and unpickling runs code. So a file is read only if it belongs to the user,
is closed to others, and is signed with a key that exists only in the user's state folder. The
signature also rejects files that were copied from elsewhere, damaged or truncated.
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
    """A file that is refused, with the reason."""


def state_folder() -> Path:
    """The folder of the key: `crosstune` in XDG_STATE_HOME, or in `~/.local/state`."""
    state_home = Path(os.environ.get("XDG_STATE_HOME", ""))
    home = state_home if state_home.is_absolute() else Path.home() / ".local" / "state"
    return home / "crosstune"


def write(path: Path, content: bytes) -> None:
    """Write a signed file, which replaces an existing one in one step.

    Raises:
        OSError: the file cannot be written; the former one is unchanged.
        Untrusted: the key is not private to the user.
    """
    key = _key(make=True)
    new = path.with_name(f".{path.name}.new")
    with suppress(FileNotFoundError):
        new.unlink()  # left by a killed process; only one process writes at a time
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _NO_FOLLOW, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
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
        FileNotFoundError: there is no file.
        OSError: it cannot be read.
        Untrusted: it belongs to another user, is open to others, damaged, or has another signature.
    """
    whole = _read_private(path)
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
        key = _read_private(path)
    except FileNotFoundError:
        if not make:
            raise Untrusted("this user has no key on this machine") from None
        key = _made_key(path)
    if len(key) != _KEY_BYTES:
        raise Untrusted(f"the key {path} is damaged. Remove it to get a new one")
    return key


def _made_key(path: Path) -> bytes:
    """A new key, or that of another process which was faster."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    key = secrets.token_bytes(_KEY_BYTES)
    descriptor, name = tempfile.mkstemp(prefix=".key.", dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(key)
            file.flush()
            os.fsync(file.fileno())
        os.link(name, path)  # fails if there is a key, and never leaves a partial one
    except FileExistsError:
        return _read_private(path)
    finally:
        with suppress(OSError):
            Path(name).unlink()
    return key


def _read_private(path: Path) -> bytes:
    """The content of a regular file that is private to the user.

    Raises:
        OSError: it cannot be read.
        Untrusted: another user owns it, or others can read or write it.
    """
    with os.fdopen(regular(path, os.O_RDONLY | _NO_FOLLOW), "rb") as file:
        status = os.fstat(file.fileno())
        if os.name == "posix":
            if status.st_uid != os.getuid():
                raise Untrusted(f"{path} belongs to another user")
            if status.st_mode & 0o077:
                raise Untrusted(f"{path} is open to others: chmod 600 makes it private")
        return file.read()

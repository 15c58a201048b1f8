"""The state of an object as a signed pickle.

Unpickling runs code. So the file is signed with the user's key of this machine, and one with
another signature is not read.
"""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

from crosstune.system import signed_file

_KIND = b"estimator\n"
"""The first bytes of a file, since other files are signed with the same key."""


def write(path: str | Path, subject: Any) -> None:
    """Write the attributes of an object.

    Args:
        path: of the file.
        subject: the object.

    Raises:
        OSError: the file cannot be written.
        Untrusted: the key is not private to the user.
    """
    signed_file.write(Path(path), _KIND + pickle.dumps(vars(subject)))


def read(path: Path, subject: Any) -> None:
    """Give an object the attributes of a file, in place of its own.

    Args:
        path: of the file, a copy of our own, whose content is what counts.
        subject: the object, made alike.

    Raises:
        OSError: the file cannot be read.
        Untrusted: another user, another machine or another program wrote it.
    """
    path.chmod(0o600)
    content = signed_file.read(path)
    if not content.startswith(_KIND):
        raise signed_file.Untrusted("it is no estimator")
    state = pickle.loads(content.removeprefix(_KIND))
    vars(subject).clear()
    vars(subject).update(state)

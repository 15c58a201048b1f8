"""Opening files safely at paths where anybody may have put something else.

Opening a pipe may block, and a device may be endless. `open(path, opener=regular)` opens a regular
file or raises at once.
"""

from __future__ import annotations

import errno
import os
import stat

_AT_ONCE = getattr(os, "O_NONBLOCK", 0)


def regular(path: str | os.PathLike[str], flags: int) -> int:
    """An opener for `open`.

    Raises:
        OSError: there is no file, it cannot be opened, or it is not a regular file.

    >>> with open("/dev/null", opener=regular):
    ...     pass
    Traceback (most recent call last):
    OSError: [Errno 22] it is no regular file: '/dev/null'
    """
    try:
        descriptor = os.open(path, flags | _AT_ONCE | getattr(os, "O_CLOEXEC", 0), 0o666)
    except OSError as error:
        if error.errno != errno.ENXIO:  # a pipe without a reader, or a socket
            raise
        raise _odd(path) from None
    mode = os.fstat(descriptor).st_mode
    if stat.S_ISREG(mode):
        return descriptor
    os.close(descriptor)
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), os.fspath(path))
    raise _odd(path)


def _odd(path: str | os.PathLike[str]) -> OSError:
    return OSError(errno.EINVAL, "it is no regular file", os.fspath(path))

"""File names made from names that users choose."""

from __future__ import annotations

import zlib

LONGEST = 100
"""Maximum number of characters."""

LONGEST_IN_BYTES = 150
"""Maximum number of bytes; file systems allow 255, and callers add endings."""


def as_file_name(name: str) -> str:
    """A name without separators and leading dots, so that it cannot leave its folder.

    >>> as_file_name("../my study")
    'my-study'
    """
    safe = "".join(c if c.isalnum() or c in "-_." else "-" for c in name).strip(".-")
    short = safe[:LONGEST].encode()[:LONGEST_IN_BYTES].decode(errors="ignore")
    return short or "study"


def as_own_file_name(name: str) -> str:
    """The same with a checksum at its end, if another name could give the same file.

    >>> as_own_file_name("digits"), as_own_file_name("a/b")
    ('digits', 'a-b-07f4401c')
    """
    safe = as_file_name(name)
    plain = safe == name == name.lower()
    return safe if plain else f"{safe}-{zlib.crc32(name.encode()):08x}"

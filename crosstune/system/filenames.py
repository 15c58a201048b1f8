"""Names that people choose, as names of files."""

from __future__ import annotations

import zlib

LONGEST = 100
"""How many letters of a name are kept."""

LONGEST_IN_BYTES = 150
"""How many bytes of a name are kept; file systems take 255, and endings are added to it."""


def as_file_name(name: str) -> str:
    """A name without separators and leading dots, so that it cannot leave its folder.

    >>> as_file_name("../my study")
    'my-study'
    """
    kept = "".join(c if c.isalnum() or c in "-_." else "-" for c in name).strip(".-")
    short = kept[:LONGEST].encode()[:LONGEST_IN_BYTES].decode(errors="ignore")
    return short or "study"


def as_own_file_name(name: str) -> str:
    """The same, with a number behind it where another name could give the same file.

    >>> as_own_file_name("digits"), as_own_file_name("a/b")
    ('digits', 'a-b-07f4401c')
    """
    kept = as_file_name(name)
    plain = kept == name == name.lower()
    return kept if plain else f"{kept}-{zlib.crc32(name.encode()):08x}"

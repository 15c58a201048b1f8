"""The slow tests in shards: a run of CI takes one, and consecutive runs take them all.

CROSSTUNE_SLOW_SHARD=3/10 pytest -m slow    # the third of ten
"""

from __future__ import annotations

import re
import zlib

TOGETHER = ("test_report_browser.py", "tensorboard/test_browser.py")
"""Files whose tests share a fixture that takes longer than they do; such a file is never split."""


def parse_shard(text: str) -> tuple[int, int]:
    """Read `3/10` as the number of a shard, from 1, and how many there are.

    Raises:
        ValueError: the text is no such pair.
    """
    match = re.fullmatch(r"([0-9]+)/([0-9]+)", text)
    if match is None or not 1 <= int(match[1]) <= int(match[2]):
        raise ValueError(
            f"CROSSTUNE_SLOW_SHARD is {text!r}. It is the number of a shard, from 1, and how many "
            "there are, such as 3/10"
        )
    return int(match[1]), int(match[2])


def shard_of(nodeid: str, count: int) -> int:
    """The number of a test's shard, from 1 to `count`.

    It depends on the file's name and the test's, and neither on the folder nor on other tests, so
    that moving a file or adding a test leaves the rest where they are.
    """
    path, _, test = nodeid.partition("::")
    name = path.rpartition("/")[2]
    key = f"{name}::" if path.endswith(TOGETHER) else f"{name}::{test}"
    return zlib.crc32(key.encode()) % count + 1

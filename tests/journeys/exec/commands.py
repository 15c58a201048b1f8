"""A script, and what it says under plain `python` and under `crosstune exec`."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any


def write(text: str, name: str = "script.py") -> str:
    Path(name).parent.mkdir(exist_ok=True)
    Path(name).write_text(textwrap.dedent(text))
    return name


def python(*arguments: str, **options: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments], capture_output=True, text=True, timeout=120, **options
    )


def run(*arguments: str, **options: Any) -> subprocess.CompletedProcess[str]:
    return python("-m", "crosstune", "exec", *arguments, **options)

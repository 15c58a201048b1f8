"""Run the static checks: all of them, or those that are named.

python .ci/lint.py [--seeded] [ruff] [format] [mypy] [imports] [names]

With `--seeded` each check first has to fail on a fault that is written into a linked folder for
that moment. CI runs it so; the hooks of `.pre-commit-config.yaml` run the same checks without.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[1]
FAULT = "_seeded_fault"
"""The name of the module with the fault. A check has to mention it."""


class Check(NamedTuple):
    """A command, and a module on which it has to fail."""

    command: tuple[str, ...]
    fault: str
    folder: str = "adapters"


CHECKS = {
    "ruff": Check((sys.executable, "-m", "ruff", "check", "."), "import os\n"),
    "format": Check((sys.executable, "-m", "ruff", "format", "--check", "."), "fault = ( 1 )\n"),
    "mypy": Check((sys.executable, "-m", "mypy"), 'fault: int = "not an int"\n'),
    "imports": Check(
        (str(Path(sys.executable).with_name("lint-imports")),),
        "import crosstune.cli\n",
        "crosstune/space",
    ),
    "names": Check((sys.executable, ".ci/names.py"), "class Spec: ...\n"),
}
LATER = ("imports", "names")
"""Run only when they are named: the code does not meet them yet."""


def main(arguments: list[str] | None = None) -> int:
    """The exit status: 1 if a check fails, or does not fail on its fault."""
    parser = argparse.ArgumentParser(description="Run the static checks.")
    parser.add_argument("checks", nargs="*", metavar="check", help=", ".join(CHECKS))
    parser.add_argument("--seeded", action="store_true", help="see each check fail first")
    options = parser.parse_args(arguments)
    if unknown := set(options.checks) - set(CHECKS):
        parser.error(f"no check {', '.join(sorted(unknown))}. There are {', '.join(CHECKS)}")
    failed = []
    for name in options.checks or [name for name in CHECKS if name not in LATER]:
        if options.seeded and not fails_on_its_fault(CHECKS[name]):
            print(f"{name} does not report a fault in {CHECKS[name].folder}/", file=sys.stderr)
            failed.append(name)
        elif subprocess.run(CHECKS[name].command, cwd=ROOT, check=False).returncode:
            failed.append(name)
    if failed:
        print(f"failed: {', '.join(failed)}", file=sys.stderr)
    return bool(failed)


def fails_on_its_fault(check: Check) -> bool:
    """True if the command fails while its fault is in the tree, and says where that is."""
    path = ROOT / check.folder / f"{FAULT}.py"
    path.write_text(check.fault, encoding="utf-8")
    try:
        result = subprocess.run(
            check.command, cwd=ROOT, capture_output=True, text=True, check=False
        )
    finally:
        path.unlink()
    return result.returncode != 0 and FAULT in result.stdout + result.stderr


if __name__ == "__main__":
    sys.exit(main())

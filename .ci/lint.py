"""Run the static checks: all of them, or those that are named.

python .ci/lint.py [--seeded] [ruff] [format] [mypy] [imports] [circles] [names]

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
FAULT = "seeded_fault"
"""The name of the module with the fault. A check has to mention it."""


class Check(NamedTuple):
    """A command, and faults on each of which it has to fail.

    Attributes:
        command: the check.
        faults: the text of each fault by its folder; the second file of a fault that needs two is
            the same module with a 2 behind its name.
    """

    command: tuple[str, ...]
    faults: tuple[tuple[str, str, str], ...]


def in_folder(text: str, folder: str = "adapters", second: str = "") -> tuple[str, str, str]:
    """A fault: its folder, its text, and that of a second file beside it."""
    return folder, text, second


CHECKS = {
    "ruff": Check((sys.executable, "-m", "ruff", "check", "."), (in_folder("import os\n"),)),
    "format": Check(
        (sys.executable, "-m", "ruff", "format", "--check", "."), (in_folder("fault = ( 1 )\n"),)
    ),
    "mypy": Check((sys.executable, "-m", "mypy"), (in_folder('fault: int = "not an int"\n'),)),
    "imports": Check(
        (str(Path(sys.executable).with_name("lint-imports")), "--no-cache"),
        (
            in_folder("import crosstune.cli.main\n", "crosstune/space"),
            in_folder("def f() -> None:\n    import crosstune.tuning.loop\n", "crosstune/study"),
            in_folder("import crosstune.adapters.hyperopt.adapter\n", "benchmarks/match"),
            in_folder("import crosstune.adapters.hyperopt.adapter\n", "adapters/optuna"),
            in_folder("import hyperopt\n", "samplers"),
            in_folder("import keras_tuner\n", "crosstune/cli"),
            in_folder("import crosstune.samplers\n", "crosstune/study"),
            in_folder("import crosstune.benchmarks.research.cost\n", "benchmarks/report"),
        ),
    ),
    "circles": Check(
        (sys.executable, ".ci/circles.py"),
        (
            in_folder(
                f"def f() -> None:\n    import crosstune.space.{FAULT}2\n",
                "crosstune/space",
                "from typing import TYPE_CHECKING\n\nif TYPE_CHECKING:\n"
                f"    import crosstune.space.{FAULT}\n",
            ),
        ),
    ),
    "names": Check(
        (sys.executable, ".ci/names.py"),
        (
            in_folder("class Spec: ...\n"),
            in_folder("held = 1\n\n\ndef f() -> None:\n    held = 2\n    print(held)\n"),
            in_folder('def f(a: int, b: int, c: int) -> None:\n    """Do it."""\n'),
        ),
    ),
}


def main(arguments: list[str] | None = None) -> int:
    """The exit status: 1 if a check fails, or does not fail on its fault."""
    parser = argparse.ArgumentParser(description="Run the static checks.")
    parser.add_argument("checks", nargs="*", metavar="check", help=", ".join(CHECKS))
    parser.add_argument("--seeded", action="store_true", help="see each check fail first")
    options = parser.parse_args(arguments)
    if unknown := set(options.checks) - set(CHECKS):
        parser.error(f"no check {', '.join(sorted(unknown))}. There are {', '.join(CHECKS)}")
    failed = []
    for name in options.checks or CHECKS:
        missed = options.seeded and next(
            (f for f in CHECKS[name].faults if not seen(name, f)), None
        )
        if missed:
            print(f"{name} does not report a fault in {missed[0]}/:\n{missed[1]}", file=sys.stderr)
            failed.append(name)
        elif subprocess.run(CHECKS[name].command, cwd=ROOT, check=False).returncode:
            failed.append(name)
    if failed:
        print(f"failed: {', '.join(failed)}", file=sys.stderr)
    return bool(failed)


def seen(name: str, fault: tuple[str, str, str]) -> bool:
    """True if a check fails while a fault is in the tree, and says where that is."""
    folder, *texts = fault
    names = (f"{FAULT}.py", f"{FAULT}2.py")
    files = {ROOT / folder / name: text for name, text in zip(names, texts, strict=True)}
    try:
        for path, text in files.items():
            if text:
                path.write_text(text, encoding="utf-8")
        result = subprocess.run(
            CHECKS[name].command, cwd=ROOT, capture_output=True, text=True, check=False
        )
    finally:
        for path in files:
            path.unlink(missing_ok=True)
    return result.returncode != 0 and FAULT in result.stdout + result.stderr


if __name__ == "__main__":
    sys.exit(main())

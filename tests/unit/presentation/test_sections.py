from __future__ import annotations

import io

from rich.console import Console

from crosstune.presentation.sections import Section, show

LINE = "crosstune compare spec.yaml " + "--out runs/a-long-name " * 5 + "--seeds 10"


def test_code_is_printed_in_unbroken_lines_to_be_copied() -> None:
    console = Console(file=io.StringIO(), width=60)
    show([Section("again", "Again", "The same.", code=(("Command", f"{LINE}\na: 1"),))], console)
    text = console.file.getvalue()  # type: ignore[attr-defined]
    assert text.endswith(f"Command:\n  {LINE}\n  a: 1\n")

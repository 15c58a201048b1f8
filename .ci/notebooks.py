"""The notebooks in examples/notebooks: make them from their scripts, check them, run them.

python .ci/notebooks.py           write each NAME.ipynb from NAME.py, without outputs
python .ci/notebooks.py --check   fail if one differs from its script
python .ci/notebooks.py --run     run every script, and one of them as a notebook in a real kernel

The scripts are the source, in jupytext's percent format.
"""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import jupytext
import nbformat

FOLDER = Path(__file__).resolve().parents[1] / "examples" / "notebooks"
IN_A_KERNEL = "three_engines"
"""The notebook that is also executed cell by cell."""
SMALL = {"CROSSTUNE_NOTEBOOK_TRIALS": "6", "CROSSTUNE_NOTEBOOK_SEEDS": "5"}
"""Limits of the match, which takes a minute otherwise."""


def notebook(script: Path) -> nbformat.NotebookNode:
    """The notebook of a script, the same at every call."""
    made = jupytext.read(script)
    made.metadata.pop("jupytext", None)
    for place, cell in enumerate(made.cells):
        cell["id"] = f"cell-{place}"
    made.nbformat, made.nbformat_minor = 4, 5
    nbformat.validate(made)
    return made


def ran(script: Path) -> bool:
    """Whether a script runs in an empty folder."""
    began = time.monotonic()
    environment = {**os.environ, "MPLBACKEND": "Agg", **SMALL}
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(
            [sys.executable, script],
            cwd=folder,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
    if done.returncode:
        print(done.stdout, done.stderr, sep="\n")
    works = "runs" if done.returncode == 0 else "FAILS"
    print(f"{script.name}: {works} ({time.monotonic() - began:.0f} s)", flush=True)
    return done.returncode == 0


def executed(script: Path) -> bool:
    """Whether a notebook runs in a kernel, and shows tables where its last lines are objects."""
    from nbclient import NotebookClient

    began = time.monotonic()
    made = notebook(script)
    with tempfile.TemporaryDirectory() as folder:
        NotebookClient(made, timeout=300, resources={"metadata": {"path": folder}}).execute()
    outputs = [output for cell in made.cells for output in cell.get("outputs", ())]
    tables = sum("<table>" in output.get("data", {}).get("text/html", "") for output in outputs)
    print(f"{script.stem}.ipynb: {tables} tables ({time.monotonic() - began:.0f} s)", flush=True)
    return tables > 0


def main(*options: str) -> int:
    """The exit status."""
    scripts = sorted(FOLDER.glob("*.py"))
    if "--run" in options:
        works = [ran(script) for script in scripts]
        return int(not (all(works) and executed(FOLDER / f"{IN_A_KERNEL}.py")))
    status = 0
    for script in scripts:
        path, text = script.with_suffix(".ipynb"), nbformat.writes(notebook(script)) + "\n"
        if "--check" not in options:
            path.write_text(text, encoding="utf-8")
        elif not path.exists() or path.read_text(encoding="utf-8") != text:
            print(f"{path} is not {script.name}: run python .ci/notebooks.py")
            status = 1
    return status


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))

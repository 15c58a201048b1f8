import subprocess
import sys
from pathlib import Path

import pytest

from crosstune.benchmarks.research import structure
from crosstune.benchmarks.research.structure_trace import Trace, arguments

A, B = ("a.py", "f"), ("b.py", "g")


def test_only_a_move_to_another_file_is_a_change_of_file():
    assert structure.measured([A, A, B, ("b.py", "h"), A]) == {
        "calls": 5,
        "functions": 3,
        "files": 2,
        "changes of file": 2,
    }


def test_no_calls_are_no_changes():
    assert structure.measured([])["changes of file"] == 0


def test_only_moves_upward_are_climbs():
    assert structure.climbs([3, 1, 1, 2, 5, 0]) == 2


def test_the_longest_entry_says_in_which_layer_a_file_is():
    layers = [["crosstune/space/"], ["callbacks/"], ["callbacks/keras_tuner.py"]]
    assert structure.row("callbacks/keras.py", layers) == 1
    assert structure.row("callbacks/keras_tuner.py", layers) == 2
    assert structure.row("crosstune/tuning.py", layers) is None


@pytest.mark.parametrize(
    ("name", "group"),
    [
        ("benchmarks/cost.py", "research"),
        ("benchmarks/research/cost.py", "research"),
        ("benchmarks/rivals/inside/serve.py", "research"),
        ("benchmarks/compare.py", "benchmarks"),
        ("tests/test_cli.py", "tests"),
        ("hatch_build.py", "other"),
    ],
)
def test_research_is_counted_apart(name, group):
    assert structure.group(name) == group


def test_a_class_name_in_two_files_is_found():
    sources = {"a.py": "class Run: ...\nclass Own: ...", "b.py": "def f():\n    class Run: ..."}
    assert structure.defined_twice(sources) == {"Run": ["a.py", "b.py"]}


def test_comments_and_docstrings_are_not_code():
    code = structure.code_of("a.py", '"""hyperopt"""\ndef f():\n    "hyperopt"  # hyperopt\n')
    assert "hyperopt" not in code
    assert "hyperopt" in structure.code_of("a.py", "name = 'hyperopt'")


def test_a_trace_leaves_out_imports_class_bodies_and_other_folders(tmp_path, monkeypatch):
    code = (
        "def decorate(x):\n    return x\n@decorate\nclass A:\n    y = [decorate(i) for i in 'ab']\n"
    )
    (tmp_path / "traced_module.py").write_text(code + "def call(x):\n    return decorate(x)\n")
    monkeypatch.syspath_prepend(tmp_path)
    with Trace(tmp_path) as trace:
        import traced_module

        trace.mark("imported")
        traced_module.call(1)
    assert trace.marks == {"imported": 0}
    assert trace.calls == [("traced_module.py", "call"), ("traced_module.py", "decorate")]


def test_arguments_in_star_arguments_are_found():
    def frame(a, *rest, key=None, **more):
        return arguments(sys._getframe())

    assert frame(1, 2, 3, key=4, last=5) == [1, 4, 2, 3, 5]


def test_the_script_runs_on_a_checkout_without_importing_crosstune(tmp_path):
    (tmp_path / "crosstune").mkdir()
    (tmp_path / "crosstune" / "loose.py").write_text("raise SystemExit\n\nx = 1\n")
    for command in (["init", "-q"], ["add", "."]):
        subprocess.run(["git", "-C", str(tmp_path), *command], check=True)
    script = Path(structure.__file__)
    done = subprocess.run(
        [sys.executable, script, "lines", "--root", tmp_path], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert "loose modules in crosstune/ (1)" in done.stdout

"""The README and the docs are true: their tables are generated, their examples run.

python -m tests.journeys.docs.test_readme --write    # generate the tables anew
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from crosstune import Bool, Choice, Float, Int, Space, Spec, adapters, check, tune
from crosstune.space.parameters import Parameter, shown
from crosstune.space.verdicts import Verdict
from crosstune.spec.files import read
from crosstune.testing.space import KINDS

ROOT = Path(__file__).parents[3]
README = ROOT / "README.md"
PAGES = [README, *sorted((ROOT / "docs").glob("*.md"))]
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def blocks(language: str) -> list[tuple[str, str]]:
    return [
        (f"{page.name}:{page.read_text()[: match.start()].count(chr(10)) + 1}", match[2])
        for page in PAGES
        for match in BLOCK.finditer(page.read_text())
        if match[1] == language
    ]


def samplers_table() -> str:
    """The samplers of each built-in backend, from what the adapters declare."""
    lines = ["| backend | sampler | role | what it does |", "|---|---|---|---|"]
    for name in ("optuna", "hyperopt", "keras_tuner", "crosstune"):
        adapter = adapters.get(name)
        for key, algorithm in adapter.algorithms.items():
            roles = ", ".join(role for role, native in adapter.roles.items() if native == key)
            text = f"refused: {algorithm.refused}" if algorithm.refused else algorithm.summary
            lines.append(f"| {name} | `{key}` | {roles} | {text} |")
        if "grid" not in adapter.roles:
            lines.append(
                f"| {name} | `grid` | grid | every point of a grid once, crosstune's own |"
            )
    return "\n".join(lines)


ENGINES = ("optuna", "hyperopt", "keras_tuner")
CONDITIONS: dict[str, Mapping[str, Parameter]] = {
    "a condition on a choice or bool": {"p": Bool(), "x": Float(0, 1, when={"p": True})},
    "a condition on an int": {"p": Int(1, 3), "x": Float(0, 1, when={"p": 2})},
    "a condition on a log int": {"p": Int(1, 8, log=True), "x": Float(0, 1, when={"p": 2})},
    "a condition on a weighted choice": {
        "p": Choice(["a", "b"], weights=[0.2, 0.8]),
        "x": Float(0, 1, when={"p": "a"}),
    },
    "a condition on two parents": {
        "p": Bool(),
        "q": Bool(),
        "x": Float(0, 1, when={"p": True, "q": True}),
    },
}


def support_table() -> str:
    """What each engine really draws for each kind of parameter, from the laws of its constructs."""
    modes = ("exact", "literal")
    heads = [*ENGINES, *(f"{engine}, literal" for engine in ENGINES)]
    lines = [f"| kind | {' | '.join(heads)} |", "|---" * (1 + len(heads)) + "|"]
    rows: dict[str, Mapping[str, Parameter]] = {_inline(i): {"x": i} for i in KINDS.values()}
    for label, plain in {**rows, **CONDITIONS}.items():
        space = Space(plain)
        cells = []
        for mode in modes:
            certificate = check(space, mode=mode, backends=ENGINES)
            cells += [_cell(certificate.verdicts[engine]["x"]) for engine in ENGINES]
        lines.append(f"| {label} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _inline(item: Parameter) -> str:
    plain = item.to_dict()
    rest = ", ".join(f"{key}: {shown(value)}" for key, value in plain.items() if key != "type")
    return f"`{plain['type']}`" + (f" `{rest}`" if rest else "")


def _cell(verdict: Verdict) -> str:
    lost = [note.split(":")[0].removeprefix("the ") for note in verdict.notes if " is lost" in note]
    return ", ".join([f"{verdict.distance:.2g} off" if verdict.distance else verdict.kind, *lost])


def with_tables(text: str) -> str:
    for name, table in (("samplers", samplers_table), ("support", support_table)):
        text = re.sub(
            rf"(<!-- {name}: begin.*?-->\n).*?(<!-- {name}: end -->)",
            lambda match: f"{match[1]}{table()}\n{match[2]}",  # noqa: B023
            text,
            flags=re.DOTALL,
        )
    return text


def test_the_tables_are_what_the_adapters_declare() -> None:
    assert README.read_text() == with_tables(README.read_text())


@pytest.mark.parametrize(
    ("where", "code"),
    [
        pytest.param(where, code, marks=() if where.startswith("README") else pytest.mark.slow)
        for where, code in blocks("python")
    ],
    ids=lambda x: x[:30],
)
def test_an_example_in_python_runs(where: str, code: str, tmp_path: Path) -> None:
    script = tmp_path / "example.py"
    script.write_text(code)
    done = subprocess.run(
        [sys.executable, str(script)], cwd=tmp_path, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, f"{where}\n{done.stderr}"


@pytest.mark.parametrize(("where", "text"), blocks("yaml"), ids=lambda x: x[:30])
def test_an_example_of_a_spec_is_one(where: str, text: str, tmp_path: Path) -> None:
    file = tmp_path / "spec.yaml"
    file.write_text(text)
    data = read(file).data
    if "space" not in data:  # a part of a spec
        data["space"] = {"x": {"type": "bool"}}
    Spec(**data)


def test_the_readmes_spec_finds_a_good_model(tmp_path: Path) -> None:
    file = tmp_path / "iris.yaml"
    (text,) = [text for where, text in blocks("yaml") if where.startswith("README")]
    file.write_text(text)
    assert tune(file, trials=10, seed=0).best_value > 0.9


def test_links_between_pages_lead_somewhere() -> None:
    for page in PAGES:
        for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text()):
            assert (page.parent / target).exists(), f"{page.name}: {target}"


if __name__ == "__main__" and "--write" in sys.argv:
    README.write_text(with_tables(README.read_text()))

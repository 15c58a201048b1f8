"""The files of a release agree with each other, and their checks see a fault."""

from __future__ import annotations

import importlib.util
import re
import sys
import zipfile
from datetime import date
from pathlib import Path
from types import ModuleType

import pytest
from ruamel.yaml import YAML

import crosstune

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).parents[3]
pytestmark = pytest.mark.skipif(not (ROOT / ".ci").exists(), reason="needs a checkout")


def read(path: str) -> str:
    return (ROOT / path).read_text(encoding="utf-8")


def project() -> dict:
    return tomllib.loads(read("pyproject.toml"))


def tool(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, ROOT / ".ci" / f"{name}.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def releases() -> list[tuple[str, str]]:
    """The versions of the changelog with their dates, the latest first."""
    return re.findall(r"^## \[(\d\S*)\] - (\S+)$", read("CHANGELOG.md"), re.MULTILINE)


def test_the_version_stands_in_one_place() -> None:
    document = project()
    assert "version" not in document["project"]
    assert document["tool"]["hatch"]["version"]["path"] == "crosstune/__init__.py"


def test_the_changelog_has_unreleased_changes_and_then_dated_versions() -> None:
    text = read("CHANGELOG.md")
    headings = re.findall(r"^## (.*)$", text, re.MULTILINE)
    assert headings[0] == "[Unreleased]"
    assert len(releases()) == len(headings) - 1
    dates = [date.fromisoformat(day) for _, day in releases()]
    assert dates == sorted(dates, reverse=True)
    kinds = set(re.findall(r"^### (.*)$", text, re.MULTILINE))
    assert kinds <= {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}
    for name in ("Unreleased", *(version for version, _ in releases())):
        assert re.search(rf"^\[{re.escape(name)}\]: https://", text, re.MULTILINE), name


def test_the_latest_release_is_the_one_to_cite() -> None:
    citation = YAML(typ="safe").load(ROOT / "CITATION.cff")
    version, day = releases()[0]
    assert citation["version"] == version
    assert str(citation["date-released"]) == day
    assert crosstune.__version__.partition(".dev")[0] >= version


def test_the_classifiers_begin_with_the_oldest_supported_python() -> None:
    document = project()["project"]
    minors = re.findall(r"Python :: 3\.(\d+)", "\n".join(document["classifiers"]))
    assert document["requires-python"] == f">=3.{minors[0]}"
    assert [int(minor) for minor in minors] == list(range(int(minors[0]), int(minors[-1]) + 1))


@pytest.mark.parametrize("form", ["bug", "wish", "result"])
def test_an_issue_form_asks_for_something_and_names_each_question_once(form: str) -> None:
    document = YAML(typ="safe").load(ROOT / ".github" / "ISSUE_TEMPLATE" / f"{form}.yml")
    assert {"name", "description", "body"} <= set(document)
    names = [item["id"] for item in document["body"]]
    assert len(set(names)) == len(names)
    assert any(item["validations"]["required"] for item in document["body"])


def test_only_the_publishing_job_may_sign_and_it_has_no_password() -> None:
    text = read(".github/workflows/release.yml")
    workflow = YAML(typ="safe").load(text)
    assert workflow["permissions"] == {}
    signing = [
        name for name, job in workflow["jobs"].items() if "id-token" in job.get("permissions", {})
    ]
    assert signing == ["publish"]
    assert workflow["jobs"]["publish"]["environment"]["name"] == "pypi"
    assert "secrets." not in text


def test_a_relative_link_of_the_description_is_seen() -> None:
    description = tool("description")
    text = "[a](https://x.org) [b](#part) [c](docs/spec.md)\n```\n[d](in/code)\n```\n![e](f.png)\n"
    assert description.relative(text) == ["docs/spec.md", "f.png"]


def test_a_wheel_that_differs_is_seen_and_the_file_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    same_wheel = tool("same_wheel")
    for name, text, year in (
        ("a", "1", 2020),
        ("b", "1", 2020),
        ("c", "2", 2020),
        ("d", "1", 2021),
    ):
        with zipfile.ZipFile(tmp_path / name, "w") as wheel:
            wheel.writestr(zipfile.ZipInfo("module.py", (year, 2, 2, 0, 0, 0)), text)
    a, b, c, d = (str(tmp_path / name) for name in "abcd")
    assert same_wheel.main(a, b) == 0
    assert same_wheel.main(a, b, c) == 1
    assert "module.py has other bytes" in capsys.readouterr().out
    assert same_wheel.main(a, d) == 1
    assert "module.py has another time" in capsys.readouterr().out

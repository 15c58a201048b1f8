"""A match knows its objective again: what has changed is named, and what cannot be told is said."""

from __future__ import annotations

import enum
import functools
import importlib
import json
import math
import operator
import re
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

import crosstune
from crosstune.benchmarks.match.agreement import differences, identity
from crosstune.benchmarks.match.folder import MatchFolder
from crosstune.benchmarks.match.identity import identify
from crosstune.benchmarks.problems.base import Problem
from crosstune.cli.main import main
from crosstune.errors import RequestError
from crosstune.spec.spec import load

SPACE = {"x": {"type": "float", "low": -1.0, "high": 1.0}}
WHO = "optuna:random,crosstune:random"
Write = Callable[..., Any]


@pytest.fixture
def written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Write:
    """A function of a module that was just written, and imported afresh with its neighbours."""
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    monkeypatch.syspath_prepend(tmp_path)

    def write(name: str = "score", **files: str) -> Any:
        for module, text in files.items():
            path = tmp_path.joinpath(*module.split("__")).with_suffix(".py")
            path.parent.mkdir(exist_ok=True)
            path.write_text(text)
        for module in list(sys.modules):
            if module.partition(".")[0] in ("of_user", "helpers", "deep", "pack"):
                del sys.modules[module]
        importlib.invalidate_caches()
        return getattr(importlib.import_module("of_user"), name)

    return write


def changes(before: Any, after: Any) -> list[str]:
    return differences(identify({"it": before}), identify({"it": after}))


PLAIN = "def score(params):\n    return params['x'] ** 2\n"
SAME = {
    "a comment": PLAIN + "# nothing\n",
    "a docstring": "def score(params):\n    '''Squares.'''\n    return params['x'] ** 2\n",
    "formatting": "\n\ndef score(\n    params,\n):\n    return (params[\n        'x'] ** 2)\n",
    "an annotation": "def score(params: dict) -> float:\n    return params['x'] ** 2\n",
    "a function that it does not use": PLAIN + "def plot():\n    pass\n",
    "an import that it does not use": "import json\n" + PLAIN,
    "a main guard": PLAIN + "if __name__ == '__main__':\n    print(1)\n",
}


@pytest.mark.parametrize("text", SAME.values(), ids=SAME)
def test_an_objective_is_the_same_after_a_change_of(text: str, written: Write) -> None:
    before = identify({"it": written(of_user=PLAIN)})
    assert before.parts
    assert differences(before, identify({"it": written(of_user=text)})) == []


USES = "{}\ndef score(params):\n    return {}\n"
CHANGED = {
    "its own code": ({"of_user": PLAIN}, {"of_user": PLAIN.replace("2", "3")}, "of_user.score"),
    "a number that it uses": (
        {"of_user": USES.format("SCALE = 2", "SCALE * params['x']")},
        {"of_user": USES.format("SCALE = 3", "SCALE * params['x']")},
        "of_user.SCALE",
    ),
    "data that a module has loaded": (
        {"of_user": USES.format("import numpy as np\nX = np.arange(9)", "X.sum()")},
        {"of_user": USES.format("import numpy as np\nX = np.arange(8)", "X.sum()")},
        "of_user.X",
    ),
    "a helper": (
        {
            "of_user": USES.format("from helpers import f", "f(params)"),
            "helpers": "def f(p):\n    return 1\n",
        },
        {"helpers": "def f(p):\n    return 2\n"},
        "helpers.f",
    ),
    "a helper of a helper, by modules": (
        {
            "of_user": "import helpers\n" + USES.format("", "helpers.f(params)"),
            "helpers": "import deep\ndef f(p):\n    return deep.g(p)\n",
            "deep": "def g(p):\n    return 1\n",
        },
        {"deep": "def g(p):\n    return 2\n"},
        "deep.g",
    ),
    "a module that is imported when it runs": (
        {
            "of_user": "def score(params):\n    from helpers import f\n    return f(params)\n",
            "helpers": "def f(p):\n    return 1\n",
        },
        {"helpers": "def f(p):\n    return 2\n"},
        "helpers.f",
    ),
    "a module of a package": (
        {
            "of_user": "from pack.models import build\n" + USES.format("", "build(params)"),
            "pack__models": "from .layers import WIDTH\ndef build(p):\n    return WIDTH\n",
            "pack__layers": "WIDTH = 1\n",
        },
        {"pack__layers": "WIDTH = 2\n"},
        "pack.models.WIDTH",
    ),
    "a function that is looked up by its name": (
        {
            "of_user": "import helpers\n" + USES.format("", "getattr(helpers, 'f' + '1')(params)"),
            "helpers": "def f1(p):\n    return 1\n",
        },
        {"helpers": "def f1(p):\n    return 2\n"},
        "helpers.f1",
    ),
    "a function in a table": (
        {"of_user": USES.format("def a(p):\n    return 1\nBY = {'a': a}", "BY['a'](params)")},
        {"of_user": USES.format("def a(p):\n    return 2\nBY = {'a': a}", "BY['a'](params)")},
        "of_user.a",
    ),
    "a method of a class": (
        {"of_user": USES.format("class Net:\n    def fit(self):\n        return 1", "Net().fit()")},
        {"of_user": USES.format("class Net:\n    def fit(self):\n        return 2", "Net().fit()")},
        "of_user.Net.fit",
    ),
    "a base class elsewhere": (
        {
            "of_user": USES.format(
                "from helpers import Base\nclass Net(Base):\n    pass", "Net().fit()"
            ),
            "helpers": "class Base:\n    def fit(self):\n        return 1\n",
        },
        {"helpers": "class Base:\n    def fit(self):\n        return 2\n"},
        "helpers.Base.fit",
    ),
    "a transformer in a pipeline of a library": (
        {
            "of_user": "from sklearn.pipeline import make_pipeline\nfrom helpers import Half\n"
            "PIPE = make_pipeline(Half())\n" + USES.format("", "PIPE.transform([params['x']])[0]"),
            "helpers": "class Half:\n    def fit(self, x):\n        return self\n"
            "    def transform(self, x):\n        return [v / 2 for v in x]\n",
        },
        {
            "helpers": "class Half:\n    def fit(self, x):\n        return self\n"
            "    def transform(self, x):\n        return [v / 3 for v in x]\n",
        },
        "helpers.Half.transform",
    ),
    "what a module does when it is imported": (
        {"of_user": "import numpy as np\nnp.seterr(over='ignore')\n" + PLAIN},
        {"of_user": "import numpy as np\nnp.seterr(over='warn')\n" + PLAIN},
        "of_user (what it does when it is imported)",
    ),
    "a default": (
        {"of_user": "def score(params, n=1):\n    return n\n"},
        {"of_user": "def score(params, n=2):\n    return n\n"},
        "default 1 of of_user.score",
    ),
    "a test on unseen data": (
        {"of_user": PLAIN + "score.test = lambda params: {'value': 1.0}\n"},
        {"of_user": PLAIN + "score.test = lambda params: {'value': 2.0}\n"},
        "of_user.<lambda>",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("before", "after", "name"), CHANGED.values(), ids=CHANGED)
def test_a_change_is_named_of(
    before: dict[str, str], after: dict[str, str], name: str, written: Write
) -> None:
    files = {"pack____init__": ""} if "pack__models" in before else {}
    first = identify({"it": written(**before, **files)})
    assert differences(first, identify({"it": written()})) == []
    found = differences(first, identify({"it": written(**after)}))
    assert f"{name} has changed" in found
    assert len(found) == 1 + (name == "of_user.<lambda>")  # which a statement of the module sets


def power(exponent: float) -> Callable[[dict[str, Any]], float]:
    return lambda params: float(params["x"] ** exponent)


def raised(params: dict[str, Any], exponent: Any = 2) -> float:
    return float(params["x"] ** exponent)


class Raised:
    def __init__(self, exponent: Any):
        self.exponent = exponent

    def __call__(self, params: dict[str, Any]) -> float:
        return float(params["x"] ** self.exponent)

    def score(self, params: dict[str, Any]) -> float:
        return self(params)


@pytest.mark.parametrize(
    "make",
    [
        power,
        Raised,
        lambda n: Raised(n).score,
        lambda n: functools.partial(raised, exponent=n),
        lambda n: functools.partial(Raised(n)),
        lambda n: functools.lru_cache(power(n)),
        lambda n: functools.partial(raised, exponent=np.full(4, n)),
        lambda n: functools.partial(raised, exponent={"deep": [power(n)]}),
    ],
)
def test_what_an_objective_holds_is_part_of_it(make: Callable[[int], Any]) -> None:
    assert changes(make(2), make(2)) == []
    assert len(changes(make(2), make(3))) == 1


class Kind(enum.Enum):
    RIDGE = 1


@dataclass
class Setting:
    value: Any


class Odd:
    @property
    def __dict__(self) -> Any:  # type: ignore[override]
        raise RuntimeError("no look")


@pytest.mark.parametrize(
    "value",
    [
        *(1, 1.5, "a", None, math.nan, (1, [2]), {"a": {1, 2}}, range(3), slice(1, 2)),
        *(np.arange(3), np.float32(2), Setting(Setting(2)), Kind.RIDGE, Kind, Setting),
        *(re.compile("a"), Path("a"), SimpleNamespace(a=1), deque([1]), len, math.sqrt, np.mean),
        *(threading.Lock(), np.random.default_rng(0), iter(()), Odd(), pytest, Odd),
    ],
    ids=lambda value: type(value).__name__,
)
def test_whatever_an_objective_holds_ends_no_match(value: Any) -> None:
    def score(params: dict[str, Any]) -> float:
        return float(value)

    assert identify({"it": score}) == identify({"it": score})


def test_a_lambda_without_a_source_is_compared_by_its_code() -> None:
    first, same, other = (eval(f"lambda params: params['x'] * {n}") for n in (2, 2, 3))
    assert changes(first, same) == []
    assert changes(first, other) == ["<lambda> has changed"] or changes(first, other)


def compiled() -> Any:
    """What has a name and a module, and no code, as a function of a C extension."""

    class Compiled:
        __module__ = "numpy_of_nobody"
        __slots__ = ("__qualname__",)

        def __call__(self, params: dict[str, Any]) -> float:
            return 0.0

    function = Compiled()
    function.__qualname__ = "score"
    return function


@pytest.mark.parametrize(
    ("objective", "why"),
    [
        (operator.itemgetter("x"), None),
        (math.sqrt, None),
        (compiled(), "no Python code"),
        (functools.partial(raised, exponent=sys.stdout), "cannot be pickled"),
        (functools.partial(raised, exponent=np.random.default_rng(0)), "random generator"),
    ],
)
def test_what_cannot_be_compared_is_said(objective: Any, why: str | None) -> None:
    found = identify({"it": objective})
    assert any(why in each for each in found.unseen.values()) if why else not found.unseen


def test_what_cannot_be_compared_is_said_once_when_a_match_continues(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    lock = threading.Lock()

    def score(params: dict[str, Any]) -> float:
        with lock:
            return float(params["x"])

    played(score, tmp_path)
    assert not caplog.messages
    played(score, tmp_path, seeds=3)
    played(score, tmp_path, seeds=4)
    (said,) = caplog.messages
    assert "lock" in said
    assert "cannot be told" in said


def test_an_estimator_is_known_by_its_description_and_its_data(tmp_path: Path) -> None:
    def made(rows: str, **keys: Any) -> Any:
        (tmp_path / "data.csv").write_text(rows)
        described = {
            "estimator": "sklearn.tree:DecisionTreeRegressor",
            "data": {"csv": "data.csv", "target": "y"},
            "cv": 2,
            **keys,
        }
        spec = {"space": {"max_depth": {"type": "int", "low": 1, "high": 3}}}
        spec["metric"] = {"name": "r2", "direction": "maximize"}
        path = tmp_path / "spec.json"
        path.write_text(json.dumps({**spec, "objective": described}))
        return identity(Problem("p", load(path)))

    first = made("a,y\n1,2\n2,3\n3,5\n4,5\n")
    assert differences(first, made("a,y\n1,2\n2,3\n3,5\n4,5\n")) == []
    assert differences(first, made("a,y\n1,2\n2,3\n3,5\n4,6\n")) == ["data has changed"]
    assert "estimator has changed" in differences(
        first, made("a,y\n1,2\n2,3\n3,5\n4,5\n", params={"random_state": 1})
    )


def played(objective: Any, out: Path, seeds: int = 2, **keys: Any) -> Any:
    return crosstune.compare(
        {"name": "m", "space": SPACE},
        objective,
        contenders=WHO,
        seeds=seeds,
        trials=5,
        out=out,
        **keys,
    )


@pytest.mark.slow
def test_a_script_may_ask_for_more_seeds_and_not_for_another_objective(tmp_path: Path) -> None:
    script = tmp_path / "bench.py"
    text = f"""
import pandas, crosstune
TABLE = pandas.DataFrame({{"a": [1.0, 2.0]}})
def score(params):
    return params["x"] * TABLE["a"].sum()
crosstune.compare({{"space": {SPACE!r}}}, score, contenders={WHO!r}, seeds=1, trials=2, out="out")
"""

    def run(content: str) -> str:
        script.write_text(content)
        ran = subprocess.run(
            [sys.executable, script], cwd=tmp_path, capture_output=True, text=True, check=False
        )
        return ran.stderr

    assert run(text) == ""
    assert run(text.replace("seeds=1", "seeds=2")) == ""
    assert "bench.TABLE has changed" in run(text.replace("2.0", "3.0"))
    assert "bench.score has changed" in run(text.replace("sum", "max"))


def values(out: Path) -> list[float | None]:
    return [each.value for run in MatchFolder(out).read().runs.values() for each in run.evaluations]


def test_a_changed_objective_is_refused_unless_it_measures_the_same(
    written: Write, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    played(written(of_user=PLAIN), out)
    before = values(out)
    changed = written(of_user=PLAIN.replace("2", "4"))
    with pytest.raises(RequestError, match=r"of_user.score has changed[\s\S]*--same-objective"):
        played(changed, out, seeds=3)
    assert values(out) == before
    played(changed, out, seeds=3, same_objective=True)
    assert len(values(out)) == 3 * 2 * 5
    played(changed, out, seeds=4)  # it is the match's objective now
    with pytest.raises(RequestError, match="of_user.score has changed"):
        played(written(of_user=PLAIN), out, seeds=5)


def test_state_that_an_objective_changes_itself_is_no_change(tmp_path: Path) -> None:
    calls: list[float] = []

    def score(params: dict[str, Any]) -> float:
        calls.append(params["x"])
        score.last = params["x"]  # type: ignore[attr-defined]
        return float(params["x"])

    played(score, tmp_path)
    assert len(calls) == 20
    played(score, tmp_path, seeds=3)
    assert len(calls) == 30


def test_a_folder_from_before_goes_on_with_one_notice(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    played(raised, tmp_path)
    file = MatchFolder(tmp_path).settings_file
    held = json.loads(file.read_text())
    for about in held["problems"]:
        del about["objective"]
    file.write_text(json.dumps(held))
    played(raised, tmp_path, seeds=3)
    notices = [each for each in caplog.messages if "did not note the objective" in each]
    assert len(notices) == 1
    played(raised, tmp_path, seeds=4)
    assert len([each for each in caplog.messages if "did not note" in each]) == 1


BROKEN = "def score(params):\n    raise ValueError('no such column')\n"
HALF = "def score(params):\n    if params['x'] > 0:\n        raise ValueError('a bug')\n    return 1 + params['x'] ** 2\n"  # noqa: E501


def test_a_bug_in_the_first_try_is_named_and_can_be_tried_again(
    written: Write, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    with pytest.raises(RequestError, match=r"no such column[\s\S]*--retry-failed"):
        played(written(of_user=BROKEN), out)
    mended = written(of_user=PLAIN)
    with pytest.raises(RequestError, match=r"only failures[\s\S]*--retry-failed"):
        played(mended, out)
    found = played(mended, out, retry_failed=True)
    assert [each.failed for each in found.summary.standings] == [0, 0]
    assert values(out) == values_of(mended, tmp_path / "fresh")


def values_of(objective: Any, out: Path) -> list[float | None]:
    played(objective, out)
    return values(out)


def test_runs_are_done_again_from_their_first_failed_trial(written: Write, tmp_path: Path) -> None:
    out = tmp_path / "out"
    played(written(of_user=HALF), out, seeds=3)
    before = {k: run.evaluations for k, run in MatchFolder(out).read().runs.items()}
    mended = written(of_user=HALF.replace("params['x'] > 0", "False"))
    with pytest.raises(RequestError, match="of_user.score has changed"):
        played(mended, out, seeds=3, retry_failed=True)
    found = played(mended, out, seeds=3, retry_failed=True, same_objective=True)
    assert all(each.failed_trials == 0 for each in found.summary.standings)
    for key, run in MatchFolder(out).read().runs.items():
        kept = [each for each in before[key] if each.state != "failed"]
        first = next((e.number for e in before[key] if e.state == "failed"), 5)
        assert len(run.evaluations) == 5
        assert list(run.evaluations[:first]) == kept[:first]


@pytest.mark.usefixtures("undrawn")
def test_the_command_has_both_options(
    written: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    spec = tmp_path / "spec.json"
    spec.write_text(json.dumps({"objective": "of_user:score", "space": SPACE, "trials": 4}))
    monkeypatch.chdir(tmp_path)

    def command(*more: str) -> int:
        with pytest.raises(SystemExit) as ended:
            main(["compare", "spec.json", "-c", WHO, "--seeds", "2", *more])
        return int(ended.value.code or 0)

    written(of_user=BROKEN)
    assert command() == 2
    assert "no such column" in capsys.readouterr().err
    written(of_user=PLAIN)
    assert command("--retry-failed") == 0
    written(of_user=PLAIN.replace("2", "6"))
    assert command() == 2
    assert "of_user.score has changed" in capsys.readouterr().err
    assert command("--same-objective") == 0

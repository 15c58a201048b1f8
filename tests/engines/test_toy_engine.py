"""A new engine is one folder and one row: `toy` is known to nothing but the registry."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import optuna
import pytest

import crosstune
from crosstune import Float, Space, adapters
from crosstune.engines import registry
from crosstune.engines.base import Adapter
from crosstune.engines.built_in import BUILT_IN
from crosstune.errors import RequestError, Unsupported
from crosstune.objectives import dialects
from crosstune.proofs.verification import verify
from crosstune.samplers.named import named_sampler
from crosstune.takeover.engines import is_ready, names_sampler
from crosstune.takeover.install import takeovers
from crosstune.testing import FailureContract, SearchContract, SpaceContract
from tests.engines.toy.adapter import ToyAdapter
from tests.engines.toy.library import Board, Point, Range
from tests.engines.toy.row import ROW
from tests.support.slow import slow_but

FOLDER = Path(__file__).parent / "toy"
SPEC = {"space": {"x": {"type": "float", "low": 0, "high": 1}}, "seed": 1, "trials": 12}


@pytest.fixture(scope="module")
def adapter() -> Adapter:
    return ToyAdapter()


class TestSpace(SpaceContract): ...


class TestSearch(SearchContract): ...


class TestFailure(FailureContract): ...


@pytest.fixture
def row(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The one row that the engine adds to the registry."""
    monkeypatch.setattr(registry, "BUILT_IN", {**BUILT_IN, ROW.name: ROW})
    _ask_anew()
    yield
    monkeypatch.undo()
    _ask_anew()


def _ask_anew() -> None:
    registry._rows.cache_clear()
    registry.get.cache_clear()


def worth(point: Point) -> float:
    return (float(point["x"]) - 0.3) ** 2


@pytest.mark.usefixtures("row")
def test_it_searches_a_spec_and_a_study() -> None:
    study = crosstune.tune(SPEC, worth, backend="toy")
    assert study.user_attrs["crosstune:runs"][0]["sampler"] == "climb"
    plain = optuna.create_study(sampler=named_sampler("toy:random", seed=1))
    plain.optimize(lambda trial: trial.suggest_float("x", 0, 1), n_trials=5)
    assert len(plain.trials) == 5


@pytest.mark.usefixtures("row")
def test_its_form_of_objective_is_told_and_works_on_every_engine() -> None:
    assert "toy" in dialects()
    for backend in ("optuna", "toy"):
        assert crosstune.tune(SPEC, worth, backend=backend).best_value < 0.05


@pytest.mark.usefixtures("row")
def test_its_own_spaces_are_read() -> None:
    native = Board({"x": Range(0, 2)})
    study = crosstune.tune({"space": native, "trials": 5, "seed": 1}, worth, backend="toy")
    assert study.trials[0].distributions == {"x": optuna.distributions.FloatDistribution(0, 2)}
    with pytest.raises(Unsupported, match="only a Range"):
        crosstune.Spec(space=Board({"x": abs}))


@pytest.mark.usefixtures("row")
def test_its_files_are_written_and_read(tmp_path: Path) -> None:
    study = crosstune.tune(SPEC, worth, backend="toy")
    crosstune.export_study(study, tmp_path / "walk", format="toy")
    back = crosstune.import_study(tmp_path / "walk", format="toy", spec=SPEC)
    assert [trial.params for trial in back.trials] == [trial.params for trial in study.trials]
    with pytest.raises(RequestError, match="metric is for keras_tuner, and has no meaning for toy"):
        crosstune.export_study(study, tmp_path / "again", format="toy", metric="loss")


@pytest.mark.usefixtures("row")
def test_it_is_as_by_hand() -> None:
    space = Space({"x": Float(0, 1), "y": Float(1e-3, 1, log=True)})
    proofs = list(verify(crosstune.Spec(space=space), backends=["toy"], seeds=2, trials=20))
    assert [proof.sampler for proof in proofs] == ["random", "climb"]
    assert all(proof.holds for proof in proofs)


@pytest.mark.usefixtures("row")
def test_exec_takes_it_over() -> None:
    assert takeovers()["tests.engines.toy.library"] == ROW.takeover
    assert is_ready("toy", "climb")
    assert names_sampler("climb")


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """The folder as a package of its own, with the entry points of its adapter and its row."""
    package = tmp_path / "toy_engine"
    shutil.copytree(FOLDER, package, ignore=shutil.ignore_patterns("__pycache__"))
    for file in package.glob("*.py"):
        file.write_text(file.read_text().replace("tests.engines.toy", "toy_engine"))
    info = tmp_path / "toy_engine-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: toy-engine\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(
        "[crosstune.backends]\ntoy = toy_engine.adapter:ToyAdapter\n"
        "[crosstune.rows]\ntoy = toy_engine.row:ROW\n"
    )
    (tmp_path / "spec.yaml").write_text(json.dumps({**SPEC, "objective": "train:worth"}))
    (tmp_path / "train.py").write_text("def worth(point):\n    return point['x']\n")
    (tmp_path / "script.py").write_text(
        "from toy_engine import library\nlibrary.play(None, None, 3)\n"
    )
    return tmp_path


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=folder, env={"PYTHONPATH": str(folder)}, capture_output=True, text=True, timeout=120,
    )  # fmt: skip


def test_another_package_brings_all_of_it(installed: Path) -> None:
    done = run(installed, "-m", "crosstune", "run", "spec.yaml", "--backend", "toy", "--json")
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout.splitlines()[-1])
    assert (result["backend"], result["sampler"], result["trials"]) == (
        "toy",
        "climb",
        {"complete": 12},
    )
    place = result["storage"]
    exported = run(
        installed, "-m", "crosstune", "export", result["study"], "walk.txt", "--to", "toy",
        "--storage", place,
    )  # fmt: skip
    assert exported.returncode == 0, exported.stderr
    assert len((installed / "walk.txt").read_text().splitlines()) == 12
    driven = run(installed, "-m", "crosstune", "exec", "-b", "toy", "script.py")
    assert (driven.returncode, driven.stderr) == (0, "crosstune exec: play is taken over\n")


def test_asking_for_what_is_known_imports_nothing_of_it(installed: Path) -> None:
    code = (
        "import sys\n"
        "from crosstune.engines import registry\n"
        "assert 'toy' in registry.names()\n"
        "registry.dialects(), registry.formats(), registry.reads_space(1)\n"
        "print(sorted(name for name in sys.modules if name.startswith('toy_engine.')))"
    )
    done = run(installed, "-c", code)
    assert done.stdout == "['toy_engine.row']\n", done.stderr


def test_a_row_that_cannot_be_used_leaves_the_backend(installed: Path) -> None:
    (installed / "toy_engine" / "row.py").write_text("import absent_module")
    done = run(installed, "-m", "crosstune", "run", "spec.yaml", "--backend", "toy")
    assert "the row of the engine 'toy' cannot be used: No module named" in done.stderr
    assert "has to take 'trial'" in done.stderr  # its dialect is not known
    code = "from crosstune import adapters\nprint(adapters.get('toy').name)"
    assert run(installed, "-c", code).stdout == "toy\n"


@pytest.mark.parametrize("backend", slow_but(adapters.names(), ["optuna"]))
def test_a_search_loads_no_wing_but_its_own(backend: str) -> None:
    code = (
        "import sys, crosstune\n"
        "def objective(params): return params['x']\n"
        f"crosstune.tune({SPEC!r}, objective, backend={backend!r}, trials=12)\n"
        "parts = [name.split('.') for name in sys.modules]\n"
        "print(*sorted({p[2] for p in parts if p[:2] == ['crosstune', 'adapters'] and p[3:]}))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=True
    )
    assert done.stdout.split() == [backend]

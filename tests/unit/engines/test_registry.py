"""Backends are found by name, imported on first use, and added by other packages."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from crosstune import adapters
from crosstune.errors import MissingLibrary, UnknownName

HEAVY = {"hyperopt", "keras", "keras_tuner", "torch", "tensorflow", "jax", "tensorboard", "sklearn"}


def imported_by(code: str, path: Path | None = None) -> set[str]:
    """The top-level modules that a fresh interpreter has imported after some code."""
    script = f"import sys\n{code}\nprint('\\n'.join(m for m in sys.modules if '.' not in m))"
    done = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONPATH": str(path)} if path else None,
    )
    return set(done.stdout.splitlines())


def test_importing_crosstune_imports_no_engine_and_not_even_optuna() -> None:
    assert not imported_by("import crosstune") & (HEAVY | {"optuna", "numpy", "pydantic"})


def test_the_help_text_imports_no_engine_and_not_even_optuna() -> None:
    code = "import crosstune.cli.main as cli\ntry:\n cli.main(['--help'])\nexcept SystemExit: pass"
    assert not imported_by(code) & (HEAVY | {"optuna", "numpy", "pydantic", "rich"})


def test_optuna_alone_imports_no_other_engine() -> None:
    code = (
        "import crosstune\n"
        "crosstune.tune({'space': {'x': {'type': 'bool'}}}, lambda params: 1.0, trials=1)"
    )
    assert not imported_by(code) & HEAVY


def test_hyperopt_imports_no_keras() -> None:
    code = "from crosstune.adapters import get\nget('hyperopt')"
    assert not imported_by(code) & {"keras", "keras_tuner", "torch", "tensorflow", "jax"}


def test_an_unknown_backend_suggests_the_near_miss() -> None:
    with pytest.raises(
        UnknownName, match="Known: crosstune, hyperopt, keras_tuner, optuna.*'hyperopt'"
    ):
        adapters.get("hyperop")


def test_a_library_that_is_not_installed_names_the_extra(tmp_path: Path) -> None:
    (tmp_path / "hyperopt.py").write_text("raise ModuleNotFoundError('gone', name='hyperopt')")
    code = (
        "from crosstune.adapters import get\n"
        "from crosstune.errors import MissingLibrary\n"
        "try:\n    get('hyperopt')\n"
        "except MissingLibrary as error:\n"
        "    assert 'pip install \"crosstune[hyperopt]\"' in str(error), error\n"
        "else:\n    raise SystemExit('no error')"
    )
    imported_by(code, tmp_path)


def test_an_error_inside_an_adapter_is_not_called_a_missing_library(tmp_path: Path) -> None:
    (tmp_path / "hyperopt.py").write_text("import a_module_that_is_not_there")
    code = (
        "from crosstune.adapters import get\n"
        "from crosstune.errors import MissingLibrary\n"
        "try:\n    get('hyperopt')\n"
        "except MissingLibrary:\n    raise SystemExit('called missing')\n"
        "except ModuleNotFoundError:\n    pass"
    )
    imported_by(code, tmp_path)
    assert issubclass(MissingLibrary, ImportError)


def test_another_package_adds_a_backend_through_its_entry_point(tmp_path: Path) -> None:
    info = tmp_path / "hill-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: hill\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[crosstune.backends]\nhill = hill:Hill\n")
    (tmp_path / "hill.py").write_text(
        "from crosstune.adapters.crosstune.adapter import CrosstuneAdapter\n"
        "class Hill(CrosstuneAdapter):\n    name = 'hill'\n    distribution = 'hill'\n"
    )
    code = (
        "import crosstune\n"
        "from crosstune import adapters\n"
        "assert adapters.names() == ['optuna', 'hyperopt', 'keras_tuner', 'crosstune', 'hill']\n"
        "study = crosstune.tune({'space': {'x': {'type': 'bool'}}}, lambda params: 1.0,\n"
        "                       backend='hill', sampler='grid', trials=5)\n"
        "assert len(study.trials) == 2\n"
        "assert study.user_attrs['crosstune:runs'][0]['versions']['hill'] == '1.0'"
    )
    imported_by(code, tmp_path)

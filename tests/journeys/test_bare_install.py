"""Without any extra: what needs none works, and what needs one names it before the first trial."""

from __future__ import annotations

from importlib.metadata import distribution, requires

import pytest

import crosstune
import crosstune.callbacks
import crosstune.samplers
from crosstune import adapters
from crosstune.pruners import NAMES as PRUNERS
from tests.support.bare import outcomes

FACES = (crosstune, crosstune.samplers, crosstune.callbacks)
NAMES = {
    f"from {face.__name__} import {name}": {
        "SearchCV": "crosstune[scikit-learn]",
        "KerasTuner": "crosstune[keras-tuner]",
        "compare": "crosstune[compare]",
        "KerasPruningCallback": "crosstune[keras-tuner]",
        "KerasTunerPruningCallback": "crosstune[keras-tuner]",
        "LightningPruningCallback": "lightning",
        "TorchPruningCallback": "crosstune[torch]",
        "partial_fit_with_pruning": "crosstune[scikit-learn]",
    }.get(name)
    for face in FACES
    for name in face.__all__
} | {
    "from crosstune.adapters.hyperopt import suggest": "crosstune[hyperopt]",
    "from crosstune.adapters.keras_tuner import Oracle": "crosstune[keras-tuner]",
    "from crosstune.testing import SpaceContract": "pytest",
    "from crosstune.pruners.curve import CurvePruner; CurvePruner()": "crosstune[optuna]",
    "from crosstune.benchmarks import problems; problems.suite('tables')": "crosstune[problems]",
    "from crosstune.benchmarks import problems; problems.suite('functions')": "crosstune[problems]",
    "from crosstune.benchmarks import problems; problems.suite('training')": "crosstune[problems]",
    "from crosstune.benchmarks.problems.optunahub import problem": "optunahub",
}
"""Code, and what has to be installed for it; None where it works."""

_BACKENDS = {"hyperopt": "crosstune[hyperopt]", "keras_tuner": "crosstune[keras-tuner]"}
_ALGORITHMS = {
    "optuna:gp": "crosstune[torch]",
    "optuna:cmaes": "crosstune[optuna]",
    "optuna:qmc": "crosstune[optuna]",
    "crosstune:gp": "crosstune[optuna]",
}
SAMPLERS = {
    "import crosstune; crosstune.tune('spec.yaml', "
    f"backend={backend!r}, sampler={name!r}, trials=13)": _BACKENDS.get(
        backend, _ALGORITHMS.get(f"{backend}:{name}")
    )
    for backend in adapters.names()
    for name, algorithm in adapters.get(backend).algorithms.items()
    if algorithm.refused is None
    and (backend not in _BACKENDS or name == adapters.get(backend).roles["bayesian"])
}
_OPTIONS = {
    "threshold": {"upper": 9.0},
    "patient": {"patience": 1, "wrapped_pruner": "median"},
    "wilcoxon": {"n_startup_steps": 1},
}
PRUNING = {
    "import crosstune, train; crosstune.tune('spec.yaml', train.curve, trials=9, "
    f"pruner={ ({'name': name} | _OPTIONS.get(name, {}))!r})": (
        "crosstune[optuna]" if name in ("curve", "wilcoxon") else None
    )
    for name in PRUNERS
}
COMMANDS = {
    f"from crosstune.cli.main import main; main({line.split()!r})": install
    for line, install in {
        "backends": None,
        "schema": None,
        "check spec.yaml": None,
        "verify spec.yaml -b optuna -s random -n 5 --seeds 1": None,
        "run spec.yaml": None,
        "run spec.yaml --storage sqlite:///study.db": None,
        "run spec.yaml -b hyperopt": "crosstune[hyperopt]",
        "run spec.yaml -b keras_tuner": "crosstune[keras-tuner]",
        "run spec.yaml -b crosstune": "crosstune[optuna]",
        "run spec.yaml --pruner curve": "crosstune[optuna]",
        "run spec.yaml --workers 2": "crosstune[parallel]",
        "run spec.yaml --dask local": "crosstune[dask]",
        "run spec.yaml --tensorboard logs": "crosstune[tensorboard]",
        "run estimator.yaml": "crosstune[scikit-learn]",
        "compare spec.yaml": "crosstune[compare]",
        "compare --suite tables": "crosstune[compare]",
        "compare --report-only --out runs": "crosstune[compare]",
        "exec train.py": None,
        "exec -b optuna -s random train.py": None,
        "exec -b hyperopt train.py": "crosstune[hyperopt]",
        "exec -b keras_tuner train.py": "crosstune[keras-tuner]",
        "exec -s gp train.py": "crosstune[torch]",
        "exec --tensorboard logs train.py": "crosstune[tensorboard]",
        "export study all.csv --to csv --storage study.journal": None,
        "export study new.journal --to optuna --storage study.journal": None,
        "export study trials.pkl --to hyperopt --storage study.journal": "crosstune[hyperopt]",
        "export study folder --to keras_tuner --storage study.journal": "crosstune[keras-tuner]",
        "import study.journal --from optuna": None,
        "import trials.pkl --from hyperopt": "crosstune[hyperopt]",
        "import folder --from keras_tuner": "crosstune[keras-tuner]",
        "tensorboard study.journal logs": "crosstune[tensorboard]",
    }.items()
}


def quoted(install: str) -> str:
    """As a shell needs it."""
    return f'"{install}"' if "[" in install else install


@pytest.mark.slow
def test_without_an_extra_all_works_or_says_what_to_install() -> None:
    expected = NAMES | SAMPLERS | PRUNING | COMMANDS
    faults = []
    for code, said in outcomes(expected).items():
        install = expected[code]
        if install is None and said is not None:
            faults.append(f"{code}\n  should work: {said}")
        elif install is not None and f"pip install {quoted(install)}" not in (said or "it works"):
            faults.append(f"{code}\n  does not name {install}: {said}")
    assert not faults, "\n".join(faults)


def test_the_extra_all_is_every_extra_for_users() -> None:
    extras = set(distribution("crosstune").metadata.get_all("Provides-Extra", ()))
    wanted: dict[str, set[str]] = {extra: set() for extra in extras}
    for line in requires("crosstune") or ():
        requirement, _, marker = line.partition(";")
        for extra in extras:
            if f"extra == '{extra}'" in marker:
                wanted[extra].add(requirement)
    assert wanted["all"] == set().union(*(wanted[e] for e in extras - {"all", "dev", "docs"}))

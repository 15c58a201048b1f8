"""Run an example in a bare install of a wheel, and one for each extra alone.

python .ci/extras.py dist/crosstune-*.whl [EXTRA ...]

Each extra has an environment of its own, in which it is installed over the bare one. An extra
without an example is a failure. The extra "bare" is none: only the wheel itself.
"""

import subprocess
import sys
import tempfile
import time
import venv
from email.parser import HeaderParser
from pathlib import Path
from zipfile import ZipFile

ROOT = Path(__file__).resolve().parents[1]
NO_EXAMPLE = {
    "all": "the union of the others, which tests/journeys/test_bare_install.py compares",
    "dev": "for the tests, which run with it",
    "docs": "for the site, which a step of .ci/run builds with it",
}
PINS = {"torch": ["torch==2.13.0"]}
"""Of any other version pip takes a build for GPUs, of several GB."""

SPEC = """
objective: train:score
trials: 8
seed: 0
space:
  lr: {type: float, low: 1e-4, high: 1.0, log: true}
  depth: {type: int, low: 1, high: 5}
"""
TRAIN = """
def score(params):
    return abs(params["lr"] - 0.01) + params["depth"] / 10


def curve(params, trial):
    import optuna

    for step in range(10):
        trial.report(score(params) + 1 / (step + 1), step)
        if trial.should_prune():
            raise optuna.TrialPruned
    return score(params) + 0.1
"""
BARE = """
import crosstune, train

for backend, sampler in (("optuna", "bayesian"), ("optuna", "random"), ("crosstune", "random")):
    study = crosstune.tune("spec.yaml", backend=backend, sampler=sampler)
    assert len(study.trials) == 8
crosstune.tune("spec.yaml", train.curve, pruner="hyperband", storage="runs.journal")
crosstune.check("spec.yaml")
"""
EXAMPLES = {
    "optuna": """
import crosstune, train

for backend, sampler in (("optuna", "cmaes"), ("optuna", "qmc"), ("crosstune", "gp")):
    assert crosstune.tune("spec.yaml", backend=backend, sampler=sampler, trials=12).best_value < 2
for pruner in ("curve", "wilcoxon"):
    crosstune.tune("spec.yaml", train.curve, pruner=pruner, trials=12)
""",
    "hyperopt": """
import crosstune

study = crosstune.tune("spec.yaml", backend="hyperopt", trials=25)
crosstune.export_study(study, "trials.pkl", format="hyperopt")
assert len(crosstune.import_study("trials.pkl", format="hyperopt").trials) == 25
""",
    "keras-tuner": """
import crosstune
from crosstune.adapters.keras_tuner import Oracle

for sampler in ("bayesian", "random", "hyperband"):
    crosstune.tune("spec.yaml", backend="keras_tuner", sampler=sampler)

import keras, numpy as np
from crosstune.callbacks import KerasPruningCallback

def build(hp):
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(hp.Int("units", 1, 4))])
    model.compile(loss="mse")
    return model

tuner = crosstune.KerasTuner(
    build, objective="loss", max_trials=2, backend="optuna", sampler="random", directory="kt"
)
tuner.search(np.ones((8, 2)), np.ones((8, 1)), epochs=1, verbose=0)
assert tuner.get_best_hyperparameters()
""",
    "scikit-learn": """
import crosstune
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression

search = crosstune.SearchCV(LogisticRegression(max_iter=500), {"C": [0.1, 1, 10]})
assert search.fit(*load_iris(return_X_y=True)).best_score_ > 0.9
crosstune.tune("iris.yaml", trials=3)
""",
    "torch": """
import crosstune, optuna
from crosstune.callbacks import TorchPruningCallback

assert len(crosstune.tune("spec.yaml", sampler="gp", trials=13).trials) == 13
trial = optuna.create_study().ask()
TorchPruningCallback(trial, "loss")(0, loss=1.0)
""",
    "tensorboard": """
import crosstune
from crosstune.callbacks import TensorBoardCallback

with TensorBoardCallback("logs") as log:
    crosstune.tune("spec.yaml", callbacks=[log])
from pathlib import Path
assert list(Path("logs").rglob("*tfevents*"))
""",
    "compare": """
import crosstune

found = crosstune.compare(
    "spec.yaml", contenders="optuna:tpe,optuna:random", seeds=5, trials=6, out="match"
)
assert found.write_report().exists()
""",
    "problems": """
import crosstune
from crosstune.benchmarks import problems

for name in ("tables/vehicle", "functions/bbob-f10-d5", "training/cancer-svm"):
    problem = problems.get(name)
    assert len(crosstune.tune(problem.spec, problem.objective, trials=3).trials) == 3
""",
    "parallel": """
import crosstune

if __name__ == "__main__":
    assert len(crosstune.tune("spec.yaml", workers=2).trials) == 8
""",
    "dask": """
import crosstune

if __name__ == "__main__":
    assert len(crosstune.tune("spec.yaml", executor="local", workers=2).trials) == 8
""",
}


def environment(path: Path, base: Path | None = None) -> Path:
    """The Python of a new environment that also has what another one has installed."""
    venv.create(path, with_pip=base is None)
    if base is not None:
        (site,) = path.glob("lib/python*/site-packages")
        (below,) = base.glob("lib/python*/site-packages")
        (site / "base.pth").write_text(f"{below}\n")
    return path / "bin" / "python"


def ran(python: Path, code: str, folder: Path) -> bool:
    """Whether an example runs in a folder of its own."""
    folder.mkdir()
    (folder / "spec.yaml").write_text(SPEC)
    (folder / "train.py").write_text(TRAIN)
    (folder / "iris.yaml").write_text((ROOT / "examples" / "iris.yaml").read_text())
    (folder / "example.py").write_text(code)
    done = subprocess.run(
        [python, "example.py"], cwd=folder, capture_output=True, text=True, check=False, timeout=300
    )
    if done.returncode:
        print(done.stdout, done.stderr, sep="\n")
    return done.returncode == 0


def readme_example() -> str:
    """The first example in Python of the README, with Optuna."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    code = text.partition("```python\n")[2].partition("```")[0]
    assert 'backend="hyperopt"' in code
    return code.replace('backend="hyperopt"', 'backend="optuna"')


def main(wheel: str, *only: str) -> int:
    """The exit status."""
    built = Path(wheel).resolve()
    with ZipFile(built) as archive:
        (metadata,) = (n for n in archive.namelist() if n.endswith(".dist-info/METADATA"))
        headers = HeaderParser().parsestr(archive.read(metadata).decode())
    extras = set(headers.get_all("Provides-Extra", ())) - set(NO_EXAMPLE)
    status = 0
    with tempfile.TemporaryDirectory() as scratch:
        base = Path(scratch, "bare")
        python = environment(base)
        install = ["-m", "pip", "install", "--quiet"]
        subprocess.run([python, *install, built], check=True)
        for title, code in (("README", readme_example()), ("bare", BARE)):
            works = ran(python, code, Path(scratch, f"{title} example"))
            print(f"{title}: {'runs' if works else 'FAILS'}", flush=True)
            status |= not works
        for extra in sorted(set(only or extras) - {"bare"}):
            began = time.monotonic()
            if extra not in EXAMPLES:
                print(f"{extra}: FAILS: it has no example in {Path(__file__).name}")
                status = 1
                continue
            python = environment(Path(scratch, extra), base)
            wanted = [f"{built}[{extra}]", *PINS.get(extra, ())]
            subprocess.run([python, *install, *wanted], check=True)
            works = ran(python, EXAMPLES[extra], Path(scratch, f"{extra} example"))
            took = time.monotonic() - began
            print(f"{extra}: {'runs' if works else 'FAILS'} ({took:.0f} s)", flush=True)
            status |= not works
    return int(status)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))

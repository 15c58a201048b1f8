"""What `crosstune exec` adds to a script, in wall time.

    python -m crosstune.benchmarks.research.exec [--trials N] [--repeats N]

The script has trials of 50 ms and one float. For each engine three runs take turns: the script by
plain `python`, with Optuna's TPE; the same with the engine's sampler written into it; and the first
under `crosstune exec --backend ENGINE`. `exec` adds what lies between the last two; between the
first and the last lies the engine itself as well, its import and its proposals.
"""

from __future__ import annotations

import argparse
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from importlib.metadata import version
from pathlib import Path

_SCRIPT = """
import time, optuna
{imports}
optuna.logging.set_verbosity(optuna.logging.ERROR)
def objective(trial):
    x = trial.suggest_float("x", -1, 1)
    time.sleep(0.05)
    return x ** 2
study = optuna.create_study(sampler={sampler})
study.optimize(objective, n_trials={trials})
"""
_ENGINES = {
    "optuna:tpe": ("", "optuna.samplers.TPESampler(seed=0)"),
    "optuna:random": ("", "optuna.samplers.RandomSampler(seed=0)"),
    "hyperopt:tpe": (
        "from crosstune.samplers import HyperoptSampler",
        "HyperoptSampler('tpe', seed=0)",
    ),
    "keras_tuner:random": (
        "from crosstune.samplers import KerasTunerSampler",
        "KerasTunerSampler('random', seed=0)",
    ),
}


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--trials", type=int, default=100, help="of each run")
    parser.add_argument("--repeats", type=int, default=5, help="of each run")
    options = parser.parse_args()
    libraries = ("crosstune", "optuna", "hyperopt", "keras-tuner")
    print(f"Python {platform.python_version()}, {platform.machine()}, ", end="")
    print(", ".join(f"{name} {version(name)}" for name in libraries))
    print(
        f"{options.trials} trials of 50 ms; median of {options.repeats} runs [smallest, largest]\n"
    )
    print("| engine | plain python, s | exec over the sampler in code | exec over plain python |")
    print("|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        for engine, (imports, sampler) in _ENGINES.items():
            plain = _script(folder, "plain", "", "None", options.trials)
            coded = _script(folder, "coded", imports, sampler, options.trials)
            backend, _, name = engine.partition(":")
            taken = ["-m", "crosstune", "exec", "-b", backend, "-s", name, "--seed", "0", plain]
            runs = [
                (_seconds([plain]), _seconds([coded]), _seconds(taken))
                for _ in range(options.repeats)
            ]
            by_code = _ratio([last / second for _, second, last in runs])
            over_plain = _ratio([last / first for first, _, last in runs])
            seconds = statistics.median(first for first, *_ in runs)
            print(f"| `{engine}` | {seconds:.2f} | {by_code} | {over_plain} |", flush=True)


def _script(folder: str, name: str, imports: str, sampler: str, trials: int) -> str:
    path = Path(folder) / f"{name}.py"
    path.write_text(_SCRIPT.format(imports=imports, sampler=sampler, trials=trials))
    return str(path)


def _seconds(arguments: list[str]) -> float:
    start = time.perf_counter()
    subprocess.run([sys.executable, *arguments], check=True, capture_output=True)
    return time.perf_counter() - start


def _ratio(ratios: list[float]) -> str:
    return f"{statistics.median(ratios):.3f} [{min(ratios):.3f}, {max(ratios):.3f}]"


if __name__ == "__main__":
    main()

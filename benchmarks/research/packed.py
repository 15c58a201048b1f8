"""A match in one small file that has only what the statistics need.

The parameters, reports, errors and end times of the trials are left out. Of the constraints it
keeps whether there are some, and which trials are infeasible.
"""

from __future__ import annotations

import json
import lzma
from dataclasses import asdict
from pathlib import Path
from typing import Any

from crosstune.benchmarks.match.encoding import settings_from
from crosstune.benchmarks.match.results import Evaluation, MatchRun, Results
from crosstune.engines.feasibility import satisfied

_STATES = ("complete", "pruned", "failed")


def pack(results: Results, path: Path) -> None:
    """Write a match to one file."""
    runs = [[*key, _packed(run)] for key, run in results.runs.items()]
    text = json.dumps({"settings": asdict(results.settings), "runs": runs})
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(lzma.compress(text.encode(), preset=9))


def unpack(path: Path) -> Results:
    """Read a match that `pack` wrote."""
    stored = json.loads(lzma.decompress(path.read_bytes()))
    runs = {
        (problem, contender, seed): _unpacked(packed)
        for problem, contender, seed, packed in stored["runs"]
    }
    return Results(settings_from(stored["settings"]), runs)


def _packed(run: MatchRun) -> dict[str, Any]:
    trials = run.evaluations
    return {
        "end": run.end,
        "error": run.error,
        "final_test": run.final_test,
        "values": [trial.value for trial in trials],
        "states": "".join(str(_STATES.index(trial.state)) for trial in trials),
        "tests": [trial.test for trial in trials]
        if any(t.test is not None for t in trials)
        else [],
        "metrics": [list(trial.values) for trial in trials]
        if any(trial.values for trial in trials)
        else [],
        "constrained": any(trial.constraints for trial in trials),
        "infeasible": [i for i, trial in enumerate(trials) if not _feasible(trial)],
        "unconstrained": run.unconstrained,
        "epochs": [trial.epochs for trial in trials] if any(t.epochs != 1 for t in trials) else [],
        "seconds": _mean(trial.seconds for trial in trials),
        "sampler_seconds": _mean(trial.sampler_seconds for trial in trials),
    }


def _unpacked(stored: dict[str, Any]) -> MatchRun:
    n = len(stored["values"])
    tests, epochs = stored["tests"] or [None] * n, stored["epochs"] or [1] * n
    metrics = stored.get("metrics") or [()] * n
    infeasible = set(stored.get("infeasible", ()))
    constrained = stored.get("constrained", bool(infeasible))
    evaluations = tuple(
        Evaluation(
            i,
            _STATES[int(stored["states"][i])],
            stored["values"][i],
            {},
            test=tests[i],
            epochs=epochs[i],
            seconds=stored["seconds"],
            sampler_seconds=stored["sampler_seconds"],
            constraints={"packed": float(i in infeasible)} if constrained else None,
            values=tuple(metrics[i]),
        )
        for i in range(n)
    )
    return MatchRun(
        evaluations,
        stored["end"],
        stored["error"],
        stored["final_test"],
        unconstrained=stored.get("unconstrained", False),
    )


def _feasible(evaluation: Evaluation) -> bool:
    return satisfied((evaluation.constraints or {}).values())


def _mean(seconds: Any) -> float:
    values = list(seconds)
    return round(sum(values) / len(values), 6) if values else 0.0

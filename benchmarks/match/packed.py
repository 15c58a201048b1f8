"""A match in one small file, to be kept: what the statistics need, and no more.

Left out are the parameters, reports and errors of the trials, and the clock; of constraints it
keeps which trials are infeasible.
"""

from __future__ import annotations

import json
import lzma
from dataclasses import asdict
from pathlib import Path
from typing import Any

from crosstune.benchmarks.match.folder import settings_from
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
    """Read one."""
    held = json.loads(lzma.decompress(path.read_bytes()))
    runs = {
        (problem, contender, seed): _unpacked(packed)
        for problem, contender, seed, packed in held["runs"]
    }
    return Results(settings_from(held["settings"]), runs)


def _packed(run: MatchRun) -> dict[str, Any]:
    trials = run.evaluations
    return {
        "end": run.end,
        "error": run.error,
        "final_test": run.final_test,
        "values": [each.value for each in trials],
        "states": "".join(str(_STATES.index(each.state)) for each in trials),
        "tests": [each.test for each in trials] if any(t.test is not None for t in trials) else [],
        "infeasible": [i for i, each in enumerate(trials) if not _feasible(each)],
        "unconstrained": run.unconstrained,
        "epochs": [each.epochs for each in trials] if any(t.epochs != 1 for t in trials) else [],
        "seconds": _mean(each.seconds for each in trials),
        "sampler_seconds": _mean(each.sampler_seconds for each in trials),
    }


def _unpacked(held: dict[str, Any]) -> MatchRun:
    n = len(held["values"])
    tests, epochs = held["tests"] or [None] * n, held["epochs"] or [1] * n
    infeasible = set(held.get("infeasible", ()))
    evaluations = tuple(
        Evaluation(
            i,
            _STATES[int(held["states"][i])],
            held["values"][i],
            {},
            test=tests[i],
            epochs=epochs[i],
            seconds=held["seconds"],
            sampler_seconds=held["sampler_seconds"],
            constraints={"packed": 1.0} if i in infeasible else None,
        )
        for i in range(n)
    )
    return MatchRun(
        evaluations,
        held["end"],
        held["error"],
        held["final_test"],
        unconstrained=held.get("unconstrained", False),
    )


def _feasible(each: Evaluation) -> bool:
    return satisfied((each.constraints or {}).values())


def _mean(seconds: Any) -> float:
    held = list(seconds)
    return round(sum(held) / len(held), 6) if held else 0.0

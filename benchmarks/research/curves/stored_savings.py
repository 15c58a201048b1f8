"""Studies of the savings benchmark in a file: a line each while they run, packed when published."""

from __future__ import annotations

import json
import lzma
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path

from crosstune.benchmarks.research.curves.methods import SavingsResult
from crosstune.benchmarks.research.curves.sets import RandomEnds
from crosstune.errors import RequestError

SavingsPlan = tuple[str, str, str, int]
"""Set, engine, method and seed of a study."""


@dataclass
class Savings:
    """Studies with what is needed to read them.

    Attributes:
        versions: of the libraries.
        trials: configurations of a study.
        scales: by set.
        runs: by plan.
    """

    versions: str
    trials: int
    scales: dict[str, RandomEnds] = field(default_factory=dict)
    runs: dict[SavingsPlan, SavingsResult] = field(default_factory=dict)


def begin(path: Path | None, versions: str, trials: int) -> Savings:
    """The studies in a file, or none in a new one, with its first line written.

    Args:
        path: of the file; None to keep nothing.
        versions, trials: those of now, which have to be the file's.

    Raises:
        RequestError: the file is of other versions or trials, or is no such file.
    """
    if path is None:
        return Savings(versions, trials)
    if not path.exists() or not path.stat().st_size:
        path.parent.mkdir(parents=True, exist_ok=True)
        append(path, {"versions": versions, "trials": trials})
    savings = read(path)
    for name, now, then in (
        ("versions", versions, savings.versions),
        ("trials", trials, savings.trials),
    ):
        if now != then:
            raise RequestError(f"{path} has other {name}: {then}, now {now}. Choose another file.")
    return savings


def append(path: Path, record: Mapping[str, object]) -> None:
    """Write one line. An incomplete line before it, of a killed process, is ended first."""
    with path.open("a+b") as file:
        if file.tell():
            file.seek(-1, 2)
            if file.read(1) != b"\n":
                file.write(b"\n")
        file.write(json.dumps(record).encode() + b"\n")


def read(path: Path) -> Savings:
    """The studies in a file, packed or not. Incomplete lines are left out.

    Raises:
        RequestError: there is no such file, or its first line is not one of `begin`.
    """
    if not path.exists():
        raise RequestError(f"no file {path}")
    content = path.read_bytes()
    text = lzma.decompress(content) if path.suffix == ".xz" else content
    records = []
    for line in text.decode().splitlines():
        with suppress(ValueError):
            records.append(json.loads(line))
    try:
        savings = Savings(records[0]["versions"], records[0]["trials"])
        for record in records[1:]:
            if "scale" in record:
                savings.scales[record["set"]] = RandomEnds(**record["scale"])
            else:
                name, engine, method, seed = record["plan"]
                savings.runs[name, engine, method, seed] = SavingsResult(**record["result"])
    except (KeyError, IndexError, TypeError, ValueError) as error:
        raise RequestError(f"{path} is not a file of the savings benchmark: {error!r}") from error
    return savings


def scale_record(name: str, scale: RandomEnds) -> dict[str, object]:
    """The line of a set."""
    return {"set": name, "scale": asdict(scale)}


def run_record(plan: SavingsPlan, result: SavingsResult) -> dict[str, object]:
    """The line of a study."""
    return {"plan": plan, "result": asdict(result)}


def merge(parts: Iterable[Savings]) -> Savings:
    """Several files as one, the later ones first.

    Raises:
        RequestError: they have different numbers of trials.
    """
    first, *others = parts
    whole = Savings(first.versions, first.trials, dict(first.scales), dict(first.runs))
    for part in others:
        if part.trials != whole.trials:
            raise RequestError(f"studies of {whole.trials} and of {part.trials} trials")
        whole.scales |= part.scales
        whole.runs |= part.runs
        if part.versions not in whole.versions:
            whole.versions += f"; {part.versions}"
    return whole


def pack(savings: Savings, path: Path) -> None:
    """Write studies to one small file, sorted, so that the same studies are the same bytes."""
    records: list[Mapping[str, object]] = [
        {"versions": savings.versions, "trials": savings.trials},
        *(scale_record(*item) for item in sorted(savings.scales.items())),
        *(run_record(*item) for item in sorted(savings.runs.items())),
    ]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(
        lzma.compress("".join(f"{json.dumps(record)}\n" for record in records).encode(), preset=9)
    )

"""A match on disk: `match.json` with its settings, and a file of JSON lines a run.

Every evaluation is a line that is written as soon as it is made, by the process that made it. A
line that was torn by a crash is dropped when the run goes on. Nothing in a folder is ever run.
"""

from __future__ import annotations

import itertools
import json
import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import MISSING, asdict, fields
from pathlib import Path
from typing import Any, BinaryIO

from pydantic_core import to_json

from crosstune.benchmarks.match.results import (
    About,
    Evaluation,
    Identity,
    Key,
    MatchRun,
    Results,
    Settings,
)
from crosstune.errors import RequestError, RunError
from crosstune.system.filenames import as_own_file_name
from crosstune.system.files import regular

FORMAT = 1
"""Of the files; a folder of another one is refused."""

_DEFAULTS = {
    field.name: field.default for field in fields(Evaluation) if field.default is not MISSING
}
"""What a line leaves out."""


class FolderError(RunError):
    """The folder of a match cannot be written or read."""


class RunFile:
    """The evaluations of one run, a JSON line each, and a line for its end."""

    def __init__(self, path: Path):
        self.path = path
        self._file: BinaryIO

    def read(self) -> MatchRun:
        """What is there; an empty run where there is no file."""
        lines = self._whole_lines()
        evaluations: dict[int, Evaluation] = {}
        end: dict[str, Any] = {}
        for line in lines:
            if "end" in line:
                end = line
            else:
                each = _evaluation(line)
                evaluations[each.number] = each
                end = {}  # it went on, with a larger budget
        return MatchRun(
            tuple(evaluations[number] for number in sorted(evaluations)),
            end.get("end"),
            end.get("error"),
            _number(end.get("final_test")),
            tuple(end["budget"]) if end.get("budget") else None,
            end.get("unconstrained", False),
        )

    @contextmanager
    def open(self) -> Iterator[None]:
        """Inside, evaluations can be added; a line that was torn is dropped first."""
        with _writing(self.path):
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._file = open(self.path, "ab+", buffering=0, opener=regular)  # noqa: SIM115
        with self._file as file:
            with _writing(self.path):
                file.seek(0)
                file.truncate(file.read().rfind(b"\n") + 1)
            yield

    def add(self, evaluation: Evaluation) -> None:
        """Write an evaluation, now."""
        self._append(_plain_fields(evaluation))

    def drop_failed(self) -> None:
        """Take off the first failed trial and all after it, so that the run is done from there."""
        run = self.read()
        kept = untouched(run)
        if len(kept) == len(run.evaluations) and run.end != "failed":
            return
        new = self.path.with_suffix(".new")
        with _writing(self.path):
            new.write_bytes(b"".join(_line(_plain_fields(each)) for each in kept))
            new.replace(self.path)

    def close(self, run: MatchRun) -> None:
        """Write how a run ended; its evaluations are on file."""
        line = {name: getattr(run, name) for name in ("end", "error", "final_test", "budget")}
        self._append({**line, "unconstrained": True} if run.unconstrained else line)

    def _append(self, line: Mapping[str, Any]) -> None:
        try:
            self._file.write(_line(line))
        except OSError as error:
            raise _unwritable(self.path, error) from error

    def _whole_lines(self) -> Iterator[dict[str, Any]]:
        try:
            with open(self.path, "rb", opener=regular) as file:
                text = file.read()
        except FileNotFoundError:
            return
        except OSError as error:
            raise FolderError(f"{self.path} cannot be read: {error.strerror}") from error
        for number, line in enumerate(text.split(b"\n")[:-1], 1):
            try:
                held = json.loads(line)
                if not isinstance(held, dict):
                    raise ValueError("no mapping")
            except ValueError as error:
                raise FolderError(
                    f"{self.path}:{number}: no line of a match ({error}). Delete the file, and its "
                    "run is done again"
                ) from error
            yield held


def untouched(run: MatchRun) -> tuple[Evaluation, ...]:
    """The evaluations of a run before its first failed trial."""
    return tuple(itertools.takewhile(lambda each: each.state != "failed", run.evaluations))


class MatchFolder:
    """The folder of a match.

    Args:
        path: it is made where it is not there.
    """

    def __init__(self, path: Path):
        self.path = path
        self._counted: dict[Path, tuple[int, int]] = {}

    @property
    def settings_file(self) -> Path:
        """The file of the settings."""
        return self.path / "match.json"

    def run_file(self, key: Key) -> RunFile:
        """The file of a run, whose name no problem or contender can lead out of the folder."""
        problem, contender, seed = key
        folder = self.path / "runs" / as_own_file_name(problem)
        return RunFile(folder / as_own_file_name(contender) / f"{seed:04d}.jsonl")

    def count(self) -> int:
        """How many lines there are in all runs, as a measure of progress."""
        for path in (self.path / "runs").glob("*/*/*.jsonl"):
            size = path.stat().st_size
            if not path.is_file():
                continue
            if self._counted.get(path, (-1, 0))[0] != size:
                self._counted[path] = size, path.read_bytes().count(b"\n")
        return sum(lines for _, lines in self._counted.values())

    def settings(self) -> Settings | None:
        """The settings that are there; None in a new folder.

        Raises:
            RequestError: the file is no match's, or one of another format.
        """
        try:
            with open(self.settings_file, encoding="utf-8", opener=regular) as file:
                held = json.load(file)
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as error:
            raise RequestError(f"{self.settings_file} is no file of a match: {error}") from error
        if not isinstance(held, dict) or held.get("format") != FORMAT:
            found = held.get("format") if isinstance(held, dict) else held
            raise RequestError(
                f"{self.settings_file} has the format {found!r}, and this crosstune reads {FORMAT}"
            )
        try:
            return settings_from(held)
        except (KeyError, TypeError) as error:
            raise RequestError(f"{self.settings_file} lacks a setting: {error}") from error

    def write_settings(self, settings: Settings) -> None:
        """Keep the settings, all or nothing."""
        new = self.settings_file.with_suffix(".new")
        with _writing(self.settings_file):
            self.path.mkdir(parents=True, exist_ok=True)
            new.write_text(
                json.dumps({"format": FORMAT, **asdict(settings)}, indent=2) + "\n",
                encoding="utf-8",
            )
            new.replace(self.settings_file)

    def read(self) -> Results:
        """The whole match.

        Raises:
            RequestError: there is none.
            FolderError: a line of a run is none.
        """
        settings = self.settings()
        if settings is None:
            raise RequestError(f"there is no match in {self.path}: it has no match.json")
        keys = [
            (about.name, contender, seed)
            for about in settings.problems
            for contender in settings.contenders
            for seed in range(settings.seeds)
        ]
        return Results(settings, {key: self.run_file(key).read() for key in keys})

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Hold the folder against another match, where the system has such locks.

        Raises:
            RequestError: another match is running in it.
        """
        with _writing(self.path):
            self.path.mkdir(parents=True, exist_ok=True)
            file = open(self.path / ".lock", "ab", opener=regular)  # noqa: SIM115
        with file:
            try:
                import fcntl
            except ImportError:  # Windows
                yield
                return
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise RequestError(f"another match is running in {self.path}") from None
            yield


@contextmanager
def _writing(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise _unwritable(path, error) from error


def _unwritable(path: Path, error: OSError) -> FolderError:
    return FolderError(f"{path} cannot be written: {error.strerror}. What is there is kept")


def _line(held: Mapping[str, Any]) -> bytes:
    try:
        # A quarter of what `json` takes, and a match writes a line a trial.
        text = to_json(held, inf_nan_mode="strings")
    except ValueError:  # half a surrogate pair, as in the name of an odd file
        text = json.dumps(_plain(held), allow_nan=False).encode()
    return text + b"\n"


def _plain_fields(evaluation: Evaluation) -> dict[str, Any]:
    """What a line holds of an evaluation."""
    held = vars(evaluation)
    return {key: held[key] for key in held if key not in _DEFAULTS or held[key] != _DEFAULTS[key]}


def _plain(value: Any) -> Any:
    """JSON has no infinity, so that is text."""
    match value:
        case float() if not math.isfinite(value):
            return str(value)
        case dict():
            return {key: _plain(held) for key, held in value.items()}
        case list() | tuple():
            return [_plain(held) for held in value]
    return value


def _number(value: Any) -> float | None:
    return None if value is None else float(value)


def _evaluation(line: dict[str, Any]) -> Evaluation:
    held = {field.name: line[field.name] for field in fields(Evaluation) if field.name in line}
    held["value"], held["test"] = _number(held["value"]), _number(held.get("test"))
    held["reports"] = tuple((int(step), float(value)) for step, value in held.get("reports", ()))
    if "constraints" in held:
        held["constraints"] = {key: float(value) for key, value in held["constraints"].items()}
    return Evaluation(**held)


def settings_from(held: dict[str, Any]) -> Settings:
    """The settings in the form in which a file holds them."""
    held = {"startup": {}, **held}  # which an older crosstune did not write
    kept = {field.name: held[field.name] for field in fields(Settings)}
    kept["problems"] = tuple(_about(about) for about in kept["problems"])
    kept["contenders"] = tuple(kept["contenders"])
    kept["looks"] = tuple(kept["looks"])
    kept["rounds"] = tuple(kept["rounds"]) if kept["rounds"] else None
    return Settings(**kept)


def _about(held: dict[str, Any]) -> About:
    found = held.get("objective")  # of an older crosstune there is none
    if found is not None:
        found = Identity(found["parts"], found["unseen"], tuple(found["state"]))
    return About(**{**held, "objective": found})

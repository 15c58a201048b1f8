"""A match on disk: `match.json` with its settings, and one file of JSON lines per run.

The process that makes an evaluation writes it at once, as one line. A line that a crash left
incomplete is dropped when the run continues. Nothing in a folder is ever executed.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, BinaryIO

from pydantic import ValidationError

from crosstune.benchmarks.match.encoding import (
    as_line,
    end_from,
    evaluation_fields,
    evaluation_from,
    settings_from,
)
from crosstune.benchmarks.match.results import Evaluation, Key, MatchRun, Results, Settings
from crosstune.errors import RequestError, RunError
from crosstune.system.filenames import as_own_file_name
from crosstune.system.files import regular

FORMAT = 1
"""The format of the files; a folder with another one is refused."""


class FolderError(RunError):
    """The folder of a match cannot be written or read."""


class RunFile:
    """The evaluations of one run, one JSON line per evaluation, and a line for its end."""

    def __init__(self, path: Path):
        self.path = path
        self._file: BinaryIO

    def read(self) -> MatchRun:
        """The run on file; an empty one without a file."""
        evaluations: dict[int, Evaluation] = {}
        end = MatchRun()
        for entry in self._whole_lines():
            if isinstance(entry, Evaluation):
                evaluations[entry.number] = entry
                end = MatchRun()  # the run continued with a larger budget
            else:
                end = entry
        return replace(end, evaluations=tuple(evaluations[n] for n in sorted(evaluations)))

    @contextmanager
    def open(self) -> Iterator[None]:
        """Open the file for `add` and `close`; an incomplete last line is dropped first."""
        with _writing(self.path):
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._file = open(self.path, "ab+", buffering=0, opener=regular)  # noqa: SIM115
        with self._file as file:
            with _writing(self.path):
                file.seek(0)
                file.truncate(file.read().rfind(b"\n") + 1)
            yield

    def add(self, evaluation: Evaluation) -> None:
        """Write an evaluation at once."""
        self._append(evaluation_fields(evaluation))

    def drop_failed(self) -> None:
        """Delete the first failed trial and all later ones, which are then repeated."""
        run = self.read()
        evaluations = untouched(run)
        if len(evaluations) == len(run.evaluations) and run.end != "failed":
            return
        lines = (as_line(evaluation_fields(evaluation)) for evaluation in evaluations)
        _replace(self.path, b"".join(lines))

    def close(self, run: MatchRun) -> None:
        """Write the end of a run whose evaluations are on file."""
        line = {name: getattr(run, name) for name in ("end", "error", "final_test", "budget")}
        self._append({**line, "unconstrained": True} if run.unconstrained else line)

    def _append(self, line: Mapping[str, Any]) -> None:
        with _writing(self.path):
            self._file.write(as_line(line))

    def _whole_lines(self) -> Iterator[Evaluation | MatchRun]:
        try:
            with open(self.path, "rb", opener=regular) as file:
                text = file.read()
        except FileNotFoundError:
            return
        except OSError as error:
            raise FolderError(f"{self.path} cannot be read: {error.strerror}") from error
        for number, line in enumerate(text.split(b"\n")[:-1], 1):
            try:
                entry = json.loads(line)
                if not isinstance(entry, dict):
                    raise ValueError("no mapping")
                read = end_from(entry) if "end" in entry else evaluation_from(entry)
            except ValueError as error:
                raise FolderError(
                    f"{self.path}:{number}: not a line of a match ({_first_line(error)}). Delete "
                    "the file to repeat its run"
                ) from error
            yield read


def untouched(run: MatchRun) -> tuple[Evaluation, ...]:
    """The evaluations of a run before its first failed trial."""
    return tuple(
        itertools.takewhile(lambda evaluation: evaluation.state != "failed", run.evaluations)
    )


class MatchFolder:
    """The folder of a match.

    Args:
        path: created when it is written.
    """

    def __init__(self, path: Path):
        self.path = path

    @property
    def settings_file(self) -> Path:
        """The file of the settings."""
        return self.path / "match.json"

    def run_file(self, key: Key) -> RunFile:
        """The file of a run; no name of a problem or contender leads out of the folder."""
        problem, contender, seed = key
        folder = self.path / "runs" / as_own_file_name(problem)
        return RunFile(folder / as_own_file_name(contender) / f"{seed:04d}.jsonl")

    def reference_file(self, problem: str, number: int) -> RunFile:
        """The file of a run of random search that the ranges of the metrics come from."""
        return RunFile(self.path / "reference" / as_own_file_name(problem) / f"{number:04d}.jsonl")

    def settings(self) -> Settings | None:
        """The settings on file; None in a new folder.

        Raises:
            RequestError: the file is not one of a match, or has another format.
        """
        try:
            with open(self.settings_file, encoding="utf-8", opener=regular) as file:
                stored = json.load(file)
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as error:
            raise RequestError(f"{self.settings_file} is not a file of a match: {error}") from error
        if not isinstance(stored, dict) or stored.get("format") != FORMAT:
            other = stored.get("format") if isinstance(stored, dict) else stored
            raise RequestError(
                f"{self.settings_file} has the format {other!r}, and this crosstune reads {FORMAT}"
            )
        try:
            return settings_from(stored)
        except ValueError as error:
            why = _first_line(error)
            raise RequestError(f"{self.settings_file} is not a file of a match: {why}") from error

    def write_settings(self, settings: Settings) -> None:
        """Write the settings atomically."""
        text = json.dumps({"format": FORMAT, **asdict(settings)}, indent=2) + "\n"
        _replace(self.settings_file, text.encode())

    def read(self) -> Results:
        """The whole match.

        Raises:
            RequestError: the folder holds no match.
            FolderError: a line of a run cannot be read.
        """
        settings = self.settings()
        if settings is None:
            raise RequestError(f"there is no match in {self.path}: it has no match.json")
        keys = [key for about in settings.problems for key in settings.keys_of(about)]
        return Results(settings, {key: self.run_file(key).read() for key in keys})

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Lock the folder against another match, on systems with such locks.

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
        raise FolderError(
            f"{path} cannot be written: {error.strerror}. Results on file are kept"
        ) from error


def _replace(path: Path, data: bytes) -> None:
    new = path.with_suffix(".new")
    with _writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        new.write_bytes(data)
        new.replace(path)


def _first_line(error: ValueError) -> str:
    """Why a file cannot be read: pydantic's first reason with its place, or the message."""
    if not isinstance(error, ValidationError):
        return str(error)
    reason = error.errors()[0]
    return f"{'.'.join(map(str, reason['loc']))}: {reason['msg']}"

"""Add the file, line and key of a spec to the error of a request."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from crosstune.errors import RequestError, SpecError
from crosstune.spec import files as specfile


@dataclass
class Reading:
    """The part of a spec that is being read.

    Attributes:
        key: of the spec; None if the refused value comes from elsewhere.
    """

    key: str | None = None


@contextmanager
def located(spec: object) -> Iterator[Reading]:
    """Add file, line and key to a refusal in the block, which sets the key that it reads.

    Args:
        spec: the file; anything else is a spec in no file, and a refusal stays as it is.

    Raises:
        RequestError: the refusal, of the same class.
    """
    reading = Reading()
    try:
        yield reading
    except RequestError as error:
        placed = _placed(error, spec, reading.key)
        if placed is error:
            raise
        raise placed from error.__cause__ or error


def _placed(error: RequestError, spec: object, key: str | None) -> RequestError:
    """The refusal with its place, if it has none and the key is in the file."""
    if key is None or not isinstance(spec, str | Path):
        return error
    if not isinstance(error, SpecError):
        line = specfile.read(Path(spec)).line((key,))
        return error if line is None else type(error)(f"{spec}:{line}: {key}: {error}")
    if error.file is not None:
        return error
    path = error.path or (key,)
    line = specfile.read(Path(spec)).line(path)
    return error if line is None else SpecError(error.message, path, file=str(spec), line=line)

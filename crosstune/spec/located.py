"""Add the place in a spec file to the error of a request."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from crosstune.errors import RequestError, SpecError
from crosstune.spec import files as specfile


@contextmanager
def located(file: Path | None, key: str) -> Iterator[None]:
    """Add file, line and key to a refusal.

    Args:
        file: of the spec; None if the spec has no file, or the request did not come from it.
            Then the refusal stays as it is.
        key: of the spec, for a refusal that names none.

    Raises:
        RequestError: the refusal, of the same class.
    """
    try:
        yield
    except RequestError as error:
        if file is None or (isinstance(error, SpecError) and error.file is not None):
            raise
        path = error.path if isinstance(error, SpecError) and error.path else (key,)
        line = specfile.read(file).line(path)
        if line is None:
            raise
        if isinstance(error, SpecError):
            placed: RequestError = SpecError(error.message, path, file=str(file), line=line)
        else:
            placed = type(error)(f"{file}:{line}: {key}: {error}")
        raise placed from error.__cause__ or error

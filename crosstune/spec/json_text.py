"""JSON texts, in which no key may stand twice."""

from __future__ import annotations

import json
import re
from typing import Any

from crosstune.errors import SpecError


def read_json(text: str) -> Any:
    """The data of a JSON text.

    Raises:
        SpecError: it is malformed; with the line.
    """

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        data: dict[str, Any] = {}
        for key, value in pairs:
            if key in data:
                raise SpecError(f"duplicate key {key!r}", line=_second_line(text, key))
            data[key] = value
        return data

    try:
        return json.loads(text, object_pairs_hook=unique)
    except SpecError:
        raise
    except json.JSONDecodeError as error:
        raise SpecError(f"this is not JSON: {error.msg}", line=error.lineno) from None
    except ValueError as error:
        raise SpecError(f"this is not JSON: {error}") from None


def _second_line(text: str, key: str) -> int | None:
    """The line of the second place of a JSON key, if the text has exactly two."""
    places = [match.start() for match in re.finditer(re.escape(json.dumps(key)) + r"\s*:", text)]
    return text.count("\n", 0, places[1]) + 1 if len(places) == 2 else None

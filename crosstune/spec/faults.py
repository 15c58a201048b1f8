"""A fault that pydantic finds in a spec, as a sentence with the path of its key."""

from __future__ import annotations

from pydantic import ValidationError

from crosstune.errors import SpecError, no_such
from crosstune.space.parameters import shown

_UNION_TAGS = ("str", "dict[str,any]", "literal['defaults']", "Named", "list[str]", "CsvKeys")


def readable(error: ValidationError, keys: list[str]) -> SpecError:
    """The first fault of a validation as a sentence; `keys` are those of the top level.

    If several forms are allowed, it is the fault of the form that fits furthest.
    """
    faults = error.errors(include_url=False)
    same_key = [fault for fault in faults if fault["loc"][:1] == faults[0]["loc"][:1]]
    fault = max(same_key, key=lambda fault: len(fault["loc"]))
    path = tuple(key for key in fault["loc"] if key not in _UNION_TAGS)
    value = fault.get("input")
    match fault["type"]:
        case "extra_forbidden":
            sub_keys = {
                "metric": ["name", "direction"],
                "metrics": ["name", "direction"],
                "constraints": ["metric", "max", "min"],
                "data": ["csv", "target", "groups", "weights"],
            }
            return SpecError(no_such("key", path[-1], sub_keys.get(str(path[0]), keys)), path)
        case "literal_error":
            names = fault["ctx"]["expected"].replace("'", "").split(" or ")
            return SpecError(no_such(str(path[-1]), value, names), path)
        case "missing":
            return SpecError(f"{path[-1]!r} is missing", path[:-1])
    needed = {
        "int_type": "an integer is needed",
        "float_type": "a number is needed",
        "string_type": "a string is needed",
        "dict_type": "a mapping is needed",
        "model_type": "a name, or a mapping with a name, is needed",
        "tuple_type": "a list is needed",
        "string_too_short": "a string with a letter or more is needed",
        "finite_number": "a finite number is needed",
        "greater_than": "a number above {gt} is needed",
        "greater_than_equal": "a number of {ge} or more is needed",
    }.get(fault["type"], fault["msg"])
    return SpecError(f"{needed.format(**fault.get('ctx', {}))}, not {shown(value)}", path)

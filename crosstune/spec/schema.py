"""The JSON Schema of a spec file."""

from __future__ import annotations

from typing import Any

from crosstune.engines import registry
from crosstune.spec.start import DEFAULTS

SCALAR = {"type": ["string", "number", "boolean", "null"]}
ABOVE_0 = {"type": "number", "exclusiveMinimum": 0}


def schema() -> dict[str, Any]:
    """The schema, draft 2020-12.

    The rest (that steps reach the upper bound, that conditions have no cycle) is checked
    when the spec is read.
    """
    number = {"type": "number"}
    integer = {"type": "integer"}
    when = {
        "type": "object",
        "description": "parents and their values for which the parameter is active",
        "additionalProperties": {
            "anyOf": [SCALAR, {"type": "array", "items": SCALAR, "minItems": 1}]
        },
    }
    scale = {"log": {"type": "boolean", "default": False}, "step": _or_null(ABOVE_0)}
    cut = {"low": _or_null(number), "high": _or_null(number), "step": scale["step"]}
    spread = {"mu": number, "sigma": ABOVE_0}
    kinds = [
        _kind("float", {"low": number, "high": number}, scale, when),
        _kind("int", {"low": integer, "high": integer}, scale, when),
        _kind(
            "choice",
            {"values": {"type": "array", "items": SCALAR, "minItems": 1}},
            {
                "ordered": {"type": "boolean", "default": False},
                "weights": _or_null({"type": "array", "items": ABOVE_0}),
            },
            when,
        ),
        _kind("bool", {}, {}, when),
        _kind("normal", spread, cut, when),
        _kind("lognormal", spread, cut, when),
        _kind("constant", {"value": SCALAR}, {}, when),
    ]
    word = {"type": "string", "minLength": 1}
    named = {
        "anyOf": [word, {"type": "object", "properties": {"name": word}, "required": ["name"]}]
    }
    direction = {"enum": ["minimize", "maximize"]}
    described = [dict(dialect.schema) for dialect in registry.dialects().values() if dialect.schema]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "crosstune spec",
        **_mapping(
            {
                "name": word,
                "objective": {"anyOf": [{"type": ["string", "null"]}, _estimator(), *described]},
                "metric": {"anyOf": [word, _mapping({"name": word, "direction": direction})]},
                "metrics": {
                    "type": "array",
                    "minItems": 2,
                    "description": "several metrics instead of one",
                    "items": {
                        "anyOf": [word, _mapping({"name": word, "direction": direction}, "name")]
                    },
                },
                "constraints": {
                    "type": "array",
                    "description": "bounds on metrics that the objective returns",
                    "items": {
                        **_mapping({"metric": word, "max": number, "min": number}, "metric"),
                        "anyOf": [{"required": ["max"]}, {"required": ["min"]}],
                    },
                },
                "trials": _or_null({"type": "integer", "minimum": 1}),
                "seconds": _or_null(ABOVE_0),
                "repeats": {
                    "type": "integer",
                    "minimum": 0,
                    "default": 0,
                    "description": "how many of the last trials evaluate leading points again",
                },
                "patience": {
                    **_or_null({"type": "integer", "minimum": 1}),
                    "description": "the study ends after this number of trials in a row "
                    "without an improvement; not together with repeats",
                },
                "callbacks": {"type": "array", "items": named},
                "seed": _or_null(integer),
                "backend": {"type": "string"},
                "sampler": named,
                "pruner": _or_null(named),
                "scheduler": _or_null(named),
                "start": _start(),
                "prior": {
                    "type": "object",
                    "description": "the value of each parameter that is thought best",
                    "additionalProperties": {"anyOf": [SCALAR, _belief()]},
                },
                "space": {
                    "anyOf": [
                        {"type": "string", "pattern": ".:."},
                        {
                            "type": "object",
                            "minProperties": 1,
                            "propertyNames": {"minLength": 1},
                            "additionalProperties": {"oneOf": kinds},
                        },
                    ]
                },
            },
            "space",
        ),
    }


def _kind(
    name: str, needed: dict[str, Any], optional: dict[str, Any], when: dict[str, Any]
) -> dict[str, Any]:
    keys = {"type": {"const": name}, **needed, **optional, "when": _or_null(when)}
    return _mapping(keys, "type", *needed)


def _start() -> dict[str, Any]:
    """Start points, of which one may be that of the default values."""
    point = {"type": "object", "additionalProperties": SCALAR}
    defaults = {"const": DEFAULTS, "description": "the objective's own default values"}
    return {
        "anyOf": [
            defaults,
            {
                "type": "array",
                "items": {"anyOf": [point, defaults]},
                "contains": defaults,
                "minContains": 0,
                "maxContains": 1,
            },
        ]
    }


def _belief() -> dict[str, Any]:
    return _mapping({"at": SCALAR, "spread": {**ABOVE_0, "maximum": 1, "default": 0.2}}, "at")


def _estimator() -> dict[str, Any]:
    text = {"type": "string"}
    column = _or_null(text)
    table = _mapping(
        {"csv": text, "target": text, "groups": column, "weights": column}, "csv", "target"
    )
    keys = {
        "estimator": {"anyOf": [text, {"type": "array", "items": text, "minItems": 1}]},
        "data": {"anyOf": [text, table]},
        "params": {"type": "object"},
        "cv": {"type": "integer", "minimum": 2},
        "scoring": {"type": "array", "items": text},
        "test": _or_null({**ABOVE_0, "exclusiveMaximum": 1}),
    }
    return _mapping(keys, "estimator", "data")


def _mapping(keys: dict[str, Any], *required: str) -> dict[str, Any]:
    """A mapping with these keys and no others."""
    form: dict[str, Any] = {"type": "object", "additionalProperties": False, "properties": keys}
    return {**form, "required": list(required)} if required else form


def _or_null(kind: dict[str, Any]) -> dict[str, Any]:
    return {"anyOf": [kind, {"type": "null"}]}

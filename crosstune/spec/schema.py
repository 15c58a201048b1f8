"""The JSON Schema of a spec file."""

from __future__ import annotations

from typing import Any

from crosstune.engines import registry

SCALAR = {"type": ["string", "number", "boolean", "null"]}


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
    scale = {
        "log": {"type": "boolean", "default": False},
        "step": _or_null({"type": "number", "exclusiveMinimum": 0}),
    }
    cut = {"low": _or_null(number), "high": _or_null(number), "step": scale["step"]}
    spread = {"mu": number, "sigma": {"type": "number", "exclusiveMinimum": 0}}
    kinds = [
        _kind("float", {"low": number, "high": number}, scale, when),
        _kind("int", {"low": integer, "high": integer}, scale, when),
        _kind(
            "choice",
            {"values": {"type": "array", "items": SCALAR, "minItems": 1}},
            {
                "ordered": {"type": "boolean", "default": False},
                "weights": _or_null(
                    {"type": "array", "items": {"type": "number", "exclusiveMinimum": 0}}
                ),
            },
            when,
        ),
        _kind("bool", {}, {}, when),
        _kind("normal", spread, cut, when),
        _kind("lognormal", spread, cut, when),
        _kind("constant", {"value": SCALAR}, {}, when),
    ]
    named = {
        "anyOf": [
            {"type": "string", "minLength": 1},
            {
                "type": "object",
                "properties": {"name": {"type": "string", "minLength": 1}},
                "required": ["name"],
            },
        ]
    }
    described = [dict(dialect.schema) for dialect in registry.dialects().values() if dialect.schema]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "crosstune spec",
        "type": "object",
        "additionalProperties": False,
        "required": ["space"],
        "properties": {
            "name": {"type": "string", "minLength": 1},
            "objective": {"anyOf": [{"type": ["string", "null"]}, _estimator(), *described]},
            "metric": {
                "anyOf": [
                    {"type": "string", "minLength": 1},
                    {
                        "type": "object",
                        "additionalProperties": False,
                        "properties": {
                            "name": {"type": "string", "minLength": 1},
                            "direction": {"enum": ["minimize", "maximize"]},
                        },
                    },
                ]
            },
            "trials": _or_null({"type": "integer", "minimum": 1}),
            "seconds": _or_null({"type": "number", "exclusiveMinimum": 0}),
            "seed": _or_null(integer),
            "backend": {"type": "string"},
            "sampler": named,
            "pruner": _or_null(named),
            "start": {"type": "array", "items": {"type": "object", "additionalProperties": SCALAR}},
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
    }


def _kind(
    name: str, needed: dict[str, Any], optional: dict[str, Any], when: dict[str, Any]
) -> dict[str, Any]:
    return {
        "type": "object",
        "additionalProperties": False,
        "properties": {"type": {"const": name}, **needed, **optional, "when": _or_null(when)},
        "required": ["type", *needed],
    }


def _belief() -> dict[str, Any]:
    """A belief with its spread."""
    return {
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "at": SCALAR,
            "spread": {"type": "number", "exclusiveMinimum": 0, "maximum": 1, "default": 0.2},
        },
        "required": ["at"],
    }


def _estimator() -> dict[str, Any]:
    """The objective of the sklearn dialect."""
    text = {"type": "string"}
    table = {
        "type": "object",
        "additionalProperties": False,
        "properties": {"csv": text, "target": text},
        "required": ["csv", "target"],
    }
    return {
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "estimator": {"anyOf": [text, {"type": "array", "items": text, "minItems": 1}]},
            "data": {"anyOf": [text, table]},
            "params": {"type": "object"},
            "cv": {"type": "integer", "minimum": 2},
            "scoring": {"type": "array", "items": text},
            "test": _or_null({"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1}),
        },
        "required": ["estimator", "data"],
    }


def _or_null(kind: dict[str, Any]) -> dict[str, Any]:
    return {"anyOf": [kind, {"type": "null"}]}

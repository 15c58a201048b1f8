"""The registry's data about an engine, readable without importing the engine: one row of texts.

A target is written ``module:name`` and is imported when it is needed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Dialect:
    """A form of objective that belongs to an engine's library.

    Attributes:
        prepare: the target of a function ``(objective, spec)`` that returns a
            `crosstune.objectives.base.Prepared`.
        parameter: the name of a function's only required parameter that identifies the dialect;
            "" if the space, or a name, identifies it.
        key: the key of a description in a spec that identifies the dialect; "" likewise.
        schema: the JSON Schema of such a description; empty if it has none.
    """

    name: str
    prepare: str
    parameter: str = ""
    key: str = ""
    schema: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Format:
    """Files of an engine's library, which `export_study` writes and `import_study` reads.

    Attributes:
        write: the target of a function ``(contents, path, *, force, **options)`` that returns
            notes for the user; "" if the format is not written.
        write_options: the options of `export_study` that it takes: ``metric``.
        read: the target of a function ``(path, *, space, **options)`` that returns the contents
            and notes; "" if the format is not read.
        read_options: the options of `import_study` that it takes: ``space`` (if a native space may
            be passed), ``direction``, ``metric``.
    """

    name: str
    write: str = ""
    write_options: tuple[str, ...] = ()
    read: str = ""
    read_options: tuple[str, ...] = ()


@dataclass(frozen=True)
class EngineRow:
    """One engine. Only the first two fields are required.

    Attributes:
        name: of the backend.
        adapter: the target of its `Adapter`.
        extra: the extra of crosstune that installs its library.
        libraries: modules that its adapter always imports.
        parts: further modules of the extra that may be missing.
        dialects: the forms of objective of its library.
        formats: the files of its library.
        space_type: the type by which its library declares a space. An object of it, or a dictionary
            or list that contains one, is a space of this engine. It is looked up in `sys.modules`,
            since the library is imported once such an object exists.
        space_reader: the target of a function ``(native, source)`` that returns a
            `crosstune.spec.foreign_space.NativeSpace`.
        takeover: the target of a function that `crosstune exec` calls once the first of
            `libraries` is imported. Its argument is a function that returns the
            `crosstune.takeover.choice.ScriptEngine`, to be called at the first study.
        by_hand: the target of the reference run of `crosstune verify`: see
            `crosstune.proofs.by_hand`.
        learners: the samplers that work without a declared space, roles included, each with the
            modules that it needs. `crosstune exec` checks them without importing anything.
    """

    name: str
    adapter: str
    extra: str = ""
    libraries: tuple[str, ...] = ()
    parts: tuple[str, ...] = ()
    dialects: tuple[Dialect, ...] = ()
    formats: tuple[Format, ...] = ()
    space_type: str = ""
    space_reader: str = ""
    takeover: str = ""
    by_hand: str = ""
    learners: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

"""A space read from a library's own object, together with that object."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, ClassVar

from crosstune.engines import registry
from crosstune.engines.row import EngineRow
from crosstune.errors import Unsupported
from crosstune.space.parameters import Parameter, Scalar
from crosstune.space.space import Space
from crosstune.space.verdicts import APPROXIMATE, REFUSED, Verdict
from crosstune.spec.import_path import find
from crosstune.system.scalars import PLAIN


class NativeSpace(Space):
    """A space that a library's own object declares.

    On that library's engine the object itself is searched, so the suggestions are those of the
    library called by hand. Every other engine searches the parameters that were read from it.

    Args:
        native: the library's object.
        parameters: read from it, by name.
        verdicts: how near each parameter is to the library's own draws; a refusal if only the
            library itself can search it.
        source: ``module:name`` if a spec file names it so.

    Attributes:
        library: the backend that it is native to.
        dialect: of an objective for it.
    """

    library: ClassVar[str]
    dialect: ClassVar[str]

    def __init__(
        self,
        native: Any,
        parameters: Mapping[str, Parameter],
        verdicts: Mapping[str, Verdict],
        source: str | None = None,
    ):
        super().__init__(parameters)
        self.native = native
        self.verdicts = dict(verdicts)
        self.source = source

    @property
    def earlier(self) -> NativeSpace | None:
        """The space as a record of version 0.1.0 describes it; None if that is the same.

        See `crosstune.study.earlier_names`.
        """
        return None

    def moved(self, values: Mapping[str, Any], to: NativeSpace) -> Mapping[str, Any]:
        """Values of this space, converted to another form of it."""
        return values

    @abstractmethod
    def call(
        self,
        fn: Callable[..., Any],
        params: Mapping[str, Scalar],
        trial: int,
        native_values: Mapping[str, Any] | None = None,
    ) -> Any:
        """Call a function of the library's dialect on a point.

        Args:
            fn: the function.
            params: the point.
            trial: the number of the trial.
            native_values: see `Engine.aside`.
        """

    def seen_from(self, backend: str, verdicts: Mapping[str, Verdict]) -> dict[str, Verdict]:
        """The verdicts on a backend, measured against the library's own draws.

        The library itself is exact. Another backend is at best as near as the parameters read.
        """
        if backend == self.library:
            return {name: Verdict.of(0.0) for name in verdicts}
        worse = (REFUSED, APPROXIMATE)
        return {
            name: self.verdicts[name]
            if verdict.kind not in worse and self.verdicts[name].kind in worse
            else verdict
            for name, verdict in verdicts.items()
        }

    def notes_on(self, backend: str) -> tuple[str, ...]:
        """Notes for the user on the search by a backend.

        Raises:
            Unsupported: it cannot search the space, with the reason.
        """
        if backend == self.library:
            return ()
        for verdict in self.verdicts.values():
            if verdict.kind == REFUSED:
                raise Unsupported(
                    f"{backend} cannot search this space, {self.library} can: {verdict.reason}"
                )
        off = [
            f"{name} {verdict.distance:.2g}"
            for name, verdict in self.verdicts.items()
            if verdict.kind == APPROXIMATE
        ]
        if not off:
            return ()
        return (
            f"{backend} searches the nearest parameters to those of {self.library}, with odds that "
            f"are off by: {', '.join(off)}",
        )


def as_space(source: Any, folder: Path | None = None) -> Space:
    """The space for any form in which the user writes it.

    Args:
        source: a space, parameters by name, a library's own object, or ``module:name`` for one
            of these.
        folder: where the module is looked for first.

    Raises:
        SpecError: it cannot be a space.
        Unsupported: a library's object cannot be read, with the reason.
        RequestError: the module or the name does not exist.
    """
    name = None
    if isinstance(source, str) and ":" in source:
        name, source = source, find(source, folder)
    if isinstance(source, Space):
        return source
    row = engine_that_reads(source)
    if row is None:
        return Space(source)
    space: NativeSpace = registry.imported(row.space_reader)(source, name)
    return space


def engine_that_reads(source: Any) -> EngineRow | None:
    """The engine to whose library an object belongs, or an object in a structure.

    The library of an object is imported already, so nothing is imported to find out.
    """
    match source:
        case Mapping():
            inside = list(source.values())
        case list() | tuple():
            inside = list(source)
        case _:
            return registry.reads_space(source)
    rows = (engine_that_reads(item) for item in inside if type(item) not in PLAIN)
    return next((row for row in rows if row is not None), None)

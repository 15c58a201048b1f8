"""A space read from a library's own objects, which stay with it."""

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


class NativeSpace(Space):
    """A space that a library's own object states.

    On that library's engine the object itself is searched, so the suggestions are those of the
    library called by hand. Every other engine searches the parameters that were read from it.

    Args:
        native: the library's object.
        parameters: what was read from it.
        verdicts: how near each parameter is to what the library draws; a refusal where only the
            library itself can search it.
        source: ``module:name`` where a spec file names it so.

    Attributes:
        library: the backend that it is native to.
        dialect: of an objective that belongs to it.
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
        """The space as a record of version 0.1.0 has it; None if that is the same.

        See `crosstune.study.earlier_names`.
        """
        return None

    def moved(self, values: Mapping[str, Any], to: NativeSpace) -> Mapping[str, Any]:
        """Values of this space as another form of it has them."""
        return values

    @abstractmethod
    def call(
        self,
        fn: Callable[..., Any],
        params: Mapping[str, Scalar],
        trial: int,
        aside: Mapping[str, Any] | None = None,
    ) -> Any:
        """What a function of the library's dialect returns for a point.

        Args:
            fn: the function.
            params: the point.
            trial: the number of the trial.
            aside: see `Engine.aside`.
        """

    def seen_from(self, backend: str, verdicts: Mapping[str, Verdict]) -> dict[str, Verdict]:
        """The verdicts on a backend against what the library draws, not what was read from it.

        The library itself draws it. Elsewhere what was read nearly is drawn nearly at best.
        """
        if backend == self.library:
            return {name: Verdict.of(0.0) for name in verdicts}
        worse = (REFUSED, APPROXIMATE)
        return {
            name: self.verdicts[name]
            if held.kind not in worse and self.verdicts[name].kind in worse
            else held
            for name, held in verdicts.items()
        }

    def notes_on(self, backend: str) -> tuple[str, ...]:
        """What is to be said of the search by a backend.

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


def as_space(given: Any, folder: Path | None = None) -> Space:
    """The space behind whatever form the user has it in.

    Args:
        given: a space, parameters by name, a library's own object, or ``module:name`` for one
            of these.
        folder: where the module is looked for first.

    Raises:
        SpecError: it cannot be a space.
        Unsupported: a library's object cannot be read, with the reason.
        RequestError: there is no such module or name.
    """
    source = None
    if isinstance(given, str) and ":" in given:
        source, given = given, find(given, folder)
    if isinstance(given, Space):
        return given
    row = engine_that_reads(given)
    if row is None:
        return Space(given)
    made: NativeSpace = registry.imported(row.space_reader)(given, source)
    return made


def engine_that_reads(given: Any) -> EngineRow | None:
    """The engine to whose library an object belongs, or a structure with one in it.

    Whoever made one has imported the library, so nothing is imported to tell.
    """
    match given:
        case Mapping():
            inside = list(given.values())
        case list() | tuple():
            inside = list(given)
        case _:
            return registry.reads_space(given)
    return next((row for row in map(engine_that_reads, inside) if row is not None), None)

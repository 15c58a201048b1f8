"""What is installed: the libraries that crosstune needs, and those of its extras."""

from __future__ import annotations

import platform
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, requires, version

from packaging.requirements import InvalidRequirement, Requirement
from packaging.version import InvalidVersion

DISTRIBUTION = "crosstune"

GROUPS = ("all", "dev")
"""Extras that only name others, or serve who works on crosstune."""


@dataclass(frozen=True)
class Library:
    """A library that crosstune may use.

    Attributes:
        name: of the distribution.
        wanted: the versions that fit, such as ">=4.8,<6"; empty for any.
        installed: its version; None if it is not installed.
        fits: whether it is installed in such a version.
    """

    name: str
    wanted: str
    installed: str | None
    fits: bool

    @property
    def fault(self) -> str:
        """What is wrong, in words; empty if nothing is."""
        if self.fits:
            return ""
        if self.installed is None:
            return f"{self.name} is missing"
        return f"{self.name} is {self.installed}, and {self.wanted} is needed"


def needed() -> list[Library]:
    """The libraries without which crosstune does not work."""
    return [_checked(item) for item in _requirements() if _applies(item, "")]


def extras() -> dict[str, list[Library]]:
    """The libraries of each extra, by its name, without those that serve development."""
    by_extra: dict[str, list[Library]] = {}
    for item in _requirements():
        name = _extra_of(item)
        if name and name not in GROUPS and _applies(item, name):
            by_extra.setdefault(name, []).append(_checked(item))
    return by_extra


def _requirements() -> Iterator[Requirement]:
    try:
        lines = requires(DISTRIBUTION) or []
    except PackageNotFoundError:  # run from its sources
        lines = []
    for line in lines:
        try:
            yield Requirement(line)
        except InvalidRequirement:
            continue


def _extra_of(item: Requirement) -> str:
    """The extra that a requirement belongs to; empty for none."""
    text = str(item.marker or "")
    return text.partition('extra == "')[2].partition('"')[0]


def _applies(item: Requirement, extra: str) -> bool:
    """Whether a requirement is one of an extra (empty for none) on this Python and platform."""
    if _extra_of(item) != extra:
        return False
    return item.marker is None or item.marker.evaluate({"extra": extra})


def _checked(item: Requirement) -> Library:
    try:
        installed: str | None = version(item.name)
    except PackageNotFoundError:
        installed = None
    fits = False
    if installed is not None:
        try:
            fits = item.specifier.contains(installed, prereleases=True)
        except InvalidVersion:
            fits = True  # of a build of the user's own
    return Library(item.name, str(item.specifier), installed, fits)


def machine() -> str:
    """The operating system and the processor.

    >>> machine() == f"{platform.system()} {platform.release()} {platform.machine()}"
    True
    """
    return f"{platform.system()} {platform.release()} {platform.machine()}"

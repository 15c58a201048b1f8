"""Which code is the user's own, and not that of Python, of a library or of crosstune."""

from __future__ import annotations

import site
import sys
import sysconfig
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path


@cache
def is_own_file(file: str | None) -> bool:
    """True for a file outside of Python's folders; code without a file was typed by the user."""
    if file is None or file.startswith("<frozen"):
        return False
    path = Path(file)
    if {"site-packages", "dist-packages"} & set(path.parts):
        return False
    return not any(folder in path.resolve().parents for folder in _libraries())


@cache
def _libraries() -> frozenset[Path]:
    names = ("stdlib", "platstdlib", "purelib", "platlib")
    package = Path(str(files("crosstune")))
    folders = [Path(sysconfig.get_path(name)) for name in names]
    folders += [*map(Path, site.getsitepackages()), Path(site.getusersitepackages()), package]
    folders += [each for each in package.iterdir() if each.is_dir()]  # in a checkout they are links
    return frozenset(folder.resolve() for folder in folders)


def is_own_module(name: str) -> bool:
    """True for a module whose file is the user's; one without a file is an interactive session."""
    module = sys.modules.get(name)
    if module is None:
        top = name.partition(".")[0]
        if top != name and not is_own_module(top):
            return False  # and its package need not be imported to tell
        try:
            spec = find_spec(name)
        except (ImportError, ValueError, AttributeError):
            return False
        return spec is not None and spec.has_location and is_own_file(spec.origin)
    if name == "__main__":
        return True
    return is_own_file(getattr(module, "__file__", None))


def place(module: str) -> str:
    """A module in words: the main script by its file, an interactive session by nothing."""
    if module != "__main__":
        return module
    file = getattr(sys.modules["__main__"], "__file__", None)
    return Path(file).stem if file else ""


@cache
def library_version(module: str) -> tuple[str, str] | None:
    """The name and the version of the library that a module belongs to, where they can be told."""
    top = module.partition(".")[0]
    if not top or top in sys.stdlib_module_names or top == "crosstune":
        return None
    try:
        return top, version(top)
    except PackageNotFoundError:
        return None

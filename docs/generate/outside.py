"""Pages that stand outside docs/, and the links to them.

The same text has to work in a checkout, where `../CONTRIBUTING.md` is a file, and on the site.
"""

from __future__ import annotations

import posixpath
import re
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
PAGES = {
    "CONTRIBUTING.md": "contributing.md",
    "CHANGELOG.md": "changelog.md",
    "SECURITY.md": "security.md",
    "CODE_OF_CONDUCT.md": "code-of-conduct.md",
    "benchmarks/RESULTS.md": "results.md",
}
"""The generated page by the file of the repository that it shows."""

_LINK = re.compile(r"(\]\()(?!\w+:|#|/)([^)#\s]+)(#[^)\s]*)?(\))")


def pages() -> dict[str, str]:
    """The files of the repository, with links that fit their place on the site."""
    return {
        page: relinked((ROOT / file).read_text(encoding="utf-8"), posixpath.dirname(file))
        for file, page in PAGES.items()
    }


def relink(app: Any, name: str, source: list[str]) -> None:
    """Let the links of a page of docs/ lead to the pages of the site."""
    if not name.startswith("generated/"):
        folder = posixpath.join("docs", posixpath.dirname(name))
        source[0] = relinked(source[0], folder, posixpath.dirname(name))


def relinked(text: str, folder: str, place: str = "generated") -> str:
    """A page with the links of its place on the site.

    Args:
        text: the page, whose links are relative to `folder`.
        folder: the page's folder in the repository.
        place: the page's folder on the site, relative to docs/.
    """

    def link(match: re.Match[str]) -> str:
        target = posixpath.normpath(posixpath.join(folder, match[2]))
        if target in PAGES:
            target = f"docs/generated/{PAGES[target]}"
        elif (ROOT / target).is_dir():
            readme = f"{target}/README.md"
            target = readme if (ROOT / readme).exists() else target
        relative = posixpath.relpath(target, posixpath.join("docs", place))
        return f"{match[1]}{relative}{match[3] or ''}{match[4]}"

    return _LINK.sub(link, text)

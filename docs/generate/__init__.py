"""The pages of the site that are made from the code, and the links that leave docs/.

`setup` registers this folder as a Sphinx extension. Each page is a function without arguments
that returns Markdown or reStructuredText.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from generate import api, attributes, commands, docstrings, exceptions, losses, outside, spec_keys

FOLDER = Path(__file__).parents[1] / "generated"
"""The folder of the generated pages, which Git ignores."""


def pages() -> dict[str, str]:
    """The text of each generated page by its file name."""
    return {
        **api.pages(),
        "attributes.md": attributes.page(),
        "commands.md": commands.page(),
        "errors.md": exceptions.page(),
        "losses.md": losses.page(),
        "spec-keys.md": spec_keys.page(),
        **outside.pages(),
    }


def write(app: Any) -> None:
    """Write the generated pages, and remove those of an earlier build that are none of them.

    A page that is unchanged keeps its time, so that Sphinx does not read it again.
    """
    FOLDER.mkdir(exist_ok=True)
    texts = pages()
    for path in FOLDER.iterdir():
        if path.name not in texts:
            path.unlink()
    for name, text in texts.items():
        path = FOLDER / name
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")


def setup(app: Any) -> dict[str, bool]:
    """Register the extension."""
    app.connect("builder-inited", write, priority=100)
    app.connect("source-read", outside.relink)
    app.connect("autodoc-process-docstring", docstrings.literal_blocks)
    app.connect("env-check-consistency", api.report_missing)
    return {"parallel_read_safe": True, "parallel_write_safe": True}

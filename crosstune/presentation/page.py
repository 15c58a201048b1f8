"""What the pages of all reports share: style, macros, and the policy against foreign content.

Names come from users. jinja2 escapes them in the text. The page's security policy allows only the
script with the given hash to run, and no loading at all.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from importlib.resources import files
from typing import Any

from jinja2 import DictLoader, Environment, StrictUndefined

from crosstune.presentation.dots import Dots
from crosstune.presentation.palette import COLOURS, ON_DARK, Look
from crosstune.presentation.tables import plain


def rendered(template: str, *, looks: Mapping[str, Look], script: str = "", **content: Any) -> str:
    """The text of a page, one file that needs no network.

    Args:
        template: may import the macros of ``parts.html``.
        looks: the colour and the dashes of each series.
        script: the only one that may run; empty for none.
        content: the variables of the template.
    """
    here = files("crosstune.presentation")
    env = Environment(
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        loader=DictLoader({"parts.html": (here / "parts.html").read_text("utf-8")}),
    )
    digest = hashlib.sha256(script.encode()).digest()
    return env.from_string(template).render(
        looks=looks,
        kind=lambda picture: type(picture).__name__,
        place=place,
        plain=plain,
        colours=[(on_white, ON_DARK.get(on_white, on_white)) for on_white in COLOURS],
        style=(here / "page.css").read_text("utf-8"),
        script=script,
        hash=base64.b64encode(digest).decode() if script else "",
        **content,
    )


def place(picture: Dots, value: float | None) -> float | None:
    """Percent from the left, or None if the value cannot be drawn."""
    where = None if value is None else picture.place(value)
    return None if where is None else round(100 * where, 2)

"""The picture on docs/same-space.md, from what the libraries' constructs really draw.

python docs/generate/pictures.py    # writes docs/images/same-space.svg
"""

from __future__ import annotations

from pathlib import Path

PICTURE = Path(__file__).parents[1] / "images" / "same-space.svg"
WIDTH, HEIGHT = 760, 235
COLOURS = ("#0072b2", "#b34700")
"""Of what is written, and of what is drawn. They differ for the colour-blind as well."""


def laws() -> tuple[dict[int, float], dict[int, float]]:
    """The probabilities of `Int(1, 10, step=3)`, and those of `hp.quniform("x", 1, 10, 3)`."""
    from hyperopt import hp

    from crosstune.adapters.native.hyperopt import law_of
    from crosstune.laws import Discrete

    law = law_of(hp.quniform("x", 1, 10, 3))
    assert isinstance(law, Discrete)
    drawn = {int(value): mass for value, mass in law.items() if isinstance(value, int | float)}
    return dict.fromkeys((1, 4, 7, 10), 0.25), drawn


def svg() -> str:
    """Two charts with one bar for each value from 0 to 10."""
    titles = ("You write: 1 to 10 by 3", "hp.quniform(1, 10, 3) draws")
    charts = [
        chart(30 + 380 * i, title, law, colour)
        for i, (title, law, colour) in enumerate(zip(titles, laws(), COLOURS, strict=True))
    ]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
        f'width="{WIDTH}" height="{HEIGHT}" font-family="sans-serif" font-size="13" '
        f'fill="#222">\n<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>\n'
        + "\n".join(charts)
        + "\n</svg>\n"
    )


def chart(left: int, title: str, law: dict[int, float], colour: str) -> str:
    """A chart.

    Args:
        left: its left edge, in pixels.
        title: above it.
        law: the probability of each value.
        colour: of the bars.
    """
    base = 200
    parts = [f'<text x="{left}" y="26" font-size="16" font-weight="bold">{title}</text>']
    parts.append(f'<path d="M{left} {base}h330" stroke="#888"/>')
    for value in range(11):
        middle = left + 15 + 30 * value
        share = law.get(value, 0.0)
        if share:
            top = base - 400 * share
            parts.append(
                f'<rect x="{middle - 10}" y="{top:.1f}" width="20" height="{400 * share:.1f}" '
                f'fill="{colour}"/>'
            )
            parts.append(
                f'<text x="{middle}" y="{top - 6:.1f}" text-anchor="middle">{share:.0%}</text>'
            )
        parts.append(f'<text x="{middle}" y="{base + 20}" text-anchor="middle">{value}</text>')
    return "\n".join(parts)


if __name__ == "__main__":
    PICTURE.write_text(svg(), encoding="utf-8")

"""A table as Markdown, as LaTeX, for the terminal, and as files."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from rich.table import Table as RichTable
from rich.text import Text

from crosstune.presentation.tables import ReportTable, as_csv, plain

_MARKS = re.compile(r"[\\`*\[\]|~#]|(?<!\w)_|_(?!\w)")
_LATEX = {
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "∞": r"$\infty$",
    **{sign: f"\\{sign}" for sign in "&%$#_{}"},
}


def write_tables(tables: Iterable[ReportTable], folder: Path) -> list[Path]:
    """Write tables as CSV, Markdown and LaTeX into a folder, and return the paths.

    Tables with the same name share a CSV file, and have numbers behind their names otherwise.

    Args:
        tables: with captions that differ.
        folder: has to exist.
    """
    every = list(tables)
    files = {f"{name}.csv": text for name, text in joined(every).items()}
    for table in every:
        if not any(cell.text for row in table.rows for cell in row[-1:]):
            continue  # for CSV alone
        number, name = 1, table.name
        while f"{name}.md" in files:
            number += 1
            name = f"{table.name}-{number}"
        files[f"{name}.md"] = f"{escaped(table.caption)}:\n\n{markdown_table(table)}\n"
        files[f"{name}.tex"] = latex_table(table, name)
    paths = []
    for file, text in files.items():
        (folder / file).write_text(text, encoding="utf-8")
        paths.append(folder / file)
    return paths


def joined(tables: Iterable[ReportTable]) -> dict[str, str]:
    """The text of each CSV file by its name; tables with the same name share a file."""
    files: dict[str, str] = {}
    for table in tables:
        text = as_csv(table)
        if table.name in files:
            text = files[table.name] + text.partition("\n")[2]
        files[table.name] = text
    return files


def plain_line(line: str) -> str:
    """A line with its indentation, without control characters."""
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in line)


def escaped(words: object) -> str:
    """Text on one line, escaped for Markdown.

    >>> escaped("<b>keras_tuner</b> *")
    '&lt;b&gt;keras_tuner&lt;/b&gt; \\\\*'
    """
    line = plain(words).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return _MARKS.sub(lambda match: f"\\{match[0]}", line)


def markdown_table(table: ReportTable) -> str:
    """A table in GitHub's Markdown."""
    heads = [escaped(head) or " " for head in table.heads]
    lines = [
        f"| {' | '.join(heads)} |",
        f"|{'|'.join('---:' if c.kind == 'number' else '---' for c in table.columns)}|",
    ]
    lines += [f"| {' | '.join(escaped(cell.text) for cell in row)} |" for row in table.rows]
    return "\n".join(lines)


def fenced(code: str) -> str:
    """A text as a block of code in Markdown."""
    longest = max((len(run) for run in re.findall(r"`+", code)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}\n{code}\n{fence}"


def console_table(table: ReportTable) -> RichTable:
    """A table for the terminal."""
    shown = RichTable(title=Text(plain(table.caption)), title_justify="left")
    for column in table.columns:
        justify = "right" if column.kind == "number" else "left"
        shown.add_column(Text(plain(column.head)), justify=justify, overflow="fold")  # type: ignore[arg-type]
    for row in table.rows:
        shown.add_row(*(Text(cell.text) for cell in row))
    return shown


def latex(words: object) -> str:
    r"""Text on one line, escaped for LaTeX.

    >>> latex("50 % of a_b")
    '50 \\% of a\\_b'
    """
    return "".join(_LATEX.get(c, c) for c in plain(words))


def latex_table(table: ReportTable, label: str) -> str:
    """A table for LaTeX, with rules of the package booktabs.

    Args:
        table: to be written.
        label: for ``\\ref``, after ``tab:``.
    """
    sides = "".join("r" if column.kind == "number" else "l" for column in table.columns)
    rows = [" & ".join(latex(cell.text) for cell in row) + r" \\" for row in table.rows]
    lines = [
        "% needs: \\usepackage{booktabs}",
        r"\begin{table}",
        r"\centering",
        rf"\caption{{{latex(table.caption)}}}",
        rf"\label{{tab:{label}}}",
        rf"\begin{{tabular}}{{{sides}}}",
        r"\toprule",
        " & ".join(map(latex, table.heads)) + r" \\",
        r"\midrule",
        *rows,
        r"\bottomrule",
        r"\end{tabular}",
        r"\end{table}",
    ]
    return "\n".join(lines) + "\n"

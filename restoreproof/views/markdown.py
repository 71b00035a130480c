"""Markdown that shows text from anywhere and does nothing else with it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from restoreproof.display import one_line, shown

# What Markdown or HTML would act upon.
_ACTIVE = re.compile(r"([\\`*\[\]<>&|])")


def escaped(text: object, limit: int = 600) -> str:
    """Return ``text`` on one line, every character that would be markup escaped."""
    return _ACTIVE.sub(r"\\\1", one_line(text, limit))


def row(cells: Iterable[object]) -> str:
    """Return one row of a table; a cell that is None or empty is a dash."""
    return f"| {' | '.join(escaped(cell) if cell not in (None, '') else '–' for cell in cells)} |"


def table(head: Sequence[str], rows: Iterable[Iterable[object]]) -> Iterator[str]:
    """Yield the lines of a table, then an empty one; nothing if there are no rows."""
    body = [row(cells) for cells in rows]
    if body:
        yield from (row(head), f"|{' --- |' * len(head)}", *body, "")


def code(text: str) -> str:
    """Return a line of code, blanks kept; it is indented, since what it holds could close a fence."""
    return "    " + shown(text, 8000).replace("\n", "\\n").replace("\t", "\\t")

"""The blocks that the page and the PDF consist of: the sections make them once, and two templates draw them.

Every text in a block has been through ``one_line``: bounded, on one line, without control characters.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from restoreproof.display import one_line

_MEASURE = re.compile(r"(\d) (s|min|h|days|ms|B|kB|MB|GB|TB)\b")

SHORT = 12
"""Characters of a digest that are shown where the whole of it is one step away."""


@dataclass(frozen=True, slots=True)
class Words:
    """A run of text. With ``full`` it is a digest of which ``text`` is the beginning."""

    text: str
    full: str = ""


Line = tuple[Words, ...]
"""Runs that read on from one another."""


def line(*parts: object) -> Line:
    """Return the parts as one line; what is no ``Words`` yet is foreign text, and is made harmless."""
    return tuple(part if isinstance(part, Words) else Words(_run(str(part))) for part in parts)


def bound(text: str) -> str:
    """Return ``text`` with a no-break space between each number and its unit."""
    return _MEASURE.sub("\\1\u00a0\\2", text)


def _run(text: str) -> str:
    """``one_line``, with the blanks kept that part it from its neighbours."""
    middle = bound(one_line(text))
    return f"{' ' if text[:1].isspace() else ''}{middle}{' ' if text[-1:].isspace() else ''}"


def digest(value: str | None) -> Words:
    """Return a digest as its first characters with the whole behind them; None is "not recorded"."""
    if not value:
        return Words("not recorded")
    whole = one_line(value, 200)
    return Words(whole[:SHORT], whole)


def joined(parts: Iterable[object], between: str = "; ") -> Line:
    """Return the parts as one line with ``between`` between them."""
    runs: list[Words] = []
    for part in parts:
        if runs:
            runs.append(Words(between))
        runs.extend(line(part))
    return tuple(runs)


@dataclass(frozen=True, slots=True)
class Facts:
    """Names and their values."""

    rows: tuple[tuple[str, Line], ...]
    kind: str = "facts"


@dataclass(frozen=True, slots=True)
class Paragraph:
    """One paragraph."""

    words: Line
    kind: str = "paragraph"


@dataclass(frozen=True, slots=True)
class Bullets:
    """Statements under the name of what they have in common."""

    name: str
    items: tuple[Line, ...]
    kind: str = "bullets"


@dataclass(frozen=True, slots=True)
class Table:
    """A plain table. ``shares`` are the widths of its columns as parts of the whole."""

    columns: tuple[str, ...]
    shares: tuple[int, ...]
    rows: tuple[tuple[Line, ...], ...]
    kind: str = "table"


@dataclass(frozen=True, slots=True)
class TableRow:
    """One check: what was expected, what was seen, how it ended; ``more`` findings are not shown."""

    title: str
    expected: str
    observed: str
    outcome: str
    sign: str
    findings: tuple[str, ...] = ()
    more: int = 0


@dataclass(frozen=True, slots=True)
class Group:
    """Checks that belong together, how they ended in numbers, and those of them that are shown."""

    name: str
    counts: str
    rows: tuple[TableRow, ...]
    unshown: int = 0


@dataclass(frozen=True, slots=True)
class Checks:
    """The table of checks."""

    groups: tuple[Group, ...]
    kind: str = "checks"


@dataclass(frozen=True, slots=True)
class CommandLines:
    """Commands to type, line by line."""

    lines: tuple[str, ...]
    kind: str = "commands"


@dataclass(frozen=True, slots=True)
class Plot:
    """A drawing as SVG of our own making, with what it shows in words."""

    svg: str
    alt: str
    caption: str
    kind: str = "plot"


Block = Facts | Paragraph | Bullets | Table | Checks | CommandLines | Plot


@dataclass(frozen=True, slots=True)
class Section:
    """A heading and what stands below it. ``name`` is where a link leads."""

    name: str
    heading: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class Sheet:
    """The whole page: the answer on top, rows of one or two sections side by side, and the appendix.

    ``tone`` is the exit code, by which a drawing may choose a colour; the words never depend on it.
    """

    stack: str
    verdict: str
    sign: str
    tone: int
    headline: str
    particulars: Line
    rows: tuple[tuple[Section, ...], ...]
    appendix: tuple[Section, ...]

    @property
    def title(self) -> str:
        """The title of the window or the document."""
        return f"{self.stack} restore drill: {self.verdict}"

    def as_json(self) -> dict[str, Any]:
        """Return the sheet as plain values."""
        return {"title": self.title, **asdict(self)}

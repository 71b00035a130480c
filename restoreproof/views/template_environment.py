"""The environment of the HTML templates: missing names are errors, and all values are escaped and bounded."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import jinja2
from markupsafe import Markup

from restoreproof.display import one_line, shown
from restoreproof.record.headline import duration


@cache
def environment() -> jinja2.Environment:
    """Return the environment of every HTML view: autoescape on, undefined names are errors."""
    made = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_safe,
    )
    made.filters["duration"] = duration
    made.filters["line"] = one_line
    made.filters["size"] = size
    return made


def _safe(value: object) -> object:
    """A printed value made harmless; markup that a view made itself is no text from a backup, and stays."""
    if isinstance(value, Markup | jinja2.Undefined) or value is None:
        return value
    return shown(value) if isinstance(value, str) else value


def size(count: int) -> str:
    """Return a number of bytes with its unit, such as ``1.2 MB``."""
    value = float(count)
    for unit in ("B", "kB", "MB", "GB"):
        if value < 1000:
            return f"{value:.0f} {unit}" if unit == "B" or value >= 100 else f"{value:.1f} {unit}"
        value /= 1000
    return f"{value:.1f} TB"

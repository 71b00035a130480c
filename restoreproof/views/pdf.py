"""``drill.pdf``: what the page says, as PDF/A and PDF/UA, the same bytes whenever it is rendered again."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from restoreproof.errors import EvidenceError
from restoreproof.extras import Extra
from restoreproof.record.model import Record
from restoreproof.record.moments import moment
from restoreproof.views import OptionalView
from restoreproof.views.bundle import Bundle
from restoreproof.views.page.sections import compose

if TYPE_CHECKING:
    import typst

STANDARDS: list[typst.PDFStandard] = ["a-2a", "ua-1"]

_TEMPLATE = Path(__file__).with_name("templates") / "drill.typ"
_UNDATED = datetime(1970, 1, 1, tzinfo=UTC)

# What the fonts inside typst have a shape for. A character without one is refused by PDF/A.
_DRAWN = re.compile(
    "[\n\x20-\x7e\xa0-\u024f"  # Latin
    "\u0384-\u0386\u0388-\u038a\u038e-\u03a1\u03a3-\u03ce\u0400-\u04ff"  # Greek, Cyrillic
    "\u2010-\u2027\u2030-\u203a\u20ac\u2122\u2190-\u2193\u2212\u2248\u2260\u2264\u2265\u2714\u2718]"
)
_UNBROKEN = re.compile(r"\S{26,}")
_BREAK_EVERY = 13
_BREAK = "\u200b"


def write(bundle: Bundle) -> None:
    """Write the PDF."""
    (bundle.directory / "drill.pdf").write_bytes(pdf(bundle.record))


VIEW = OptionalView("drill.pdf", Extra("pdf", ("typst",)), write)


def pdf(record: Record) -> bytes:
    """Return the PDF of ``record``.

    Raises:
        EvidenceError: typst refused it, which is a mistake in the template or here.
    """
    import typst  # large, and not installed everywhere

    at = _moment(record)
    sheet = {
        **_drawable(compose(record).as_json()),
        "drill": drawable(record.drill_id),
        "date": {"year": at.year, "month": at.month, "day": at.day},
    }
    try:
        return typst.compile(
            _TEMPLATE,
            root=_TEMPLATE.parent,
            ignore_system_fonts=True,
            sys_inputs={"sheet": json.dumps(sheet)},
            pdf_standards=STANDARDS,
            timestamp=at,
        )
    except typst.TypstError as error:
        raise EvidenceError(f"drill.pdf could not be made: {error.message}\n{error.diagnostic}") from error


def _moment(record: Record) -> datetime:
    """The PDF's date: when the drill ended, so that it does not depend on when it is rendered."""
    at = moment(record.ended_at or record.opened_at)
    return at.replace(microsecond=0) if at else _UNDATED


def drawable(text: str) -> str:
    """Return ``text`` spelt in what the fonts can draw, with places to break in very long words."""
    return _UNBROKEN.sub(_breakable, _spelt(text))


def _spelt(text: str) -> str:
    """``text`` composed, with ``\\u`` escapes for the characters that no font here has."""
    composed = unicodedata.normalize("NFC", text)
    return "".join(c if _DRAWN.fullmatch(c) else f"\\u{ord(c):04x}" for c in composed)


def _breakable(word: re.Match[str]) -> str:
    whole = word[0]
    return _BREAK.join(whole[at : at + _BREAK_EVERY] for at in range(0, len(whole), _BREAK_EVERY))


def _drawable(value: Any) -> Any:
    """Each text within ``value`` made drawable. The plot is markup of ours, in which no break may be put."""
    match value:
        case str():
            return drawable(value)
        case Mapping():
            return {key: _spelt(value[key]) if key == "svg" else _drawable(value[key]) for key in value}
        case list() | tuple():
            return [_drawable(item) for item in value]
        case _:
            return value

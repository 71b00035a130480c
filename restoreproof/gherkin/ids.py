"""The stable names of checks, shared by plan, journal, record, Allure and waivers."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from pathlib import Path

from restoreproof.gherkin.document import Document, Examples, Row, Scenario
from restoreproof.gherkin.tags import effective


def check_id(document: Document, scenario: Scenario, table: Examples | None, row: Row | None) -> str:
    """``<folder below features>/<@id or slug of the title>``, and ``[a-b]`` for a row of an outline."""
    named = effective((table.tags if table else (), scenario.tags), "id")
    slug = named[0].value if named else slugify(scenario.title)
    folder = Path(document.file).parent.as_posix()
    suffix = f"[{'-'.join(slugify(value) for _, value in row.values)}]" if row else ""
    return f"{folder}/{slug}{suffix}" if folder != "." else f"{slug}{suffix}"


def slugify(text: str) -> str:
    """Lower-case ASCII words joined by hyphens."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-") or hashlib.sha256(text.encode()).hexdigest()[:12]

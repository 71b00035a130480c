"""The files of ``allure-results/``: named by what they hold, so that rendering again names them alike."""

from __future__ import annotations

import base64
import binascii
import csv
import io
import json
import re
import uuid
from collections.abc import Sequence
from pathlib import Path

from restoreproof.display import one_line, shown
from restoreproof.events import AllureAttachment

TEXT_LIMIT = 200_000
"""Characters of one attachment; the rest is cut."""

_NAMESPACE = uuid.UUID("5d0f6f34-6c1b-5f0e-9f6b-6b9c0f4e7c11")
_UUID = r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_SENT = re.compile(rf"{_UUID}-attachment(\.[a-z0-9]{{1,10}})?")
_FORMULA = re.compile(r"^[\s]*[=+\-@]")


class ResultFiles:
    """Writes below one directory. ``run`` names the drill; nothing of this machine or of now goes in.

    Names that the inner process chose are taken only if they are of the form that allure-pytest makes.
    """

    def __init__(self, directory: Path, run: str) -> None:
        self.directory = directory
        self._run = run
        self._sent: set[str] = set()

    def uuid(self, *names: object) -> str:
        """Return a UUID that the same names of the same drill always give."""
        return str(uuid.uuid5(_NAMESPACE, json.dumps([self._run, *map(str, names)])))

    def write_json(self, name: str, value: object) -> None:
        """Write ``value`` to the file ``name``."""
        (self.directory / name).write_text(json.dumps(value, ensure_ascii=False), encoding="utf-8")

    def attach_text(self, key: Sequence[object], name: str, text: str) -> dict[str, str]:
        """Write plain text, and return how Allure refers to it."""
        return self._attach(key, name, "text/plain", "txt", shown(text, TEXT_LIMIT))

    def attach_table(self, key: Sequence[object], name: str, rows: Sequence[Sequence[str]]) -> dict[str, str]:
        """Write rows as CSV that no spreadsheet takes for formulas, and return how Allure refers to it."""
        file = io.StringIO()
        csv.writer(file, lineterminator="\n").writerows([_cell(cell) for cell in row] for row in rows)
        return self._attach(key, name, "text/csv", "csv", file.getvalue()[:TEXT_LIMIT])

    def attach_svg(self, key: Sequence[object], name: str, svg: str) -> dict[str, str]:
        """Write a drawing that a view made, and return how Allure refers to it."""
        return self._attach(key, name, "image/svg+xml", "svg", svg)

    def attach_json(self, key: Sequence[object], name: str, value: object) -> dict[str, str]:
        """Write JSON that a view made, and return how Allure refers to it."""
        return self._attach(key, name, "application/json", "json", json.dumps(value, indent=2) + "\n")

    def take(self, attachment: AllureAttachment) -> None:
        """Write an attachment that a step definition made, if its name is one that allure-pytest makes."""
        if not _SENT.fullmatch(attachment.name):
            return
        if attachment.text is not None:
            content = shown(attachment.text, TEXT_LIMIT).encode("utf-8", "replace")
        elif attachment.base64 is not None:
            try:
                content = base64.b64decode(attachment.base64, validate=True)
            except binascii.Error:  # the report then shows an attachment that is missing, which it is
                return
        else:
            return
        (self.directory / attachment.name).write_bytes(content)
        self._sent.add(attachment.name)

    def sent(self, source: str) -> bool:
        """Return whether the inner process sent an attachment of that name."""
        return source in self._sent

    def _attach(
        self, key: Sequence[object], name: str, media_type: str, extension: str, text: str
    ) -> dict[str, str]:
        source = f"{self.uuid('attachment', *key)}-attachment.{extension}"
        (self.directory / source).write_text(text, encoding="utf-8")
        return {"name": name, "source": source, "type": media_type}


def _cell(text: str) -> str:
    safe = one_line(text)
    return f"'{safe}" if _FORMULA.match(safe) else safe

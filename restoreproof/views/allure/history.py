"""What Allure remembers of earlier drills: lines of JSON beside the reports, outside the sealed ones."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

NAME = "allure-history.jsonl"
LIMIT = 30
"""Drills that are remembered; a trend over more reads no better."""


@dataclass(frozen=True, slots=True)
class History:
    """The history at ``path``, seen from the drill ``drill_id`` that ended at ``ended_ms``.

    A drill is rendered again without appearing twice, and without seeing those that came after it. The file
    is a convenience for a trend and no evidence, so a line that can't be read is left out.
    """

    path: Path
    drill_id: str
    ended_ms: int

    @staticmethod
    def beside(directory: Path, drill_id: str, ended_ms: int | None) -> History | None:
        """Return the history of the reports around ``directory``; None if it lies among no reports."""
        reports = directory.absolute().parent
        if ended_ms is None or not drill_id or not (reports / "ledger.jsonl").is_file():
            return None
        return History(reports / NAME, drill_id, ended_ms)

    def before(self) -> str:
        """Return the lines of the drills that ended before this one, oldest first."""
        kept = [line for line in self._lines() if line["timestamp"] < self.ended_ms]
        return _text(line for line in kept[-LIMIT:] if line["name"] != self.drill_id)

    def add(self, generated: str) -> None:
        """Take the last of the lines that Allure ``generated`` for this drill's own, in place of an older.

        Messages are left out: they can quote a backup, and nothing but the evidence itself is searched for
        secrets and quarantined when it holds one.
        """
        lines = [line for line in self._lines() if line["name"] != self.drill_id]
        own = list(_parsed(generated))[-1:]
        lines += [
            _without_messages(line) | {"name": self.drill_id, "timestamp": self.ended_ms} for line in own
        ]
        lines.sort(key=lambda line: (line["timestamp"], line["name"]))
        _replace(self.path, _text(lines[-LIMIT:]))

    def _lines(self) -> list[dict[str, Any]]:
        if not self.path.is_file():
            return []
        return list(_parsed(self.path.read_text(encoding="utf-8", errors="replace")))


def _without_messages(line: dict[str, Any]) -> dict[str, Any]:
    results = {
        key: {name: value for name, value in result.items() if name not in ("message", "trace")}
        for key, result in line["testResults"].items()
    }
    return {**line, "testResults": results}


def _parsed(text: str) -> Iterator[dict[str, Any]]:
    for line in text.split("\n"):  # splitlines would cut at U+2028 too
        try:
            value = json.loads(line)
        except ValueError:  # torn by a crash; the trend has one point less
            continue
        if (
            isinstance(value, dict)
            and isinstance(value.get("timestamp"), int)
            and {"name", "testResults"} <= value.keys()
        ):
            yield value


def _text(lines: Iterator[dict[str, Any]] | list[dict[str, Any]]) -> str:
    return "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)


def _replace(path: Path, text: str) -> None:
    """Replace the file in one step, so that a reader at the same time gets the old or the new text whole."""
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
    Path(name).chmod(0o644)
    Path(name).replace(path)

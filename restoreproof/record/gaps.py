"""What keeps a journal from being complete evidence."""

from __future__ import annotations

MANY = 200
"""Items of one kind that a record keeps."""


class Gaps:
    """Reasons why evidence is incomplete, each once, in the order of their coming; bounded in number."""

    def __init__(self) -> None:
        self._reasons: dict[str, None] = {}

    def add(self, reason: str) -> None:
        """Note one reason."""
        if len(self._reasons) < MANY:
            self._reasons.setdefault(reason[:1000])
        else:
            self._reasons.setdefault("… and more of the kind")

    def reasons(self) -> list[str]:
        """Return all reasons that were noted."""
        return list(self._reasons)

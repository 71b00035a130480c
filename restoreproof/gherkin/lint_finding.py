"""What the linter found, in a form that an editor can jump to."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LintFinding:
    """One mistake: where, which rule, what, and what to do. ``related_line`` is the other half of a pair."""

    file: str
    line: int
    rule: str
    message: str
    suggestion: str | None = None
    related_line: int | None = None
    related_file: str | None = None

    @property
    def related(self) -> str:
        """Where the other half of the pair stands, or nothing."""
        if self.related_line is None:
            return ""
        return f" (the other is at {self.related_file or self.file}:{self.related_line})"

    def __str__(self) -> str:
        hint = f" — {self.suggestion}" if self.suggestion else ""
        return f"{self.file}:{self.line}: {self.message}{self.related} [{self.rule}]{hint}"

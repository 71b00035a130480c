"""What allure-pytest wrote of a scenario inside: JSON of any shape, read as far as it fits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from restoreproof.display import one_line
from restoreproof.events.base import cut

NO_CHECK = "-"
"""The id of the check that a result belongs to which names none: no check has it."""

_STATUSES = frozenset({"passed", "failed", "broken", "skipped"})
_TEXT = 4000
_LABELS = 200
_DEEP = 8
_MANY = 500


@dataclass(frozen=True, slots=True)
class InnerAttachment:
    """A file that a step definition attached; ``source`` is its name, if it was sent at all."""

    name: str
    source: str
    type: str


@dataclass(frozen=True, slots=True)
class InnerStep:
    """A step of the inner process, without its parameters: they are the reprs of arguments.

    ``start`` and ``stop`` are milliseconds since 1970.
    """

    name: str
    status: str
    start: int | None
    stop: int | None
    steps: tuple[InnerStep, ...]
    attachments: tuple[InnerAttachment, ...]


@dataclass(frozen=True, slots=True)
class InnerResult:
    """One result: the id of its check, the traceback of its error, and what step definitions attached."""

    check: str
    trace: str = ""
    steps: tuple[InnerStep, ...] = ()
    attachments: tuple[InnerAttachment, ...] = ()


def read_result(result: Mapping[str, Any]) -> InnerResult:
    """Return what is usable of the JSON of one result; what is of another shape is left out."""
    checks = (
        _text(label, "value", 500)
        for label in _items(result, "labels", _LABELS)
        if label.get("name") == "check"
    )
    details = result.get("statusDetails")
    return InnerResult(
        check=next(checks, NO_CHECK),
        trace=_text(details, "trace", 20_000) if isinstance(details, Mapping) else "",
        steps=_steps(result),
        attachments=_attachments(result),
    )


def _steps(owner: Mapping[str, Any], depth: int = 0) -> tuple[InnerStep, ...]:
    if depth == _DEEP:
        return ()
    return tuple(
        InnerStep(
            name=one_line(step.get("name") or "(unnamed)"),
            status=status if (status := _text(step, "status")) in _STATUSES else "broken",
            start=_count(step, "start"),
            stop=_count(step, "stop"),
            steps=_steps(step, depth + 1),
            attachments=_attachments(step),
        )
        for step in _items(owner, "steps", _MANY)
    )


def _attachments(owner: Mapping[str, Any]) -> tuple[InnerAttachment, ...]:
    return tuple(
        InnerAttachment(
            name=one_line(attachment.get("name") or "attachment"),
            source=_text(attachment, "source"),
            type=_text(attachment, "type", 100) or "text/plain",
        )
        for attachment in _items(owner, "attachments", _MANY)
    )


def _text(owner: Mapping[str, Any], key: str, limit: int = _TEXT) -> str:
    value = owner.get(key)
    return cut(value, limit) if isinstance(value, str) else ""


def _count(owner: Mapping[str, Any], key: str) -> int | None:
    value = owner.get(key)
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def _items(owner: Mapping[str, Any], key: str, limit: int) -> tuple[Mapping[str, Any], ...]:
    value = owner.get(key)
    items = value if isinstance(value, list | tuple) else ()
    return tuple(item for item in items if isinstance(item, Mapping))[:limit]

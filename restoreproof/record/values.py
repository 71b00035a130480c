"""Reading the values of events, which may hold anything: bounded, and never trusted for their type."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

TEXT = 4000
_WORDS = {True: "yes", False: "no"}


def text(data: Mapping[str, Any], key: str, limit: int = TEXT) -> str:
    """The value as text of bounded length; nothing gives an empty string."""
    value = data.get(key)
    string = "" if value is None else _WORDS[value] if isinstance(value, bool) else str(value)
    return string if len(string) <= limit else f"{string[: limit - 1]}…"


def optional_text(data: Mapping[str, Any], key: str, limit: int = TEXT) -> str | None:
    """As ``text``, but None where there is nothing."""
    return text(data, key, limit) or None


def number(data: Mapping[str, Any], key: str) -> float | None:
    """The value if it is a finite number."""
    value = data.get(key)
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return float(value)


def count(data: Mapping[str, Any], key: str) -> int | None:
    """The value if it is a whole number that counts something."""
    value = data.get(key)
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def flag(data: Mapping[str, Any], key: str) -> bool | None:
    """The value if it is yes or no."""
    value = data.get(key)
    return value if isinstance(value, bool) else None


def moment(text: str | None) -> datetime | None:
    """The moment that ``text`` names in ISO 8601, in UTC; None if it names none, or no time zone."""
    try:
        at = datetime.fromisoformat(text or "")
        return at.astimezone(UTC) if at.tzinfo else None
    except (ValueError, OverflowError):
        return None


def mapping(data: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    """The value if it is a mapping, else an empty one."""
    value = data.get(key)
    return value if isinstance(value, Mapping) else {}


def mappings(data: Mapping[str, Any], key: str, limit: int) -> tuple[Mapping[str, Any], ...]:
    """At most ``limit`` items of a list of mappings."""
    value = data.get(key)
    items: Iterable[Any] = value if isinstance(value, list | tuple) else ()
    kept = (item for item in items if isinstance(item, Mapping))
    return tuple(item for item, _ in zip(kept, range(limit), strict=False))


def texts(data: Mapping[str, Any], key: str, limit: int) -> tuple[str, ...]:
    """At most ``limit`` items of a list, as bounded text."""
    value = data.get(key)
    items: Iterable[Any] = value if isinstance(value, list | tuple) else ()
    return tuple(text({"": item}, "") for item, _ in zip(items, range(limit), strict=False))


def pairs(
    data: Mapping[str, Any], without: Iterable[str] = (), limit: int = 50
) -> tuple[tuple[str, str], ...]:
    """A mapping as sorted pairs of bounded text, nested ones with dotted names."""
    flat: dict[str, str] = {}
    _flatten(data, "", flat, limit)
    skipped = set(without)
    return tuple(sorted((key, value) for key, value in flat.items() if key not in skipped))


def _flatten(data: Mapping[str, Any], prefix: str, flat: dict[str, str], limit: int) -> None:
    for key, value in data.items():
        if len(flat) >= limit:
            return
        if isinstance(value, Mapping):
            _flatten(value, f"{prefix}{key}.", flat, limit)
        elif value is not None:
            flat[f"{prefix}{key}"[:200]] = text({"": value}, "", 500)

"""Moments as events and sets state them: ISO 8601 text that may name no moment at all."""

from __future__ import annotations

from datetime import UTC, datetime


def moment(text: str | None) -> datetime | None:
    """Return the moment that ``text`` names in ISO 8601, in UTC; None if it names none, or no time zone."""
    try:
        at = datetime.fromisoformat(text or "")
        return at.astimezone(UTC) if at.tzinfo else None
    except (ValueError, OverflowError):
        return None


def seconds_between(earlier: str | None, later: str | None) -> float | None:
    """Return the seconds from ``earlier`` to ``later``, below zero if they lie the other way round.

    None unless both name a moment.
    """
    first, last = moment(earlier), moment(later)
    return None if first is None or last is None else round((last - first).total_seconds(), 3)

"""Mappings of an event as the pairs of text that a record holds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from restoreproof.events.base import cut

_NAME = 200
_VALUE = 500
_WORDS = {True: "yes", False: "no"}


def pairs(data: Mapping[str, Any], limit: int = 50) -> tuple[tuple[str, str], ...]:
    """Return ``data`` as sorted pairs of bounded text, at most ``limit``; names of nested ones are dotted.

    Keys whose value is None are left out.
    """
    flat: dict[str, str] = {}
    _flatten(data, "", flat, limit)
    return tuple(sorted(flat.items()))


def _flatten(data: Mapping[str, Any], prefix: str, flat: dict[str, str], limit: int) -> None:
    for key, value in data.items():
        if len(flat) >= limit:
            return
        if isinstance(value, Mapping):
            _flatten(value, f"{prefix}{key}.", flat, limit)
        elif value is not None:
            text = _WORDS[value] if isinstance(value, bool) else str(value)
            flat[f"{prefix}{key}"[:_NAME]] = cut(text, _VALUE)

"""Secrets that can't be printed by accident, and the redactor that everything written passes."""

from __future__ import annotations

import base64
import hmac
import json
import re
import urllib.parse
from collections.abc import Iterable
from typing import Any

MASK = "‹redacted›"
_MIN_LENGTH = 8


class Secret:
    """A value that shows itself only through ``reveal``; its repr names it and nothing more."""

    __slots__ = ("_value", "name")

    def __init__(self, name: str, value: str) -> None:
        self.name = name
        self._value = value

    def reveal(self) -> str:
        """The value, for the one call that has to hand it to a service."""
        return self._value

    def matches(self, other: Secret) -> bool:
        """Whether both hold the same value, compared in constant time."""
        return hmac.compare_digest(self._value.encode(), other._value.encode())

    def __repr__(self) -> str:
        return f"Secret({self.name})"

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return repr(self)

    def __reduce__(self) -> Any:
        raise TypeError(f"{self!r} is not to be serialised")


def _spellings(value: str) -> Iterable[str]:
    raw = value.encode()
    yield value
    yield urllib.parse.quote(value, safe="")
    yield json.dumps(value)[1:-1]
    yield raw.hex()
    yield raw.hex().upper()
    yield from _base64_cores(raw)


def _base64_cores(raw: bytes) -> Iterable[str]:
    """The characters of base64 that don't depend on what stands before or after the value."""
    for offset in range(3):
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            text = encode(b"\0" * offset + raw).decode().rstrip("=")
            start = (0, 2, 3)[offset]
            core = text[start : len(text) - (1 if (offset + len(raw)) % 3 else 0)]
            if len(core) >= _MIN_LENGTH:
                yield core


def is_distinctive(value: str) -> bool:
    """Whether ``value`` is random enough to mask wherever it stands.

    Short or monotonous values (``wipe``, ``localhost``) would mask ordinary words, so they are left.
    """
    return len(value) >= _MIN_LENGTH and len(set(value)) >= 6


class Redactor:
    """Masks every known secret, in every spelling it may be written in."""

    def __init__(self, secrets: Iterable[Secret] = ()) -> None:
        self._spellings: set[str] = set()
        self._pattern: re.Pattern[str] | None = None
        self.learn(secrets)

    def learn(self, secrets: Iterable[Secret]) -> None:
        """Add ``secrets``; values that are not distinctive are ignored."""
        for secret in secrets:
            value = secret.reveal()
            if is_distinctive(value):
                self._spellings.update(_spellings(value))
        longest_first = sorted(self._spellings, key=len, reverse=True)
        self._pattern = re.compile("|".join(map(re.escape, longest_first))) if longest_first else None

    def text(self, text: str) -> str:
        """``text`` with every known secret replaced by ``MASK``."""
        return self._pattern.sub(MASK, text) if self._pattern else text

    def value(self, value: Any) -> Any:
        """A JSON-like ``value`` with every string in it redacted, keys included."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, dict):
            return {self.text(str(key)): self.value(item) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return [self.value(item) for item in value]
        return value

    def data(self, data: bytes) -> bytes:
        """``data`` with every known secret masked, if it is text; other bytes are returned as they are."""
        try:
            return self.text(data.decode()).encode()
        except UnicodeDecodeError:
            return self.text(data.decode("latin-1")).encode("latin-1", "replace")

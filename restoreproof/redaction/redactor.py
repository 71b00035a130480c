"""Secrets that can't be printed by accident, and the redactor that everything written passes."""

from __future__ import annotations

import bisect
import hmac
import re
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from ahocorasick_rs import BytesAhoCorasick, MatchKind

from restoreproof.redaction.password_hashes import hashes_in
from restoreproof.redaction.secret_encodings import is_distinctive, spellings

MASK = "‹redacted›"
_WRAPPED = 24
"""Bytes from which on a spelling is also looked for across line breaks: shorter ones could be words."""
_BREAK = re.compile(rb"(?:\\[rn]|[ \t\r\n])+")


class Secret:
    """Value that shows itself only through ``reveal``; its repr names it and nothing more."""

    __slots__ = ("_value", "name")

    def __init__(self, name: str, value: str) -> None:
        self.name = name
        self._value = value

    def reveal(self) -> str:
        """Return the value, for the one call that has to hand it to a service."""
        return self._value

    def matches(self, other: Secret) -> bool:
        """Return whether both hold the same value, compared in constant time."""
        return hmac.compare_digest(self._value.encode(), other._value.encode())

    def __repr__(self) -> str:
        return f"Secret({self.name})"

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return repr(self)

    def __reduce__(self) -> Any:
        raise TypeError(f"{self!r} is not to be serialised")


@dataclass(frozen=True, slots=True)
class Spotted:
    """A spelling of a secret in some data: which secret, how written, and where. Never what it says."""

    name: str
    encoding: str
    start: int
    end: int


class Spellings:
    """Spellings of secrets, each with the name and the encoding it stands for; never changed.

    All are looked for in one pass of one automaton (Aho and Corasick's), made when it is first needed.
    """

    def __init__(self, named: Mapping[bytes, tuple[str, str]]) -> None:
        self.named = named
        self._standing_for = tuple(named.values())

    def with_more(self, more: Mapping[bytes, tuple[str, str]]) -> Spellings:
        """Return these and ``more``; what is here already keeps its name."""
        return Spellings({**self.named, **{form: of for form, of in more.items() if form not in self.named}})

    @cached_property
    def _automaton(self) -> BytesAhoCorasick:
        return BytesAhoCorasick(list(self.named), matchkind=MatchKind.LeftmostLongest)

    def any_in(self, data: bytes) -> bool:
        """Return whether any of the spellings stands in ``data``."""
        return next(self.search(data), None) is not None

    def search(self, data: bytes) -> Iterator[Spotted]:
        """Yield each in ``data``, the longest where several begin at one place."""
        if self.named:
            for number, start, end in self._automaton.find_matches_as_indexes(data):
                yield Spotted(*self._standing_for[number], start, end)


def _ignore(_: Secret) -> None:
    """Do nothing with a secret that was learnt."""


class Redactor:
    """Mask for every known secret, in every spelling it may be written in. Threads may share it.

    Args:
        secrets: what is known from the beginning.
        on_learnt: called once with each value that is learnt, also those too plain to be masked.
    """

    def __init__(self, secrets: Iterable[Secret] = (), on_learnt: Callable[[Secret], None] = _ignore) -> None:
        self._lock = threading.Lock()
        self._seen: set[str] = set()
        self._known = Spellings({})
        self._long = Spellings({})
        self._plain: dict[str, None] = {}
        self.on_learnt = on_learnt
        self.learn(secrets)

    def learn(self, secrets: Iterable[Secret]) -> None:
        """Add ``secrets``. What is not distinctive can't be masked: see ``unmaskable``."""
        learnt: list[Secret] = []
        fresh: dict[bytes, tuple[str, str]] = {}
        with self._lock:
            for secret in secrets:
                value = secret.reveal()
                if value in self._seen:
                    continue
                self._seen.add(value)
                learnt.append(secret)
                if is_distinctive(value):
                    for form, encoding in spellings(value).items():
                        fresh.setdefault(form, (secret.name, encoding))
                elif value:
                    self._plain.setdefault(secret.name)
            if fresh:
                # Replaced, not changed: other threads may be looking through it. The first name stays.
                self._known = self._known.with_more(fresh)
                long = {form: of for form, of in fresh.items() if len(form) >= _WRAPPED}
                self._long = self._long.with_more(long)
        for secret in learnt:
            self.on_learnt(secret)

    @property
    def unmaskable(self) -> tuple[str, ...]:
        """Names of secrets whose values are too short or too plain to be told from ordinary words."""
        return tuple(self._plain)

    @property
    def reach(self) -> int:
        """Length of the longest spelling, in bytes."""
        return max(map(len, self._known.named), default=0)

    def spotted(self, data: bytes) -> Iterator[Spotted]:
        """Yield every known secret in ``data``, also where line breaks were put into its spelling."""
        yield from self._known.search(data)
        long = self._long
        if long.any_in(_squeezed(data)):
            unbroken, original = _unbroken(data)
            for spot in long.search(unbroken):
                start, end = original(spot.start), original(spot.end - 1) + 1
                if end - start > spot.end - spot.start:  # else it was found above
                    yield Spotted(spot.name, spot.encoding, start, end)

    def data(self, data: bytes) -> bytes:
        """Return ``data`` with known secrets and anybody's password hashes masked; it need not be text."""
        spans = sorted([*((spot.start, spot.end) for spot in self.spotted(data)), *hashes_in(data)])
        kept, at = [], 0
        for start, end in spans:
            if start >= at:
                kept += [data[at:start], MASK.encode()]
            at = max(at, end)
        return b"".join([*kept, data[at:]]) if spans else data

    def text(self, text: str) -> str:
        """Return ``text`` with known secrets and anybody's password hashes masked."""
        return self.data(text.encode("utf-8", "surrogatepass")).decode("utf-8", "surrogatepass")

    def value(self, value: Any) -> Any:
        """Return a JSON-like ``value`` with every string in it redacted, keys included."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, bytes):
            return self.data(value)
        if isinstance(value, dict):
            return {self.text(str(key)): self.value(item) for key, item in value.items()}
        if isinstance(value, list | tuple):
            return [self.value(item) for item in value]
        return value

    @contextmanager
    def errors(self) -> Iterator[None]:
        """Mask what the errors say that pass through here, and those that led to them."""
        try:
            yield
        except Exception as error:
            self._mask_error(error)
            raise

    def _mask_error(self, error: BaseException | None) -> None:
        while error is not None:
            error.args = tuple(self.value(argument) for argument in error.args)
            for name, value in vars(error).items():
                if isinstance(value, str):
                    setattr(error, name, self.text(value))
            error = error.__cause__ or error.__context__


def _squeezed(data: bytes) -> bytes:
    """Return ``data`` without line breaks and blanks: as ``_unbroken`` does, a hundred times as fast."""
    return data.replace(b"\\n", b"").replace(b"\\r", b"").translate(None, b" \t\r\n")


def _unbroken(data: bytes) -> tuple[bytes, Callable[[int], int]]:
    """Return ``data`` without line breaks and blanks, and a function from its places to those of ``data``."""
    pieces: list[bytes] = []
    places, origins, at = [0], [0], 0
    for gap in _BREAK.finditer(data):
        pieces.append(data[at : gap.start()])
        places.append(places[-1] + len(pieces[-1]))
        at = gap.end()
        origins.append(at)
    pieces.append(data[at:])

    def original(place: int) -> int:
        piece = bisect.bisect_right(places, place) - 1
        return origins[piece] + place - places[piece]

    return b"".join(pieces), original


def fingerprint(key: bytes, value: bytes) -> str:
    """Return HMAC-SHA-256 (hex) of ``value``: equal values can be told only with the drill's ``key``."""
    return hmac.digest(key, value, "sha256").hex()


class Fingerprints:
    """Secrets that only the inner process has seen, as the outer one knows them: by fingerprint.

    ``key`` is made for one drill, handed to the inner process with its orders, and kept nowhere.
    """

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._names: dict[str, str] = {}
        self.lengths: set[int] = set()

    def add(self, name: str, length: int, fingerprint: str) -> None:
        """Know a secret of ``length`` bytes by its fingerprint."""
        self._names.setdefault(fingerprint, name)
        self.lengths.add(length)

    def name_of(self, value: bytes) -> str | None:
        """Return the name of the secret that ``value`` is, if it is one."""
        return self._names.get(fingerprint(self._key, value))

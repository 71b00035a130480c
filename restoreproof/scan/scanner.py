"""Streams through the rules, piece by piece: memory stays the same however long a stream is."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from restoreproof.scan.rules import LONGEST, ForbiddenRule
from restoreproof.scan.unhexed import Unhexed

CHUNK = 8 * 1024 * 1024

Counted = Callable[[int], None]
"""Told of the size of every piece that was read."""


def _ignore(size: int) -> None:
    """Nobody counts."""


@dataclass(frozen=True, slots=True)
class Hit:
    """One thing that must not be there: its rule and place, never its content."""

    rule: str
    offset: int


def scan(
    chunks: Iterable[bytes], rules: Sequence[ForbiddenRule], counted: Counted = _ignore
) -> Iterator[Hit]:
    """Yield each hit of ``rules`` once, with its offset; ``counted`` gets the sizes of the pieces.

    Bytes that are written as ``\\x…``, as in a dump, are searched as the bytes that they are, too.
    """
    plain, inner, unhexed = _Window(rules), _Window(rules), Unhexed()
    for chunk in chunks:
        counted(len(chunk))
        yield from plain.feed(chunk)
        yield from _placed(inner.feed(unhexed.feed(chunk)), unhexed)
        unhexed.forget(inner.base)
    yield from plain.end()
    yield from _placed(inner.end(), unhexed)


def _placed(hits: Iterator[Hit], unhexed: Unhexed) -> Iterator[Hit]:
    return (Hit(hit.rule, unhexed.place(hit.offset)) for hit in hits)


_LEAD = 32
"""Bytes kept ahead of what is examined next, for things that begin before what the pattern matches."""


class _Window:
    """What has been read of a stream and not been examined to its end yet.

    Pieces overlap by more than the longest thing a rule knows, so nothing hides in a seam.
    """

    def __init__(self, rules: Sequence[ForbiddenRule]) -> None:
        self.base = 0
        self._kept, self._rules = b"", rules

    def feed(self, piece: bytes) -> Iterator[Hit]:
        """Yield the hits that are certain once ``piece`` has come."""
        self._kept += piece
        if len(self._kept) > 2 * LONGEST:
            # The last bytes have to wait for what follows them, and need some of those before as context.
            yield from self._examined(len(self._kept) - LONGEST)
            cut = len(self._kept) - LONGEST - _LEAD
            self._kept, self.base = self._kept[cut:], self.base + cut

    def end(self) -> Iterator[Hit]:
        """Yield the hits in what is left: the stream has ended."""
        return self._examined(len(self._kept))

    def _examined(self, end: int) -> Iterator[Hit]:
        return _hits(self._kept, self.base, self._rules, _LEAD if self.base else 0, end)


def _hits(buffer: bytes, base: int, rules: Sequence[ForbiddenRule], start: int, end: int) -> Iterator[Hit]:
    for rule in rules:
        for match in rule.pattern.finditer(buffer, start):
            if match.start() >= end:
                break
            first = max(0, match.start() - rule.before)
            if rule.confirm(buffer[first : match.start() + LONGEST]):
                yield Hit(rule.name, base + match.start())


def scan_file(path: Path, rules: Sequence[ForbiddenRule], counted: Counted = _ignore) -> Iterator[Hit]:
    """Yield the hits in one file."""
    with path.open("rb") as file:
        yield from scan(iter(lambda: file.read(CHUNK), b""), rules, counted)


def self_test(rules: Sequence[ForbiddenRule]) -> list[str]:
    """Return the rules that miss their own sample, as it is or in hex, across two pieces or at the end."""
    return [rule.name for rule in rules if not _sees(rule, rule.sample())]


def _sees(rule: ForbiddenRule, sample: bytes) -> bool:
    spelled = rb"\x" + sample.hex().encode()
    # Hex may be recognised as itself, beside what it means.
    return len(_planted(rule, sample)) == 2 and len(_planted(rule, spelled)) >= 2


def _planted(rule: ForbiddenRule, sample: bytes) -> list[Hit]:
    filling = b"\n" * (3 * LONGEST)
    middle = len(sample) // 2
    return list(scan([filling + sample[:middle], sample[middle:] + filling, b" " + sample], [rule]))

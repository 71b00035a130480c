"""Streams through the rules, piece by piece: memory stays the same however long a stream is."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from restoreproof.scan.rules import LONGEST, Rule

CHUNK = 8 * 1024 * 1024

Counted = Callable[[int], None]
"""Told of the size of every piece that was read."""


def _ignore(size: int) -> None:
    """Nobody counts."""


@dataclass(frozen=True, slots=True)
class Hit:
    """One thing that must not be there. What it is, is told; what it says, never."""

    rule: str
    offset: int


def scan(chunks: Iterable[bytes], rules: Sequence[Rule], counted: Counted = _ignore) -> Iterator[Hit]:
    """Every hit of ``rules`` in a stream, each once, with its offset. ``counted`` is told of every piece.

    Pieces overlap by more than the longest thing a rule knows, so nothing hides in a seam.
    """
    kept, base = b"", 0
    for chunk in chunks:
        counted(len(chunk))
        buffer = kept + chunk
        if len(buffer) <= 2 * LONGEST:
            kept = buffer
            continue
        # The first bytes were context of the piece before, the last have to wait for what follows them.
        yield from _hits(buffer, base, rules, _LEAD if base else 0, len(buffer) - LONGEST)
        cut = len(buffer) - LONGEST - _LEAD
        kept, base = buffer[cut:], base + cut
    yield from _hits(kept, base, rules, _LEAD if base else 0, len(kept))


_LEAD = 16
"""Bytes kept ahead of what is examined next, for things that begin before what the pattern matches."""


def _hits(buffer: bytes, base: int, rules: Sequence[Rule], start: int, end: int) -> Iterator[Hit]:
    for rule in rules:
        for match in rule.pattern.finditer(buffer, start):
            if match.start() >= end:
                break
            first = max(0, match.start() - rule.before)
            if rule.confirm(buffer[first : match.start() + LONGEST]):
                yield Hit(rule.name, base + match.start())


def scan_file(path: Path, rules: Sequence[Rule], counted: Counted = _ignore) -> Iterator[Hit]:
    """The hits in one file."""
    with path.open("rb") as file:
        yield from scan(iter(lambda: file.read(CHUNK), b""), rules, counted)


def self_test(rules: Sequence[Rule]) -> list[str]:
    """The rules that miss their own sample, planted across the seam of two pieces and at the very end."""
    missed: list[str] = []
    for rule in rules:
        sample = rule.sample()
        filling = b"\n" * (3 * LONGEST)
        middle = len(sample) // 2
        across = [filling + sample[:middle], sample[middle:] + filling, b" " + sample]
        if len([hit for hit in scan(across, [rule]) if hit.rule == rule.name]) != 2:
            missed.append(rule.name)
    return missed

"""The last look before sealing: no file of the evidence may hold a secret, however it is packed."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from restoreproof.errors import EvidenceError
from restoreproof.leak_scan.decoders import unescaped, unpacked
from restoreproof.redaction.redactor import Fingerprints, Redactor

WINDOW = 16 * 1024 * 1024
"""Bytes of a file that are examined at once."""
OVERLAP = 128 * 1024
DEPTH = 3
"""How often what was unpacked is unpacked again: base64 of gzip of base64."""
QUARANTINE = "quarantine"
_LISTED = 20
_CONFIRMED = 4 * 1024  # more than a private key of RSA-4096 in base64
_WORDS = (rb"[^\s\"'<>`,;\\\0]{%d,}", rb"[A-Za-z0-9._~+/=-]{%d,}", rb"[A-Za-z0-9_-]{%d,}")
"""What a secret of that length and more may stand as; each is looked for in what the one before it found."""


class LeakRule(Protocol):
    """Something that must not be there, whoever it belongs to: a private key, a token.

    ``confirm`` looks closely at the bytes from ``before`` bytes ahead of a match on.
    """

    @property
    def name(self) -> str: ...
    @property
    def pattern(self) -> re.Pattern[bytes]: ...
    @property
    def before(self) -> int: ...
    @property
    def confirm(self) -> Callable[[bytes], bool]: ...


@dataclass(frozen=True, slots=True, order=True)
class Leak:
    """Something in a file of the evidence that must not leave: which, and how often. Never what it says."""

    file: str
    rule: str
    count: int

    def __str__(self) -> str:
        times = f", {self.count} times" if self.count > 1 else ""
        return f"{self.file}: {self.rule}{times}"


def find_leaks(
    directory: Path, redactor: Redactor, fingerprints: Fingerprints, rules: Sequence[LeakRule] = ()
) -> list[Leak]:
    """Every known secret, every fingerprinted one, and every hit of ``rules`` in the files of ``directory``.

    Names of files count too. Memory is bounded by ``WINDOW``, whatever the size of a file.
    """
    look = _Look(redactor, fingerprints, rules)
    leaks: list[Leak] = []
    for path in sorted(directory.rglob("*")):
        name = path.relative_to(directory).as_posix()
        own_name = path.name.encode("utf-8", "surrogateescape")
        hits = [(f"{rule}, in its name", 0) for rule, _ in look.at(own_name, depth=0)]
        if path.is_file() and not path.is_symlink():
            hits += look.into(path)
        places: dict[str, set[int]] = {}
        for rule, offset in hits:
            places.setdefault(rule, set()).add(offset)
        shown = redactor.text(name)
        leaks += [Leak(shown, rule, len(offsets)) for rule, offsets in sorted(places.items())]
    return leaks


def quarantine(directory: Path, leaks: Sequence[Leak]) -> EvidenceError:
    """Move ``directory`` where only its owner gets at it; returns the error that says why.

    It is ``quarantine/<id>`` beside the evidence of other drills, and ``latest`` does not lead there.
    """
    locked = directory.parent / QUARANTINE
    locked.mkdir(mode=0o700, exist_ok=True)
    locked.chmod(0o700)
    directory.chmod(0o700)
    latest = directory.parent / "latest"
    if latest.is_symlink() and latest.readlink().name == directory.name:
        latest.unlink()
    target = directory.rename(locked / directory.name)
    listed = "".join(f"\n  - {leak}" for leak in leaks[:_LISTED])
    more = f"\n  … and {len(leaks) - _LISTED} more" if len(leaks) > _LISTED else ""
    return EvidenceError(
        f"the evidence holds secrets and was quarantined in {target}:{listed}{more}",
        hint="replace the secrets named, see docs/secrets.md, and delete the directory",
    )


class _Look:
    """What is looked for."""

    def __init__(self, redactor: Redactor, fingerprints: Fingerprints, rules: Sequence[LeakRule]) -> None:
        self._redactor = redactor
        self._fingerprints = fingerprints
        self._rules = rules
        self._overlap = max(OVERLAP, 2 * redactor.reach)

    def into(self, path: Path) -> Iterator[tuple[str, int]]:
        """(rule, offset) of every hit in a file; one that lies in an overlap may come twice."""
        with path.open("rb") as file:
            kept, base = b"", 0
            while piece := file.read(WINDOW):
                window = kept + piece
                for rule, offset in self.at(window):
                    yield rule, base + offset
                cut = max(0, len(window) - self._overlap)
                kept, base = window[cut:], base + cut

    def at(self, data: bytes, depth: int = DEPTH) -> Iterator[tuple[str, int]]:
        """(rule, offset) of every hit in ``data`` and in what is packed in it."""
        layers = [data]
        while depth and len(layers) <= DEPTH and (plain := unescaped(layers[-1])) != layers[-1]:
            layers.append(plain)
        yield from self._written(data)
        packed = [hit for layer in layers[1:] for hit in self._written(layer)]
        if depth and (inner := unpacked(*layers)):
            packed += self.at(inner, depth - 1)
        for rule, _ in packed:
            yield f"{rule.removesuffix(', packed')}, packed", 0

    def _written(self, data: bytes) -> Iterator[tuple[str, int]]:
        for secret in self._redactor.spotted(data):
            yield f"the value of {secret.name} ({secret.encoding})", secret.start
        for value in self._candidates(data):
            if name := self._fingerprints.name_of(value):
                yield f"the value of {name} (by its fingerprint)", data.find(value)
        for rule in self._rules:
            for match in rule.pattern.finditer(data):
                first = max(0, match.start() - rule.before)
                if rule.confirm(data[first : match.start() + _CONFIRMED]):
                    yield rule.name, match.start()

    def _candidates(self, data: bytes) -> Iterable[bytes]:
        """Each word as long as a known secret, and both ends of each longer one."""
        lengths = self._fingerprints.lengths
        if not lengths:
            return ()
        texts, words = {data}, set[bytes]()
        for shape in _WORDS:
            pattern = re.compile(shape % min(lengths))
            texts = {word for text in texts for word in pattern.findall(text)}
            words |= texts
        longer = ((word, length) for word in words for length in lengths if len(word) >= length)
        return {part for word, length in longer for part in (word[:length], word[-length:])}

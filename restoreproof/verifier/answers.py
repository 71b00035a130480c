"""What is asked of evidence, and what is answered."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any


class Refused(Exception):
    """A question that can't be asked: no such key, no such directory, a malformed option."""


@dataclass(frozen=True)
class Finding:
    """One reason why the evidence is not authentic."""

    where: str
    what: str


@dataclass(frozen=True)
class Key:
    """A public key that the reader trusts, and when: ``# not-before:`` and ``# not-after:`` in its file."""

    keyid: str
    accepts: Callable[[bytes, bytes], bool]
    not_before: datetime | None = None
    not_after: datetime | None = None

    def valid_at(self, moment: datetime) -> bool:
        """Whether the key was in its period of use."""
        return not (
            (self.not_before and moment < self.not_before) or (self.not_after and moment > self.not_after)
        )


@dataclass(frozen=True)
class Question:
    """What is asked of which evidence. ``ledger`` is its lines, or None to do without."""

    directory: Path
    key: Key
    ledger: Sequence[bytes] | None
    head: tuple[int, str] | None = None
    max_age: timedelta | None = timedelta(days=30)
    drill: str | None = None
    approvers: tuple[Key, ...] = ()
    now: datetime = field(default_factory=lambda: datetime.now(UTC))


@dataclass
class Answer:
    """What was found. ``notes`` belong to the answer and don't decide it.

    ``about`` says what was drilled: one key may seal the drills of several stacks, and a verdict is of one.
    """

    findings: list[Finding] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    sign_offs: list[dict[str, str]] = field(default_factory=list)
    drill_id: str = ""
    about: dict[str, str] = field(default_factory=dict)
    verdict: str = ""
    drill_code: int = 1
    sealed_at: str = ""
    ended_at: str = ""
    stale: str = ""
    recomputed: bool = True

    def refuse(self, where: str, what: str) -> None:
        """Add one reason."""
        self.findings.append(Finding(where, what))

    def not_recomputed(self, why: str) -> None:
        """The record is its signer's word: it was not made anew from plan and journal."""
        self.recomputed = False
        self.notes.append(f"the record was not recomputed from plan and journal: {why}")

    @property
    def exit_code(self) -> int:
        """0 only for authentic, fresh and verified; 1 for not authentic; else the drill's own code."""
        if self.findings:
            return 1
        return self.drill_code or (3 if self.stale else 0)


def short(keyid: str) -> str:
    """A key id as people compare it."""
    return f"SHA256:{plain(keyid)[:16]}…"


def plain(text: object, limit: int = 500) -> str:
    """Text from evidence on one line, with nothing in it that could steer a terminal."""
    return "".join(one if one.isprintable() else f"\\u{ord(one):04x}" for one in str(text)[:limit])


def tell(answer: Answer) -> Iterator[str]:
    """The answer in lines for people."""
    for finding in answer.findings:
        yield f"  ✘ {plain(finding.where)}: {plain(finding.what)}"
    for note in answer.notes:
        yield f"  · {plain(note)}"
    for one in answer.sign_offs:
        said = f"{one.get('decision', '?')} by {one.get('name', '?')} ({one.get('role', '?')})"
        yield f"  · sign-off: {plain(said)}: {plain(one.get('comment', ''))} [{plain(one['status'])}]"
    if answer.findings:
        yield f"NOT AUTHENTIC ({len(answer.findings)} findings above): rely on nothing in this evidence"
    else:
        stale = f", but STALE: {plain(answer.stale)}" if answer.stale else ""
        yield f"AUTHENTIC: drill {plain(answer.drill_id)}, sealed {plain(answer.sealed_at)}"
        yield "  of " + ", ".join(f"{name} {plain(value, 100)}" for name, value in answer.about.items())
        signers = "" if answer.recomputed else ", as its signer says: the record was not recomputed"
        yield f"{plain(answer.verdict)}{stale}{signers}"


def as_json(answer: Answer) -> dict[str, Any]:
    """The answer for programs."""
    return {
        "authentic": not answer.findings,
        "exit_code": answer.exit_code,
        "verdict": answer.verdict,
        "drill_id": answer.drill_id,
        "about": answer.about,
        "sealed_at": answer.sealed_at,
        "ended_at": answer.ended_at,
        "stale": answer.stale,
        "recomputed": answer.recomputed,
        "findings": [{"where": one.where, "what": one.what} for one in answer.findings],
        "notes": answer.notes,
        "sign_offs": answer.sign_offs,
    }

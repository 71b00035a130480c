"""The question that is asked of evidence, and its answer."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from restoreproof.verifier.formats import RESULTS


class Refused(Exception):
    """A question that can't be asked: no such key, no such directory, a malformed option."""


@dataclass(frozen=True)
class Finding:
    """A reason why the evidence is not authentic."""

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
        """Return whether ``moment`` (with a time zone) lies in the key's period of use."""
        return not (
            (self.not_before and moment < self.not_before) or (self.not_after and moment > self.not_after)
        )


@dataclass(frozen=True)
class Question:
    """A question about the evidence in ``directory``; ``ledger`` is its lines, or None to do without."""

    directory: Path
    key: Key
    ledger: Sequence[bytes] | None
    head: tuple[int, str] | None = None
    max_age: timedelta | None = timedelta(days=30)
    drill: str | None = None
    approvers: tuple[Key, ...] = ()
    now: datetime = field(default_factory=lambda: datetime.now(UTC))


@dataclass(frozen=True)
class LaterDrill:
    """A drill of the same stack that was asked for later: when, and its verdict or why it was refused.

    ``tested`` is one with an injected fault: it tests the harness, and says nothing of a backup.
    """

    drill_id: str
    at: str
    outcome: str
    tested: bool = False

    @property
    def withdraws(self) -> bool:
        """Whether it did not confirm what an earlier drill had shown."""
        return not self.tested and self.outcome not in (*RESULTS, "PARTIAL")


@dataclass
class Answer:
    """Answer to a question: ``findings`` decide it, ``notes`` don't.

    ``about`` says what was drilled: one key may seal the drills of several stacks, and a verdict is of one.
    """

    findings: list[Finding] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    sign_offs: list[dict[str, str]] = field(default_factory=list)
    drill_id: str = ""
    about: dict[str, str] = field(default_factory=dict)
    later: list[LaterDrill] = field(default_factory=list)
    verdict: str = ""
    drill_code: int = 1
    sealed_at: str = ""
    ended_at: str = ""
    stale: str = ""
    recomputed: bool = True

    def refuse(self, where: str, what: str) -> None:
        """Add a reason why the evidence is not authentic: ``what`` is wrong with ``where``."""
        self.findings.append(Finding(where, what))

    @property
    def since(self) -> str:
        """Last later drill that did not confirm this one, as the end of a sentence; empty if none."""
        doubts = [drill for drill in self.later if drill.withdraws]
        if not doubts:
            return ""
        last = doubts[-1]
        more = f" (and {len(doubts) - 1} before it)" if len(doubts) > 1 else ""
        return f"since then drill {plain(last.drill_id)} of {plain(last.at)}{more}: {plain(last.outcome)}"

    def not_recomputed(self, why: str) -> None:
        """Note that the record is its signer's word, and ``why`` it was not made anew."""
        self.recomputed = False
        self.notes.append(f"the record was not recomputed from plan and journal: {why}")

    @property
    def exit_code(self) -> int:
        """Exit code: 0 only for authentic, fresh and verified; 1 for not authentic; else the drill's own."""
        if self.findings:
            return 1
        return self.drill_code or (3 if self.stale else 0)


def short(keyid: str) -> str:
    """Return a key id as people compare it."""
    return f"SHA256:{plain(keyid)[:16]}…"


def plain(text: object, limit: int = 500) -> str:
    """Return ``text`` on one line, at most ``limit`` characters, with nothing that could steer a terminal."""
    return "".join(char if char.isprintable() else f"\\u{ord(char):04x}" for char in str(text)[:limit])


def tell(answer: Answer) -> Iterator[str]:
    """Yield the answer in lines for people."""
    for finding in answer.findings:
        yield f"  ✘ {plain(finding.where)}: {plain(finding.what)}"
    for note in answer.notes:
        yield f"  · {plain(note)}"
    for sign_off in answer.sign_offs:
        word = {name: sign_off.get(name, "?") for name in ("decision", "name", "role")}
        decision = f"{word['decision']} by {word['name']} ({word['role']})"
        comment = plain(sign_off.get("comment", ""))
        yield f"  · sign-off: {plain(decision)}: {comment} [{plain(sign_off['status'])}]"
    if answer.findings:
        yield f"NOT AUTHENTIC ({len(answer.findings)} findings above): rely on nothing in this evidence"
    else:
        stale = f", but STALE: {plain(answer.stale)}" if answer.stale else ""
        yield f"AUTHENTIC: drill {plain(answer.drill_id)}, sealed {plain(answer.sealed_at)}"
        yield "  of " + ", ".join(f"{name} {plain(value, 100)}" for name, value in answer.about.items())
        signers = "" if answer.recomputed else ", as its signer says: the record was not recomputed"
        since = f"; BUT {answer.since}" if answer.since else ""
        yield f"{plain(answer.verdict)}{stale}{signers}{since}"


def as_json(answer: Answer) -> dict[str, Any]:
    """Return the answer as JSON values, for programs."""
    return {
        "authentic": not answer.findings,
        "exit_code": answer.exit_code,
        "verdict": answer.verdict,
        "drill_id": answer.drill_id,
        "about": answer.about,
        "sealed_at": answer.sealed_at,
        "ended_at": answer.ended_at,
        "stale": answer.stale,
        "later": [
            {"drill_id": drill.drill_id, "at": drill.at, "outcome": drill.outcome, "tested": drill.tested}
            for drill in answer.later
        ],
        "since": answer.since,
        "recomputed": answer.recomputed,
        "findings": [{"where": finding.where, "what": finding.what} for finding in answer.findings],
        "notes": answer.notes,
        "sign_offs": answer.sign_offs,
    }

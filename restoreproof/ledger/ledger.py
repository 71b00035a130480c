"""Writing the ledger: what is entered when a drill begins, ends, dies or can't begin."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from restoreproof.errors import EvidenceError, Location, UsageError
from restoreproof.ledger.entry import LedgerEntry, following, parse
from restoreproof.ledger.liveness import Liveness
from restoreproof.ledger.storage import FileStorage, LedgerStorage, SequenceConflict
from restoreproof.sealing.keys import SigningKey
from restoreproof.verifier.chain import stranger_to, whole_lines

_RACES = 50
"""How often another writer may be first before we give up."""

_Draft = tuple[str, str, dict[str, Any]]
"""Type, drill id and data of an entry to be."""


@dataclass(frozen=True, slots=True)
class Begun:
    """Place of a drill in the ledger: its attempt at this set with this plan, and at this set at all.

    ``before`` are the entries that it follows, their chain checked. ``only_stacks`` are the stacks of the
    drills among them, where none of them was of this drill's stack.
    """

    attempt: int
    attempt_at_set: int
    entry: LedgerEntry
    before: Sequence[LedgerEntry]
    previous_record_sha256: str | None
    only_stacks: tuple[str, ...] = ()


class Ledger:
    """Ledger kept at ``home``.

    Args:
        home: a file, or any other place that keeps lines.
        key: signs every entry; without one entries are unsigned, and `verify` says so.
        life: where running drills of this machine show that they live; beside the file by default.
    """

    def __init__(
        self, home: LedgerStorage | Path, key: SigningKey | None = None, life: Path | None = None
    ) -> None:
        self.home: LedgerStorage = FileStorage(home) if isinstance(home, Path) else home
        self._key = key
        beside = Path(self.home.name)
        self._life = Liveness(life or beside.with_name(f".{beside.stem}-running"))

    def entries(self) -> list[LedgerEntry]:
        """Return every entry, its chain checked. Raises EvidenceError where it is broken, naming the line."""
        return parse(self.home.peek(), self.home.name)

    def head(self) -> str | None:
        """Return ``SEQ:SHA256`` of the last entry; None if there is none."""
        entries = self.entries()
        return entries[-1].head if entries else None

    def start(
        self, drill_id: str, set_id: str, plan_digest: str, stack: str = "", faults: Sequence[str] = ()
    ) -> Begun:
        """Open an entry for a drill; one with ``faults`` is a test of the harness."""

        def draft(entries: Sequence[LedgerEntry]) -> list[_Draft]:
            at_set = [
                entry for entry in entries if entry.type == "started" and entry.data.get("set_id") == set_id
            ]
            attempt = 1 + sum(entry.data.get("plan") == plan_digest for entry in at_set)
            data = {"set_id": set_id, "plan": plan_digest, "stack": stack, "attempt": attempt,
                    "attempt_at_set": len(at_set) + 1}  # fmt: skip
            data |= {"faults": list(faults)} if faults else {}
            return [("started", drill_id, data | self._life.describe())]

        self._life.show(drill_id)
        before, (entry,) = self._write(draft)
        records = [earlier.data["record_sha256"] for earlier in before if earlier.data.get("record_sha256")]
        stacks = {str(earlier.data.get("stack") or "") for earlier in before if earlier.type == "started"}
        return Begun(
            entry.data["attempt"],
            entry.data["attempt_at_set"],
            entry,
            before,
            records[-1] if records else None,
            () if {stack, ""} & stacks else tuple(sorted(stacks)),
        )

    def finish(self, drill_id: str, verdict: str, **digests: str | None) -> LedgerEntry:
        """Close a drill's entry with its verdict and the SHA-256 of what it left."""
        _, (entry,) = self._write(lambda _: [("finished", drill_id, {"verdict": verdict, **digests})])
        self._life.end(drill_id)
        return entry

    def refuse(self, drill_id: str, reason: str, **details: str | None) -> LedgerEntry:
        """Enter a drill that could not start, and why."""
        return self._write(lambda _: [("refused", drill_id, {"reason": reason[:500], **details})])[1][0]

    def refuse_stranger(
        self, drill_id: str, stack: str, record_sha256: str, journal_sha256: str | None
    ) -> None:
        """Raise UsageError unless this ledger began the drill, and ended it with that record and journal.

        A ledger that names no journal is an earlier version's.
        """
        entries = self.entries()
        mine = [entry for entry in entries if entry.drill_id == drill_id]
        if not mine:
            raise UsageError(
                f"the ledger {stranger_to([asdict(entry) for entry in entries], stack)}",
                where=Location(self.home.name),
                hint="name the ledger of that drill with --ledger, or say --without-ledger",
            )
        ended = [entry.data for entry in mine if entry.type == "finished"]
        record = len(ended) == 1 and ended[0].get("record_sha256") == record_sha256
        journal = record and ended[0].get("journal_sha256") in (None, journal_sha256)
        if not journal:
            what = "journal" if record else "record"
            raise UsageError(
                f"the ledger did not end drill {drill_id} with this {what}: {_ends(mine)}",
                where=Location(self.home.name),
                hint="fetch the evidence again from the drill's machine",
            )

    def mend(self) -> LedgerEntry | None:
        """Put an entry in place of a torn last line, which is kept beside; None if no line is torn.

        Raises:
            EvidenceError: the chain before it is broken, or the ledger can't be torn.
        """
        with self.home.opened() as page:
            lines, torn = whole_lines(page.lines())
            before = parse(lines, self.home.name)
            if not torn:
                return None
            data = {"torn_bytes": len(torn), "torn_sha256": hashlib.sha256(torn).hexdigest()}
            entry = following(before, "mended", "", _now(), data)
            entry = entry.signed(self._key) if self._key else entry
            page.replace_end(torn, entry.line())
            return entry

    def seal(self, drill_id: str, attestation_sha256: str) -> LedgerEntry:
        """Enter an attestation that was made after its drill had finished."""
        data = {"attestation_sha256": attestation_sha256}
        return self._write(lambda _: [("sealed", drill_id, data)])[1][0]

    def sign_off(self, drill_id: str, decision: str, sign_off_sha256: str) -> LedgerEntry:
        """Enter a sign-off."""
        data = {"decision": decision, "sign_off_sha256": sign_off_sha256}
        return self._write(lambda _: [("signed-off", drill_id, data)])[1][0]

    def abort_dead(self, left: Callable[[str], Mapping[str, str]] = lambda _: {}) -> list[str]:
        """Close the entries of drills whose process is gone as aborted; returns their ids.

        ``left`` tells the SHA-256 of what a drill left: one that died between its seal and its last entry
        stays aborted, and the ledger knows which seal that was.
        """

        def draft(entries: Sequence[LedgerEntry]) -> list[_Draft]:
            closed = {entry.drill_id for entry in entries if entry.type in ("finished", "aborted", "refused")}
            open_ = [entry for entry in entries if entry.type == "started" and entry.drill_id not in closed]
            dead = [entry.drill_id for entry in open_ if self._life.is_gone(entry.drill_id, entry.data)]
            return [("aborted", name, {"verdict": "ABORTED", **left(name)}) for name in dead]

        _, written = self._write(draft)
        for entry in written:
            self._life.end(entry.drill_id)
        return [entry.drill_id for entry in written]

    def _write(
        self, draft: Callable[[Sequence[LedgerEntry]], Sequence[_Draft]]
    ) -> tuple[list[LedgerEntry], list[LedgerEntry]]:
        """Append what ``draft`` makes of the entries so far; returns those and the new ones."""
        for _ in range(_RACES):
            with self.home.opened() as page:
                before = parse(page.lines(), self.home.name)
                written: list[LedgerEntry] = []
                try:
                    for type_, drill_id, data in draft(before):
                        entry = following([*before, *written], type_, drill_id, _now(), data)
                        entry = entry.signed(self._key) if self._key else entry
                        page.append(entry.seq, entry.line())
                        written.append(entry)
                except SequenceConflict:
                    continue
                return before, written
        raise EvidenceError(f"{self.home.name}: other writers were first {_RACES} times", hint="try again")


def _ends(entries: Sequence[LedgerEntry]) -> str:
    """What became of a drill, in the words of its entries."""
    return ", ".join(f"{entry.type} {entry.data.get('verdict') or ''}".strip() for entry in entries)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")

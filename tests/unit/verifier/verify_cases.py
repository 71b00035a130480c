"""Evidence as it is found, whole or tampered with, and the exit code that each deserves."""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from restoreproof.journal.read import JournalLine
from restoreproof.ledger import Ledger
from restoreproof.ledger.entry import LedgerEntry
from restoreproof.sealing.decision import Decision
from restoreproof.sealing.keys import make_signing_key, signing_key
from restoreproof.sealing.signoff import Word, sign_off
from restoreproof.verifier.formats import ATTESTATION, GENESIS, SUMS
from tests.stories import Story, retold
from tests.unit.sealing.sealed import YEAR, Desk

Case = tuple[Path, list[str]]
"""A directory, and further options."""


def failed(story: Story) -> list[JournalLine]:
    """The same drill, with one observation that contradicts the expectation."""
    spoilt = [retold(one, outcome="FAILED") if one.type == "observation" else one for one in story.events]
    return [retold(one, status="failed") if one.type == "scenario-finished" else one for one in spoilt]


def rechained(desk: Desk, keep: Callable[[LedgerEntry], LedgerEntry | None], *, strip: bool) -> None:
    """The ledger as a forger without the key would leave it: every link right, no signature made anew."""
    lines: list[bytes] = []
    prev = GENESIS
    for entry in desk.ledger.entries():
        if kept := keep(entry):
            made = replace(kept, seq=len(lines) + 1, prev=prev, signature=None if strip else entry.signature)
            lines.append(made.line())
            prev = hashlib.sha256(lines[-1]).hexdigest()
    Path(desk.ledger.home.name).write_bytes(b"".join(lines))


def other_key(desk: Desk, name: str = "other") -> Path:
    return make_signing_key(desk.root / "keys" / f"{name}.pem", valid_for=YEAR)


# Cases: each prepares evidence and says how it is asked about.


def untouched(desk: Desk) -> Case:
    return desk.file("d1"), []


def a_later_head_is_pinned(desk: Desk) -> Case:
    directory = desk.file("d1")
    desk.file("d2")
    return directory, ["--head", str(desk.ledger.head())]


def a_verdict_was_edited(desk: Desk) -> Case:
    directory = desk.file("d1", tell=failed)
    page = directory / "index.html"
    page.write_text(page.read_text().replace("FAILED", "VERIFIED") + " ")
    return directory, []


def record_edited_and_summed_anew(desk: Desk) -> Case:
    directory = desk.file("d1")
    (directory / "index.html").write_text("all is well")
    done = subprocess.run(["sha256sum", "index.html"], cwd=directory, capture_output=True, check=True)
    sums = (directory / SUMS).read_text()
    (directory / SUMS).write_text(re.sub(r".*  index\.html\n", done.stdout.decode(), sums))
    return directory, []


def another_key_is_pinned(desk: Desk) -> Case:
    return desk.file("d1"), ["--key", str(other_key(desk))]


def sealed_anew_by_another_key(desk: Desk) -> Case:
    directory = desk.file("d1")
    for name in (SUMS, ATTESTATION):
        (directory / name).unlink()
    other_key(desk)
    desk.key = signing_key(f"file:{desk.root}/keys/other.pem")
    desk.seal(directory)
    return directory, []


def an_older_attestation_is_replayed(desk: Desk) -> Case:
    old, new = desk.file("d1"), desk.file("d2", tell=failed)
    for name in (SUMS, ATTESTATION):
        shutil.copyfile(old / name, new / name)
    return new, []


def an_older_drill_takes_the_name_of_a_newer(desk: Desk) -> Case:
    old, new = desk.file("d1"), desk.file("d2", tell=failed)
    shutil.rmtree(new)
    shutil.copytree(old, new)
    return new, []


def the_ledger_lost_its_end(desk: Desk) -> Case:
    directory = desk.file("d1")
    desk.file("d2", tell=failed)
    head = desk.ledger.head()
    ledger = Path(desk.ledger.home.name)
    ledger.write_bytes(b"".join(ledger.read_bytes().splitlines(keepends=True)[:2]))
    return directory, ["--head", str(head)]


def the_ledger_was_rechained(desk: Desk) -> Case:
    desk.file("d1", tell=failed)
    directory = desk.file("d2")
    rechained(desk, lambda one: one if one.drill_id != "d1" else None, strip=False)
    return directory, []


def the_ledger_was_rechained_without_signatures(desk: Desk) -> Case:
    desk.file("d1", tell=failed)
    directory = desk.file("d2")
    rechained(desk, lambda one: one if one.drill_id != "d1" else None, strip=True)
    return directory, []


def one_ledger_line_was_edited(desk: Desk) -> Case:
    directory = desk.file("d1")
    ledger = Path(desk.ledger.home.name)
    ledger.write_bytes(ledger.read_bytes().replace(b'"attempt":1', b'"attempt":3'))
    return directory, []


def the_ledger_never_heard_of_it(desk: Desk) -> Case:
    directory = desk.file("d1")
    Path(desk.ledger.home.name).unlink()
    desk.file("d2")
    return directory, []


def no_ledger_is_asked(desk: Desk) -> Case:
    return desk.file("d1"), ["--without-ledger"]


def the_key_had_expired(desk: Desk) -> Case:
    directory = desk.file("d1")
    text = re.sub(r"(# not-after: ).*", r"\g<1>2026-01-01T00:00:00Z", desk.public.read_text())
    desk.public.write_text(text)
    return directory, []


def stale(desk: Desk) -> Case:
    return desk.file("d1", ended=datetime.now(UTC) - timedelta(days=31)), []


def old_and_any_age_is_asked(desk: Desk) -> Case:
    return desk.file("d1", ended=datetime.now(UTC) - timedelta(days=400)), ["--max-age", "none"]


def from_the_future(desk: Desk) -> Case:
    return desk.file("d1", ended=datetime.now(UTC) + timedelta(days=2)), []


def renamed(desk: Desk) -> Case:
    return desk.file("d1").rename(desk.reports / "quarterly"), []


def renamed_and_asked_for_by_id(desk: Desk) -> Case:
    return desk.file("d1").rename(desk.reports / "quarterly"), ["--drill", "d1"]


def another_drill_is_asked_for(desk: Desk) -> Case:
    desk.file("d2")
    return desk.file("d1"), ["--drill", "d2"]


def the_drill_failed(desk: Desk) -> Case:
    return desk.file("d1", tell=failed), []


def the_drill_proved_nothing(desk: Desk) -> Case:
    return desk.file("d1", tell=lambda story: story.without("isolation-verdict")), []


def never_sealed(desk: Desk) -> Case:
    return desk.file("d1", sealed=False), []


def sealed_on_another_machine(desk: Desk) -> Case:
    desk.ledger = Ledger(desk.reports / "ledger.jsonl")  # the drill's machine has no key
    directory = desk.file("d1", sealed=False)
    made = desk.seal(directory)
    Ledger(desk.reports / "ledger.jsonl", desk.key).seal("d1", made.attestation_sha256)
    return directory, []


def signed_off_thrice(desk: Desk) -> Case:
    directory = desk.file("d1")
    approver = other_key(desk, "approver")
    other_key(desk, "stranger")
    for name, decision in (("approver", Decision.REJECT), ("stranger", Decision.ACCEPT)):
        key = signing_key(f"file:{desk.root}/keys/{name}.pem")
        sign_off(directory, Word(f"Ann {name}", "management", decision, "the second\x1b[2K look"), key)
    (desk.reports / "d1.sign-off-9.dsse.json").write_text("{}")
    return directory, ["--approver-key", str(approver)]


CASES: dict[Callable[[Desk], Case], int] = {
    untouched: 0,
    a_later_head_is_pinned: 0,
    a_verdict_was_edited: 1,
    record_edited_and_summed_anew: 1,
    another_key_is_pinned: 1,
    sealed_anew_by_another_key: 1,
    an_older_attestation_is_replayed: 1,
    an_older_drill_takes_the_name_of_a_newer: 1,
    the_ledger_lost_its_end: 1,
    the_ledger_was_rechained: 1,
    the_ledger_was_rechained_without_signatures: 1,
    one_ledger_line_was_edited: 1,
    the_ledger_never_heard_of_it: 1,
    no_ledger_is_asked: 0,
    the_key_had_expired: 1,
    stale: 3,
    old_and_any_age_is_asked: 0,
    from_the_future: 1,
    renamed: 1,
    renamed_and_asked_for_by_id: 0,
    another_drill_is_asked_for: 1,
    the_drill_failed: 1,
    the_drill_proved_nothing: 3,
    never_sealed: 1,
    sealed_on_another_machine: 0,
    signed_off_thrice: 0,
}
AUTHENTIC = {the_drill_failed}
"""Where 1 is the drill's own code."""

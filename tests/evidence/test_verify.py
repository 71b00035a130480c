"""What both verifiers believe, what they refuse, and that they say the same of it."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from restoreproof.cli import app
from restoreproof.evidence.checking import assemble
from restoreproof.evidence.checking.answers import Answer
from restoreproof.evidence.checking.formats import ATTESTATION, GENESIS, SUMS, plan_digest
from restoreproof.evidence.ledger import Ledger
from restoreproof.evidence.ledger.entry import Entry
from restoreproof.evidence.sealing.keys import make_signing_key, signing_key
from restoreproof.evidence.sealing.signoff import Decision, Word, sign_off
from restoreproof.journal import Event
from tests.evidence.conftest import Story, plan_of
from tests.evidence.sealed import YEAR, Desk

Case = tuple[Path, list[str]]
"""A directory, and further options."""


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def found(answer: Answer) -> str:
    """Every finding, as text."""
    return "\n".join(f"{one.where}: {one.what}" for one in answer.findings)


def failed(story: Story) -> list[Event]:
    """The same drill, with one observation that contradicts the expectation."""
    spoilt = [
        replace(one, data=one.data | {"outcome": "FAILED"}) if one.type == "observation" else one
        for one in story.events
    ]
    return [
        replace(one, data=one.data | {"status": "failed"}) if one.type == "scenario-finished" else one
        for one in spoilt
    ]


def rechained(desk: Desk, keep: Callable[[Entry], Entry | None], *, strip: bool) -> None:
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


def asked_of_both(desk: Desk, case: Callable[[Desk], Case]) -> tuple[dict[str, Any], dict[str, Any]]:
    """What `restoreproof verify` says, and what the single file says on a Python without any package."""
    directory, more = case(desk)
    options = [str(directory), *([] if "--key" in more else ["--key", str(desk.public)]), *more, "--json"]
    ours = CliRunner().invoke(app, ["verify", *options], terminal_width=1000)
    script = assemble.write_beside(directory)
    # The interpreter that the environment was made of, without a site: no package can be imported.
    bare = [str(getattr(sys, "_base_executable", sys.executable)), "-I", "-S"]
    theirs = subprocess.run([*bare, str(script), *options], capture_output=True, text=True, check=False)
    told, told_too = json.loads(ours.stdout), json.loads(theirs.stdout)
    assert (ours.exit_code, theirs.returncode) == (told["exit_code"], told_too["exit_code"])
    return told, told_too


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.__name__)
def test_both_verifiers_say_the_same(desk: Desk, case: Callable[[Desk], Case]) -> None:
    ours, theirs = asked_of_both(desk, case)
    assert ours["exit_code"] == CASES[case], ours
    assert ours["authentic"] == (CASES[case] != 1 or case in AUTHENTIC)
    assert theirs.pop("notes")[:-1] == ours.pop("notes")
    assert theirs == ours


def test_the_single_file_needs_nothing_but_the_standard_library(tmp_path: Path) -> None:
    imported = set(re.findall(r"^(?:from|import) (\w+)", assemble.assembled(), re.MULTILINE))
    assert imported <= {*sys.stdlib_module_names, "__future__"}
    compile(assemble.assembled(), assemble.NAME, "exec")


def test_no_two_modules_of_the_single_file_use_one_name() -> None:
    names = re.findall(r"^(?:def|class) (\w+)|^(\w+) *(?::.*)?= ", assemble.assembled(), re.MULTILINE)
    flat = [name for pair in names for name in pair if name]
    assert sorted(set(flat)) == sorted(flat)


def test_earlier_attempts_at_the_same_set_are_shown(desk: Desk) -> None:
    desk.file("d1", tell=failed)
    desk.file("d2", tell=failed)
    answer = desk.verify(desk.file("d3"))
    assert answer.exit_code == 0
    assert [note for note in answer.notes if note.startswith("earlier")] == [
        "earlier attempt at this set, this plan: d1, FAILED",
        "earlier attempt at this set, this plan: d2, FAILED",
    ]


def test_a_newer_drill_is_shown_beside_an_older_one(desk: Desk) -> None:
    older = desk.file("d1")
    desk.file("d2", tell=failed)
    assert "later drills in the ledger: 1, the last d2: FAILED" in desk.verify(older).notes


def test_a_record_that_the_journal_does_not_give_is_refused_though_well_signed(desk: Desk) -> None:
    """An insider with the key edits the record and seals it; only recomputing it shows that."""
    directory = desk.file("d1", sealed=False, tell=failed)
    record = directory / "record.json"
    record.write_text(record.read_text().replace('"FAILED"', '"PASSED"'))
    desk.seal(directory)
    answer = desk.verify(directory)
    assert "record.json: is not what plan.json and journal.jsonl give" in found(answer)


def test_evidence_of_another_version_is_authentic_and_said_not_to_be_recomputed(desk: Desk) -> None:
    """Evidence is kept for years, and a later version may word its record differently."""
    desk.harness = "restoreproof 0.0.9"
    directory = desk.file("d1", sealed=False)
    record = directory / "record.json"
    record.write_text(record.read_text().replace("mandatory checks passed", "checks passed"))
    desk.seal(directory)
    asked = ["verify", str(directory), "--key", str(desk.public), "--without-ledger", "--json"]
    told = json.loads(CliRunner().invoke(app, asked).stdout)
    assert told["authentic"]
    assert told["notes"][-1].startswith("the record was not recomputed: restoreproof 0.0.9 made it")


def test_sign_offs_are_shown_with_what_they_are_worth(desk: Desk) -> None:
    ours, _ = asked_of_both(desk, signed_off_thrice)
    first, second, third = ours["sign_offs"]
    assert (first["decision"], first["name"]) == ("reject", "Ann approver")
    assert first["status"].startswith("signed by the approver's key")
    assert second["status"].startswith("not checked")
    assert third["status"].startswith("unreadable")


def test_what_evidence_says_can_not_steer_the_terminal(desk: Desk) -> None:
    directory, options = signed_off_thrice(desk)
    done = CliRunner().invoke(app, ["verify", str(directory), "--key", str(desk.public), *options])
    assert "the second\\u001b[2K look" in done.stdout
    assert "\x1b" not in done.stdout


def test_a_sign_off_of_other_evidence_does_not_count(desk: Desk) -> None:
    _, options = signed_off_thrice(desk)
    other = desk.file("d2")
    shutil.copyfile(desk.reports / "d1.sign-off-1.dsse.json", desk.reports / "d2.sign-off-1.dsse.json")
    done = CliRunner().invoke(app, ["verify", str(other), "--key", str(desk.public), *options, "--json"])
    assert [one["status"] for one in json.loads(done.stdout)["sign_offs"]] == ["NOT of this evidence"]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--key", "none.pub"], "not a public key"),
        (["--head", "7"], "SEQ:SHA256"),
        (["--max-age", "soon"], "30d"),
        (["--ledger", "none.jsonl"], "--without-ledger"),
    ],
)
def test_a_question_that_can_not_be_asked_could_not_start(desk: Desk, options: list[str], words: str) -> None:
    directory = desk.file("d1")
    key = [] if "--key" in options else ["--key", str(desk.public)]
    done = CliRunner().invoke(app, ["verify", str(directory), *key, *options])
    assert words in str(done.exception)
    assert getattr(done.exception, "exit_code", None) == 2


def test_the_digest_of_a_plan_is_the_same_without_a_library() -> None:
    plan = replace(plan_of(), rto_s=0.1, rpo_s=1e16)
    assert plan_digest(json.loads(json.dumps(plan.as_json()))) == plan.digest

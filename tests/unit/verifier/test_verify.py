"""What both verifiers believe, what they refuse, and that they say the same of it."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from restoreproof.cli import app
from restoreproof.verifier import assemble
from restoreproof.verifier.answers import Answer
from restoreproof.verifier.formats import plan_digest
from tests.stories import plan_of
from tests.unit.sealing.sealed import Desk
from tests.unit.verifier.verify_cases import AUTHENTIC, CASES, Case, failed, signed_off_thrice

VERIFY = ("verify", "--no-rerender")
"""The views of a desk's evidence are stand-ins; tests/attack/test_tampered_views.py renders them."""


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def found(answer: Answer) -> str:
    """Every finding, as text."""
    return "\n".join(f"{one.where}: {one.what}" for one in answer.findings)


def asked_of_both(desk: Desk, case: Callable[[Desk], Case]) -> tuple[dict[str, Any], dict[str, Any]]:
    """What `restoreproof verify` says, and what the single file says on a Python without any package."""
    directory, more = case(desk)
    options = [str(directory), *([] if "--key" in more else ["--key", str(desk.public)]), *more, "--json"]
    ours = CliRunner().invoke(app, [*VERIFY, *options], terminal_width=1000)
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
    # Without the package no record can be made anew; all else is said by both.
    assert (ours.pop("recomputed"), theirs.pop("recomputed")) == (True, False)
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


OTHER = {"version": "0.0.9", "git_commit": "1" * 40, "code_sha256": "2" * 64}


def reworded(desk: Desk) -> Case:
    """Evidence as other code than this leaves it: whole, and its record in other words."""
    desk.build = OTHER
    directory = desk.file("d1", sealed=False)
    record = directory / "record.json"
    record.write_text(record.read_text().replace("mandatory checks passed", "checks passed"))
    desk.seal(directory)
    return directory, ["--without-ledger"]


def test_evidence_of_other_code_is_authentic_and_said_not_to_be_recomputed(desk: Desk) -> None:
    """Evidence is kept for years, and between two releases the version says nothing of the code."""
    ours, theirs = asked_of_both(desk, reworded)
    for told in (ours, theirs):
        assert (told["authentic"], told["recomputed"], told["exit_code"]) == (True, False, 0)
        assert told["notes"][-1].startswith("the record was not recomputed from plan and journal: ")
    assert "0.0.9 (commit 111111111111) made it, and this is restoreproof 0.1.0" in ours["notes"][-1]


def test_a_verdict_that_was_not_recomputed_is_never_told_as_one_that_was(desk: Desk) -> None:
    directory, options = reworded(desk)
    done = CliRunner().invoke(app, [*VERIFY, str(directory), "--key", str(desk.public), *options])
    assert done.stdout.splitlines()[-1] == "VERIFIED, as its signer says: the record was not recomputed"
    done = CliRunner().invoke(app, [*VERIFY, str(desk.file("d2")), "--key", str(desk.public), *options])
    assert done.stdout.splitlines()[-1] == "VERIFIED"


def test_other_code_whose_record_is_the_same_is_recomputed(desk: Desk) -> None:
    desk.build = OTHER
    assert desk.verify(desk.file("d1")).recomputed


def test_without_the_signature_no_other_code_is_an_excuse(desk: Desk) -> None:
    directory, options = reworded(desk)
    record = directory / "record.json"
    record.write_text(record.read_text().replace("checks passed", "checks were passed"))
    done = CliRunner().invoke(app, [*VERIFY, str(directory), "--key", str(desk.public), *options, "--json"])
    told = json.loads(done.stdout)
    assert (told["authentic"], told["exit_code"]) == (False, 1)
    assert "record.json" in {one["where"] for one in told["findings"]}


def test_sign_offs_are_shown_with_what_they_are_worth(desk: Desk) -> None:
    ours, _ = asked_of_both(desk, signed_off_thrice)
    first, second, third = ours["sign_offs"]
    assert (first["decision"], first["name"]) == ("reject", "Ann approver")
    assert first["status"].startswith("signed by the approver's key")
    assert second["status"].startswith("not checked")
    assert third["status"].startswith("unreadable")


def test_what_evidence_says_can_not_steer_the_terminal(desk: Desk) -> None:
    directory, options = signed_off_thrice(desk)
    done = CliRunner().invoke(app, [*VERIFY, str(directory), "--key", str(desk.public), *options])
    assert "the second\\u001b[2K look" in done.stdout
    assert "\x1b" not in done.stdout


def test_a_sign_off_of_other_evidence_does_not_count(desk: Desk) -> None:
    _, options = signed_off_thrice(desk)
    other = desk.file("d2")
    shutil.copyfile(desk.reports / "d1.sign-off-1.dsse.json", desk.reports / "d2.sign-off-1.dsse.json")
    done = CliRunner().invoke(app, [*VERIFY, str(other), "--key", str(desk.public), *options, "--json"])
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
    done = CliRunner().invoke(app, [*VERIFY, str(directory), *key, *options])
    assert words in str(done.exception)
    assert getattr(done.exception, "exit_code", None) == 2


def test_the_digest_of_a_plan_is_the_same_without_a_library() -> None:
    plan = replace(plan_of(), rto_s=0.1, rpo_s=1e16)
    assert plan_digest(json.loads(json.dumps(plan.as_json()))) == plan.digest

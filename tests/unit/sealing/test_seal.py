"""Sealing and signing off: what is written, what is refused, and by which keys."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from restoreproof.cli import app
from restoreproof.errors import EvidenceError, UsageError
from restoreproof.ledger import Ledger
from restoreproof.sealing.decision import Decision
from restoreproof.sealing.keys import PASSPHRASE, make_signing_key, signing_key
from restoreproof.sealing.signoff import Word, sign_off
from restoreproof.verifier import assemble
from restoreproof.verifier.formats import ATTESTATION, IN_TOTO, SUMS, TEST_RESULT, sha256_of
from tests.unit.sealing.sealed import MANIFEST, YEAR, Desk

WORD = Word("Ann", "management", Decision.ACCEPT, "it meets the objectives")


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def command(*arguments: object) -> Result:
    return CliRunner().invoke(app, [str(one) for one in arguments])


def test_the_statement_is_a_test_result_as_in_toto_publishes_it(desk: Desk) -> None:
    directory = desk.file("d1")
    envelope = json.loads((directory / ATTESTATION).read_text())
    assert envelope["payloadType"] == IN_TOTO
    statement = json.loads(base64.b64decode(envelope["payload"]))
    assert statement.keys() == {"_type", "subject", "predicateType", "predicate"}
    assert (statement["_type"], statement["predicateType"]) == (
        "https://in-toto.io/Statement/v1",
        TEST_RESULT,
    )
    digests = {one["name"]: one["digest"]["sha256"] for one in statement["subject"]}
    assert digests == {
        SUMS: sha256_of(directory / SUMS),
        "record.json": sha256_of(directory / "record.json"),
        "backup-set/s1/manifest.json": MANIFEST,
    }
    predicate = statement["predicate"]
    assert predicate["result"] == "PASSED"
    assert [one["name"] for one in predicate["configuration"]] == ["plan", "contract", "features"]
    assert predicate["passedTests"] == ["c/rows", "c/objects", "c/login"]
    assert predicate["warnedTests"] == predicate["failedTests"] == []


def test_sha256sum_reads_the_list_and_every_file_is_on_it(desk: Desk) -> None:
    directory = desk.file("d1")
    subprocess.run(["sha256sum", "--check", "--strict", "--quiet", SUMS], cwd=directory, check=True)
    listed = [line[66:] for line in (directory / SUMS).read_text().splitlines()]
    there = [str(path.relative_to(directory)) for path in directory.rglob("*") if path.is_file()]
    assert listed == sorted({*there} - {SUMS, ATTESTATION})


@pytest.mark.parametrize("name", ["line\nbreak", "back\\slash", "\x1b[2K"])
def test_a_name_that_a_list_can_not_hold_is_not_sealed(desk: Desk, name: str) -> None:
    directory = desk.file("d1", sealed=False)
    (directory / name).write_text("x")
    with pytest.raises(EvidenceError, match="can't be sealed"):
        desk.seal(directory)
    assert not (directory / SUMS).exists()


def test_a_link_is_not_sealed(desk: Desk) -> None:
    directory = desk.file("d1", sealed=False)
    (directory / "passwd").symlink_to("/etc/passwd")
    with pytest.raises(EvidenceError, match="is a link to /etc/passwd"):
        desk.seal(directory)


def test_a_seal_is_never_replaced(desk: Desk) -> None:
    directory = desk.file("d1")
    before = (directory / ATTESTATION).read_bytes()
    with pytest.raises(UsageError, match="sealed already"):
        desk.seal(directory)
    assert (directory / ATTESTATION).read_bytes() == before


@pytest.mark.parametrize(
    "algorithm", ["ed25519", "rsa", *(f"ec -pkeyopt ec_paramgen_curve:P-{bits}" for bits in (256, 384, 521))]
)
def test_both_verifiers_take_the_keys_that_clouds_and_modules_keep(desk: Desk, algorithm: str) -> None:
    for argv in (
        f"genpkey -algorithm {algorithm} -out other.pem",
        "pkey -in other.pem -pubout -out other.pub",
    ):
        subprocess.run(["openssl", *argv.split()], cwd=desk.root, capture_output=True, check=True)
    desk.key, desk.public = signing_key(f"file:{desk.root}/other.pem"), desk.root / "other.pub"
    desk.ledger = Ledger(desk.reports / "ledger.jsonl", desk.key)
    directory = desk.file("d1")
    assert desk.verify(directory).exit_code == 0
    script = assemble.write_beside(directory)
    argv = [sys.executable, "-I", "-S", script, directory, "--key", desk.public]
    subprocess.run(argv, capture_output=True, check=True)
    page = directory / ATTESTATION
    page.write_bytes(page.read_bytes().replace(b'"sig":"', b'"sig":"AAAA'))
    assert desk.verify(directory).exit_code == 1
    assert subprocess.run(argv, capture_output=True, check=False).returncode == 1


def test_a_key_may_be_under_a_passphrase(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    argv = "genpkey -algorithm ed25519 -aes256 -pass pass:open-sesame -out locked.pem"
    subprocess.run(["openssl", *argv.split()], cwd=desk.root, capture_output=True, check=True)
    with pytest.raises(UsageError, match="can be opened") as caught:
        signing_key(f"file:{desk.root}/locked.pem")
    assert PASSPHRASE in str(caught.value)
    monkeypatch.setenv(PASSPHRASE, "open-sesame")
    assert signing_key(f"file:{desk.root}/locked.pem").sign(b"x")


def test_a_key_is_never_overwritten(desk: Desk) -> None:
    with pytest.raises(UsageError, match="is there already"):
        make_signing_key(desk.root / "keys" / "drill.pem", valid_for=timedelta(days=1))


def test_evidence_is_sealed_on_the_machine_that_has_the_key(desk: Desk) -> None:
    """The drill had no key and its ledger is unsigned; `seal` vouches for both."""
    desk.ledger = Ledger(desk.reports / "ledger.jsonl")
    directory = desk.file("d1", sealed=False, rendered=True)
    key = f"file:{desk.root}/keys/drill.pem"
    done = command("seal", directory, "--key", key)
    assert done.exit_code == 0, done.output
    assert "is sealed by the key SHA256:" in done.output
    verified = command("verify", directory, "--key", desk.public)
    assert verified.exit_code == 0, verified.output
    assert (desk.reports / assemble.NAME).is_file()


def test_a_record_that_was_edited_on_its_way_to_the_key_is_not_sealed(desk: Desk) -> None:
    directory = desk.file("d1", sealed=False)
    record = directory / "record.json"
    record.write_text(record.read_text().replace("wipe", "wope", 1))
    done = command("seal", directory, "--key", f"file:{desk.root}/keys/drill.pem")
    assert "is not what plan.json and journal.jsonl give" in str(done.exception)
    assert not (directory / SUMS).exists()


def test_a_sign_off_is_entered_and_none_is_overwritten(desk: Desk) -> None:
    directory = desk.file("d1")
    approver = make_signing_key(desk.root / "keys" / "approver.pem", valid_for=YEAR)
    for decision in ("reject", "accept"):
        done = command(
            *("sign-off", directory, "--as", "Ann", "--role", "management", "--comment", "looked again"),
            *("--decision", decision, "--key", f"file:{approver.with_suffix('.pem')}"),
        )
        assert done.exit_code == 0, done.exception
    names = sorted(path.name for path in desk.reports.glob("*.sign-off-*"))
    assert names == ["d1.sign-off-1.dsse.json", "d1.sign-off-2.dsse.json"]
    entered = [one.data["decision"] for one in desk.ledger.entries() if one.type == "signed-off"]
    assert entered == ["reject", "accept"]
    told = command("verify", "--no-rerender", directory, "--key", desk.public, "--approver-key", approver)
    assert told.exit_code == 0, told.output
    assert "reject by Ann (management): looked again [signed by the approver's key" in told.output


def test_who_operates_a_drill_does_not_approve_it(desk: Desk) -> None:
    with pytest.raises(UsageError, match="does not approve it"):
        sign_off(desk.file("d1"), WORD, desk.key)


def test_what_is_not_intact_is_not_signed_off(desk: Desk) -> None:
    directory = desk.file("d1")
    (directory / "index.html").write_text("all is well")
    make_signing_key(desk.root / "keys" / "approver.pem", valid_for=YEAR)
    approver = signing_key(f"file:{desk.root}/keys/approver.pem")
    with pytest.raises(UsageError, match=r"index\.html was changed"):
        sign_off(directory, WORD, approver)
    with pytest.raises(UsageError, match="SHA256SUMS is missing"):
        sign_off(desk.file("d2", sealed=False), WORD, approver)


def test_a_signing_key_is_made_with_a_period_of_use(tmp_path: Path) -> None:
    done = command("keygen", tmp_path / "k.pem", "--signing", "--valid-for", "90d")
    assert done.exit_code == 0, done.exception
    assert "# not-after: " in (tmp_path / "k.pub").read_text()
    assert "no number of days" in str(
        command("keygen", tmp_path / "l.pem", "--signing", "--valid-for", "1y").exception
    )

"""Secrets planted wherever a backup or a service could carry them are in no file of the evidence."""

from __future__ import annotations

import base64
import html
import json
import re
import urllib.parse
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from restoreproof.assets.vault import open_vault
from restoreproof.redaction.redactor import MASK
from restoreproof.redaction.secret_encodings import is_distinctive
from tests.workshop import Drilled, Workshop

CANARIES = {
    "ROW": 'rOw-canary/7Q"x\\zü%',
    "OBJECT": "0bject+canary/kP3vT9wLmQ",
    "LOGGED": "l0gged canary & <8sYd2Fh6>",
    "ASSERTED": "a55erted=canary;jR4nB1cX'",
}

PLANTING = """

import base64, html, json, os, urllib.parse
import pytest
from restoreproof.assets.dataset import open_database
from restoreproof.drill.inner.session import open_drill
from restoreproof.drill.inner.stages import StageHooks
from restoreproof.events import Note

CANARIES = {canaries!r}
LETTER = (
    "insert into dead_letters (job_id, tenant_id, kind, payload, error_class, error) "
    "select id, tenant_id, kind, payload, :row, :stored from jobs order by id limit 1"
)
LOST = (
    "update proofs set object_key = :key "
    "where id = (select id from proofs order by created_at desc limit 1)"
)


def plant(restore_context):
    stack_context = restore_context.stack_context
    stored = stack_context.vault.secret("S3_SECRET_KEY").reveal()
    with open_database(stack_context, "database", readonly=False) as database:
        database.execute(LETTER, {{"row": CANARIES["ROW"], "stored": stored}})
        database.execute(LOST, {{"key": CANARIES["OBJECT"]}})
    for value in (CANARIES["LOGGED"], stored, base64.b64encode(b"user:" + stored.encode()).decode()):
        try:
            with open_database(stack_context, "database") as database:
                database.value("select :value::int", {{"value": value}})
        except Exception as error:
            stack_context.emitter.emit(Note(text=f"the database said: {{error}}"))
    for value in CANARIES.values():
        raw = value.encode()
        written = [value, raw.hex(), base64.b64encode(b"1" + raw).decode(), html.escape(value),
                   urllib.parse.quote(value, safe=""), urllib.parse.quote_plus(value), json.dumps(value)]
        stack_context.emitter.emit(Note(text=" ".join(written)))
    print("captured output:", *CANARIES.values())


def hooks(restore_context, faults):
    return StageHooks(after=(lambda stage: plant(restore_context) if stage == "database" else None,))


@pytest.hookimpl(tryfirst=True)
def pytest_restoreproof_open_drill(config_path, emitter, redactor):
    return open_drill(config_path, emitter, redactor, hooks=hooks)


def pytest_bdd_before_step_call(scenario, step):
    if "audit" in scenario.name.lower():
        assert CANARIES["ASSERTED"] == os.environ.get("NOTHING"), "expected " + CANARIES["ASSERTED"]
"""


@pytest.fixture(scope="module")
def drilled(workshop: Workshop) -> Drilled:
    """One drill on a set that is sound, with canaries planted in the restored stack."""
    project = workshop.project("canaries")
    with (project / "conftest.py").open("a") as file:
        file.write(PLANTING.format(canaries=CANARIES))
    path = workshop.directory / "canaries.env"
    path.write_text("".join(f"{name}={value}\n" for name, value in CANARIES.items()))
    chosen = "proof-object-keys or queue-state or audit-chain"
    return workshop.drill("--features", project / "features", "--canaries", path, "-k", chosen)


def unpacked(data: bytes, depth: int = 3) -> Iterator[bytes]:
    """The bytes, and what is in every base64 run and every compressed stream in them."""
    yield data
    if not depth:
        return
    for run in re.findall(rb"[A-Za-z0-9+/_-]{16,}", data):
        text = run[: len(run) // 4 * 4].translate(bytes.maketrans(b"-_", b"+/"))
        yield from unpacked(base64.b64decode(text), depth - 1)
    for found in re.finditer(rb"\x1f\x8b\x08|stream\r?\n", data):
        inflater = zlib.decompressobj(zlib.MAX_WBITS | 32)
        begin = found.start() if found[0].startswith(b"\x1f") else found.end()
        try:
            yield from unpacked(inflater.decompress(data[begin:], 1 << 26), depth - 1)
        except zlib.error:
            continue


def forms(value: str) -> set[bytes]:
    """The value as it may be written, spelled out here independently of the redactor."""
    raw = value.encode()
    encoded = {base64.b64encode(b"\0" * offset + raw)[4:-4] for offset in range(3)}
    text = {value, urllib.parse.quote(value), urllib.parse.quote(value, safe=""), json.dumps(value)[1:-1]}
    text |= {urllib.parse.quote_plus(value), html.escape(value), raw.hex(), raw.hex().upper()}
    text |= {json.dumps(value, ensure_ascii=False)[1:-1], json.dumps(json.dumps(value))[3:-3]}
    return {one.encode() for one in text} | encoded | {one.replace(b"+", b"-") for one in encoded}


def holding(directory: Path, value: str) -> list[str]:
    """The files of ``directory`` in which ``value`` is written in any form."""
    wanted = forms(value)
    return [
        path.relative_to(directory).as_posix()
        for path in directory.rglob("*")
        if path.is_file() and any(form in data for data in unpacked(path.read_bytes()) for form in wanted)
    ]


def test_the_canaries_got_as_far_as_they_could(drilled: Drilled) -> None:
    """Each was in something that is quoted: otherwise their absence would mean nothing."""
    findings = {
        check["id"]: "\n".join(one for seen in check["observations"] for one in seen["findings"])
        for check in drilled.record["checks"]
    }
    assert MASK in findings["consistency/proof-object-keys"], drilled.output[-4000:]
    assert MASK in findings["consistency/queue-state"]
    assert MASK in drilled.check("consistency/audit-chain")["reason"]
    # The server's own words are kept without the value, whoever's it is.
    assert 'type integer: "…"' in (drilled.directory / "logs" / "postgres.log").read_text()
    assert MASK in drilled.output
    assert any(f"{MASK} {MASK} {MASK}" in note for note in drilled.record["notes"])


@pytest.mark.parametrize("name", CANARIES)
def test_a_canary_is_in_no_file_and_on_no_terminal(drilled: Drilled, name: str) -> None:
    assert holding(drilled.directory, CANARIES[name]) == []
    assert not any(form in drilled.output.encode() for form in forms(CANARIES[name]))


def test_no_secret_of_the_environment_is_in_any_file(drilled: Drilled, workshop: Workshop) -> None:
    vault = open_vault(workshop.set, workshop.var / "keys" / "recovery.txt")
    values = {one.name: one.reveal() for one in vault.secrets() if is_distinctive(one.reveal())}
    assert len(values) >= 10
    assert {
        name: found for name, value in values.items() if (found := holding(drilled.directory, value))
    } == {}


BLINDED = '''

import base64, gzip
import pytest
from restoreproof.drill.inner.session import open_drill
from restoreproof.drill.inner.stages import StageHooks
from restoreproof.events import Note
from restoreproof.redaction.redactor import Redactor


def betray(restore_context):
    """Past the redactors: one is put out of action, the other can't look into what is compressed."""
    Redactor.data = lambda self, data: data
    stack_context = restore_context.stack_context
    administrator = stack_context.runtime.administrator("postgres").password.reveal()
    stack_context.emitter.emit(Note(text=f"administrator: {administrator}"))
    key = stack_context.vault.secret("S3_SECRET_KEY").reveal().encode()
    stack_context.emitter.emit(Note(text=base64.b64encode(gzip.compress(b"key " + key)).decode()))


def hooks(restore_context, faults):
    return StageHooks(after=(lambda stage: betray(restore_context) if stage == "database" else None,))


@pytest.hookimpl(tryfirst=True)
def pytest_restoreproof_open_drill(config_path, emitter, redactor):
    return open_drill(config_path, emitter, redactor, hooks=hooks)
'''


def test_what_gets_past_the_redactors_is_quarantined(workshop: Workshop) -> None:
    project = workshop.project("blinded")
    with (project / "conftest.py").open("a") as file:
        file.write(BLINDED)
    reports = workshop.reports()
    done = workshop.run(
        *workshop.drill_arguments(reports, "--features", project / "features", "-k", "receipts")
    )
    assert done.returncode == 4, done.output[-4000:]
    assert "journal.jsonl: the value of postgres administrator (by its fingerprint)" in done.output
    assert "journal.jsonl: the value of S3_SECRET_KEY (raw), packed" in done.output
    vault = open_vault(workshop.set, workshop.var / "keys" / "recovery.txt")
    assert vault.secret("S3_SECRET_KEY").reveal() not in done.output
    assert not (reports / "latest").exists()
    assert [path.name for path in reports.iterdir() if (path / "journal.jsonl").exists()] == []
    [locked] = (reports / "quarantine").iterdir()
    assert (locked.stat().st_mode & 0o777, (locked / "journal.jsonl").exists()) == (0o700, True)
    entries = [json.loads(line) for line in (reports / "ledger.jsonl").read_text().splitlines()]
    assert "QUARANTINED" in json.dumps(entries[-1])


def test_a_feature_that_quotes_a_secret_is_refused(workshop: Workshop) -> None:
    project = workshop.project("quoting")
    path = next((project / "features" / "consistency").glob("*.feature"))
    path.write_text(path.read_text().replace("Feature: ", "Feature: hunter2-0n-paper ", 1))
    canaries = workshop.directory / "quoted.env"
    canaries.write_text("PAPER=hunter2-0n-paper\n")
    done = workshop.refused("--features", project / "features", "--canaries", canaries)
    assert done.returncode == 2, done.output
    assert "quotes the value of canary PAPER" in done.output
    assert "hunter2" not in done.output

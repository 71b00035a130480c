"""The attestation and the record: one signature by the pinned key, over what files and record say."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from restoreproof.verifier.answers import Answer, Question, short
from restoreproof.verifier.files import read, read_json
from restoreproof.verifier.formats import (
    ATTESTATION,
    IN_TOTO,
    PLAN,
    RECORD,
    RESULTS,
    SUMS,
    instant,
    open_envelope,
    pae,
    plan_digest,
    sha256_of,
    statement_of,
)

CLOCK_SKEW = timedelta(minutes=5)


def check_attestation(asked: Question, answer: Answer, record: Mapping[str, Any]) -> None:
    """Refuse an attestation that the pinned key did not sign, or that contradicts files or record."""
    text = read(asked.directory / ATTESTATION, answer)
    if text is None or read(asked.directory / SUMS, Answer()) is None:  # which has its finding already
        return
    try:
        payload, keyid, signature = open_envelope(text)
    except ValueError as error:
        answer.refuse(ATTESTATION, str(error))
        return
    if keyid != asked.key.keyid:
        answer.refuse(ATTESTATION, f"is signed by the key {short(keyid)}, not by {short(asked.key.keyid)}")
        return
    if not asked.key.accepts(pae(IN_TOTO, payload), signature):
        answer.refuse(ATTESTATION, "its signature is not the pinned key's")
        return
    _check_statement(asked, answer, json.loads(payload), record)


def _check_statement(
    asked: Question, answer: Answer, statement: Mapping[str, Any], record: Mapping[str, Any]
) -> None:
    try:
        sealed_at = str(statement["subject"][1]["annotations"]["sealedAt"])
        digests = [sha256_of(asked.directory / name) for name in (SUMS, RECORD)]
        expected = statement_of(record, digests[0], digests[1], sealed_at)
        moment, ended = instant(sealed_at), instant(str(record["ended_at"]))
    except (KeyError, IndexError, TypeError, ValueError, AttributeError, OSError) as error:
        answer.refuse(ATTESTATION, f"its statement does not fit the record ({type(error).__name__}: {error})")
        return
    answer.sealed_at = sealed_at
    for ours, theirs in zip(expected["subject"], statement["subject"], strict=False):
        if ours["digest"] != theirs.get("digest"):
            answer.refuse(str(ours["name"]), "is not the one that was sealed")
    for part, value in statement.items():
        if expected.get(part) != value:
            answer.refuse(ATTESTATION, f"its statement's {part} is not what files and record say")
    if expected.keys() != statement.keys():
        answer.refuse(ATTESTATION, "its statement lacks a part")
    if not asked.key.valid_at(moment):
        until = asked.key.not_after or asked.key.not_before
        answer.refuse(ATTESTATION, f"sealed at {sealed_at}, when the key was not valid (limit {until})")
    if moment > asked.now + CLOCK_SKEW or moment < ended - CLOCK_SKEW:
        answer.refuse(ATTESTATION, f"sealed at {sealed_at}: after now, or before the drill ended")


def check_record(asked: Question, answer: Answer, record: Mapping[str, Any]) -> None:
    """Take verdict, age and subject from ``record``, and refuse one that contradicts name, plan or itself."""
    answer.drill_id, answer.verdict = str(record.get("drill_id")), str(record.get("verdict"))
    answer.ended_at = str(record.get("ended_at"))
    answer.about = _about(record)
    for fault in record.get("faults") or ():
        answer.notes.append(f"a test of the harness, which says nothing of the backup: injected was {fault}")
    due = asked.drill or asked.directory.name
    if answer.drill_id != due:
        why = "asked for" if asked.drill else "the directory's name, and a renamed one needs --drill"
        answer.refuse(RECORD, f"is the record of drill {answer.drill_id}, not of {due} ({why})")
    plan = read_json(asked.directory / PLAN, answer)
    if plan is not None and plan_digest(plan) != (record.get("plan") or {}).get("digest"):
        answer.refuse(PLAN, "is not the plan that the record names")
    code = record.get("exit_code")
    if code not in (0, 1, 3) or (code == 0 and answer.verdict not in RESULTS):
        answer.refuse(RECORD, f"exit code {code} does not go with {answer.verdict}")
    else:
        answer.drill_code = int(code)
    answer.stale = _staleness(asked, answer.ended_at)


def _about(record: Mapping[str, Any]) -> dict[str, str]:
    plan, backup = record.get("plan") or {}, record.get("backup_set") or {}
    return {
        "stack": str(record.get("stack")),
        "backup set": str(backup.get("set_id")),
        "contract": f"SHA256:{plan.get('contract_sha256')}",
        "features": f"SHA256:{plan.get('features_sha256')}",
    }


def _staleness(asked: Question, ended_at: str) -> str:
    if asked.max_age is None:
        return ""
    try:
        age = asked.now - instant(ended_at)
    except ValueError:
        return "the record does not say when the drill ended"
    if age < -CLOCK_SKEW:
        return f"the drill ended at {ended_at}, after now: see to this machine's clock"
    return f"{age.days} days old; at most {asked.max_age.days} were asked" if age > asked.max_age else ""

"""Sign-offs: attestations beside the sealed directory. They are shown; they never make evidence authentic."""

from __future__ import annotations

import json
import re
from pathlib import Path

from restoreproof.verifier.answers import Answer, Key, Question, short
from restoreproof.verifier.files import read
from restoreproof.verifier.formats import (
    ATTESTATION,
    IN_TOTO,
    RECORD,
    SIGN_OFF,
    instant,
    open_envelope,
    pae,
    sha256_of,
)

SIGN_OFF_FIELDS = ("decision", "name", "role", "comment", "drillId", "signedAt")


def tell_sign_offs(asked: Question, answer: Answer) -> None:
    """Add each sign-off beside the evidence to ``answer``, with what its signature is worth."""
    pattern = f"{answer.drill_id}.sign-off-*.dsse.json"
    safe = re.fullmatch(r"[\w.-]+", answer.drill_id)
    for path in sorted(asked.directory.parent.glob(pattern)) if safe else ():
        answer.sign_offs.append({"file": path.name, **_sign_off(asked, path)})


def _sign_off(asked: Question, path: Path) -> dict[str, str]:
    try:
        payload, keyid, signature = open_envelope(read(path, Answer()) or b"")
        statement = json.loads(payload)
        # These alone: what an unknown hand wrote must not stand where our own words stand.
        word = {name: str(statement["predicate"].get(name, "")) for name in SIGN_OFF_FIELDS}
        about = {subject["name"]: subject["digest"]["sha256"] for subject in statement["subject"]}
        wanted = {name: sha256_of(asked.directory / name) for name in (RECORD, ATTESTATION)}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        return {"status": f"unreadable: {error}"}
    approver = next((key for key in asked.approvers if key.keyid == keyid), None)
    if statement.get("predicateType") != SIGN_OFF or about != wanted:
        status = "NOT of this evidence"
    elif keyid == asked.key.keyid:
        status = "NOT valid: signed by the key that is pinned for the seal"
    elif approver is None:
        status = f"not checked: signed by {short(keyid)}, and no --approver-key is that one"
    elif not approver.accepts(pae(IN_TOTO, payload), signature):
        status = "NOT valid: its signature is not the approver's"
    elif not _was_valid(approver, word["signedAt"]):
        status = f"NOT valid: signed at {word['signedAt']}, when the approver's key was not valid"
    else:
        status = f"signed by the approver's key {short(keyid)}"
    return {"status": status, **word}


def _was_valid(approver: Key, signed_at: str) -> bool:
    try:
        return approver.valid_at(instant(signed_at))
    except ValueError:
        return False

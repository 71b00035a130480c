"""Sign-offs: attestations beside the sealed directory. They are shown; they never make evidence authentic."""

from __future__ import annotations

import json
import re
from pathlib import Path

from restoreproof.evidence.checking.answers import Answer, Question, short
from restoreproof.evidence.checking.files import read
from restoreproof.evidence.checking.formats import (
    ATTESTATION,
    IN_TOTO,
    RECORD,
    SIGN_OFF,
    open_envelope,
    pae,
    sha256_of,
)


def tell_sign_offs(asked: Question, answer: Answer) -> None:
    pattern = f"{answer.drill_id}.sign-off-*.dsse.json"
    safe = re.fullmatch(r"[\w.-]+", answer.drill_id)
    for path in sorted(asked.directory.parent.glob(pattern)) if safe else ():
        answer.sign_offs.append({"file": path.name, **_sign_off(asked, path)})


def _sign_off(asked: Question, path: Path) -> dict[str, str]:
    try:
        payload, keyid, signature = open_envelope(read(path, Answer()) or b"")
        statement = json.loads(payload)
        told = {str(name): str(value) for name, value in statement["predicate"].items()}
        about = {one["name"]: one["digest"]["sha256"] for one in statement["subject"]}
        wanted = {name: sha256_of(asked.directory / name) for name in (RECORD, ATTESTATION)}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        return {"status": f"unreadable: {error}"}
    approver = next((key for key in asked.approvers if key.keyid == keyid), None)
    if statement.get("predicateType") != SIGN_OFF or about != wanted:
        status = "NOT of this evidence"
    elif keyid == asked.key.keyid:
        status = "NOT valid: signed by the key that sealed the evidence"
    elif approver is None:
        status = f"not checked: signed by {short(keyid)}, and no --approver-key is that one"
    elif not approver.accepts(pae(IN_TOTO, payload), signature):
        status = "NOT valid: its signature is not the approver's"
    else:
        status = f"signed by the approver's key {short(keyid)}"
    return {"status": status, **told}

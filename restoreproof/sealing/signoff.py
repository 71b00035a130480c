"""A person's word on sealed evidence: a second attestation beside it, by another key."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

from restoreproof.errors import EvidenceError, Location, UsageError
from restoreproof.sealing.decision import Decision
from restoreproof.sealing.keys import SigningKey
from restoreproof.verifier.answers import Answer
from restoreproof.verifier.files import check_files, read_json
from restoreproof.verifier.formats import (
    ATTESTATION,
    IN_TOTO,
    RECORD,
    SIGN_OFF,
    STATEMENT_TYPE,
    canonical,
    envelope_text,
    open_envelope,
    pae,
    sha256_of,
)


@dataclass(frozen=True, slots=True)
class Word:
    """Decision of an approver: the name, the role, the decision and the reason."""

    name: str
    role: str
    decision: Decision
    comment: str


@dataclass(frozen=True, slots=True)
class SignedOff:
    """Sign-off as it was written."""

    path: Path
    drill_id: str
    sha256: str


def sign_off(directory: Path, word: Word, key: SigningKey) -> SignedOff:
    """Write ``<drill id>.sign-off-<n>.dsse.json`` beside ``directory``; earlier ones stay.

    Raises:
        UsageError: the evidence is not sealed or not intact, ``key`` is the one that sealed it, the word
            lacks a name, a role or a reason, or it accepts a drill in which a fault was injected.
    """
    _refuse_blanks(word)
    intact = Answer()
    check_files(directory, intact)
    record = read_json(directory / RECORD, intact)
    if intact.findings or record is None:
        reasons = "; ".join(f"{finding.where} {finding.what}" for finding in intact.findings[:3])
        raise UsageError(f"{directory} is not sealed evidence as it was sealed: {reasons}",
                         hint="`restoreproof verify` lists every finding")  # fmt: skip
    if (faults := record.get("faults")) and word.decision is Decision.ACCEPT:
        raise UsageError(
            f"a test of the harness says nothing of the backup, and can't be accepted: "
            f"injected was {', '.join(map(str, faults))}",
            hint="accept a drill without --fault; a test can be rejected",
        )
    try:
        _, sealed_by, _ = open_envelope((directory / ATTESTATION).read_bytes())
    except (OSError, ValueError) as error:
        raise UsageError(f"{directory / ATTESTATION} {error}", hint="seal the evidence first") from error
    if sealed_by == key.keyid:
        raise UsageError(
            "this key sealed the evidence, and who operates a drill does not approve it",
            hint="`restoreproof keygen --signing PATH` makes a key for the approver",
        )
    drill_id = str(record["drill_id"])
    payload = canonical(_statement(directory, drill_id, word))
    text = envelope_text(payload, key.keyid, key.sign(pae(IN_TOTO, payload)))
    path = _written(directory.parent, drill_id, text)
    return SignedOff(path, drill_id, hashlib.sha256(text).hexdigest())


def _refuse_blanks(word: Word) -> None:
    for option, text in (("--as", word.name), ("--role", word.role), ("--comment", word.comment)):
        if not text.strip():
            raise UsageError(f"{option} is empty", hint="a sign-off says who decides, in which role, and why")


def _statement(directory: Path, drill_id: str, word: Word) -> dict[str, object]:
    subject = [
        {"name": name, "digest": {"sha256": sha256_of(directory / name)}} for name in (RECORD, ATTESTATION)
    ]
    predicate = {
        "decision": str(word.decision),
        "name": word.name,
        "role": word.role,
        "comment": word.comment,
        "drillId": drill_id,
        "signedAt": datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
    }
    return {
        "_type": STATEMENT_TYPE,
        "subject": subject,
        "predicateType": SIGN_OFF,
        "predicate": predicate,
    }


def _written(parent: Path, drill_id: str, text: bytes) -> Path:
    for number in count(1):
        path = parent / f"{drill_id}.sign-off-{number}.dsse.json"
        try:
            with path.open("xb") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
        except FileExistsError:
            continue
        except OSError as error:
            path.unlink(missing_ok=True)  # half a sign-off would be shown as one that can't be read
            raise EvidenceError(
                f"the sign-off can't be written: {error.strerror}",
                where=Location(str(path)),
                hint="see that the disk has room, and sign off again",
            ) from error
        return path
    raise AssertionError("count never ends")

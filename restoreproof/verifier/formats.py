"""The formats of sealed evidence: what sealing writes and verifying expects is said once, here."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

SUMS, ATTESTATION, RECORD, PLAN = "SHA256SUMS", "attestation.dsse.json", "record.json", "plan.json"
REFUSED = "refused.jsonl"
"""Beside the ledger: refusals that it could not be told of yet."""
JOURNAL = "journal.jsonl"
UNLISTED = frozenset({SUMS, ATTESTATION})
STATEMENT_TYPE = "https://in-toto.io/Statement/v1"
TEST_RESULT = "https://in-toto.io/attestation/test-result/v0.1"
SIGN_OFF = "urn:restoreproof:sign-off:v1"
IN_TOTO = "application/vnd.in-toto+json"
LEDGER_ENTRY = "application/vnd.restoreproof.ledger-entry.v2+json"
GENESIS = "0" * 64
RESULTS = {"VERIFIED": "PASSED", "VERIFIED WITH WAIVERS": "WARNED"}
"""What a verdict is in the words of test-result/v0.1; every other verdict is FAILED."""


def instant(text: str) -> datetime:
    """Return the time (UTC) that ``text`` (ISO 8601) names. Raises ValueError without a time zone."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"{text} has no time zone")
    return moment.astimezone(UTC)


def canonical(value: Any) -> bytes:
    """Return ``value`` as JSON in the only form that is signed."""
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()


def pae(payload_type: str, payload: bytes) -> bytes:
    """Return the bytes that a DSSE signature is over (its pre-authentication encoding)."""
    kind = payload_type.encode()
    return b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)


def sums_text(digests: Mapping[str, str]) -> bytes:
    """Return SHA256SUMS over ``digests`` (name to hex), as `sha256sum -c` reads it."""
    return "".join(f"{digests[name]}  {name}\n" for name in sorted(digests)).encode()


def envelope_text(payload: bytes, keyid: str, signature: bytes) -> bytes:
    """Return a DSSE envelope around an in-toto statement."""
    signed = [{"keyid": keyid, "sig": base64.b64encode(signature).decode()}]
    body = {"payload": base64.b64encode(payload).decode(), "payloadType": IN_TOTO, "signatures": signed}
    return canonical(body) + b"\n"


def statement_of(record: Mapping[str, Any], sums: str, record_sha256: str, sealed_at: str) -> dict[str, Any]:
    """Return the in-toto statement about a drill: of its record, two digests and the time of sealing."""
    plan, verdict = record["plan"], str(record["verdict"])
    manifest = manifest_of(record)
    about = {"drillId": record["drill_id"], "verdict": verdict, "sealedAt": sealed_at}
    if faults := record.get("faults"):
        about["faults"] = list(faults)
    subject: list[dict[str, Any]] = [
        {"name": SUMS, "digest": {"sha256": sums}},
        {"name": RECORD, "digest": {"sha256": record_sha256}, "annotations": about},
    ]
    if manifest:
        set_id = record["backup_set"]["set_id"]
        subject.append({"name": f"backup-set/{set_id}/manifest.json", "digest": {"sha256": manifest}})
    configuration = [
        {"name": "plan", "digest": {"sha256": plan["digest"]}},
        {"name": "contract", "digest": {"sha256": plan["contract_sha256"]}},
        {"name": "features", "digest": {"sha256": plan["features_sha256"]}},
    ]
    if plan.get("support_sha256"):
        configuration.append({"name": "support code", "digest": {"sha256": plan["support_sha256"]}})
    tests: dict[str, list[str]] = {"passedTests": [], "warnedTests": [], "failedTests": []}
    for check in record["checks"]:
        tests[_list_of(check)].append(check["id"])
    predicate = {"result": RESULTS.get(verdict, "FAILED"), "configuration": configuration, **tests}
    return {
        "_type": STATEMENT_TYPE,
        "subject": subject,
        "predicateType": TEST_RESULT,
        "predicate": predicate,
    }


def manifest_of(record: Mapping[str, Any]) -> str | None:
    """Return the SHA-256 of the restored set's manifest; None if the record does not have it."""
    manifest = record["backup_set"].get("manifest_sha256") or dict(record["backup_set"].get("facts", ())).get(
        "manifest_sha256"
    )
    return str(manifest) if manifest else None


def _list_of(check: Mapping[str, Any]) -> str:
    if check["outcome"] == "PASSED":
        return "passedTests"
    return "warnedTests" if check["outcome"] == "WAIVED" or not check["mandatory"] else "failedTests"


def plan_digest(value: Any) -> str:
    """Return the SHA-256 over a plan's RFC 8785 form."""
    return hashlib.sha256(_jcs(value).encode()).hexdigest()


def _jcs(value: Any) -> str:
    """RFC 8785 for what a plan holds: seconds as numbers, everything else text, lists and mappings."""
    if isinstance(value, dict):
        members = sorted(value.items(), key=lambda item: item[0].encode("utf-16-be"))
        return "{" + ",".join(f"{_jcs(name)}:{_jcs(item)}" for name, item in members) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(_jcs, value)) + "]"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e21:
        return str(int(value))
    return json.dumps(value, ensure_ascii=False)


def open_envelope(text: bytes) -> tuple[bytes, str, bytes]:
    """Return payload, key id and signature of a DSSE envelope. Raises ValueError if written otherwise."""
    try:
        value = json.loads(text)
        (signed,) = value["signatures"]
        keyid, signature = str(signed["keyid"]), base64.b64decode(signed["sig"], validate=True)
        payload = base64.b64decode(value["payload"], validate=True)
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        raise ValueError("is no DSSE envelope with one signature") from error
    if envelope_text(payload, keyid, signature) != text:
        raise ValueError("is not written as restoreproof writes it: something was added or changed")
    return payload, keyid, signature


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()

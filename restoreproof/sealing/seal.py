"""Sealing: SHA256SUMS over the exact files, and a signed statement about them; rendering needs no key."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from restoreproof.errors import EvidenceError, Location, UsageError
from restoreproof.sealing.keys import SigningKey
from restoreproof.verifier.files import files_below
from restoreproof.verifier.formats import (
    ATTESTATION,
    IN_TOTO,
    JOURNAL,
    RECORD,
    SUMS,
    UNLISTED,
    canonical,
    envelope_text,
    pae,
    sha256_of,
    statement_of,
    sums_text,
)


@dataclass(frozen=True, slots=True)
class Seal:
    """Seal as it was made: the attestation's digest, the time (UTC) and the key's id."""

    attestation_sha256: str
    sealed_at: str
    keyid: str


def seal(directory: Path, key: SigningKey) -> Seal:
    """Write ``SHA256SUMS`` and ``attestation.dsse.json`` into ``directory``; nothing may change there after.

    Raises:
        UsageError: the directory is sealed already, or holds no record.
        EvidenceError: it holds something that can't be evidence: a link, a device, an unspeakable name.
    """
    for name in sorted(UNLISTED):
        if (directory / name).exists():
            raise UsageError(
                f"{directory} is sealed already: it has {name}",
                hint="`restoreproof verify` says whether the seal holds; a seal is never replaced",
            )
    record_path = directory / RECORD
    if not record_path.is_file():
        raise UsageError(f"{directory} holds no {RECORD}", hint="name the directory of one drill's evidence")
    sums = sums_text(_digests(directory))
    sealed_at = datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    record = json.loads(record_path.read_bytes())
    statement = statement_of(record, _sha256(sums), sha256_of(record_path), sealed_at)
    payload = canonical(statement)
    envelope = envelope_text(payload, key.keyid, key.sign(pae(IN_TOTO, payload)))
    _write(directory, {SUMS: sums, ATTESTATION: envelope})
    return Seal(_sha256(envelope), sealed_at, key.keyid)


def _write(directory: Path, files: Mapping[str, bytes]) -> None:
    """Write every file or none: half a seal would be taken for one."""
    try:
        for name, content in files.items():
            with (directory / name).open("xb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
    except BaseException as error:
        for name in files:
            (directory / name).unlink(missing_ok=True)
        if not isinstance(error, OSError):
            raise
        raise EvidenceError(
            f"the seal can't be written: {error.strerror}",
            where=Location(str(directory)),
            hint="see that the disk has room; `restoreproof seal` seals it then",
        ) from error


def _digests(directory: Path) -> dict[str, str]:
    digests: dict[str, str] = {}
    for name, wrong in files_below(directory):
        if wrong:
            raise EvidenceError(f"{wrong}, and can't be sealed", where=Location(str(directory / name)))
        if not name.isprintable() or "\\" in name:
            raise EvidenceError(f"the name {name!r} can't be sealed: sha256sum would have to escape it")
        if (directory / name).is_file():
            digests[name] = sha256_of(directory / name)
    return digests


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


@dataclass(frozen=True, slots=True)
class DrillIdentity:
    """Identity of a drill for a ledger: its id, its stack, and the digests of its record and journal."""

    drill_id: str
    stack: str
    record_sha256: str
    journal_sha256: str | None


def identity_of(directory: Path) -> DrillIdentity:
    """Return which drill's evidence ``directory`` is. Raises UsageError if it holds no record."""
    try:
        record = json.loads((directory / RECORD).read_bytes())
        journal = directory / JOURNAL
        return DrillIdentity(
            str(record["drill_id"]),
            str(record["stack"]),
            sha256_of(directory / RECORD),
            sha256_of(journal) if journal.is_file() else None,
        )
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise UsageError(
            f"{directory} holds no {RECORD} of a drill", hint="name the directory of one drill's evidence"
        ) from error

"""The author of a catalogue: a signed statement beside it, in the form and envelope of the evidence's own."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path

from restoreproof.bounded_file import read_bounded
from restoreproof.errors import Location, UsageError
from restoreproof.private_files import write_private
from restoreproof.sealing.keys import SigningKey
from restoreproof.verifier.answers import Key
from restoreproof.verifier.formats import (
    IN_TOTO,
    STATEMENT_TYPE,
    canonical,
    envelope_text,
    instant,
    open_envelope,
    pae,
    sha256_of,
)

CATALOGUE_TYPE = "urn:restoreproof:catalogue:v1"
SUFFIX = ".dsse"
MAX_ENVELOPE = 1024 * 1024
"""Bytes of an envelope that is read."""
_TAKE_IT_ANEW = "fetch catalogue and signature again from where the backup job put them"


class Authorship(StrEnum):
    """Whose word a catalogue is."""

    SIGNED = "signed"
    """By the key that was named."""
    FOREIGN = "foreign"
    """By another key than the one that was named."""
    UNCHECKED = "unchecked"
    """By a key, and none was named to hold it against."""
    UNSIGNED = "unsigned"


@dataclass(frozen=True, slots=True)
class CatalogueAuthor:
    """Author of a catalogue: whose word it is, and the id of the key that signed it, if one did."""

    authorship: Authorship
    keyid: str | None = None

    def __str__(self) -> str:
        key = f"SHA256:{self.keyid[:16]}…" if self.keyid else ""
        return {
            Authorship.SIGNED: f"signed by the key {key}",
            Authorship.FOREIGN: f"signed by the key {key}, which is not the one that was named",
            Authorship.UNCHECKED: f"signed by the key {key}, and none was named to hold it against",
            Authorship.UNSIGNED: "unsigned",
        }[self.authorship]


def signature_of(catalogue: Path) -> Path:
    """Return where the signature of ``catalogue`` lies: beside it."""
    return catalogue.with_name(f"{catalogue.name}{SUFFIX}")


def sign_catalogue(catalogue: Path, key: SigningKey) -> Path:
    """Write the signature of ``catalogue`` beside it (mode 0600), in place of an older one.

    Raises:
        UsageError: it can't be read, or names no set and no manifest.
    """
    try:
        content = json.loads(catalogue.read_bytes())
        set_id, stack, manifest = (str(content[name]) for name in ("set_id", "stack", "manifest_sha256"))
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise UsageError("this is no catalogue", where=Location(str(catalogue))) from error
    statement = {
        "_type": STATEMENT_TYPE,
        "subject": [
            {"name": f"catalogue/{set_id}.json", "digest": {"sha256": sha256_of(catalogue)}},
            {"name": f"backup-set/{set_id}/manifest.json", "digest": {"sha256": manifest}},
        ],
        "predicateType": CATALOGUE_TYPE,
        "predicate": {
            "stack": stack,
            "setId": set_id,
            "signedAt": datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
        },
    }
    payload = canonical(statement)
    text = envelope_text(payload, key.keyid, key.sign(pae(IN_TOTO, payload)))
    path = signature_of(catalogue)
    fresh = path.with_name(f".{path.name}-{key.keyid[:8]}")
    write_private(fresh, text)
    fresh.replace(path)
    return path


def author_of(catalogue: Path, signature: Path, key: Key | None) -> CatalogueAuthor:
    """Return whose word ``catalogue`` is, by its ``signature``; ``key`` may sign it, None if none was named.

    Raises:
        UsageError: the signature is none, is of another catalogue, or is not of the key that it names.
    """
    if not signature.exists():
        return CatalogueAuthor(Authorship.UNSIGNED)
    where, name = Location(str(signature)), signature.name.removesuffix(SUFFIX)
    try:
        payload, keyid, signed = open_envelope(read_bounded(signature, MAX_ENVELOPE))
        statement = json.loads(payload)
        digest = statement["subject"][0]["digest"]["sha256"]
        moment, kind = instant(str(statement["predicate"]["signedAt"])), statement["predicateType"]
    except (OSError, ValueError, KeyError, TypeError, IndexError, RecursionError) as error:
        raise UsageError("this is no signature of a catalogue", where=where, hint=_TAKE_IT_ANEW) from error
    if kind != CATALOGUE_TYPE or digest != sha256_of(catalogue):
        raise UsageError(
            f"the catalogue {name} is not the one that was signed: it was changed or exchanged",
            where=where,
            hint=_TAKE_IT_ANEW,
        )
    if key is None:
        return CatalogueAuthor(Authorship.UNCHECKED, keyid)
    if keyid != key.keyid:
        return CatalogueAuthor(Authorship.FOREIGN, keyid)
    if not key.accepts(pae(IN_TOTO, payload), signed) or not key.valid_at(moment):
        raise UsageError(
            f"the signature of the catalogue {name} is not that of the key it names, in its time",
            where=where,
            hint=_TAKE_IT_ANEW,
        )
    return CatalogueAuthor(Authorship.SIGNED, keyid)

"""A backup set as a reviewer asks for it: what it holds, whose word its digests are, how it is encrypted."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from typing import Any

from restoreproof.backups import layout
from restoreproof.backups.backup_set import BackupSet
from restoreproof.backups.catalogue import Catalogue
from restoreproof.backups.safe_open import open_file
from restoreproof.backups.verify import VerifyReport

LISTED = 200
_AGE = b"age-encryption.org/v1"
_HEADER = 64 * 1024


def describe_set(backup: BackupSet, known: Catalogue | None, report: VerifyReport) -> dict[str, Any]:
    """The fields of ``set-verified`` that say whose set it is and what is in it."""
    manifest = backup.manifest
    return {
        "run_id": manifest.run_id,
        "taken_at": known.taken_at.isoformat() if known else None,
        "location": str(backup.directory),
        "release": manifest.release,
        "tool_versions": dict(manifest.tool_versions),
        "encryption": encryption_of(backup),
        "manifest_sha256": backup.manifest_sha256,
        "files": _files(backup, known, report),
        **({"lacks": dict(manifest.adopted.lacks)} if manifest.adopted else {}),
        **({"references": _references(backup)} if backup.references else {}),
        **({"reissued_from": known.reissued_from.model_dump()} if known and known.reissued_from else {}),
    }


def _references(backup: BackupSet) -> list[dict[str, object]]:
    """What is no file of the set, by asset."""
    return [
        {"asset": name, **one.model_dump(include={"reference", "engine", "bytes"})}
        for name, one in sorted(backup.references.items())
    ]


def encryption_of(backup: BackupSet) -> dict[str, object] | None:
    """The scheme of the set's encrypted files, and how many recipients the first of them is written to."""
    names = [one.path for one in backup.manifest.artifacts if one.path.endswith(layout.ENCRYPTED)]
    for name in names:
        try:
            with open_file(backup.directory, name) as file:
                lines = file.read(_HEADER).split(b"\n")
        except FileNotFoundError:
            # The manifest lists it, so its absence is told as a contradiction.
            continue
        if lines[0] == _AGE:
            return {"scheme": "age", "recipients": _recipients(lines)}
    return None


def _recipients(lines: Sequence[bytes]) -> int:
    """The stanzas of an age header; those that mean nobody are named with ``-grease`` at the end."""
    header = lines[: next((n for n, line in enumerate(lines) if line.startswith(b"---")), len(lines))]
    stanzas = [line.split() for line in header if line.startswith(b"-> ")]
    return sum(len(words) > 1 and not words[1].endswith(b"-grease") for words in stanzas)


def _files(backup: BackupSet, known: Catalogue | None, report: VerifyReport) -> list[dict[str, object]]:
    """What the manifest lists, as it was found; those that contradict come first."""
    tied = known is not None and known.manifest_sha256 == backup.manifest_sha256
    source = f"{layout.MANIFEST}, whose own digest " + (
        "the catalogue states" if tied else "nothing outside the set confirms"
    )
    artifacts = sorted(
        backup.manifest.artifacts, key=lambda one: (report.digests.get(one.path) == one.sha256, one.path)
    )
    return [
        {
            "name": one.path,
            "bytes": one.bytes,
            "sha256": report.digests.get(one.path),
            "expected_sha256": one.sha256,
            "digest_source": source,
        }
        for one in islice(artifacts, LISTED)
    ]

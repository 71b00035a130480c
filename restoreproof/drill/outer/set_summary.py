"""A backup set as a reviewer asks for it: what it holds, whose word its digests are, how it is encrypted."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from typing import Any

from restoreproof.backups import layout
from restoreproof.backups.backup_set import BackupSet
from restoreproof.backups.catalogue import Catalogue
from restoreproof.backups.held_set import HeldSet
from restoreproof.backups.safe_open import open_file
from restoreproof.backups.verify import VerifyReport
from restoreproof.events import EncryptionFacts, ReissueFacts, SetFile, SetReference, SetVerified

LISTED = 200
_AGE = b"age-encryption.org/v1"
_HEADER = 64 * 1024


def describe_set(
    backup: BackupSet, catalogue: Catalogue | None, report: VerifyReport, held: HeldSet | None = None
) -> SetVerified:
    """Return the event that says whose set this is, what is in it, and how it was found.

    Args:
        catalogue: what was written of the set outside it; None if none was given.
        report: what came of reading every file of the set.
        held: where the set came from and how it is held; None if it is read where it lies.
    """
    manifest = backup.manifest
    optional: dict[str, Any] = {}
    if manifest.adopted:
        optional["lacks"] = dict(manifest.adopted.lacks)
    if backup.references:
        optional["references"] = _references(backup)
    if catalogue and catalogue.reissued_from:
        optional["reissued_from"] = ReissueFacts(**catalogue.reissued_from.model_dump())
    return SetVerified(
        set_id=manifest.set_id,
        recovery_point=manifest.recovery_point.isoformat(),
        artifacts=report.artifacts,
        objects=report.objects,
        bytes=report.bytes,
        seconds=round(report.seconds, 4),
        synthetic=manifest.synthetic,
        run_id=manifest.run_id,
        taken_at=catalogue.taken_at.isoformat() if catalogue else None,
        location=str(held.origin if held else backup.directory),
        held=held.how if held else None,
        release=manifest.release,
        tool_versions=dict(manifest.tool_versions),
        encryption=encryption_of(backup),
        manifest_sha256=backup.manifest_sha256,
        files=_files(backup, catalogue, report),
        catalogue="held against it, every file read" if report.against_catalogue else "none was given",
        **optional,
    )


def _references(backup: BackupSet) -> tuple[SetReference, ...]:
    """What is no file of the set, by asset."""
    return tuple(
        SetReference(asset=asset, **artifact.model_dump(include={"reference", "engine", "bytes"}))
        for asset, artifact in sorted(backup.references.items())
    )


def encryption_of(backup: BackupSet) -> EncryptionFacts | None:
    """Return the scheme of the set's encrypted files, and how many recipients the first is written to.

    None if no file is encrypted in a way that is recognised.
    """
    paths = (artifact.path for artifact in backup.manifest.artifacts)
    names = [path for path in paths if path.endswith(layout.ENCRYPTED)]
    for name in names:
        try:
            with open_file(backup.directory, name) as file:
                lines = file.read(_HEADER).split(b"\n")
        except FileNotFoundError:
            continue  # the manifest lists it, so its absence is told as a contradiction
        if lines[0] == _AGE:
            return EncryptionFacts(scheme="age", recipients=_recipients(lines))
    return None


def _recipients(lines: Sequence[bytes]) -> int:
    """The stanzas of an age header; those that mean nobody are named with ``-grease`` at the end."""
    header = lines[: next((n for n, line in enumerate(lines) if line.startswith(b"---")), len(lines))]
    stanzas = [line.split() for line in header if line.startswith(b"-> ")]
    return sum(len(words) > 1 and not words[1].endswith(b"-grease") for words in stanzas)


def _files(backup: BackupSet, catalogue: Catalogue | None, report: VerifyReport) -> tuple[SetFile, ...]:
    """What the manifest lists, as it was found; those that contradict come first."""
    is_tied = catalogue is not None and catalogue.manifest_sha256 == backup.manifest_sha256
    source = f"{layout.MANIFEST}, whose own digest " + (
        "the catalogue states" if is_tied else "nothing outside the set confirms"
    )
    artifacts = sorted(
        backup.manifest.artifacts,
        key=lambda artifact: (report.digests.get(artifact.path) == artifact.sha256, artifact.path),
    )
    return tuple(
        SetFile(
            name=artifact.path,
            bytes=artifact.bytes,
            sha256=report.digests.get(artifact.path),
            expected_sha256=artifact.sha256,
            digest_source=source,
        )
        for artifact in islice(artifacts, LISTED)
    )

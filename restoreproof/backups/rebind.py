"""A catalogue of a recovery point, written again for a set that was adopted of the same one."""

from __future__ import annotations

from pathlib import Path

from restoreproof.backups.adopt import Given
from restoreproof.backups.catalogue import COMMITMENTS, Catalogue, ReissuedFrom
from restoreproof.backups.manifest import Manifest
from restoreproof.errors import Location, UsageError


def refuse_other(catalogue: Catalogue, path: Path, given: Given) -> None:
    """Raise UsageError unless ``catalogue``, read from ``path``, knows the recovery point of ``given``."""
    for what, known, adopted in (
        ("stack", catalogue.stack, given.stack),
        ("recovery point", catalogue.recovery_point.isoformat(), given.recovery_point.isoformat()),
        ("release", catalogue.release or given.release, given.release),
    ):
        if known != adopted:
            raise UsageError(
                f"the catalogue is of the {what} {known}, and what is adopted of {adopted}",
                where=Location(str(path)),
                hint="name the catalogue that was written when this backup was taken",
            )


def reissue(catalogue: Catalogue, manifest: Manifest, sha256: str, *, committed: bool) -> Catalogue:
    """What ``catalogue`` knows, tied to the adopted set of that manifest and its digest; it says so itself.

    Without the key of the catalogue's commitments (``committed``) nothing can be held against them: they
    are left out, and the environment is then not verified.
    """
    kept = catalogue if committed else catalogue.without(COMMITMENTS)
    return kept.model_copy(
        update={
            "set_id": manifest.set_id,
            "manifest_sha256": sha256,
            "reissued_from": ReissuedFrom(set_id=catalogue.set_id, manifest_sha256=catalogue.manifest_sha256),
        }
    )

"""Backup sets, their manifests, and the catalogue that knows them from outside."""

from restoreproof.backups.backup_set import BackupSet, open_set
from restoreproof.backups.manifest import Manifest, new_id, write_manifest
from restoreproof.backups.verify import Contradiction, VerifyReport, verify_against

__all__ = [
    "BackupSet",
    "Contradiction",
    "Manifest",
    "VerifyReport",
    "new_id",
    "open_set",
    "verify_against",
    "write_manifest",
]

"""Choosing a ledger's home from what the user named."""

from __future__ import annotations

from pathlib import Path

from restoreproof.ledger.bucket import BucketStorage
from restoreproof.ledger.storage import FileStorage, LedgerStorage


def home_of(named: str | None, default: Path) -> LedgerStorage:
    """Return the storage that ``named`` means: ``s3://bucket/prefix`` or a path; else a file at ``default``.

    Raises:
        UsageError: the bucket can't be used for a ledger.
    """
    if named is None:
        return FileStorage(default)
    return BucketStorage.of(named) if named.startswith("s3://") else FileStorage(Path(named).absolute())

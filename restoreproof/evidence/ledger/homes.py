"""Choosing a ledger's home from what the user named."""

from __future__ import annotations

from pathlib import Path

from restoreproof.evidence.ledger.bucket import BucketHome
from restoreproof.evidence.ledger.home import FileHome, Home


def home_of(named: str | None, default: Path) -> Home:
    """The home that ``named`` is: ``s3://bucket/prefix`` or a path; a file at ``default`` if nothing is.

    Raises:
        UsageError: the bucket can't be used for a ledger.
    """
    if named is None:
        return FileHome(default)
    return BucketHome.of(named) if named.startswith("s3://") else FileHome(Path(named).absolute())

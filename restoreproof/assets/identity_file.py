"""The recovery identity: an age key pair, as ``age-keygen`` writes it."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

import pyrage

from restoreproof.assets.vault import read_identity
from restoreproof.errors import UsageError
from restoreproof.private_files import make_private_directory


def make_identity(path: Path) -> str:
    """Write a new identity to ``path`` (mode 0600) and return its public recipient.

    Raises:
        UsageError: ``path`` exists; an identity that is overwritten makes old backups unreadable.
    """
    identity = pyrage.x25519.Identity.generate()
    recipient = str(identity.to_public())
    stamp = datetime.now(UTC).isoformat(timespec="seconds")
    make_private_directory(path.parent, exist_ok=True)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as error:
        raise UsageError(f"{path} exists and is not overwritten", hint="name another file") from error
    with os.fdopen(descriptor, "w") as file:
        file.write(f"# created: {stamp}\n# public key: {recipient}\n{identity}\n")
    return recipient


def recipient_of(path: Path) -> str:
    """Return the public recipient of the identity in ``path``. Raises IdentityError if there is none."""
    return str(read_identity(path).to_public())

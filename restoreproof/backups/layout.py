"""Where things stand in a backup set. Every path is relative to the set and written with ``/``."""

from __future__ import annotations

import re

MANIFEST = "manifest.json"
GLOBALS = "postgres/globals.sql"
BASE = "postgres/base"
"""A base backup, in the place of dumps and roles."""
BLOBS = "objects/blobs"
INDEX = "objects/index"
ENVIRONMENT = "secrets/environment.age"
COMMITMENT = "secrets/commitment.age"
CUSTODY = "custody"
PROXY = "proxy"
RELEASE = "release"
ENCRYPTED = ".age"
"""How the names of encrypted files end."""

_SHA256 = re.compile(r"[0-9a-f]{64}")
_SHARD = re.compile(r"objects/index/(?P<bucket>[A-Za-z0-9][A-Za-z0-9_.-]*)-(?P<number>\d{4,})\.jsonl")


def dump(directory: str, database: str) -> str:
    """The ``pg_dump -Fc`` of ``database``: ``postgres/shop.dump``, ``keycloak/keycloak.dump``."""
    return f"{directory}/{database}.dump"


def blob(sha256: str) -> str:
    """The content whose digest is ``sha256``. Raises ValueError unless it is a lower-case hex SHA-256."""
    if not is_sha256(sha256):
        raise ValueError(f"{sha256[:80]!r} is not a SHA-256")
    return f"{BLOBS}/{sha256[:2]}/{sha256}"


def shard(bucket: str, number: int) -> str:
    """One part of a bucket's index; numbers count from 0."""
    return f"{INDEX}/{bucket}-{number:04d}.jsonl"


def bucket_of(path: str) -> str | None:
    """The bucket whose index ``path`` is a shard of, or None for any other path."""
    match = _SHARD.fullmatch(path)
    return match["bucket"] if match else None


def is_blob(path: str) -> bool:
    """Whether ``path`` lies where blobs lie; those are listed by the index, not by the manifest."""
    return path.startswith(f"{BLOBS}/")


def is_sha256(text: str) -> bool:
    """Whether ``text`` is a SHA-256 in lower-case hex."""
    return _SHA256.fullmatch(text) is not None

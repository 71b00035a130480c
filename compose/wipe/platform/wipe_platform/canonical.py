"""Canonical bytes: the one place that decides how timestamps, objects and digests are written.

Issued receipts, audit rows and certificates depend on these forms for ever; never change them.
"""

import base64
import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime

import rfc8785

Scalar = str | int | bool | None


def timestamp(moment: datetime) -> str:
    """UTC as ``YYYY-MM-DDTHH:MM:SS.ffffffZ``, always with six digits."""
    if moment.tzinfo is None:
        raise ValueError("a canonical timestamp needs a time zone")
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def canonical_json(value: Mapping[str, object]) -> bytes:
    """RFC 8785 (JCS) bytes."""
    return rfc8785.dumps(dict(value))  # type: ignore[arg-type]


def sha256_hex(content: bytes) -> str:
    """Lower-case hex SHA-256."""
    return hashlib.sha256(content).hexdigest()


def b64(content: bytes) -> str:
    """Standard base64, as text."""
    return base64.b64encode(content).decode("ascii")

"""Objects in a set: ``objects/blobs/<aa>/<sha256>`` beside ``objects/index/<bucket>-<n>.jsonl``."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from restoreproof.errors import ForeignSetError, Location

SHARD = 100_000
"""Entries of one shard: 40 million objects need no giant file."""

MAX_ENTRY = 64 * 1024
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class IndexEntry:
    """One object as it was backed up; ``size`` in bytes, ``last_modified`` as ISO 8601."""

    key: str
    size: int
    sha256: str
    content_type: str | None
    last_modified: str
    version: str | None = None
    metadata: dict[str, str] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)


def blob_path(directory: Path, sha256: str) -> Path:
    """Where the bytes of that digest lie. Raises ForeignSetError if ``sha256`` is no digest (confinement)."""
    if not _SHA256.fullmatch(sha256):
        raise ForeignSetError(f"not a SHA-256 in the object index: {sha256[:80]!r}")
    return directory / "objects" / "blobs" / sha256[:2] / sha256


def shards(directory: Path, bucket: str) -> list[Path]:
    """The index files of ``bucket``, in order."""
    return sorted((directory / "objects" / "index").glob(f"{bucket}-[0-9]*.jsonl"))


def write_index(directory: Path, bucket: str, entries: Iterable[IndexEntry]) -> None:
    """Write the index of ``bucket``, ``SHARD`` entries to a file; an empty bucket has one empty shard."""
    index = directory / "objects" / "index"
    index.mkdir(parents=True, exist_ok=True)
    stream = iter(entries)
    for number in itertools.count():
        first = next(stream, None)
        if number and first is None:
            return
        shard = itertools.islice(stream, SHARD - 1)
        with (index / f"{bucket}-{number:04d}.jsonl").open("w", encoding="utf-8") as file:
            for entry in itertools.chain([first] if first else [], shard):
                file.write(json.dumps(asdict(entry), sort_keys=True, ensure_ascii=False) + "\n")


def read_index(directory: Path, bucket: str) -> Iterator[IndexEntry]:
    """The entries of ``bucket``, streamed. Raises ForeignSetError on a line that is no entry."""
    for path in shards(directory, bucket):
        with path.open("rb") as file:
            for number, line in enumerate(file, 1):
                yield _entry(line, Location(str(path.relative_to(directory)), number))


def _entry(line: bytes, where: Location) -> IndexEntry:
    if len(line) > MAX_ENTRY:
        raise ForeignSetError(f"an index entry of {len(line)} bytes", where=where)
    try:
        value: dict[str, Any] = json.loads(line)
        entry = IndexEntry(**value)
    except (ValueError, TypeError) as error:
        raise ForeignSetError(f"not an index entry: {error}", where=where) from error
    if not (isinstance(entry.key, str) and isinstance(entry.size, int) and _SHA256.fullmatch(str(entry.sha256))):
        raise ForeignSetError("not an index entry: key, size or sha256 is malformed", where=where)
    return entry

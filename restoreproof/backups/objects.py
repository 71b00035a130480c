"""The index of a bucket: what was stored under which key, one JSON line each, in shards."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Annotated

from pydantic import AwareDatetime, Field, NonNegativeInt, TypeAdapter, ValidationError

from restoreproof.backups import layout
from restoreproof.backups.fingerprint import Fingerprint, object_row
from restoreproof.backups.manifest import Sha256
from restoreproof.backups.safe_open import open_file
from restoreproof.errors import ForeignSetError, Location

MAX_LINE = 256 * 1024
SHARD_LINES = 100_000

_Key = Annotated[str, Field(min_length=1, max_length=1024)]


@dataclass(frozen=True, slots=True)
class ObjectEntry:
    """One stored object or, in a versioned bucket, one version of it; a key's newest version comes last."""

    key: _Key
    size: NonNegativeInt
    sha256: Sha256
    version: str | None = None
    content_type: str | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    last_modified: AwareDatetime | None = None


@dataclass(frozen=True, slots=True)
class BucketSummary:
    """What is known of a bucket at a glance; every line of its index counts once, versions included."""

    objects: int
    bytes: int
    fingerprint: str


_ENTRY = TypeAdapter(ObjectEntry)


def write_index(directory: Path, bucket: str, entries: Iterable[ObjectEntry]) -> BucketSummary:
    """Write the index of ``bucket`` into the set ``directory``, in the order of ``entries``, and sum it up.

    An empty bucket has one empty shard, so that it differs from a bucket that was forgotten.
    """
    (directory / layout.INDEX).mkdir(parents=True, exist_ok=True)
    total, size, number = Fingerprint(), 0, 0
    shard: IO[bytes] = (directory / layout.shard(bucket, number)).open("xb")
    try:
        for entry in entries:
            if total.count and total.count % SHARD_LINES == 0:
                shard.close()
                number += 1
                shard = (directory / layout.shard(bucket, number)).open("xb")
            shard.write(_ENTRY.dump_json(entry) + b"\n")
            total.add(object_row(entry.key, entry.size, entry.sha256))
            size += entry.size
    finally:
        shard.close()
    return BucketSummary(total.count, size, total.hexdigest())


def read_index(directory: Path, bucket: str) -> Iterator[ObjectEntry]:
    """The entries of ``bucket``, shard by shard, read as untrusted.

    Raises:
        ForeignSetError: a line is too long, or no entry.
        FileNotFoundError: the set has no index of that bucket.
    """
    number = 0
    while True:
        path = layout.shard(bucket, number)
        if number and not (directory / path).exists():
            return
        yield from read_shard(directory, path)
        number += 1


def read_shard(directory: Path, path: str) -> Iterator[ObjectEntry]:
    """The entries of one shard. Raises as ``read_index`` does."""
    with open_file(directory, path) as file:
        number = 0
        while line := file.readline(MAX_LINE + 1):
            number += 1
            where = Location(str(directory / path), number)
            if len(line) > MAX_LINE:
                raise ForeignSetError(f"a line of the index is longer than {MAX_LINE} bytes", where=where)
            try:
                yield _ENTRY.validate_json(line)
            except ValidationError as error:
                reason = error.errors(include_url=False, include_input=False)[0]
                at = ".".join(map(str, reason["loc"])) or "line"
                raise ForeignSetError(
                    f"not an entry of an index: {at}: {reason['msg']}", where=where
                ) from error


def summarise(entries: Iterable[ObjectEntry]) -> BucketSummary:
    """The same figures that ``write_index`` returned, from the entries."""
    total, size = Fingerprint(), 0
    for entry in entries:
        total.add(object_row(entry.key, entry.size, entry.sha256))
        size += entry.size
    return BucketSummary(total.count, size, total.hexdigest())


def store_blob(directory: Path, chunks: Iterable[bytes]) -> tuple[int, str]:
    """Write content into the set under its own digest, once, and return its length and SHA-256.

    Safe from several threads, and for content that is there already.
    """
    root = directory / layout.BLOBS
    root.mkdir(parents=True, exist_ok=True)
    digest, size = hashlib.sha256(), 0
    descriptor, temporary = tempfile.mkstemp(dir=root.parent, prefix=".blob-")
    try:
        with os.fdopen(descriptor, "wb") as file:
            for chunk in chunks:
                digest.update(chunk)
                size += len(chunk)
                file.write(chunk)
        target = directory / layout.blob(digest.hexdigest())
        target.parent.mkdir(exist_ok=True)
        Path(temporary).replace(target)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    return size, digest.hexdigest()

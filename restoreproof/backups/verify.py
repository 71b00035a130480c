"""Whether a set is what its manifest and its catalogue say. Every byte of it is read."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from restoreproof.backups import layout, missing
from restoreproof.backups.backup_set import BackupSet, open_set
from restoreproof.backups.catalogue import Catalogue
from restoreproof.backups.digests import bounded_sha256, in_threads
from restoreproof.backups.fingerprint import Fingerprint, object_row
from restoreproof.backups.manifest import Artifact
from restoreproof.backups.objects import read_shard
from restoreproof.backups.safe_open import Entry, walk
from restoreproof.errors import ForeignSetError

__all__ = ["BackupSet", "Contradiction", "VerifyReport", "open_set", "verify_against"]

MAX_CONTRADICTIONS = 1000
"""How many contradictions a report lists; the total is always given."""

Progress = Callable[[str, int], None]
"""Told of each file read: its path in the set, and its bytes."""


@dataclass(frozen=True, slots=True)
class Contradiction:
    """One thing that the set shows otherwise than its manifest or catalogue say."""

    artifact: str
    expected: str
    observed: str


@dataclass(frozen=True, slots=True)
class VerifyReport:
    """What came of reading a whole set.

    ``digests`` are the SHA-256 of the listed files, by path, as they were read.

    Without a catalogue (``against_catalogue`` is False) the set was only held against its own manifest,
    which proves nothing against whoever can change both: what needs the catalogue stays NOT_VERIFIED.
    """

    set_id: str
    against_catalogue: bool
    contradictions: tuple[Contradiction, ...]
    contradictions_total: int
    artifacts: int
    objects: int
    blobs: int
    blobs_missing: int
    bytes: int
    seconds: float
    digests: Mapping[str, str] = field(default_factory=dict)

    @property
    def sound(self) -> bool:
        """Whether nothing contradicts."""
        return self.contradictions_total == 0


def verify_against(
    backup: BackupSet, catalogue: Catalogue | None, progress: Progress = lambda path, size: None
) -> VerifyReport:
    """Read every file of ``backup`` and hold it against its manifest, its index and ``catalogue``.

    Raises:
        ForeignSetError: something became unsafe to read since the set was opened.
    """
    started = time.monotonic()
    reading = _Reading(backup, progress)
    if catalogue:
        reading.manifest_against(catalogue)
    reading.artifacts()
    for bucket in sorted({*backup.buckets(), *(catalogue.buckets if catalogue else ())}):
        reading.bucket(bucket, catalogue)
    reading.blobs()
    return VerifyReport(
        set_id=backup.manifest.set_id,
        against_catalogue=catalogue is not None,
        contradictions=tuple(reading.found),
        contradictions_total=reading.found_total,
        artifacts=len(backup.manifest.artifacts),
        objects=reading.objects_seen,
        blobs=reading.blobs_seen,
        blobs_missing=reading.blobs_missing,
        bytes=reading.bytes_read,
        seconds=time.monotonic() - started,
        digests=reading.digests,
    )


class _Reading:
    """One pass over a set, and what it found so far."""

    def __init__(self, backup: BackupSet, progress: Progress) -> None:
        self.found: list[Contradiction] = []
        self.digests: dict[str, str] = {}
        self.found_total = self.bytes_read = self.objects_seen = self.blobs_seen = self.blobs_missing = 0
        self._backup = backup
        self._progress = progress
        self._largest = 0

    def manifest_against(self, catalogue: Catalogue) -> None:
        """The manifest's identity and digest, as the catalogue knows them."""
        manifest = self._backup.manifest
        for what, expected, observed in (
            ("set", catalogue.set_id, manifest.set_id),
            ("stack", catalogue.stack, manifest.stack),
            ("recovery point", catalogue.recovery_point.isoformat(), manifest.recovery_point.isoformat()),
            ("SHA-256", catalogue.manifest_sha256, self._backup.manifest_sha256),
        ):
            if expected != observed:
                self._contradiction(layout.MANIFEST, f"{what} {expected}", f"{what} {observed}")

    def artifacts(self) -> None:
        """Every listed file is there with its length and digest, and no other is."""
        manifest = self._backup.manifest
        present = {entry.path: entry.size for entry in self._ordinary()}
        listed = {artifact.path for artifact in manifest.artifacts}
        for path in sorted(present.keys() - listed):
            self._contradiction(path, "no such file in the manifest", f"a file of {_bytes(present[path])}")
        for artifact, size, sha256 in in_threads(self._digest, manifest.artifacts):
            self._artifact(artifact, size, sha256)

    def _ordinary(self) -> Iterator[Entry]:
        entries = walk(self._backup.directory)
        return (
            entry for entry in entries if entry.path != layout.MANIFEST and not layout.is_blob(entry.path)
        )

    def _digest(self, artifact: Artifact) -> tuple[Artifact, int | None, str | None]:
        """Its size and digest; no size if it is missing, no digest of one that is larger than it may be."""
        try:
            return artifact, *bounded_sha256(self._backup.directory, artifact.path, artifact.bytes)
        except FileNotFoundError:
            return artifact, None, None

    def _artifact(self, artifact: Artifact, size: int | None, sha256: str | None) -> None:
        if size is None:
            self._contradiction(artifact.path, f"a file of {_bytes(artifact.bytes)}", "missing")
            return
        if sha256:
            self.digests[artifact.path] = sha256
            self._read(artifact.path, size)
        if size != artifact.bytes:
            observed = f"{_bytes(size)}: {'truncated' if size < artifact.bytes else 'something was added'}"
            self._contradiction(artifact.path, _bytes(artifact.bytes), observed)
        elif sha256 != artifact.sha256:
            self._contradiction(artifact.path, f"SHA-256 {artifact.sha256}", f"SHA-256 {sha256}")

    def blobs(self) -> None:
        """Every blob has the content that its name promises; the index was read before.

        One that is larger than every object of the index is not read: a sparse file may claim terabytes.
        """
        directory, largest = self._backup.directory, self._largest
        blobs = (entry.path for entry in walk(directory) if layout.is_blob(entry.path))
        hashed = in_threads(lambda path: (path, bounded_sha256(directory, path, largest)), blobs)
        for path, (size, sha256) in hashed:
            self.blobs_seen += 1
            if sha256 is None:
                self._contradiction(path, f"at most {_bytes(largest)}, as the index has it", _bytes(size))
                continue
            self._read(path, size)
            if path != layout.blob(sha256):
                self._contradiction(path, "the content that its name is the SHA-256 of", f"SHA-256 {sha256}")

    def bucket(self, bucket: str, catalogue: Catalogue | None) -> None:
        """Every entry of the index has its blob, and together they are what the catalogue expects.

        Of a bucket that is kept elsewhere there may be an index, and there are no blobs: the drill reads it.
        """
        elsewhere = self._backup.elsewhere(missing.bucket_part(bucket)) is not None
        shards = [
            artifact.path
            for artifact in self._backup.manifest.artifacts
            if layout.bucket_of(artifact.path) == bucket
        ]
        total, size = Fingerprint(), 0
        for path in sorted(shards):
            try:
                for entry in read_shard(self._backup.directory, path):
                    total.add(object_row(entry.key, entry.size, entry.sha256))
                    size += entry.size
                    self._largest = max(self._largest, entry.size)
                    if not elsewhere:
                        self._blob_of(bucket, entry.key, entry.size, entry.sha256)
            except FileNotFoundError:
                # The manifest lists the shard, so ``artifacts`` has reported it missing.
                continue
            except ForeignSetError as error:
                self._contradiction(path, "an index of objects", error.message)
        self.objects_seen += total.count
        if elsewhere and not shards:
            return
        known = catalogue.buckets.get(bucket) if catalogue else None
        if catalogue and known is None:
            self._contradiction(bucket, "no such bucket in the catalogue", f"{total.count} objects")
        elif known and not shards and not known.objects:
            self._contradiction(bucket, "an empty bucket", "no index")
        elif known and (known.objects, known.bytes) != (total.count, size):
            expected = f"{known.objects} objects, {_bytes(known.bytes)}"
            self._contradiction(bucket, expected, f"{total.count} objects, {_bytes(size)}")
        elif known and known.fingerprint not in (None, total.hexdigest()):
            self._contradiction(
                bucket, f"fingerprint {known.fingerprint}", f"fingerprint {total.hexdigest()}"
            )

    def _blob_of(self, bucket: str, key: str, size: int, sha256: str) -> None:
        try:
            found = (self._backup.directory / layout.blob(sha256)).lstat().st_size
        except FileNotFoundError:
            self.blobs_missing += 1
            self._contradiction(f"{bucket}/{key}", f"a blob of {_bytes(size)}, SHA-256 {sha256}", "missing")
            return
        if found != size:
            self._contradiction(f"{bucket}/{key}", f"a blob of {_bytes(size)}", _bytes(found))

    def _read(self, path: str, size: int) -> None:
        self.bytes_read += size
        self._progress(path, size)

    def _contradiction(self, artifact: str, expected: str, observed: str) -> None:
        self.found_total += 1
        if len(self.found) < MAX_CONTRADICTIONS:
            self.found.append(Contradiction(_tame(artifact), expected, _tame(observed)))


def _bytes(count: int) -> str:
    return f"{count:,} bytes"


def _tame(text: str) -> str:
    """Keys are the backup's own words: nothing in them may steer a terminal or fill a page."""
    shown = "".join(character if character.isprintable() else "\ufffd" for character in text[:300])
    return shown if len(text) <= 300 else f"{shown}…"

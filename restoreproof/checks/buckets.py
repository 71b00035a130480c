"""Whole buckets: every object read once and held against the catalogue, and how they are configured."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any

import obstore
from botocore.exceptions import ClientError
from obstore.exceptions import BaseError as StoreError

from restoreproof.assets.base import RestoreContext
from restoreproof.assets.objects import ObjectsAsset
from restoreproof.assets.s3 import chunks, code_of, control, is_there, run_bounded, store
from restoreproof.backups import missing
from restoreproof.backups.fingerprint import Fingerprint, object_row
from restoreproof.backups.objects import ObjectEntry
from restoreproof.checks.base import Findings, conclude, not_verified
from restoreproof.checks.phrases import check, then, when
from restoreproof.contract.ref import Ref
from restoreproof.errors import ContractError
from restoreproof.outcome import Observation

_Named = tuple[str, ObjectEntry | None]
_NO_LOCK = frozenset({"ObjectLockConfigurationNotFoundError", "NoSuchObjectLockConfiguration"})


@check("buckets")
@dataclass(frozen=True, slots=True)
class BucketsSurvey:
    """Every kept bucket after a GET of each of its objects, and the settings of every bucket.

    ``unindexed`` are buckets in place of which no index says what their objects were.
    """

    objects: int
    total: int | None
    size: int
    differing: Findings
    strange: Findings
    buckets: int
    versioning: Findings
    locks: Findings
    unindexed: tuple[str, ...] = ()

    @when('the buckets of "{asset}" are compared with the catalogue')
    @classmethod
    def look(cls, restore_context: RestoreContext, asset: Annotated[str, Ref("asset")]) -> BucketsSurvey:
        """Read every object of every kept bucket once, and ask for the settings of all buckets."""
        block = restore_context.stack_context.asset(asset)
        if not isinstance(block, ObjectsAsset):
            raise ContractError(f"asset {asset!r} restores no buckets")
        kept = [bucket for bucket, settings in block.buckets.items() if settings.kept]
        restore_context.backup.require(missing.OBJECTS, *map(missing.bucket_part, kept))
        catalogued = restore_context.catalogue.buckets if restore_context.catalogue else None
        differing, strange = Findings(), Findings()
        unindexed: list[str] = []
        objects = size = 0
        for bucket, settings in block.buckets.items():
            if settings.kept:
                reading = _Reading(restore_context, block, bucket, strange)
                reading.go()
                reading.compare(differing)
                objects, size = objects + reading.total.count, size + reading.size
                unindexed += [] if reading.indexed else [bucket]
        versioning, locks = _settings(restore_context, block)
        total = (
            None
            if catalogued is None
            else sum(catalogued[bucket].objects for bucket in kept if bucket in catalogued)
        )
        return cls(
            objects, total, size, differing, strange, len(block.buckets), versioning, locks, tuple(unindexed)
        )

    @then("every bucket holds the objects it held", states="content")
    def as_backed_up(self) -> Observation:
        """Object count, bytes and content of every kept bucket are what the catalogue recorded."""
        expected = "every bucket holds the objects it held, byte for byte"
        return conclude(
            expected,
            f"{self.objects:,} objects and {self.size:,} bytes read as the application",
            self.differing,
            examined=self.objects,
            total=self.total,
        )

    @then("every object kept its type and metadata", states="metadata")
    def metadata(self) -> Observation:
        """Content type and user metadata of every object are those of the set's index."""
        expected = "every object has the content type and metadata it had"
        if self.unindexed and not self.strange.total:
            return not_verified(expected, f"no index says what they were in {', '.join(self.unindexed)}")
        return conclude(
            expected,
            f"{self.objects - self.strange.total:,} of {self.objects:,} equal",
            self.strange,
            examined=self.objects,
            total=self.total,
        )

    @then("versioning is as the contract says", states="versioning")
    def versioned(self) -> Observation:
        """Versioning is on where the contract says so, and nowhere else."""
        return self._settings("versioning of every bucket is as the contract says", self.versioning)

    @then("object lock is not active", states="object lock")
    def unlocked(self) -> Observation:
        """Object Lock is active on no bucket: immutability is the provider's, after product approval."""
        return self._settings("Object Lock is active on no bucket", self.locks)

    def _settings(self, expected: str, findings: Findings) -> Observation:
        observed = f"{self.buckets - findings.total} of {self.buckets} buckets so"
        return conclude(expected, observed, findings, examined=self.buckets, total=self.buckets)


class _Reading:
    """One bucket, read through the set's index: content, metadata, and what is listed beyond it.

    One that is in place and has no index is read as it is listed; how much it should be, the catalogue knows.
    """

    def __init__(
        self, restore_context: RestoreContext, asset: ObjectsAsset, bucket: str, strange: Findings
    ) -> None:
        self.total, self.size, self.listed = Fingerprint(), 0, 0
        self.unreadable = Findings()
        self._restoring, self._bucket, self._strange = restore_context, bucket, strange
        in_place = restore_context.backup.elsewhere(missing.bucket_part(bucket)) is not None
        self.indexed = not in_place or bucket in restore_context.backup.buckets()
        stack_context = restore_context.stack_context
        self._service, self._name = asset.service, asset.bucket_name(stack_context, bucket)
        self._source = store(
            stack_context.runtime.endpoint(asset.service),
            asset.application(stack_context, bucket),
            self._name,
        )

    def go(self) -> None:
        """GET every object that the index or the listing names, 32 at a time, then list the bucket."""
        if self._gone():
            self.unreadable.add(f"{self._bucket}: there is no such bucket")
            return
        with self._restoring.stack_context.phase(f"every object of {self._bucket}") as work:
            for (key, entry), size, sha256, attributes in run_bounded(self._read, self._named()):
                if sha256 is None:
                    self.unreadable.add(f"{self._bucket}/{key}: can't be read")
                    continue
                self.total.add(object_row(key, size, sha256))
                self.size += size
                if entry and (problem := different(entry, attributes)):
                    self._strange.add(f"{self._bucket}/{key}: {problem}")
            self.listed = sum(1 for _ in self._keys())
            work.items, work.bytes = self.total.count, self.size

    def _gone(self) -> bool:
        """Whether the bucket is not there, as its administrator is told: the application may be told less."""
        runtime = self._restoring.stack_context.runtime
        client = control(runtime.endpoint(self._service), runtime.administrator(self._service))
        try:
            return not is_there(client, self._name)
        except ClientError:
            return False  # whoever reads it is told what is wrong
        finally:
            client.close()

    def _named(self) -> Iterator[_Named]:
        """Every key to read, and what the index says of it."""
        if self.indexed:
            return ((entry.key, entry) for entry in self._restoring.backup.objects(self._bucket))
        return ((key, None) for key in self._keys())

    def _keys(self) -> Iterator[str]:
        return (meta["path"] for page in obstore.list(self._source, chunk_size=1000) for meta in page)

    async def _read(self, named: _Named) -> tuple[_Named, int, str | None, Mapping[str, Any]]:
        digest, size = hashlib.sha256(), 0
        try:
            answer = await obstore.get_async(self._source, named[0])
            async for chunk in chunks(answer.stream()):
                digest.update(chunk)
                size += len(chunk)
        except (StoreError, OSError):
            # Told as a digest of None: the object is named in the findings.
            return named, size, None, {}
        return named, size, digest.hexdigest(), dict(answer.attributes)

    def compare(self, findings: Findings) -> None:
        """Add everything in which this bucket differs from what the catalogue knows of it."""
        for problem in self.unreadable.listed:
            findings.add(problem)
        catalogue = self._restoring.catalogue
        if catalogue is None:
            return
        recorded = catalogue.buckets.get(self._bucket)
        if recorded is None:
            findings.add(f"{self._bucket}: the catalogue knows no such bucket")
            return
        for figure, wanted, restored in (
            ("objects listed", recorded.objects, self.listed),
            ("bytes", recorded.bytes, self.size),
            ("content fingerprint", recorded.fingerprint, self.total.hexdigest()),
        ):
            if wanted is not None and wanted != restored:
                catalogued = f"the catalogue recorded {str(wanted)[:16]}"
                findings.add(f"{self._bucket}: {figure} {str(restored)[:16]}, {catalogued}")


def different(entry: ObjectEntry, attributes: Mapping[str, Any]) -> str | None:
    """Return in what an object's content type or metadata differs from the set's index, or None."""
    stored = {str(name): str(value) for name, value in attributes.items()}
    content_type = stored.pop("Content-Type", None)
    if entry.content_type is not None and content_type != entry.content_type:
        return f"content type {content_type}, it was {entry.content_type}"
    wanted = dict(entry.metadata)
    if stored != wanted:
        names = sorted(name for name in stored.keys() | wanted.keys() if stored.get(name) != wanted.get(name))
        return f"metadata differs in {', '.join(names)}"
    return None


def _settings(restore_context: RestoreContext, asset: ObjectsAsset) -> tuple[Findings, Findings]:
    stack_context = restore_context.stack_context
    client = control(
        stack_context.runtime.endpoint(asset.service), stack_context.runtime.administrator(asset.service)
    )
    versioning, locks = Findings(), Findings()
    for bucket, settings in asset.buckets.items():
        name = asset.bucket_name(stack_context, bucket)
        try:
            on = client.get_bucket_versioning(Bucket=name).get("Status") == "Enabled"
            if on != (settings.versioning == "enabled"):
                versioning.add(f"{bucket}: versioning is {'on' if on else 'off'}")
        except ClientError as error:
            versioning.add(f"{bucket}: {code_of(error)}")
        try:
            lock = client.get_object_lock_configuration(Bucket=name).get("ObjectLockConfiguration", {})
            if lock.get("ObjectLockEnabled") == "Enabled":
                locks.add(f"{bucket}: Object Lock is on")
        except ClientError as error:
            if code_of(error) not in _NO_LOCK:
                locks.add(f"{bucket}: can't tell: {code_of(error)}")
    return versioning, locks

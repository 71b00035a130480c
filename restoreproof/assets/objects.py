"""Object storage: blobs by digest beside a sharded index, written back under their keys."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

import obstore
from botocore.exceptions import ClientError, ParamValidationError
from pydantic import BaseModel, ConfigDict

from restoreproof.assets.arrival import ArrivalTrace
from restoreproof.assets.base import (
    Asset,
    BackupContext,
    InstallContext,
    RestoreContext,
    RestoreFailed,
    StackContext,
)
from restoreproof.assets.require_empty import refuse_filled
from restoreproof.assets.s3 import code_of, control, is_there, keys, run_bounded, store
from restoreproof.assets.search_streams import stored
from restoreproof.assets.searchable import Searchable
from restoreproof.backups import missing
from restoreproof.backups.catalogue import BucketKnown, BucketsKnown
from restoreproof.backups.digests import in_threads
from restoreproof.backups.objects import ObjectEntry, store_blob, write_index
from restoreproof.contract import resolve
from restoreproof.contract.declarations import Defines, ServiceName, VariableName, VariableText
from restoreproof.errors import ContractError, EnvironmentUnfitError
from restoreproof.events import Note
from restoreproof.runtimes.base import Credentials, Start


class BucketBlock(BaseModel):
    """One bucket: its name may be a ``$VARIABLE`` of the environment."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: VariableText
    versioning: Literal["enabled"] | None = None
    optional: bool = False
    access: Literal["read-write", "write-only"] = "read-write"
    access_key: VariableName | None = None
    secret_key: VariableName | None = None

    @property
    def kept(self) -> bool:
        """Whether its objects belong into a backup: a write-only bucket is a delivery target."""
        return self.access != "write-only"


class ObjectsAsset(Asset):
    """The buckets of one S3 service: restored with the administrator's keys, read with the application's."""

    service: ServiceName
    access_key: VariableName
    secret_key: VariableName
    object_lock: Literal["inactive"]
    buckets: dict[Annotated[str, Defines("bucket")], BucketBlock]

    after: ClassVar[tuple[str, ...]] = ("postgres", "migrations")
    rests_on: ClassVar[tuple[str, ...]] = (
        "content",
        "metadata",
        "versioning",
        "object lock",
    )
    expectation: ClassVar[type[BaseModel] | None] = BucketsKnown

    def stores(self) -> tuple[str, ...]:
        return (self.service,)

    def parts(self) -> tuple[str, ...]:
        kept = (missing.bucket_part(bucket) for bucket, block in self.buckets.items() if block.kept)
        return (missing.OBJECTS, *kept)

    def bucket_name(self, stack_context: StackContext, bucket: str) -> str:
        """Return the real name of the contract's ``bucket``. Raises ContractError if there is none."""
        if bucket not in self.buckets:
            raise ContractError(f"asset {self.name!r} has no bucket {bucket!r}")
        return resolve(self.buckets[bucket].name, stack_context.vault.settings())

    def application(self, stack_context: StackContext, bucket: str) -> Credentials:
        """Return the restored keys that the application uses for ``bucket``."""
        block = self.buckets[bucket]
        return keys(
            stack_context.vault.secret(block.access_key or self.access_key),
            stack_context.vault.secret(block.secret_key or self.secret_key),
        )

    def contribution(self, service: str, restore_context: RestoreContext) -> Start:
        return self._identified(service, restore_context.stack_context)

    def _identified(self, service: str, stack_context: StackContext) -> Start:
        if service != self.service:
            return Start()
        return Start(files={"s3.json": json.dumps({"identities": self._identities(stack_context)}).encode()})

    def _identities(self, stack_context: StackContext) -> list[dict[str, Any]]:
        """Provision what the contract says each identity may do: nobody gets more than it had."""
        rights: list[str] = []
        identities: list[dict[str, Any]] = []
        for bucket, block in self.buckets.items():
            name = self.bucket_name(stack_context, bucket)
            if block.access_key is None:
                rights += [f"{action}:{name}" for action in ("Read", "Write", "List", "Tagging")]
            else:
                actions = ["Write"] if block.access == "write-only" else ["Read", "Write", "List"]
                identities.append(
                    _identity(
                        bucket,
                        self.application(stack_context, bucket),
                        [f"{action}:{name}" for action in actions],
                    )
                )
        application = keys(
            stack_context.vault.secret(self.access_key), stack_context.vault.secret(self.secret_key)
        )
        return [_identity("application", application, rights), *identities]

    def restore(self, restore_context: RestoreContext) -> None:
        restore_context.backup.require(missing.OBJECTS)
        self._make_buckets(restore_context.stack_context)
        restore_context.stack_context.runtime.claim()
        kept = {
            name: self.bucket_name(restore_context.stack_context, name)
            for name, block in self.buckets.items()
            if block.kept and not restore_context.backup.lacks(missing.bucket_part(name))
        }
        # A bucket's first write waits for the store to make room for it: all of them wait together.
        with ThreadPoolExecutor(max_workers=max(len(kept), 1)) as pool:
            for filled in [pool.submit(self._fill, restore_context, *pair) for pair in kept.items()]:
                filled.result()

    def install(self, install_context: InstallContext) -> None:
        self._make_buckets(install_context.stack_context)

    def provision(self, service: str, install_context: InstallContext) -> Start:
        return self._identified(service, install_context.stack_context)

    def _make_buckets(self, stack_context: StackContext) -> None:
        endpoint, admin = (
            stack_context.runtime.endpoint(self.service),
            stack_context.runtime.administrator(self.service),
        )
        client = control(endpoint, admin)
        for bucket, block in self.buckets.items():
            make_bucket(
                client, self.bucket_name(stack_context, bucket), versioned=block.versioning == "enabled"
            )

    def _fill(self, restore_context: RestoreContext, bucket: str, name: str) -> None:
        stack_context, backup = restore_context.stack_context, restore_context.backup
        target = store(
            stack_context.runtime.endpoint(self.service),
            stack_context.runtime.administrator(self.service),
            name,
        )

        async def put(entry: ObjectEntry) -> int:
            try:
                path = backup.blob(entry.sha256)
            except FileNotFoundError:
                return -1
            await obstore.put_async(
                target, entry.key, path, attributes=_attributes(entry), tags=dict(entry.tags)
            )
            return entry.size

        with stack_context.phase(f"objects of {bucket}") as work:
            try:
                work.items, work.bytes, lost = list_sizes(run_bounded(put, backup.objects(bucket)))
            except FileNotFoundError as error:
                raise RestoreFailed(f"the set has no index of the bucket {bucket}") from error
        if lost:
            stack_context.emitter.emit(
                Note(text=f"{lost} objects of {bucket} are named by the set but not in it")
            )

    def back_up(self, backup_context: BackupContext) -> None:
        kept = (bucket for bucket, block in self.buckets.items() if block.kept)
        buckets = {bucket: self._collect(backup_context, bucket) for bucket in kept}
        backup_context.expect(self.name, BucketsKnown(buckets=buckets))

    def _collect(self, backup_context: BackupContext, bucket: str) -> BucketKnown:
        stack_context = backup_context.stack_context
        source = store(
            stack_context.runtime.endpoint(self.service),
            stack_context.runtime.administrator(self.service),
            self.bucket_name(stack_context, bucket),
        )

        def fetch(meta: Mapping[str, Any]) -> ObjectEntry:
            return _keep(backup_context.directory, meta, obstore.get(source, meta["path"]))

        listed = (meta for page in obstore.list(source, chunk_size=1000) for meta in page)
        with stack_context.phase(f"objects of {bucket}") as work:
            summary = write_index(backup_context.directory, bucket, in_threads(fetch, listed))
            work.items, work.bytes = summary.objects, summary.bytes
        return BucketKnown(objects=summary.objects, bytes=summary.bytes, fingerprint=summary.fingerprint)

    def searchable(self, stack_context: StackContext) -> Iterable[Searchable]:
        endpoint, admin = (
            stack_context.runtime.endpoint(self.service),
            stack_context.runtime.administrator(self.service),
        )
        for bucket, block in self.buckets.items():
            if block.kept:
                yield from stored(bucket, store(endpoint, admin, self.bucket_name(stack_context, bucket)))

    def newest_record(self, restore_context: RestoreContext) -> datetime | None:
        return max(self._times(restore_context), default=None)

    def newest_record_by(self, restore_context: RestoreContext, moment: datetime) -> datetime | None:
        return max((time for time in self._times(restore_context) if time <= moment), default=None)

    def _times(self, restore_context: RestoreContext) -> Iterator[datetime]:
        """When each restored object was written, as far as the index says."""
        indexed = restore_context.backup.buckets()  # one that is in place need not have an index
        kept = (bucket for bucket, block in self.buckets.items() if block.kept and bucket in indexed)
        times = (entry.last_modified for bucket in kept for entry in restore_context.backup.objects(bucket))
        return (time for time in times if time is not None)

    def marks(self, stack_context: StackContext) -> Sequence[ArrivalTrace]:
        endpoint, admin = (
            stack_context.runtime.endpoint(self.service),
            stack_context.runtime.administrator(self.service),
        )
        times: list[datetime] = []
        for bucket, block in self.buckets.items():
            if block.kept:
                name = self.bucket_name(stack_context, bucket)
                first = next(iter(obstore.list(store(endpoint, admin, name), chunk_size=50)), [])
                times += [meta["last_modified"] for meta in first]
        return (ArrivalTrace(min(times), f"{self.service}: times of restored objects"),) if times else ()


def make_bucket(client: Any, name: str, *, versioned: bool) -> None:
    """Create the bucket ``name``, or take an empty one that is there already.

    Raises:
        RestoreFailed: what the backup calls it is no name of a bucket.
        EnvironmentUnfitError: the store does not let its administrator, or there is something in it.
    """
    try:
        if not is_there(client, name):
            client.create_bucket(Bucket=name)
        else:
            refuse_filled(client, name)
        if versioned:
            client.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
    except ParamValidationError as error:
        raise RestoreFailed(f"{name!r} is no name of a bucket: {error}") from error
    except ClientError as error:
        if code_of(error) == "InvalidBucketName":
            raise RestoreFailed(f"{name!r} is no name of a bucket: {error}") from error
        raise EnvironmentUnfitError(
            f"bucket {name} can't be made or configured: {error}",
            hint="its administrator has to be allowed to, or provisioning makes it, empty; "
            "no other account may have a bucket of that name",
        ) from error


def _identity(name: str, credentials: Credentials, actions: Sequence[str]) -> dict[str, Any]:
    pair = {"accessKey": credentials.user, "secretKey": credentials.password.reveal()}
    return {"name": name, "credentials": [pair], "actions": list(actions)}


def list_sizes(sizes: Any) -> tuple[int, int, int]:
    """Sum a stream of sizes, in which -1 stands for a lost object, up to (items, bytes, lost)."""
    items = total = lost = 0
    for size in sizes:
        if size < 0:
            lost += 1
        else:
            items, total = items + 1, total + size
    return items, total, lost


def _attributes(entry: ObjectEntry) -> dict[str, str]:
    return {"Content-Type": entry.content_type or "application/octet-stream", **entry.metadata}


def _keep(directory: Path, meta: Mapping[str, Any], answer: Any) -> ObjectEntry:
    """Write one object's bytes under their digest, without holding the object in memory."""
    size, sha256 = store_blob(directory, (bytes(chunk) for chunk in answer.stream()))
    attributes = dict(answer.attributes)
    return ObjectEntry(
        key=meta["path"],
        size=size,
        sha256=sha256,
        content_type=attributes.pop("Content-Type", None),
        metadata=attributes,
        version=meta.get("version"),
        last_modified=meta["last_modified"],
    )

"""Objects that rows refer to: read with the application's restored keys, measured and hashed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any

import obstore
from obstore.exceptions import BaseError as StoreError
from obstore.store import S3Store

from restoreproof.assets.base import RestoreContext
from restoreproof.assets.dataset import open_database, restored_parameters
from restoreproof.assets.objects import ObjectsAsset
from restoreproof.assets.query_results import known_dataset
from restoreproof.assets.s3 import chunks, run_bounded, store
from restoreproof.backups import missing
from restoreproof.checks.base import Findings, conclude
from restoreproof.checks.phrases import check, then, when
from restoreproof.contract.ref import Ref
from restoreproof.errors import ContractError
from restoreproof.outcome import Observation


@check("objects")
@dataclass(frozen=True, slots=True)
class ObjectSurvey:
    """Every object of a dataset, after a GET of each. ``zero``: the contract says that there may be none."""

    dataset: str
    bucket: str
    examined: int
    total: int | None
    unreadable: Findings
    altered: Findings
    size: int
    zero: bool = False

    @when('each of the "{dataset}" is read from the "{bucket}" bucket as the application')
    @classmethod
    def look(
        cls,
        restore_context: RestoreContext,
        dataset: Annotated[str, Ref("dataset")],
        bucket: Annotated[str, Ref("bucket")],
    ) -> ObjectSurvey:
        """GET the object of every row of ``dataset`` from ``bucket``; columns: key, sha256, size."""
        stack_context = restore_context.stack_context
        source = application_bucket(restore_context, bucket)
        unreadable, altered = Findings(), Findings()
        examined = total = 0

        async def read(row: Mapping[str, Any]) -> tuple[Mapping[str, Any], str | None, int, str]:
            digest, size = hashlib.sha256(), 0
            try:
                answer = await obstore.get_async(source, row["key"])
                async for chunk in chunks(answer.stream()):
                    digest.update(chunk)
                    size += len(chunk)
            except (StoreError, OSError) as error:
                return row, type(error).__name__, size, ""
            return row, None, size, digest.hexdigest()

        with stack_context.phase(f"reading {dataset}") as work:
            for row, problem, size, sha256 in run_bounded(read, rows(restore_context, dataset)):
                examined, total = examined + 1, total + size
                if problem:
                    unreadable.add(f"{row['key']}: {problem}")
                elif size != row["size"]:
                    altered.add(f"{row['key']}: {size} bytes, its row records {row['size']}")
                elif sha256 != row["sha256"]:
                    altered.add(
                        f"{row['key']}: SHA-256 {sha256[:16]}…, its row records {str(row['sha256'])[:16]}…"
                    )
            work.items, work.bytes = examined, total
        return cls(
            dataset,
            bucket,
            examined,
            expected_rows(restore_context, dataset),
            unreadable,
            altered,
            total,
            stack_context.contract.datasets[dataset].zero,
        )

    @then("every one of them is readable")
    def readable(self) -> Observation:
        """Every object answered a GET by the application's restored identity, to its last byte."""
        good = self.examined - self.unreadable.total
        return conclude(
            f"every one of the {self.dataset} has a readable object in the {self.bucket} bucket",
            f"{good:,} of {self.examined:,} read as the application, {self.size:,} bytes",
            self.unreadable,
            examined=self.examined,
            total=self.total,
            zero_is_right=self.zero,
        )

    @then("every one has the length and digest that its row records")
    def intact(self) -> Observation:
        """Every object has the length and the SHA-256 that its row records."""
        good = self.examined - self.altered.total - self.unreadable.total
        return conclude(
            "length and SHA-256 of every object equal those its row records",
            f"{good:,} of {self.examined:,} equal",
            self.altered,
            examined=self.examined - self.unreadable.total,
            total=self.total,
            zero_is_right=self.zero,
        )


def objects_asset(restore_context: RestoreContext, bucket: str) -> ObjectsAsset:
    """Return the asset that restores ``bucket``. Raises ContractError if none does, or PartMissing."""
    for asset in restore_context.stack_context.assets():
        if isinstance(asset, ObjectsAsset) and bucket in asset.buckets:
            restore_context.backup.require(missing.OBJECTS, missing.bucket_part(bucket))
            return asset
    raise ContractError(f"no asset restores a bucket {bucket!r}")


def application_bucket(restore_context: RestoreContext, bucket: str) -> S3Store:
    """Return the restored ``bucket`` of the contract, opened with the application's own restored keys.

    Raises:
        ContractError: no asset restores a bucket of this name.
        PartMissing: the set does not hold it.
    """
    asset, stack_context = objects_asset(restore_context, bucket), restore_context.stack_context
    endpoint = stack_context.runtime.endpoint(asset.service)
    name = asset.bucket_name(stack_context, bucket)
    return store(endpoint, asset.application(stack_context, bucket), name)


def rows(restore_context: RestoreContext, dataset: str) -> Iterator[dict[str, Any]]:
    """Yield the rows of the contract's dataset, streamed from the restored database."""
    stack_context = restore_context.stack_context
    block = stack_context.contract.datasets[dataset]
    values = restored_parameters(restore_context, block.database, block.sql)
    with open_database(stack_context, block.database) as database:
        yield from database.rows(block.sql, values)


def expected_rows(restore_context: RestoreContext, dataset: str) -> int | None:
    """Return how many rows the catalogue counted when the backup was taken, or None without a catalogue."""
    catalogued = known_dataset(restore_context, dataset)
    return None if catalogued is None else catalogued.rows

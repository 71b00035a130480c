"""Objects that rows refer to: read with the application's restored keys, measured and hashed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import obstore
from obstore.exceptions import BaseError as StoreError

from restoreproof.assets.base import Restoring
from restoreproof.assets.dataset import connect_asset, parameters, stream
from restoreproof.assets.objects import ObjectsAsset
from restoreproof.assets.s3 import chunks, run_bounded, store
from restoreproof.backups import lacking
from restoreproof.checks.base import Findings, judge, survey
from restoreproof.errors import ContractError
from restoreproof.outcome import Observation


@dataclass(frozen=True, slots=True)
class ObjectSurvey:
    """Every object of a dataset, after a GET of each. ``zero``: the contract says that there may be none."""

    dataset: str
    bucket: str
    examined: int
    of: int | None
    unreadable: Findings
    altered: Findings
    size: int
    zero: bool = False

    def readable(self) -> Observation:
        """Each answered a GET by the application's restored identity, to its last byte."""
        good = self.examined - self.unreadable.total
        return judge(
            f"every one of the {self.dataset} has a readable object in the {self.bucket} bucket",
            f"{good:,} of {self.examined:,} read as the application, {self.size:,} bytes",
            self.unreadable,
            examined=self.examined,
            of=self.of,
            zero_is_right=self.zero,
        )

    def intact(self) -> Observation:
        """Each has the length and the SHA-256 that its row records."""
        good = self.examined - self.altered.total - self.unreadable.total
        return judge(
            "length and SHA-256 of every object equal those its row records",
            f"{good:,} of {self.examined:,} equal",
            self.altered,
            examined=self.examined - self.unreadable.total,
            of=self.of,
            zero_is_right=self.zero,
        )


def objects_asset(restoring: Restoring, bucket: str) -> ObjectsAsset:
    """The asset that restores ``bucket``. Raises ContractError if none does, or Lacking."""
    for asset in restoring.ground.assets():
        if isinstance(asset, ObjectsAsset) and bucket in asset.buckets:
            restoring.backup.require(lacking.OBJECTS, lacking.bucket_part(bucket))
            return asset
    raise ContractError(f"no asset restores a bucket {bucket!r}")


def rows(restoring: Restoring, dataset: str) -> Iterator[dict[str, Any]]:
    """The rows of the contract's dataset, streamed from the restored database."""
    ground = restoring.ground
    block = ground.contract.datasets[dataset]
    values = parameters(ground, block.sql, restoring.backup.manifest.recovery_point)
    with connect_asset(ground, block.database) as connection:
        yield from stream(connection, block.sql, values)


def expected_rows(restoring: Restoring, dataset: str) -> int | None:
    """How many rows the catalogue counted when the backup was taken, or None without a catalogue."""
    known = restoring.catalogue.datasets.get(dataset) if restoring.catalogue else None
    return None if known is None else known.rows


@survey("objects")
def survey_objects(restoring: Restoring, *, dataset: str, bucket: str) -> ObjectSurvey:
    """GET the object of every row of ``dataset`` from ``bucket``; columns: key, sha256, size."""
    asset = objects_asset(restoring, bucket)
    ground = restoring.ground
    source = store(
        ground.runtime.endpoint(asset.service),
        asset.application(ground, bucket),
        asset.bucket_name(ground, bucket),
    )
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

    with ground.phase(f"reading {dataset}") as work:
        for row, problem, size, sha256 in run_bounded(read, rows(restoring, dataset)):
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
    return ObjectSurvey(
        dataset,
        bucket,
        examined,
        expected_rows(restoring, dataset),
        unreadable,
        altered,
        total,
        ground.contract.datasets[dataset].zero,
    )

"""A bucket into which the platform drops files for somebody else."""

from __future__ import annotations

from collections.abc import Callable

import obstore
from botocore.exceptions import ClientError
from obstore.store import S3Store

from restoreproof.assets.base import Restoring
from restoreproof.assets.objects import ObjectsAsset
from restoreproof.assets.s3 import control, store
from restoreproof.checks.objects import objects_asset
from restoreproof.checks.outlets.base import Outlet, Recorded, Refusals
from restoreproof.contract.models import Sink
from restoreproof.errors import ContractError

REFUSED = frozenset({"AccessDenied", "403", "Forbidden"})
_QUESTIONS = 2


class Bucket(Outlet):
    """One object with the mark as its key; what the restored set put there is no effect."""

    def recorded(self, restoring: Restoring, sink: Sink) -> Recorded:
        name, asset = _named(restoring, sink)
        known = restoring.catalogue.buckets.get(name) if restoring.catalogue else None
        pages = obstore.list(_as_administrator(restoring, asset, name))
        listed = tuple(meta["path"] for page in pages for meta in page)
        return Recorded(len(listed) - (known.objects if known else 0), listed)

    def act(self, restoring: Restoring, sink: Sink, mark: str) -> None:
        name, asset = _named(restoring, sink)
        ground = restoring.ground
        delivering = store(
            ground.runtime.endpoint(asset.service),
            asset.application(ground, name),
            asset.bucket_name(ground, name),
        )
        obstore.put(delivering, mark, b"control", use_multipart=False)

    def withdraw(self, restoring: Restoring, sink: Sink, mark: str) -> Refusals:
        bucket, asset = _named(restoring, sink)
        asked = _ask_back(restoring, asset, bucket, mark) if _is_write_only(asset, bucket) else Refusals()
        obstore.delete(_as_administrator(restoring, asset, bucket), mark)
        return asked

    def refusals_due(self, restoring: Restoring, sink: Sink) -> int:
        bucket, asset = _named(restoring, sink)
        return _QUESTIONS if _is_write_only(asset, bucket) else 0


def _named(restoring: Restoring, sink: Sink) -> tuple[str, ObjectsAsset]:
    if sink.bucket is None:
        raise ContractError("a sink of kind bucket names no bucket")
    return sink.bucket, objects_asset(restoring, sink.bucket)


def _is_write_only(asset: ObjectsAsset, bucket: str) -> bool:
    return asset.buckets[bucket].access == "write-only"


def _as_administrator(restoring: Restoring, asset: ObjectsAsset, bucket: str) -> S3Store:
    runtime = restoring.ground.runtime
    name = asset.bucket_name(restoring.ground, bucket)
    return store(runtime.endpoint(asset.service), runtime.administrator(asset.service), name)


def _ask_back(restoring: Restoring, asset: ObjectsAsset, bucket: str, mark: str) -> Refusals:
    """Whoever may only deliver is refused what it delivered."""
    ground = restoring.ground
    delivering = control(ground.runtime.endpoint(asset.service), asset.application(ground, bucket))
    there = asset.bucket_name(ground, bucket)
    questions: dict[str, Callable[[], object]] = {
        "read": lambda: delivering.get_object(Bucket=there, Key=mark),
        "listed": lambda: delivering.list_objects_v2(Bucket=there, MaxKeys=1),
    }
    given = []
    for what, ask in questions.items():
        try:
            ask()
            given.append(f"what it delivered can be {what} by the delivering identity")
        except ClientError as error:
            code = error.response.get("Error", {}).get("Code")
            if code not in REFUSED:
                given.append(f"can't tell whether it can be {what}: {code}")
    return Refusals(len(questions), tuple(given))


OUTLET = Bucket()

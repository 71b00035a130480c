"""A bucket into which the platform drops files for somebody else."""

from __future__ import annotations

from collections.abc import Callable

import obstore
from botocore.exceptions import ClientError
from obstore.store import S3Store

from restoreproof.assets.base import RestoreContext
from restoreproof.assets.objects import ObjectsAsset
from restoreproof.assets.s3 import control, store
from restoreproof.checks.objects import application_bucket, objects_asset
from restoreproof.checks.sinks.base import Recorded, Refusals, SinkKind
from restoreproof.contract.interfaces import Sink
from restoreproof.errors import ContractError

REFUSED = frozenset({"AccessDenied", "403", "Forbidden"})
_QUESTIONS = 2


class BucketSink(SinkKind):
    """One object with the mark as its key; what the restored set put there is no effect."""

    needs = ("bucket",)

    def recorded(self, restore_context: RestoreContext, sink: Sink) -> Recorded:
        name, asset = _named(restore_context, sink)
        recorded = restore_context.catalogue.buckets.get(name) if restore_context.catalogue else None
        pages = obstore.list(_as_administrator(restore_context, asset, name))
        listed = tuple(meta["path"] for page in pages for meta in page)
        return Recorded(len(listed) - (recorded.objects if recorded else 0), listed)

    def act(self, restore_context: RestoreContext, sink: Sink, mark: str) -> None:
        name, _ = _named(restore_context, sink)
        obstore.put(application_bucket(restore_context, name), mark, b"control", use_multipart=False)

    def withdraw(self, restore_context: RestoreContext, sink: Sink, mark: str) -> Refusals:
        bucket, asset = _named(restore_context, sink)
        asked = (
            _ask_back(restore_context, asset, bucket, mark) if _is_write_only(asset, bucket) else Refusals()
        )
        obstore.delete(_as_administrator(restore_context, asset, bucket), mark)
        return asked

    def refusals_due(self, restore_context: RestoreContext, sink: Sink) -> int:
        bucket, asset = _named(restore_context, sink)
        return _QUESTIONS if _is_write_only(asset, bucket) else 0


def _named(restore_context: RestoreContext, sink: Sink) -> tuple[str, ObjectsAsset]:
    if sink.bucket is None:
        raise ContractError("a sink of kind bucket names no bucket")
    return sink.bucket, objects_asset(restore_context, sink.bucket)


def _is_write_only(asset: ObjectsAsset, bucket: str) -> bool:
    return asset.buckets[bucket].access == "write-only"


def _as_administrator(restore_context: RestoreContext, asset: ObjectsAsset, bucket: str) -> S3Store:
    runtime = restore_context.stack_context.runtime
    name = asset.bucket_name(restore_context.stack_context, bucket)
    return store(runtime.endpoint(asset.service), runtime.administrator(asset.service), name)


def _ask_back(restore_context: RestoreContext, asset: ObjectsAsset, bucket: str, mark: str) -> Refusals:
    """Whoever may only deliver is refused what it delivered."""
    stack_context = restore_context.stack_context
    delivering = control(
        stack_context.runtime.endpoint(asset.service), asset.application(stack_context, bucket)
    )
    bucket_name = asset.bucket_name(stack_context, bucket)
    questions: dict[str, Callable[[], object]] = {
        "read": lambda: delivering.get_object(Bucket=bucket_name, Key=mark),
        "listed": lambda: delivering.list_objects_v2(Bucket=bucket_name, MaxKeys=1),
    }
    granted = []
    for question, ask in questions.items():
        try:
            ask()
            granted.append(f"what it delivered can be {question} by the delivering identity")
        except ClientError as error:
            code = error.response.get("Error", {}).get("Code")
            if code not in REFUSED:
                granted.append(f"can't tell whether it can be {question}: {code}")
    return Refusals(len(questions), tuple(granted))


KIND = BucketSink()

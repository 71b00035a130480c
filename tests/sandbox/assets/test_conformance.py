"""The library's own asset kinds hold what ``restoreproof.testing`` asks of anybody's."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

import obstore

from restoreproof.assets.base import InstallContext, StackContext
from restoreproof.assets.objects import ObjectsAsset
from restoreproof.assets.postgres import PostgresAsset
from restoreproof.assets.postgres.connection import connect
from restoreproof.assets.s3 import control, is_there, store
from restoreproof.testing.asset_suite import AssetSuite

CONTRACT = Path(__file__).with_name("stack.yaml")
SERVER = ("create role clerk login", "create role reader", "create database shop owner clerk")
ROWS = (
    "create table orders (id int primary key, note text)",
    "insert into orders select n, 'note ' || n from generate_series(1, 500) as n",
    "alter table orders owner to clerk",
    "grant select on orders to reader",
    "create index by_note on orders (note)",
)
OBJECTS = {"photos": {"a/1.jpg": b"\xff\xd8 one", "a/2.jpg": b"\xff\xd8 two"}, "papers": {"terms": b"text"}}


class TestPostgres(AssetSuite):
    contract = CONTRACT
    asset = "shop"

    def fill(self, stack_context: StackContext) -> None:
        for database, statements in (("postgres", SERVER), ("shop", ROWS)):
            with connect(
                stack_context.runtime, "db", database, readonly=False, autocommit=True
            ) as connection:
                for statement in statements:
                    connection.execute(statement.encode())

    def content(self, stack_context: StackContext) -> Any:
        asset = stack_context.asset(self.asset)
        assert isinstance(asset, PostgresAsset)
        with asset.connect(stack_context) as database:
            return database.tables(), database.structure(), database.roles()


class TestObjects(AssetSuite):
    contract = CONTRACT
    asset = "objects"
    environment: ClassVar[Mapping[str, str]] = {"S3_ACCESS_KEY": "shop", "S3_SECRET_KEY": "shop-secret"}

    def fill(self, stack_context: StackContext) -> None:
        stack_context.asset(self.asset).install(InstallContext(stack_context, stack_context.workdir))
        for bucket, objects in OBJECTS.items():
            for key, content in objects.items():
                attributes = {"Content-Type": "image/jpeg", "made-by": bucket}
                obstore.put(
                    self.bucket(stack_context, bucket),
                    key,
                    content,
                    attributes=attributes,
                    use_multipart=False,
                )

    def content(self, stack_context: StackContext) -> Any:
        client = control(stack_context.runtime.endpoint("s3"), stack_context.runtime.administrator("s3"))
        buckets: dict[str, Any] = {}
        for bucket in OBJECTS:
            if not is_there(client, f"shop-{bucket}"):
                continue
            source = self.bucket(stack_context, bucket)
            keys = [meta["path"] for page in obstore.list(source) for meta in page]
            answers = {key: obstore.get(source, key) for key in keys}
            versioning = client.get_bucket_versioning(Bucket=f"shop-{bucket}").get("Status")
            objects = {
                key: (bytes(answer.bytes()), dict(answer.attributes)) for key, answer in answers.items()
            }
            buckets[bucket] = (versioning, objects)
        client.close()
        return buckets

    def bucket(self, stack_context: StackContext, bucket: str) -> Any:
        asset = stack_context.asset(self.asset)
        assert isinstance(asset, ObjectsAsset)
        runtime = stack_context.runtime
        return store(
            runtime.endpoint("s3"), runtime.administrator("s3"), asset.bucket_name(stack_context, bucket)
        )

"""A ledger in an S3 bucket: one object for each entry, each written only if it is not there yet.

Credentials and endpoint come from the environment, as every AWS client reads them: ``AWS_ACCESS_KEY_ID`` and
``AWS_SECRET_ACCESS_KEY``, ``AWS_PROFILE`` or a role, ``AWS_REGION``, ``AWS_ENDPOINT_URL_S3``.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from restoreproof.errors import EnvironmentUnfitError, EvidenceError, UsageError
from restoreproof.ledger.storage import Page, SequenceConflict

_REFUSALS = ("PreconditionFailed", "ConditionalRequestConflict", "412", "409")
_IN_FLIGHT = 16
_SOURCES = (
    "AWS_ACCESS_KEY_ID", "AWS_PROFILE", "AWS_WEB_IDENTITY_TOKEN_FILE", "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
)  # fmt: skip


class BucketStorage:
    """Ledger below a prefix of a bucket. ``client`` is a boto3 client for S3."""

    def __init__(self, client: Any, bucket: str, prefix: str) -> None:
        self.name = f"s3://{bucket}/{prefix}"
        self._client, self._bucket, self._prefix = client, bucket, prefix
        self._trusted = False

    @staticmethod
    def of(url: str) -> BucketStorage:
        """Return the ledger at ``s3://bucket/prefix``. Raises UsageError without credentials."""
        bucket, _, prefix = url.removeprefix("s3://").partition("/")
        if not bucket or not prefix.strip("/"):
            raise UsageError(f"{url} is no place for a ledger", hint="s3://BUCKET/PREFIX")
        # Without any of these a client would ask the cloud's metadata address, and wait for it.
        if not any(os.environ.get(name) for name in _SOURCES):
            raise UsageError(
                f"no credentials for {url} in the environment",
                hint="AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE",
            )
        retries: Any = {"max_attempts": 3, "mode": "standard"}
        client = boto3.Session().client(
            "s3", config=Config(retries=retries, connect_timeout=10, read_timeout=60)
        )
        return BucketStorage(client, bucket, prefix.strip("/"))

    @contextmanager
    def opened(self) -> Iterator[Page]:
        """Yield the entries as they are; nothing is locked, and the second writer of a number is refused.

        Raises:
            UsageError: this service overwrites what it was asked to write only if absent.
            EnvironmentUnfitError: the bucket can't be reached, or does not let us read or write.
        """
        try:
            if not self._trusted:
                self._refuse_unconditional()
                self._trusted = True
            yield self
        except (ClientError, BotoCoreError) as error:
            raise EnvironmentUnfitError(
                f"the ledger {self.name} can't be used: {error}",
                hint="see to endpoint, credentials and the policy: list, get and put below the prefix",
            ) from error

    def peek(self) -> list[bytes]:
        """Return every line, in the order of their numbers."""
        try:
            return self.lines()
        except (ClientError, BotoCoreError) as error:
            raise EnvironmentUnfitError(f"the ledger {self.name} can't be read: {error}") from error

    def lines(self) -> list[bytes]:
        """Return every line, in the order of their numbers."""
        pages = self._client.get_paginator("list_objects_v2").paginate(
            Bucket=self._bucket, Prefix=f"{self._prefix}/entry-"
        )
        keys = sorted(entry["Key"] for page in pages for entry in page.get("Contents", ()))
        with ThreadPoolExecutor(_IN_FLIGHT) as pool:
            return list(pool.map(self._get, keys))

    def append(self, seq: int, line: bytes) -> None:
        """Write line ``seq``. Raises SequenceConflict if there is one."""
        try:
            self._put_if_absent(f"entry-{seq:010d}.json", line)
        except ClientError as error:
            if error.response["Error"]["Code"] not in _REFUSALS:
                raise
            raise SequenceConflict from error

    def replace_end(self, torn: bytes, line: bytes) -> None:
        """Raise EvidenceError: an object is written whole or not at all, so a torn one was changed."""
        raise EvidenceError(
            f"{self.name}: {len(torn)} bytes are no entry, and an object of a bucket is never torn",
            hint="find out who wrote it; the bucket's own versions may hold the entry as it was",
        )

    def _get(self, key: str) -> bytes:
        body: bytes = self._client.get_object(Bucket=self._bucket, Key=key)["Body"].read()
        return body

    def _put_if_absent(self, name: str, data: bytes) -> None:
        self._client.put_object(Bucket=self._bucket, Key=f"{self._prefix}/{name}", Body=data, IfNoneMatch="*")

    def _refuse_unconditional(self) -> None:
        """See that a second write of an object is refused: entries get lost where it is not."""
        name = f"condition-{secrets.token_hex(8)}"
        self._put_if_absent(name, b"1")
        try:
            self._put_if_absent(name, b"2")
        except ClientError as error:
            if error.response["Error"]["Code"] not in _REFUSALS:
                raise
            return
        finally:
            self._client.delete_object(Bucket=self._bucket, Key=f"{self._prefix}/{name}")
        raise UsageError(
            f"{self.name}: this S3 service ignores conditional writes, so drills could overwrite each other",
            hint="keep the ledger in a file, or in a service that honours If-None-Match",
        )

"""Handles to the S3 service: obstore for data (many requests in flight), boto3 for control calls."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterable
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, TypeVar

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError
from obstore.store import S3Store

from restoreproof.redaction.redactor import Secret
from restoreproof.runtimes.base import Credentials, Endpoint

if TYPE_CHECKING:
    from obstore.store import ClientConfig

IN_FLIGHT = 32
REGION = "us-east-1"

T = TypeVar("T")
R = TypeVar("R")


def keys(access: Secret, secret: Secret) -> Credentials:
    """Return an access key and its secret as credentials; the key id is no secret, but masked too."""
    return Credentials(access.reveal(), secret)


def store(endpoint: Endpoint, credentials: Credentials, bucket: str) -> S3Store:
    """Return a client of one bucket's data. Without keys it would ask the cloud's metadata address."""
    return S3Store(
        bucket,
        endpoint=endpoint.url,
        access_key_id=credentials.user,
        secret_access_key=credentials.password.reveal(),
        region=REGION,
        virtual_hosted_style_request=False,
        client_options={**_trusting(endpoint), "timeout": "60s"},
        retry_config={"max_retries": 2},
    )


def _trusting(endpoint: Endpoint) -> ClientConfig:
    """Whom obstore believes: with TLS only who signed the service's certificate, and nothing in clear."""
    if endpoint.tls is None:
        return {"allow_http": True}
    return {"allow_http": False, "root_certificate": endpoint.tls.ca.read_bytes()}


def control(endpoint: Endpoint, credentials: Credentials) -> Any:
    """Return a boto3 client for bucket configuration."""
    return boto3.client(
        "s3",
        endpoint_url=endpoint.url,
        verify=endpoint.authorities,
        aws_access_key_id=credentials.user,
        aws_secret_access_key=credentials.password.reveal(),
        region_name=REGION,
        config=Config(s3={"addressing_style": "path"}, retries={"max_attempts": 2}, read_timeout=60),
    )


def code_of(error: ClientError) -> str:
    """Return what the service calls the refusal."""
    return str(error.response.get("Error", {}).get("Code", "no code"))


def is_there(client: Any, bucket: str) -> bool:
    """Whether the bucket exists. Raises ClientError if the service does not say."""
    try:
        client.head_bucket(Bucket=bucket)
    except ClientError as error:
        if error.response["ResponseMetadata"]["HTTPStatusCode"] == HTTPStatus.NOT_FOUND:
            return False
        raise
    return True


def run_bounded(work: Callable[[T], Coroutine[Any, Any, R]], items: Iterable[T]) -> Iterable[R]:
    """Apply ``work`` to each item with ``IN_FLIGHT`` under way; yields results batch by batch.

    Items are taken as they are needed, so memory does not grow with their number.
    """
    with asyncio.Runner() as runner:
        batch: list[T] = []
        for item in items:
            batch.append(item)
            if len(batch) == IN_FLIGHT * 8:
                yield from runner.run(_gather(work, batch))
                batch = []
        if batch:
            yield from runner.run(_gather(work, batch))


async def _gather(work: Callable[[T], Awaitable[R]], batch: list[T]) -> list[R]:
    gate = asyncio.Semaphore(IN_FLIGHT)

    async def one(item: T) -> R:
        async with gate:
            return await work(item)

    return list(await asyncio.gather(*(one(item) for item in batch)))


async def chunks(stream: AsyncIterator[Any]) -> AsyncIterator[bytes]:
    """Yield the chunks of an object's body as bytes."""
    async for chunk in stream:
        yield bytes(chunk)

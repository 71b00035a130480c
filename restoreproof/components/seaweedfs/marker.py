"""The marker of an S3 service: an object in a bucket of its own."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import closing
from datetime import UTC, datetime
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from restoreproof.contract.services import Service
from restoreproof.errors import EnvironmentUnfitError
from restoreproof.runtimes.base import Credentials, Endpoint
from restoreproof.runtimes.external.marker import (
    HYPHENATED,
    TIMEOUT_S,
    Found,
    MarkerReader,
    MarkerRefused,
    Options,
    Silent,
    Unmarked,
    moment,
    unanswered,
)

_KEY = "marker"
_MAX_BYTES = 4096
_REGION = "us-east-1"


class S3Marker(MarkerReader):
    """Reader of the object ``restoreproof-drill-marker/marker``: JSON with ``nonce`` and ``created_at``."""

    def read(self, service: Service, endpoint: Endpoint, administrator: Credentials) -> Sequence[Found]:
        try:
            with (
                closing(_client(endpoint, administrator)) as client,
                client.get_object(Bucket=HYPHENATED, Key=_KEY)["Body"] as body,
            ):
                return [_parsed(body.read(_MAX_BYTES))]
        except ClientError as error:
            raise _reading(error) from error
        except BotoCoreError as error:
            raise unanswered(error) from error

    def holds(self, endpoint: Endpoint, administrator: Credentials, asset: Options) -> str | None:
        with closing(_client(endpoint, administrator)) as client:
            for block in asset.get("buckets", {}).values():
                if first := _first(client, str(block["name"])):
                    return f"{block['name']}/{first}"
        return None


def _first(client: Any, bucket: str) -> str | None:
    """Return the first object of the bucket, if there is one to be seen."""
    try:
        entries = client.list_objects_v2(Bucket=bucket, MaxKeys=1).get("Contents", [])
    except ClientError as error:
        if _code(error) == "NoSuchBucket":
            return None
        raise EnvironmentUnfitError(
            f"nobody can say whether the bucket {bucket} is empty: {error}"
        ) from error
    return str(entries[0]["Key"]) if entries else None


def _client(endpoint: Endpoint, administrator: Credentials) -> Any:
    return boto3.client(
        "s3",
        endpoint_url=endpoint.url,
        verify=endpoint.authorities,
        aws_access_key_id=administrator.user,
        aws_secret_access_key=administrator.password.reveal(),
        region_name=_REGION,
        config=Config(
            connect_timeout=TIMEOUT_S,
            read_timeout=TIMEOUT_S,
            retries={"total_max_attempts": 1},
            s3={"addressing_style": "path"},
            proxies={},  # the drill itself asks no proxy either
        ),
    )


def _reading(error: ClientError) -> Exception:
    code = _code(error)
    if error.response["ResponseMetadata"]["HTTPStatusCode"] >= 500:
        return Silent(f"it answers {code}")
    if code in ("NoSuchBucket", "NoSuchKey", "404"):
        return Unmarked(f"it has no object {HYPHENATED}/{_KEY}")
    return MarkerRefused(f"it refuses its administrator: {code}")


def _code(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code", "unknown"))


def _parsed(content: bytes) -> Found:
    try:
        marker: Any = json.loads(content)
        return Found(str(marker["nonce"]), moment(marker["created_at"]), datetime.now(UTC))
    except (ValueError, KeyError, TypeError) as error:
        raise Unmarked(f"its object {HYPHENATED}/{_KEY} is no marker") from error


PART = S3Marker

"""The marker of an S3 service: an object in a bucket of its own."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import closing
from datetime import UTC, datetime
from typing import Any, ClassVar

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from restoreproof.contract.services import Service
from restoreproof.runtimes.base import Credentials, Endpoint
from restoreproof.runtimes.external.marker import base
from restoreproof.runtimes.external.marker.base import (
    HYPHENATED,
    TIMEOUT_S,
    Found,
    Silent,
    Unmarked,
    moment,
    unanswered,
)

_KEY = "marker"
_MAX_BYTES = 4096
_REGION = "us-east-1"


class S3(base.Kind):
    """``restoreproof-drill-marker/marker``: JSON with ``nonce`` and ``created_at``."""

    components: ClassVar[tuple[str, ...]] = ("seaweedfs",)

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
    code = str(error.response.get("Error", {}).get("Code", "unknown"))
    if error.response["ResponseMetadata"]["HTTPStatusCode"] >= 500:
        return Silent(f"it answers {code}")
    if code in ("NoSuchBucket", "NoSuchKey", "404"):
        return Unmarked(f"it has no object {HYPHENATED}/{_KEY}")
    return Unmarked(f"it refuses its administrator: {code}")


def _parsed(content: bytes) -> Found:
    try:
        told: Any = json.loads(content)
        return Found(str(told["nonce"]), moment(told["created_at"]), datetime.now(UTC))
    except (ValueError, KeyError, TypeError) as error:
        raise Unmarked(f"its object {HYPHENATED}/{_KEY} is no marker") from error


KIND = S3()

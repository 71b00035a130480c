"""The stores of a target as their owner sees them: an administrator known beforehand, and drill markers."""

from __future__ import annotations

import json
import secrets
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import psycopg
from botocore.config import Config
from psycopg import sql

from restoreproof.redaction.redactor import Secret
from restoreproof.runtimes.base import Credentials, Runtime, Start

OWNER = "target_owner"
TABLE = "restoreproof_drill_marker"
BUCKET, OBJECT = "restoreproof-drill-marker", "marker"


class Store:
    """What a service needs beside its component to be found by a stranger; most need nothing."""

    def owner(self) -> dict[str, str]:
        """The administrator's variables, without the service's name."""
        return {}

    def opened(self, start: Start) -> Start:
        """``start`` with the owner in it, where that is how one is made."""
        return start

    def settle(self, runtime: Runtime, service: str) -> None:
        """Make the owner once the service runs, where that is how one is made."""

    def mark(self, runtime: Runtime, service: str, nonce: str, age: timedelta) -> None:
        """Leave a drill marker that is ``age`` old; another one is replaced."""
        raise LookupError(f"{service} is no store that a drill marker could be left in")


class Postgres(Store):
    """The owner is a superuser of its own, as a provider's customer gets one."""

    def __init__(self) -> None:
        self._password = secrets.token_urlsafe(24)

    def owner(self) -> dict[str, str]:
        return {"OWNER": OWNER, "OWNER_PASSWORD": self._password}

    def settle(self, runtime: Runtime, service: str) -> None:
        with connected(runtime, service) as connection:
            known = connection.execute("select from pg_roles where rolname = %s", [OWNER]).fetchone()
            verb = sql.SQL("ALTER" if known else "CREATE")
            connection.execute(
                sql.SQL("{} ROLE {} SUPERUSER LOGIN PASSWORD {}").format(
                    verb, sql.Identifier(OWNER), sql.Literal(self._password)
                )
            )

    def mark(self, runtime: Runtime, service: str, nonce: str, age: timedelta) -> None:
        with connected(runtime, service) as connection:
            connection.execute(
                f"create table if not exists {TABLE} "
                "(nonce text not null, created_at timestamptz not null default now())"
            )
            connection.execute(f"delete from {TABLE}")
            connection.execute(f"insert into {TABLE} values (%s, now() - %s)", [nonce, age])


class S3(Store):
    """The owner is an identity of the gateway's, beside those that the stack's own start brings."""

    def __init__(self) -> None:
        self._owner = Credentials(OWNER, Secret("owner of s3", secrets.token_urlsafe(30)))

    def owner(self) -> dict[str, str]:
        return {"OWNER": self._owner.user, "OWNER_PASSWORD": self._owner.password.reveal()}

    def opened(self, start: Start) -> Start:
        told = json.loads(start.files.get("s3.json", b'{"identities": []}'))
        key = {"accessKey": self._owner.user, "secretKey": self._owner.password.reveal()}
        actions = ["Admin", "Read", "Write", "List", "Tagging"]
        told["identities"].append({"name": OWNER, "credentials": [key], "actions": actions})
        return replace(start, files={**start.files, "s3.json": json.dumps(told).encode()})

    def mark(self, runtime: Runtime, service: str, nonce: str, age: timedelta) -> None:
        client = _client(runtime, service)
        present = {one["Name"] for one in client.list_buckets()["Buckets"]}
        if BUCKET not in present:
            client.create_bucket(Bucket=BUCKET)
        told = {"nonce": nonce, "created_at": (datetime.now(UTC) - age).isoformat()}
        client.put_object(Bucket=BUCKET, Key=OBJECT, Body=json.dumps(told).encode())
        client.close()


def stores() -> dict[str, Store]:
    """Component to store, with owners of their own; any other component has a plain ``Store``."""
    return {"postgres": Postgres(), "seaweedfs": S3()}


def connected(
    runtime: Runtime, service: str, database: str = "postgres"
) -> psycopg.Connection[tuple[Any, ...]]:
    """A connection as the component's own administrator, each statement for itself."""
    endpoint, admin = runtime.endpoint(service), runtime.administrator(service)
    return psycopg.connect(
        host=endpoint.address,
        port=endpoint.port,
        user=admin.user,
        password=admin.password.reveal(),
        dbname=database,
        autocommit=True,
    )


def _client(runtime: Runtime, service: str) -> Any:
    endpoint, admin = runtime.endpoint(service), runtime.administrator(service)
    return boto3.client(
        "s3",
        endpoint_url=f"http://{endpoint.address}:{endpoint.port}",
        region_name="us-east-1",
        aws_access_key_id=admin.user,
        aws_secret_access_key=admin.password.reveal(),
        config=Config(s3={"addressing_style": "path"}),
    )

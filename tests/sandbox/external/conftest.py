"""A PostgreSQL and an S3 service that somebody else runs, and the external runtime pointed at them."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest

from restoreproof.assets.s3 import control
from restoreproof.contract import Contract
from restoreproof.contract.loader import parse
from restoreproof.contract.services import Service
from restoreproof.events import Event
from restoreproof.journal.write import PipeEmitter
from restoreproof.redaction.redactor import Redactor
from restoreproof.runtimes.driver import InnerContext
from restoreproof.runtimes.external.runtime import ExternalRuntime
from restoreproof.runtimes.external.target import ExternalTarget, fill
from restoreproof.runtimes.process.runtime import ProcessRuntime

NONCE = "a-nonce-of-this-very-drill"
CONTRACT = """\
schema: restoreproof/stack/v1
stack: shop
objectives: {rpo: 15m, rto: 4h}
services:
  db: {component: postgres, port: 5432, starts: database}
  s3: {component: seaweedfs, port: 8333, starts: database}
  worker: {component: python, venv: x, run: [-m, x], port: 8000, starts: smoke, ready: {log: ready}}
  web: {component: nginx, port: 8080, starts: smoke}
order: [database, smoke]
assets:
  main: {kind: postgres, at: database, service: db, database: shop, owner: shop, roles: [shop]}
  files:
    {kind: objects, at: database, service: s3, access_key: A, secret_key: B, object_lock: inactive,
    buckets: {}}
"""


KEYCLOAK = Service.model_validate(
    {"component": "keycloak", "port": 8080, "ports": {"management": 9000}, "database": "IDP", "starts": "x"}
)


class Events:
    """An emitter that keeps what it is given."""

    def __init__(self) -> None:
        self.all: list[tuple[str, dict[str, Any]]] = []

    def emit(self, event: Event) -> None:
        self.all.append((event.type, event.data()))

    def of(self, type: str) -> list[dict[str, Any]]:
        return [data for kind, data in self.all if kind == type]


@dataclass(frozen=True)
class Stores:
    """The two stores, run by somebody else."""

    held: ProcessRuntime

    @property
    def environment(self) -> dict[str, str]:
        """What the contract asks for."""
        db, s3 = self.held.endpoint("db"), self.held.endpoint("s3")
        owner, keeper = self.held.administrator("db"), self.held.administrator("s3")
        return {
            "NONCE": NONCE,
            "DB": db.address,
            "DB_PORT": str(db.port),
            "DB_USER": owner.user,
            "DB_PASSWORD": owner.password.reveal(),
            "S3": s3.address,
            "S3_PORT": str(s3.port),
            "S3_USER": keeper.user,
            "S3_PASSWORD": keeper.password.reveal(),
        }

    def connect(self) -> psycopg.Connection[tuple[Any, ...]]:
        """A connection of the owner's, each statement for itself."""
        told = self.environment
        return psycopg.connect(
            host=told["DB"], port=told["DB_PORT"], user=told["DB_USER"], password=told["DB_PASSWORD"],
            dbname="postgres", autocommit=True,
        )  # fmt: skip

    def buckets(self) -> Any:
        """A client of the S3 service."""
        return control(self.held.endpoint("s3"), self.held.administrator("s3"))

    def unmark(self) -> None:
        """No store has a marker any more."""
        with self.connect() as connection:
            connection.execute("drop table if exists restoreproof_drill_marker")
        client = self.buckets()
        if "restoreproof-drill-marker" in {one["Name"] for one in client.list_buckets()["Buckets"]}:
            client.delete_object(Bucket="restoreproof-drill-marker", Key="marker")

    def mark_db(self, nonce: str = NONCE, age: timedelta = timedelta()) -> None:
        """As provisioning does."""
        with self.connect() as connection:
            connection.execute("drop table if exists restoreproof_drill_marker")
            connection.execute(
                "create table restoreproof_drill_marker "
                "(nonce text not null, created_at timestamptz not null default now())"
            )
            connection.execute("insert into restoreproof_drill_marker values (%s, now() - %s)", [nonce, age])

    def mark_db_as(self, statement: str) -> None:
        """As a provisioning does that keeps to no rule: the table's name and the nonce are put in."""
        with self.connect() as connection:
            connection.execute("drop table if exists restoreproof_drill_marker")
            connection.execute(statement.format("restoreproof_drill_marker", NONCE).encode())

    def mark_s3(self, nonce: str = NONCE, age: timedelta = timedelta()) -> None:
        """As provisioning does."""
        told = {"nonce": nonce, "created_at": (datetime.now(UTC) - age).isoformat()}
        self.put_marker(json.dumps(told).encode())

    def put_marker(self, content: bytes) -> None:
        """Whatever provisioning may leave there."""
        client = self.buckets()
        if "restoreproof-drill-marker" not in {one["Name"] for one in client.list_buckets()["Buckets"]}:
            client.create_bucket(Bucket="restoreproof-drill-marker")
        client.put_object(Bucket="restoreproof-drill-marker", Key="marker", Body=content)

    def contents(self) -> tuple[set[Any], set[Any]]:
        """Everything that a write would have changed: rows of the catalogue, and keys."""
        with self.connect() as connection:
            rows = connection.execute(
                "select 'class', oid, relfilenode::text from pg_class "
                "union select 'role', oid, rolname from pg_roles "
                "union select 'database', oid, datname from pg_database "
                "union select 'written', 0, (tup_inserted + tup_updated + tup_deleted)::text "
                "from pg_stat_database where datname = 'postgres'"
            ).fetchall()
        client = self.buckets()
        names = [one["Name"] for one in client.list_buckets()["Buckets"]]
        keys = {
            (name, one["Key"])
            for name in names
            for one in client.list_objects_v2(Bucket=name).get("Contents", [])
        }
        return set(rows), keys | {(name, "") for name in names}


@pytest.fixture(scope="session")
def stores(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stores]:
    redactor = Redactor()
    directory = tmp_path_factory.mktemp("held")
    held = ProcessRuntime(
        services={
            "db": Service(component="postgres", port=5432, starts="x"),
            "s3": Service(component="seaweedfs", port=8333, starts="x"),
            "keycloak": KEYCLOAK,
        },
        workdir=directory,
        contract_dir=directory,
        code=directory,
        emitter=PipeEmitter(None, redactor),
        redactor=redactor,
        cache=Path(os.environ["INSIDE_CACHE"]),
    )
    held.start("db")
    held.start("s3")
    yield Stores(held)
    held.teardown()


BLOCK = """\
external:
  marker: $NONCE
  restore:
    main: {command: [./restore, "{reference}"], deadline: 60s}
  services:
    db:
      address: $DB
      port: $DB_PORT
      administrator: {user: $DB_USER, password: $DB_PASSWORD}
    s3:
      address: $S3
      port: $S3_PORT
      administrator: {user: $S3_USER, password: $S3_PASSWORD}
      exec: [./inside, "--"]
    worker:
      address: $DB
      port: 8000
      start: [./start, worker]
      stop: [./stop, worker]
      logs: [cat, worker.log]
      since: [./since]
"""


@dataclass(frozen=True)
class Foreign:
    """A target with the two stores, in a directory where commands can be put."""

    directory: Path
    stores: Stores
    events: Events = field(default_factory=Events)

    def contract(self, block: str = BLOCK, contract: str = CONTRACT) -> Contract:
        return parse(contract + block, self.directory / "stack.yaml")

    def target(self, block: str = BLOCK, contract: str = CONTRACT, **different: str) -> ExternalTarget:
        return fill(self.contract(block, contract), {**self.stores.environment, **different})

    def runtime(self, block: str = BLOCK, contract: str = CONTRACT, **different: str) -> ExternalRuntime:
        inner_context = InnerContext(
            drill_id="d1",
            contract=self.contract(block, contract),
            workdir=self.directory,
            cache=self.directory,
            code=self.directory,
            emitter=self.events,
            redactor=Redactor(),
        )
        return ExternalRuntime(inner_context, self.target(block, contract, **different), {})

    def command(self, name: str, text: str) -> None:
        """A command of the contract: a shell script beside it."""
        path = self.directory / name
        path.write_text(f"#!/bin/sh\n{text}\n")
        path.chmod(0o700)


@pytest.fixture
def foreign(tmp_path: Path, stores: Stores) -> Foreign:
    """The target as it should be: each store has the marker."""
    stores.mark_db()
    stores.mark_s3()
    return Foreign(tmp_path, stores)

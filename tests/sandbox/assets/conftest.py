"""Two PostgreSQL servers in the drill sandbox: one that a backup is taken from, one it is restored into."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from restoreproof.assets.base import BackupContext, RestoreContext, StackContext
from restoreproof.assets.postgres import PostgresAsset
from restoreproof.assets.servers import SharedServers
from restoreproof.assets.vault import Vault
from restoreproof.backups.manifest import Manifest
from restoreproof.backups.verify import BackupSet
from restoreproof.contract import Contract
from restoreproof.contract.loader import parse
from restoreproof.events import Event
from restoreproof.redaction.redactor import Redactor
from restoreproof.runtimes.process.runtime import ProcessRuntime

CONTRACT = """\
schema: restoreproof/stack/v1
stack: shop
objectives: {rpo: 15m, rto: 4h}
services:
  source: {component: postgres, port: 5432, starts: rows}
  target: {component: postgres, port: 5432, starts: rows}
  s3: {component: seaweedfs, port: 8333, starts: rows}
  keycloak:
    component: keycloak
    version: 26.7.3
    port: 8080
    ports: {management: 9000}
    database: IDP_DATABASE_URL
    realm: shop
    starts: rows
order: [rows]
assets:
  shop: {kind: postgres, at: rows, service: target, database: shop, owner: shop, roles: [shop, reader]}
  objects:
    kind: objects
    at: rows
    service: s3
    access_key: S3_ACCESS_KEY
    secret_key: S3_SECRET_KEY
    object_lock: inactive
    buckets:
      photos: {name: shop-photos, versioning: enabled}
      papers: {name: shop-papers}
  identity:
    kind: keycloak
    at: rows
    service: keycloak
    store: source
    database: keycloak
    owner: keycloak
    roles: []
    realm: shop
    clients: {}
    people: {canary: {user: CANARY_USER, password: CANARY_PASSWORD}}
"""


ENVIRONMENT = {
    "CANARY_USER": "anna",
    "CANARY_PASSWORD": "anna-password",
    "S3_ACCESS_KEY": "shop",
    "S3_SECRET_KEY": "shop-secret",
}


class Notes:
    """An emitter that keeps what it is told."""

    def __init__(self) -> None:
        self.told: list[tuple[str, dict[str, Any]]] = []

    def emit(self, event: Event) -> None:
        self.told.append((event.type, event.data()))


@pytest.fixture(scope="session")
def notes() -> Notes:
    return Notes()


@pytest.fixture(scope="session")
def contract(tmp_path_factory: pytest.TempPathFactory) -> Contract:
    return parse(CONTRACT, tmp_path_factory.mktemp("contract") / "stack.yaml")


@pytest.fixture(scope="session")
def stack_context(
    contract: Contract, notes: Notes, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[StackContext]:
    workdir = tmp_path_factory.mktemp("work")
    runtime = ProcessRuntime(
        services=contract.services,
        workdir=workdir,
        contract_dir=contract.directory,
        code=workdir,
        emitter=notes,
        redactor=Redactor(),
        cache=Path(os.environ["INSIDE_CACHE"]),
    )
    runtime.start("source")
    runtime.start("target")
    vault = Vault(ENVIRONMENT, b"k")
    yield StackContext(contract, runtime, vault, notes, workdir, lambda: "rows")
    runtime.teardown()


@pytest.fixture(scope="session")
def backup_context(stack_context: StackContext, tmp_path_factory: pytest.TempPathFactory) -> BackupContext:
    return BackupContext(stack_context, tmp_path_factory.mktemp("set"), "", stack_context.workdir)


@pytest.fixture
def restore_context(stack_context: StackContext, tmp_path: Path) -> RestoreContext:
    """A restore from an empty set in ``tmp_path``, for a test to put something into."""
    manifest = Manifest(
        set_id="s",
        stack="shop",
        run_id="r",
        recovery_point=datetime.now(UTC),
        synthetic=True,
        release="1",
        artifacts=(),
    )
    (tmp_path / "postgres/shop").mkdir(parents=True)
    drill = replace(stack_context, servers=SharedServers())
    return RestoreContext(drill, BackupSet(tmp_path, manifest, "0" * 64), None)


@pytest.fixture(scope="session")
def asset(stack_context: StackContext) -> PostgresAsset:
    found = stack_context.asset("shop")
    assert isinstance(found, PostgresAsset)
    return found

"""A migrated database with its roles, on the PostgreSQL whose socket WIPE_TEST_POSTGRES names.

The caller starts it (superuser ``postgres``, trust authentication, no TCP); see tests/platform of the
repository.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import Connection, Engine, NullPool, create_engine, insert
from wipe_platform import tables
from wipe_platform.canonical import b64
from wipe_platform.migrate import upgrade
from wipe_platform.provision.database_roles import ROLES, roles_sql
from wipe_platform.signing import PublishedKey, Purpose, Signed, SignerClient, signed_bytes

SOCKET = os.environ["WIPE_TEST_POSTGRES"]
KEY = Ed25519PrivateKey.from_private_bytes(bytes(32))
PUBLIC = b64(KEY.public_key().public_bytes_raw())


class LocalSigner(SignerClient):
    """Signs in this process, unless told to be ``away``."""

    def __init__(self) -> None:
        # Not the client's __init__: there is no connection.
        vars(self)["away"] = False

    def published_keys(self) -> list[PublishedKey]:
        return [PublishedKey(key_id="wipe-test", public_key=PUBLIC, created="2026-01-01T00:00:00.000000Z")]

    def healthy(self) -> None:
        raise ConnectionError("nothing listens")

    def sign(self, purpose: Purpose, digests: list[str]) -> Signed:
        if vars(self)["away"]:
            raise ConnectionError("the signer is away")
        signatures = [b64(KEY.sign(signed_bytes(purpose, digest))) for digest in digests]
        return Signed(key_id="wipe-test", signatures=signatures)


@dataclass(frozen=True)
class Database:
    """One database, as each of its roles."""

    name: str

    def engine(self, role: str) -> Engine:
        url = f"postgresql+psycopg://{role}@/{self.name}?host={SOCKET}"
        return create_engine(url, poolclass=NullPool)

    @contextmanager
    def owner(self) -> Iterator[Connection]:
        with self.engine("wipe").begin() as connection:
            yield connection


def as_superuser(*statements: str) -> None:
    """Run statements one by one, outside a transaction."""
    url = f"postgresql+psycopg://postgres@/postgres?host={SOCKET}"
    engine = create_engine(url, poolclass=NullPool, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)


@pytest.fixture(scope="session")
def cluster() -> None:
    """The roles and databases as provisioning makes them."""
    as_superuser(*roles_sql(dict.fromkeys(ROLES, "a long password")).splitlines())


@contextmanager
def temporary(template: str) -> Iterator[Database]:
    name = f"t_{uuid4().hex[:8]}"
    as_superuser(f"create database {name} owner wipe template {template}")
    yield Database(name)
    as_superuser(f"drop database {name} with (force)")


@pytest.fixture
def empty(cluster: None) -> Iterator[Database]:
    """A database of its own, without a schema."""
    with temporary("template0") as database:
        yield database


@pytest.fixture(scope="session")
def migrated(cluster: None) -> Iterator[Database]:
    """At this release's head; copied for each test."""
    with temporary("template0") as database:
        with database.engine("wipe").connect() as connection:
            upgrade(connection)
        yield database


@pytest.fixture
def database(migrated: Database) -> Iterator[Database]:
    """A database of its own, at this release's head."""
    with temporary(migrated.name) as database:
        yield database


@dataclass(frozen=True)
class Customer:
    """A tenant with an agent and a license."""

    id: UUID
    agent_id: UUID


def make_customer(database: Database, slug: str) -> Customer:
    now = datetime.now(UTC)
    customer = Customer(uuid4(), uuid4())
    with database.owner() as connection:
        connection.execute(insert(tables.tenants).values(id=customer.id, slug=slug, name=slug))
        connection.execute(
            insert(tables.agents).values(
                id=customer.agent_id, tenant_id=customer.id, name="bench", public_key=PUBLIC
            )
        )
        connection.execute(
            insert(tables.licenses).values(
                id=uuid4(), tenant_id=customer.id, plan="starter", seats=5, state="active",
                starts_at=now, ends_at=now,
            )
        )  # fmt: skip
    return customer


@pytest.fixture
def customer(database: Database) -> Customer:
    return make_customer(database, "first")


@pytest.fixture
def other_customer(database: Database) -> Customer:
    return make_customer(database, "second")


@pytest.fixture
def signer() -> LocalSigner:
    return LocalSigner()

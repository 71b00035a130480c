"""Keycloak: its database dumped and restored, or kept by a provider, and what its realm holds."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Annotated, Any, ClassVar

import httpx
import rfc8785
from pydantic import BaseModel, ConfigDict, Field, NonNegativeInt

from restoreproof.assets.arrival import ArrivalTrace
from restoreproof.assets.base import (
    Asset,
    BackupContext,
    InstallContext,
    RestoreContext,
    RestoreFailed,
    StackContext,
)
from restoreproof.assets.database import Database
from restoreproof.assets.postgres.connection import snapshot
from restoreproof.assets.postgres.database import PostgresDatabase, open_by_url, open_postgres
from restoreproof.assets.postgres.dump import database_mark, dump_database, restore_dump
from restoreproof.assets.provisioned import provisioned_file
from restoreproof.assets.realm import Realm
from restoreproof.assets.realm.admin import Admin
from restoreproof.assets.realm.tables import Tables
from restoreproof.assets.searchable import Searchable
from restoreproof.backups import layout, missing
from restoreproof.backups.missing import PartMissing
from restoreproof.contract.declarations import Defines, ServiceName, VariableName
from restoreproof.redaction.redactor import Secret
from restoreproof.runtimes.base import Start

_CLIENTS = (
    "select count(*) from pg_stat_activity where datname = current_database() "
    "and pid <> pg_backend_pid() and backend_type = 'client backend'"
)
_DATABASES = "select count(*) from pg_database where datname = :name"
PROVISIONED_REALM = "realm.json"
"""What provisioning leaves for a fresh Keycloak to import."""


class RealmClient(BaseModel):
    """A client whose restored secret is proven by a grant; ``id`` and ``secret`` name variables."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: VariableName
    secret: VariableName
    grant: str | None = None


class Person(BaseModel):
    """A user whose login is proven; ``user`` and ``password`` name variables."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    user: VariableName
    password: VariableName


class KeyKnown(BaseModel):
    """A public key that a realm signs with."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kid: str
    thumbprint: str


class RealmKnown(BaseModel):
    """The counts of a realm, and its signing keys."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    users: NonNegativeInt
    clients: NonNegativeInt
    roles: NonNegativeInt
    groups: NonNegativeInt
    credentials: NonNegativeInt = 0
    role_mappings: NonNegativeInt = 0
    jwks: tuple[KeyKnown, ...] = ()


class KeycloakAsset(Asset):
    """The realm of one Keycloak, whose database lies on the service ``store``."""

    service: ServiceName
    store: ServiceName
    database: str
    owner: str | None = None
    roles: tuple[str, ...] = ()
    realm: str
    clients: dict[Annotated[str, Defines("client", spoken=False)], RealmClient] = Field(default_factory=dict)
    people: dict[Annotated[str, Defines("person", parameter=True)], Person] = Field(default_factory=dict)

    after: ClassVar[tuple[str, ...]] = ("postgres", "objects")
    rests_on: ClassVar[tuple[str, ...]] = (
        "users and clients",
        "signing keys",
    )
    expectation: ClassVar[type[BaseModel] | None] = RealmKnown

    def stores(self) -> tuple[str, ...]:
        return (self.store,)

    def parts(self) -> tuple[str, ...]:
        return (missing.IDENTITY,)

    @property
    def dump(self) -> str:
        """Where in the set the dump lies."""
        return layout.dump("keycloak", self.name, self.database)

    def restore(self, restore_context: RestoreContext) -> None:
        restore_context.backup.require(missing.IDENTITY)
        restore_dump(restore_context, self.store, self.database, self.dump)

    def contribution(self, service: str, restore_context: RestoreContext) -> Start:
        if service == self.service:
            restore_context.backup.require(missing.IDENTITY)
        return Start()

    def provision(self, service: str, install_context: InstallContext) -> Start:
        if service != self.service:
            return Start()
        realm = provisioned_file(install_context, self.service, PROVISIONED_REALM)
        return Start(files={"import/realm.json": realm.read_bytes()})

    def back_up(self, backup_context: BackupContext) -> None:
        stack_context = backup_context.stack_context
        with (
            snapshot(stack_context.runtime, self.store, self.database) as (connection, name),
            stack_context.phase("dump of the identity database") as work,
        ):
            work.bytes = dump_database(
                backup_context, self.store, self.database, self.dump, snapshot_name=name
            )
            counts = Tables(PostgresDatabase(connection), self.realm).counts()
        jwks = tuple(KeyKnown(**key) for key in self.signing_keys(stack_context))
        backup_context.expect(self.name, RealmKnown(**counts, jwks=jwks))

    def connect(
        self, stack_context: StackContext, *, readonly: bool = True
    ) -> AbstractContextManager[Database]:
        return open_postgres(stack_context.runtime, self.store, self.database, readonly=readonly)

    def log_in(self, stack_context: StackContext, url: Secret) -> AbstractContextManager[Database]:
        return open_by_url(stack_context.runtime, url)

    def _present(self, stack_context: StackContext) -> None:
        """Raise PartMissing where the set was adopted without this realm: its database is missing too."""
        stack_context.runtime.require(self.service)

    @contextmanager
    def _realm(self, stack_context: StackContext, *, kept: bool = False) -> Iterator[Realm]:
        """The realm, by its tables where they are there to be believed, else by asking Keycloak."""
        self._present(stack_context)
        if self._has_tables(stack_context) and (not kept or self._only_tables(stack_context)):
            with self.connect(stack_context) as database:
                yield Tables(database, self.realm)
        else:
            endpoint = stack_context.runtime.endpoint(self.service)
            yield Admin(endpoint, self.realm, stack_context.runtime.administrator(self.service))

    def _has_tables(self, stack_context: StackContext) -> bool:
        try:
            with open_postgres(stack_context.runtime, self.store, "postgres") as server:
                return bool(server.value(_DATABASES, {"name": self.database}))
        except PartMissing:
            # The store is not among what runs here: Keycloak's provider keeps it to itself.
            return False

    def _only_tables(self, stack_context: StackContext) -> bool:
        """Whether, of a realm that a provider kept, the tables have to do, and can.

        A snapshot may hold the tables of another Keycloak. So whoever may ask this one does; where nobody
        may, its tables are those that somebody is connected to.
        """
        try:
            stack_context.runtime.administrator(self.service)
        except PartMissing:
            with self.connect(stack_context) as database:
                return bool(database.value(_CLIENTS))
        return False

    def searchable(self, stack_context: StackContext) -> Iterable[Searchable]:
        # A realm holds its signing keys by right: its dump is not searched either.
        return ()

    def counts(self, stack_context: StackContext, *, kept: bool = False) -> dict[str, int]:
        """Return how many users, clients, roles, groups, credentials and role mappings the realm holds.

        ``kept``: a provider kept it, and the set only refers to it.
        """
        with self._realm(stack_context, kept=kept) as realm:
            return realm.counts()

    def subjects(self, stack_context: StackContext, *, kept: bool = False) -> frozenset[str]:
        """Return the ids of the realm's people, as tokens have them in ``sub``; ``kept`` as in ``counts``."""
        with self._realm(stack_context, kept=kept) as realm:
            return frozenset(realm.subjects())

    def parameter(self, stack_context: StackContext, name: str) -> Any:
        if name not in self.people:
            return None
        with self._realm(stack_context) as realm:
            return realm.subject_of(stack_context.vault.secret(self.people[name].user).reveal())

    def signing_keys(self, stack_context: StackContext) -> list[dict[str, str]]:
        """Return key id and RFC 7638 thumbprint of every key that the realm publishes, sorted.

        Raises:
            RestoreFailed: Keycloak has no such realm.
        """
        endpoint = stack_context.runtime.endpoint(self.service)
        url = f"{endpoint.url}/realms/{self.realm}/protocol/openid-connect/certs"
        answer = httpx.get(url, timeout=30, verify=endpoint.trust)
        if answer.status_code == httpx.codes.NOT_FOUND:
            raise RestoreFailed(f"there is no realm {self.realm!r}")
        answer.raise_for_status()
        published = answer.json()["keys"]
        return sorted(
            ({"kid": key["kid"], "thumbprint": thumbprint(key)} for key in published),
            key=lambda key: key["kid"],
        )

    def marks(self, stack_context: StackContext) -> Sequence[ArrivalTrace]:
        self._present(stack_context)
        return (database_mark(stack_context, self.store, self.database),)


_REQUIRED = {"RSA": ("e", "kty", "n"), "EC": ("crv", "kty", "x", "y"), "OKP": ("crv", "kty", "x")}


def thumbprint(key: Mapping[str, Any]) -> str:
    """Return the SHA-256 thumbprint of a JSON Web Key (RFC 7638)."""
    members = {name: key[name] for name in _REQUIRED[key["kty"]]}
    return base64.urlsafe_b64encode(hashlib.sha256(rfc8785.dumps(members)).digest()).decode().rstrip("=")

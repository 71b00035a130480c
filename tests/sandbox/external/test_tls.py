"""Stores that take TLS: only who has a certificate for the name, of the right authority, is told anything."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import obstore
import pytest

from restoreproof.assets.postgres.connection import connect
from restoreproof.assets.realm.admin import Admin
from restoreproof.assets.s3 import control, store
from restoreproof.backups.missing import NotInTarget
from restoreproof.components.keycloak.marker import KeycloakMarker
from restoreproof.errors import EnvironmentUnfitError
from restoreproof.redaction.redactor import Secret
from restoreproof.runtimes.base import Endpoint, Start
from restoreproof.runtimes.driver import OuterContext
from restoreproof.runtimes.external.client import client_of
from restoreproof.runtimes.external.driver import ExternalDriver
from restoreproof.runtimes.external.marker import Unmarked, Unverified
from restoreproof.runtimes.external.outer import ProvisionedTarget as Hosting
from restoreproof.runtimes.external.ownership import Ownership
from restoreproof.runtimes.tls import Tls
from tests.sandbox.external.conftest import BLOCK, KEYCLOAK, NONCE, Foreign, Stores
from tests.sandbox.external.front import POSTGRES_ASKS, Authority, Front, listening

SECURED = BLOCK.replace("      administrator:", "      tls: {ca: $CA}\n      administrator:")


@dataclass(frozen=True)
class Provider:
    """Puts TLS before both stores; ``other`` is an authority that signed none of their certificates."""

    own: Authority
    other: Authority
    fronts: dict[str, Front]

    def told(self, **different: str) -> dict[str, str]:
        """What the contract asks for, but for what is ``different``."""
        ports = {f"{name.upper()}_PORT": str(front.port) for name, front in self.fronts.items()}
        return {"DB": "localhost", "S3": "localhost", **ports, "CA": str(self.own.file), **different}

    def heard(self) -> int:
        """Bytes that anybody has told the stores behind it."""
        return sum(len(front.told) for front in self.fronts.values())


@pytest.fixture
def provider(tmp_path: Path, stores: Stores) -> Iterator[Provider]:
    own, other = Authority(tmp_path, "own"), Authority(tmp_path, "other")
    serving = own.serving("localhost")
    fronts = {
        "db": Front(stores.held.endpoint("db"), serving, POSTGRES_ASKS),
        "s3": Front(stores.held.endpoint("s3"), serving),
    }
    with listening(*fronts.values()):
        yield Provider(own, other, fronts)


def test_stores_are_proven_read_and_written_by_verified_tls(foreign: Foreign, provider: Provider) -> None:
    runtime = foreign.runtime(SECURED, **provider.told())
    assert {one["service"] for one in foreign.events.of("marker-proven")} == {"db", "s3"}
    with connect(runtime, "db", "postgres") as connection:
        row = connection.execute("select 6 * 7 as answer").fetchone()
        assert row == {"answer": 42}
        assert connection.pgconn.ssl_in_use
    endpoint, administrator = runtime.endpoint("s3"), runtime.administrator("s3")
    client = control(endpoint, administrator)
    client.create_bucket(Bucket="by-tls")
    obstore.put(store(endpoint, administrator, "by-tls"), "key", b"content")
    assert client.get_object(Bucket="by-tls", Key="key")["Body"].read() == b"content"
    client.delete_object(Bucket="by-tls", Key="key")
    client.delete_bucket(Bucket="by-tls")
    client.close()


@pytest.mark.parametrize("wrong", ["authority", "name"])
@pytest.mark.parametrize("service", ["db", "s3"])
def test_who_can_not_be_verified_is_told_nothing(
    foreign: Foreign, provider: Provider, monkeypatch: pytest.MonkeyPatch, service: str, wrong: str
) -> None:
    given = {"authority": {"CA": str(provider.other.file)}, "name": {service.upper(): "127.0.0.1"}}[wrong]
    other = {"db": "S3_PORT", "s3": "DB_PORT"}[service]
    told = {**foreign.stores.environment, **provider.told(**given), other: "1"}
    for variable, value in told.items():
        monkeypatch.setenv(variable, value)
    with pytest.raises(EnvironmentUnfitError, match=f"{service}: who answers .*be verified") as caught:
        ExternalDriver().prepare(foreign.contract(SECURED), foreign.directory, lambda _: None)
    assert caught.value.exit_code == 3
    assert caught.value.where is not None
    assert caught.value.where.line is not None
    assert re.search("certificate|hostname", caught.value.message)
    assert provider.heard() == 0


def test_a_store_that_takes_no_tls_is_told_nothing_in_clear(foreign: Foreign, provider: Provider) -> None:
    plain = foreign.stores.environment
    for one in ({"DB_PORT": plain["DB_PORT"]}, {"S3_PORT": plain["S3_PORT"]}):
        told = {**provider.told(), "DB": plain["DB"], "S3": plain["S3"], **one}
        closed = "S3_PORT" if "DB_PORT" in one else "DB_PORT"
        with pytest.raises(EnvironmentUnfitError, match=r"can't be verified: .*(SSL|ssl)"):
            foreign.runtime(SECURED, **{**told, closed: "1"})


def test_those_whom_this_machine_trusts_are_believed_without_a_file(
    foreign: Foreign, provider: Provider
) -> None:
    block = SECURED.replace("{ca: $CA}", "{}")
    foreign.runtime(block, **provider.told(SSL_CERT_FILE=str(provider.own.file)))
    with pytest.raises(EnvironmentUnfitError, match="can't be verified"):
        foreign.runtime(block, **provider.told())


def test_own_clients_that_speak_no_tls_are_not_run(foreign: Foreign, provider: Provider) -> None:
    runtime = foreign.runtime(SECURED, **provider.told())
    with pytest.raises(NotInTarget, match=r"the harness's own psql speaks no TLS, and .* no exec command"):
        runtime.run_tool("db", "psql", ["-Atc", "select 1"])


def test_a_tool_of_the_contract_is_told_how_to_verify(foreign: Foreign, provider: Provider) -> None:
    marker = f'[["{NONCE}", "2026-01-01T00:00:00Z", "2026-01-01T00:00:01Z", "1@2"]]'
    printed = f"test $2 = psql && echo '{marker}' || cat \"$RESTOREPROOF_ENVIRONMENT\""
    foreign.command("client", printed)
    block = SECURED.replace("      port: $DB_PORT\n", '      port: $DB_PORT\n      exec: [./client, "--"]\n')
    done = foreign.runtime(block, **provider.told()).run_tool("db", "pg_restore", ["--list"])
    said = done.stdout.decode().splitlines()
    assert {"PGHOST=localhost", "PGSSLMODE=verify-full", f"PGSSLROOTCERT={provider.own.file}"} <= set(said)


@pytest.fixture(scope="module")
def keycloak(stores: Stores) -> Endpoint:
    """A real Keycloak, without TLS of its own."""
    with stores.connect() as connection:
        connection.execute("create database keycloak")
    told = stores.environment
    url = f"postgresql://{told['DB_USER']}:{told['DB_PASSWORD']}@db:5432/keycloak"
    stores.held.start("keycloak", Start(environment={"IDP": Secret("idp", url)}))
    return stores.held.endpoint("keycloak")


# python-keycloak hands the file on to a client of httpx that it never uses; httpx would have a context.
@pytest.mark.filterwarnings("ignore:`verify=<str>` is deprecated:DeprecationWarning")
def test_a_keycloak_is_asked_by_verified_tls_alone(
    foreign: Foreign, provider: Provider, keycloak: Endpoint
) -> None:
    owner = foreign.stores.held.administrator("keycloak")
    front = Front(keycloak, provider.own.serving("localhost"))
    with listening(front):
        for name, ca in (("127.0.0.1", provider.own.file), ("localhost", provider.other.file)):
            wrong = Endpoint("keycloak", "keycloak", "127.0.0.1", front.port, Tls(name, ca))
            with pytest.raises(Unverified, match="certificate"):
                KeycloakMarker().read(KEYCLOAK, wrong, owner)
            with pytest.raises(EnvironmentUnfitError, match=f"answers at {name}.* can't be verified"):
                client_of("keycloak").ask(KEYCLOAK, wrong, Start(), str)
            with pytest.raises(EnvironmentUnfitError, match="did not answer"):
                Admin(wrong, "master", owner).counts()
        assert not front.told
        right = Endpoint("keycloak", "keycloak", "127.0.0.1", front.port, Tls("localhost", provider.own.file))
        with pytest.raises(Unmarked, match="answers 404"):
            KeycloakMarker().read(KEYCLOAK, right, owner)
        client_of("keycloak").ask(KEYCLOAK, right, Start(), str)
        assert Admin(right, "master", owner).counts()["users"] == 1


def test_what_can_not_be_verified_after_down_is_told(foreign: Foreign, provider: Provider) -> None:
    block = f"{SECURED}  down: [./down]\n"
    ca = foreign.directory / "ca.pem"
    shutil.copy(provider.own.file, ca)
    foreign.command("down", f"cp {provider.other.file} {ca}")
    target = foreign.target(block, **provider.told(CA=str(ca), S3_PORT="1"))
    place = OuterContext("d1", foreign.contract(block), foreign.directory, foreign.directory, ())
    Ownership(foreign.directory).make()
    [said] = Hosting(place, target).remove()
    assert said.startswith("after `down`, db: who answers at localhost")


def test_what_can_not_be_verified_is_not_removed(foreign: Foreign, provider: Provider) -> None:
    block = f"{SECURED}  down: [./down]\n"
    foreign.command("down", "touch removed")
    target = foreign.target(block, **provider.told(CA=str(provider.other.file), S3_PORT="1"))
    place = OuterContext("d1", foreign.contract(block), foreign.directory, foreign.directory, ())
    Ownership(foreign.directory).make()
    [said] = Hosting(place, target).remove()
    assert "`down` was not run: db: who answers at localhost" in said
    assert not (foreign.directory / "removed").exists()

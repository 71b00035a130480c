"""Filling in the block: every variable is there, and what it holds fits."""

from __future__ import annotations

import socket
from collections.abc import Callable
from pathlib import Path

import certifi
import pytest

from restoreproof.backups.missing import NotInTarget
from restoreproof.contract import Contract
from restoreproof.contract.loader import parse
from restoreproof.errors import ContractError, EnvironmentUnfitError
from restoreproof.redaction.redactor import MASK, Redactor
from restoreproof.runtimes.external.driver import ExternalDriver
from restoreproof.runtimes.external.markers import Markers
from restoreproof.runtimes.external.target import fill

BLOCK = """\
external:
  marker: $NONCE
  plain: [SUFFIX]
  services:
    db:
      address: $DB_HOST
      port: $DB_PORT
      administrator: {user: "admin-${SUFFIX}", password: $DB_PASSWORD}
      logs: [./logs, "--of=$SUFFIX"]
"""
SET = {
    "NONCE": "0123456789abcdef",
    "DB_HOST": "127.0.0.1",
    "DB_PORT": "6543",
    "SUFFIX": "s1",
    "DB_PASSWORD": "a-password-of-db",
}
ContractOf = Callable[[str], Contract]


def test_variables_are_filled_in_where_the_drill_starts(contract_of: ContractOf) -> None:
    target = fill(contract_of(BLOCK), SET)
    endpoint = target.endpoint("db")
    assert (endpoint.host, endpoint.address, endpoint.port) == ("db", "127.0.0.1", 6543)
    administrator = target.administrator("db")
    assert administrator is not None
    assert (administrator.user, administrator.password.reveal()) == ("admin-s1", "a-password-of-db")
    assert target.service("db").logs == ("./logs", "--of=s1")
    assert target.block.max_age == 24 * 3600


def test_nothing_shows_what_is_secret(contract_of: ContractOf) -> None:
    shown = repr(fill(contract_of(BLOCK), SET))
    assert SET["NONCE"] not in shown
    assert SET["DB_PASSWORD"] not in shown


def test_what_commands_could_print_is_known_by_its_name(contract_of: ContractOf) -> None:
    secret = {
        "AWS_SECRET_ACCESS_KEY": "wJalrXUtnFEMI/K7MDENG",
        "PGPASSWORD": "of-the-operator-1",
        "GH_TOKEN": "ghp_0123456789abcdef",
    }
    plain = {
        "AWS_WEB_IDENTITY_TOKEN_FILE": "/var/run/secrets/token",
        "PATH": "/usr/local/bin",
        "X_TOKEN": "on",
    }
    known = {one.name for one in fill(contract_of(BLOCK), {**SET, **secret, **plain}).secrets}
    assert known == {"drill marker", "external db administrator", "DB_PASSWORD", "NONCE", *secret}


@pytest.mark.parametrize("missing", sorted(SET))
def test_a_variable_that_is_not_set_is_named_with_its_line(contract_of: ContractOf, missing: str) -> None:
    environment = {name: value for name, value in SET.items() if name != missing}
    with pytest.raises(ContractError) as caught:
        fill(contract_of(BLOCK), environment)
    assert f"${missing} is not set in the environment of this drill" in str(caught.value)
    assert caught.value.where is not None
    assert caught.value.where.file.endswith("stack.yaml")
    assert caught.value.where.line in range(11, 19)


def test_every_unset_variable_is_told_at_once(contract_of: ContractOf) -> None:
    with pytest.raises(ContractError) as caught:
        fill(contract_of(BLOCK), {})
    assert all(f"${name} " in str(caught.value) for name in SET)


def test_a_variable_that_holds_no_port_is_refused_at_its_line(contract_of: ContractOf) -> None:
    with pytest.raises(
        ContractError, match=r"external\.services\.db\.port: what the variable holds is no port"
    ) as caught:
        fill(contract_of(BLOCK), {**SET, "DB_PORT": "postgres"})
    assert caught.value.where is not None
    assert caught.value.where.line == 16


def test_a_store_that_nobody_could_be_shown_the_marker_by_is_refused(contract_of: ContractOf) -> None:
    bare = contract_of(BLOCK.replace("administrator: {user:", "#"))
    with pytest.raises(ContractError, match=r"external\.services\.db: it holds data, and without") as caught:
        fill(bare, SET)
    assert "stack.yaml:14" in str(caught.value)
    [objection] = ExternalDriver().objections(bare)
    assert "not production's" in str(objection)
    assert not list(ExternalDriver().objections(contract_of(BLOCK)))
    assert not list(ExternalDriver().objections(contract_of("")))


KEYCLOAK = """\
schema: restoreproof/stack/v1
stack: shop
objectives: {rpo: 15m, rto: 4h}
services:
  db: {component: postgres, port: 5432, starts: database}
  idp: {component: keycloak, port: 8080, starts: database}
order: [database, smoke]
assets:
  main: {kind: postgres, at: database, service: db, database: shop}
  realm: {kind: keycloak, at: database, service: idp, store: db, database: idp, realm: shop}
"""


@pytest.mark.parametrize(
    ("idp", "shows"),
    [
        ("start: [./start]", False),  # the drill itself starts it on the database that showed its marker
        ("start: [./start], administrator: {user: a, password: $DB_PASSWORD}", False),
        ("administrator: {user: a, password: $DB_PASSWORD}", True),
        ("logs: [./logs]", None),
    ],
)
def test_a_keycloak_that_runs_already_has_to_show_a_marker_of_its_own(
    tmp_path: Path, idp: str, shows: bool | None
) -> None:
    block = f"{BLOCK}    idp: {{address: 127.0.0.1, port: 8080, {idp}}}\n"
    contract = parse(KEYCLOAK + block, tmp_path / "stack.yaml")
    if shows is None:
        with pytest.raises(ContractError, match=r"external\.services\.idp: it holds data"):
            fill(contract, SET)
    else:
        assert set(Markers(fill(contract, SET)).stores) == ({"db", "idp"} if shows else {"db"})


@pytest.mark.parametrize("administrator", [True, False])
def test_a_keycloak_that_a_provider_keeps_has_to_show_one_too(tmp_path: Path, administrator: bool) -> None:
    who = ", administrator: {user: a, password: $DB_PASSWORD}" if administrator else ""
    block = f"{BLOCK}    idp: {{address: 127.0.0.1, port: 8080, start: [./start]{who}}}\n"
    proof = Markers(fill(parse(KEYCLOAK + block, tmp_path / "stack.yaml"), SET))
    if administrator:
        proof.demand("idp")
        assert set(proof.stores) == {"db", "idp"}
    else:
        with pytest.raises(EnvironmentUnfitError, match="idp is not touched: a provider keeps what it holds"):
            proof.demand("idp")


def test_a_nonce_that_could_be_guessed_is_refused(contract_of: ContractOf) -> None:
    with pytest.raises(ContractError, match="shorter than 16 characters") as caught:
        fill(contract_of(BLOCK), {**SET, "NONCE": "drill"})
    assert "'drill'" not in str(caught.value)


def test_a_contract_without_the_block_says_what_is_missing(contract_of: ContractOf) -> None:
    with pytest.raises(ContractError, match="no external: block") as caught:
        fill(contract_of(""), SET)
    assert caught.value.exit_code == 2


def test_what_is_not_listed_is_not_there_by_name(contract_of: ContractOf) -> None:
    target = fill(contract_of(BLOCK), SET)
    with pytest.raises(NotInTarget, match="the target lacks web: the contract's external: does not list it"):
        target.endpoint("web")
    with pytest.raises(ContractError, match="no service 'nothing'"):
        target.endpoint("nothing")


def test_a_port_that_is_not_listed_is_not_there_by_name(contract_of: ContractOf) -> None:
    target = fill(contract_of(f"{BLOCK}    web: {{address: 127.0.0.1, port: 80}}\n"), SET)
    with pytest.raises(NotInTarget, match="no port called 'admin'"):
        target.endpoint("web", "admin")


def test_a_name_that_does_not_resolve_is_told_with_its_line(contract_of: ContractOf) -> None:
    target = fill(contract_of(BLOCK), {**SET, "DB_HOST": "nowhere.invalid"})
    with pytest.raises(
        EnvironmentUnfitError, match=r"db: the address 'nowhere\.invalid' does not resolve"
    ) as caught:
        target.endpoint("db")
    assert "stack.yaml:15" in str(caught.value)


def test_an_administrators_password_goes_nowhere_in_clear(contract_of: ContractOf) -> None:
    away = {**SET, "DB_HOST": "192.0.2.1"}
    with pytest.raises(ContractError, match=r"password would go to 192\.0\.2\.1 in clear") as caught:
        fill(contract_of(BLOCK), away).endpoint("db")
    assert "stack.yaml:17" in str(caught.value)
    assert "tls: {ca: FILE}" in str(caught.value)
    said = BLOCK.replace("      administrator", "      tls: false\n      administrator")
    assert fill(contract_of(said), away).endpoint("db").url == "http://192.0.2.1:6543"


def test_with_tls_a_service_goes_by_the_name_that_the_contract_gives(
    contract_of: ContractOf, tmp_path: Path
) -> None:
    (tmp_path / "ca.pem").write_bytes(Path(certifi.where()).read_bytes())
    said = BLOCK.replace("      administrator", "      tls: {ca: ca.pem}\n      administrator")
    endpoint = fill(contract_of(said), {**SET, "DB_HOST": "localhost"}).endpoint("db")
    assert endpoint.url == "https://localhost:6543"
    assert endpoint.authorities == str(tmp_path / "ca.pem")
    asked = endpoint.libpq()
    assert (asked["host"], asked["sslmode"]) == ("localhost", "verify-full")
    assert asked["hostaddr"] == endpoint.address


@pytest.mark.parametrize(("tls", "words"), [("absent.pem", "No such file"), ("stack.yaml", "no certificate")])
def test_authorities_that_are_none_are_refused_at_their_line(
    contract_of: ContractOf, tmp_path: Path, tls: str, words: str
) -> None:
    (tmp_path / "stack.yaml").write_text("schema: restoreproof/stack/v1")
    said = BLOCK.replace("      administrator", f"      tls: {{ca: {tls}}}\n      administrator")
    with pytest.raises(ContractError, match=f"db: .*{tls} holds no certificates .*{words}") as caught:
        fill(contract_of(said), SET)
    assert "stack.yaml:17" in str(caught.value)


def test_tls_to_what_the_harness_does_not_ask_itself_is_refused(contract_of: ContractOf) -> None:
    with pytest.raises(ContractError, match="web: `tls` is for what the drill asks as an administrator"):
        fill(contract_of(f"{BLOCK}    web: {{address: 127.0.0.1, port: 80, tls: {{}}}}\n"), SET)


def test_what_the_block_takes_from_the_environment_is_known_for_secret(contract_of: ContractOf) -> None:
    """A DSN and an API key of an administrator's stood in the journal."""
    block = BLOCK.replace('user: "admin-${SUFFIX}"', "user: $API_KEY")
    block = block.replace("  plain: [SUFFIX]\n", "  plain: [SUFFIX]\n  max_age: 6h\n")
    key = "AKIA0123456789ABCDEF"
    target = fill(contract_of(block), {**SET, "API_KEY": key})
    assert {secret.name for secret in target.secrets} >= {"API_KEY", "drill marker"}
    administrator = target.administrator("db")
    assert administrator is not None
    assert administrator.user == key
    assert Redactor(target.secrets).text(f"refused: {key}") == f"refused: {MASK}"


@pytest.mark.parametrize(("said", "nameless"), [(socket.EAI_NONAME, True), (socket.EAI_AGAIN, False)])
def test_only_a_name_that_name_servers_deny_is_of_no_machine(
    contract_of: ContractOf, monkeypatch: pytest.MonkeyPatch, said: int, nameless: bool
) -> None:
    """A name server that is away says nothing of whether a store is gone."""
    target = fill(contract_of(BLOCK), {**SET, "DB_HOST": "db.example"})

    def refuse(*_: object, **__: object) -> None:
        raise socket.gaierror(said, "as the name server says")

    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    assert target.is_nameless("db") is nameless

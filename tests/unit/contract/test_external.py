"""The ``external:`` block: what a contract may say of a target that somebody else provisioned."""

from __future__ import annotations

from pathlib import Path

import pytest

from restoreproof.contract import Contract
from restoreproof.contract.loader import parse
from restoreproof.contract.problems import InvalidContract
from restoreproof.runtimes.external.block import block_of
from tests.contracts import SHOP

BLOCK = """\
external:
  marker: $NONCE
  isolation: {probe: [./probe, "{target}"], address: $HERE, beyond: ["far.example:443"], within: db}
  restore:
    main: {command: [./restore, "{reference}"], deadline: 2h}
  services:
    db:
      address: $DB_HOST
      port: 5432
      ports: {admin: $ADMIN_PORT}
      inside: db:5432
      administrator: {user: root, password: $DB_PASSWORD}
      start: [./start, db]
"""


def contract_of(text: str) -> Contract:
    return parse(text, Path("/none/stack.yaml"))


def test_a_block_is_read_as_it_is_written() -> None:
    block = block_of(contract_of(SHOP + BLOCK))
    assert block is not None
    assert block.max_age == 24 * 3600
    assert block.restore["main"].deadline == 2 * 3600
    assert block.services["db"].port == "5432"
    assert block.services["db"].start == ("./start", "db")
    assert block.secret_variables() == {"NONCE", "DB_PASSWORD"}


def test_a_contract_without_it_has_no_target() -> None:
    assert block_of(contract_of(SHOP)) is None


@pytest.mark.parametrize(
    ("right", "wrong", "line", "words"),
    [
        ("password: $DB_PASSWORD", "password: hunter2", 20, "a contract holds no secrets"),
        ("password: $DB_PASSWORD", "password: x$DB_PASSWORD", 20, "a contract holds no secrets"),
        ("marker: $NONCE", "marker: a-literal-of-some-length", 10, "a contract holds no secrets"),
        ("port: 5432", "port: 0", 17, "no port"),
        ("port: 5432", "port: 70000", 17, "no port"),
        ("port: 5432", "port: http", 17, "no port"),
        ("    db:\n      address", "    dbb:\n      address", 15, "no service is called 'dbb'; did you mean"),
        ("    main: {command", "    mian: {command", 13, "no asset is called 'mian'; did you mean 'main'?"),
        ("within: db", "within: web", 11, "no service of the target is called 'web'"),
        ("start: [./start, db]", "start: ./start db", 21, "should be a list"),
        ("start: [./start, db]", "start: []", 21, "at least 1 item"),
        ("start: [./start, db]", "strat: [./start, db]", 21, "did you mean 'start'?"),
        ("[./start, db]", "[./start, $DB_PASSWORD]", 21, "$DB_PASSWORD is secret"),
        ("      inside: db:5432\n", "", 15, "does not say where it is `inside:`"),
        ("inside: db:5432", "inside: db", 19, "no HOST:PORT"),
        ('probe: [./probe, "{target}"]', "probe: [./probe]", 11, "not told what to try"),
        ('probe: [./probe, "{target}"]', 'probe: [./probe, "{host}", "5432"]', 11, "not told what to try"),
        ("      inside", "      tls: {cert: x.pem}\n      inside", 19, "unknown key 'cert'"),
        ("      inside", "      tls: true\n      inside", 19, "tls"),
        ("deadline: 2h", "deadline: soon", 13, "not a span of time"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_with_its_line(right: str, wrong: str, line: int, words: str) -> None:
    assert right in BLOCK
    with pytest.raises(InvalidContract) as caught:
        contract_of(SHOP + BLOCK.replace(right, wrong))
    said = [(problem.where.line, str(problem)) for problem in caught.value.problems]
    assert any(words in text and at == line for at, text in said), said


def test_a_password_that_was_written_down_is_not_written_again() -> None:
    with pytest.raises(InvalidContract) as caught:
        contract_of(SHOP + BLOCK.replace("password: $DB_PASSWORD", "password: hunter2"))
    assert "hunter2" not in str(caught.value)


def test_what_is_taken_from_the_environment_is_secret_but_places_and_what_is_called_plain() -> None:
    block = BLOCK.replace("user: root", "user: $DB_USER").replace("[./start, db]", "[./start, $ZONE]")
    read = block_of(contract_of(f"{SHOP}{block}  plain: [ZONE]\n"))
    assert read is not None
    assert read.secret_variables() == {"NONCE", "DB_PASSWORD", "DB_USER"}
    assert read.credential_variables() == {"NONCE", "DB_PASSWORD"}


@pytest.mark.parametrize(
    ("start", "plain", "words"),
    [
        ("--dsn=$DB_DSN", "", "external.services.db.start.1: $DB_DSN is secret and would be in the process"),
        ("$API_KEY", "", "external.plain says that it is none"),
        (
            "$ZONE",
            "  plain: [ZOEN]\n",
            "external.plain: nothing of the block asks for $ZOEN; did you mean 'ZONE'",
        ),
        ("db", "  plain: [DB_PASSWORD]\n", "external.plain: $DB_PASSWORD holds the marker or a password"),
    ],
)
def test_a_secret_on_a_command_line_and_a_wrong_plain_are_told(start: str, plain: str, words: str) -> None:
    block = BLOCK.replace("[./start, db]", f'[./start, "{start}"]')
    with pytest.raises(InvalidContract) as refused:
        contract_of(f"{SHOP}{block}{plain}")
    assert words in str(refused.value)

"""What a provider restored is searched in the target; what can't be is named, and nothing is left behind."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509 import CertificateBuilder, Name, NameAttribute, random_serial_number
from cryptography.x509.oid import NameOID
from psycopg import Connection

from restoreproof.assets.base import RestoreContext, StackContext
from restoreproof.assets.postgres.connection import connect
from restoreproof.backups.references import Reference
from restoreproof.checks.forbidden import ForbiddenSurvey
from restoreproof.contract.loader import parse
from restoreproof.outcome import Outcome
from restoreproof.scan.rules import BUILT_IN, ForbiddenRule
from tests.sandbox.assets.conftest import CONTRACT, Notes

SNAPSHOT = Reference(reference="snapshot-1")
Refer = Callable[..., RestoreContext]


@pytest.fixture
def refer(restore_context: RestoreContext) -> Refer:
    """A restore from a set that only refers to the assets that are named."""

    def referring(*assets: str) -> RestoreContext:
        manifest = restore_context.backup.manifest.model_copy(
            update={"references": dict.fromkeys(assets, SNAPSHOT)}
        )
        return replace(restore_context, backup=replace(restore_context.backup, manifest=manifest))

    return referring


@pytest.fixture
def shop(stack_context: StackContext) -> Iterator[Connection[Any]]:
    """The database ``shop`` as a provider restored it, with a table of notes and room for more."""
    with connect(stack_context.runtime, "target", "postgres", readonly=False, autocommit=True) as connection:
        connection.execute("create database shop")
    with connect(stack_context.runtime, "target", "shop", readonly=False, autocommit=True) as connection:
        connection.execute("create table notes (text text, content bytea)")
        connection.execute("insert into notes values ('nothing', null)")
        yield connection
    with connect(stack_context.runtime, "target", "postgres", readonly=False, autocommit=True) as connection:
        connection.execute("drop database shop")


def test_a_key_in_a_row_is_found_and_no_dump_is_left(
    shop: Connection[Any], refer: Refer, stack_context: StackContext
) -> None:
    key = next(rule.sample() for rule in BUILT_IN if rule.name == "age identity")
    shop.execute("insert into notes values (%s)", [key.decode()])
    survey = ForbiddenSurvey.look(refer("shop"))
    assert survey.clean().outcome is Outcome.FAILED
    (finding,) = survey.findings.listed
    assert finding.startswith("database shop, as restored: age identity at byte ")
    assert survey.restored == ("shop (restored from snapshot-1, whose own bytes were not searched)",)
    assert not list(stack_context.workdir.glob("search-*"))


PLACES = {
    "bytea": "insert into notes values ('a key', %s)",
    "array of bytea": "create table many as select array[null, %s::bytea] as contents",
    "large object": "select lo_from_bytea(0, %s)",
    # pg_dump cuts it every 16 KiB
    "far into a large object": "select lo_from_bytea(0, decode(repeat('00', 16350), 'hex') || %s)",
}


@pytest.mark.parametrize("place", PLACES.values(), ids=PLACES)
@pytest.mark.parametrize("rule", BUILT_IN, ids=[rule.name for rule in BUILT_IN])
def test_a_secret_in_binary_columns_and_large_objects_is_found(
    shop: Connection[Any], refer: Refer, rule: ForbiddenRule, place: str
) -> None:
    shop.execute(place.encode(), [rule.sample()])
    survey = ForbiddenSurvey.look(refer("shop"))
    assert survey.clean().outcome is Outcome.FAILED
    assert any(f": {rule.name} at byte " in found for found in survey.findings.listed)


@pytest.mark.parametrize("rule", BUILT_IN, ids=[rule.name for rule in BUILT_IN])
@pytest.mark.parametrize("place", ["bytea", "array of bytea"])
def test_a_secret_is_found_where_the_database_prints_binary_as_escapes(
    shop: Connection[Any], refer: Refer, rule: ForbiddenRule, place: str
) -> None:
    shop.execute("alter database shop set bytea_output = escape")
    shop.execute(PLACES[place].encode(), [rule.sample()])
    assert ForbiddenSurvey.look(refer("shop")).clean().outcome is Outcome.FAILED


@pytest.mark.parametrize("place", PLACES.values(), ids=PLACES)
def test_what_is_public_is_no_finding_in_binary_either(
    shop: Connection[Any], refer: Refer, place: str
) -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    spki = PublicFormat.SubjectPublicKeyInfo
    name = Name([NameAttribute(NameOID.COMMON_NAME, "public")])
    now = datetime.now(UTC)
    made = CertificateBuilder(name, name, key.public_key(), random_serial_number(), now, now + timedelta(1))
    public = [
        key.public_key().public_bytes(Encoding.DER, spki),
        key.public_key().public_bytes(Encoding.PEM, spki),
        made.sign(key, SHA256()).public_bytes(Encoding.DER),
        key.sign(b"proof", PKCS1v15(), SHA256()),
    ]
    shop.execute(place.encode(), [b"".join(public)])
    survey = ForbiddenSurvey.look(refer("shop"))
    assert (survey.parts, survey.closed.total) == (1, 0)
    assert survey.findings.listed == []


def test_a_database_that_can_not_be_dumped_is_named_and_not_verified(
    refer: Refer, stack_context: StackContext
) -> None:
    said = ForbiddenSurvey.look(refer("shop")).clean()
    assert said.outcome is Outcome.NOT_VERIFIED
    assert "not searched: database shop, as restored: pg_dump ended with 1" in said.observed
    assert not list(stack_context.workdir.glob("search-*"))


def test_what_is_restored_after_the_check_is_named_with_its_stage(refer: Refer, tmp_path: Path) -> None:
    first = "services:\n  first: {component: postgres, port: 5432, starts: early}\n"
    later = CONTRACT.replace("services:\n", first).replace("order: [rows]", "order: [early, rows]")
    restore_context = refer("shop")
    early = replace(
        restore_context.stack_context, contract=parse(later, tmp_path / "stack.yaml"), stage=lambda: "early"
    )
    said = ForbiddenSurvey.look(replace(restore_context, stack_context=early)).clean()
    assert said.outcome is Outcome.NOT_VERIFIED
    assert "shop (snapshot-1): restored at 'rows', after this check: tag that @at:rows" in said.observed


def test_a_realm_is_left_out_by_right_and_the_record_names_it(refer: Refer, notes: Notes) -> None:
    survey = ForbiddenSurvey.look(refer("identity"))
    assert survey.restored == ()
    assert survey.closed.total == 0
    scan = next(data for name, data in reversed(notes.told) if name == "forbidden-scan")
    assert scan["unscannable"] == ["identity (snapshot-1): holds the realm's signing keys by right"]

"""A contract is read in full or refused with every fault's line."""

from __future__ import annotations

import hashlib
import json
from datetime import timedelta
from pathlib import Path

import pytest
from pydantic import BaseModel, ConfigDict

from restoreproof.contract import Contract, json_schema, load, nouns
from restoreproof.contract.loading import parse
from restoreproof.contract.problems import InvalidContract
from restoreproof.errors import ContractError, ExitCode

REPOSITORY = Path(__file__).parents[3]
REFERENCE = REPOSITORY / "compose/wipe/stack.yaml"

SMALL = """\
schema: restoreproof/stack/v1
stack: shop
objectives: {rpo: 15m, rto: 4h}
services:
  db: {component: postgres, port: 5432, starts: database}
  web: {component: python, port: 8000, starts: web, run: [-m, shop]}
order: [database, files, web, smoke]
assets:
  main: {kind: postgres, at: database, service: db, database: shop}
  files:
    kind: objects
    at: files
    buckets:
      photos: {name: $PHOTOS}
  env: {kind: secrets, at: web, required: [PHOTOS]}
  login: {kind: keycloak, at: web, people: {tester: {user: U, password: P}}}
windows: {recent: 30 days}
datasets:
  orders:
    database: main
    objects: photos
    sql: select id from orders where at > :recovery_point - :recent
endpoints:
  order page: {path: "/orders/{id}", as: tester, of: orders}
queues:
  mails: {database: main, sql: "select kind, count(*) as items from mails group by 1"}
review:
  approver: someone
  mails: {welcome: 3}
"""


def line_of(text: str, part: str) -> int:
    """The line, from 1, on which ``part`` stands."""
    return next(number for number, line in enumerate(text.splitlines(), 1) if part in line)


def refused(text: str) -> InvalidContract:
    """The refusal of ``text``."""
    with pytest.raises(InvalidContract) as caught:
        parse(text, Path("stack.yaml"))
    return caught.value


def changed(old: str, new: str) -> str:
    """SMALL with ``old`` replaced, which must be there."""
    assert old in SMALL
    return SMALL.replace(old, new, 1)


@pytest.fixture
def small() -> Contract:
    """The small contract, which has no fault."""
    return parse(SMALL, Path("stack.yaml"))


def test_the_reference_contract_loads_with_its_digest_and_directory() -> None:
    contract = load(REFERENCE)
    assert contract.sha256 == hashlib.sha256(REFERENCE.read_bytes()).hexdigest()
    assert contract.directory == REFERENCE.parent
    assert contract.objectives.rpo_s == 900
    assert contract.objectives.rto_s == 4 * 3600


def test_spans_are_seconds_and_windows_keep_their_own_words(small: Contract) -> None:
    window = small.windows["recent"]
    assert (window.text, window.span, window.interval) == ("30 days", timedelta(days=30), "720 hours")


def test_a_release_lies_beside_the_contract_and_an_unknown_one_is_refused(small: Contract) -> None:
    contract = load(REFERENCE)
    assert contract.releases is not None
    expected = (REFERENCE.parent / contract.releases.expected.path).resolve()
    assert contract.release_directory("expected") == expected
    with pytest.raises(ContractError, match="no release called 'next'"):
        contract.release_directory("next")
    with pytest.raises(ContractError, match="no release called 'expected'"):
        small.release_directory("expected")


def test_nouns_are_gathered_by_what_they_are(small: Contract) -> None:
    found = nouns(small)
    assert found["stage"] == {"database", "files", "web", "smoke"}
    assert found["bucket"] == {"photos"}
    assert found["person"] == {"tester"}
    assert found["variable"] == {"PHOTOS"}
    assert found["dataset"] == {"orders"}
    assert found["queue"] == {"mails"}


def test_review_limits_go_by_queue_and_class(small: Contract) -> None:
    assert small.review is not None
    assert small.review.limits == {"mails": {"welcome": 3}}


@pytest.mark.parametrize(
    ("old", "new", "marker", "suggestion"),
    [
        ("objectives:", "objetives:", "objetives:", "objectives"),
        ("    objects: photos", "    objets: photos", "objets:", "objects"),
        ("of: orders", "off: orders", "off:", "of"),
        ("order: [database,", "order: [databse,", "order:", "database"),
        ("at: database", "at: databas", "at: databas,", "database"),
        ("starts: web", "starts: wep", "starts: wep", "web"),
        ("service: db", "service: dbb", "service: dbb", "db"),
        ("    database: main", "    database: mian", "database: mian", "main"),
        ("    objects: photos", "    objects: potos", "objects: potos", "photos"),
        ("of: orders", "of: order", "of: order}", "orders"),
        ("as: tester", "as: testor", "as: testor", "tester"),
        (":recovery_point", ":recovry_point", ":recovry_point", "recovery_point"),
        ("- :recent", "- :recnt", ":recnt", "recent"),
        ("name: $PHOTOS", "name: $FOTOS", "$FOTOS", "PHOTOS"),
        ("  mails: {welcome", "  mail: {welcome", "mail: {welcome", "mails"),
    ],
)
def test_a_wrong_word_is_named_with_its_line_and_the_right_one(
    old: str, new: str, marker: str, suggestion: str
) -> None:
    text = changed(old, new)
    problems = refused(text).problems
    assert (line_of(text, marker), suggestion) in {(p.where.line, p.suggestion) for p in problems}


@pytest.mark.parametrize(
    ("old", "new", "marker", "words"),
    [
        ("stack: shop\n", "stack: shop\nstack: shed\n", "stack: shed", "duplicate key 'stack'"),
        ("port: 5432", "port: much", "port: much", "services.db.port"),
        ("port: 5432", "port: 70000", "port: 70000", "services.db.port"),
        ("rpo: 15m", "rpo: 15", "rpo: 15", "not a span of time"),
        ("rpo: 15m", "rpo: 0m", "rpo: 0m", "no time at all"),
        ("recent: 30 days", "recent: lately", "recent: lately", "not a span of time"),
        ("kind: postgres, ", "", "at: database, service", "lacks the key 'kind'"),
        ("schema: restoreproof/stack/v1\n", "", "stack: shop", "lacks the key 'schema'"),
        ("schema: restoreproof/stack/v1", "schema: other/v9", "schema:", "restoreproof/stack/v1"),
        ("stack: shop", "stack: 7", "stack: 7", "valid string, not 7; put it in quotes"),
        (", smoke]", ", smoke, web]", "order:", "listed 2 times"),
        (", of: orders", "", "order page", "placeholders"),
        ("{welcome: 3}", "{welcome: -3}", "welcome: -3", "review.mails.welcome"),
        ("  approver: someone\n", "", "review:", "lacks the key 'approver'"),
        ("stack: shop", "stack: &name shop\nother: *name", "stack: &name", "aliases are not read"),
        ("stack: shop", "stack: !run shop", "stack: !run", "not a value"),
    ],
)
def test_a_fault_of_shape_is_named_with_its_line(old: str, new: str, marker: str, words: str) -> None:
    text = changed(old, new)
    found = [(problem.where.line, str(problem)) for problem in refused(text).problems]
    assert any(line == line_of(text, marker) and words in message for line, message in found), found


def test_a_queue_without_a_review_is_refused() -> None:
    text = changed("  mails: {welcome: 3}\n", "")
    assert "the review says nothing of this queue" in str(refused(text))


def test_faults_are_reported_together_and_in_the_order_of_their_lines() -> None:
    text = changed("port: 5432", "port: x").replace("windows:", "widows:").replace("at: files", "a: files")
    error = refused(text)
    assert [problem.where.line for problem in error.problems] == [
        line_of(text, "port: x"),
        line_of(text, "  files:"),
        line_of(text, "widows:"),
    ]
    assert error.exit_code is ExitCode.COULD_NOT_START
    assert all(str(problem) in str(error) for problem in error.problems)


@pytest.mark.parametrize("text", ["", "# nothing\n", "- a\n", "a: [1\nb: 2\n", "a: b: c\n", "\t", "42"])
def test_what_is_no_mapping_is_no_contract(text: str) -> None:
    assert refused(text).where is not None


def test_a_missing_file_and_a_binary_one_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ContractError, match="can't read the contract"):
        load(tmp_path / "none.yaml")
    binary = tmp_path / "binary.yaml"
    binary.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ContractError, match="not UTF-8"):
        load(binary)


class PostgresBlock(BaseModel):
    """What a kind says of its own block."""

    model_config = ConfigDict(extra="forbid")

    database: str
    owner: str = "nobody"


def test_a_kind_reads_its_own_block_and_names_the_line_of_a_fault(small: Contract) -> None:
    assert small.options("assets", "main", PostgresBlock).database == "shop"
    text = changed("database: shop}", "database: shop, ownr: me}")
    with pytest.raises(InvalidContract) as caught:
        parse(text, Path("stack.yaml")).options("assets", "main", PostgresBlock)
    (problem,) = caught.value.problems
    assert problem.where.line == line_of(text, "ownr")
    assert problem.suggestion == "owner"


def test_the_published_schema_is_the_models_own() -> None:
    published = json.loads((REPOSITORY / "docs/stack.schema.json").read_text())
    assert published == json_schema(), "run: python -m restoreproof.contract > docs/stack.schema.json"

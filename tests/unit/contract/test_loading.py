"""A contract is read in full or refused with every fault's line."""

from __future__ import annotations

import hashlib
import json
from datetime import timedelta
from pathlib import Path
from typing import Annotated

import pytest

from restoreproof.assets.base import Asset
from restoreproof.contract import Contract, json_schema, load, models, nouns
from restoreproof.contract.block_models import asset_models
from restoreproof.contract.declarations import Defines
from restoreproof.contract.loader import parse
from restoreproof.contract.problems import InvalidContract
from restoreproof.contract.ref import Ref
from restoreproof.contract.references import bindings, queries
from restoreproof.errors import ContractError, ExitCode

REPOSITORY = Path(__file__).parents[3]
REFERENCE = REPOSITORY / "compose/wipe/stack.yaml"

SMALL = """\
schema: restoreproof/stack/v1
stack: shop
objectives: {rpo: 15m, rto: 4h}
services:
  db: {component: postgres, port: 5432, starts: database}
  web: {component: python, port: 8000, starts: web, venv: .venv, run: [-m, shop]}
  s3: {component: seaweedfs, port: 8333, starts: files}
  sso: {component: keycloak, port: 8080, starts: web}
order: [database, files, web, smoke]
assets:
  main: {kind: postgres, at: database, service: db, database: shop}
  files:
    kind: objects
    at: files
    service: s3
    access_key: KEY
    secret_key: SECRET
    object_lock: inactive
    buckets:
      photos: {name: $PHOTOS}
  env: {kind: secrets, at: web, required: [PHOTOS, KEY, SECRET, U, P]}
  login: {kind: keycloak, at: web, service: sso, store: db, database: sso, realm: shop,
    people: {tester: {user: U, password: P}}}
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
    assert found["variable"] == {"PHOTOS", "KEY", "SECRET", "U", "P"}
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


def test_blocks_are_read_as_the_models_of_their_kinds_and_components(small: Contract) -> None:
    blocks = {block.path: type(block.model).__name__ for block in small.blocks()}
    assert blocks["assets", "main"] == "PostgresAsset"
    assert blocks["services", "web"] == "PythonOptions"
    assert small.asset_block("main") is small.asset_block("main")


@pytest.mark.parametrize(
    ("old", "new", "marker", "words"),
    [
        (
            "database: shop}",
            "databse: shop}",
            "databse",
            "unknown key 'databse' in assets.main; did you mean 'database'?",
        ),
        ("kind: objects", "kind: object", "kind: object", "no kind 'object'; did you mean 'objects'?"),
        ("kind: objects", "kind: bucket", "kind: bucket", "no kind 'bucket'; known here: custody, keycloak,"),
        ("component: python", "component: pyton", "pyton", "no component 'pyton'; did you mean 'python'?"),
        (
            "component: python",
            "component: ruby",
            "ruby",
            "no component 'ruby'; known here: http-sink, keycloak",
        ),
        (
            "starts: web, venv",
            "starts: web, ready: {url: /}, venv",
            "url: /",
            "unknown key 'url' in services.web.ready; known here: log, path, tls",
        ),
        ("starts: web, venv", "starts: web, redy: {path: /}, venv", "redy", "did you mean 'ready'?"),
        ("starts: web, venv: .venv,", "starts: web,", "  web:", "services.web lacks the key 'venv'"),
        (
            "starts: web, venv",
            "starts: web, resumes: wep, venv",
            "wep",
            "no stage is called 'wep'; did you mean 'web'?",
        ),
        (
            "database: shop}",
            "database: shop, roles: app}",
            "roles: app",
            "assets.main.roles: should be a list, not 'app'; did you mean '[app]'?",
        ),
        (
            "    object_lock: inactive\n",
            "",
            "  files:",
            "assets.files lacks the key 'object_lock'; did you mean 'object_lock: inactive'?",
        ),
        ("object_lock: inactive", "object_lock: inactiv", "inactiv", "did you mean 'inactive'?"),
        (
            "    buckets:\n      photos: {name",
            "    buckets:\n      photos: {nam",
            "nam:",
            "did you mean 'name'?",
        ),
        ("access_key: KEY", "access_key: KEYS", "KEYS", "no variable is called 'KEYS'; did you mean 'KEY'?"),
        ("store: db", "store: dbx", "store: dbx", "no service is called 'dbx'; did you mean 'db'?"),
        ("database: shop}", "database: shop, name: x}", "name: x", "unknown key 'name' in assets.main"),
        ("database: shop}", "database: shop, newest: 'select :x'}", ":x", "no parameter is called 'x'"),
    ],
)
def test_a_block_is_held_against_its_kind_or_component_when_it_is_read(
    old: str, new: str, marker: str, words: str
) -> None:
    text = changed(old, new)
    found = [(problem.where.line, str(problem)) for problem in refused(text).problems]
    assert any(line == line_of(text, marker) and words in message for line, message in found), found


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (", people: {tester: {user: U, password: P}}", ""),
        ("database: shop}", "database: shop, owner: shop, roles: [app]}"),
        ("starts: web, venv", "starts: web, ready: {path: /healthz}, resumes: smoke, venv"),
        ("store: db", "clients: {web: {id: U, secret: P}}, store: db"),
        ("required: [PHOTOS", "session: SECRET, pinned: {KEY: k}, required: [PHOTOS"),
    ],
)
def test_what_only_some_stacks_have_may_be_there_or_not(old: str, new: str) -> None:
    text = SMALL.replace(",\n    people", ", people")
    assert old in text
    text = text.replace(old, new, 1).replace(", as: tester", "")
    assert parse(text, Path("stack.yaml")).stack == "shop"


class Shelf(Asset):
    """An asset kind of another distribution, which brings a noun of its own."""

    books: dict[Annotated[str, Defines("book")], str]
    favourite: Annotated[str, Ref("book")]


SHELF = "  shelf: {kind: shelf, at: web, books: {atlas: a}, favourite: atlas}\n"


def test_a_kind_of_another_distribution_declares_its_nouns_like_the_librarys(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    known = asset_models()
    monkeypatch.setattr(models, "asset_models", lambda: {**known, "shelf": Shelf})
    text = changed("windows:", SHELF + "windows:")
    contract = parse(text, Path("stack.yaml"))
    assert nouns(contract)["book"] == {"atlas"}
    (bound,) = (bound for bound in bindings(contract) if bound.kind == "book")
    assert (bound.name, bound.wanted, bound.where.line) == ("atlas", True, line_of(text, "shelf"))
    (problem,) = refused(text.replace("favourite: atlas", "favourite: atlsa")).problems
    assert str(problem) == "assets.shelf.favourite: no book is called 'atlsa'; did you mean 'atlas'?"


def test_the_query_of_a_noun_is_its_own_or_that_of_the_one_it_names() -> None:
    signed = "signatures: {signed orders: {dataset: orders, column: s, key: k}}\n"
    shown = queries(parse(SMALL + signed, Path("stack.yaml")))
    assert shown["orders"] == "select id from orders where at > :recovery_point - :recent"
    assert shown["signed orders"] == shown["orders"]
    assert "order page" not in shown
    assert "main" not in shown


def test_the_published_schema_is_the_models_own() -> None:
    published = json.loads((REPOSITORY / "docs/stack.schema.json").read_text())
    assert published == json_schema(), "run: python -m restoreproof.contract > docs/stack.schema.json"

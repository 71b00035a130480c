"""A catalogue of somebody else's is in the headline, or refused; a changed one never starts a drill."""

from __future__ import annotations

import json
import stat
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from restoreproof.cli import app
from restoreproof.contract.loader import parse
from restoreproof.drill.catalogue_trust import catalogue_signing_key, trusted_author
from restoreproof.errors import UsageError
from restoreproof.outcome import Verdict
from restoreproof.record.backup_set import CatalogueRecord
from restoreproof.record.headline import headline
from restoreproof.record.reduce import reduce
from restoreproof.sealing.catalogue_signature import (
    Authorship,
    CatalogueAuthor,
    author_of,
    sign_catalogue,
    signature_of,
)
from restoreproof.sealing.keys import make_signing_key, pinned_key, signing_key
from tests.stories import Story, healthy, plan_of
from tests.workshop import CONTRACT, Workshop

DAY = timedelta(days=1)
STACK = """\
schema: restoreproof/stack/v1
stack: shop
objectives: {{rpo: 15m, rto: 4h}}
{rule}
services:
  db: {{component: postgres, port: 5432, starts: rows}}
order: [rows]
assets:
  database: {{kind: postgres, at: rows, service: db, database: shop, owner: shop}}
"""


@pytest.fixture
def catalogue(tmp_path: Path) -> Path:
    path = tmp_path / "var" / "catalogue" / "s1.json"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps({"set_id": "s1", "stack": "shop", "manifest_sha256": "5" * 64, "rows": 10}))
    return path


def contract(tmp_path: Path, rule: str = "") -> Any:
    return parse(STACK.format(rule=rule), tmp_path / "stack.yaml")


def key_pair(tmp_path: Path, name: str) -> tuple[Any, Path]:
    public = make_signing_key(tmp_path / "keys" / f"{name}.pem", valid_for=DAY)
    return signing_key(f"file:{public.with_suffix('.pem')}"), public


def test_the_catalogue_of_this_machines_own_backup_needs_no_option(tmp_path: Path, catalogue: Path) -> None:
    var = tmp_path / "var"
    sign_catalogue(catalogue, catalogue_signing_key(None, None, var))
    assert stat.S_IMODE(signature_of(catalogue).stat().st_mode) == 0o600
    assert (
        trusted_author(catalogue, signature_of(catalogue), contract(tmp_path), None, var).authorship
        is Authorship.SIGNED
    )
    assert catalogue_signing_key(None, None, var).keyid == catalogue_signing_key(None, None, var).keyid


def test_each_author_is_told_from_the_others(tmp_path: Path, catalogue: Path) -> None:
    var = tmp_path / "var"
    ours, public = key_pair(tmp_path, "backup")
    theirs, other = key_pair(tmp_path, "stranger")
    free = contract(tmp_path)
    assert trusted_author(catalogue, signature_of(catalogue), free, public, var) == CatalogueAuthor(
        Authorship.UNSIGNED
    )
    sign_catalogue(catalogue, theirs)
    assert trusted_author(catalogue, signature_of(catalogue), free, public, var) == CatalogueAuthor(
        Authorship.FOREIGN, theirs.keyid
    )
    assert trusted_author(catalogue, signature_of(catalogue), free, None, var) == CatalogueAuthor(
        Authorship.UNCHECKED, theirs.keyid
    )
    sign_catalogue(catalogue, ours)
    named = contract(tmp_path, "catalogue: {key: keys/backup.pub}")
    assert (
        trusted_author(catalogue, signature_of(catalogue), named, None, var).authorship is Authorship.SIGNED
    )
    # What is named for a drill goes before what the contract names.
    assert (
        trusted_author(catalogue, signature_of(catalogue), named, other, var).authorship is Authorship.FOREIGN
    )


@pytest.mark.parametrize("signed", [None, "stranger"])
def test_by_contract_no_other_catalogue_is_taken(tmp_path: Path, catalogue: Path, signed: str | None) -> None:
    ours, _ = key_pair(tmp_path, "backup")
    if signed:
        sign_catalogue(catalogue, key_pair(tmp_path, signed)[0])
    strict = contract(tmp_path, "catalogue: {key: keys/backup.pub, required: true}")
    with pytest.raises(UsageError, match="only from the key that it names") as caught:
        trusted_author(catalogue, signature_of(catalogue), strict, None, tmp_path / "var")
    assert "--catalogue-key" in str(caught.value.hint)
    sign_catalogue(catalogue, ours)
    assert (
        trusted_author(catalogue, signature_of(catalogue), strict, None, tmp_path / "var").keyid == ours.keyid
    )


def test_a_catalogue_that_was_changed_after_it_was_signed_is_refused(tmp_path: Path, catalogue: Path) -> None:
    ours, public = key_pair(tmp_path, "backup")
    sign_catalogue(catalogue, ours)
    catalogue.write_text(catalogue.read_text().replace('"rows": 10', '"rows": 0'))
    for key in (pinned_key(public), None):
        with pytest.raises(UsageError, match="not the one that was signed"):
            author_of(catalogue, signature_of(catalogue), key)


def test_a_signature_under_a_borrowed_key_id_is_refused(tmp_path: Path, catalogue: Path) -> None:
    _, public = key_pair(tmp_path, "backup")
    theirs, _ = key_pair(tmp_path, "stranger")
    sign_catalogue(catalogue, replace(theirs, keyid=pinned_key(public).keyid))
    with pytest.raises(UsageError, match="not that of the key it names"):
        author_of(catalogue, signature_of(catalogue), pinned_key(public))


@pytest.mark.parametrize("content", [b"", b"{}", b"[" * 100_000, b'{"payload": 1}', b"\0" * 2_000_000])
def test_what_is_no_signature_is_refused_in_a_sentence(catalogue: Path, content: bytes) -> None:
    signature_of(catalogue).write_bytes(content)
    with pytest.raises(UsageError, match="no signature of a catalogue"):
        author_of(catalogue, signature_of(catalogue), None)


@pytest.mark.parametrize(
    ("author", "words"),
    [
        ("signed", ""),
        (None, ""),
        (
            "unsigned",
            "The catalogue is unsigned: what the set had to hold is the word of whoever can change it.",
        ),
        ("foreign", "signed by the key SHA256:5555555555555555…, which is not the one that was named"),
        ("unchecked", "and none was named to hold it against"),
    ],
)
def test_the_headline_says_whose_word_the_catalogue_is(author: str | None, words: str) -> None:
    plan = plan_of()
    record = reduce(plan, Story(list(healthy(plan).events)).events)
    assert record.verdict is Verdict.VERIFIED
    known = CatalogueRecord("c" * 64, None, author, "5" * 64)
    sentence = headline(replace(record, backup_set=replace(record.backup_set, catalogue=known)))
    assert words in sentence
    assert ("catalogue" in sentence) == bool(words)


def test_a_catalogue_of_another_tool_can_be_signed(tmp_path: Path, catalogue: Path) -> None:
    key_pair(tmp_path, "backup")
    refused = CliRunner().invoke(
        app, ["sign-catalogue", str(catalogue), "--key", f"file:{tmp_path}/keys/backup.pem"]
    )
    assert isinstance(refused.exception, UsageError)  # it has no more of a catalogue than a name
    assert not signature_of(catalogue).exists()


def test_a_drill_takes_its_own_catalogue_and_names_a_foreign_one(workshop: Workshop) -> None:
    drilled = workshop.drill("-k", "set-identity")
    assert drilled.record["backup_set"]["catalogue"]["author"] == "signed", drilled.output
    assert "catalogue" not in drilled.record["headline"]
    other = workshop.directory / "foreign" / "catalogue.json"
    other.parent.mkdir()
    other.write_bytes(workshop.catalogue.read_bytes())
    workshop.give(other.parent)
    unsigned = workshop.drill("-k", "set-identity", "--catalogue", other)
    assert "The catalogue is unsigned" in unsigned.record["headline"], unsigned.output
    signature_of(other).write_bytes(signature_of(workshop.catalogue).read_bytes())
    other.write_text(other.read_text() + " ")
    workshop.give(other.parent)
    refused = workshop.refused("--catalogue", other, contract=CONTRACT)
    assert refused.returncode == 2, refused.output
    assert "not the one that was signed" in refused.output

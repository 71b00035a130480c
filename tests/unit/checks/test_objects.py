"""Objects that rows refer to, read from a store that may have lost, cut or changed them."""

from __future__ import annotations

import hashlib
from contextlib import nullcontext
from types import SimpleNamespace
from typing import Any

import obstore
import pytest
from obstore.store import MemoryStore

from restoreproof.assets.query_results import DatasetKnown
from restoreproof.checks import objects
from restoreproof.checks.objects import ObjectSurvey, objects_asset
from restoreproof.errors import ContractError
from restoreproof.outcome import Outcome

CONTENT = {f"proof/{number}.der": b"proof %d" % number * 100 for number in range(600)}


def row(key: str, content: bytes) -> dict[str, Any]:
    return {"key": key, "sha256": hashlib.sha256(content).hexdigest(), "size": len(content)}


@pytest.fixture
def bucket() -> MemoryStore:
    store = MemoryStore()
    for key, content in CONTENT.items():
        obstore.put(store, key, content)
    return store


@pytest.fixture
def look(monkeypatch: pytest.MonkeyPatch, bucket: MemoryStore) -> Any:
    """Surveys rows against ``bucket``; ``of`` is what the catalogue counted."""

    def survey(
        rows: list[dict[str, Any]] | None = None, of: int | None = len(CONTENT), *, zero: bool = False
    ) -> ObjectSurvey:
        given = [row(key, content) for key, content in CONTENT.items()] if rows is None else rows
        asset = SimpleNamespace(
            service="s3",
            application=lambda stack_context, bucket: None,
            bucket_name=lambda stack_context, bucket: bucket,
        )
        monkeypatch.setattr(objects, "objects_asset", lambda restore_context, bucket: asset)
        monkeypatch.setattr(objects, "store", lambda *arguments: bucket)
        monkeypatch.setattr(objects, "rows", lambda restore_context, dataset: iter(given))
        stack_context = SimpleNamespace(
            runtime=SimpleNamespace(endpoint=lambda service: None),
            phase=lambda name: nullcontext(SimpleNamespace()),
            contract=SimpleNamespace(datasets={"proofs": SimpleNamespace(zero=zero)}),
        )
        known = None if of is None else DatasetKnown(rows=of)
        monkeypatch.setattr(objects, "known_dataset", lambda restore_context, dataset: known)
        restore_context: Any = SimpleNamespace(stack_context=stack_context)
        return ObjectSurvey.look(restore_context, dataset="proofs", bucket="proofs")

    return survey


def test_every_object_is_read_and_hashed(look: Any) -> None:
    found = look()
    assert found.readable().outcome is found.intact().outcome is Outcome.PASSED
    assert (found.examined, found.size) == (600, sum(map(len, CONTENT.values())))


def test_a_lost_object_is_named_and_is_not_called_altered(look: Any, bucket: MemoryStore) -> None:
    obstore.delete(bucket, "proof/7.der")
    found = look()
    said = found.readable()
    assert said.outcome is Outcome.FAILED
    assert said.findings == ("proof/7.der: FileNotFoundError",)
    assert said.observed.startswith("599 of 600 read")
    assert found.altered.total == 0


@pytest.mark.parametrize(
    ("content", "words"),
    [(b"short", "5 bytes, its row records"), (b"Proof 7" * 100, "SHA-256"), (b"", "0 bytes")],
)
def test_a_changed_object_is_readable_but_not_intact(
    look: Any, bucket: MemoryStore, content: bytes, words: str
) -> None:
    obstore.put(bucket, "proof/7.der", content)
    found = look()
    assert found.readable().outcome is Outcome.PASSED
    said = found.intact()
    assert said.outcome is Outcome.FAILED
    assert words in said.findings[0]


def test_fewer_rows_than_the_catalogue_counted_fail_and_none_known_verify_nothing(look: Any) -> None:
    some = [row(key, CONTENT[key]) for key in list(CONTENT)[:10]]
    assert look(some).readable().outcome is Outcome.FAILED
    assert look([]).readable().outcome is Outcome.FAILED
    assert look([], of=0).readable().outcome is Outcome.NOT_VERIFIED
    assert look(of=None).readable().outcome is Outcome.NOT_VERIFIED


def test_a_row_that_records_nothing_is_not_intact(look: Any) -> None:
    key = "proof/1.der"
    for gap in ({"sha256": None}, {"size": None}):
        assert look([{**row(key, CONTENT[key]), **gap}], of=1).intact().outcome is Outcome.FAILED


def test_a_bucket_that_no_asset_restores_is_named() -> None:
    restore_context: Any = SimpleNamespace(stack_context=SimpleNamespace(assets=lambda: []))
    with pytest.raises(ContractError, match="'proofs'"):
        objects_asset(restore_context, "proofs")


def test_nothing_passes_only_where_contract_and_catalogue_say_that_zero_is_right(look: Any) -> None:
    empty = look([], of=0, zero=True)
    assert empty.readable().outcome is empty.intact().outcome is Outcome.PASSED
    for lost in (look([], of=3, zero=True), look([row("gone.der", b"x")], of=1, zero=True)):
        assert lost.readable().outcome is Outcome.FAILED
    for untold in (look([], of=0), look([], of=None, zero=True)):
        assert untold.readable().outcome is Outcome.NOT_VERIFIED

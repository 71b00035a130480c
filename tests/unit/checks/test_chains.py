"""Chains recomputed from rows: every way to tamper is seen, and memory does not grow with the links."""

from __future__ import annotations

import base64
import hashlib
import json
import tracemalloc
from collections.abc import Iterable, Iterator
from contextlib import nullcontext
from datetime import UTC, datetime
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest
import rfc8785
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from restoreproof.assets.query_results import ChainHead, ChainKnown
from restoreproof.checks import chains
from restoreproof.checks.chains import GENESIS, ChainSurvey, WorkerReport, check_signature
from restoreproof.contract.datasets import Chain
from restoreproof.outcome import Outcome

KEY = Ed25519PrivateKey.from_private_bytes(b"1" * 32)
OTHER = Ed25519PrivateKey.from_private_bytes(b"2" * 32)
FIELDS = ("tenant", "seq", "payload", "prev")
BLOCK = Chain.model_validate(
    {
        "database": "db",
        "sql": "select 1",
        "sequence": "seq",
        "previous": "prev",
        "hash": "hash",
        "partition": "tenant",
        "fields": FIELDS,
        "signature": {"prefix": "v1:", "column": "signature", "key": "key_id"},
    }
)
PAYLOADS: list[Any] = [1, None, 0.5, "é\u2028", {"z": [1, None, {"a": True}], "a": 1e21}, [], -(2**53) + 1]


def link(tenant: str, seq: int, payload: Any, prev: str, key: Ed25519PrivateKey = KEY) -> dict[str, Any]:
    row: dict[str, Any] = {"tenant": tenant, "seq": seq, "payload": payload, "prev": prev}
    digest = hashlib.sha256(rfc8785.dumps(row)).hexdigest()
    signature = base64.b64encode(key.sign(f"v1:{digest}".encode())).decode()
    return {**row, "hash": digest, "signature": signature, "key_id": "k1"}


def chain_of(
    tenant: str, length: int, start: int = 1, prev: str = GENESIS, **more: Any
) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    for seq in range(start, start + length):
        rows.append(link(tenant, seq, PAYLOADS[seq % len(PAYLOADS)], prev, **more))
        prev = rows[-1]["hash"]
    return rows


def known_of(rows: list[dict[str, Any]]) -> ChainKnown:
    heads = {row["tenant"]: ChainHead(sequence=row["seq"], hash=row["hash"]) for row in rows}
    return ChainKnown(rows=len(rows), heads=heads)


class Surveyor:
    """Surveys rows as if a database held them."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._patch = monkeypatch
        monkeypatch.setattr(chains, "keys_in_custody", lambda backup: {"k1": KEY.public_key()})

    def __call__(
        self, rows: Iterable[dict[str, Any]], known: ChainKnown | None, block: Chain = BLOCK
    ) -> ChainSurvey:
        self._patch.setattr(chains, "known_chain", lambda restore_context, chain: known)
        self._patch.setattr(chains, "_links", lambda restore_context, block: iter(rows))
        stack_context = SimpleNamespace(
            contract=SimpleNamespace(chains={"receipts": block}),
            phase=lambda name: nullcontext(SimpleNamespace()),
        )
        restore_context: Any = SimpleNamespace(
            stack_context=stack_context, backup=SimpleNamespace(lacks=lambda part: None)
        )
        return ChainSurvey.look(restore_context, chain="receipts")


@pytest.fixture
def surveyor(monkeypatch: pytest.MonkeyPatch) -> Surveyor:
    return Surveyor(monkeypatch)


ALL = ("continuous", "unbroken", "authentic", "complete")


def outcomes(found: ChainSurvey) -> dict[str, Outcome]:
    return {name: getattr(found, name)().outcome for name in ALL}


def failed(found: ChainSurvey) -> set[str]:
    return {name for name, outcome in outcomes(found).items() if outcome is Outcome.FAILED}


@pytest.fixture
def rows() -> list[dict[str, Any]]:
    """Two whole chains, with payloads of every JSON kind."""
    return chain_of("a", 9) + chain_of("b", 4)


def test_two_whole_chains_pass_and_all_links_are_counted(surveyor: Surveyor, rows: Any) -> None:
    found = surveyor(rows, known_of(rows))
    assert set(outcomes(found).values()) == {Outcome.PASSED}
    assert (found.unbroken().examined, found.unbroken().of) == (13, 13)
    assert "in 2 chains" in found.continuous().observed


def test_links_of_two_chains_may_come_mixed(surveyor: Surveyor) -> None:
    a, b = chain_of("a", 4), chain_of("b", 4)
    mixed = [row for pair in zip(a, b, strict=True) for row in pair]
    assert failed(surveyor(mixed, known_of(a + b))) == set()


def test_without_a_catalogue_nothing_passes(surveyor: Surveyor, rows: Any) -> None:
    assert set(outcomes(surveyor(rows, None)).values()) == {Outcome.NOT_VERIFIED}


def test_no_links_at_all_are_a_failure_where_there_were_some(surveyor: Surveyor, rows: Any) -> None:
    assert failed(surveyor([], known_of(rows))) == set(ALL)
    assert Outcome.PASSED not in outcomes(surveyor([], ChainKnown(rows=0))).values()


def test_a_missing_link_is_a_gap_and_breaks_the_chain(surveyor: Surveyor, rows: Any) -> None:
    known = known_of(rows)
    del rows[4]
    found = surveyor(rows, known)
    assert {"continuous", "unbroken"} <= failed(found)
    assert found.gaps.listed == ["a #6: follows #4"]
    assert found.broken.listed == ["a #6: its previous hash is not the hash of the link before"]


@pytest.mark.parametrize("field", ["payload", "prev", "hash", "tenant"])
def test_an_edited_link_is_named(surveyor: Surveyor, rows: Any, field: str) -> None:
    known = known_of(rows)
    rows[2] = {**rows[2], field: "0" * 64}
    assert "unbroken" in failed(surveyor(rows, known))


@pytest.mark.parametrize("cut", [1, 3])
def test_a_cut_tail_looks_whole_but_not_to_the_catalogue(surveyor: Surveyor, rows: Any, cut: int) -> None:
    a, b = rows[:9], rows[9:]
    found = surveyor(a[:-cut] + b, known_of(rows))
    assert found.gaps.total == found.broken.total == 0
    assert "complete" in failed(found)
    assert "1 of 2 heads equal" in found.complete().observed
    assert found.complete().findings == (f"a: ends at #{9 - cut}, the catalogue recorded #9",)


def test_another_last_link_of_the_same_number_is_told_by_its_hash(surveyor: Surveyor, rows: Any) -> None:
    known = known_of(rows)
    forged = {**rows[8], "hash": "0" * 64}
    (finding,) = surveyor([*rows[:8], forged, *rows[9:]], known).complete().findings
    recorded = rows[8]["hash"][:16]
    assert finding == f"a: ends at #9 with the hash {'0' * 16}…, the catalogue recorded {recorded}…"


def test_a_chain_that_is_gone_or_new_is_seen(surveyor: Surveyor, rows: Any) -> None:
    assert "complete" in failed(surveyor(rows[:9], known_of(rows)))
    found = surveyor(rows + chain_of("c", 1), known_of(rows)).complete()
    assert found.outcome is Outcome.FAILED
    assert found.findings == ("c: a chain the catalogue does not know",)
    assert "2 of 2 heads equal" in found.observed


def test_a_tail_that_was_hashed_again_from_a_forged_row_is_caught_by_its_signatures(
    surveyor: Surveyor, rows: Any
) -> None:
    forged = chain_of("a", 4) + chain_of("a", 5, start=5, prev=rows[3]["hash"], key=OTHER)
    found = surveyor(forged + rows[9:], known_of(rows))
    assert found.gaps.total == found.broken.total == 0
    assert found.unsigned.total == 5
    assert failed(found) == {"authentic"}, "same rows, so the heads are the catalogue's"
    changed = [*forged[:4], link("a", 5, "forged", forged[3]["hash"], OTHER)]
    changed += chain_of("a", 4, start=6, prev=changed[-1]["hash"], key=OTHER)
    assert failed(surveyor(changed + rows[9:], known_of(rows))) == {"authentic", "complete"}


def test_a_signature_by_a_key_outside_custody_does_not_count(surveyor: Surveyor, rows: Any) -> None:
    known = known_of(rows)
    rows[0] = {**rows[0], "key_id": "k2"}
    assert surveyor(rows, known).unsigned.listed == ["a #1: signed by k2, which is not in custody"]


def test_a_chain_without_signatures_says_that_it_has_none(surveyor: Surveyor, rows: Any) -> None:
    block = BLOCK.model_copy(update={"signature": None})
    found = surveyor(rows, known_of(rows), block)
    assert found.authentic().outcome is Outcome.NOT_VERIFIED
    assert found.unbroken().outcome is Outcome.PASSED


def test_a_repeated_link_and_a_chain_that_starts_late_are_gaps(surveyor: Surveyor, rows: Any) -> None:
    known = known_of(rows)
    assert surveyor([rows[0], *rows], known).gaps.listed == ["a #1: follows #1"]
    assert surveyor(rows[1:], known).gaps.listed == ["a #2: follows #0"]


@pytest.mark.parametrize("field", ["seq", "prev", "hash", "signature", "key_id", "payload"])
@pytest.mark.parametrize("value", [None, "é", "\ud800", Decimal("1.5"), datetime(2026, 1, 1, tzinfo=UTC)])
def test_a_value_of_another_kind_is_a_finding_and_no_crash(
    surveyor: Surveyor, rows: Any, field: str, value: Any
) -> None:
    known = known_of(rows)
    rows[3] = {**rows[3], field: value}
    if (field, value) == ("payload", rows[3]["payload"]):
        return
    assert failed(surveyor(rows, known))


@pytest.mark.parametrize("payload", [2**53 + 1, float("nan"), float("inf"), Decimal("1.5"), b"raw"])
def test_what_has_no_canonical_form_is_broken(surveyor: Surveyor, payload: Any) -> None:
    row = {**link("a", 1, 1, GENESIS), "payload": payload}
    [found] = surveyor([row], known_of([row])).broken.listed
    assert "has no canonical form" in found


@pytest.mark.parametrize("signature", [None, "", "!!", "é", "AAAA", base64.b64encode(bytes(64)).decode()])
def test_a_signature_that_is_none_does_not_verify(signature: str | None) -> None:
    assert check_signature({"k1": KEY.public_key()}, "k1", signature, "m") == "its signature does not verify"


def test_memory_does_not_grow_with_links_nor_with_faults(surveyor: Surveyor) -> None:
    def many(count: int) -> Iterator[dict[str, Any]]:
        for seq in range(count):
            yield {"tenant": "a", "seq": seq * 2, "payload": "x" * 500, "prev": "y", "hash": "z",
                   "signature": "", "key_id": "k2"}  # fmt: skip

    peaks = []
    for count in (1_000, 20_000):
        tracemalloc.start()
        surveyor(many(count), ChainKnown(rows=count))
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < peaks[0] + 200_000, peaks


def test_the_stacks_own_report_counts_only_with_every_link_examined() -> None:
    assert WorkerReport("audit", 10, (), 10, 0).clean().outcome is Outcome.PASSED
    assert WorkerReport("audit", 9, (), 10, 0).clean().outcome is Outcome.FAILED
    assert WorkerReport("audit", 10, ("break at 4",), 10, 0).clean().outcome is Outcome.FAILED
    assert WorkerReport("audit", 0, (), 0, 0).clean().outcome is Outcome.NOT_VERIFIED
    for examined, of, returncode in ((None, 10, 0), (10, 10, 1), (10, None, 0)):
        assert WorkerReport("audit", examined, (), of, returncode).clean().outcome is Outcome.NOT_VERIFIED


def test_the_report_is_the_last_json_object_of_the_output() -> None:
    output = b'{"chains": 1}\nlog line\n{"chains": [2]}\n[1]\n\xff\n'
    assert chains._last_json(output) == {"chains": [2]}
    assert chains._last_json(b"nothing") == {}
    assert json.dumps(chains._last_json(b"")) == "{}"

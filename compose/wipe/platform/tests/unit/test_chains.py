"""Chains: what a link's hash is made of, and what an examination must notice."""

import hashlib
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID

import pytest
from wipe_platform.canonical import timestamp
from wipe_platform.chains import GENESIS, AuditEvent, Receipt, examine

TENANT = UUID("00000000-0000-4000-8000-000000000001")
PROOF = UUID("00000000-0000-4000-8000-000000000002")
START = datetime(2026, 1, 2, 3, 4, 5, 6, UTC)


def chain(length: int) -> list[tuple[Receipt, str]]:
    links, prev_hash = [], GENESIS
    for seq in range(1, length + 1):
        receipt = Receipt(TENANT, seq, PROOF, seq % 3 + 1, START + timedelta(seconds=seq), prev_hash)
        prev_hash = receipt.hash
        links.append((receipt, receipt.hash))
    return links


def test_receipt_hash_is_sha256_of_the_documented_canonical_json() -> None:
    """Written out by hand: anyone must be able to recompute it without this package."""
    receipt, stored = chain(1)[0]
    by_hand = (
        '{"created_at":"2026-01-02T03:04:06.000006Z","prev_hash":"' + "0" * 64 + '",'
        f'"proof_id":"{PROOF}","seq":1,"tenant_id":"{TENANT}","units":2}}'
    )
    assert stored == hashlib.sha256(by_hand.encode()).hexdigest() == receipt.hash


def test_audit_hash_is_sha256_of_the_documented_canonical_json() -> None:
    event = AuditEvent(1, None, "mäintenance", "x", {"b": True, "a": 1}, START, GENESIS)
    by_hand = json.dumps(
        {
            "action": "x",
            "actor": "mäintenance",
            "created_at": timestamp(START),
            "payload": {"a": 1, "b": True},
            "prev_hash": GENESIS,
            "seq": 1,
            "tenant_id": None,
        },
        separators=(",", ":"),
        ensure_ascii=False,
    )
    assert event.hash == hashlib.sha256(by_hand.encode()).hexdigest()


def test_timestamps_are_utc_with_six_digits_whatever_the_zone() -> None:
    elsewhere = datetime(2026, 1, 2, 5, 4, 5, tzinfo=timezone(timedelta(hours=2)))
    assert timestamp(elsewhere) == "2026-01-02T03:04:05.000000Z"
    with pytest.raises(ValueError, match="time zone"):
        timestamp(datetime(2026, 1, 2))


def test_a_whole_chain_has_no_breaks() -> None:
    report = examine("receipts", chain(50))
    assert (report.examined, report.newest_seq, report.breaks) == (50, 50, [])


def test_a_removed_link_is_one_break_where_the_sequence_jumps() -> None:
    links = chain(10)
    del links[4]
    report = examine("receipts", links)
    assert [(b.seq, b.problem) for b in report.breaks] == [(6, "sequence jumps: expected 5")]


def test_an_edited_link_is_one_break() -> None:
    links = chain(10)
    receipt, stored = links[4]
    links[4] = (replace(receipt, units=99), stored)
    assert [b.seq for b in examine("receipts", links).breaks] == [5]


def test_a_rehashed_edit_breaks_at_its_successor() -> None:
    """Someone who recomputes the edited row's hash is caught by the next row."""
    links = chain(10)
    forged = replace(links[4][0], units=99)
    links[4] = (forged, forged.hash)
    report = examine("receipts", links)
    assert [(b.seq, b.problem) for b in report.breaks] == [
        (6, "prev_hash is not the hash of its predecessor")
    ]


def test_a_missing_beginning_is_a_break() -> None:
    assert [b.seq for b in examine("receipts", chain(10)[3:]).breaks] == [4]


def test_an_empty_chain_says_that_nothing_was_examined() -> None:
    assert examine("receipts", []).as_json() == {
        "chain": "receipts", "examined": 0, "newest_seq": 0, "breaks": [],
    }  # fmt: skip

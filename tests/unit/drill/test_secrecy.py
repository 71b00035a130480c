"""What comes up inside a drill is known outside by its fingerprint, and what can't be masked is said."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from restoreproof.assets.vault import Vault
from restoreproof.contract import load
from restoreproof.drill.secret_tracking import SecretTracking, confide, read_canaries
from restoreproof.errors import UsageError
from restoreproof.events import Event, Note, SecretKnown
from restoreproof.redaction.redactor import MASK, Redactor, Secret

CONTRACT = Path(__file__).parents[3] / "compose" / "wipe" / "stack.yaml"
KNOWN, LATER = "kX9pQ2vT7rL4wZ8-known", "Zr4tYk0PqWuVb8sXn2Lc-later"


class Sent:
    """The pipe of an inner process, and the outer one that reads it."""

    def __init__(self, outer: SecretTracking) -> None:
        self.outer = outer
        self.events: list[tuple[str, dict[str, Any]]] = []

    def emit(self, event: Event) -> None:
        self.events.append((event.type, event.data()))
        self.outer.take(event)


@pytest.fixture
def outer() -> SecretTracking:
    return SecretTracking(
        Vault({"S3_SECRET_KEY": KNOWN, "SMTP_PASSWORD": "wipe"}, b"k"), None, load(CONTRACT)
    )


@pytest.fixture
def inner(outer: SecretTracking) -> tuple[Redactor, Sent]:
    redactor, sent = Redactor(), Sent(outer)
    redactor.learn([Secret("S3_SECRET_KEY", KNOWN), Secret("SMTP_PASSWORD", "wipe")])
    confide(redactor, sent, outer.key)
    return redactor, sent


def test_a_secret_that_comes_up_inside_is_found_outside(
    outer: SecretTracking, inner: tuple[Redactor, Sent], tmp_path: Path
) -> None:
    redactor, sent = inner
    redactor.learn([Secret("administrator", LATER)])
    (tmp_path / "postgres.log").write_text(f"connection by admin:{LATER}@localhost\n")
    assert [leak.rule for leak in outer.leaks(tmp_path)] == [
        "the value of administrator (by its fingerprint)"
    ]
    assert LATER not in json.dumps(sent.events)
    assert LATER not in str(vars(outer))


def test_what_the_outer_process_knows_by_itself_is_not_sent(inner: tuple[Redactor, Sent]) -> None:
    redactor, sent = inner
    redactor.learn([Secret("the same by another name", KNOWN)])
    assert not [data for type, data in sent.events if data.get("fingerprint")]


def test_what_can_not_be_masked_is_named_in_the_record(inner: tuple[Redactor, Sent]) -> None:
    redactor, sent = inner
    redactor.learn([Secret("PIN", "1234")])
    notes = [data["text"] for type, data in sent.events if type == "note"]
    assert [note.partition(" is too")[0] for note in notes] == [
        "the value of SMTP_PASSWORD",
        "the value of PIN",
    ]
    assert {"name": "PIN", "maskable": False} in [
        data for type, data in sent.events if type == "secret-known"
    ]
    assert "1234" not in json.dumps(sent.events)


@pytest.mark.parametrize(
    "event",
    [
        SecretKnown(name="x", maskable=False),
        SecretKnown(name="x", maskable=True, length=0, fingerprint="a"),
        SecretKnown(name="x", maskable=True, length=3),
        Note(text="x"),
    ],
)
def test_what_tells_of_no_fingerprint_is_passed_over(
    outer: SecretTracking, tmp_path: Path, event: Event
) -> None:
    outer.take(event)
    (tmp_path / "a.txt").write_text("some words here")
    assert outer.leaks(tmp_path) == []


def test_what_no_backup_may_hold_no_evidence_may_hold(outer: SecretTracking, tmp_path: Path) -> None:
    """The contract's own rules count too."""
    (tmp_path / "a.txt").write_text("wipe_test_0123456789abcdefABCDEF0123456789")
    assert [leak.rule for leak in outer.leaks(tmp_path)] == ["raw API key"]


def test_text_that_is_kept_as_it_is_may_quote_no_secret(outer: SecretTracking) -> None:
    outer.refuse_in("the key named S3_SECRET_KEY", "a feature")
    with pytest.raises(UsageError, match="a feature quotes the value of S3_SECRET_KEY") as caught:
        outer.refuse_in(f"Given the key {KNOWN}", "a feature")
    assert KNOWN not in str(caught.value)


def test_canaries_are_read_and_bad_ones_refused(tmp_path: Path) -> None:
    path = tmp_path / "canaries"
    path.write_text("# planted in October\nROW=a value with = in it\n")
    [canary] = read_canaries(path)
    assert (canary.name, canary.reveal()) == ("canary ROW", "a value with = in it")
    assert Redactor([canary]).text("a value with = in it") == MASK
    assert list(read_canaries(None)) == []
    with pytest.raises(UsageError, match="can't read the canaries"):
        list(read_canaries(tmp_path / "absent"))
    path.write_text("no value here\n")
    with pytest.raises(UsageError, match="not a KEY=VALUE line"):
        list(read_canaries(path))


def test_text_that_is_kept_as_it_is_may_quote_no_password_hash(outer: SecretTracking) -> None:
    with pytest.raises(UsageError, match="a feature quotes a password hash"):
        outer.refuse_in(f"Given the hash $2b$12${'a' * 53}", "a feature")

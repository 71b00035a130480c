"""The journal: only what happened, in the order in which it happened, from who may say it."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from restoreproof.errors import EvidenceError
from restoreproof.events import (
    EVENTS,
    INNER,
    DrillInterrupted,
    DrillOpened,
    InnerEvent,
    Note,
    OuterEvent,
    OuterNote,
    StageEntered,
    TeardownDone,
)
from restoreproof.journal.read import MAX_LINE, parse_line, read_journal
from restoreproof.journal.write import JournalWriter, PipeEmitter
from restoreproof.redaction.redactor import MASK, Redactor, Secret

VALUE = "s3cr3t-v4lue"


@pytest.fixture
def writer(tmp_path: Path) -> Iterator[JournalWriter]:
    """The outer process's writer, which knows one secret."""
    made = JournalWriter(tmp_path / "journal.jsonl", Redactor([Secret("x", VALUE)]))
    yield made
    made.close()


def line(seq: int = 1, source: str = "inner", type: str = "note", **data: Any) -> bytes:
    """One line as an inner process might send it."""
    event = {
        "seq": seq,
        "source": source,
        "type": type,
        "at": "2026-11-22T15:00:00Z",
        "mono": 1.5,
        "data": data,
    }
    return json.dumps(event).encode()


INNER_TYPES = sorted(name for name, event_class in EVENTS.items() if event_class.sender == INNER)
OUTER_TYPES = sorted(EVENTS.keys() - set(INNER_TYPES))


def test_each_type_belongs_to_one_process_and_says_what_it_is() -> None:
    assert (len(INNER_TYPES), len(OUTER_TYPES)) == (30, 16)
    for name, event_class in EVENTS.items():
        assert issubclass(event_class, OuterEvent) is not issubclass(event_class, InnerEvent), name
        assert event_class.__doc__, name


def test_what_the_inner_sends_arrives_numbered_and_redacted(writer: JournalWriter) -> None:
    """Through a real pipe, with the inner's own redactor and the outer's."""
    reading, writing = os.pipe()
    emitter = PipeEmitter(writing, Redactor())
    emitter.emit(Note(text=f"the password is {VALUE}"))
    emitter.emit(StageEntered(stage="database"))
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        events = [writer.accept(sent) for sent in pipe]
    assert [(event.seq, event.type) for event in events] == [(1, "note"), (2, "stage-entered")]
    writer.close()
    assert VALUE not in writer.path.read_text()
    first, second = read_journal(writer.path)
    assert first.event.data() == {"text": f"the password is {MASK}"}
    assert second.mono >= first.mono


@pytest.mark.parametrize("type", OUTER_TYPES)
def test_the_inner_can_not_speak_for_the_outer(writer: JournalWriter, type: str) -> None:
    """Neither by its emitter nor by writing the line itself, under either name."""
    with pytest.raises(EvidenceError):
        PipeEmitter(None, Redactor()).emit(EVENTS[type].model_construct())
    for source in ("inner", "outer"):
        with pytest.raises(EvidenceError):
            writer.accept(line(source=source, type=type, proven=True))
    assert list(read_journal(writer.path)) == []


@pytest.mark.parametrize("type", INNER_TYPES)
def test_the_outer_can_not_speak_for_the_inner(writer: JournalWriter, type: str) -> None:
    with pytest.raises(EvidenceError):
        writer.emit(EVENTS[type].model_construct())


@pytest.mark.parametrize("seq", [0, 1, 3, -1])
def test_an_event_out_of_sequence_is_refused(writer: JournalWriter, seq: int) -> None:
    """Replayed, skipped or forged beside the real ones."""
    writer.accept(line(seq=1, text="x"))
    with pytest.raises(EvidenceError, match="lost or forged"):
        writer.accept(line(seq=seq, text="x"))


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"\n",
        b"not json",
        b"[]",
        b"null",
        b'{"seq": 1}',
        b'{"seq": "1", "source": "inner", "type": "note", "at": "", "mono": 1, "data": {}}',
        b'{"seq": 1, "source": "inner", "type": "note", "at": "", "mono": 1, "data": []}',
        b'{"seq": 1, "source": "inner", "type": "note", "at": "", "mono": 1, "data": {}, "more": 1}',
        b'{"seq": 1, "source": "inner", "type": "note", "at": "", "mono": NaN, "data": {"text": "x"}}',
        line()[:-5],
        b"\xff\xfe",
    ],
)
def test_what_is_no_event_is_refused(sent: bytes) -> None:
    with pytest.raises(EvidenceError):
        parse_line(sent)


def test_one_line_can_not_fill_the_disk() -> None:
    with pytest.raises(EvidenceError, match="longer than"):
        parse_line(b"x" * (MAX_LINE + 1))


def test_a_journal_is_never_written_over(writer: JournalWriter) -> None:
    with pytest.raises(FileExistsError):
        JournalWriter(writer.path, Redactor())


def test_each_event_is_on_disk_as_soon_as_it_is_told(writer: JournalWriter) -> None:
    """A drill that is killed leaves everything up to its death."""
    writer.emit(DrillOpened(drill_id="d1"))
    (event,) = read_journal(writer.path)
    assert (event.seq, event.source, event.event.data()) == (1, "outer", {"drill_id": "d1"})


def test_a_torn_line_is_noticed(writer: JournalWriter) -> None:
    writer.emit(DrillOpened(drill_id="d1"))
    writer.emit(TeardownDone(proven=True))
    writer.close()
    writer.path.write_bytes(writer.path.read_bytes()[:-9])
    with pytest.raises(EvidenceError):
        list(read_journal(writer.path))


def test_text_that_no_file_can_hold_is_kept_as_far_as_it_goes(tmp_path: Path) -> None:
    """Half a surrogate pair: from a file name in another encoding, or spelled by a hostile service."""
    writer = JournalWriter(tmp_path / "journal.jsonl", Redactor())
    writer.emit(DrillInterrupted(reason="can't read \udcff.pdf"))
    line = {
        "seq": 1,
        "source": "inner",
        "type": "asked",
        "at": "x",
        "mono": 1.0,
        "data": {"kind": "\ud800", "nouns": {"a": ["\udfff"]}},
    }
    writer.accept(json.dumps(line).encode())
    writer.close()
    first, second = read_journal(tmp_path / "journal.jsonl")
    assert (first.event.data(), second.event.data()) == (
        {"reason": "can't read ?.pdf"},
        {"kind": "?", "nouns": {"a": ["?"]}},
    )


def test_json_that_is_nested_without_end_is_no_event() -> None:
    with pytest.raises(EvidenceError):
        parse_line(b'{"data": ' + b"[" * 200_000)


@pytest.mark.parametrize(
    ("type", "data", "wrong"),
    [
        ("invented", {}, "an unknown type: 'invented'"),
        ("note", {}, "'note' is not what it may be: text"),
        ("note", {"text": 7}, "text"),
        ("note", {"text": "x" * 20_001}, "text: longer than 20000"),
        ("note", {"text": "x", "more": 1}, "more"),
        ("note", {"text": "x", "type": "teardown"}, "a type in its data"),
        ("isolation-probe", {"probe": "tcp", "reached": None}, "reached"),
        ("isolation-probe", {"probe": "tcp", "reached": 0}, "reached"),
        ("measurement", {"name": "rpo", "value": "soon"}, "value"),
        ("command", {"tool": "x", "argv": ["x"] * 1001}, "argv: longer than 1000"),
        ("observation", {"outcome": "WAIVED", "expected": "x", "observed": "x"}, "outcome"),
        ("sink-effects", {"when": "at-the-end", "effects": {"mail": -1}}, "effects.mail"),
    ],
)
def test_an_event_that_is_not_what_its_type_may_be_is_refused_by_name(
    writer: JournalWriter, type: str, data: dict[str, Any], wrong: str
) -> None:
    """Nothing of it reaches the journal, and its value, which may be a secret, is not told."""
    sent = {"seq": 1, "source": "inner", "type": type, "at": "x", "mono": 1.0, "data": data}
    with pytest.raises(EvidenceError, match=re.escape(wrong)) as refused:
        writer.accept(json.dumps(sent).encode())
    assert "soon" not in str(refused.value)
    assert list(read_journal(writer.path)) == []


def test_what_is_longer_than_its_bound_is_cut_after_it_was_redacted(tmp_path: Path) -> None:
    """Cut before, half of a secret would stand where the redactor knows the whole."""
    redactor = Redactor([Secret("x", VALUE)])
    writer = JournalWriter(tmp_path / "journal.jsonl", redactor)
    writer.emit(OuterNote(text="x" * (20_000 - 5) + VALUE))
    writer.close()
    (note,) = read_journal(writer.path)
    assert note.event.data()["text"] == "x" * (20_000 - 5) + MASK[:4] + "…"


def test_a_journal_of_an_older_version_is_read(tmp_path: Path) -> None:
    """What went since is passed over; what has become too long is cut."""
    path = tmp_path / "journal.jsonl"
    path.write_bytes(line(type="drill-opened", source="outer", drill_id="d" * 300, signed_by="x"))
    (opened,) = read_journal(path)
    assert opened.event.data() == {"drill_id": "d" * 199 + "…"}

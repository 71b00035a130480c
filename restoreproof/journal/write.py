"""The writer of a journal, and the pipe by which the inner process sends it events.

The inner process (pytest in the sandbox) can only send lines through an inherited pipe; the outer
process checks them and writes the file.
"""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from restoreproof.errors import EvidenceError, Location
from restoreproof.events import INNER, OUTER, Event, InnerEvent
from restoreproof.journal.read import JournalLine, parse_line
from restoreproof.redaction.redactor import Redactor


def _now(seq: int, event: Event) -> JournalLine:
    stamp = datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
    return JournalLine(seq, event.sender, stamp, time.monotonic(), event)


def _bytes(line: JournalLine) -> bytes:
    fields = {
        "seq": line.seq,
        "source": line.source,
        "type": line.event.type,
        "at": line.at,
        "mono": line.mono,
        "data": line.event.data(),
    }
    return json.dumps(fields, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode() + b"\n"


class PipeEmitter:
    """The inner side's emitter: numbers its events and writes them to the inherited pipe.

    Args:
        fd: the inherited descriptor; None (a feature run without an outer process) drops events.
        redactor: every string passes it before it leaves the process.
    """

    def __init__(self, fd: int | None, redactor: Redactor) -> None:
        self._fd = fd
        self._redactor = redactor
        self._seq = 0
        self._lock = threading.Lock()

    def emit(self, event: Event) -> None:
        """Send one event. Raises EvidenceError if it is not the inner process's to send."""
        if event.sender != INNER:
            raise EvidenceError(f"the inner process may not record an event of type {event.type!r}")
        with self._lock:
            self._seq += 1
            line = _bytes(_now(self._seq, event.rewritten(self._redactor.value)))
            view = memoryview(line)
            while self._fd is not None and view:
                view = view[os.write(self._fd, view) :]


class JournalWriter:
    """The outer side's emitter: the only writer of ``journal.jsonl``, which flushes after each event."""

    def __init__(self, path: Path, redactor: Redactor) -> None:
        self.path = path
        self._redactor = redactor
        self._file = path.open("xb")
        self._seq = 0
        self._inner_seq = 0
        self._lock = threading.Lock()

    def emit(self, event: Event) -> None:
        """Append one event. Raises EvidenceError if it is not the outer process's to write."""
        if event.sender != OUTER:
            raise EvidenceError(f"the outer process may not record an event of type {event.type!r}")
        with self._lock:
            self._seq += 1
            self._write(_now(self._seq, event.rewritten(self._redactor.value)))

    def accept(self, line: bytes) -> JournalLine:
        """Check one line from the inner process, append it, and return what was written.

        Raises:
            EvidenceError: it is no event, over its bounds, not the inner's to send, or out of sequence.
        """
        sent = parse_line(line)
        with self._lock:
            if not isinstance(sent.event, InnerEvent):
                raise EvidenceError(f"the inner process sent an event {sent.event.type!r} of {sent.source!r}")
            if sent.seq != self._inner_seq + 1:
                raise EvidenceError(
                    f"inner event {sent.seq} follows {self._inner_seq}: lost or forged events"
                )
            self._inner_seq = sent.seq
            redacted = sent.event.rewritten(self._redactor.value)
            accepted = JournalLine(sent.seq, sent.source, sent.at, sent.mono, redacted)
            self._write(accepted)
        return accepted

    def _write(self, line: JournalLine) -> None:
        with self._in_a_sentence():
            self._file.write(_bytes(line))
            self._file.flush()

    def close(self) -> None:
        """Flush to disk and close; safe to call twice."""
        if not self._file.closed:
            with self._in_a_sentence():
                self._file.flush()
                os.fsync(self._file.fileno())
                self._file.close()

    @contextmanager
    def _in_a_sentence(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise EvidenceError(
                f"the journal can't be written: {error.strerror}",
                where=Location(str(self.path)),
                hint="see that the disk has room and that this user may write there, and drill again",
            ) from error

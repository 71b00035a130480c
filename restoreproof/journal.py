"""What happened in one drill, in the order in which it happened: append and read.

The inner process (pytest in the sandbox) can only send lines through an inherited pipe; the outer
process checks them and writes the file. Types that belong to the outer process are refused from the inner
one, so restored code that somehow reached the pipe could still not declare the target isolated or torn down.
"""

from __future__ import annotations

import json
import os
import threading
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

from restoreproof.errors import EvidenceError
from restoreproof.redaction.redactor import Redactor

MAX_LINE = 16 * 1024 * 1024
"""Bytes of one event; longer ones are refused, so a hostile backup can't fill the disk in one line."""

OUTER_TYPES = frozenset(
    {
        # drill_id, stack, plan, set_id, catalogue_sha256?, catalogue_signed_by?, attempt, trigger, operator?,
        # ci_run_url?, runtime, host{...}, host_fingerprint, clock{source, offset_ms?}, custody{...}, harness,
        # harness_build{version, git_commit?, code_sha256, lockfile_sha256?, python}
        "drill-opened",
        # set_id, run_id, recovery_point, taken_at?, taken_by?, location, release, synthetic, tool_versions{},
        # encryption{scheme, recipients}?, manifest_sha256, artifacts, objects, bytes, seconds,
        # files: [{name, bytes, sha256, expected_sha256, digest_source}]: the first of them,
        # lacks{part: reason}?: what an adopted set never had,
        # references: [{asset, reference, engine?, bytes?}]?: what a provider keeps,
        # reissued_from{set_id, manifest_sha256}?: whose catalogue was written again for this set
        "set-verified",
        "set-contradiction",  # artifact, expected, observed
        "source-state",  # processes, directories: what is still there of a source this machine brought up
        "isolation-control",  # probe, reached: the same probe outside the sandbox
        "isolation-verdict",  # proven, reason: outer's reading of control and probe
        "inner-launched",  # pid
        "inner-exited",  # returncode, seconds
        "teardown",  # proven, leftovers, kept?: what of the target was left on purpose
        "outer-note",  # text: as the inner's note
        "view-reduced",  # view, why: what this machine can't make, or not in full
        "drill-interrupted",  # reason
        "drill-closed",  # seconds
    }
)

INNER_TYPES = frozenset(
    {
        "isolation-probe",  # probe, reached, detail
        "marker-proven",  # service, address, created_at, sha256 of the nonce: the drill may write there
        "secret-known",  # name, maskable, length?, fingerprint?: HMAC with a key that is kept nowhere
        "stage-entered",  # stage
        "stage-done",  # stage, seconds
        "stage-failed",  # stage, error, hint
        "phase",  # stage, name, seconds, bytes?, items?: one timed piece of work inside a stage
        "service-started",  # service, pid, argv, stage, component, version?, digest?, source?
        "service-ready",  # service, seconds
        "service-stopped",  # service, returncode
        "service-log",  # service, text, stage, check?: its last lines, at the end of a stage or of a check
        "command",  # tool, argv, returncode, seconds, stderr_tail
        "override",  # service, name, why
        "fidelity",  # subject, service, here, production?, differs?, consequence: target against production
        "measurement",  # name, value, unit, detail, newest_at?: of the record that an RPO was measured by
        "forbidden-scan",  # ruleset, ruleset_digest, bytes, parts, unscannable, findings: [{rule, location}]
        "sink-effects",  # when: before-approval|at-the-end, effects{sink: how many}
        "review-approved",  # approver, stage
        "note",  # text
        "fault-injected",  # fault, detail: this drill is a test of the harness, and can't end VERIFIED
        "scenario-started",  # check
        "step",  # check, keyword, text, outcome, seconds, table?, docstring?, background?
        "asked",  # check, kind, nouns, queries: what a step looked at, before it looked
        "observation",  # check, + the fields of Observation
        # check, status: passed|failed (broken)|assertion-failed|skipped|not-reached, reason, seconds
        "scenario-finished",
        "allure-result",  # uuid, result: the JSON of an Allure test result
        "allure-attachment",  # name, text or base64
        "collected",  # checks: the ids pytest collected
    }
)


@dataclass(frozen=True, slots=True)
class Event:
    """One line of the journal. ``at`` is UTC, ``mono`` seconds of CLOCK_MONOTONIC on the drill's machine."""

    seq: int
    source: str
    type: str
    at: str
    mono: float
    data: dict[str, Any]


class Emitter(Protocol):
    """Where events go."""

    def emit(self, type: str, /, **data: Any) -> None:
        """Append one event of ``type``."""


def _now(seq: int, source: str, type: str, data: dict[str, Any]) -> Event:
    stamp = datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
    return Event(seq, source, type, stamp, time.monotonic(), data)


def _line(event: Event) -> bytes:
    text = json.dumps(asdict(event), ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    # What no encoding has a place for (half a surrogate pair, from a file name of another) becomes "?".
    return text.encode("utf-8", "replace") + b"\n"


class PipeEmitter:
    """The inner side: numbers its events and writes them to the inherited pipe.

    Args:
        fd: the inherited descriptor; None (a feature run without an outer process) drops events.
        redactor: every string passes it before it leaves the process.
    """

    def __init__(self, fd: int | None, redactor: Redactor) -> None:
        self._fd = fd
        self._redactor = redactor
        self._seq = 0
        self._lock = threading.Lock()

    def emit(self, type: str, /, **data: Any) -> None:
        if type not in INNER_TYPES:
            raise EvidenceError(f"the inner process may not record an event of type {type!r}")
        with self._lock:
            self._seq += 1
            line = _line(_now(self._seq, "inner", type, self._redactor.value(data)))
            view = memoryview(line)
            while self._fd is not None and view:
                view = view[os.write(self._fd, view) :]


class JournalWriter:
    """The outer side: the only writer of ``journal.jsonl``; each event is flushed as it is written."""

    def __init__(self, path: Path, redactor: Redactor) -> None:
        self.path = path
        self._redactor = redactor
        self._file = path.open("xb")
        self._seq = 0
        self._inner_seq = 0
        self._lock = threading.Lock()

    def emit(self, type: str, /, **data: Any) -> None:
        if type not in OUTER_TYPES:
            raise EvidenceError(f"the outer process may not record an event of type {type!r}")
        with self._lock:
            self._seq += 1
            self._write(_now(self._seq, "outer", type, self._redactor.value(data)))

    def accept(self, line: bytes) -> Event:
        """Check one line from the inner process and append it.

        Raises:
            EvidenceError: it is no event, not the inner's to send, or out of sequence.
        """
        event = parse_line(line)
        with self._lock:
            if event.source != "inner" or event.type not in INNER_TYPES:
                raise EvidenceError(f"the inner process sent an event {event.type!r} of {event.source!r}")
            if event.seq != self._inner_seq + 1:
                raise EvidenceError(
                    f"inner event {event.seq} follows {self._inner_seq}: lost or forged events"
                )
            self._inner_seq = event.seq
            redacted = Event(
                event.seq, event.source, event.type, event.at, event.mono, self._redactor.value(event.data)
            )
            self._write(redacted)
        return redacted

    def _write(self, event: Event) -> None:
        self._file.write(_line(event))
        self._file.flush()

    def close(self) -> None:
        """Flush to disk and close; safe to call twice."""
        if not self._file.closed:
            self._file.flush()
            os.fsync(self._file.fileno())
            self._file.close()


def parse_line(line: bytes) -> Event:
    """One journal line as an event. Raises EvidenceError if it is not one."""
    if len(line) > MAX_LINE:
        raise EvidenceError(f"a journal line of {len(line)} bytes is longer than {MAX_LINE}")
    try:
        event = Event(**_without_surrogates(json.loads(line)))
    except (ValueError, TypeError, RecursionError) as error:
        raise EvidenceError(f"not a journal event: {line[:80]!r}") from error
    well_formed = (
        isinstance(event.seq, int)
        and isinstance(event.source, str)
        and isinstance(event.type, str)
        and isinstance(event.at, str)
        and isinstance(event.mono, int | float)
        and isinstance(event.data, dict)
    )
    if not well_formed:
        raise EvidenceError(f"not a journal event: {line[:80]!r}")
    return event


def _without_surrogates(value: Any) -> Any:
    r"""JSON can spell ``\ud800``, which no file can be written with: it becomes "?" wherever it stands."""
    if isinstance(value, str):
        return value if value.isascii() else value.encode("utf-8", "replace").decode()
    if isinstance(value, dict):
        return {_without_surrogates(key): _without_surrogates(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_without_surrogates(item) for item in value]
    return value


def read_journal(path: Path) -> Iterator[Event]:
    """The events of a journal file, in order. Raises EvidenceError on a torn or foreign line."""
    with path.open("rb") as file:
        for line in file:
            yield parse_line(line)

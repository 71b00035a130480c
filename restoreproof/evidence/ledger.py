"""Every drill that was started, in a hash-chained file: a drill that died leaves its entry open.

An entry is one JSON line; ``prev`` is the SHA-256 of the line before, 64 zeros for the first. The file is
locked while it is read and appended to.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

import psutil

from restoreproof.errors import EvidenceError, Location

GENESIS = "0" * 64
_INVESTIGATE = "move the file aside as it is, for an investigation; the next drill begins a new one"


@dataclass(frozen=True, slots=True)
class Entry:
    """One line. ``type`` is started, finished or aborted."""

    seq: int
    prev: str
    type: str
    drill_id: str
    at: str
    data: dict[str, Any] = field(default_factory=dict)

    def line(self) -> bytes:
        """The entry as it is written."""
        return json.dumps(asdict(self), sort_keys=True, separators=(",", ":")).encode() + b"\n"


class Ledger:
    """The ledger at ``path``; it is made when the first drill is opened."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._signs: dict[str, int] = {}

    def entries(self) -> list[Entry]:
        """Every entry, checked. Raises EvidenceError where the chain is broken, naming the line."""
        if not self.path.exists():
            return []
        with self.path.open("rb") as file:
            return _read(file, self.path)

    def start(self, drill_id: str, set_id: str, plan_digest: str) -> int:
        """Open an entry for a drill; returns its attempt number for that set, from 1."""
        with self._locked() as (file, entries):
            before = [one for one in entries if one.type == "started" and one.data.get("set_id") == set_id]
            attempt = len(before) + 1
            me = psutil.Process()
            data = {"set_id": set_id, "plan": plan_digest, "attempt": attempt, "pid": me.pid,
                    "pid_started": me.create_time(), "pid_namespace": _pid_namespace()}  # fmt: skip
            self._show_life(drill_id)
            _append(file, entries, "started", drill_id, data)
        return attempt

    def finish(self, drill_id: str, verdict: str, record_sha256: str) -> None:
        """Close a drill's entry with its verdict."""
        with self._locked() as (file, entries):
            _append(file, entries, "finished", drill_id, {"verdict": verdict, "record_sha256": record_sha256})
        if (sign := self._signs.pop(drill_id, None)) is not None:
            self._sign_of(drill_id).unlink(missing_ok=True)
            os.close(sign)

    def abort_dead(self) -> list[str]:
        """Close the entries of drills whose process is gone as aborted; returns their ids."""
        with self._locked() as (file, entries):
            closed = {one.drill_id for one in entries if one.type != "started"}
            dead = [
                one
                for one in entries
                if one.type == "started" and one.drill_id not in closed and self._is_gone(one)
            ]
            for one in dead:
                self._sign_of(one.drill_id).unlink(missing_ok=True)
                _append(file, entries, "aborted", one.drill_id, {"verdict": "ABORTED"})
        return [one.drill_id for one in dead]

    def _sign_of(self, drill_id: str) -> Path:
        return self.path.with_name(f".{self.path.stem}-running") / drill_id

    def _show_life(self, drill_id: str) -> None:
        """Hold a lock as long as this process lives: seen also from where its process id means nothing."""
        path = self._sign_of(drill_id)
        path.parent.mkdir(exist_ok=True)
        sign = self._signs[drill_id] = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
        fcntl.flock(sign, fcntl.LOCK_EX)

    def _is_gone(self, entry: Entry) -> bool:
        if entry.data.get("pid_namespace", _pid_namespace()) == _pid_namespace():
            return _has_ended(entry)
        # As root every drill has process ids of its own; what we see under that id is something else.
        try:
            with self._sign_of(entry.drill_id).open("rb") as sign:
                fcntl.flock(sign, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        except FileNotFoundError:
            return True
        return True

    @contextmanager
    def _locked(self) -> Iterator[tuple[IO[bytes], list[Entry]]]:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self.path.open("a+b") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            file.seek(0)
            yield file, _read(file, self.path)


def _read(file: IO[bytes], path: Path) -> list[Entry]:
    entries: list[Entry] = []
    prev = GENESIS
    for number, line in enumerate(file, 1):
        try:
            entry = Entry(**json.loads(line))
        except (ValueError, TypeError) as error:
            raise EvidenceError(
                "not a ledger entry", where=Location(str(path), number), hint=_INVESTIGATE
            ) from error
        if entry.prev != prev or entry.seq != number:
            raise EvidenceError(
                "the ledger's chain is broken here: a line before it was changed, added or removed",
                where=Location(str(path), number),
                hint=_INVESTIGATE,
            )
        prev = hashlib.sha256(line).hexdigest()
        entries.append(entry)
    return entries


def _append(file: IO[bytes], entries: list[Entry], type: str, drill_id: str, data: dict[str, Any]) -> None:
    prev = hashlib.sha256(entries[-1].line()).hexdigest() if entries else GENESIS
    stamp = datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    entry = Entry(len(entries) + 1, prev, type, drill_id, stamp, data)
    file.write(entry.line())
    file.flush()
    entries.append(entry)


def _pid_namespace() -> int:
    return Path("/proc/self/ns/pid").stat().st_ino


def _has_ended(entry: Entry) -> bool:
    """Whether the drill's process ended: process ids are reused, so its start time counts too."""
    try:
        started: float = psutil.Process(int(entry.data["pid"])).create_time()
        return abs(started - float(entry.data["pid_started"])) > 1.0
    except (psutil.NoSuchProcess, KeyError, ValueError, TypeError):
        return True

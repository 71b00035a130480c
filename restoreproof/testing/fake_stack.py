"""A stack that is all memory: it notes what a drill asks of it, and fails where it is told to."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from restoreproof.backups.references import Reference
from restoreproof.errors import ContractError
from restoreproof.events import Event
from restoreproof.redaction.redactor import Secret
from restoreproof.runtimes.base import Completed, Credentials, Endpoint, Start

_PLAIN = Start()


@dataclass
class FakeStack:
    """A runtime and an emitter in one. Every method may be called from any thread.

    Attributes:
        done: everything that was asked, in order: ``start web``, ``stop web``, ``run web: migrate``.
        events: what was emitted: type, and data as the journal would hold it.
        starts: service to how it was started last.
        breaks: what raises when it is noted in ``done``.
        endpoints: service to where it would be reached; others are refused like services of no contract.
        tools: tool to what it writes on its standard output; it ends with 0.
        meeting: where two threads have to meet, for a test of what runs side by side.
    """

    name = "fake"
    clock = "test"
    stage: str | None = None
    done: list[str] = field(default_factory=list)
    events: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    starts: dict[str, Start] = field(default_factory=dict)
    breaks: dict[str, Exception] = field(default_factory=dict)
    endpoints: dict[str, Endpoint] = field(default_factory=dict)
    tools: dict[str, bytes] = field(default_factory=dict)
    meeting: threading.Barrier | None = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, request: str) -> None:
        """Keep that ``request`` was asked, and raise what was put under it into ``breaks``."""
        with self._lock:
            self.done.append(request)
        if request in self.breaks:
            raise self.breaks[request]

    def emit(self, event: Event) -> None:
        """Keep an event."""
        with self._lock:
            self.events.append((event.type, event.data()))

    def of(self, type: str) -> list[dict[str, Any]]:
        """Return the data of every event of that type, in order."""
        return [data for kind, data in self.events if kind == type]

    # What a drill, its assets and its checks ask of a runtime:

    def endpoint(self, service: str, port: str = "main") -> Endpoint:
        """Return where ``service`` would be reached. Raises ContractError if nobody said so."""
        if service not in self.endpoints:
            raise ContractError(f"the contract has no service {service!r}")
        return self.endpoints[service]

    def require(self, service: str) -> None:
        """Do nothing: no service is left out of this target."""

    def administrator(self, service: str) -> Credentials:
        """Return the same administrator for every service."""
        return Credentials("administrator", Secret(f"administrator of {service}", "a password of a test"))

    def log_tail(self, service: str, lines: int = 20) -> str:
        """Return a line for a service that was started, and nothing for any other."""
        return f"{service} said something" if f"start {service}" in self.done else ""

    def run_tool(
        self,
        service: str,
        tool: str,
        arguments: Sequence[str],
        *,
        environment: Mapping[str, str | Secret] | None = None,
        read: Sequence[Path] = (),
        write: Sequence[Path] = (),
        stdin: Path | None = None,
        stdout: Path | None = None,
        timeout_s: float = 3600.0,
    ) -> Completed:
        """Note the tool, and end with 0 and what ``tools`` has for it."""
        self.note(f"run {service}: {tool}")
        return Completed((tool, *arguments), 0, self.tools.get(tool, b""), "", 0.0)

    def start(self, service: str, start: Start = _PLAIN) -> None:
        """Note the start."""
        self.starts[service] = start
        self.note(f"start {service}")

    def stop(self, service: str) -> None:
        """Note the stop."""
        self.note(f"stop {service}")

    def restore_reference(self, asset: str, reference: Reference, recovery_point: datetime) -> None:
        """Note what a provider would bring back."""
        self.note(f"{reference.reference} for {asset} at {recovery_point:%Y-%m-%d}")

    def claim(self) -> None:
        """Do nothing: nobody else has this target."""

    def running(self, service: str) -> bool:
        """Whether it was started, and not stopped since."""
        asked = [request for request in self.done if request in (f"start {service}", f"stop {service}")]
        return bool(asked) and asked[-1].startswith("start")

    def started_at(self, service: str) -> datetime | None:
        """Return None: nothing runs that could have started."""
        return None

    def teardown(self) -> None:
        """Note that everything ended."""
        self.note("teardown")

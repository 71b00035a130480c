"""What a drill of an adopted set goes without, and what of it therefore is not there to be checked."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path

from restoreproof.backups.missing import PartMissing
from restoreproof.backups.references import Reference
from restoreproof.errors import ServiceFailedError
from restoreproof.events import Emitter, Note
from restoreproof.redaction.redactor import Secret
from restoreproof.runtimes.base import Completed, Credentials, Endpoint, Runtime, Start

_PLAIN = Start()


class Absences:
    """Assets and services that could not come back because the set was adopted without something."""

    def __init__(self, emitter: Emitter) -> None:
        self._emitter = emitter
        self._why: dict[str, PartMissing] = {}

    def bring(self, what: str, task: Callable[[], None]) -> None:
        """Do ``task``, which brings ``what``; note it as absent where the set lacks what that takes.

        A service that does not become ready is absent too where something it may need is: it says nothing
        of the backup. Raises whatever else ``task`` raises.
        """
        try:
            task()
        except PartMissing as lacking:
            self._note(what, lacking)
        except ServiceFailedError as error:
            if not self._why:
                raise
            first = next(iter(self._why.values()))
            self._note(
                what, PartMissing(first.part, f"{what} did not start without it: {error.message[:300]}")
            )

    def refuse(self, what: str) -> None:
        """Raise PartMissing if ``what`` is absent."""
        if lacking := self._why.get(what):
            raise lacking

    def hollow(self, brought: Sequence[str]) -> str | None:
        """Why nothing of ``brought`` is there; None if something is, or nothing was to come."""
        reasons = dict.fromkeys(str(self._why[what]) for what in brought if what in self._why)
        absent = sum(what in self._why for what in brought)
        return "; ".join(reasons) if brought and absent == len(brought) else None

    def _note(self, what: str, lacking: PartMissing) -> None:
        self._why[what] = lacking
        self._emitter.emit(Note(text=f"{what} is absent: {lacking}"))


class Present:
    """A runtime that answers only for services that are there: the others raise PartMissing, by name."""

    def __init__(self, runtime: Runtime, absences: Absences) -> None:
        self._runtime, self._absences = runtime, absences
        self.name, self.clock = runtime.name, runtime.clock

    @property
    def stage(self) -> str | None:
        return self._runtime.stage

    @stage.setter
    def stage(self, stage: str | None) -> None:
        self._runtime.stage = stage

    def endpoint(self, service: str, port: str = "main") -> Endpoint:
        self._absences.refuse(service)
        return self._runtime.endpoint(service, port)

    def require(self, service: str) -> None:
        self._absences.refuse(service)
        self._runtime.require(service)

    def administrator(self, service: str) -> Credentials:
        self._absences.refuse(service)
        return self._runtime.administrator(service)

    def log_tail(self, service: str, lines: int = 20) -> str:
        return self._runtime.log_tail(service, lines)

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
        self._absences.refuse(service)
        return self._runtime.run_tool(
            service,
            tool,
            arguments,
            environment=environment,
            read=read,
            write=write,
            stdin=stdin,
            stdout=stdout,
            timeout_s=timeout_s,
        )

    def start(self, service: str, start: Start = _PLAIN) -> None:
        self._runtime.start(service, start)

    def stop(self, service: str) -> None:
        self._runtime.stop(service)

    def restore_reference(self, asset: str, reference: Reference, recovery_point: datetime) -> None:
        self._runtime.restore_reference(asset, reference, recovery_point)

    def claim(self) -> None:
        self._runtime.claim()

    def running(self, service: str) -> bool:
        return self._runtime.running(service)

    def started_at(self, service: str) -> datetime | None:
        self._absences.refuse(service)
        return self._runtime.started_at(service)

    def teardown(self) -> None:
        self._runtime.teardown()

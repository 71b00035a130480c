"""What the drill may do to the target: nothing without its marker, nor before its isolation is settled."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict

from restoreproof.errors import ServiceFailedError
from restoreproof.events import Emitter, IsolationProbed, MarkerProven
from restoreproof.runtimes.base import Endpoint
from restoreproof.runtimes.external.commands import Commands
from restoreproof.runtimes.external.isolation import BLIND, Prober
from restoreproof.runtimes.external.marker import Silent
from restoreproof.runtimes.external.markers import MarkerRefusedError, Markers
from restoreproof.runtimes.external.ownership import Ownership
from restoreproof.runtimes.external.target import ExternalTarget
from restoreproof.waiting import NotReady


class WriteGuard:
    """Guard asked before and after each command, and before anything of a service is handed out.

    ``targets`` are those of the isolation's control. The probe has to reach the service that the contract
    says it is beside; that is settled as soon as that service runs, and before any other is touched.

    Raises:
        MarkerRefusedError: a store of the target answers and was not made for this drill.
    """

    def __init__(
        self,
        target: ExternalTarget,
        targets: Mapping[str, str],
        commands: Commands,
        emitter: Emitter,
        ownership: Ownership,
    ) -> None:
        self._targets, self._commands, self._emitter = targets, commands, emitter
        self._isolation = target.block.isolation
        self._settling = threading.Lock()
        self._unsettled = BLIND in targets
        self.ownership = ownership
        self.markers = Markers(target, lambda proven: emitter.emit(MarkerProven(**asdict(proven))))
        with self._refusing():
            silent = self.markers.survey()
        self.after(*(set(self.markers.stores) - silent.keys()))

    def before(self, *concerned: str) -> None:
        """Raise MarkerRefusedError unless a command for ``concerned`` may be run now."""
        with self._refusing():
            self.markers.survey()
        if self._isolation and self._isolation.within not in concerned:
            self._settle()

    def replaced(self, *concerned: str) -> None:
        """Drop the proofs of ``concerned``: a command may put other servers in their place."""
        for service in concerned:
            self.markers.forget(service)

    def after(self, *concerned: str) -> None:
        """Settle whether the probe works, if its neighbour is among ``concerned``, which now answer."""
        if self._isolation and self._isolation.within in concerned:
            self._settle()

    def require(self, service: str, endpoint: Endpoint | None = None) -> None:
        """Raise unless the drill may write to ``service``; at ``endpoint``, if that is what it will use.

        Raises:
            MarkerRefusedError: it may not.
            ServiceFailedError: it does not answer.
        """
        try:
            with self._refusing():
                self.markers.require(service, endpoint)
        except Silent as error:
            raise ServiceFailedError(f"{service} does not answer: {error}") from error

    def ask(self, service: str) -> None:
        """Raise NotReady until ``service`` shows its marker, MarkerRefusedError if it is another's."""
        try:
            with self._refusing():
                self.markers.require(service)
        except Silent as error:
            raise NotReady(str(error)) from error

    @contextmanager
    def _refusing(self) -> Iterator[None]:
        """Note what is refused here, so that the target is not removed in this drill's name either."""
        try:
            yield
        except MarkerRefusedError as error:
            self.ownership.refuse(error.message)
            raise

    def _settle(self) -> None:
        """Journal once whether the probe reaches its neighbour: only then does what it says count."""
        with self._settling:
            if not self._unsettled or self._isolation is None:
                return
            self._unsettled = False
            result = Prober(self._isolation, self._commands).blind(self._targets[BLIND])
            self._emitter.emit(
                IsolationProbed(probe=result.probe, reached=result.reached, detail=result.detail)
            )

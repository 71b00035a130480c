"""What the drill may do to the target: nothing without its marker, nor before its isolation is settled."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict

from restoreproof.errors import ServiceFailedError
from restoreproof.events import Emitter, IsolationProbed, MarkerProven
from restoreproof.runtimes.base import Endpoint, ServerProof
from restoreproof.runtimes.external.commands import Commands
from restoreproof.runtimes.external.isolation import BLIND, Prober
from restoreproof.runtimes.external.marker import Found, Silent
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
        with self._answering(service):
            self.markers.require(service, endpoint)

    def proof(self, service: str, endpoint: Endpoint) -> ServerProof | None:
        """Return what each connection to ``endpoint`` has to ask; None if the store has no such question."""
        reader = self.markers.reader(service)
        if reader is None or reader.server_query is None:
            return None

        def check(server: str) -> None:
            with self._answering(service):
                self.markers.recognise(service, endpoint, server)

        return ServerProof(reader.server_query, check)

    @contextmanager
    def unchanged(self, service: str) -> Iterator[None]:
        """Raise unless ``service`` shows the marker now, and is the same server still when the block ends.

        Raises:
            MarkerRefusedError: it does not show it, before or afterwards, or another server shows it.
            ServiceFailedError: it does not answer.
        """
        before = self._confirmed(service)
        yield
        if self._confirmed(service) != before:
            message = f"{service} is another server than when a tool began to write to it"
            self.ownership.refuse(message)
            raise MarkerRefusedError(message, hint="see what stands at its address, and drill again")

    def require_inside(self, service: str, place: str, read: Callable[[], Sequence[Found]]) -> None:
        """Raise MarkerRefusedError unless ``read``, in the target, finds the marker at ``place``."""
        with self._refusing():
            self.markers.accept(service, place, read)

    def _confirmed(self, service: str) -> str | None:
        with self._answering(service):
            return self.markers.confirm(service)

    def ask(self, service: str) -> None:
        """Raise NotReady until ``service`` shows its marker, MarkerRefusedError if it is another's."""
        try:
            with self._refusing():
                self.markers.require(service)
        except Silent as error:
            raise NotReady(str(error)) from error

    @contextmanager
    def _answering(self, service: str) -> Iterator[None]:
        """Note what is refused here. Raises ServiceFailedError where ``service`` does not answer."""
        try:
            with self._refusing():
                yield
        except Silent as error:
            raise ServiceFailedError(f"{service} does not answer: {error}") from error

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

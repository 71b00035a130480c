"""What a drill needs from whatever runs its stack. Each runtime is one implementation."""

from __future__ import annotations

import os
import ssl
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Literal, Protocol

import psutil

from restoreproof.backups.references import Reference
from restoreproof.errors import EnvironmentUnfitError, Location
from restoreproof.events import CommandRun
from restoreproof.redaction.redactor import Secret
from restoreproof.runtimes.tls import Tls

_STDERR_TAIL = 4000


@dataclass(frozen=True, slots=True)
class ServerProof:
    """Question that each connection to a store has to ask before it is used, where another made the store.

    Attributes:
        query: a question in the store's own language, whose one answer tells its server from every other.
        check: raises EnvironmentUnfitError unless the server of that answer is the drill's.
    """

    query: str
    check: Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Address of a service: ``host`` is its contract name (for Host and SNI), ``address`` an IP.

    With ``tls`` every client of the harness verifies whom it speaks to before it says anything. With
    ``proof`` each connection asks its question first: another server may stand at the address by now.
    """

    service: str
    host: str
    address: str
    port: int
    tls: Tls | None = None
    proof: ServerProof | None = field(default=None, compare=False, repr=False)

    @property
    def url(self) -> str:
        """Base URL, without a slash at the end: by the name that TLS verifies, else by the address."""
        host = self.tls.name if self.tls else self.address
        scheme = "https" if self.tls else "http"
        return f"{scheme}://{f'[{host}]' if ':' in host else host}:{self.port}"

    @property
    def trust(self) -> ssl.SSLContext | Literal[True]:
        """TLS context that verifies the service, for a client that takes a context; True without TLS."""
        return self.tls.context() if self.tls else True

    @property
    def authorities(self) -> str | Literal[True]:
        """File of authorities that verifies the service, for a client that takes a file; True without TLS."""
        return str(self.tls.ca) if self.tls else True

    def libpq(self) -> dict[str, str]:
        """Return the parameters by which libpq finds the service, whatever the environment says."""
        # With hostaddr it asks no name server, nor PGHOSTADDR.
        parameters = {"host": self.address, "hostaddr": self.address, "port": str(self.port)}
        if self.tls is None:
            return parameters
        verified = {"sslmode": "verify-full", "sslrootcert": str(self.tls.ca)}
        return {**parameters, "host": self.tls.name, **verified}


def unverified(endpoint: Endpoint, why: str, where: Location | None = None) -> EnvironmentUnfitError:
    """Return the error that ``endpoint`` is not spoken to, because TLS refuses who answers there."""
    name = endpoint.tls.name if endpoint.tls else endpoint.address
    return EnvironmentUnfitError(
        f"{endpoint.service}: who answers at {name}:{endpoint.port} can't be verified: {why}",
        where=where,
        hint="its certificate has to be for `address`, and signed by one of `ca`, or of those trusted here",
    )


@dataclass(frozen=True, slots=True)
class Credentials:
    """A user name and its password."""

    user: str
    password: Secret


@dataclass(frozen=True, slots=True)
class Hardware:
    """A machine; ``memory`` is in bytes."""

    cpus: int
    memory: int

    @staticmethod
    def here() -> Hardware:
        """Return the machine that this process runs on."""
        return Hardware(os.cpu_count() or 0, psutil.virtual_memory().total)


@dataclass(frozen=True, slots=True)
class Completed:
    """A tool that ran to its end. ``stdout`` is empty when it was sent to a file."""

    argv: tuple[str, ...]
    returncode: int
    stdout: bytes
    stderr: str
    seconds: float

    def event(self, tool: str) -> CommandRun:
        """Return what is journaled of it as a run of ``tool``, with the end of what it complained of."""
        return CommandRun(
            tool=tool,
            argv=self.argv,
            returncode=self.returncode,
            seconds=round(self.seconds, 3),
            stderr_tail=self.stderr[-_STDERR_TAIL:],
        )


@dataclass(frozen=True, slots=True)
class Start:
    """Additions to a service's start, beyond what the contract says of it.

    ``environment`` is added to the service's own; ``files`` are written (mode 0600) below its data directory
    before it starts, by relative path; ``arguments`` are appended to its command.
    """

    environment: Mapping[str, str | Secret] = field(default_factory=dict)
    files: Mapping[str, bytes] = field(default_factory=dict)
    arguments: Sequence[str] = ()


class ReferenceLost(Exception):
    """Raised where the provider's command says that it can't restore what a set refers to."""


def nothing_managed(asset: str, reference: Reference) -> EnvironmentUnfitError:
    """Return the error of a runtime that makes its own target, for an asset that a provider keeps."""
    return EnvironmentUnfitError(
        f"the set's part of the asset {asset!r} is a reference to something managed: {reference}",
        hint="drill it with --runtime external, whose contract says how to restore it",
    )


@dataclass(frozen=True, slots=True)
class ProbeResult:
    """One attempt to get out: ``reached`` is what must be False inside."""

    probe: str
    reached: bool
    detail: str


class Stack(Protocol):
    """Handles to what runs: the drill's checks and assets see a stack only through this."""

    def endpoint(self, service: str, port: str = "main") -> Endpoint:
        """Return where ``service`` listens; ``port`` names one of its contract ports.

        Raises:
            ContractError: there is no such service or port.
            EnvironmentUnfitError: the harness has no way there.
        """

    def require(self, service: str) -> None:
        """Raise PartMissing if the target goes without ``service``, even one that nobody connects to."""

    def administrator(self, service: str) -> Credentials:
        """Return the throw-away administrator made when the service was provisioned."""

    def log_tail(self, service: str, lines: int = 20) -> str:
        """Return the last lines of the service's log, redacted; empty if it never started."""

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
        """Run ``tool`` (a binary of the service's component, such as ``pg_restore``, or for a Python service
        a module) confined as the service is, and beside it. What it is a client of it finds by itself: the
        tools of a database are pointed at it as its throw-away administrator.

        ``read`` and ``write`` are directories bound into it at the same path; ``stdin`` and ``stdout`` are
        files. A non-zero return code is returned, not raised.
        """


class Runtime(Stack, Protocol):
    """Runtime of one stack: it starts, stops and tears down the services."""

    name: str
    clock: str
    """Who says when a process started, for whoever reads a time of ``started_at``."""
    stage: str | None
    """The stage being performed, for the journal."""

    def start(self, service: str, start: Start = Start()) -> None:
        """Start ``service`` and return once it answers an authenticated request.

        Raises:
            ServiceFailedError: it exited or did not answer in time; carries its last log lines and a hint.
        """

    def stop(self, service: str) -> None:
        """Stop ``service`` and everything it started; return once it is gone."""

    def restore_reference(self, asset: str, reference: Reference, recovery_point: datetime) -> None:
        """Have a provider bring ``asset`` back from ``reference``; nothing of it is a file of the set.

        Called before the services start that hold the asset, for its provider may have to make them.
        What is ``in_place`` is there already: nothing is run for it.

        Raises:
            ReferenceLost: the provider can't restore it.
            EnvironmentUnfitError: this runtime has no provider to ask, or the provider was not reached.
        """

    def claim(self) -> None:
        """Note that the target was found empty: from now on what it holds is this drill's."""

    def running(self, service: str) -> bool:
        """Return whether the service's process is alive."""

    def started_at(self, service: str) -> datetime | None:
        """Return when the service's process started, by ``clock`` (UTC); None if nothing tells."""

    def teardown(self) -> None:
        """Stop everything. Data is destroyed by the outer process, which owns the directory."""


@dataclass(frozen=True, slots=True)
class Override:
    """Something a drill changes in what the contract or the set says, and why; it is journaled."""

    name: str
    why: str

"""What a component says of itself, and what it is told of the service it runs."""

from __future__ import annotations

import signal
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Generic, Literal, Protocol, TypeVar

from restoreproof.components.base import ComponentOptions
from restoreproof.contract.services import Service
from restoreproof.errors import ContractError
from restoreproof.redaction.redactor import Secret
from restoreproof.runtimes.base import Completed, Credentials, Override, Start
from restoreproof.runtimes.host.diagnosis import Diagnosis
from restoreproof.runtimes.host.identity import Identity, identify
from restoreproof.runtimes.process.confinement import Confinement
from restoreproof.runtimes.process.sandbox import NO_MOUNTS, Mounts
from restoreproof.runtimes.services import options_of, part_of

PART = "process"
"""The module of a component that says how it is started as a process."""

OptionsT = TypeVar("OptionsT", bound=ComponentOptions)


class Run(Protocol):
    """Function that runs one command to its end in a sandbox with the service's own mounts."""

    def __call__(
        self, argv: Sequence[str], *, mounts: Mounts, environment: Mapping[str, str | Secret] | None = None
    ) -> Completed:
        """Run ``argv`` to its end; a failure is returned, not raised."""


@dataclass(frozen=True, slots=True)
class Site:
    """Place of one service. It may write ``data`` only, which has the same path in its sandbox."""

    name: str
    service: Service
    address: str
    data: Path
    contract_dir: Path
    code: Path
    cache: Path
    run: Run
    confinement: Confinement

    def port(self, name: str, default: int | None = None) -> int:
        """Return the contract's port ``name``, else ``default``. Raises ContractError if there is neither."""
        port = self.service.port_of(name) or default
        if port is None:
            raise ContractError(
                f"service {self.name!r} has no port called {name!r}", hint="add it to its ports"
            )
        return port


ReadyProbe = Callable[[str], object]
"""Given what the service has logged since its start; raises NotReady while the answer is "not yet"."""


@dataclass(frozen=True, slots=True)
class Launch:
    """Command that starts the service, and the sign that it is ready.

    ``administrator_if`` is a text of the log without which the administrator was not made after all.
    ``programs`` says what it means if the service starts a shell: nothing, where it may by its nature
    (``any``); else it is told, and keeps the drill from VERIFIED unless it was ``expected``.
    """

    argv: Sequence[str]
    ready: ReadyProbe
    what: str
    mounts: Mounts = NO_MOUNTS
    environment: Mapping[str, str | Secret] = field(default_factory=dict)
    deadline_s: float = 30.0
    overrides: tuple[Override, ...] = ()
    administrator: Credentials | None = None
    administrator_if: str | None = None
    programs: Literal["any", "expected", "unexpected"] = "any"


@dataclass(frozen=True, slots=True)
class Tool:
    """Command of one of the component's tools, without its arguments."""

    argv: Sequence[str]
    mounts: Mounts = NO_MOUNTS
    environment: Mapping[str, str | Secret] = field(default_factory=dict)


class ProcessComponent(ABC, Generic[OptionsT]):
    """Component as a process. An instance belongs to one service and lasts across its restarts.

    ``distribution`` is the Python package that its program comes in, if any. ``programs`` are what
    it runs from such packages: each by the name that people know, its package, and the end of its path there.
    """

    distribution: ClassVar[str | None] = None
    programs: ClassVar[tuple[tuple[str, str, str], ...]] = ()
    stop_signal: ClassVar[signal.Signals | None] = signal.SIGTERM
    stop_grace_s: ClassVar[float] = 3.0

    def __init__(self, options: OptionsT) -> None:
        self.options = options

    @classmethod
    def prepare_cache(cls, cache: Path, say: Callable[[str], None]) -> None:
        """Make what the component needs once for all drills, before one starts; most need nothing.

        Raises:
            EnvironmentUnfitError: it can't be had or made on this machine.
        """

    @classmethod
    def diagnose(cls, cache: Path) -> Sequence[Diagnosis]:
        """Say what this machine has and lacks for it, beside its ``programs``; nothing is changed."""
        return ()

    @abstractmethod
    def prepare(self, site: Site, start: Start) -> Launch:
        """Make the data directory fit to start on (``start.files`` are there already) and say how to start.

        ``Launch.ready`` may raise OSError and httpx.TransportError too while the answer is "not yet".

        Raises:
            ServiceFailedError: a preparing command failed.
            ContractError: the service's options don't fit the component.
        """

    def identity(self, site: Site, launch: Launch) -> Identity:
        """Return what runs as this service, for the record."""
        stated = site.service.options().get("version")
        name, program = site.service.component, Path(launch.argv[0])
        return identify(name, program, self.distribution, None if stated is None else str(stated))

    def tool(self, site: Site, name: str) -> Tool:
        """Return how the tool ``name`` runs. Raises ContractError if the component has no such tool."""
        raise ContractError(f"the component of service {site.name!r} has no tool {name!r}")

    def hint(self, log: str) -> str | None:
        """Return what to do next, if ``log`` tells; else None."""
        return None


def process_component(name: str, service: Service) -> ProcessComponent[Any]:
    """Return what starts ``service``, called ``name`` in the contract, with its options validated.

    Raises:
        ContractError: there is no such component, it has no process, or it does not know an option.
        PluginError: it can't be used.
    """
    return part_of(name, service, PART, ProcessComponent)(options_of(name, service))


def prepare_caches(services: Mapping[str, Service], cache: Path, say: Callable[[str], None]) -> None:
    """Make what the components of ``services`` need once for all drills. Raises as each of them does."""
    for part in {part_of(name, service, PART, ProcessComponent) for name, service in services.items()}:
        part.prepare_cache(cache, say)

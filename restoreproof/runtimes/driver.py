"""What the two processes of a drill need of a runtime.

A runtime is a ``RuntimeDriver`` among the entry points ``restoreproof.runtimes``, whosever they are.
"""

from __future__ import annotations

import subprocess
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Protocol

from restoreproof.contract import Contract
from restoreproof.contract.problems import Problem
from restoreproof.contract.runtime_blocks import RuntimeBlock
from restoreproof.events import Emitter
from restoreproof.redaction.redactor import Redactor, Secret
from restoreproof.runtimes.base import Hardware, ProbeResult, Runtime
from restoreproof.runtimes.host.diagnosis import Diagnosis

Say = Callable[[str], None]
"""Where progress goes."""


@dataclass(frozen=True, slots=True)
class OuterContext:
    """One drill, as the outer half of its runtime sees it.

    ``workdir`` is the drill's own directory; ``read`` are the paths that the inner process reads beside it.
    """

    drill_id: str
    contract: Contract
    workdir: Path
    cache: Path
    read: tuple[Path, ...]


@dataclass(frozen=True, slots=True)
class InnerContext:
    """One drill, as the inner process knows it when it makes its runtime.

    ``code`` is the release tree that Python services import.
    """

    drill_id: str
    contract: Contract
    workdir: Path
    cache: Path
    code: Path
    emitter: Emitter
    redactor: Redactor


@dataclass(frozen=True, slots=True)
class Reaped:
    """Remains of dead drills, after what could be removed was removed.

    ``left`` could not be removed, ``not_looked_at`` could not be asked, and ``left_alone`` is, or may be, a
    living drill's; each with the reason.
    """

    left: tuple[str, ...] = ()
    not_looked_at: tuple[str, ...] = ()
    left_alone: tuple[str, ...] = ()

    def __add__(self, other: Reaped) -> Reaped:
        return Reaped(
            self.left + other.left,
            self.not_looked_at + other.not_looked_at,
            self.left_alone + other.left_alone,
        )


class IsolationControl(Protocol):
    """Live listeners outside the target: what a probe would reach if there were a way out."""

    @property
    def targets(self) -> dict[str, str]:
        """Targets that the inner process has to probe, by the name of the probe."""

    def probe_outside(self) -> Sequence[ProbeResult]:
        """Try the same probes from where they must succeed, the positive control: all must be reached."""

    def from_inside(self) -> int:
        """Return how many connections came, until now, that the outer process did not make itself."""


class OuterRuntime(Protocol):
    """The outer half of a runtime, for one drill."""

    @property
    def exposure(self) -> str:
        """Why what runs in the drill could read this user's files, a signing key too; empty if it can't."""

    @property
    def unconfined(self) -> str:
        """Why restored code would run as this user with nothing around it; empty where it does not."""

    def control(self) -> AbstractContextManager[IsolationControl]:
        """Return the listeners, for as long as the drill runs. Raises EnvironmentUnfitError."""

    def launch(
        self,
        argv: Sequence[str],
        environment: Mapping[str, str],
        *,
        pass_fds: Sequence[int],
        stdout: int | None,
    ) -> subprocess.Popen[bytes]:
        """Start the inner process with exactly ``environment`` and a PATH; it dies with this one.

        Raises:
            EnvironmentUnfitError: this machine does not let it.
        """

    def collect(self) -> None:
        """Write what is known of the services below the drill's ``logs``, before anything is removed.

        Raises:
            EnvironmentUnfitError: not all of it could be had; the rest is written.
        """

    def remove(self) -> list[str]:
        """Remove whatever of the drill runs or lies outside its directory; returns what is left.

        What of the drill could still make something is ended first.
        """


class RuntimeDriver(ABC):
    """One runtime. It has no state: what belongs to a drill is in its ``OuterRuntime`` and ``Runtime``."""

    name: str
    block: ClassVar[type[RuntimeBlock] | None] = None
    """The model of the contract's block that only this runtime reads, if it has one."""
    steps_down: bool = True
    """Whether root becomes an ordinary user before a drill on it."""

    def objections(self, contract: Contract) -> Iterable[Problem]:
        """Yield what keeps every drill on this runtime from starting, as contract and files tell."""
        return ()

    @abstractmethod
    def prepare(self, contract: Contract, cache: Path, say: Say) -> None:
        """Make or find what all drills on it need once. Raises EnvironmentUnfitError."""

    def secrets(self, contract: Contract) -> Sequence[Secret]:
        """Return what the runtime itself was given that no evidence may hold. Raises ContractError."""
        return ()

    def kept(self, contract: Contract) -> str | None:
        """Return what of the target outlives the drill on purpose; None if nothing does."""
        return None

    def machine(self) -> Hardware | None:
        """Return what the services run on; None if only others know. Raises EnvironmentUnfitError."""
        return Hardware.here()

    @abstractmethod
    def outer(self, context: OuterContext) -> OuterRuntime:
        """Return the outer half of a drill. Raises EnvironmentUnfitError."""

    @abstractmethod
    def probes(self, context: InnerContext, targets: Mapping[str, str]) -> Iterable[ProbeResult]:
        """Try every way out of ``targets`` from where the services will run."""

    @abstractmethod
    def inner(self, context: InnerContext, targets: Mapping[str, str]) -> Runtime:
        """Return what starts the services; it may try ``targets`` again from each.

        Raises:
            ContractError: a service is none that this runtime can run.
            EnvironmentUnfitError: this machine does not let it.
        """

    def diagnose(self, contract: Contract | None, cache: Path) -> Sequence[Diagnosis]:
        """Return what this machine has and lacks for a drill on it; ``contract`` is of the stack, if any."""
        return ()

    def reap(self, say: Say) -> Reaped:
        """Remove what dead drills left outside their directories; tells what is still there.

        Raises:
            EnvironmentUnfitError: it can't be looked at.
        """
        return Reaped()

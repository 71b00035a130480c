"""The process runtime as a drill chooses it."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from restoreproof.contract import Contract
from restoreproof.events import Note
from restoreproof.runtimes.base import ProbeResult, Runtime
from restoreproof.runtimes.finding import Finding
from restoreproof.runtimes.kinds import Hosting, Inside, Kind, Place, Say
from restoreproof.runtimes.process import components, doctor
from restoreproof.runtimes.process.bare import BARE, Unsandboxed
from restoreproof.runtimes.process.isolation import Control, probe
from restoreproof.runtimes.process.launch import DrillSandbox, namespaces_available
from restoreproof.runtimes.process.runtime import ProcessRuntime


class Sandboxed:
    """A drill in the drill sandbox; everything of it ends with the sandbox."""

    exposure = ""

    def __init__(self, place: Place) -> None:
        self._place = place

    def control(self) -> Control:
        return Control()

    def launch(
        self,
        argv: Sequence[str],
        environment: Mapping[str, str],
        *,
        pass_fds: Sequence[int],
        stdout: int | None,
    ) -> subprocess.Popen[bytes]:
        place = self._place
        sandbox = DrillSandbox(place.workdir, read=place.read, services=place.contract.services)
        return sandbox.launch(argv, environment, pass_fds=pass_fds, stdout=stdout)

    def collect(self) -> None:
        """The services wrote their logs where they belong."""

    def remove(self) -> list[str]:
        return []


class Process(Kind):
    """Ordinary processes, two sandboxes deep; plain ones where the kernel refuses namespaces."""

    name = "process"

    def prepare(self, contract: Contract, cache: Path, say: Say) -> None:
        if reason := namespaces_available():
            say(f"no sandbox can be made here: {reason}")
            say("synthetic data is drilled unsandboxed and can't end VERIFIED; see `restoreproof doctor`")
        components.prepare_cache(contract.services, cache, say)

    def diagnose(self, contract: Contract | None, cache: Path) -> Sequence[Finding]:
        return doctor.diagnose(cache)

    def hosting(self, place: Place) -> Hosting:
        return Unsandboxed(place) if namespaces_available() else Sandboxed(place)

    def probes(self, inside: Inside, targets: Mapping[str, str]) -> Iterable[ProbeResult]:
        return probe(targets)

    def runtime(self, inside: Inside, targets: Mapping[str, str]) -> Runtime:
        bare = BARE in os.environ
        if bare:
            inside.emitter.emit(Note(text="the kernel refuses namespaces: services ran as plain processes"))
        return ProcessRuntime(
            services=inside.contract.services,
            workdir=inside.workdir,
            contract_dir=inside.contract.directory,
            code=inside.code,
            emitter=inside.emitter,
            redactor=inside.redactor,
            cache=inside.cache,
            bare=bare,
        )


KIND = Process()

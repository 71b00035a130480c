"""The process runtime as a drill chooses it."""

from __future__ import annotations

import subprocess
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from restoreproof.contract import Contract
from restoreproof.runtimes.base import ProbeResult, Runtime
from restoreproof.runtimes.kinds import Hosting, Inside, Kind, Place, Say
from restoreproof.runtimes.process import components
from restoreproof.runtimes.process.isolation import Control, probe
from restoreproof.runtimes.process.launch import DrillSandbox
from restoreproof.runtimes.process.runtime import ProcessRuntime


class Sandboxed:
    """A drill in the drill sandbox; everything of it ends with the sandbox."""

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
    """Ordinary processes, two sandboxes deep."""

    name = "process"

    def prepare(self, contract: Contract, cache: Path, say: Say) -> None:
        components.prepare_cache(contract.services, cache, say)

    def hosting(self, place: Place) -> Hosting:
        return Sandboxed(place)

    def probes(self, inside: Inside, targets: Mapping[str, str]) -> Iterable[ProbeResult]:
        return probe(targets)

    def runtime(self, inside: Inside) -> Runtime:
        return ProcessRuntime(
            services=inside.contract.services,
            workdir=inside.workdir,
            contract_dir=inside.contract.directory,
            code=inside.code,
            emitter=inside.emitter,
            redactor=inside.redactor,
            cache=inside.cache,
        )


KIND = Process()

"""The outer half of a drill in containers."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager

from restoreproof.errors import EnvironmentUnfitError
from restoreproof.runtimes.compose.collecting import collect
from restoreproof.runtimes.compose.control import Control, control
from restoreproof.runtimes.compose.daemon import daemon, held, remove_all
from restoreproof.runtimes.compose.owner import OWNER, Owner
from restoreproof.runtimes.compose.project import Project
from restoreproof.runtimes.kinds import Place
from restoreproof.runtimes.process.bare import launch_bare
from restoreproof.runtimes.process.confinement import end_remains

OWNER_VARIABLE = "RESTOREPROOF_OWNER"
_QUIET_S = 1.0
"""How long nothing more of a drill comes to light that the daemon was still making when its maker ended."""
_PASSED = (
    "HOME",
    "PATH",
    "DOCKER_HOST",
    "DOCKER_CONFIG",
    "DOCKER_CERT_PATH",
    "DOCKER_TLS_VERIFY",
)


def networks_of(project: Project, services: Sequence[str]) -> list[str]:
    """The compose file's names of the networks that the stack's services are on."""
    blocks = [project.config["services"].get(name, {}) for name in services]
    return sorted({network for block in blocks for network in block.get("networks", {})})


def probe_image(project: Project) -> str:
    """An image with Python: the sinks', which are the harness's own."""
    for block in project.config["services"].values():
        if "restoreproof.runtimes.sinks" in " ".join(block.get("command") or []):
            return str(block["image"])
    raise EnvironmentUnfitError("the compose file has no sink, whose image the isolation is probed with")


class Containers:
    """No restored code runs in the inner process, so it is a plain process of this machine."""

    exposure = (
        "the harness's inner process, in which no restored code ran, was a plain one of the user who seals, "
        "and may use the Docker daemon"
    )

    def __init__(self, place: Place) -> None:
        self._place = place
        self._project = Project(place.contract, place.drill_id, place.workdir)

    def control(self) -> AbstractContextManager[Control]:
        project = self._project
        labels = {**project.labels, OWNER: str(Owner.this())}
        inside = networks_of(project, list(self._place.contract.services))
        return control(probe_image(project), f"{project.name}-control", inside, labels)

    def launch(
        self,
        argv: Sequence[str],
        environment: Mapping[str, str],
        *,
        pass_fds: Sequence[int],
        stdout: int | None,
    ) -> subprocess.Popen[bytes]:
        # And what the compose file asks for, such as another image: both halves must read it alike.
        wanted = (*_PASSED, *self._project.variables())
        ours = {name: os.environ[name] for name in wanted if name in os.environ}
        told = {"LANG": "C.UTF-8", **ours, **environment, OWNER_VARIABLE: str(Owner.this())}
        return launch_bare(argv, told, self._place.workdir, pass_fds=pass_fds, stdout=stdout)

    def collect(self) -> None:
        collect(self._place.drill_id, self._place.workdir / "logs")

    def remove(self) -> list[str]:
        drill = self._place.drill_id
        # A docker command that the inner process left could go on making containers.
        running = end_remains(self._place.workdir)
        try:
            with daemon() as client:
                return [*running, *remove_all(lambda: held(client, drill), quiet_s=_QUIET_S)]
        except EnvironmentUnfitError as error:
            return [
                *running,
                f"containers of {drill}: {error.message}; `restoreproof doctor --reap` removes them later",
            ]

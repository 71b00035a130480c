"""The outer half of a drill in containers."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager

from restoreproof.errors import EnvironmentUnfitError
from restoreproof.runtimes.compose.control import NetworkControl, control
from restoreproof.runtimes.compose.daemon import daemon, held_by, remove_all
from restoreproof.runtimes.compose.isolation import edge_targets
from restoreproof.runtimes.compose.log_collection import collect
from restoreproof.runtimes.compose.owner import OWNER, Owner
from restoreproof.runtimes.compose.project import EDGE, Project, networks_of, probe_image
from restoreproof.runtimes.driver import OuterContext
from restoreproof.runtimes.host.plain_process import launch_bare
from restoreproof.runtimes.host.processes import end_remains

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


class ComposeProject:
    """No restored code runs in the inner process, so it is a plain process of this machine."""

    exposure = (
        "the harness's inner process, in which no restored code ran, was a plain one of the user who seals, "
        "and may use the Docker daemon"
    )

    unconfined = ""

    def __init__(self, context: OuterContext) -> None:
        self._context = context
        self._project = Project(context.contract, context.drill_id, context.workdir)

    def control(self) -> AbstractContextManager[NetworkControl]:
        project = self._project
        labels = {**project.labels, OWNER: str(Owner.this())}
        networks = networks_of(project, list(self._context.contract.services))
        edge = edge_targets(project.config["services"][EDGE])
        return control(probe_image(project), f"{project.name}-control", networks, labels, edge)

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
        variables = {"LANG": "C.UTF-8", **ours, **environment, OWNER_VARIABLE: str(Owner.this())}
        return launch_bare(argv, variables, self._context.workdir, pass_fds=pass_fds, stdout=stdout)

    def collect(self) -> None:
        collect(self._context.drill_id, self._context.workdir / "logs")

    def remove(self) -> list[str]:
        drill = self._context.drill_id
        # A docker command that the inner process left could go on making containers.
        running = end_remains(self._context.workdir)
        try:
            with daemon() as client:
                return [*running, *remove_all(lambda: held_by(client, drill), quiet_s=_QUIET_S)]
        except EnvironmentUnfitError as error:
            return [
                *running,
                f"containers of {drill}: {error.message}; `restoreproof doctor --reap` removes them later",
            ]

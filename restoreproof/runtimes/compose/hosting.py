"""The outer half of a drill in containers."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any

import docker

from restoreproof.errors import EnvironmentUnfitError
from restoreproof.runtimes.compose.control import Control, control
from restoreproof.runtimes.compose.daemon import daemon, held, remove_all
from restoreproof.runtimes.compose.logs import append_log
from restoreproof.runtimes.compose.owner import DRILL, OWNER, Owner
from restoreproof.runtimes.compose.project import Project
from restoreproof.runtimes.kinds import Place
from restoreproof.runtimes.process.bare import launch_bare

OWNER_VARIABLE = "RESTOREPROOF_OWNER"
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
        logs = self._place.workdir / "logs"
        logs.mkdir(exist_ok=True)
        try:
            with daemon() as client:
                containers = client.containers.list(
                    all=True, filters={"label": f"{DRILL}={self._place.drill_id}"}, ignore_removed=True
                )
                for one in containers:
                    append_log(logs, one.labels.get("com.docker.compose.service", one.name), one)
                told = {"docker": client.version(), "containers": [_inspected(one) for one in containers]}
        except EnvironmentUnfitError as error:
            (logs / "docker.log").write_text(f"nothing could be collected: {error}\n")
            return
        (logs / "containers.json").write_text(json.dumps(told, indent=1, default=str))

    def remove(self) -> list[str]:
        drill = self._place.drill_id
        try:
            with daemon() as client:
                refused = remove_all(held(client, drill))
                # What the daemon was still making when the inner process ended comes to light a moment later.
                return refused + remove_all(held(client, drill)) + [str(one) for one in held(client, drill)]
        except EnvironmentUnfitError as error:
            return [
                f"containers of {drill}: {error.message}; `restoreproof doctor --reap` removes them later"
            ]


def _inspected(container: Any) -> dict[str, Any]:
    """What `docker inspect` says, without the values of the environment: they are the restored secrets."""
    attributes = dict(container.attrs)
    config = dict(attributes.get("Config", {}))
    config["Env"] = [one.partition("=")[0] for one in config.get("Env") or []]
    image: docker.models.images.Image = container.image
    return {
        **attributes,
        "Config": config,
        "ImageDigests": image.attrs.get("RepoDigests", []),
        "ImageID": image.id,
    }

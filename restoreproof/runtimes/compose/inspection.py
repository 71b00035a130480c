"""What the daemon says of a drill's containers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import docker
import docker.errors

from restoreproof.contract.services import Service
from restoreproof.errors import EnvironmentUnfitError
from restoreproof.runtimes.compose.daemon import daemon
from restoreproof.runtimes.compose.project import EDGE

PROJECT = "com.docker.compose.project"
SERVICE = "com.docker.compose.service"
ONE_OFF = "com.docker.compose.oneoff"


def container_of(client: docker.DockerClient, project: str, service: str) -> Any | None:
    """Return the container that runs ``service``, or ran it; no tool beside it. None if there is none."""
    labels = [f"{PROJECT}={project}", f"{SERVICE}={service}", f"{ONE_OFF}=False"]
    containers = client.containers.list(all=True, filters={"label": labels}, ignore_removed=True)
    return containers[0] if containers else None


@contextmanager
def never_started(
    client: docker.DockerClient, image: str, labels: Mapping[str, str], **settings: Any
) -> Iterator[Any]:
    """Make a container with ``settings`` to be looked at; nothing runs in it, and it goes afterwards."""
    container = client.containers.create(image, ["true"], labels=dict(labels), **settings)
    try:
        container.reload()
        yield container
    finally:
        container.remove(force=True)


def state_of(container: str | None) -> dict[str, Any]:
    """Return the state of the container with this id; empty if there is none."""
    if container is None:
        return {}
    with daemon() as client:
        try:
            state: dict[str, Any] = client.containers.get(container).attrs["State"]
        except docker.errors.NotFound:
            return {}
    return state


def log_of(container: str | None, lines: int | str = "all") -> str:
    """Return what the container with this id has logged, or its last ``lines``; empty if there is none."""
    if container is None:
        return ""
    with daemon() as client:
        try:
            log: bytes = client.containers.get(container).logs(tail=lines)
        except docker.errors.NotFound:
            return ""
    return log.decode(errors="replace")


def doors(project: str) -> dict[int, int]:
    """Return, for each contract port, the port of 127.0.0.1 that Docker chose for it at the edge.

    Raises:
        EnvironmentUnfitError: the edge does not run.
    """
    with daemon() as client:
        edge = container_of(client, project, EDGE)
        if edge is None or edge.status != "running":
            raise EnvironmentUnfitError("the edge, which carries the harness's connections, is gone")
        ports = edge.attrs["NetworkSettings"]["Ports"]
    return {int(port.partition("/")[0]): int(bound[0]["HostPort"]) for port, bound in ports.items() if bound}


def identity(container: Any, service: Service) -> dict[str, Any]:
    """Return what runs, for the record: the image by name and digest, and the version by the contract.

    The digest is the one that it was named with, or the first that a registry gave it, or its own id.
    """
    stated, image = service.options().get("version"), str(container.attrs["Config"]["Image"])
    digests = container.image.attrs.get("RepoDigests") or [container.image.id]
    return {
        "component": service.component,
        "version": None if stated is None else str(stated),
        "digest": (image if "@" in image else str(digests[0])).rpartition("@")[2],
        "source": f"image {image}",
    }

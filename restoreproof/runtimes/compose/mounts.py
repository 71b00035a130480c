"""Whether a container could speak to the daemon by its socket: what is mounted into it says so."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import docker

from restoreproof.runtimes.base import ProbeResult
from restoreproof.runtimes.compose.inspection import never_started

PROBE = "daemon's socket"
_SOCKETS = ("/run/docker.sock", "/run/containerd/containerd.sock")
_UNIX = "unix://"


def socket_path() -> Path:
    """The socket of the daemon that the environment names."""
    named = os.environ.get("DOCKER_HOST", "")
    return Path(named.removeprefix(_UNIX) if named.startswith(_UNIX) else _SOCKETS[0])


def probe_mounts(name: str, container: Any) -> ProbeResult:
    """Look for the socket, or a directory that holds it, among what is mounted into ``container``."""
    sources = [one.get("Source", "") for one in container.attrs["Mounts"] if one["Type"] == "bind"]
    leading = [one for one in sources if _leads_to_a_socket(Path(one))]
    told = f"{', '.join(leading)} is mounted" if leading else f"not among the {len(sources)} mounts"
    return ProbeResult(name, bool(leading), f"{socket_path()}: {told}")


def probe_control(client: docker.DockerClient, image: str, labels: Mapping[str, str]) -> ProbeResult:
    """The same look at a container into which the socket's directory is mounted; it is never started."""
    with never_started(client, image, labels, network_mode="none", volumes=["/run:/host:ro"]) as container:
        return probe_mounts(PROBE, container)


def _leads_to_a_socket(source: Path) -> bool:
    real = source.resolve()
    sockets = {Path(one).resolve() for one in _SOCKETS} | {socket_path().resolve()}
    return any(one.is_relative_to(real) for one in sockets)

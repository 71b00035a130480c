"""What is mounted into a container: each place of this machine, and whether the daemon's socket is there."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import docker
import docker.errors
from docker.types import Mount

from restoreproof.runtimes.base import ProbeResult
from restoreproof.runtimes.compose.grants import Grant, device_of, mount_excess
from restoreproof.runtimes.compose.inspection import never_started

PROBE = "daemon's socket"
SOURCES = "mounts from this machine"
_SOCKETS = ("/run/docker.sock", "/run/containerd/containerd.sock")
_UNIX = "unix://"


class Volumes:
    """Attributes of volumes as the daemon has them, each asked for once."""

    def __init__(self, client: docker.DockerClient) -> None:
        self._client = client
        self._attributes: dict[str, Mapping[str, Any] | None] = {}

    def __call__(self, name: str) -> Mapping[str, Any] | None:
        """Return the attributes of the volume ``name``; None if there is none."""
        if name not in self._attributes:
            try:
                self._attributes[name] = self._client.volumes.get(name).attrs
            except docker.errors.NotFound:
                self._attributes[name] = None
        return self._attributes[name]


def socket_path() -> Path:
    """Return the socket of the daemon that the environment names."""
    named = os.environ.get("DOCKER_HOST", "")
    return Path(named.removeprefix(_UNIX) if named.startswith(_UNIX) else _SOCKETS[0])


def probe_mounts(prefix: str, container: Any, grant: Grant, volumes: Volumes) -> Iterator[ProbeResult]:
    """Look for the socket among what is mounted into ``container``, and for anything beyond ``grant``.

    A volume with a device of its own is a mount of that device, whatever it is called.
    """
    mounts = container.attrs["Mounts"]
    places = [Path(mount.get("Source", "")) for mount in mounts if mount["Type"] == "bind"]
    named = [str(mount["Name"]) for mount in mounts if mount["Type"] == "volume"]
    places += [device for name in named if (device := device_of(volumes(name)))]
    leading = [str(place) for place in places if _leads_to_a_socket(place)]
    which = f"{', '.join(leading)} is mounted" if leading else f"not among the {len(mounts)} mounts"
    yield ProbeResult(f"{prefix}{PROBE}", bool(leading), f"{socket_path()}: {which}")
    excess = list(mount_excess(container.attrs, grant, volumes))
    yield ProbeResult(
        f"{prefix}{SOURCES}",
        bool(excess),
        ", ".join(excess) or f"{len(mounts)} mounts, each of the drill's own",
    )


def probe_control(
    client: docker.DockerClient, image: str, labels: Mapping[str, str], name: str
) -> list[ProbeResult]:
    """Look in the same way at a container called ``name``, with the socket's directory as a volume.

    It is never started, so that the volume is never mounted.
    """
    device = {"type": "none", "o": "bind", "device": str(socket_path().resolve().parent)}
    volume = client.volumes.create(name, driver="local", driver_opts=device, labels=dict(labels))
    try:
        mount = Mount("/host", name, type="volume", no_copy=True)
        with never_started(
            client, image, labels, name=name, network_mode="none", mounts=[mount]
        ) as container:
            return list(probe_mounts("", container, Grant(), Volumes(client)))
    finally:
        volume.remove(force=True)


def _leads_to_a_socket(source: Path) -> bool:
    real = source.resolve()
    sockets = {Path(socket).resolve() for socket in _SOCKETS} | {socket_path().resolve()}
    return any(socket.is_relative_to(real) for socket in sockets)

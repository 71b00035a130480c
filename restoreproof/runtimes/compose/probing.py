"""Proof that nothing leads out of a drill's networks: the same probes, inside and on an ordinary network."""

from __future__ import annotations

import ipaddress
import json
import socket
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

import docker
import docker.errors

from restoreproof.errors import EnvironmentUnfitError
from restoreproof.runtimes.base import ProbeResult
from restoreproof.runtimes.compose import probe_script
from restoreproof.runtimes.compose.daemon import daemon
from restoreproof.runtimes.process.isolation import SETTLED_S

ORDINARY = "bridge"
"""The daemon's default network: what a container is on when nobody says otherwise."""

LISTENER = "outer-tcp-listener"
_DAEMON_PORT = 2375
# 192.0.2.0/24 and 2001:db8::/32 are reserved for documentation: nobody is there, whatever the outcome.
_FIXED = {
    "egress-ipv4": "tcp 192.0.2.1:443",
    "egress-ipv6": "tcp [2001:db8::1]:443",
    "name-resolution": "resolve example.com",
    "daemon-socket": "unix /var/run/docker.sock",
}


class Control:
    """A live listener on the host, where a container of an ordinary network reaches it.

    Args:
        image: an image with Python, for the container that proves it.
        networks: the stack's networks, by the compose file's names.
        labels: what the container is labelled with.
    """

    def __init__(self, image: str, networks: Sequence[str], labels: Mapping[str, str]) -> None:
        self._image, self._networks, self._labels = image, tuple(networks), dict(labels)
        with daemon() as client:
            address = gateway(client, ORDINARY)
        self._tcp = socket.create_server((address, 0))
        self._lock = threading.Lock()
        self._accepted = 0
        self._own = 0

    def __enter__(self) -> Control:
        threading.Thread(target=self._accept, name="control", daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # shutdown wakes the thread that waits in accept; close alone would leave it there.
        self._tcp.shutdown(socket.SHUT_RDWR)
        self._tcp.close()

    @property
    def _address(self) -> str:
        host, port = self._tcp.getsockname()
        return f"{host}:{port}"

    @property
    def targets(self) -> dict[str, str]:
        """For each network, what is tried from it. Its own gateway is known once it was made."""
        host, port = self._tcp.getsockname()
        tried = {
            LISTENER: f"tcp {host}:{port}",
            "daemon": f"tcp {host}:{_DAEMON_PORT}",
            "gateway": f"gateway {port}",
            **_FIXED,
        }
        return {f"{network}: {name}": target for network in self._networks for name, target in tried.items()}

    def probe_outside(self) -> list[ProbeResult]:
        """The positive control: the same probe, on the ordinary network, reaches the listener."""
        with daemon() as client:
            results = run_probes(
                client, self._image, ORDINARY, {LISTENER: f"tcp {self._address}"}, labels=self._labels
            )
        self._settle()
        with self._lock:
            self._own += sum(result.reached for result in results)
        return results

    def from_inside(self) -> int:
        """How many connections came, until now, that the outer did not make itself."""
        self._settle()
        with self._lock:
            return self._accepted - self._own

    def _settle(self) -> None:
        """Return once every connection made before this call is counted: they are taken in their order."""
        host, port = self._tcp.getsockname()
        with socket.create_connection((host, port), timeout=SETTLED_S) as own:
            with self._lock:
                self._own += 1
            own.recv(1)

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._tcp.accept()
            except OSError:
                return  # closed: the drill is over
            with self._lock:
                self._accepted += 1
            connection.close()


def run_probes(
    client: docker.DockerClient,
    image: str,
    network: str,
    targets: Mapping[str, str],
    *,
    labels: Mapping[str, str],
) -> list[ProbeResult]:
    """Try ``targets`` from a container on ``network`` (or ``container:ID``, inside that one's).

    Raises:
        EnvironmentUnfitError: the container did not answer for every target.
    """
    asked = {name: target.split(" ", 1) for name, target in targets.items()}
    script = Path(probe_script.__file__).read_text()
    try:
        said = client.containers.run(
            image,
            ["python", "-c", script, json.dumps(asked)],
            network_mode=network,
            labels=dict(labels),
            cap_drop=["ALL"],
            security_opt=["no-new-privileges:true"],
            remove=True,
        )
    except docker.errors.ContainerError as error:
        raise EnvironmentUnfitError(f"a probe on {network} broke: {error.stderr!r}") from error
    answers: list[dict[str, Any]] = [json.loads(line) for line in said.splitlines()]
    if [one["probe"] for one in answers] != list(targets):
        raise EnvironmentUnfitError(f"a probe on {network} did not answer for every way out")
    return [ProbeResult(one["probe"], one["reached"], one["detail"]) for one in answers]


def resolved(client: docker.DockerClient, network: str, target: str) -> str:
    """``target``, with the gateway of ``network`` put in where it is asked for."""
    kind, _, rest = target.partition(" ")
    return f"tcp {gateway(client, network)}:{rest}" if kind == "gateway" else target


def gateway(client: docker.DockerClient, network: str) -> str:
    """The host's address on ``network``, or the one it would have: a network without one may not name it."""
    settings = client.networks.get(network).attrs["IPAM"]["Config"] or []
    for one in settings:
        subnet = ipaddress.ip_network(one["Subnet"])
        if subnet.version == 4:
            return str(one.get("Gateway") or next(subnet.hosts()))
    raise EnvironmentUnfitError(f"the network {network} has no IPv4 subnet")

"""The positive control: what a probe would reach if a drill's network were an ordinary one.

A network of the daemon's usual kind is made for the drill, with a container on it. From there each way out is
open, and the same probe reaches the same targets; a probe that fails in the stack is therefore no broken one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import docker
import psutil

from restoreproof.errors import EnvironmentUnfitError
from restoreproof.runtimes.base import ProbeResult
from restoreproof.runtimes.compose import mounts, privileges
from restoreproof.runtimes.compose.daemon import daemon
from restoreproof.runtimes.compose.isolation import GATEWAY, gateway, run_probes
from restoreproof.runtimes.host.listener import Listener

LISTENER = "harness's listener"
_HOST_ADDRESSES = 3
_UNUSED_PORT = 9
# 192.0.2.0/24 and 2001:db8::/32 are reserved for documentation, example.com is too: nobody is there.
_WORLD = "route 192.0.2.1"
# The control does not try these: an ordinary network may have no IPv6, nor the machine a resolver.
_BEYOND = {
    "IPv6 beyond the host": "route 2001:db8::1",
    "public name": "resolve example.com",
    "host's name": "resolve host.docker.internal",
}


@dataclass(frozen=True, slots=True)
class NetworkControl:
    """What is reached from ``network``, an ordinary one, and must not be from ``inside``, the stack's.

    ``image`` has Python, and ``labels`` say whose the containers are that try.
    """

    image: str
    network: str
    networks: Sequence[str]
    labels: Mapping[str, str]
    listener: Listener
    reachable: Mapping[str, str]

    @property
    def targets(self) -> dict[str, str]:
        """For each network of the stack what is tried from it. Its own gateway is known once it was made."""
        port = self.listener.address[1]
        tried = {**self.reachable, "gateway": f"{GATEWAY} {port}", **_BEYOND}
        return {f"{network}: {name}": target for network in self.networks for name, target in tried.items()}

    def probe_outside(self) -> list[ProbeResult]:
        """The same probes on the ordinary network: each must reach its target."""
        with daemon() as client:
            results = run_probes(client, self.image, self.network, self.reachable, labels=self.labels)
            results += [one.probe_control(client, self.image, self.labels) for one in (mounts, privileges)]
        self.listener.expect(sum(one.reached for one in results if one.probe == LISTENER))
        return results

    def from_inside(self) -> int:
        """How many connections came, until now, that the outer did not make itself."""
        return self.listener.strangers()


@contextmanager
def control(
    image: str, name: str, networks: Sequence[str], labels: Mapping[str, str]
) -> Iterator[NetworkControl]:
    """Make the ordinary network ``name`` with its container; both go with the drill's other remains.

    Raises:
        EnvironmentUnfitError: the daemon does not do it, or is not on this machine.
    """
    with daemon() as client:
        client.networks.create(name, driver="bridge", labels=dict(labels))
        host, peer = gateway(client, name), _peer(client, image, name, labels)
    try:
        listener = Listener(host)
    except OSError as error:
        raise EnvironmentUnfitError(
            f"{host}, the daemon's address on its own network, is none of this machine: {error.strerror}",
            hint="is the daemon remote, in a virtual machine or rootless? Drill where it runs as a system "
            "service, or with `--runtime process`",
        ) from error
    with listener:
        reachable = {
            LISTENER: f"tcp {host}:{listener.address[1]}",
            "daemon's port 2375": f"tcp {host}:2375",
            "daemon's port 2376": f"tcp {host}:2376",
            **{f"host at {one}": f"tcp {one}:{_UNUSED_PORT}" for one in host_addresses()},
            "IPv4 beyond the host": _WORLD,
            "container of another network": f"tcp {peer}:{_UNUSED_PORT}",
            "name of that container": f"resolve {name}",
        }
        yield NetworkControl(image, name, tuple(networks), labels, listener, reachable)


def host_addresses() -> list[str]:
    """Addresses of this machine on networks that are no bridges of its own, which come and go."""
    found = [
        one.address
        for interface, addresses in sorted(psutil.net_if_addrs().items())
        if not Path("/sys/class/net", interface, "bridge").exists()
        for one in addresses
        if one.family.name == "AF_INET" and not one.address.startswith("127.")
    ]
    return found[:_HOST_ADDRESSES]


def _peer(client: docker.DockerClient, image: str, name: str, labels: Mapping[str, str]) -> str:
    """Start a container called ``name`` on the network of that name; returns its address."""
    peer = client.containers.run(
        image,
        ["sleep", "infinity"],
        name=name,
        network=name,
        labels=dict(labels),
        cap_drop=["ALL"],
        security_opt=["no-new-privileges:true"],
        init=True,
        detach=True,
    )
    peer.reload()
    return str(peer.attrs["NetworkSettings"]["Networks"][name]["IPAddress"])

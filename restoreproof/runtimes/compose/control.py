"""The positive control: what a probe would reach if a drill's network were an ordinary one.

A network of the daemon's usual kind is made for the drill, with a container on it. From there each way out is
open, and the same probe reaches the same targets; a probe that fails in the stack is therefore no broken one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import docker
import psutil

from restoreproof.errors import EnvironmentUnfitError
from restoreproof.runtimes.base import ProbeResult
from restoreproof.runtimes.compose import mounts, privileges
from restoreproof.runtimes.compose.daemon import daemon
from restoreproof.runtimes.compose.isolation import (
    FORWARDING,
    GATEWAY,
    LINK_LOCAL,
    gateway,
    probe_settings,
    run_probes,
)
from restoreproof.runtimes.host.listener import Listener

LISTENER = "harness's listener"
_HOST_ADDRESSES = 3
_UNUSED_PORT = 9
# 192.0.2.0/24 and 2001:db8::/32 are reserved for documentation, example.com is too: nobody is there.
_WORLD = "route 192.0.2.1"
_IPV6 = Path("/proc/sys/net/ipv6")
"""Where this machine has no IPv6, its containers have none."""
_LISTENING = "import signal, socket; listener = socket.create_server(('', 0)); signal.pause()"
_SYSCTLS = {"net.ipv4.ip_forward": "1"}
_SYSCTLS_V6 = {"net.ipv6.conf.all.disable_ipv6": "0", "net.ipv6.conf.default.disable_ipv6": "0"}
# The control does not try these: an ordinary network may have no IPv6, nor the machine a resolver.
_BEYOND = {
    "IPv6 beyond the host": "route 2001:db8::1",
    "public name": "resolve example.com",
    "host's name": "resolve host.docker.internal",
}


@dataclass(frozen=True, slots=True)
class NetworkControl:
    """What is reached from ``network``, an ordinary one, and must not be from ``networks``, the stack's.

    ``image`` has Python, and ``labels`` say whose the containers are that try. ``peer`` is the id of the
    container on the network, ``edge`` what is tried from inside the stack's edge.
    """

    image: str
    network: str
    networks: Sequence[str]
    labels: Mapping[str, str]
    listener: Listener
    reachable: Mapping[str, str]
    edge: Mapping[str, str]
    peer: str

    @property
    def targets(self) -> dict[str, str]:
        """Return what is tried from each network of the stack. Its gateway is known once it was made."""
        port = self.listener.address[1]
        attempts = {**self.reachable, "gateway": f"{GATEWAY} {port}", **_BEYOND, **_link_local()}
        return {
            **{f"{net}: {name}": target for net in self.networks for name, target in attempts.items()},
            **self.edge,
        }

    def probe_outside(self) -> list[ProbeResult]:
        """Try the same on the ordinary network, and in the container there: each must reach its target."""
        image, labels, name = self.image, self.labels, self.network
        with daemon() as client:
            results = run_probes(client, image, name, self.reachable, labels=labels)
            within = {"another listener": "listeners 1", "packets for others": FORWARDING, **_link_local()}
            results += run_probes(client, image, f"container:{self.peer}", within, labels=labels)
            results += mounts.probe_control(client, image, labels, f"{name}-mounts")
            results.append(privileges.probe_control(client, image, labels, f"{name}-privileges"))
            results.append(probe_settings(client, "settings of a network", name))
        self.listener.expect(sum(result.reached for result in results if result.probe == LISTENER))
        return results

    def from_inside(self) -> int:
        """Return how many connections came, until now, that the outer did not make itself."""
        return self.listener.strangers()


@contextmanager
def control(
    image: str, name: str, networks: Sequence[str], labels: Mapping[str, str], edge: Mapping[str, str]
) -> Iterator[NetworkControl]:
    """Make the ordinary network ``name`` with its container; both go with the drill's other remains.

    Args:
        networks: the compose file's names of the networks of the stack.
        edge: what is to be tried from inside the stack's edge.

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
            **{f"host at {address}": f"tcp {address}:{_UNUSED_PORT}" for address in host_addresses()},
            "IPv4 beyond the host": _WORLD,
            "container of another network": f"tcp {address_of(peer, name)}:{_UNUSED_PORT}",
            "name of that container": f"resolve {name}",
        }
        yield NetworkControl(image, name, tuple(networks), labels, listener, reachable, edge, str(peer.id))


def host_addresses() -> list[str]:
    """Return addresses of this machine on networks that are no bridges of its own, which come and go."""
    return [
        address.address
        for interface, addresses in sorted(psutil.net_if_addrs().items())
        if not Path("/sys/class/net", interface, "bridge").exists()
        for address in addresses
        if address.family.name == "AF_INET" and not address.address.startswith("127.")
    ][:_HOST_ADDRESSES]


def address_of(container: Any, network: str) -> str:
    """Return the IPv4 address that ``container`` has on ``network``."""
    return str(container.attrs["NetworkSettings"]["Networks"][network]["IPAddress"])


def _link_local() -> dict[str, str]:
    return {"IPv6 link-local": LINK_LOCAL} if _IPV6.exists() else {}


def _peer(client: docker.DockerClient, image: str, name: str, labels: Mapping[str, str]) -> Any:
    """Start a container called ``name`` on the network of that name: it listens, and passes packets on."""
    peer = client.containers.run(
        image,
        ["python", "-c", _LISTENING],
        name=name,
        network=name,
        labels=dict(labels),
        cap_drop=["ALL"],
        security_opt=["no-new-privileges:true"],
        sysctls={**_SYSCTLS, **(_SYSCTLS_V6 if _IPV6.exists() else {})},
        init=True,
        detach=True,
    )
    peer.reload()
    return peer

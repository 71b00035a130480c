"""Trying the ways out, from a container: on a network, or in the very network that a service runs in."""

from __future__ import annotations

import ipaddress
import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import docker
import docker.errors

from restoreproof.errors import EnvironmentUnfitError
from restoreproof.runtimes.base import ProbeResult
from restoreproof.runtimes.compose import privileges, probe_script
from restoreproof.runtimes.compose.composefile.edge import HEALTH_PORT, published_ports
from restoreproof.runtimes.compose.daemon import daemon
from restoreproof.runtimes.compose.grants import Grant, network_excess
from restoreproof.runtimes.compose.mounts import Volumes, probe_mounts
from restoreproof.runtimes.compose.owner import DRILL, project_name
from restoreproof.runtimes.compose.privileges import probe_privileges
from restoreproof.runtimes.compose.project import Project, probe_image

_Subnet = ipaddress.IPv4Network | ipaddress.IPv6Network
GATEWAY = "gateway"
"""The kind of a target that is known only once a network was made: the host's address on it."""
THE_EDGE = "the edge"
"""What the probes of the edge itself are called by, beside those of a network of that name."""
LINK_LOCAL = "link-local -"
FORWARDING = "forwarding -"

_RESOLVER = {"dns": ["127.0.0.1"], "dns_opt": ["timeout:1", "attempts:1"]}
"""As the compose file has it for every service: what its network does not know, nobody is asked for."""


def edge_targets(edge: Mapping[str, Any]) -> dict[str, str]:
    """Return what is tried from inside the edge, a block of the compose file: whether it leads elsewhere."""
    ports = ",".join(str(port) for port in (*published_ports(edge), HEALTH_PORT))
    return {
        f"{THE_EDGE}: another listener": f"listeners {ports}",
        f"{THE_EDGE}: packets for others": FORWARDING,
    }


def of_network(targets: Mapping[str, str], network: str) -> dict[str, str]:
    """Return those of ``targets`` that are tried from ``network``, by the names that they have there."""
    return {name: target for name, target in targets.items() if name.startswith(f"{network}: ")}


def run_probes(
    client: docker.DockerClient,
    image: str,
    network: str,
    targets: Mapping[str, str],
    *,
    labels: Mapping[str, str],
    resolver: Mapping[str, Sequence[str]] = {},
) -> list[ProbeResult]:
    """Try ``targets`` from a container on ``network`` (or ``container:ID``, inside that one's), all at once.

    Raises:
        EnvironmentUnfitError: the container did not answer for every target.
    """
    attempts = {name: target.split(" ", 1) for name, target in targets.items()}
    script = Path(probe_script.__file__).read_text()
    try:
        output = client.containers.run(
            image,
            ["python", "-c", script, json.dumps(attempts)],
            name=f"{project_name(labels[DRILL])}-probe-{secrets.token_hex(4)}",
            network_mode=network,
            labels=dict(labels),
            cap_drop=["ALL"],
            security_opt=["no-new-privileges:true"],
            remove=True,
            **resolver,
        )
    except docker.errors.ContainerError as error:
        raise EnvironmentUnfitError(f"a probe on {network} broke: {error.stderr!r}") from error
    answers: list[dict[str, Any]] = [json.loads(line) for line in output.splitlines()]
    if [answer["probe"] for answer in answers] != list(targets):
        raise EnvironmentUnfitError(f"a probe on {network} did not answer for every way out")
    return [ProbeResult(answer["probe"], answer["reached"], answer["detail"]) for answer in answers]


def probe_network(
    client: docker.DockerClient,
    image: str,
    network: str,
    targets: Mapping[str, str],
    *,
    labels: Mapping[str, str],
) -> list[ProbeResult]:
    """Try ``targets`` from a container of its own on ``network``, as a service would be on it."""
    attempts = {name: resolved(client, network, target) for name, target in targets.items()}
    return run_probes(client, image, network, attempts, labels=labels, resolver=_RESOLVER)


def probe_settings(
    client: docker.DockerClient, name: str, network: str, *, edge: bool = False
) -> ProbeResult:
    """Compare what the daemon says of ``network`` with what the stack's, or the ``edge``'s own, is to be."""
    excess = list(network_excess(client.networks.get(network).attrs, edge=edge))
    return ProbeResult(name, bool(excess), ", ".join(excess) or "as a drill's is to be")


def resolved(client: docker.DockerClient, network: str, target: str) -> str:
    """Return ``target``, with the gateway of ``network`` put in where it is asked for.

    Raises:
        EnvironmentUnfitError: the network has IPv6, by which the host has an address on it all the same.
    """
    kind, _, rest = target.partition(" ")
    if kind != GATEWAY:
        return target
    if any(subnet.version == 6 for subnet, _ in _subnets(client, network)):
        raise EnvironmentUnfitError(
            f"the network {network} has IPv6, and by that the host can be reached from it",
            hint="write `enable_ipv6: false` for it in the compose file",
        )
    return f"tcp {gateway(client, network)}:{rest}"


def gateway(client: docker.DockerClient, network: str) -> str:
    """Return the host's address on ``network``, or the one it would have: one without may not name it."""
    for subnet, address in _subnets(client, network):
        if subnet.version == 4:
            return str(address or next(subnet.hosts()))
    raise EnvironmentUnfitError(f"the network {network} has no IPv4 subnet")


def _subnets(client: docker.DockerClient, network: str) -> list[tuple[_Subnet, str | None]]:
    """Each subnet of ``network``, and the gateway that it names, if it names one."""
    settings = client.networks.get(network).attrs["IPAM"]["Config"] or []
    return [(ipaddress.ip_network(pool["Subnet"]), pool.get("Gateway")) for pool in settings]


@dataclass(frozen=True, slots=True)
class Prover:
    """Proves, for each service of one drill, that ``targets`` are out of reach."""

    project: Project
    targets: Mapping[str, str]

    def probe(self, container: str, service: str) -> list[ProbeResult]:
        """Try the ways out from inside the network of ``container``, which runs ``service``.

        Its resolver and routes are used.

        Raises:
            EnvironmentUnfitError: the daemon does not do it, or the container is gone.
        """
        project, image = self.project, probe_image(self.project)
        with daemon() as client:
            attempts = {
                f"{service} on {name}": resolved(client, f"{project.name}_{network}", target)
                for network in project.config["services"][service].get("networks", {})
                for name, target in of_network(self.targets, network).items()
            }
            return run_probes(client, image, f"container:{container}", attempts, labels=project.labels)


def inspected(container: Any, prefix: str, grant: Grant) -> list[ProbeResult]:
    """Compare what ``container`` was given with ``grant``. Raises EnvironmentUnfitError."""
    with daemon() as client:
        return [
            *probe_mounts(prefix, container, grant, Volumes(client)),
            probe_privileges(f"{prefix}{privileges.PROBE}", container, grant),
        ]

"""Trying the ways out once more from where a service runs, whatever its container was given."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from restoreproof.runtimes.base import ProbeResult
from restoreproof.runtimes.compose import mounts, privileges
from restoreproof.runtimes.compose.daemon import daemon
from restoreproof.runtimes.compose.hosting import probe_image
from restoreproof.runtimes.compose.mounts import probe_mounts
from restoreproof.runtimes.compose.privileges import probe_privileges
from restoreproof.runtimes.compose.probing import of_network, resolved, run_probes
from restoreproof.runtimes.compose.project import Project


@dataclass(frozen=True, slots=True)
class Prover:
    """Proves, for each service of one drill, that ``targets`` are out of reach."""

    project: Project
    targets: Mapping[str, str]

    def probe(self, container: str, service: str) -> list[ProbeResult]:
        """From inside the network of ``container``, which runs ``service``: its resolver and routes are used.

        Raises:
            EnvironmentUnfitError: the daemon does not do it, or the container is gone.
        """
        project, image = self.project, probe_image(self.project)
        with daemon() as client:
            tried = {
                f"{service} on {name}": resolved(client, f"{project.name}_{network}", target)
                for network in project.config["services"][service].get("networks", {})
                for name, target in of_network(self.targets, network).items()
            }
            results = run_probes(client, image, f"container:{container}", tried, labels=project.labels)
            given = client.containers.get(container)
            looked = [
                probe_mounts(f"{service}: {mounts.PROBE}", given),
                probe_privileges(f"{service}: {privileges.PROBE}", given),
            ]
        return [*results, *looked]

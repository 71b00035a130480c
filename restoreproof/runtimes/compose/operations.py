"""What the compose runtime does for a drill, with Docker and testcontainers."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from restoreproof.contract import Contract
from restoreproof.errors import EnvironmentUnfitError
from restoreproof.runtimes.base import Hardware, ProbeResult, Runtime
from restoreproof.runtimes.compose import doctor, reaper
from restoreproof.runtimes.compose.daemon import daemon
from restoreproof.runtimes.compose.health import await_healthy
from restoreproof.runtimes.compose.inspection import container_of
from restoreproof.runtimes.compose.isolation import (
    THE_EDGE,
    inspected,
    of_network,
    probe_network,
    probe_settings,
    run_probes,
)
from restoreproof.runtimes.compose.limits import Limits
from restoreproof.runtimes.compose.outer import OWNER_VARIABLE, ComposeProject
from restoreproof.runtimes.compose.owner import Owner
from restoreproof.runtimes.compose.preflight import refuse_disagreement, refuse_missing_images
from restoreproof.runtimes.compose.project import EDGE, Project, networks_of, probe_image
from restoreproof.runtimes.compose.runtime import ComposeRuntime
from restoreproof.runtimes.driver import InnerContext, OuterContext, OuterRuntime, Reaped, Say
from restoreproof.runtimes.host.diagnosis import Diagnosis

_EDGE_S = 90.0


def prepare(contract: Contract, cache: Path, say: Say) -> None:
    """Refuse a compose file of another stack, and images that are missing. Raises EnvironmentUnfitError."""
    project = Project(contract, "prepare", cache)
    refuse_disagreement(contract, project)
    with daemon() as client:
        refuse_missing_images(client, contract, project.config["services"])


def diagnose(contract: Contract | None, cache: Path) -> Sequence[Diagnosis]:
    """Return what this machine has and lacks for a drill in containers."""
    return doctor.diagnose(Project(contract, "diagnosis", cache) if contract else None)


def machine() -> Hardware:
    """Return the daemon's machine, which may be a virtual machine or another one."""
    with daemon() as client:
        machine_info = client.info()
    return Hardware(int(machine_info["NCPU"]), int(machine_info["MemTotal"]))


def outer(context: OuterContext) -> OuterRuntime:
    """Return the outer half of a drill."""
    return ComposeProject(context)


def probes(context: InnerContext, targets: Mapping[str, str]) -> Iterator[ProbeResult]:
    """Compare networks and edge with what they are to be, and try every way out of ``targets`` from each."""
    project = _project(context)
    project.ask(["up", "--no-start", "--no-build", "--no-deps", EDGE], timeout_s=_EDGE_S)
    image, services = probe_image(project), list(context.contract.services)
    stack = networks_of(project, services)
    with daemon() as client:
        edge = container_of(client, project.name, EDGE)
        if edge is None:
            raise EnvironmentUnfitError(f"the {EDGE}, which carries the harness's connections, was not made")
        yield from inspected(edge, f"{THE_EDGE}: ", project.edge_grant())
        for network in sorted({*stack, *networks_of(project, [EDGE])}):
            name, full = f"{network}: settings", f"{project.name}_{network}"
            yield probe_settings(client, name, full, edge=network not in stack)
        edge.start()
        for network in stack:
            here = of_network(targets, network)
            yield from probe_network(client, image, f"{project.name}_{network}", here, labels=project.labels)
        await_healthy(edge.id, EDGE, deadline_s=_EDGE_S)
        within = of_network(targets, THE_EDGE)
        yield from run_probes(client, image, f"container:{edge.id}", within, labels=project.labels)


def inner(context: InnerContext, targets: Mapping[str, str]) -> Runtime:
    """Return what starts the services of a drill."""
    return ComposeRuntime(_project(context), context, targets, _limits())


def reap(say: Say) -> Reaped:
    """Remove what dead drills left at the daemon."""
    return reaper.reap(say)


def _project(context: InnerContext) -> Project:
    project = Project(context.contract, context.drill_id, context.workdir)
    owner = Owner.parse(os.environ[OWNER_VARIABLE])
    assert owner is not None
    project.own(owner, _limits())
    return project


def _limits() -> Limits:
    with daemon() as client:
        return Limits.of(client.info())

"""What this machine has and lacks for drills in containers, each with its next step."""

from __future__ import annotations

import json
import re
import secrets
import shutil
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import docker
import psutil

from restoreproof.errors import RestoreproofError
from restoreproof.runtimes.compose.daemon import daemon, daemon_address
from restoreproof.runtimes.compose.isolation import gateway
from restoreproof.runtimes.compose.owner import DRILL, OWNER, Owner, project_name
from restoreproof.runtimes.compose.preflight import missing_images, next_step
from restoreproof.runtimes.compose.project import Project
from restoreproof.runtimes.host.diagnosis import Diagnosis, diagnosis, disk

_COMPOSE = (2, 24, 4)
"""The first with ``!override``, which a drill's generated files use."""
_DISK_GIB = 3.0
_ELSEWHERE = "isolation can't be proven from here: use the daemon of this system, or `--runtime process`"
_INHIBIT = {"com.docker.network.bridge.inhibit_ipv4": "true"}


def diagnose(project: Project | None) -> list[Diagnosis]:
    """Look at everything that a drill in containers needs. A network is made, and removed again.

    Args:
        project: the stack whose images are to be there, if one is at hand.
    """
    return list(_look(project))


def _look(project: Project | None) -> Iterator[Diagnosis]:
    if shutil.which("docker") is None:
        yield diagnosis(
            "docker", False, "no docker command here", "`make images` as root installs what it takes"
        )
        return
    yield _compose()
    try:
        with daemon() as client:
            yield from _daemon(client)
            if project is not None:
                yield _images(client, project)
    except RestoreproofError as error:
        elsewhere = _elsewhere()
        hint = (
            f"the docker command's own is another: export DOCKER_HOST={elsewhere}"
            if elsewhere
            else error.hint
        )
        yield diagnosis("Docker daemon", False, error.message, hint or "`docker info` says more")


def _compose() -> Diagnosis:
    done = subprocess.run(
        ["docker", "compose", "version"], capture_output=True, text=True, timeout=60, check=False
    )
    answer = (done.stdout or done.stderr).strip().partition("\n")[0]
    wanted = ".".join(map(str, _COMPOSE))
    version = re.search(r"(\d+)\.(\d+)\.(\d+)", done.stdout)
    ok = version is not None and tuple(map(int, version.groups())) >= _COMPOSE
    return diagnosis(
        "docker compose", ok, answer, f"{wanted} or newer is wanted; `make images` as root installs one"
    )


def _daemon(client: docker.DockerClient) -> Iterator[Diagnosis]:
    info = client.info()
    yield Diagnosis("Docker daemon", True, f"{info['ServerVersion']} at {daemon_address()}")
    if elsewhere := _elsewhere():
        text = f"the docker command by itself asks {elsewhere}; a drill, its commands too, asks "
        yield Diagnosis("docker context", True, f"{text}{daemon_address()}")
    rootless = any("rootless" in option for option in info.get("SecurityOptions") or ())
    yield diagnosis(
        "daemon's privileges",
        not rootless,
        "rootless" if rootless else "a service of the system",
        _ELSEWHERE,
    )
    root = Path(info["DockerRootDir"])
    if root.parent.is_dir():
        yield disk("disk for containers", root, _DISK_GIB, "free some; `docker system df` says what takes it")
    yield _isolating(client)


def _images(client: docker.DockerClient, project: Project) -> Diagnosis:
    services = project.config["services"]
    missing = missing_images(client, services)
    if missing:
        return diagnosis("images", False, f"not here: {', '.join(missing)}", next_step(missing))
    return Diagnosis(
        "images", True, ", ".join(sorted({str(service["image"]) for service in services.values()}))
    )


def _isolating(client: docker.DockerClient) -> Diagnosis:
    """Make a network as a drill's is, and look whether this machine has an address on its bridge."""
    # Two may look at once; what a killed one leaves is reaped as a drill's.
    trial = f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{secrets.token_hex(3)}"
    labels = {DRILL: trial, OWNER: str(Owner.this())}
    made = client.networks.create(
        f"{project_name(trial)}-doctor", internal=True, options=_INHIBIT, labels=labels
    )
    try:
        interfaces = psutil.net_if_addrs()
        address, bridge = gateway(client, made.id), f"br-{made.id[:12]}"
    finally:
        made.remove()
    what, ours = "isolated networks", {address.address for each in interfaces.values() for address in each}
    if bridge not in interfaces:
        return diagnosis(what, False, "the daemon's bridges are not on this machine", _ELSEWHERE)
    return diagnosis(
        what,
        address not in ours,
        f"this machine has {address if address in ours else 'no address'} on an isolated bridge",
        "the daemon ignores inhibit_ipv4, so the host can be reached from a drill: update it",
    )


def _elsewhere() -> str | None:
    """Where the docker command looks by its context, if a drill looks elsewhere."""
    done = subprocess.run(
        ["docker", "context", "inspect"], capture_output=True, text=True, timeout=60, check=False
    )
    contexts: list[dict[str, Any]] = json.loads(done.stdout or "[]")
    host = str(contexts[0]["Endpoints"]["docker"]["Host"]) if contexts else daemon_address()
    return None if host == daemon_address() else host

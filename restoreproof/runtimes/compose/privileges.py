"""Whether a container has a hold on the machine: what the daemon says that it was given."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import docker

from restoreproof.runtimes.base import ProbeResult
from restoreproof.runtimes.compose.grants import Grant, container_excess
from restoreproof.runtimes.compose.inspection import never_started

PROBE: Final = "privileges on this machine"


def probe_privileges(name: str, container: Any, grant: Grant) -> ProbeResult:
    """Look among what ``container`` was given for what is beyond ``grant``."""
    excess = list(container_excess(container.attrs, grant))
    user = container.attrs.get("Config", {}).get("User") or "root"
    return ProbeResult(name, bool(excess), ", ".join(excess) or f"none beyond what it is to have, as {user}")


def probe_control(
    client: docker.DockerClient, image: str, labels: Mapping[str, str], name: str
) -> ProbeResult:
    """Look in the same way at a privileged container called ``name``; it is never started."""
    with never_started(client, image, labels, name=name, privileged=True, pid_mode="host") as container:
        return probe_privileges(PROBE, container, Grant())

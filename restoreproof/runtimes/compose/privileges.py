"""Whether a container has a hold on the machine: what the daemon says that it was given."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

import docker

from restoreproof.runtimes.base import ProbeResult
from restoreproof.runtimes.compose.composefile import CAPABILITIES, SECURITY, capability
from restoreproof.runtimes.compose.inspection import never_started

PROBE: Final = "privileges on this machine"

_NAMESPACES: Final = ("PidMode", "IpcMode", "UTSMode", "UsernsMode", "NetworkMode")
_SHARED: Final = ("host", "container:")
_GIVEN: Final = ("Devices", "DeviceRequests", "DeviceCgroupRules", "VolumesFrom")


def probe_privileges(name: str, container: Any) -> ProbeResult:
    """Look among what ``container`` was given for what an ordinary one lacks."""
    found = list(_holds(container.attrs["HostConfig"]))
    return ProbeResult(name, bool(found), ", ".join(found) or "none beyond an ordinary container's")


def probe_control(client: docker.DockerClient, image: str, labels: Mapping[str, str]) -> ProbeResult:
    """The same look at a privileged container; it is never started."""
    with never_started(client, image, labels, privileged=True, pid_mode="host") as container:
        return probe_privileges(PROBE, container)


def _holds(given: Mapping[str, Any]) -> Iterator[str]:
    """The cgroup's namespace is the host's wherever cgroups are of version 1, so it is not asked."""
    if given.get("Privileged"):
        yield "Privileged"
    for key in _NAMESPACES:
        if str(given.get(key) or "").startswith(_SHARED):
            yield f"{key} {given[key]}"
    for key in _GIVEN:
        if given.get(key):
            yield key
    if more := sorted({capability(one) for one in given.get("CapAdd") or ()} - CAPABILITIES):
        yield f"CapAdd {' '.join(more)}"
    if less := sorted(set(given.get("SecurityOpt") or ()) - SECURITY):
        yield f"SecurityOpt {' '.join(less)}"
    for key in ("MaskedPaths", "ReadonlyPaths"):
        # A daemon that says nothing of them is not one that masks nothing.
        if given.get(key) == []:
            yield f"no {key}"

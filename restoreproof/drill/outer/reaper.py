"""Removing what drills and sources left when they were killed, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from restoreproof.drill.liveness_lock import forget_the_dead, is_abandoned
from restoreproof.drill.outer.cleanup import destroy
from restoreproof.drill.request import Say
from restoreproof.errors import EnvironmentUnfitError
from restoreproof.runtimes.driver import Reaped
from restoreproof.runtimes.host.processes import end_remains
from restoreproof.runtimes.registry import driver, names

INPUTS = "inputs"
"""Below ``VAR``: for each drill what it took of contract, features, catalogue and set."""


def reap_directories(var: Path, say: Say) -> list[str]:
    """End what runs in abandoned work directories below ``var``, and remove them; returns what is left."""
    left: list[str] = []
    for directory in _abandoned(var):
        kept = [*end_remains(directory), *destroy(directory)]
        say(f"{directory} was abandoned: {'removed' if not kept else 'not all of it could be removed'}")
        left += kept
    return [*left, *forget_the_dead(var)]


def reap_everything(var: Path, say: Say) -> Reaped:
    """The same, and what dead drills left with every runtime; tells what is still there."""
    reaped = Reaped(left=tuple(reap_directories(var, say)))
    for name in names():
        try:
            reaped += driver(name).reap(say)
        except EnvironmentUnfitError as error:
            reaped += Reaped(not_looked_at=(f"runtime {name}: {error.message}",))
    return reaped


def _abandoned(var: Path) -> Iterator[Path]:
    for parent in (var / "run", var / INPUTS, var / "source"):
        for directory in sorted(parent.iterdir()) if parent.is_dir() else ():
            if directory.is_dir() and not directory.is_symlink() and is_abandoned(directory):
                yield directory

"""Where the code is found that is not the library's: entry points, and the folders of a stack.

A distribution adds an asset kind, component, check, view, runtime or a stack's faults by naming it in its
metadata, and the library's own come through the same door::

    [project.entry-points."restoreproof.assets"]
    redis = "restoreproof_redis.asset:RedisAsset"

A stack needs no distribution: what lies in its own folders is imported from there.
"""

from __future__ import annotations

import hashlib
import importlib.util
import re
import sys
import traceback
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib import metadata
from itertools import pairwise
from pathlib import Path
from types import ModuleType
from typing import Any

from restoreproof.errors import Location, PluginError

ASSETS = "restoreproof.assets"
COMPONENTS = "restoreproof.components"
CHECKS = "restoreproof.checks"
FAULTS = "restoreproof.faults"
VIEWS = "restoreproof.views"
RUNTIMES = "restoreproof.runtimes"


@dataclass(frozen=True, slots=True)
class Door:
    """One entry point: a name, and where the object stands that it means.

    Attributes:
        group: the group it is registered in, one of this module's constants.
        name: what users write: ``kind: redis``, ``component: redis``, ``--fault NAME``.
        distribution: the installed distribution that registers it.
        version: that distribution's version.
        target: ``module:attribute``, or a module alone.
    """

    group: str
    name: str
    distribution: str
    version: str
    target: str

    def open(self) -> Any:
        """Import and return the object. Raises PluginError if that fails, whatever is raised meanwhile."""
        try:
            return metadata.EntryPoint(self.name, self.target, self.group).load()
        except (Exception, SystemExit) as error:  # foreign code may raise anything when it is imported
            raise PluginError(
                f"{self} can't be imported: {type(error).__name__}: {error}",
                hint=f"repair or uninstall the distribution {self.distribution}",
            ) from error

    def __str__(self) -> str:
        return f"{self.name!r} in {self.group} ({self.target}, of {self.distribution} {self.version})"


@cache
def entries(group: str) -> tuple[Door, ...]:
    """Return what is registered in ``group``, sorted by name; nothing is imported.

    The answer is kept for the life of the process.

    Raises:
        PluginError: two distributions, or one twice, register the same name.
    """
    doors = sorted(
        (_door(point) for point in metadata.entry_points(group=group)),
        key=lambda door: (door.name, door.distribution, door.target),
    )
    for first, second in pairwise(doors):
        if first.name == second.name:
            raise PluginError(
                f"two plug-ins are called {first.name!r} in {group}: {first.target} of {first.distribution}"
                f" and {second.target} of {second.distribution}",
                hint="uninstall one of the two distributions",
            )
    return tuple(doors)


def packages() -> tuple[Path, ...]:
    """Return where the packages of other distributions' plug-ins lie; nothing is imported.

    An editable install has them outside of the environment, and a sandbox must see them.
    """
    groups = (ASSETS, COMPONENTS, CHECKS, FAULTS, VIEWS, RUNTIMES)
    foreign = {
        re.split(r"[.:]", door.target)[0]
        for group in groups
        for door in entries(group)
        if door.distribution != "restoreproof"
    }
    specs = (importlib.util.find_spec(name) for name in sorted(foreign))
    places = [
        Path(place)
        for spec in specs
        if spec
        for place in (spec.submodule_search_locations or ([spec.origin] if spec.origin else []))
    ]
    return tuple(place for place in places if place.exists())


def _door(point: metadata.EntryPoint) -> Door:
    assert point.dist is not None, "entry points that come from a search have a distribution"
    return Door(point.group, point.name, point.dist.name, point.dist.version, point.value)


def modules(directory: Path) -> tuple[ModuleType, ...]:
    """Import and return the modules of a stack's own folder, sorted by name; ``_shared.py`` is left out.

    The folder becomes a package whose name no other has: its modules import each other relatively
    (``from ._shared import …``), nothing of it shadows an installed package, and folders of two stacks can be
    loaded side by side.

    Raises:
        PluginError: a module can't be imported; it names the file, the line and the cause.
    """
    package = _package(directory.resolve())
    names = sorted(path.stem for path in directory.glob("[!_]*.py"))
    return tuple(_imported(f"{package}.{name}", directory / f"{name}.py") for name in names)


def _package(directory: Path) -> str:
    name = f"restoreproof_stack_{hashlib.sha256(bytes(directory)).hexdigest()[:12]}_{directory.name}"
    if name not in sys.modules:
        package = ModuleType(name)
        package.__path__ = [str(directory)]
        sys.modules[name] = package
    return name


def _imported(name: str, path: Path) -> ModuleType:
    try:
        return importlib.import_module(name)
    except (Exception, SystemExit) as error:  # a stack's own code may raise anything when it is imported
        raise PluginError(
            f"can't be imported: {type(error).__name__}: {error}", where=place_of(error, path)
        ) from error


def place_of(error: BaseException, path: Path, own: Iterable[Path] = ()) -> Location:
    """Return the file and line of a stack's own that ``error`` came out of; ``path`` where none is known.

    Args:
        error: what was raised while the module ``path`` was imported.
        path: the module's file.
        own: files and directories of the stack; without any, the directory of ``path``.
    """
    if isinstance(error, SyntaxError) and error.filename:
        return Location(error.filename, error.lineno)
    places = [place.resolve() for place in own] or [path.resolve().parent]
    frames = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if any(Path(frame.filename).resolve().is_relative_to(place) for place in places)
    ]
    return Location(frames[-1].filename, frames[-1].lineno) if frames else Location(str(path))

"""Entry points: how asset kinds, components, checks, faults, views and runtimes are found by name.

A distribution adds one by naming it in its metadata, and the library's own come through the same door::

    [project.entry-points."restoreproof.assets"]
    redis = "restoreproof_redis.asset:RedisAsset"
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib import metadata
from itertools import pairwise
from typing import Any

from restoreproof.errors import PluginError

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
    for one, other in pairwise(doors):
        if one.name == other.name:
            raise PluginError(
                f"two plug-ins are called {one.name!r} in {group}: {one.target} of {one.distribution}"
                f" and {other.target} of {other.distribution}",
                hint="uninstall one of the two distributions",
            )
    return tuple(doors)


def _door(point: metadata.EntryPoint) -> Door:
    assert point.dist is not None, "entry points that come from a search have a distribution"
    return Door(point.group, point.name, point.dist.name, point.dist.version, point.value)

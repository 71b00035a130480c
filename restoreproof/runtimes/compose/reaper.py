"""What drills left with the daemon when they were killed."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterable
from pathlib import Path

import docker

from restoreproof.runtimes.compose.daemon import UNIX, Held, asked, daemon, held, remove_all
from restoreproof.runtimes.driver import Reaped

_DATA = Path("/var/lib/docker")


def reap(say: Callable[[str], None]) -> Reaped:
    """Remove what is labelled as a drill's whose process is gone, and nothing else.

    Raises:
        EnvironmentUnfitError: the daemon does not answer.
    """
    if not _docker_was_ever_here():
        return Reaped()
    with daemon() as client:
        found = [(one, _why_alone(one)) for one in held(client)]
        dead = [one for one, why in found if why is None]
        left = remove_all(lambda: _of_the_dead(client)) if dead else []
    for drill, count in _counted(dead).items():
        refused = any(one.drill == drill and told.startswith(f"{one}: ") for one in dead for told in left)
        became = "not all of it could be removed" if refused else "removed"
        say(f"drill {drill} died and left {count} containers, networks and volumes: {became}")
    whys = {one.drill: why for one, why in found if why is not None}
    alone = _counted(one for one, why in found if why is not None)
    return Reaped(
        left=tuple(left),
        left_alone=tuple(
            f"{count} containers, networks and volumes of drill {drill}: {whys[drill]}"
            for drill, count in alone.items()
        ),
    )


def _docker_was_ever_here() -> bool:
    """Where no daemon is named, listens or keeps data, no drill can have left anything with one."""
    return bool(os.environ.get("DOCKER_HOST")) or Path(asked().removeprefix(UNIX)).exists() or _DATA.exists()


def _of_the_dead(client: docker.DockerClient) -> list[Held]:
    return [one for one in held(client) if _why_alone(one) is None]


def _why_alone(thing: Held) -> str | None:
    """Why it is left alone; None if its owner certainly ended."""
    if thing.owner is None:
        return "its label names no owner, so nobody can say whether it still works"
    return thing.owner.why_not_gone()


def _counted(things: Iterable[Held]) -> Counter[str]:
    return Counter(sorted(one.drill for one in things))

"""What drills left with the daemon when they were killed."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import docker

from restoreproof.runtimes.compose.daemon import UNIX, Held, daemon, daemon_address, held, remove_all
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
        things = [(thing, why_alone(thing)) for thing in held(client)]
        dead = [thing for thing, why in things if why is None]
        left = remove_all(lambda: _of_the_dead(client)) if dead else []
    for drill, count in Counter(sorted(thing.drill for thing in dead)).items():
        refused = any(
            thing.drill == drill and line.startswith(f"{thing}: ") for thing in dead for line in left
        )
        became = "not all of it could be removed" if refused else "removed"
        say(f"drill {drill} died and left {count} containers, networks and volumes: {became}")
    alone = Counter(sorted((thing.drill, why) for thing, why in things if why is not None))
    return Reaped(
        left=tuple(left),
        left_alone=tuple(
            f"{count} containers, networks and volumes of drill {drill}: {why}"
            for (drill, why), count in alone.items()
        ),
    )


def _docker_was_ever_here() -> bool:
    """Where no daemon is named, listens or keeps data, no drill can have left anything with one."""
    return (
        bool(os.environ.get("DOCKER_HOST"))
        or Path(daemon_address().removeprefix(UNIX)).exists()
        or _DATA.exists()
    )


def _of_the_dead(client: docker.DockerClient) -> list[Held]:
    return [thing for thing in held(client) if why_alone(thing) is None]


def why_alone(thing: Held) -> str | None:
    """Return why it is left alone; None if it is a drill's whose owner certainly ended."""
    if thing.foreign is not None:
        return f"{thing}: {thing.foreign}"
    if thing.owner is None:
        return "its label names no owner, so nobody can say whether it still works"
    return thing.owner.why_not_gone()

"""What drills left with the daemon when they were killed."""

from __future__ import annotations

from collections.abc import Callable

from restoreproof.runtimes.compose.daemon import daemon, held, remove_all


def reap(say: Callable[[str], None]) -> list[str]:
    """Remove what is labelled as a drill's whose process is gone, and nothing else; returns what is left.

    Raises:
        EnvironmentUnfitError: the daemon does not answer.
    """
    with daemon() as client:
        dead = [one for one in held(client) if one.owner is not None and one.owner.is_gone()]
        left = remove_all(dead)
    for drill in sorted({one.drill for one in dead}):
        count = sum(one.drill == drill for one in dead)
        say(f"drill {drill} died and left {count} containers, networks and volumes: removed")
    return left

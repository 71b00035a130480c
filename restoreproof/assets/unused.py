"""A drill restores into an empty target: what another one left there would pass for the backup's."""

from __future__ import annotations

from collections.abc import Iterable

from restoreproof.assets.base import Ground
from restoreproof.assets.dataset import connect
from restoreproof.errors import EnvironmentUnfitError


def refuse_used(ground: Ground, service: str, roles: Iterable[str]) -> None:
    """Raise EnvironmentUnfitError if the server ``service`` has one of ``roles`` before they are restored."""
    with connect(ground.runtime, service, "postgres") as connection:
        found = connection.execute(
            "select rolname from pg_roles where rolname = any(%s) order by 1", [sorted(roles)]
        ).fetchall()
    if found:
        there = ", ".join(str(row["rolname"]) for row in found)
        raise EnvironmentUnfitError(
            f"{service} was restored into before: the roles {there} are there already",
            hint="provision a new target: a drill restores into an empty one",
        )

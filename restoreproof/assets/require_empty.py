"""A drill restores into an empty target: what another one left there would pass for the backup's."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from restoreproof.assets.base import StackContext
from restoreproof.assets.dataset import connect
from restoreproof.errors import EnvironmentUnfitError

_NEXT = "provision a new target: a drill restores into an empty one"


def refuse_used(stack_context: StackContext, service: str, roles: Iterable[str]) -> None:
    """Claim the target, unless the server ``service`` has one of ``roles`` before they are restored.

    Raises:
        EnvironmentUnfitError: it has.
    """
    with connect(stack_context.runtime, service, "postgres") as connection:
        found = connection.execute(
            "select rolname from pg_roles where rolname = any(%s) order by 1", [sorted(roles)]
        ).fetchall()
    if found:
        there = ", ".join(str(row["rolname"]) for row in found)
        raise EnvironmentUnfitError(
            f"{service} was restored into before: the roles {there} are there already",
            hint=_NEXT,
        )
    stack_context.runtime.claim()


def refuse_filled(client: Any, bucket: str) -> None:
    """Raise EnvironmentUnfitError if there is an object in ``bucket`` before any is restored."""
    found = client.list_objects_v2(Bucket=bucket, MaxKeys=1).get("Contents", [])
    if found:
        raise EnvironmentUnfitError(
            f"the bucket {bucket} was restored into before: {found[0]['Key']} is there already", hint=_NEXT
        )

"""A drill restores into an empty target: what another one left there would pass for the backup's."""

from __future__ import annotations

from typing import Any

from restoreproof.errors import EnvironmentUnfitError

NEXT = "provision a new target: a drill restores into an empty one"
"""What whoever is refused a used target does next."""


def refuse_filled(client: Any, bucket: str) -> None:
    """Raise EnvironmentUnfitError if there is an object in ``bucket`` before any is restored."""
    objects = client.list_objects_v2(Bucket=bucket, MaxKeys=1).get("Contents", [])
    if objects:
        raise EnvironmentUnfitError(
            f"the bucket {bucket} was restored into before: {objects[0]['Key']} is there already", hint=NEXT
        )

"""The review that lets workers resume: what waits in the queues, against what the contract expects."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from restoreproof.assets.base import Ground, Restoring
from restoreproof.assets.dataset import connect_asset, stream
from restoreproof.errors import EnvironmentUnfitError


class ReviewRefused(EnvironmentUnfitError):
    """The queues hold what the review does not expect, so the workers stay held."""


def waiting_in(ground: Ground) -> dict[str, dict[str, int]]:
    """Queue → class → how many items wait in it."""
    found: dict[str, dict[str, int]] = {}
    for name, queue in ground.contract.queues.items():
        with connect_asset(ground, queue.database) as connection:
            found[name] = {str(row["kind"]): int(row["items"]) for row in stream(connection, queue.sql, {})}
    return found


@dataclass(frozen=True, slots=True)
class Gate:
    """The queue review before a stage."""

    restoring: Restoring

    def unexpected(self) -> tuple[str, ...]:
        """Every class that the review does not list, and every one with more items than it allows."""
        review = self.restoring.ground.contract.review
        limits: Mapping[str, Mapping[str, int]] = review.limits if review else {}
        found: list[str] = []
        for queue, classes in waiting_in(self.restoring.ground).items():
            for name, items in sorted(classes.items()):
                allowed = limits.get(queue, {}).get(name)
                if allowed is None:
                    found.append(f"{queue}: {items} of the unlisted class {name!r}")
                elif items > allowed:
                    found.append(f"{queue}: {items} of {name!r}, at most {allowed} are expected")
        return tuple(found)

    def pass_or_raise(self) -> None:
        """Approve by the contract's policy, or raise ReviewRefused naming what is not expected."""
        ground = self.restoring.ground
        review = ground.contract.review
        if review is None:
            raise ReviewRefused("the contract names no review, so nobody approved that workers resume")
        if unexpected := self.unexpected():
            raise ReviewRefused(
                f"{review.approver} does not approve: {'; '.join(unexpected)}",
                hint="inspect these before any replay; extend review: in the contract if they are expected",
            )
        ground.emitter.emit("note", text=f"queue review approved by {review.approver}")

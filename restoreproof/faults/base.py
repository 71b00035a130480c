"""What a fault is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from restoreproof.assets.base import RestoreContext
from restoreproof.errors import RestoreproofError
from restoreproof.faults.setcopy import SetCopy

Mend = Callable[[], None]
OnSet = Callable[[SetCopy], None]
OnStack = Callable[[RestoreContext], Mend | None]
OnContract = Callable[[dict[str, Any]], None]


class FaultMissed(RestoreproofError):
    """Raised where a fault finds nothing to damage: the drill that should notice it would prove nothing."""


@dataclass(frozen=True, slots=True)
class Fault:
    """A named way to damage one thing, and the checks that must then end FAILED.

    Attributes:
        name: what ``restoreproof drill --fault`` takes.
        title: what it does, for people.
        detected_by: ids of the checks that must fail, all of them.
        also: ids of checks that rightly fail with them, because they look at the same thing.
        blinds: ids of checks that still pass, and could not notice another fault beside this one.
        stops: the stage from which on nothing can be expected any more.
        on_set: damages a copy of the set. ``sealed``: manifest and catalogue are rewritten to match, as by a
            faulty backup job or whoever can change both: the checks beyond the digests have to notice.
        on_stack: damages the restored stack once the stage ``after`` is done; what it returns, if anything,
            is called before the next stage, so that later checks stay meaningful.
        on_contract: edits a copy of the contract.
        swap: two stages that are performed in each other's place.
    """

    name: str
    title: str
    detected_by: tuple[str, ...]
    also: tuple[str, ...] = ()
    blinds: tuple[str, ...] = ()
    stops: str | None = None
    on_set: OnSet | None = None
    sealed: bool = True
    on_stack: OnStack | None = None
    after: str | None = None
    on_contract: OnContract | None = None
    swap: tuple[str, str] | None = None

    @property
    def sort(self) -> str:
        """Place of the damage, in words."""
        if self.on_set and self.on_stack:
            return f"set, sealed again, and stack, after {self.after}"
        if self.on_set:
            return "set, sealed again" if self.sealed else "set"
        if self.on_stack:
            return f"stack, after {self.after}"
        return "contract" if self.on_contract else "order"

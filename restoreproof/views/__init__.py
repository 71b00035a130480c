"""The views of a record: functions that read a bundle and write files beside it.

The entry point ``NAME = "module:function"`` in the group ``restoreproof.views`` adds one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from restoreproof import doors
from restoreproof.errors import PluginError
from restoreproof.extras import Extra
from restoreproof.views.bundle import Bundle

View = Callable[[Bundle], None]


@dataclass(frozen=True, slots=True)
class OptionalView:
    """A view that an extra is needed for.

    Attributes:
        file: what it makes, by its name in the evidence.
        extra: what it is made with.
        write: makes it.
        instead: what it makes of ``file`` without the extra; empty if it makes nothing then.
    """

    file: str
    extra: Extra
    write: View
    instead: str = ""

    def __call__(self, bundle: Bundle) -> None:
        """Make the view."""
        self.write(bundle)

    @property
    def reduction(self) -> str:
        """The note of a drill on a machine without the extra."""
        what = f"{self.file} is {self.instead}" if self.instead else f"{self.file} was not made"
        return f"{what}: restoreproof[{self.extra.name}] is not installed where the drill ran"


def reduced_views() -> Iterator[tuple[str, OptionalView]]:
    """Yield the name of each view that can't be made in full on this machine, and the view."""
    for name, view in every_view():
        if isinstance(view, OptionalView) and view.extra.absent():
            yield name, view


def every_view() -> tuple[tuple[str, View], ...]:
    """Return the name and the writer of each view, in alphabetical order.

    Raises:
        PluginError: one can't be imported, is not callable, or shares its name with another.
    """
    return tuple((door.name, _opened(door)) for door in doors.entries(doors.VIEWS))


def _opened(door: doors.Door) -> View:
    write: View = door.open()
    if not callable(write):
        raise PluginError(f"{door} is no function that writes a view")
    return write

"""The views of a record: functions that read a bundle and write files beside it.

The entry point ``NAME = "module:function"`` in the group ``restoreproof.views`` adds one.
"""

from __future__ import annotations

from collections.abc import Callable

from restoreproof import doors
from restoreproof.errors import PluginError
from restoreproof.views.bundle import Bundle

View = Callable[[Bundle], None]


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

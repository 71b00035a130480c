"""The runtimes that there are, by the names that ``--runtime`` takes, found through entry points."""

from __future__ import annotations

from inspect import isabstract

from restoreproof import doors
from restoreproof.errors import PluginError, UsageError
from restoreproof.runtimes.driver import RuntimeDriver


def names() -> tuple[str, ...]:
    """Return every runtime's name, sorted. Raises PluginError if two have one name."""
    return tuple(door.name for door in doors.entries(doors.RUNTIMES))


def driver(name: str) -> RuntimeDriver:
    """Return the runtime called ``name``.

    Raises:
        UsageError: there is none.
        PluginError: it can't be imported, or is no ``RuntimeDriver`` of that name.
    """
    door = next((door for door in doors.entries(doors.RUNTIMES) if door.name == name), None)
    if door is None:
        raise UsageError(f"there is no runtime {name!r}", hint=f"--runtime {' or '.join(names())}")
    runtime = door.open()
    if not (isinstance(runtime, type) and issubclass(runtime, RuntimeDriver)):
        raise PluginError(f"{door} is no RuntimeDriver", hint=f"report it to {door.distribution}")
    if isabstract(runtime):
        missing = ", ".join(sorted(runtime.__abstractmethods__))
        raise PluginError(f"{door} lacks {missing}", hint=f"report it to {door.distribution}")
    if runtime.name != name:
        raise PluginError(f"{door} calls itself {runtime.name!r}", hint=f"report it to {door.distribution}")
    return runtime()

"""Components by name, as ``component:`` in a contract spells it, found through entry points.

A component is one package, which its entry point names. Of its modules a drill knows these by name::

    options     OPTIONS: the model of the keys that a service of it takes, if it takes any
    process     PART: how the process runtime starts it
    container   PART: how the compose runtime configures its container
    marker      PART: how the external runtime reads the drill's marker from it, if it holds data
    client      PART: how the external runtime speaks to it, if taking a connection is not enough
    messages    PART: what of the words of its programs may be shown, if they quote what it stores

A runtime of another distribution may ask for a module of its own name. What a component lacks, it can't do.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from importlib.util import find_spec
from inspect import isabstract
from typing import TypeVar

from restoreproof import doors
from restoreproof.components.base import ComponentOptions
from restoreproof.errors import PluginError

PartT = TypeVar("PartT")


@dataclass(frozen=True, slots=True)
class Component:
    """One registered component; its modules are imported when they are asked for."""

    door: doors.Door

    @property
    def name(self) -> str:
        """Name that ``component:`` in a contract says."""
        return self.door.name

    def options(self) -> type[ComponentOptions]:
        """Return the model of its own keys of a service. Raises PluginError."""
        return self._attribute("options", "OPTIONS", ComponentOptions) or ComponentOptions

    def part(self, module: str, base: type[PartT]) -> type[PartT] | None:
        """Return the class ``PART`` of its module, or None if it has no such module.

        Args:
            module: ``process``, ``container``, ``marker``, ``client``, or another runtime's own.
            base: what the class has to be derived from.

        Raises:
            PluginError: it can't be imported, or is no such class.
        """
        return self._attribute(module, "PART", base)

    def _attribute(self, module: str, attribute: str, base: type[PartT]) -> type[PartT] | None:
        package = self.door.open()
        target = f"{self.door.target}.{module}"
        if not hasattr(package, "__path__"):
            raise PluginError(f"{self.door} is no package", hint=f"report it to {self.door.distribution}")
        if find_spec(target) is None:
            return None
        part = replace(self.door, target=f"{target}:{attribute}").open()
        if not (isinstance(part, type) and issubclass(part, base)):
            raise PluginError(
                f"{self.door}: {attribute} of its module {module!r} is no {base.__name__}",
                hint=f"report it to {self.door.distribution}",
            )
        if isabstract(part):
            missing = ", ".join(sorted(getattr(part, "__abstractmethods__", ())))
            raise PluginError(
                f"{self.door}: {attribute} of its module {module!r} lacks {missing}",
                hint=f"report it to {self.door.distribution}",
            )
        return part


def names() -> tuple[str, ...]:
    """Return the name of every registered component, sorted. Raises PluginError if two have one name."""
    return tuple(door.name for door in doors.entries(doors.COMPONENTS))


def component(name: str) -> Component | None:
    """Return the component called ``name``; None if none is registered."""
    registered = doors.entries(doors.COMPONENTS)
    return next((Component(door) for door in registered if door.name == name), None)

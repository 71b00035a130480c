"""What a component says of the container that it configures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Generic, TypeVar

from restoreproof.components import registry
from restoreproof.components.base import ComponentOptions
from restoreproof.contract.services import Service
from restoreproof.errors import ContractError
from restoreproof.redaction.redactor import Secret
from restoreproof.runtimes.base import Credentials, Override, Start
from restoreproof.runtimes.services import options_of, part_of

PART = "container"
"""The module of a component that says how its container is configured."""

OptionsT = TypeVar("OptionsT", bound=ComponentOptions)


@dataclass(frozen=True, slots=True)
class Container:
    """What the container of a service gets beyond the compose file.

    ``files`` are laid over ``place``, read-only, by relative path; of the file's mounts ``volumes`` stay;
    ``arguments`` are appended to its command. ``ready`` is a text of the log without which it is not ready,
    whatever its health check says, and ``administrator_if`` one without which no administrator was made.
    """

    environment: Mapping[str, str | Secret] = field(default_factory=dict)
    files: Mapping[str, bytes] = field(default_factory=dict)
    place: str = "/data"
    volumes: Sequence[str] = ()
    arguments: Sequence[str] = ()
    overrides: Sequence[Override] = ()
    ready: str | None = None
    administrator: Credentials | None = None
    administrator_if: str | None = None
    deadline_s: float = 120.0


@dataclass(frozen=True, slots=True)
class ContainerTool:
    """How a tool of the component runs in a container of the service's image."""

    argv: Sequence[str]
    environment: Mapping[str, str | Secret] = field(default_factory=dict)


class ContainerComponent(Generic[OptionsT]):
    """The container of one service; by default everything of a ``Start`` is passed on as it is.

    An instance belongs to one service and may remember it across restarts. ``data`` are the places in the
    container at which the component keeps what it is to remember, ``writable`` those that it writes to beside
    them: everything else is read-only. None where nobody can say, as of an application's own code.
    """

    data: ClassVar[Sequence[str]] = ()
    writable: ClassVar[Sequence[str] | None] = None

    def __init__(self, name: str, service: Service, options: OptionsT) -> None:
        self.name = name
        self.service = service
        self.options = options

    def container(self, start: Start) -> Container:
        """Return what to start with. Raises ContractError or ServiceFailedError if that can't be."""
        return Container(environment=start.environment, files=start.files, arguments=start.arguments)

    def tool(self, name: str) -> ContainerTool:
        """Return how the tool ``name`` runs. Raises ContractError if the component has none of that name."""
        raise ContractError(f"the component of service {self.name!r} has no tool {name!r}")


def container_component(name: str, service: Service) -> ContainerComponent[Any]:
    """Return what configures the container of ``service``, its options validated.

    Raises:
        ContractError: there is no such component, it has no container, or it does not know an option.
        PluginError: it can't be used.
    """
    return part_of(name, service, PART, ContainerComponent)(name, service, options_of(name, service))


def data_places(component: str) -> Sequence[str]:
    """Return where the data of a component lie in its container; nowhere, if there is no such component.

    Raises:
        PluginError: it can't be used.
    """
    registered = registry.component(component)
    part = registered.part(PART, ContainerComponent) if registered else None
    return part.data if part else ()

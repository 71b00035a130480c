"""What a part says of the container it configures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from restoreproof.contract.services import Service
from restoreproof.errors import ContractError
from restoreproof.redaction.redactor import Secret
from restoreproof.runtimes.base import Credentials, Start
from restoreproof.runtimes.process.components.base import Component, Override


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


class Part:
    """The container of one service; by default everything of a ``Start`` is passed on as it is.

    ``data`` are the places in it at which the component keeps what it is to remember.
    """

    data: ClassVar[Sequence[str]] = ()

    def __init__(self, name: str, service: Service, component: Component[Any]) -> None:
        self.name = name
        self.service = service
        self.component = component

    def container(self, start: Start) -> Container:
        """What to start with. Raises ContractError or ServiceFailedError as the component does."""
        return Container(environment=start.environment, files=start.files, arguments=start.arguments)

    def tool(self, name: str) -> ContainerTool:
        """How the tool ``name`` runs. Raises ContractError if the component has none of that name."""
        raise ContractError(f"the component of service {self.name!r} has no tool {name!r}")

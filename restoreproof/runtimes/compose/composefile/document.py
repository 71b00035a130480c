"""Reading the compose file: its services, and the line on which each key of it stands."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from restoreproof.contract.models import Contract
from restoreproof.contract.problems import Problem
from restoreproof.contract.services import Service
from restoreproof.errors import Location

NAME = "compose.yaml"
SCAFFOLD = "org.restoreproof.scaffold"
"""The label of a service that is no part of the stack; its value says what it is for."""
EDGE = "edge"
"""The service that carries the harness's connections, and is no part of the stack."""

_MAX_BYTES = 1024 * 1024
_VARIABLE = re.compile(r"\$\{\w+(?::?-(?P<default>[^${}]*))?\}")


@dataclass(frozen=True, slots=True)
class Composed:
    """What the file says: ``data``, either as it is ``written`` or as compose resolved it for ``project``."""

    file: str
    data: Any
    written: Any
    """Mappings are ruamel's, which know their lines and have merged keys in them."""
    project: str | None = None

    @property
    def resolved(self) -> bool:
        """Whether this is what compose made of the file."""
        return self.project is not None

    @property
    def services(self) -> Mapping[str, Any]:
        """Name to definition; what is no mapping is left out, and found by ``docker compose config``."""
        services = mapping(self.data.get("services"))
        return {name: service for name, service in services.items() if isinstance(service, Mapping)}

    def defined(self, kind: str) -> Mapping[str, Mapping[str, Any]]:
        """Return the networks or volumes that the file defines, by name."""
        return {name: mapping(block) for name, block in mapping(self.data.get(kind)).items()}

    def named(self, name: str, block: Mapping[str, Any]) -> bool:
        """Return whether the ``block`` called ``name`` has a name beside the one that compose makes."""
        return block.get("name") not in (None, self.project and f"{self.project}_{name}")

    def where(self, *path: str) -> Location:
        """Return the line of the innermost key of ``path`` that stands in the file, not in a merged part."""
        line, node = 1, self.written
        for key in path:
            position = getattr(node, "lc", None)
            if position is None or key not in (position.data or {}):
                break
            line = position.key(key)[0] + 1
            node = node[key]
        return Location(self.file, line)


@dataclass(frozen=True, slots=True)
class ComposeStack:
    """What the file is held against: the contract, and the places of each service's ``data``."""

    contract: Contract
    data: Mapping[str, Sequence[str]]

    def both(self, composed: Composed) -> Iterator[tuple[str, Service, Mapping[str, Any]]]:
        """Yield the services that are in the contract and in the file."""
        for name, service in self.contract.services.items():
            if name in composed.services:
                yield name, service, composed.services[name]

    def networks(self, composed: Composed) -> set[str]:
        """Return the file's names of the networks that services of the contract are on."""
        return {network for _, _, service in self.both(composed) for network in networks_of(service)}


def mapping(value: Any) -> Mapping[str, Any]:
    """Return ``value`` where a mapping is to be; what is none is left to ``docker compose config``."""
    return value if isinstance(value, Mapping) else {}


def entries(value: Any) -> list[Any]:
    """Return what is listed in ``value``, or its keys: compose takes either form in many places."""
    return list(value) if isinstance(value, list | Mapping) else []


def networks_of(service: Mapping[str, Any]) -> list[str]:
    """Return the names of the networks that a service is on."""
    return [str(network) for network in entries(service.get("networks"))] or ["default"]


def read(path: Path) -> Composed | Problem:
    """Return the file as it stands, or why it is none."""
    try:
        content = path.read_bytes()
        if len(content) > _MAX_BYTES:
            return Problem(Location(str(path)), f"{len(content)} bytes are too many for a compose file")
        data = YAML(typ="rt", pure=True).load(content.decode())
    except (OSError, UnicodeDecodeError) as error:
        return Problem(Location(str(path)), f"can't be read: {error}")
    except YAMLError as error:
        mark = error.problem_mark if isinstance(error, MarkedYAMLError) else None
        reason = (error.problem if isinstance(error, MarkedYAMLError) else None) or "not YAML"
        return Problem(Location(str(path), mark.line + 1 if mark else None), f"not readable: {reason}")
    if not isinstance(data, Mapping) or not isinstance(data.get("services"), Mapping):
        return Problem(Location(str(path), 1), "it has no services")
    return Composed(str(path), data, data)


def at_default(text: str) -> str:
    """Return ``text`` with each ``${NAME:-default}`` replaced by its default, innermost first."""
    before = None
    while before != text:
        before = text
        text = _VARIABLE.sub(lambda match: match["default"] or "", text)
    return text

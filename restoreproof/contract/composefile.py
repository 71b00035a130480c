"""A compose file beside the contract: the two must speak of the same services, ports, versions and commands.

The file is read as it stands, each variable at its default, so that linting needs no Docker.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from restoreproof.contract.models import Contract
from restoreproof.contract.problems import Problem, nearest
from restoreproof.contract.services import Service
from restoreproof.errors import Location

NAME = "compose.yaml"
SCAFFOLD = "org.restoreproof.scaffold"
"""The label of a service that is no part of the stack; its value says what it is for."""

_MAX_BYTES = 1024 * 1024
_VARIABLE = re.compile(r"\$\{\w+(?::?-(?P<default>[^${}]*))?\}")
_PUBLISHED = re.compile(r"127\.0\.0\.1::(?P<port>\d+)")
_INHIBIT = "com.docker.network.bridge.inhibit_ipv4"


@dataclass(frozen=True, slots=True)
class Composed:
    """What the file says. Mappings are ruamel's, which know their lines and have merged keys in them."""

    file: str
    data: Any

    @property
    def services(self) -> Mapping[str, Any]:
        """Name to definition; what is no mapping is left out, and found by ``docker compose config``."""
        found = self.data.get("services") or {}
        return {name: one for name, one in found.items() if isinstance(one, Mapping)}

    def where(self, *path: str) -> Location:
        """The line of the innermost key of ``path`` that stands in the file itself, not in a merged part."""
        line, node = 1, self.data
        for key in path:
            position = getattr(node, "lc", None)
            if position is None or key not in (position.data or {}):
                break
            line = position.key(key)[0] + 1
            node = node[key]
        return Location(self.file, line)


def problems(contract: Contract) -> list[Problem]:
    """Every way in which ``compose.yaml`` beside the contract contradicts it; none without such a file."""
    path = contract.directory / NAME
    if not path.exists():
        return []
    read = _read(path)
    if isinstance(read, Problem):
        return [read]
    found = (problem for rule in _RULES for problem in rule(read, contract))
    return sorted(set(found), key=lambda one: (one.where.line or 0, str(one)))


def _read(path: Path) -> Composed | Problem:
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
    return Composed(str(path), data)


def at_default(text: str) -> str:
    """``text`` with each ``${NAME:-default}`` replaced by its default, innermost first."""
    before = None
    while before != text:
        before = text
        text = _VARIABLE.sub(lambda match: match["default"] or "", text)
    return text


def _names(composed: Composed, contract: Contract) -> Iterator[Problem]:
    for name in contract.services:
        if name not in composed.services:
            meant = nearest(name, set(composed.services) - set(contract.services))
            yield Problem(
                composed.where("services"), f"it has no service {name!r}, which the contract has", meant
            )
    for name, one in composed.services.items():
        if name not in contract.services and SCAFFOLD not in (one.get("labels") or {}):
            yield Problem(
                composed.where("services", name),
                f"service {name!r} is not in the contract; if it is none of the stack, "
                f"say with a label {SCAFFOLD!r} what it is for",
                nearest(name, set(contract.services) - set(composed.services)),
            )


def _both(composed: Composed, contract: Contract) -> Iterator[tuple[str, Service, Mapping[str, Any]]]:
    for name, service in contract.services.items():
        if name in composed.services:
            yield name, service, composed.services[name]


def _ports(composed: Composed, contract: Contract) -> Iterator[Problem]:
    for name, service, one in _both(composed, contract):
        wanted = {service.port, *service.ports.values()}
        exposed = {int(port) for port in one.get("expose") or () if str(port).isdecimal()}
        if wanted != exposed:
            yield Problem(
                composed.where("services", name, "expose"),
                f"service {name!r} exposes {_listed(exposed)}; by the contract it is {_listed(wanted)}",
            )


def _published(composed: Composed, contract: Contract) -> Iterator[Problem]:
    known = {port for one in contract.services.values() for port in (one.port, *one.ports.values())}
    for name, one in composed.services.items():
        where = composed.where("services", name, "ports")
        for entry in one.get("ports") or ():
            match = _PUBLISHED.fullmatch(str(entry))
            if match is None:
                yield Problem(
                    where, f"{name!r} publishes {entry!r}; only '127.0.0.1::PORT' takes a random port"
                )
            elif int(match["port"]) not in known:
                yield Problem(where, f"{name!r} publishes {match['port']}, a port that no service has")


def _versions(composed: Composed, contract: Contract) -> Iterator[Problem]:
    for name, service, one in _both(composed, contract):
        options = service.options()
        image = at_default(str(one.get("image", "")))
        where = composed.where("services", name, "image")
        if "run" in options:
            allowed = _releases(contract)
        elif "version" in options:
            allowed = [str(options["version"])]
        else:
            continue
        if _tag(image) not in allowed:
            yield Problem(
                where,
                f"service {name!r} is the image {image!r}; by the contract it is {' or '.join(allowed)}",
            )


def _releases(contract: Contract) -> list[str]:
    releases = contract.releases
    named = (releases.expected, releases.previous) if releases else ()
    return [release.version for release in named if release]


def _commands(composed: Composed, contract: Contract) -> Iterator[Problem]:
    for name, service, one in _both(composed, contract):
        run = service.options().get("run")
        if run is None:
            continue
        command = one.get("command")
        words = command.split() if isinstance(command, str) else [str(word) for word in command or ()]
        if words[1 : 1 + len(run)] != [str(word) for word in run]:
            yield Problem(
                composed.where("services", name, "command"),
                f"service {name!r} runs {' '.join(words)!r}; by the contract it is python {' '.join(run)}",
            )


def _aliases(composed: Composed, contract: Contract) -> Iterator[Problem]:
    for name, service, one in _both(composed, contract):
        networks = one.get("networks")
        aliases = {
            alias
            for network in (networks.values() if isinstance(networks, Mapping) else ())
            for alias in (network or {}).get("aliases") or ()
        }
        for missing in sorted(set(service.names) - aliases):
            yield Problem(
                composed.where("services", name, "networks"),
                f"service {name!r} is not reached as {missing!r}: none of its networks has this alias",
            )


def _isolation(composed: Composed, contract: Contract) -> Iterator[Problem]:
    defined = composed.data.get("networks") or {}
    for name, _, one in _both(composed, contract):
        where = composed.where("services", name, "networks")
        if "network_mode" in one:
            where = composed.where("services", name, "network_mode")
            yield Problem(where, f"service {name!r} has a network_mode; it belongs on an internal network")
        for network in one.get("networks") or ("default",):
            given = defined.get(network) or {}
            options = given.get("driver_opts") or {}
            if given.get("internal") is not True or str(options.get(_INHIBIT)) != "true":
                yield Problem(
                    where,
                    f"service {name!r} is on {network!r}, from which the host can be reached; "
                    f"give it internal: true and the driver option {_INHIBIT}",
                )


def _fixed(composed: Composed, _: Contract) -> Iterator[Problem]:
    for name, one in composed.services.items():
        if "container_name" in one:
            where = composed.where("services", name, "container_name")
            yield Problem(where, f"{name!r} has a container_name, so that two drills can't run side by side")
    for name, network in (composed.data.get("networks") or {}).items():
        for key in {"name", "ipam"} & set(network or {}):
            where = composed.where("networks", name, key)
            yield Problem(
                where, f"network {name!r} has a fixed {key}, so that two drills can't run side by side"
            )


def _tag(image: str) -> str:
    name = image.partition("@")[0]
    return name.rpartition(":")[2] if ":" in name.rpartition("/")[2] else ""


def _listed(ports: set[int]) -> str:
    return ", ".join(str(port) for port in sorted(ports)) or "none"


_RULES: tuple[Callable[[Composed, Contract], Iterator[Problem]], ...] = (
    _names,
    _ports,
    _published,
    _versions,
    _commands,
    _aliases,
    _isolation,
    _fixed,
)

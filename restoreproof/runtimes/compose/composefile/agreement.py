"""The file and the contract speak of the same services, ports, versions and commands."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from restoreproof.contract.models import Contract
from restoreproof.contract.problems import Problem, nearest
from restoreproof.runtimes.compose.composefile.document import (
    SCAFFOLD,
    Composed,
    ComposeStack,
    at_default,
    entries,
    mapping,
)
from restoreproof.runtimes.compose.composefile.edge import PUBLISHED


def _names(composed: Composed, stack: ComposeStack) -> Iterator[Problem]:
    for name in stack.contract.services:
        if name not in composed.services:
            meant = nearest(name, set(composed.services) - set(stack.contract.services))
            yield Problem(
                composed.where("services"), f"it has no service {name!r}, which the contract has", meant
            )
    for name, block in composed.services.items():
        if name not in stack.contract.services and SCAFFOLD not in _labels(block):
            yield Problem(
                composed.where("services", name),
                f"service {name!r} is not in the contract; if it is none of the stack, "
                f"say with a label {SCAFFOLD!r} what it is for",
                nearest(name, set(stack.contract.services) - set(composed.services)),
            )


def _ports(composed: Composed, stack: ComposeStack) -> Iterator[Problem]:
    for name, service, block in stack.both(composed):
        wanted = {service.port, *service.ports.values()}
        exposed = {int(port) for port in entries(block.get("expose")) if str(port).isdecimal()}
        if wanted != exposed:
            yield Problem(
                composed.where("services", name, "expose"),
                f"service {name!r} exposes {_listed(exposed)}; by the contract it is {_listed(wanted)}",
            )


def _published(composed: Composed, stack: ComposeStack) -> Iterator[Problem]:
    served = {
        port
        for service in stack.contract.services.values()
        for port in (service.port, *service.ports.values())
    }
    for name, block in composed.services.items():
        where = composed.where("services", name, "ports")
        for entry in entries(block.get("ports")):
            match = PUBLISHED.fullmatch(str(entry))
            if match is None:
                yield Problem(
                    where, f"{name!r} publishes {entry!r}; only '127.0.0.1::PORT' takes a random port"
                )
            elif int(match["port"]) not in served:
                yield Problem(where, f"{name!r} publishes {match['port']}, a port that no service has")


def _versions(composed: Composed, stack: ComposeStack) -> Iterator[Problem]:
    for name, service, block in stack.both(composed):
        options = service.options()
        image = at_default(str(block.get("image", "")))
        where = composed.where("services", name, "image")
        if "run" in options:
            allowed = _releases(stack.contract)
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


def _commands(composed: Composed, stack: ComposeStack) -> Iterator[Problem]:
    for name, service, block in stack.both(composed):
        run = service.options().get("run")
        if run is None:
            continue
        command = block.get("command")
        words = command.split() if isinstance(command, str) else [str(word) for word in entries(command)]
        if words[1 : 1 + len(run)] != [str(word) for word in run]:
            yield Problem(
                composed.where("services", name, "command"),
                f"service {name!r} runs {' '.join(words)!r}; by the contract it is python {' '.join(run)}",
            )


def _aliases(composed: Composed, stack: ComposeStack) -> Iterator[Problem]:
    for name, service, block in stack.both(composed):
        aliases = {
            str(alias)
            for network in mapping(block.get("networks")).values()
            for alias in entries(mapping(network).get("aliases"))
        }
        for missing in sorted(set(service.names) - aliases):
            yield Problem(
                composed.where("services", name, "networks"),
                f"service {name!r} is not reached as {missing!r}: none of its networks has this alias",
            )


def _labels(service: Mapping[str, Any]) -> set[str]:
    return {str(label).partition("=")[0] for label in entries(service.get("labels"))}


def _tag(image: str) -> str:
    name = image.partition("@")[0]
    return name.rpartition(":")[2] if ":" in name.rpartition("/")[2] else ""


def _listed(ports: set[int]) -> str:
    return ", ".join(str(port) for port in sorted(ports)) or "none"


RULES = (_names, _ports, _published, _versions, _commands, _aliases)

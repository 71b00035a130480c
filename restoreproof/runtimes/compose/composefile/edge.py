"""The configuration of the edge: generated, so that it leads to the services and nowhere else.

``python -m restoreproof.runtimes.compose.composefile stack.yaml`` prints it for the contract and the compose
file beside it. Where the compose file brings a configuration of its own as a config, that has to be the same.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from restoreproof.bounded_file import OversizedFile, read_bounded
from restoreproof.contract.models import Contract
from restoreproof.contract.problems import Problem
from restoreproof.errors import Location
from restoreproof.runtimes.compose.composefile.document import (
    EDGE,
    Composed,
    ComposeStack,
    at_default,
    entries,
    mapping,
)

HEALTH_PORT: Final = 8999
"""Where the edge answers its own health check, on its loopback address alone."""
PUBLISHED: Final = re.compile(r"127\.0\.0\.1::(?P<port>\d+)")
"""An entry of ``ports`` that takes a random port which nobody else on the network reaches."""
_MAX_BYTES: Final = 256 * 1024
_COMMAND: Final = "python -m restoreproof.runtimes.compose.composefile"

_HEAD: Final = f"""\
# Generated of the contract and the ports that the edge publishes; `restoreproof lint` compares it.
#   {_COMMAND} stack.yaml
# A connection to a port of the edge goes to the service that has this port in the contract, and nowhere else.
daemon off;
worker_processes 1;
pid /tmp/edge.pid;
error_log stderr warn;

events {{
    worker_connections 1024;
}}

stream {{
    # Asked for each connection: a service may be restarted, or not be there yet.
    resolver 127.0.0.11 valid=1s ipv6=off;
    resolver_timeout 3s;
    proxy_connect_timeout 3s;
    proxy_timeout 10m;

    map $server_port $service {{
"""
_BETWEEN: Final = f"""\
    }}

    # For its own health check, which asks nothing of the services.
    server {{
        listen 127.0.0.1:{HEALTH_PORT};
        return "";
    }}
    server {{
"""
_END: Final = """\
        proxy_pass $service;
    }
}
"""


def edge_configuration(contract: Contract, ports: Sequence[int]) -> str:
    """Return nginx's configuration for an edge that publishes ``ports``; those of no service are left out."""
    owners = {port: names[0] for port, names in _owners(contract).items()}
    led = [port for port in dict.fromkeys(ports) if port in owners]
    leads = "".join(f"        {port} {owners[port]}:{port};\n" for port in led)
    listens = "".join(f"        listen {port};\n" for port in led)
    return f"{_HEAD}{leads}{_BETWEEN}{listens}{_END}"


def published_ports(edge: Mapping[str, Any]) -> list[int]:
    """Return the ports that the edge publishes, as the file or compose has them; others are left out."""
    ports = []
    for entry in entries(edge.get("ports")):
        target = entry.get("target") if isinstance(entry, Mapping) else None
        if isinstance(target, int):
            ports.append(target)
        elif match := PUBLISHED.fullmatch(at_default(str(entry))):
            ports.append(int(match["port"]))
    return ports


def _owners(contract: Contract) -> dict[int, list[str]]:
    """Each port of the contract with the services that have it."""
    owners: dict[int, list[str]] = {}
    for name, service in contract.services.items():
        for port in {service.port, *service.ports.values()}:
            owners.setdefault(port, []).append(name)
    return owners


def _ports(composed: Composed, stack: ComposeStack) -> Iterator[Problem]:
    """The edge knows a service by its port alone."""
    published = published_ports(composed.services.get(EDGE, {}))
    for port, names in _owners(stack.contract).items():
        if port in published and len(names) > 1:
            yield Problem(
                composed.where("services", EDGE, "ports"),
                f"the {EDGE} publishes {port}, which {' and '.join(names)} both have in the contract, so "
                "that it can't lead to either; give each a port of its own",
            )


def _own_configuration(composed: Composed, stack: ComposeStack) -> Iterator[Problem]:
    """What the file would lay into the edge has to be what is generated, line by line."""
    edge = composed.services.get(EDGE, {})
    wanted = edge_configuration(stack.contract, published_ports(edge))
    for entry in entries(edge.get("configs")):
        name = str(entry.get("source") if isinstance(entry, Mapping) else entry)
        where = composed.where("configs", name, "file")
        file = mapping(mapping(composed.data.get("configs")).get(name)).get("file")
        if file is None:
            yield Problem(
                composed.where("services", EDGE, "configs"),
                f"the {EDGE} gets the config {name!r}, which is no file, so that nobody can compare it; "
                f"write what `{_COMMAND} {stack.contract.path}` prints to a file, and name that",
            )
            continue
        path = stack.contract.directory / at_default(str(file))
        try:
            lines = read_bounded(path, _MAX_BYTES).decode().splitlines()
        except (OSError, OversizedFile, UnicodeDecodeError) as error:
            yield Problem(where, f"the {EDGE}'s configuration {path} can't be read: {error}")
            continue
        if (number := _first_difference(lines, wanted.splitlines())) is not None:
            line = repr(lines[number].strip()) if number < len(lines) else "nothing more"
            yield Problem(
                Location(str(path), min(number, len(lines) - 1) + 1 if lines else 1),
                f"the {EDGE} has {line} here, which is not generated of the contract, and so may lead out of "
                f"the stack; `{_COMMAND} {stack.contract.path}` prints what it is to be",
            )


def _first_difference(lines: Sequence[str], wanted: Sequence[str]) -> int | None:
    for number in range(max(len(lines), len(wanted))):
        if lines[number : number + 1] != wanted[number : number + 1]:
            return number
    return None


RULES = (_ports, _own_configuration)

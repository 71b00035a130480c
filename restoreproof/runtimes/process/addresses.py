"""Names and addresses of a stack's services inside its sandbox's network."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from restoreproof.contract.services import Service


def addresses(services: Iterable[str]) -> dict[str, str]:
    """Return one loopback address per service, decided by its place in the contract."""
    return {name: f"127.20.{index // 250}.{index % 250 + 1}" for index, name in enumerate(services)}


def hosts(services: Mapping[str, Service]) -> str:
    """Return the hosts file in which every service's name and further names resolve."""
    lines = ["127.0.0.1 localhost"]
    for name, address in addresses(services).items():
        lines.append(" ".join([address, name, *services[name].names]))
    return "\n".join(lines) + "\n"

"""The networks of the file: none leads to the host, the edge is on each, and nothing of them is fixed."""

from __future__ import annotations

from collections.abc import Iterator

from restoreproof.contract.problems import Problem
from restoreproof.runtimes.compose.composefile.allowed import BRIDGE_NAME, INHIBIT
from restoreproof.runtimes.compose.composefile.document import (
    EDGE,
    Composed,
    ComposeStack,
    at_default,
    entries,
    mapping,
    networks_of,
)


def _isolation(composed: Composed, stack: ComposeStack) -> Iterator[Problem]:
    defined = composed.defined("networks")
    for name, _, service in stack.both(composed):
        where = composed.where("services", name, "networks")
        if "network_mode" in service:
            where = composed.where("services", name, "network_mode")
            yield Problem(where, f"service {name!r} has a network_mode; it belongs on an internal network")
        for network in networks_of(service):
            block = defined.get(network) or {}
            options = mapping(block.get("driver_opts"))
            if block.get("internal") is not True or str(options.get(INHIBIT)) != "true":
                yield Problem(
                    where,
                    f"service {name!r} is on {network!r}, from which the host can be reached; "
                    f"give it internal: true and the driver option {INHIBIT}",
                )


def _drivers(composed: Composed, stack: ComposeStack) -> Iterator[Problem]:
    """A network of another driver may be the one that the host itself is on, whatever else is said of it."""
    used = stack.networks(composed)
    for name, block in composed.defined("networks").items():
        driver = at_default(str(block.get("driver") or "bridge"))
        if name in used and driver != "bridge":
            yield Problem(
                composed.where("networks", name, "driver"),
                f"network {name!r} has the driver {driver!r}, and only 'bridge' is isolated; take it out",
            )


def _edge(composed: Composed, stack: ComposeStack) -> Iterator[Problem]:
    """The edge makes the networks of a drill, and by them the harness reaches every service."""
    if EDGE not in composed.services:
        yield Problem(
            composed.where("services"),
            f"it has no service {EDGE!r}, which carries the harness's connections; "
            "docs/containers.md says what it is",
        )
        return
    reached = set(networks_of(composed.services[EDGE]))
    for name, _, service in stack.both(composed):
        for network in networks_of(service):
            if network not in reached and "network_mode" not in service:
                yield Problem(
                    composed.where("services", name, "networks"),
                    f"service {name!r} is on {network!r}, where the {EDGE} is not, so that the harness does "
                    f"not reach it; add {network!r} to the networks of the {EDGE}",
                )


def _fixed(composed: Composed, _: ComposeStack) -> Iterator[Problem]:
    for name, service in composed.services.items():
        if "container_name" in service:
            where = composed.where("services", name, "container_name")
            yield Problem(where, f"{name!r} has a container_name, so that two drills can't run side by side")
    for name, network in composed.defined("networks").items():
        has = {
            "name": composed.named(name, network),
            "ipam": bool(network.get("ipam")),
            "external": bool(network.get("external")),
            "driver_opts": BRIDGE_NAME in mapping(network.get("driver_opts")),
        }
        for key in (key for key, holds in has.items() if holds):
            what = BRIDGE_NAME if key == "driver_opts" else key
            yield Problem(
                composed.where("networks", name, key),
                f"network {name!r} has a fixed {what}, so that two drills can't run side by side",
            )


def _published(composed: Composed, stack: ComposeStack) -> Iterator[Problem]:
    """What compose made of ``ports``: a variable may have put another address there."""
    started = {*stack.contract.services, EDGE} if composed.resolved else set()
    for name in sorted(started & set(composed.services)):
        for entry in map(mapping, entries(composed.services[name].get("ports"))):
            address, protocol = entry.get("host_ip"), entry.get("protocol", "tcp")
            if address != "127.0.0.1" or entry.get("published") or protocol != "tcp":
                yield Problem(
                    composed.where("services", name, "ports"),
                    f"{name!r} publishes {entry.get('target')} at {address or 'every address'}:"
                    f"{entry.get('published') or 'a random port'}/{protocol}; only '127.0.0.1::PORT' takes a "
                    "random port that nobody else reaches",
                )


RULES = (_isolation, _drivers, _edge, _fixed, _published)

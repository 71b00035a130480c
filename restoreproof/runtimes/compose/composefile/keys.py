"""The keys of the file: only those that a drill takes, since restored code runs in what they make.

A key that is not listed may give a service a hold on the machine in a way that nobody has thought of, so it
is refused by its name, as the file has it and as compose resolves it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from restoreproof.contract.problems import Problem, nearest
from restoreproof.runtimes.compose.composefile import allowed
from restoreproof.runtimes.compose.composefile.allowed import Check, absent
from restoreproof.runtimes.compose.composefile.document import (
    EDGE,
    Composed,
    ComposeStack,
    at_default,
    entries,
    mapping,
    networks_of,
)

_LISTED: Final = "docs/containers.md lists those that it takes"
_EXTENSION: Final = "x-"
_SHOWN: Final = 60
_INSTEAD: Final = {
    "cap_add": f", or add no more than {', '.join(sorted(allowed.CAPABILITIES))}",
    "security_opt": ", all but 'no-new-privileges:true'",
    "restart": ', or write "no": what the daemon starts again nobody has probed',
    "logging": f", or name one of {', '.join(allowed.LOG_DRIVERS)}",
    "dns": ", or name 127.0.0.1: what the stack does not know is asked of nobody",
}


def _services(composed: Composed, stack: ComposeStack) -> Iterator[Problem]:
    for name, _, service in stack.both(composed):
        yield from refused(composed, ("services", name), service, allowed.SERVICE)
        yield from _attachments(composed, name, service)
    if edge := composed.services.get(EDGE):
        yield from refused(composed, ("services", EDGE), edge, allowed.EDGE_SERVICE)
        yield from _attachments(composed, EDGE, edge)


def _capabilities(composed: Composed, stack: ComposeStack) -> Iterator[Problem]:
    """Root with what Docker gives it sends packets of its own making, also by way of the edge."""
    started = {name: service for name, _, service in stack.both(composed)}
    if edge := composed.services.get(EDGE):
        started[EDGE] = edge
    for name, service in started.items():
        if "ALL" not in map(allowed.capability, entries(service.get("cap_drop"))):
            yield Problem(
                composed.where("services", name, "cap_drop"),
                f"service {name!r} keeps the capabilities that Docker gives it, by which restored code may "
                "get a hold on this machine; write cap_drop: [ALL] and, for what its image needs, cap_add",
            )


def _networks(composed: Composed, stack: ComposeStack) -> Iterator[Problem]:
    inside = stack.networks(composed)
    edges = set(networks_of(composed.services[EDGE])) - inside if EDGE in composed.services else set()
    for name, network in composed.defined("networks").items():
        if name in inside:
            yield from refused(composed, ("networks", name), network, allowed.NETWORK)
        elif name in edges:
            yield from refused(composed, ("networks", name), network, allowed.EDGE_NETWORK)


def _whole(composed: Composed, _: ComposeStack) -> Iterator[Problem]:
    yield from refused(composed, (), mapping(composed.data), allowed.WHOLE)


def _attachments(composed: Composed, name: str, service: Mapping[str, Any]) -> Iterator[Problem]:
    for network, attachment in mapping(service.get("networks")).items():
        path = ("services", name, "networks", str(network))
        yield from refused(composed, path, mapping(attachment), allowed.ATTACHMENT)


def refused_keys(
    composed: Composed, path: tuple[str, ...], block: Mapping[str, Any], keys: Mapping[str, Check]
) -> Iterator[Problem]:
    """Name each key of ``block``, which stands at ``path``, that is not among ``keys``.

    In what compose resolved an empty value is no key: compose writes some of them itself.
    """
    for key, value in block.items():
        name = str(key)
        if name in keys or name.startswith(_EXTENSION) or (composed.resolved and absent(value)):
            continue
        yield Problem(
            composed.where(*path, name),
            f"{_subject(path)} has {name}: {_shown(value)}, which is no key that a drill takes; take it out, "
            f"or say it otherwise: {_LISTED}",
            nearest(name, keys),
        )


def refused(
    composed: Composed, path: tuple[str, ...], block: Mapping[str, Any], keys: Mapping[str, Check]
) -> Iterator[Problem]:
    """Name each key of ``block``, which stands at ``path``, that ``keys`` do not take, or not so."""
    yield from refused_keys(composed, path, block, keys)
    yield from _refused_values(composed, path, block, keys)


def _refused_values(
    composed: Composed, path: tuple[str, ...], block: Mapping[str, Any], keys: Mapping[str, Check]
) -> Iterator[Problem]:
    for key, harmless in keys.items():
        if key in block and not harmless(plain(block[key])):
            yield Problem(
                composed.where(*path, key),
                f"{_subject(path)} has {key}: {_shown(block[key])}, by which restored code may get a hold on "
                f"this machine; take it out{_INSTEAD.get(key, '')}",
            )


def plain(value: Any) -> Any:
    """Return ``value`` with each variable in it at its default."""
    if isinstance(value, str):
        return at_default(value)
    if isinstance(value, Mapping):
        return {str(key): plain(part) for key, part in value.items()}
    return [plain(entry) for entry in value] if isinstance(value, list) else value


def _subject(path: tuple[str, ...]) -> str:
    match path:
        case ("services", name):
            return f"service {name!r}"
        case ("services", name, "networks", network):
            return f"service {name!r} on the network {network!r}"
        case ("services", name, "volumes"):
            return f"a mount of service {name!r}"
        case (kind, name):
            return f"{kind.removesuffix('s')} {name!r}"
    return "the file"


def _shown(value: Any) -> str:
    text = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"


RULES = (_services, _capabilities, _networks, _whole)

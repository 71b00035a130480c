"""Where a drill's data lie: in named volumes of the drill's own, which go with it, and nowhere else."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from restoreproof.contract.problems import Problem
from restoreproof.runtimes.compose.composefile import allowed
from restoreproof.runtimes.compose.composefile.document import (
    Composed,
    ComposeStack,
    at_default,
    entries,
    mapping,
)
from restoreproof.runtimes.compose.composefile.keys import plain, refused, refused_keys

_VOLUME: Final = re.compile(r"[A-Za-z0-9][\w.-]*")
_KEPT_ELSEWHERE: Final = "so that a drill would open data that are not its own, or leave its own behind"


@dataclass(frozen=True, slots=True)
class _Mount:
    """One entry of a service's ``volumes``, in either of its forms."""

    kind: str
    source: str
    target: str

    @classmethod
    def of(cls, entry: Any) -> _Mount:
        if isinstance(entry, Mapping):
            texts = {key: at_default(str(value)) for key, value in entry.items()}
            return cls(texts.get("type", ""), texts.get("source", ""), texts.get("target", ""))
        source, colon, rest = at_default(str(entry)).partition(":")
        if not colon:
            return cls("volume", "", source)
        return cls("volume" if _VOLUME.fullmatch(source) else "bind", source, rest.partition(":")[0])


def _data(composed: Composed, stack: ComposeStack) -> Iterator[Problem]:
    """A drill keeps a service's mounts where its data lie, and takes away the others."""
    volumes = composed.defined("volumes")
    for name, _, service in stack.both(composed):
        for entry in entries(service.get("volumes")):
            mount = _Mount.of(entry)
            if mount.target.rstrip("/") not in stack.data.get(name, ()):
                continue
            if mount.kind != "volume" or not mount.source:
                place = mount.source or "an unnamed volume"
                yield Problem(
                    composed.where("services", name, "volumes"),
                    f"service {name!r} has its data at {mount.target} in {place}, "
                    f"{_KEPT_ELSEWHERE}; write '{name}-data:{mount.target}' and define that volume",
                )
                continue
            if isinstance(entry, Mapping):
                yield from refused(composed, ("services", name, "volumes"), entry, allowed.MOUNT)
            yield from _volume(composed, mount.source, volumes.get(mount.source, {}))


def _volume(composed: Composed, name: str, block: Mapping[str, Any]) -> Iterator[Problem]:
    """What is in memory is gone with its containers, so a device called ``tmpfs`` is none of the host's."""
    yield from refused_keys(composed, ("volumes", name), block, allowed.VOLUME)
    options = plain(block.get("driver_opts"))
    wrong = {
        "name": composed.named(name, block),
        "external": bool(block.get("external")),
        "driver": at_default(str(block.get("driver") or "local")) != "local",
        "driver_opts": not allowed.in_memory(options),
    }
    for key in (key for key, holds in wrong.items() if holds):
        yield Problem(
            composed.where("volumes", name, key),
            f"volume {name!r}, which holds data of the stack, has {_described(key, block[key], options)}, "
            f"{_KEPT_ELSEWHERE}; take it out",
        )


def _described(key: str, value: Any, options: Any) -> str:
    if key != "driver_opts":
        return f"{key}: {value}"
    named = mapping(options)
    if named.get("type") != "tmpfs" and "device" in named:
        return f"the device {named['device']}"
    return f"driver_opts: {', '.join(f'{name}={option}' for name, option in named.items()) or options}"


RULES = (_data,)

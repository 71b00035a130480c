"""Where a drill's data lie: in named volumes of the drill's own, which go with it, and nowhere else."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from restoreproof.contract.problems import Problem
from restoreproof.runtimes.compose.composefile.document import (
    Composed,
    ComposeStack,
    at_default,
    entries,
    mapping,
)

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
            told = {key: at_default(str(value)) for key, value in entry.items()}
            return cls(told.get("type", ""), told.get("source", ""), told.get("target", ""))
        source, colon, rest = at_default(str(entry)).partition(":")
        if not colon:
            return cls("volume", "", source)
        return cls("volume" if _VOLUME.fullmatch(source) else "bind", source, rest.partition(":")[0])


def _data(composed: Composed, stack: ComposeStack) -> Iterator[Problem]:
    """A drill keeps a service's mounts where its data lie, and takes away the others."""
    volumes = composed.defined("volumes")
    for name, _, one in stack.both(composed):
        for mount in map(_Mount.of, entries(one.get("volumes"))):
            if mount.target.rstrip("/") not in stack.data.get(name, ()):
                continue
            if mount.kind != "volume" or not mount.source:
                held = mount.source or "an unnamed volume"
                yield Problem(
                    composed.where("services", name, "volumes"),
                    f"service {name!r} has its data at {mount.target} in {held}, "
                    f"{_KEPT_ELSEWHERE}; write '{name}-data:{mount.target}' and define that volume",
                )
            else:
                yield from _volume(composed, mount.source, volumes.get(mount.source, {}))


def _volume(composed: Composed, name: str, given: Mapping[str, Any]) -> Iterator[Problem]:
    """What is in memory is gone with its containers, so a device called ``tmpfs`` is none of the host's."""
    options = mapping(given.get("driver_opts"))
    wrong = {
        "name": composed.named(name, given),
        "external": bool(given.get("external")),
        "driver": at_default(str(given.get("driver") or "local")) != "local",
        "driver_opts": "device" in options and at_default(str(options.get("type"))) != "tmpfs",
    }
    for key in (key for key, found in wrong.items() if found):
        said = f"{key}: {given[key]}" if key != "driver_opts" else f"the device {options['device']}"
        yield Problem(
            composed.where("volumes", name, key),
            f"volume {name!r}, which holds data of the stack, has {said}, {_KEPT_ELSEWHERE}; take it out",
        )


RULES = (_data,)

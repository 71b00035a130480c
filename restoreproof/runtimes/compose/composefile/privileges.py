"""What would give a service a hold on the machine that runs it: refused, since restored code runs in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from restoreproof.contract.problems import Problem
from restoreproof.runtimes.compose.composefile.document import Composed, ComposeStack, at_default

CAPABILITIES: Final = frozenset(
    {
        "AUDIT_WRITE",
        "CHOWN",
        "DAC_OVERRIDE",
        "FOWNER",
        "FSETID",
        "KILL",
        "MKNOD",
        "NET_BIND_SERVICE",
        "NET_RAW",
        "SETFCAP",
        "SETGID",
        "SETPCAP",
        "SETUID",
        "SYS_CHROOT",
    }
)
"""What Docker gives a container of itself, so that adding it again adds nothing."""
SECURITY: Final = frozenset({"no-new-privileges", "no-new-privileges:true", "no-new-privileges=true"})
"""The only options of security that take something away, whatever they say."""


def capability(name: object) -> str:
    """A capability as it is listed here: without the prefix that it may have."""
    return str(name).upper().removeprefix("CAP_")


def _absent(value: Any) -> bool:
    return not value or value == "false"


def _among(*allowed: str) -> Callable[[Any], bool]:
    return lambda value: _absent(value) or str(value) in allowed


def _all_of(allowed: frozenset[str], plain: Callable[[object], str]) -> Callable[[Any], bool]:
    return lambda value: (
        _absent(value) or (isinstance(value, list) and {plain(one) for one in value} <= allowed)
    )


_HARMLESS: Final[Mapping[str, Callable[[Any], bool]]] = {
    "privileged": _absent,
    "pid": _absent,
    "ipc": _among("private", "shareable", "none"),
    "uts": _absent,
    "userns_mode": _absent,
    "cgroup": _among("private"),
    "cgroup_parent": _absent,
    "cap_add": _all_of(CAPABILITIES, capability),
    "security_opt": _all_of(SECURITY, str),
    "devices": _absent,
    "device_cgroup_rules": _absent,
    "gpus": _absent,
    "volumes_from": _absent,
    # They may run as root, and with privileges of their own.
    "post_start": _absent,
    "pre_stop": _absent,
}


def _host(composed: Composed, stack: ComposeStack) -> Iterator[Problem]:
    for name, _, one in stack.both(composed):
        for key, harmless in _HARMLESS.items():
            value = one.get(key)
            if not harmless(at_default(value) if isinstance(value, str) else value):
                yield Problem(
                    composed.where("services", name, key),
                    f"service {name!r} has {key}: {_shown(value)}, by which restored code may get a hold on "
                    f"this machine; take it out{_INSTEAD.get(key, '')}",
                )


_INSTEAD: Final = {
    "cap_add": f", or add no more than {', '.join(sorted(CAPABILITIES))}",
    "security_opt": ", all but 'no-new-privileges:true'",
}


def _shown(value: Any) -> str:
    text = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
    return text if len(text) <= 60 else f"{text[:57]}…"


RULES = (_host,)

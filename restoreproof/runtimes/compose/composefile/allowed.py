"""What a compose file may hold where a drill starts something: each key, and which values of it.

``docs/containers.md`` lists the same keys; whatever is not here is refused by name.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

Check = Callable[[Any], bool]
"""Whether a value may stand at a key; variables in it are at their defaults, or resolved."""

CAPABILITIES: Final = frozenset(
    {
        "AUDIT_WRITE",
        "CHOWN",
        "DAC_OVERRIDE",
        "FOWNER",
        "FSETID",
        "KILL",
        "NET_BIND_SERVICE",
        "SETFCAP",
        "SETGID",
        "SETPCAP",
        "SETUID",
        "SYS_CHROOT",
    }
)
"""What may be added to a container without any: Docker's own list, but for raw packets and devices."""
SECURITY: Final = frozenset({"no-new-privileges", "no-new-privileges:true", "no-new-privileges=true"})
"""The only options of security that take something away, whatever they say."""
LOG_DRIVERS: Final = ("json-file", "local")
"""Those that keep what a container logs on the daemon's machine, from where the evidence takes it."""
INHIBIT: Final = "com.docker.network.bridge.inhibit_ipv4"
MASQUERADE: Final = "com.docker.network.bridge.enable_ip_masquerade"
BRIDGE_NAME: Final = "com.docker.network.bridge.name"
_MTU: Final = "com.docker.network.driver.mtu"
_IN_MEMORY: Final = frozenset({"size", "uid", "gid", "mode", "nr_inodes"})


def capability(name: object) -> str:
    """Return a capability as it is listed here: without the prefix that it may have."""
    return str(name).upper().removeprefix("CAP_")


def absent(value: Any) -> bool:
    """Return whether ``value`` says nothing, as an empty list or ``false`` does."""
    return not value or value == "false"


def anything(value: Any) -> bool:
    """Take any value: the drill replaces it, or nothing of it concerns the machine."""
    return True


def among(*allowed: str) -> Check:
    """Take one of ``allowed``, or nothing."""
    return lambda value: absent(value) or str(value) in allowed


def all_of(allowed: frozenset[str], plain: Callable[[object], str] = str) -> Check:
    """Take a list of nothing but ``allowed``, each entry as ``plain`` writes it."""
    return lambda value: (
        absent(value) or (isinstance(value, list) and {plain(entry) for entry in value} <= allowed)
    )


def block(allowed: Mapping[str, Check]) -> Check:
    """Take a mapping of nothing but the keys ``allowed``, each with a value that it takes."""
    return lambda value: (
        absent(value)
        or (
            isinstance(value, Mapping)
            and all(str(key) in allowed and allowed[str(key)](part) for key, part in value.items())
        )
    )


def positive(value: Any) -> bool:
    """Take a limit that limits: zero and less mean none."""
    return value is None or not str(value).startswith(("-", "0"))


def loopback(value: Any) -> bool:
    """Take addresses on which nobody but the container itself listens."""
    listed = value if isinstance(value, list) else [] if absent(value) else [value]
    return all(_is_loopback(str(entry)) for entry in listed)


def _is_loopback(text: str) -> bool:
    try:
        return ipaddress.ip_address(text).is_loopback
    except ValueError:
        return False


def in_memory(options: Any) -> bool:
    """Take room in memory: ``type: tmpfs, device: tmpfs``, with a size, an owner and a mode at most.

    Any other option may be a flag of mount(8): ``rbind`` would lay a directory of the machine there.
    """
    if absent(options):
        return True
    if not isinstance(options, Mapping) or not set(map(str, options)) <= {"type", "device", "o"}:
        return False
    named = {str(option).partition("=")[0] for option in str(options.get("o") or "").split(",") if option}
    return options.get("type") == options.get("device") == "tmpfs" and named <= _IN_MEMORY


def network_options(value: Any) -> bool:
    """Take driver options of a network of the stack: the host has no address there."""
    return block({INHIBIT: _says("true"), _MTU: anything, BRIDGE_NAME: anything})(value)


def edge_network_options(value: Any) -> bool:
    """Take driver options of the network where the edge publishes: nothing behind it gets out."""
    return block({MASQUERADE: _says("false"), _MTU: anything, BRIDGE_NAME: anything})(value)


def _says(word: str) -> Check:
    return lambda value: str(value).lower() == word


def only(keys: Iterable[str]) -> dict[str, Check]:
    """Return ``keys``, each with any value."""
    return dict.fromkeys(keys, anything)


_AMOUNTS: Final = {"cpus": positive, "memory": positive, "pids": positive}
_DEPLOY: Final = block(
    {
        **only(("replicas", "mode", "labels")),
        "resources": block({"limits": block(_AMOUNTS), "reservations": block(_AMOUNTS)}),
    }
)
"""``deploy.restart_policy`` is none of them: what the daemon starts again nobody has probed."""

_EITHER: Final[Mapping[str, Check]] = {
    # What it is made of and when; a drill builds and pulls nothing, and starts by its own order.
    **only(("image", "platform", "build", "pull_policy", "depends_on", "profiles", "develop", "extends")),
    **only(("labels", "healthcheck", "init", "stop_grace_period", "stop_signal")),
    # Each has a rule of its own beside this list.
    **only(("networks", "network_mode", "expose", "ports", "container_name", "scale", "cap_drop")),
    "user": anything,
    "dns": loopback,
    "dns_opt": anything,
    "dns_search": anything,
    "restart": among("no"),
    "logging": block({"driver": among(*LOG_DRIVERS), "options": block(only(("max-size", "max-file")))}),
    # What limits it further.
    "deploy": _DEPLOY,
    **dict.fromkeys(("mem_limit", "mem_reservation", "memswap_limit", "pids_limit"), positive),
    **only(("cpus", "cpu_shares", "cpu_quota", "cpu_period", "cpuset", "ulimits", "read_only")),
    "storage_opt": block({"size": positive}),
    # What a container has anyway may be said.
    "cap_add": all_of(CAPABILITIES, capability),
    "security_opt": all_of(SECURITY),
    "ipc": among("private", "shareable", "none"),
    "cgroup": among("private"),
    **dict.fromkeys(("privileged", "pid", "uts", "userns_mode", "cgroup_parent"), absent),
    **dict.fromkeys(("devices", "device_cgroup_rules", "gpus", "volumes_from"), absent),
    # They may run as root, and with privileges of their own.
    **dict.fromkeys(("post_start", "pre_stop"), absent),
}
SERVICE: Final[Mapping[str, Check]] = {
    **_EITHER,
    **only(("command", "entrypoint", "working_dir", "hostname", "tty", "stdin_open")),
    **only(("environment", "env_file", "secrets", "configs", "volumes", "tmpfs", "shm_size")),
}
"""Keys of a service of the contract."""
EDGE_SERVICE: Final[Mapping[str, Check]] = {**_EITHER, "configs": anything}
"""Keys of the edge: what it runs, and what it is told, are the drill's own."""
ATTACHMENT: Final[Mapping[str, Check]] = only(("aliases", "priority"))
"""Keys of a service's place on a network."""
NETWORK: Final[Mapping[str, Check]] = {
    "internal": anything,
    "driver": anything,
    "driver_opts": network_options,
    "enable_ipv6": absent,
    **only(("labels", "name", "ipam", "external")),
}
"""Keys of a network that a service of the contract is on; ``internal`` and ``driver`` have rules beside."""
EDGE_NETWORK: Final[Mapping[str, Check]] = {
    **NETWORK,
    "driver": among("bridge"),
    "driver_opts": edge_network_options,
}
"""Keys of a network that only the edge is on."""
VOLUME: Final[Mapping[str, Check]] = only(("name", "external", "driver", "driver_opts", "labels"))
"""Keys of a volume that holds data of the stack; ``mounts`` has the rule for their values."""
MOUNT: Final[Mapping[str, Check]] = {
    **only(("type", "source", "target", "read_only")),
    "volume": block(only(("nocopy",))),
    "bind": absent,
    "tmpfs": absent,
}
"""Keys of the place at which such a volume is mounted."""
WHOLE: Final[Mapping[str, Check]] = only(
    ("name", "version", "services", "networks", "volumes", "configs", "secrets")
)
"""Keys of the file itself."""

"""What a drill adds to the compose file: one generated file for each start, readable for its owner alone."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from restoreproof.contract.services import RESTORED, Service
from restoreproof.errors import ContractError
from restoreproof.redaction.redactor import Secret
from restoreproof.runtimes.base import Override
from restoreproof.runtimes.compose.component import Container
from restoreproof.runtimes.compose.composefile.edge import HEALTH_PORT
from restoreproof.runtimes.compose.limits import Limits, confined_root
from restoreproof.runtimes.host.files import write_confined

_RESET = "!reset null"
"""What the compose file says of a key is forgotten."""
_FORGOTTEN = {"secrets": _RESET, "configs": _RESET}
"""Files of the machine that the compose file would lay into a container, beside its mounts."""
_SECURITY = ["no-new-privileges:true"]
_EDGE_CONFIGURATION = "/etc/restoreproof/edge.conf"
_EDGE_HEALTH = {
    "test": ["CMD", "bash", "-c", f"exec 3<>/dev/tcp/127.0.0.1/{HEALTH_PORT}"],
    "interval": "2s",
    "timeout": "6s",
    "retries": 60,
}
EDGE_SYSCTLS = {"net.ipv4.ip_forward": "0"}
"""The edge is on two networks; whoever sends it packets for others is not to have them passed on."""


def write_start(
    path: Path,
    *,
    name: str,
    service: Service,
    container: Container,
    block: Mapping[str, Any],
    files: Path,
    limits: Limits,
    writable: Sequence[str] | None = None,
) -> None:
    """Write the override that starts ``name``, of which the compose file has ``block``.

    ``files`` are made below that directory, and bound read-only. A service that by the contract runs in the
    restored environment gets nothing of the file's own: what the set lacks is to be missed. With ``writable``
    places its root is read-only but for them.

    Raises:
        ContractError: the data of the service would be kept in something else than a volume.
    """
    restored = service.environment == RESTORED
    mounts = [*kept_mounts(name, block, container.volumes), *_bound(files, container)]
    keys = {
        "environment": f"{'!override ' if restored else ''}{_json(revealed(container.environment))}",
        "volumes": f"!override {_json(mounts)}",
        "networks": _json(_networks(block, service)),
        **_FORGOTTEN,
        **({"env_file": _RESET} if restored else {}),
        **_confined(block, limits, writable),
    }
    if container.arguments:
        keys["command"] = _json([*(block.get("command") or []), *container.arguments])
    _write(path, name, keys)


def write_tool(path: Path, name: str, block: Mapping[str, Any], limits: Limits) -> None:
    """Write the override for a tool beside ``name``: it gets none of the service's mounts and variables.

    Unlike ``up``, ``run`` has no option against building an image that vanished.
    """
    nothing = {"environment": "!override {}", "volumes": "!override []"}
    keys = {**nothing, **_FORGOTTEN, "env_file": _RESET, "build": _RESET}
    _write(path, name, {**keys, **_confined(block, limits, None)})


def write_edge(path: Path, name: str, block: Mapping[str, Any], configuration: Path, limits: Limits) -> None:
    """Write the override of the edge: it runs nginx with ``configuration``, whatever its image would run."""
    mount = {"type": "bind", "source": str(configuration), "target": _EDGE_CONFIGURATION, "read_only": True}
    keys = {
        "entrypoint": f"!override {_json(['nginx'])}",
        "command": f"!override {_json(['-p', '/tmp/', '-c', _EDGE_CONFIGURATION, '-e', 'stderr'])}",
        "environment": "!override {}",
        "volumes": f"!override {_json([mount])}",
        "healthcheck": f"!override {_json(_EDGE_HEALTH)}",
        "sysctls": f"!override {_json(EDGE_SYSCTLS)}",
        **_FORGOTTEN,
        "env_file": _RESET,
        **_confined(block, limits, ("/tmp",)),
    }
    _write(path, name, keys)


def _confined(block: Mapping[str, Any], limits: Limits, writable: Sequence[str] | None) -> dict[str, str]:
    """What keeps it from taking more of the machine than it is to have, as YAML."""
    keys = limits.keys(block)
    if writable is not None:
        keys.update(confined_root(block, writable))
    keys["security_opt"] = _SECURITY
    return {
        key: f"{'!override ' if isinstance(value, list | dict) else ''}{_json(value)}"
        for key, value in keys.items()
    }


def left_of(service: Service, container: Container, block: Mapping[str, Any]) -> Iterator[Override]:
    """Yield the names of the variables that the compose file itself gives ``service``, if it keeps them."""
    names = sorted(set(block.get("environment") or ()) - set(container.environment))
    if names and service.environment != RESTORED:
        yield Override(
            f"environment {', '.join(names)}", "the compose file sets it, and no set restores this service's"
        )


def revealed(environment: Mapping[str, str | Secret]) -> dict[str, str]:
    """Return the environment in plain text, for a private file or a process's environment."""
    return {
        name: value.reveal() if isinstance(value, Secret) else value for name, value in environment.items()
    }


def _json(value: Any) -> str:
    """JSON is YAML; a dollar would be compose's own."""
    return json.dumps(value).replace("$", "$$")


def kept_mounts(name: str, block: Mapping[str, Any], targets: Sequence[str]) -> list[Any]:
    """Return the mounts of the compose file at ``targets``. Raises ContractError if one is no volume."""
    kept = [mount for mount in block.get("volumes") or () if mount["target"] in targets]
    for mount in kept:
        if mount["type"] != "volume":
            raise ContractError(
                f"service {name!r} has its data at {mount['target']} in the {mount['type']} "
                f"{mount.get('source', '')!r}, which is no volume of the drill's own",
                hint=f"write '{name}-data:{mount['target']}' in the compose file",
            )
    return kept


def _bound(files: Path, container: Container) -> list[dict[str, Any]]:
    _write_files(files, container.files)
    return [
        {
            "type": "bind",
            "source": str(entry),
            "target": f"{container.place}/{entry.name}",
            "read_only": True,
        }
        for entry in sorted(files.iterdir())
    ]


def _networks(block: Mapping[str, Any], service: Service) -> dict[str, Any]:
    return {network: {"aliases": list(service.names)} for network in block.get("networks", {})}


def _write_files(directory: Path, files: Mapping[str, bytes]) -> None:
    """Write ``files`` so that the container's uid reads them; who may come here, the parent decides."""
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(parents=True)
    for relative, content in files.items():
        write_confined(directory, relative, content)
    for parent, names, leaves in os.walk(directory):
        for name in names:
            Path(parent, name).chmod(0o755)
        for name in leaves:
            Path(parent, name).chmod(0o644)


def _write(path: Path, name: str, keys: Mapping[str, str]) -> None:
    """For its owner alone: a start's variables are the restored secrets."""
    lines = [f"    {key}: {value}\n" for key, value in keys.items()]
    path.touch(mode=0o600)
    path.write_text("".join(["services:\n", f"  {json.dumps(name)}:\n", *lines]))

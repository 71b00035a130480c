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
from restoreproof.runtimes.host.files import write_confined

_RESET = "!reset null"
"""What the compose file says of a key is forgotten."""
_FORGOTTEN = {"secrets": _RESET, "configs": _RESET}
"""Files of the machine that the compose file would lay into a container, beside its mounts."""


def write_start(
    path: Path, *, name: str, service: Service, container: Container, told: Mapping[str, Any], files: Path
) -> None:
    """Write the override that starts ``name``; ``told`` is the compose file's own block of it.

    ``files`` are made below that directory, and bound read-only. A service that by the contract runs in the
    restored environment gets nothing of the file's own: what the set lacks is to be missed.

    Raises:
        ContractError: the data of the service would be kept in something else than a volume.
    """
    restored = service.environment == RESTORED
    mounts = [*_kept(name, told, container.volumes), *_bound(files, container)]
    block = {
        "environment": f"{'!override ' if restored else ''}{_json(revealed(container.environment))}",
        "volumes": f"!override {_json(mounts)}",
        "networks": _json(_networks(told, service)),
        **_FORGOTTEN,
        **({"env_file": _RESET} if restored else {}),
    }
    if container.arguments:
        block["command"] = _json([*(told.get("command") or []), *container.arguments])
    _write(path, name, block)


def write_tool(path: Path, name: str) -> None:
    """Write the override for a tool beside ``name``: it gets none of the service's mounts and variables.

    Unlike ``up``, ``run`` has no option against building an image that vanished.
    """
    nothing = {"environment": "!override {}", "volumes": "!override []"}
    block = {**nothing, **_FORGOTTEN, "env_file": _RESET, "build": _RESET}
    _write(path, name, block)


def left_of(service: Service, container: Container, told: Mapping[str, Any]) -> Iterator[Override]:
    """The variables that the compose file itself gives ``service``, by their names, if it keeps them."""
    names = sorted(set(told.get("environment") or ()) - set(container.environment))
    if names and service.environment != RESTORED:
        yield Override(
            f"environment {', '.join(names)}", "the compose file sets it, and no set restores this service's"
        )


def revealed(environment: Mapping[str, str | Secret]) -> dict[str, str]:
    """The environment in plain text, for a private file or a process's environment."""
    return {name: one.reveal() if isinstance(one, Secret) else one for name, one in environment.items()}


def _json(value: Any) -> str:
    """JSON is YAML; a dollar would be compose's own."""
    return json.dumps(value).replace("$", "$$")


def _kept(name: str, told: Mapping[str, Any], targets: Sequence[str]) -> list[Any]:
    kept = [mount for mount in told.get("volumes") or () if mount["target"] in targets]
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


def _networks(told: Mapping[str, Any], service: Service) -> dict[str, Any]:
    return {network: {"aliases": list(service.names)} for network in told.get("networks", {})}


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


def _write(path: Path, name: str, block: Mapping[str, str]) -> None:
    """For its owner alone: a start's variables are the restored secrets."""
    lines = [f"    {key}: {value}\n" for key, value in block.items()]
    path.touch(mode=0o600)
    path.write_text("".join(["services:\n", f"  {json.dumps(name)}:\n", *lines]))

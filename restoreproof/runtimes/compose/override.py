"""What a drill adds to the compose file: one generated file for each start, readable for its owner alone."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from restoreproof.contract.services import Service
from restoreproof.redact import Secret
from restoreproof.runtimes.compose.parts.base import Container
from restoreproof.runtimes.process.files import write_confined

NO_MOUNTS = "volumes: !override []"
NO_BUILD = "build: !reset null"


def write_start(
    path: Path, *, name: str, service: Service, container: Container, told: Mapping[str, Any], files: Path
) -> None:
    """Write the override that starts ``name``; ``told`` is the compose file's own block of it.

    ``files`` are made below that directory, and bound read-only.
    """
    lines = [
        "services:",
        f"  {json.dumps(name)}:",
        f"    environment: {_json(revealed(container.environment))}",
        f"    volumes: !override {_json([*_kept(told, container.volumes), *_bound(files, container)])}",
        f"    networks: {_json(_networks(told, service))}",
    ]
    if container.arguments:
        lines.append(f"    command: {_json([*(told.get('command') or []), *container.arguments])}")
    _write_private(path, "\n".join(lines) + "\n")


def write_tool(path: Path, name: str) -> None:
    """Write the override for a tool beside ``name``: it gets none of the service's mounts.

    Unlike ``up``, ``run`` has no option against building an image that vanished.
    """
    _write_private(path, f"services:\n  {json.dumps(name)}:\n    {NO_MOUNTS}\n    {NO_BUILD}\n")


def revealed(environment: Mapping[str, str | Secret]) -> dict[str, str]:
    """The environment in plain text, for a private file or a process's environment."""
    return {name: one.reveal() if isinstance(one, Secret) else one for name, one in environment.items()}


def _json(value: Any) -> str:
    """JSON is YAML; a dollar would be compose's own."""
    return json.dumps(value).replace("$", "$$")


def _kept(told: Mapping[str, Any], targets: Sequence[str]) -> list[Any]:
    return [mount for mount in told.get("volumes", ()) if mount["target"] in targets]


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


def _write_private(path: Path, text: str) -> None:
    path.touch(mode=0o600)
    path.write_text(text)

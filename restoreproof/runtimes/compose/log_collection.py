"""What the containers of a drill said and were, written down before they are removed."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import docker
import docker.errors
import requests.exceptions

from restoreproof.errors import EnvironmentUnfitError
from restoreproof.runtimes.compose.daemon import daemon
from restoreproof.runtimes.compose.inspection import SERVICE
from restoreproof.runtimes.compose.logs import append_log
from restoreproof.runtimes.compose.owner import DRILL


def collect(drill: str, logs: Path) -> None:
    """Write the log of every container of ``drill`` below ``logs``, and what the daemon tells of them all.

    Raises:
        EnvironmentUnfitError: the daemon does not answer, or some of it could not be had; the rest is there.
    """
    logs.mkdir(exist_ok=True)
    missing: list[str] = []
    inspected: list[dict[str, Any]] = []
    with daemon() as client:
        evidence = {"docker": client.version(), "containers": inspected}
        wanted = {"label": f"{DRILL}={drill}"}
        for container in client.containers.list(all=True, filters=wanted, ignore_removed=True):
            name = container.labels.get(SERVICE, container.name)
            _try(f"log of {name}", missing, partial(append_log, logs, name, container))
            _try(f"inspection of {name}", missing, partial(_inspect, container, inspected))
    text = json.dumps(evidence, indent=1, default=str)
    _try("containers.json", missing, partial((logs / "containers.json").write_text, text))
    if missing:
        raise EnvironmentUnfitError("; ".join(missing))


def _try(what: str, missing: list[str], step: Callable[[], object]) -> None:
    """Take ``step``, or tell why it could not be taken. A daemon that went away is asked nothing more."""
    try:
        step()
    except docker.errors.APIError as error:  # it vanished, with or without its image
        missing.append(f"{what}: {error.explanation}")
    except requests.exceptions.RequestException:
        raise
    except (docker.errors.DockerException, OSError) as error:  # such as a disk that is full
        missing.append(f"{what}: {error}")


def _inspect(container: Any, inspected: list[dict[str, Any]]) -> None:
    """Add what `docker inspect` says, without the environment's values: they are restored secrets."""
    attributes = dict(container.attrs)
    config = dict(attributes.get("Config", {}))
    config["Env"] = [variable.partition("=")[0] for variable in config.get("Env") or []]
    image: docker.models.images.Image = container.image
    digests = image.attrs.get("RepoDigests", [])
    inspected.append({**attributes, "Config": config, "ImageDigests": digests, "ImageID": image.id})

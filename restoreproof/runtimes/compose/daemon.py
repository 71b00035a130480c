"""The Docker daemon: what of a drill it holds, and its removal."""

from __future__ import annotations

import contextlib
import os
import socket
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

import docker
import docker.errors
import requests.exceptions

from restoreproof.errors import EnvironmentUnfitError, ServiceFailedError
from restoreproof.runtimes.compose.owner import DRILL, OWNER, Owner, why_foreign
from restoreproof.runtimes.host.hints import hint_for
from restoreproof.waiting import NotReady, wait_until

_TIMEOUT_S = 60
_REMOVAL_S = 60.0
UNIX = "unix://"
_INHERITED = "it has its labels of its image, which somebody made of a container of that drill"
_HINTS: dict[type[OSError], str] = {
    FileNotFoundError: "start it; as root `make images` installs and starts one",
    ConnectionRefusedError: "it has ended and left its socket: start it again",
    PermissionError: "let this user use its socket (group docker), or drill as root",
}
_HINT = "does it still run? `docker info` and its log say more"


def daemon_address() -> str:
    """Return where the daemon is that the environment names, as DOCKER_HOST would."""
    return os.environ.get("DOCKER_HOST") or f"{UNIX}/var/run/docker.sock"


@contextmanager
def daemon() -> Iterator[docker.DockerClient]:
    """Give a client of the daemon that the environment names.

    Raises:
        EnvironmentUnfitError: it does not answer, at first or later.
    """
    try:
        _reach()
        client = docker.from_env(timeout=_TIMEOUT_S)
        try:
            client.ping()
            yield client
        finally:
            client.close()
    except docker.errors.NotFound:
        raise
    except (docker.errors.DockerException, requests.exceptions.RequestException) as error:
        raise _unfit(error) from error


def _reach() -> None:
    """Raise DockerException where nobody listens: the client, refused, leaves its own socket open."""
    address = daemon_address()
    if not address.startswith(UNIX):
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(_TIMEOUT_S)
        try:
            probe.connect(address.removeprefix(UNIX))
        except OSError as error:
            raise docker.errors.DockerException(str(error)) from error


def _unfit(error: Exception) -> EnvironmentUnfitError:
    """Say what people can do about ``error``: the system's own word for it lies below two libraries'."""
    below: BaseException | None = error
    while below is not None:
        if isinstance(below, OSError) and below.errno is not None:
            hint = next((step for kind, step in _HINTS.items() if isinstance(below, kind)), _HINT)
            return EnvironmentUnfitError(
                f"the Docker daemon does not answer at {daemon_address()}: {below.strerror}", hint=hint
            )
        below = below.__context__
    return EnvironmentUnfitError(
        f"the Docker daemon does not do what is asked: {error}", hint=hint_for(str(error)) or _HINT
    )


@dataclass(frozen=True, slots=True)
class Held:
    """One thing that the daemon holds, with the labels of a drill.

    ``foreign`` says why it is not that drill's all the same; None if it is.
    """

    kind: str
    name: str
    drill: str
    owner: Owner | None
    remove: Callable[[], None]
    foreign: str | None = None

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"


def held(client: docker.DockerClient, drill_id: str | None = None) -> list[Held]:
    """Return all that has the labels of drills, or of this one: containers, then networks, then volumes."""
    wanted = {"label": DRILL if drill_id is None else f"{DRILL}={drill_id}"}
    containers = [
        _held(
            "container",
            container,
            container.labels,
            partial(container.remove, force=True, v=True),
            container.attrs.get("Created"),
            inherited=_is_inherited(client, container),
        )
        for container in client.containers.list(all=True, filters=wanted, ignore_removed=True)
    ]
    networks = [
        _held("network", network, network.attrs["Labels"], network.remove, network.attrs.get("Created"))
        for network in client.networks.list(filters=wanted)
    ]
    volumes = [
        _held(
            "volume",
            volume,
            volume.attrs["Labels"],
            partial(volume.remove, force=True),
            volume.attrs.get("CreatedAt"),
        )
        for volume in client.volumes.list(filters=wanted)
    ]
    return [*containers, *networks, *volumes]


def held_by(client: docker.DockerClient, drill_id: str) -> list[Held]:
    """Return everything that this drill made, and nothing that merely has its labels."""
    return [thing for thing in held(client, drill_id) if thing.foreign is None]


def remove_all(look: Callable[[], Sequence[Held]], *, quiet_s: float = 0.0) -> list[str]:
    """Remove what ``look`` finds until it finds nothing, and goes on to find nothing for ``quiet_s``.

    Returns:
        What a last look shows all the same, each with the reason that the daemon gave for it.
    """
    reasons: dict[str, str] = {}
    empty_from: float | None = None

    def nothing_more() -> None:
        nonlocal empty_from
        began = time.monotonic()
        if things := look():
            empty_from = None
            reasons.update({str(thing): _refusal(thing) or "removed, and there again" for thing in things})
            raise NotReady("it was there just now")
        empty_from = began if empty_from is None else empty_from
        if began - empty_from < quiet_s:
            raise NotReady("more may come to light")

    try:
        wait_until(nothing_more, what="the end of it", deadline_s=_REMOVAL_S, retry_on=(NotReady,))
    except ServiceFailedError:
        return [f"{thing}: {reasons.get(str(thing), 'it came to light only now')}" for thing in look()]
    return []


def _refusal(thing: Held) -> str | None:
    """Remove it; return the daemon's reason if it refuses."""
    try:
        # Gone already (suppressed) is the aim of it.
        with contextlib.suppress(docker.errors.NotFound):
            thing.remove()
    except docker.errors.APIError as error:
        return str(error.explanation)
    return None


def _held(
    kind: str,
    thing: Any,
    labels: Mapping[str, str],
    remove: Callable[[], Any],
    created: str | None,
    *,
    inherited: bool = False,
) -> Held:
    made = datetime.fromisoformat(created) if created else None
    foreign = _INHERITED if inherited else why_foreign(labels[DRILL], str(thing.name), made)
    return Held(kind, str(thing.name), labels[DRILL], Owner.parse(labels.get(OWNER, "")), remove, foreign)


def _is_inherited(client: docker.DockerClient, container: Any) -> bool:
    """Whether a container has the label of its drill from the image that it was made of."""
    try:
        labels = client.images.get(container.attrs["Image"]).labels
    except docker.errors.ImageNotFound:
        return False
    return bool(labels.get(DRILL) == container.labels[DRILL])

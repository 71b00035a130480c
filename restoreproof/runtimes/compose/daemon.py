"""The Docker daemon: what of a drill it holds, and its removal."""

from __future__ import annotations

import contextlib
import os
import socket
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import docker
import docker.errors
import requests.exceptions

from restoreproof.errors import EnvironmentUnfitError, ServiceFailedError
from restoreproof.runtimes.compose.owner import DRILL, OWNER, Owner
from restoreproof.runtimes.host.hints import hint_for
from restoreproof.waiting import NotReady, wait_until

_TIMEOUT_S = 60
_REMOVAL_S = 60.0
UNIX = "unix://"
_HINTS: dict[type[OSError], str] = {
    FileNotFoundError: "start it; as root `make images` installs and starts one",
    ConnectionRefusedError: "it has ended and left its socket: start it again",
    PermissionError: "let this user use its socket (group docker), or drill as root",
}
_HINT = "does it still run? `docker info` and its log say more"


def asked() -> str:
    """Where the daemon is that the environment names."""
    return os.environ.get("DOCKER_HOST") or f"{UNIX}/var/run/docker.sock"


@contextmanager
def daemon() -> Iterator[docker.DockerClient]:
    """A client of the daemon that the environment names.

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
    address = asked()
    if not address.startswith(UNIX):
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(_TIMEOUT_S)
        try:
            probe.connect(address.removeprefix(UNIX))
        except OSError as error:
            raise docker.errors.DockerException(str(error)) from error


def _unfit(error: Exception) -> EnvironmentUnfitError:
    """What people can do about ``error``: the system's own word for it lies below two libraries'."""
    below: BaseException | None = error
    while below is not None:
        if isinstance(below, OSError) and below.errno is not None:
            hint = next((step for kind, step in _HINTS.items() if isinstance(below, kind)), _HINT)
            return EnvironmentUnfitError(
                f"the Docker daemon does not answer at {asked()}: {below.strerror}", hint=hint
            )
        below = below.__context__
    return EnvironmentUnfitError(
        f"the Docker daemon does not do what is asked: {error}", hint=hint_for(str(error)) or _HINT
    )


@dataclass(frozen=True, slots=True)
class Held:
    """One thing that the daemon holds for a drill."""

    kind: str
    name: str
    drill: str
    owner: Owner | None
    remove: Callable[[], None]

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"


def held(client: docker.DockerClient, drill_id: str | None = None) -> list[Held]:
    """Everything that drills, or this one, made: containers first, then networks, then volumes."""
    wanted = {"label": DRILL if drill_id is None else f"{DRILL}={drill_id}"}
    containers = [
        _held("container", one.name, one.labels, partial(one.remove, force=True, v=True))
        for one in client.containers.list(all=True, filters=wanted, ignore_removed=True)
    ]
    networks = [
        _held("network", one.name, one.attrs["Labels"], one.remove)
        for one in client.networks.list(filters=wanted)
    ]
    volumes = [
        _held("volume", one.name, one.attrs["Labels"], partial(one.remove, force=True))
        for one in client.volumes.list(filters=wanted)
    ]
    return [*containers, *networks, *volumes]


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
        if found := look():
            empty_from = None
            reasons.update({str(one): _refusal(one) or "removed, and there again" for one in found})
            raise NotReady("it was there just now")
        empty_from = began if empty_from is None else empty_from
        if began - empty_from < quiet_s:
            raise NotReady("more may come to light")

    try:
        wait_until(nothing_more, what="the end of it", deadline_s=_REMOVAL_S, retry_on=(NotReady,))
    except ServiceFailedError:
        return [f"{one}: {reasons.get(str(one), 'it came to light only now')}" for one in look()]
    return []


def _refusal(thing: Held) -> str | None:
    """Remove it; returns the daemon's reason if it refuses."""
    try:
        # Gone already (suppressed) is the aim of it.
        with contextlib.suppress(docker.errors.NotFound):
            thing.remove()
    except docker.errors.APIError as error:
        return str(error.explanation)
    return None


def _held(kind: str, name: str, labels: dict[str, str], remove: Callable[[], Any]) -> Held:
    return Held(kind, name, labels[DRILL], Owner.parse(labels.get(OWNER, "")), remove)

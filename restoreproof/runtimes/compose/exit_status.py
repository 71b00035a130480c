"""How a tool's container ended: what is the tool's own answer, and what only the machine's affair."""

from __future__ import annotations

import contextlib
import signal
from collections.abc import Callable, Mapping
from typing import Any

import docker.errors

from restoreproof.runtimes.compose.daemon import daemon

_NO_ANSWERS = {
    126: "it can't be run in that image",
    127: "there is no such program in that image",
    128 + signal.SIGKILL: "it was killed from outside",
    128 + signal.SIGTERM: "it was ended from outside",
}
"""Exit codes by which whoever starts a program tells of it, and signals that no tool ends itself by."""


def remove_ended(name: str, look: Callable[[Any], None] | None = None) -> dict[str, Any] | None:
    """Remove the container ``name`` with its anonymous volumes, also if it still runs.

    Args:
        look: gets the container before it goes.

    Returns:
        The state that it was in; None if there is none of that name.

    Raises:
        EnvironmentUnfitError: the daemon does not answer.
    """
    with daemon() as client:
        try:
            container = client.containers.get(name)
        except docker.errors.NotFound:
            return None
        state: dict[str, Any] = container.attrs["State"]
        if look is not None:
            look(container)
        # Gone already (suppressed) is the aim of it.
        with contextlib.suppress(docker.errors.NotFound):
            container.remove(force=True, v=True)
    return state


def why_no_answer(state: Mapping[str, Any] | None, returncode: int) -> str | None:
    """Return why the tool's exit code says nothing; None if it is the tool's own.

    Args:
        state: what became of its container, as the daemon has it afterwards.
        returncode: the exit code of the command that ran it, which brought what it printed.
    """
    if state is None:
        return "no container was made for it"
    whys = {
        "its container could not be started": state["Status"] == "created",
        "the connection to it broke while it ran; it was ended": state["Running"],
        "it ran out of memory": state["OOMKilled"],
        _NO_ANSWERS.get(code := state["ExitCode"], ""): code in _NO_ANSWERS,
        f"it ended with {code}, but not all that it said arrived": code != returncode,
    }
    return next((why for why, holds in whys.items() if holds), None)

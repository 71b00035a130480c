"""Waiting for a container's health check, and saying why it will not pass."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from restoreproof.runtimes.compose.inspection import state_of
from restoreproof.waiting import NotReady, wait_until

_OUTPUT_CHARACTERS = 400


def await_healthy(
    container: str | None, service: str, *, deadline_s: float, context: Callable[[], str] = lambda: ""
) -> None:
    """Return once the container passes its health check, or runs if it has none.

    Raises:
        ServiceFailedError: it exited, its health check gave up, or it took longer than ``deadline_s``.
        EnvironmentUnfitError: the daemon does not answer.
    """
    last: dict[str, Any] = {}

    def look() -> None:
        last.update(state_of(container))
        status = _status(last)
        if status != "healthy":
            raise NotReady(f"it is {status}{_answer(last)}")

    wait_until(
        look,
        what=f"{service} becomes healthy",
        deadline_s=deadline_s,
        gave_up=lambda: _given_up(last),
        context=context,
        retry_on=(NotReady,),
    )


def _status(state: dict[str, Any]) -> str:
    if not state.get("Running"):
        return str(state.get("Status", "gone"))
    return str(state["Health"]["Status"]) if "Health" in state else "healthy"


def _given_up(state: dict[str, Any]) -> str | None:
    status = _status(state)
    if status == "unhealthy":
        return f"its health check failed time and again{_answer(state)}"
    if status in ("exited", "dead", "gone"):
        reason = state.get("Error") or ("out of memory" if state.get("OOMKilled") else "")
        return f"its container ended with {state.get('ExitCode')}{': ' if reason else ''}{reason}"
    return None


def _answer(state: dict[str, Any]) -> str:
    """What the health check said last, if it said something."""
    log = (state.get("Health") or {}).get("Log") or []
    output = str(log[-1]["Output"]).strip()[-_OUTPUT_CHARACTERS:] if log else ""
    return f"; its health check says: {output}" if output else ""
